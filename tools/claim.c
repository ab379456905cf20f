/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim.c - the durable record that a run was taken, and how it went. Layout: claim.h.
 */
#include "claim.h"

#include "guard.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zklock/znode.h>

#define GROUP	       "claim"
#define RECORD_VERSION 1

static const char *const state_names[] = {"claimed", "running", "done", "skipped", "unreadable"};

const char *zkl_claim_state_name(enum claim_state state)
{
	return state_names[state];
}

/* ---- text ----------------------------------------------------------------------------------- */

static char *to_text(const struct claim *claim, gsize *ret_len)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *session =
		g_strdup_printf("0x%" G_GINT64_MODIFIER "x", (guint64)claim->session_id);

	g_key_file_set_integer(file, GROUP, "version", RECORD_VERSION);
	g_key_file_set_string(file, GROUP, "id", claim->id);
	g_key_file_set_string(file, GROUP, "state", state_names[claim->state]);
	g_key_file_set_string(file, GROUP, "host", claim->host);
	g_key_file_set_int64(file, GROUP, "pid", claim->pid);
	g_key_file_set_string(file, GROUP, "session", session);
	g_key_file_set_int64(file, GROUP, "token", claim->token);
	g_key_file_set_int64(file, GROUP, "attempts", claim->attempts);
	g_key_file_set_int64(file, GROUP, "claimed", claim->claimed_ms);
	g_key_file_set_int64(file, GROUP, "start", claim->start_ms);
	g_key_file_set_int64(file, GROUP, "end", claim->end_ms);
	g_key_file_set_integer(file, GROUP, "status", claim->status);
	return g_key_file_to_data(file, ret_len, NULL);
}

static enum claim_state state_of(const char *name)
{
	for (int i = 0; name && i < CLAIM_UNREADABLE; i++) {
		if (g_str_equal(state_names[i], name))
			return (enum claim_state)i;
	}
	return CLAIM_UNREADABLE;
}

static int64_t number(GKeyFile *file, const char *key)
{
	return g_key_file_get_int64(file, GROUP, key, NULL);
}

static char *string(GKeyFile *file, const char *key)
{
	char *text = g_key_file_get_string(file, GROUP, key, NULL);

	return text ? text : g_strdup("");
}

/* A record of a later version, or of somebody else, is unreadable: it is left alone. */
static void from_text(struct claim *claim, const char *text, size_t len)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *state = NULL, *session = NULL;

	claim->state = CLAIM_UNREADABLE;
	if (len > 0 && g_key_file_load_from_data(file, text, len, G_KEY_FILE_NONE, NULL) &&
		number(file, "version") == RECORD_VERSION) {
		state = string(file, "state");
		claim->state = state_of(state);
	}
	session = string(file, "session");
	claim->id = string(file, "id");
	claim->host = string(file, "host");
	claim->pid = number(file, "pid");
	claim->session_id = (int64_t)g_ascii_strtoull(session, NULL, 16);
	claim->token = number(file, "token");
	claim->attempts = number(file, "attempts");
	claim->claimed_ms = number(file, "claimed");
	claim->start_ms = number(file, "start");
	claim->end_ms = number(file, "end");
	claim->status = (int)number(file, "status");
}

/* ---- life cycle ----------------------------------------------------------------------------- */

struct claim *zkl_claim_new(const char *key, int64_t session_id)
{
	struct claim *claim = g_new0(struct claim, 1);

	claim->key = g_strdup(key);
	claim->id = g_uuid_string_random();
	claim->host = g_strdup(g_get_host_name());
	claim->pid = getpid();
	claim->session_id = session_id;
	claim->claimed_ms = g_get_real_time() / 1000;
	return claim;
}

void zkl_claim_free(struct claim *claim)
{
	g_free(claim->key);
	g_free(claim->id);
	g_free(claim->host);
	g_free(claim);
}

static char *path_of(const struct cli *cli, const char *name, const char *key)
{
	return g_strconcat(zkl_settings_text(&cli->settings, SET_ROOT), "-once/", name,
		key ? "/" : NULL, key, NULL);
}

static int64_t left(int64_t deadline)
{
	return MAX(deadline - zkl_guard_now(), 0);
}

static int read_by(const struct cli *cli, const char *name, const char *key, int64_t deadline,
	struct claim **ret_claim)
{
	g_autofree char *path = path_of(cli, name, key);
	zklock_znode_stat_t stat;
	void *data = NULL;
	size_t len = 0;
	int error = zklock_znode_get(cli->session, path, &data, &len, &stat, left(deadline));
	struct claim *claim;

	if (error != ZKLOCK_OK)
		return error;
	claim = g_new0(struct claim, 1);
	claim->key = g_strdup(key);
	from_text(claim, data, len);
	claim->version = stat.version;
	claim->czxid = stat.czxid;
	free(data);
	*ret_claim = claim;
	return ZKLOCK_OK;
}

int zkl_claim_read(
	const struct cli *cli, const char *name, const char *key, struct claim **ret_claim)
{
	return read_by(cli, name, key, zkl_guard_now() + CLI_ASK_MS, ret_claim);
}

/* ---- writes: a lost reply is settled by reading what stands there now -------------------------
 */

/* Is the claim that exists the one that we tried to create before? */
static int settle_create(
	const struct cli *cli, const char *name, struct claim *claim, int64_t deadline)
{
	g_autoptr(claim_t) found = NULL;
	int error = read_by(cli, name, claim->key, deadline, &found);

	if (error == ZKLOCK_ERR_NO_NODE)
		return ZKLOCK_ERR_UNKNOWN; /* not made: once more */
	if (error != ZKLOCK_OK)
		return error;
	return g_str_equal(found->id, claim->id) ? ZKLOCK_OK : ZKLOCK_ERR_EXISTS;
}

int zkl_claim_create(const struct cli *cli, const char *name, struct claim *claim)
{
	int64_t deadline = zkl_guard_now() + CLI_ASK_MS;
	g_autofree char *path = path_of(cli, name, claim->key);
	gsize len;
	g_autofree char *text = to_text(claim, &len);
	bool doubtful = false;
	int error;

	do {
		error = zklock_znode_create(
			cli->session, path, text, len, ZKLOCK_ZNODE_PARENTS, NULL, left(deadline));
		doubtful = doubtful || error == ZKLOCK_ERR_UNKNOWN;
		if (doubtful && (error == ZKLOCK_ERR_UNKNOWN || error == ZKLOCK_ERR_EXISTS))
			error = settle_create(cli, name, claim, deadline);
	} while (error == ZKLOCK_ERR_UNKNOWN && left(deadline) > 0);
	return error;
}

static int settle_write(
	const struct cli *cli, const char *name, const struct claim *claim, int64_t deadline)
{
	g_autoptr(claim_t) found = NULL;
	int error = read_by(cli, name, claim->key, deadline, &found);

	if (error != ZKLOCK_OK)
		return error;
	if (found->version == claim->version)
		return ZKLOCK_ERR_UNKNOWN; /* not written: once more */
	return found->version == claim->version + 1 && g_str_equal(found->id, claim->id) &&
			       found->state == claim->state
		       ? ZKLOCK_OK
		       : ZKLOCK_ERR_VERSION;
}

int zkl_claim_write(const struct cli *cli, const char *name, struct claim *claim, zklock_t *guard)
{
	int64_t deadline = zkl_guard_now() + CLI_ASK_MS;
	g_autofree char *path = path_of(cli, name, claim->key);
	gsize len;
	g_autofree char *text = to_text(claim, &len);
	bool doubtful = false;
	int error;

	do {
		error = zklock_znode_set(
			cli->session, path, text, len, claim->version, guard, left(deadline));
		doubtful = doubtful || error == ZKLOCK_ERR_UNKNOWN;
		if (doubtful && (error == ZKLOCK_ERR_UNKNOWN || error == ZKLOCK_ERR_VERSION))
			error = settle_write(cli, name, claim, deadline);
	} while (error == ZKLOCK_ERR_UNKNOWN && left(deadline) > 0);
	if (error == ZKLOCK_OK)
		claim->version++;
	return error;
}

/* ---- all of a job --------------------------------------------------------------------------- */

int zkl_claim_keys(const struct cli *cli, const char *name, char ***ret_keys)
{
	g_autofree char *path = path_of(cli, name, NULL);
	char **names = NULL;
	size_t count = 0;
	int error = zklock_znode_children(cli->session, path, &names, &count, CLI_ASK_MS);

	if (error == ZKLOCK_ERR_NO_NODE) {
		*ret_keys = g_new0(char *, 1);
		return ZKLOCK_OK;
	}
	if (error != ZKLOCK_OK)
		return error;
	*ret_keys = g_strdupv(names);
	free(names);
	return ZKLOCK_OK;
}

static gint by_age(gconstpointer a, gconstpointer b)
{
	const struct claim *x = *(struct claim *const *)a, *y = *(struct claim *const *)b;

	return x->czxid < y->czxid ? -1 : x->czxid > y->czxid;
}

/* Claims that went away meanwhile are no error. */
static int read_all(const struct cli *cli, const char *name, char **keys, GPtrArray *claims)
{
	for (; *keys; keys++) {
		struct claim *claim = NULL;
		int error = zkl_claim_read(cli, name, *keys, &claim);

		if (error == ZKLOCK_OK)
			g_ptr_array_add(claims, claim);
		else if (error != ZKLOCK_ERR_NO_NODE)
			return error;
	}
	g_ptr_array_sort(claims, by_age);
	return ZKLOCK_OK;
}

static bool may_go(const struct claim *claim, bool keep_unfinished)
{
	if (claim->state == CLAIM_UNREADABLE)
		return false;
	return !keep_unfinished || claim->state == CLAIM_DONE || claim->state == CLAIM_SKIPPED;
}

static int prune_one(
	const struct cli *cli, const char *name, const struct claim *claim, zklock_t *guard)
{
	g_autofree char *path = path_of(cli, name, claim->key);
	int error = zklock_znode_delete(cli->session, path, claim->version, guard, CLI_ASK_MS);

	return error == ZKLOCK_ERR_NO_NODE || error == ZKLOCK_ERR_VERSION ? ZKLOCK_OK : error;
}

int zkl_claim_prune(
	const struct cli *cli, const char *name, guint keep, bool keep_unfinished, zklock_t *guard)
{
	g_autoptr(GPtrArray) claims =
		g_ptr_array_new_with_free_func((GDestroyNotify)zkl_claim_free);
	g_auto(GStrv) keys = NULL;
	int error = zkl_claim_keys(cli, name, &keys);

	/* a quarter more than asked for, so that not every run reads all of them */
	if (error != ZKLOCK_OK || g_strv_length(keys) <= keep + keep / 4)
		return error;
	error = read_all(cli, name, keys, claims);
	for (guint i = 0; i + keep < claims->len && error == ZKLOCK_OK; i++) {
		if (may_go(claims->pdata[i], keep_unfinished))
			error = prune_one(cli, name, claims->pdata[i], guard);
	}
	return error;
}
