/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - what programs hand in: of any version, with any text; what is taken can be lived by.
 */
#include "api/options.h"

#include "base/log.h"
#include "core/lease.h"
#include "core/name.h"
#include "port/acl.h"
#include "target.h"

const char fuzz_name[] = "options";

/* Refusals are explained to the log. */
static unsigned explained;

static void hear(int level, const char *text, void *user)
{
	MUST(text[0]);
	explained++;
}

/* A struct of the size that the caller's version has; what lies behind is not ours to read. */
static void *shrink(const void *full, size_t full_size, size_t size)
{
	void *copy = calloc(1, MAX(size, sizeof(size_t)));

	MUST(copy);
	memcpy(copy, full, MIN(full_size, size));
	memcpy(copy, &size, sizeof(size));
	return copy;
}

/* The same entries, each with the right to read and no other. */
static bool only_reads(const char *acl, const char *read_acl)
{
	struct zkl_acl full = {0}, reads = {0};
	bool good =
		zkl_acl_parse(&full, acl) && zkl_acl_parse(&reads, read_acl) && full.n == reads.n;

	for (size_t i = 0; good && i < reads.n; i++)
		good = reads.list[i].perms == ZKL_PERM_READ &&
		       strcmp(reads.list[i].scheme, full.list[i].scheme) == 0 &&
		       strcmp(reads.list[i].id, full.list[i].id) == 0;
	zkl_acl_clear(&full);
	zkl_acl_clear(&reads);
	return good;
}

static void check_config(const struct zkl_session_config *config)
{
	int64_t timeout = config->timeout / ZKL_MS;
	int64_t gap = config->interval == ZKL_NEVER ? 0 : config->interval / ZKL_MS;

	MUST(config->servers[0] && zkl_root_is_valid(config->root) && config->label);
	MUST(strchr(config->acl, ':') && only_reads(config->acl, config->read_acl));
	MUST(timeout > 0 && config->margin >= 0 && config->hops >= 0);
	MUST(config->interval == ZKL_NEVER || zkl_lease_validity(timeout, gap ? gap : timeout / 6,
						      config->margin / ZKL_MS, config->hops) > 0);
	MUST(!config->scheme == !config->secret);
}

static int64_t take_ms(struct bytes *in)
{
	uint8_t kind = take(in);

	if (kind < 128)
		return kind * INT64_C(100);
	return kind < 250 ? (int32_t)take32(in) : (int64_t)take64(in);
}

static char *take_maybe(struct bytes *in, bool given)
{
	return given ? take_line(in) : NULL;
}

static void check_session(struct bytes *in)
{
	zklock_session_options_t full = ZKLOCK_SESSION_OPTIONS_INIT, *some;
	uint8_t given = take(in), kind = take(in), cut = take(in);
	struct zkl_session_config *config = NULL;
	char *texts[6];
	int error;

	full.session_timeout_ms = take_ms(in);
	full.proof_interval_ms = kind & 16 ? ZKLOCK_NO_PROOF : take_ms(in);
	full.margin_ms = take_ms(in);
	full.observer_hops = (int8_t)take(in) / 32;
	full.acl_mode = (enum zklock_acl)(kind % 4);
	full.token_base = take_ms(in);
	full.no_seal = kind & 32;
	for (int i = 0; i < 6; i++)
		texts[i] = take_maybe(in, i == 5 || given & 1 << i);
	full.root = texts[0];
	full.label = texts[1];
	full.acl = texts[2];
	full.auth_scheme = texts[3];
	full.auth_secret = texts[4];
	if (cut > sizeof(size_t))
		cut -= cut % sizeof(size_t); /* versions end with a field */
	some = shrink(&full, sizeof(full), cut ? cut : sizeof(full));
	explained = 0;
	error = zkl_options_session(texts[5], given & 64 ? NULL : some, &config);
	MUST(error == ZKLOCK_OK || !config);
	MUST(error != ZKLOCK_ERR_SETTINGS || explained);
	MUST(error != ZKLOCK_ERR_SERVERS || explained);
	if (error == ZKLOCK_OK)
		check_config(config);
	if (config)
		zkl_session_config_free(config);
	free(some);
	for (int i = 0; i < 6; i++)
		free(texts[i]);
}

static void check_lock(struct bytes *in)
{
	zklock_options_t full = ZKLOCK_OPTIONS_INIT, *some, got;
	size_t size = take(in);

	full.flags = take(in);
	full.unlock_timeout_ms = take_ms(in);
	some = shrink(&full, sizeof(full), size < sizeof(size_t) ? sizeof(full) : size);
	if (size == 1)
		some->size = take(in) % sizeof(size_t); /* shorter than its own field */
	if (zkl_options_lock(some, &got))
		MUST(got.unlock_timeout_ms >= 0 && size != 1);
	MUST(zkl_options_lock(NULL, &got));
	free(some);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};

	zkl_log_set(hear, ZKLOCK_LOG_DEBUG, NULL);
	check_lock(&in);
	check_session(&in);
	return 0;
}
