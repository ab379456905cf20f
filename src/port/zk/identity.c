/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c - credentials for a handle, access lists for its nodes. */
#include "port/zk/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* No completion: the client would call it with its own locks held; a refusal comes as AUTH_FAILED.
 */
bool zkl_identity_give(struct zkl_identity *who, zhandle_t *zh)
{
	for (; who->given < who->n_credentials; who->given++) {
		const char *scheme = who->credentials[who->given].scheme;
		const char *secret = who->credentials[who->given].secret;
		if (zoo_add_auth(zh, scheme, secret, (int)strlen(secret), NULL, NULL) != ZOK)
			return false;
	}
	return true;
}

static bool fill_vector(struct zkl_identity *who, enum zkl_acl_kind kind)
{
	const struct zkl_acl *from = &who->acl_text[kind];
	struct ACL_vector *to = &who->acl[kind];
	to->data = calloc(from->n + 1, sizeof *to->data);
	if (!to->data)
		return false;
	to->count = (int32_t)from->n;
	for (size_t i = 0; i < from->n; i++)
		to->data[i] = (struct ACL){.perms = from->list[i].perms,
			.id = {.scheme = from->list[i].scheme, .id = from->list[i].id}};
	return true;
}

static bool seal_acl(struct zkl_acl *acl, const char *seal)
{
	char *id = seal ? zkl_acl_digest(seal) : NULL;
	bool added =
		!seal || (id && zkl_acl_add(acl, "digest", id, ZKL_PERM_READ | ZKL_PERM_WRITE));
	free(id);
	return added;
}

static bool take_acls(struct zkl_identity *who, const struct zkl_open *o)
{
	return zkl_acl_parse(&who->acl_text[ZKL_ACL_PARENT], o->acl) &&
	       zkl_acl_parse(&who->acl_text[ZKL_ACL_UNSEALED], o->acl) &&
	       zkl_acl_parse(&who->acl_text[ZKL_ACL_SEALED], o->read_acl) &&
	       seal_acl(&who->acl_text[ZKL_ACL_SEALED], o->seal) &&
	       fill_vector(who, ZKL_ACL_PARENT) && fill_vector(who, ZKL_ACL_UNSEALED) &&
	       fill_vector(who, ZKL_ACL_SEALED);
}

static bool take_credential(struct zkl_identity *who, const char *scheme, const char *secret)
{
	if (!scheme || !secret)
		return true;
	char *copy = strdup(secret);
	if (copy) {
		who->credentials[who->n_credentials].scheme = scheme;
		who->credentials[who->n_credentials++].secret = copy;
	}
	return copy;
}

bool zkl_identity_take(struct zkl_identity *who, const struct zkl_open *o)
{
	if (!take_acls(who, o)) {
		zkl_log(ZKLOCK_LOG_ERROR,
			"access list: write scheme:id:perms,... with perms of cdrwa");
		return false;
	}
	who->scheme = o->scheme ? strdup(o->scheme) : NULL;
	return take_credential(who, who->scheme, o->secret) &&
	       take_credential(who, "digest", o->seal);
}

void zkl_identity_clear(struct zkl_identity *who)
{
	for (size_t i = 0; i < who->n_credentials; i++) {
		explicit_bzero(who->credentials[i].secret, strlen(who->credentials[i].secret));
		free(who->credentials[i].secret);
	}
	for (size_t i = 0; i < 3; i++) {
		free(who->acl[i].data);
		zkl_acl_clear(&who->acl_text[i]);
	}
	free(who->scheme);
}
