/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - from the public options to the session's configuration. */
#include "api/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/servers.h"
#include "core/lease.h"
#include "core/name.h"
#include "port/acl.h"

#define DEFAULT_TIMEOUT_MS 10000
#define DEFAULT_MARGIN_MS  300
#define MOST_TIMEOUT_MS	   (24 * 3600 * 1000)

/* Copy a struct that begins with its size, of whatever version. */
static bool copy_versioned(void *to, size_t to_size, const void *from)
{
	size_t size = from ? *(const size_t *)from : 0;

	memset(to, 0, to_size);
	if (!from)
		return true;
	if (size < sizeof(size_t) || size > 4096)
		return false;
	memcpy(to, from, MIN(size, to_size));
	for (size_t i = to_size; i < size; i++)
		if (((const char *)from)[i])
			return false; /* of a newer version, and used */
	return true;
}

bool zkl_options_lock(const zklock_options_t *options, zklock_options_t *ret)
{
	return copy_versioned(ret, sizeof(*ret), options) && ret->unlock_timeout_ms >= 0 &&
	       (ret->flags & ~(unsigned)(ZKLOCK_UNBOUND | ZKLOCK_UNLOCK_NOWAIT)) == 0;
}

static int set_servers(struct zkl_session_config *config, const char *text)
{
	struct zkl_servers servers;
	GString *list = g_string_new(NULL);
	char why[256];

	if (!zkl_servers_parse(text, &servers, why, sizeof(why))) {
		zkl_log(ZKLOCK_LOG_ERROR, "servers \"%s\": %s", text, why);
		g_string_free(list, TRUE);
		return ZKLOCK_ERR_SERVERS;
	}
	for (size_t i = 0; i < servers.n; i++)
		g_string_append_printf(list,
			strchr(servers.list[i].host, ':') ? "%s[%s]:%u" : "%s%s:%u", i ? "," : "",
			servers.list[i].host, servers.list[i].port);
	config->servers = g_string_free(list, FALSE);
	config->chroot = g_strdup(servers.chroot);
	zkl_servers_clear(&servers);
	return ZKLOCK_OK;
}

/* "a:b:cdrwa,c:d:w" -> "a:b:r,c:d:r"; NULL: no such list. */
static char *read_only(const char *text)
{
	struct zkl_acl acl = {0};
	char *result = NULL;

	if (zkl_acl_parse(&acl, text) && acl.n > 0) {
		for (size_t i = 0; i < acl.n; i++)
			acl.list[i].perms = ZKL_PERM_READ;
		result = zkl_acl_text(&acl);
	}
	zkl_acl_clear(&acl);
	return result;
}

/* What the servers make of a digest identity. The session has a second identity, its seal, so the
 * scheme "auth" would name both. */
static char *creator_acl(const char *secret)
{
	char *id = zkl_acl_digest(secret);
	char *acl = g_strdup_printf("digest:%s:cdrwa", id ? id : "");

	free(id);
	return acl;
}

static int set_acl(struct zkl_session_config *config, const zklock_session_options_t *o)
{
	if ((o->auth_scheme && !o->auth_secret) || (!o->auth_scheme && o->auth_secret))
		return ZKLOCK_ERR_INVALID;
	if (o->auth_scheme && strcmp(o->auth_scheme, "digest") == 0 &&
		!strchr(o->auth_secret, ':')) {
		zkl_log(ZKLOCK_LOG_ERROR, "a digest secret is written as user:password");
		return ZKLOCK_ERR_INVALID;
	}
	config->scheme = g_strdup(o->auth_scheme);
	config->secret = g_strdup(o->auth_secret);
	switch (o->acl_mode) {
	case ZKLOCK_ACL_OPEN:
		config->acl = g_strdup("world:anyone:cdrwa");
		break;
	case ZKLOCK_ACL_CREATOR:
		if (!o->auth_scheme || strcmp(o->auth_scheme, "digest") != 0) {
			zkl_log(ZKLOCK_LOG_ERROR, "ACL \"creator\" needs digest credentials; for "
						  "others, give the ACL");
			return ZKLOCK_ERR_INVALID;
		}
		config->acl = creator_acl(o->auth_secret);
		break;
	case ZKLOCK_ACL_GIVEN:
		config->acl = g_strdup(o->acl);
		break;
	default:
		return ZKLOCK_ERR_INVALID;
	}
	config->read_acl = read_only(config->acl);
	if (config->read_acl)
		return ZKLOCK_OK;
	zkl_log(ZKLOCK_LOG_ERROR,
		"an ACL is written as scheme:id:perms,... with perms of cdrwa, and not as \"%s\"",
		config->acl ? config->acl : "");
	return ZKLOCK_ERR_INVALID;
}

static int set_times(struct zkl_session_config *config, const zklock_session_options_t *o)
{
	int64_t timeout = o->session_timeout_ms ? o->session_timeout_ms : DEFAULT_TIMEOUT_MS;
	/* what is longer than any timeout leaves nothing, however long it is: no overflow below */
	int64_t margin = MIN(o->margin_ms ? o->margin_ms : DEFAULT_MARGIN_MS, MOST_TIMEOUT_MS);
	int64_t interval = MIN(o->proof_interval_ms, MOST_TIMEOUT_MS);
	int64_t gap = interval ? interval : timeout / 6;

	if (timeout < 1 || timeout > MOST_TIMEOUT_MS || margin < 0 || o->observer_hops < 0 ||
		o->observer_hops > 2 || o->proof_interval_ms < ZKLOCK_NO_PROOF)
		return ZKLOCK_ERR_INVALID;
	config->timeout = timeout * ZKL_MS;
	config->margin = margin * ZKL_MS;
	config->hops = o->observer_hops;
	config->interval = interval == ZKLOCK_NO_PROOF ? ZKL_NEVER : interval * ZKL_MS;
	if (o->proof_interval_ms == ZKLOCK_NO_PROOF) {
		zkl_log(ZKLOCK_LOG_WARNING,
			"no proofs: a holder cut off from the ensemble may believe "
			"in its lock longer than the ensemble does");
		return ZKLOCK_OK;
	}
	if (zkl_lease_validity(timeout, gap, margin, o->observer_hops) > 0)
		return ZKLOCK_OK;
	zkl_log(ZKLOCK_LOG_ERROR,
		"session timeout %lld ms - proof interval %lld ms - %d x timeout/4 (%lld ms) - "
		"margin "
		"%lld ms leaves no time in which a lock is proven: raise the timeout or lower the "
		"others",
		(long long)timeout, (long long)gap, 1 + o->observer_hops,
		(long long)(timeout / 4 * (1 + o->observer_hops)), (long long)margin);
	return ZKLOCK_ERR_SETTINGS;
}

static const char *program_name(void)
{
	return g_get_prgname() ? g_get_prgname() : program_invocation_short_name;
}

int zkl_options_session(const char *servers, const zklock_session_options_t *options,
	struct zkl_session_config **ret)
{
	zklock_session_options_t o;
	struct zkl_session_config *config = g_new0(struct zkl_session_config, 1);
	int error = copy_versioned(&o, sizeof(o), options) ? ZKLOCK_OK : ZKLOCK_ERR_INVALID;

	if (!error)
		error = set_servers(config, servers);
	if (!error)
		error = set_acl(config, &o);
	if (!error)
		error = set_times(config, &o);
	if (!error && !zkl_root_is_valid(o.root ? o.root : "/locks"))
		error = ZKLOCK_ERR_NAME;
	config->root = g_strdup(o.root ? o.root : "/locks");
	config->label = g_strdup(o.label ? o.label : program_name());
	config->token_base = o.token_base;
	config->seal = !o.no_seal;
	if (error)
		zkl_session_config_free(config);
	else
		*ret = config;
	return error;
}
