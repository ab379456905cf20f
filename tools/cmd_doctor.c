/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_doctor.c - zklock doctor: will locks work well here? A verdict for each thing that matters.
 * First each server alone (four-letter words), then a session, the root, and a lock on trial.
 */
#include "census.h"
#include "checkup.h"
#include "commands.h"
#include "fourlw.h"
#include "guard.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zklock/znode.h>

#define CLOCK_SLACK_MS 1000

struct doctor {
	struct cli *cli;
	struct checkup *checkup;
	int leaders, followers, silent;
	int64_t timeout_ms;		 /* T that we want */
	int64_t shortest_ms, longest_ms; /* T that a server would give us */
};

/* ---- each server ---------------------------------------------------------------------------- */

static void check_version(struct doctor *doctor, const char *server, const char *answer)
{
	g_autofree char *version = zkl_fourlw_value(answer, "Zookeeper version");
	int major = 0, minor = 0;

	if (!version || sscanf(version, "%d.%d", &major, &minor) != 2) {
		zkl_checkup_add(doctor->checkup, VERDICT_NOTE, server, "tells no version");
		return;
	}
	version[strcspn(version, "-, ")] = '\0';
	if (major < 3 || (major == 3 && minor < 5))
		zkl_checkup_add(doctor->checkup, VERDICT_NOTE, server,
			"version %s has no containers: empty locks stay behind; 3.5 or later "
			"removes them",
			version);
	else
		zkl_checkup_add(doctor->checkup, VERDICT_OK, server, "version %s", version);
}

static void check_mode(struct doctor *doctor, const char *server, const char *answer)
{
	g_autofree char *mode = zkl_fourlw_value(answer, "Mode");

	if (!mode) {
		doctor->silent++;
		zkl_checkup_add(doctor->checkup, VERDICT_BAD, server,
			"runs but does not serve: it has no quorum; look at its peers and its log");
		return;
	}
	if (g_str_equal(mode, "leader") || g_str_equal(mode, "standalone"))
		doctor->leaders++;
	else
		doctor->followers++;
	zkl_checkup_add(doctor->checkup, VERDICT_OK, server, "serves as %s", mode);
}

static void check_limits(struct doctor *doctor, const char *server, const char *conf)
{
	int64_t tick = zkl_fourlw_number(conf, "tickTime");
	int64_t low = zkl_fourlw_number(conf, "minSessionTimeout");
	int64_t high = zkl_fourlw_number(conf, "maxSessionTimeout");
	int64_t wanted = doctor->timeout_ms;

	if (tick > wanted / 2)
		zkl_checkup_add(doctor->checkup, VERDICT_BAD, server,
			"tickTime %" G_GINT64_FORMAT " ms is more than half of the session timeout "
			"%" G_GINT64_FORMAT " ms: no lock is proven safely; ask for a longer "
			"--session-timeout",
			tick, wanted);
	else
		zkl_checkup_add(doctor->checkup, VERDICT_OK, server,
			"tickTime %" G_GINT64_FORMAT " ms fits the session timeout", tick);
	if (low >= 0)
		wanted = MAX(wanted, low);
	if (high >= 0)
		wanted = MIN(wanted, high);
	doctor->shortest_ms = doctor->longest_ms ? MIN(doctor->shortest_ms, wanted) : wanted;
	doctor->longest_ms = MAX(doctor->longest_ms, wanted);
	if (wanted != doctor->timeout_ms)
		zkl_checkup_add(doctor->checkup, VERDICT_NOTE, server,
			"allows session timeouts from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
			" ms and will change ours",
			low, high);
}

/* Our address as the server sees it is that of its answer to "cons" for this very question. */
static void check_connections(struct doctor *doctor, const char *server, const char *conf)
{
	int64_t limit = zkl_fourlw_number(conf, "maxClientCnxns");
	g_autofree char *cons = limit > 0 ? zkl_fourlw_ask(server, "cons", NULL) : NULL;
	g_auto(GStrv) lines = cons && !zkl_fourlw_refused(cons) ? g_strsplit(cons, "\n", -1) : NULL;
	g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	int64_t most = 0;

	for (char **line = lines; line && *line; line++) {
		char *address = g_strstrip(*line);
		char *end = strrchr(address, '[') ? strrchr(address, '[') : address;
		int64_t count;

		while (end > address && *end != ':')
			end--;
		if (*address != '/' || end == address)
			continue;
		address = g_strndup(address + 1, (gsize)(end - address - 1));
		count = GPOINTER_TO_INT(g_hash_table_lookup(counts, address)) + 1;
		g_hash_table_insert(counts, address, GINT_TO_POINTER((int)count));
		most = MAX(most, count);
	}
	if (limit == 0)
		zkl_checkup_add(doctor->checkup, VERDICT_OK, server,
			"any number of connections from one address");
	else if (limit > 0 && !lines)
		zkl_checkup_add(doctor->checkup, VERDICT_NOTE, server,
			"does not tell how many of %" G_GINT64_FORMAT
			" connections an address has: 'cons' is not in 4lw.commands.whitelist",
			limit);
	else if (limit > 0 && most * 10 >= limit * 8)
		zkl_checkup_add(doctor->checkup, VERDICT_BAD, server,
			"%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
			" connections that one address may have are taken: raise maxClientCnxns",
			most, limit);
	else if (lines)
		zkl_checkup_add(doctor->checkup, VERDICT_OK, server,
			"at most %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
			" connections from one address",
			most, limit);
}

static void check_conf(struct doctor *doctor, const char *server)
{
	g_autofree char *conf = zkl_fourlw_ask(server, "conf", NULL);

	if (!conf || zkl_fourlw_refused(conf) || zkl_fourlw_number(conf, "tickTime") < 0) {
		zkl_checkup_add(doctor->checkup, VERDICT_NOTE, server,
			"does not tell its limits: 'conf' is not in 4lw.commands.whitelist");
		return;
	}
	check_limits(doctor, server, conf);
	check_connections(doctor, server, conf);
}

static void check_server(struct doctor *doctor, const char *server)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *answer = zkl_fourlw_ask(server, "srvr", &error);

	if (!answer) {
		doctor->silent++;
		zkl_checkup_add(doctor->checkup, VERDICT_BAD, server,
			"does not answer: %s; is it up, is the port open?", error->message);
		return;
	}
	if (zkl_fourlw_refused(answer)) {
		zkl_checkup_add(doctor->checkup, VERDICT_NOTE, server,
			"answers, but 'srvr' is not in 4lw.commands.whitelist");
		return;
	}
	check_mode(doctor, server, answer);
	check_version(doctor, server, answer);
	check_conf(doctor, server);
}

static void check_servers(struct doctor *doctor)
{
	const char *text = zkl_settings_text(&doctor->cli->settings, SET_SERVERS);
	g_auto(GStrv) servers = zkl_fourlw_servers(text ? text : "");

	for (char **server = servers; *server; server++)
		check_server(doctor, *server);
	if (g_strv_length(servers) == 1 && doctor->followers == 1)
		zkl_checkup_add(doctor->checkup, VERDICT_NOTE, "servers",
			"only one of several is named in --servers: when it fails, locks are lost");
	if (doctor->shortest_ms != doctor->longest_ms)
		zkl_checkup_add(doctor->checkup, VERDICT_BAD, "servers",
			"give us session timeouts from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
			" ms: a session that moves is cut short, and what it holds is lost; set "
			"the "
			"same minSessionTimeout and maxSessionTimeout everywhere",
			doctor->shortest_ms, doctor->longest_ms);
	if (doctor->leaders > 1)
		zkl_checkup_add(doctor->checkup, VERDICT_BAD, "servers",
			"%d of them lead: these are different ensembles", doctor->leaders);
}

/* ---- the session ---------------------------------------------------------------------------- */

static void check_session(struct doctor *doctor)
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;

	if (zklock_session_info(doctor->cli->session, &info) != ZKLOCK_OK)
		return;
	zkl_checkup_add(doctor->checkup,
		info.session_timeout_ms == doctor->timeout_ms ? VERDICT_OK : VERDICT_NOTE,
		"session", "timeout %" G_GINT64_FORMAT " ms (asked for %" G_GINT64_FORMAT ")",
		info.session_timeout_ms, doctor->timeout_ms);
	if (info.validity_ms > 0)
		zkl_checkup_add(doctor->checkup, VERDICT_OK, "proof",
			"a fresh proof lasts %" G_GINT64_FORMAT " ms, renewed every "
			"%" G_GINT64_FORMAT " ms",
			info.validity_ms, info.proof_interval_ms);
	else if (info.proof_interval_ms < 0)
		zkl_checkup_add(doctor->checkup, VERDICT_NOTE, "proof",
			"switched off: 'remaining' is only the weaker promise");
	else
		zkl_checkup_add(doctor->checkup, VERDICT_BAD, "proof",
			"impossible with this session timeout, so no lock is granted: raise "
			"maxSessionTimeout of the servers");
	zkl_checkup_add(doctor->checkup, info.sealed ? VERDICT_OK : VERDICT_NOTE, "seal",
		info.sealed ? "our nodes are protected from foreign writes"
			    : "refused by the servers: hand-over costs one more read");
}

/* ---- the root ------------------------------------------------------------------------------- */

/* Does it give more than reading to everybody? */
static bool is_open(const char *acl)
{
	const char *world = strstr(acl, "world:anyone:");

	if (!world)
		return false;
	world += strlen("world:anyone:");
	return strcspn(world, "cdwa") < strcspn(world, ",");
}

static void check_root(struct doctor *doctor)
{
	const char *root = zkl_settings_text(&doctor->cli->settings, SET_ROOT);
	char *acl = NULL;
	int error = zklock_znode_acl(doctor->cli->session, root, &acl, CLI_ASK_MS);

	if (error == ZKLOCK_OK && is_open(acl))
		zkl_checkup_add(doctor->checkup, VERDICT_NOTE, root,
			"ACL %s: whoever reaches the servers may make and delete locks", acl);
	else if (error == ZKLOCK_OK)
		zkl_checkup_add(doctor->checkup, VERDICT_OK, root, "ACL %s", acl);
	else if (error == ZKLOCK_ERR_NO_NODE)
		zkl_checkup_add(doctor->checkup, VERDICT_OK, root,
			"does not exist yet; the first lock makes it");
	else
		zkl_checkup_add(doctor->checkup, VERDICT_NOTE, root, "ACL cannot be read: %s",
			zklock_strerror(error));
	free(acl);
}

static void check_strangers(struct doctor *doctor)
{
	g_autoptr(GPtrArray) locks = NULL;
	size_t strangers = 0;

	if (zkl_census_take(doctor->cli, 1, CLI_ASK_MS, &locks) != ZKLOCK_OK)
		return;
	for (guint i = 0; i < locks->len; i++) {
		const struct census_lock *lock = locks->pdata[i];

		strangers += zklock_owners_strangers(lock->owners);
		if (zklock_owners_strangers(lock->owners) > 0)
			zkl_checkup_add(doctor->checkup, VERDICT_NOTE, lock->name,
				"children that are no contenders: %zu; other clients may "
				"stumble over them",
				zklock_owners_strangers(lock->owners));
	}
	if (strangers == 0)
		zkl_checkup_add(doctor->checkup, VERDICT_OK, "locks",
			"%u seen, nothing else among them", locks->len);
}

/* ---- a lock on trial ------------------------------------------------------------------------ */

static char *trial_name(void)
{
	g_autofree char *host = g_strndup(g_get_host_name(), 64);

	g_strcanon(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-", '-');
	return g_strdup_printf("zklock-doctor.%s.%d", host, (int)getpid());
}

static void check_clock(struct doctor *doctor, const char *name)
{
	zklock_owners_t *owners = NULL;
	int64_t now = g_get_real_time() / 1000, off;

	if (zklock_owners(doctor->cli->session, name, 1, CLI_ASK_MS, &owners) != ZKLOCK_OK)
		return;
	if (zklock_owners_count(owners) > 0) {
		off = now - zklock_owners_get(owners, 0)->queued_ms;
		if (off > CLOCK_SLACK_MS || off < -CLOCK_SLACK_MS)
			zkl_checkup_add(doctor->checkup, VERDICT_NOTE, "clock",
				"differs from the servers' by %" G_GINT64_FORMAT
				" ms: locks do not care, ticks of 'once' come early or late",
				off);
		else
			zkl_checkup_add(doctor->checkup, VERDICT_OK, "clock",
				"agrees with the servers' within a second");
	}
	zklock_owners_free(owners);
}

/* Another session, with other rights, must not be able to write into our node. */
static void check_foreign_write(struct doctor *doctor, zklock_t *lock)
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;
	struct cli other = *doctor->cli;
	char node[1200];
	int error;

	if (zklock_node(lock, node, sizeof(node)) != ZKLOCK_OK ||
		zklock_session_info(doctor->cli->session, &info) != ZKLOCK_OK || !info.sealed)
		return;
	other.session = NULL;
	error = zkl_cli_connect(&other);
	if (error == STATUS_OK)
		error = zklock_znode_set(other.session, node, "x", 1, 0, NULL, CLI_ASK_MS);
	zkl_cli_close(&other);
	if (error == ZKLOCK_OK)
		zkl_checkup_add(doctor->checkup, VERDICT_BAD, "ACLs",
			"a stranger could write into our lock node: ACLs are not enforced "
			"(skipACL=yes on a server?)");
	else if (error == ZKLOCK_ERR_ACCESS)
		zkl_checkup_add(doctor->checkup, VERDICT_OK, "ACLs",
			"a stranger's write into our lock node is refused");
}

static void check_containers(struct doctor *doctor, const char *path)
{
	g_autofree char *trial = g_strconcat(path, "-container", NULL);
	int error = zklock_znode_create(
		doctor->cli->session, trial, "", 0, ZKLOCK_ZNODE_CONTAINER, NULL, CLI_ASK_MS);

	if (error == ZKLOCK_OK)
		zkl_checkup_add(doctor->checkup, VERDICT_OK, "containers",
			"the servers remove empty locks by themselves");
	else
		zkl_checkup_add(doctor->checkup, VERDICT_NOTE, "containers",
			"not made here (%s): empty locks stay behind until somebody deletes them",
			zklock_strerror(error));
	zklock_znode_delete(doctor->cli->session, trial, -1, NULL, CLI_ASK_MS);
}

static void examine(
	struct doctor *doctor, zklock_t *lock, const char *name, const char *path, int64_t took_ms)
{
	int64_t token = 0;

	zklock_token(lock, &token);
	zkl_checkup_add(doctor->checkup, VERDICT_OK, "trial lock",
		"taken in %" G_GINT64_FORMAT " ms with token %" G_GINT64_FORMAT, took_ms, token);
	check_containers(doctor, path);
	check_clock(doctor, name);
	check_foreign_write(doctor, lock);
}

static void check_by_trial(struct doctor *doctor)
{
	g_autofree char *name = trial_name(), *path = zkl_cli_path(doctor->cli, name, NULL);
	zklock_t *lock = NULL;
	int64_t since = zkl_guard_now();
	int error = zklock_new(doctor->cli->session, name, NULL, &lock);

	if (error == ZKLOCK_OK)
		error = zklock_timedlock(lock, CLI_ASK_MS);
	if (error == ZKLOCK_OK) {
		examine(doctor, lock, name, path, zkl_guard_now() - since);
		error = zklock_unlock(lock);
	}
	if (error != ZKLOCK_OK)
		zkl_checkup_add(doctor->checkup, VERDICT_BAD, "trial lock", "failed: %s",
			zklock_strerror(error));
	if (lock)
		zklock_free(lock);
	zklock_znode_delete(doctor->cli->session, path, -1, NULL, CLI_ASK_MS);
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void check_inside(struct doctor *doctor, bool trial)
{
	check_session(doctor);
	check_root(doctor);
	check_strangers(doctor);
	if (trial)
		check_by_trial(doctor);
}

static int examine_all(struct cli *cli, bool trial)
{
	struct doctor doctor = {.cli = cli,
		.checkup = zkl_checkup_new(),
		.timeout_ms = zkl_settings_ms(&cli->settings, SET_SESSION_TIMEOUT)};
	int status, printed;

	check_servers(&doctor);
	status = zkl_cli_connect(cli);
	if (status == STATUS_OK)
		check_inside(&doctor, trial);
	printed = zkl_checkup_print(cli, doctor.checkup);
	return status == STATUS_OK ? printed : status;
}

int zkl_cmd_doctor(struct cli *cli, int argc, char **argv)
{
	gboolean no_trial = FALSE;
	const GOptionEntry own[] = {
		{"no-trial", 0, 0, G_OPTION_ARG_NONE, &no_trial, "take no lock on trial", NULL},
		G_OPTION_ENTRY_NULL};
	int status = zkl_cli_parse(cli, CLI_SERVERS | CLI_JSON, own, "",
		"Look at servers, limits, access and clock, and say what is not good for locks.",
		&argc, &argv);

	if (status == STATUS_OK && argc > 1)
		status = zkl_cli_usage(cli, "takes no argument");
	return status == STATUS_OK ? examine_all(cli, !no_trial) : status;
}
