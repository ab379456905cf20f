/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_runner.c - one job on many hosts: each time it is due, exactly one of them does it.
 *
 * A lock alone does not do that: a quick job frees it before a slow host's clock strikes. So each
 * tick has a claim (as in `zklock once`) that outlives the lock, written by its holder only, in a
 * transaction that checks the lock's znode. A holder that finds a claim "running" knows that the
 * runner lost the lock, mostly by dying: it runs that tick again, and catches up. "done" comes
 * exactly once; the work before it may be begun twice, so give it the tick and the token.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zklock/znode.h>

#define ASK_MS 3000
static const char *servers, *root = "/locks", *job = "job", *id = "runner";
static gint64 every = 60, from, until = G_MAXINT64, work_ms = 300, worked_on;
static zklock_session_t *session;
static zklock_t *lock;

static void say(const char *event, gint64 tick, int64_t token, const char *other)
{
	printf("%ld %s %s tick=%ld token=%ld from=%s\n", (long)(g_get_real_time() / 1000), id,
		event, (long)tick, (long)token, other);
	fflush(stdout);
}

static void must(int error, const char *what)
{
	if (error == ZKLOCK_OK)
		return;
	fprintf(stderr, "job_runner: %s: %s\n", what, zklock_strerror(error));
	exit(1);
}

static void on_event(zklock_t *handle, const zklock_event_t *event, void *user)
{
	if (event->type == ZKLOCK_EVENT_LOST)
		say("lost", 0, event->token, "");
}

/* Version -1: create it. FALSE: the lock is lost, or the claim changed: the main loop looks again.
 */
static gboolean put_claim(const char *path, int32_t version, const char *state, gint64 token)
{
	g_autofree char *text = g_strdup_printf(
		"[claim]\nversion=1\nid=%1$s-%2$ld\nstate=%3$s\nhost=%1$s\ntoken=%2$ld\n", id,
		(long)token, state);
	size_t len = strlen(text);
	int error;

	do {
		if (version < 0)
			error = zklock_znode_create(
				session, path, text, len, ZKLOCK_ZNODE_PARENTS, lock, ASK_MS);
		else
			error = zklock_znode_set(session, path, text, len, version, lock, ASK_MS);
	} while (error == ZKLOCK_ERR_UNAVAILABLE || error == ZKLOCK_ERR_UNKNOWN);
	if (error != ZKLOCK_ERR_LOST && error != ZKLOCK_ERR_EXISTS && error != ZKLOCK_ERR_VERSION)
		must(error, path);
	return error == ZKLOCK_OK;
}

/* The job; here it only takes time. Look before every step whether you may still go on. */
static gboolean work(void)
{
	for (gint64 ms = 0; ms < work_ms && zklock_is_held(lock); ms += 10)
		g_usleep(10000);
	return zklock_is_held(lock);
}

static void run_tick(gint64 tick, const char *path, int32_t version, const char *dead)
{
	int64_t token;

	if (zklock_token(lock, &token) != ZKLOCK_OK || !put_claim(path, version, "running", token))
		return;
	say(dead ? "recover" : "start", worked_on = tick, token, dead ? dead : "");
	if (work())
		put_claim(path, version + 1, "done", token);
}

/* Is the tick done? If not, and we hold the lock, run it. */
static gboolean look_at(gint64 tick, gboolean holding)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(tick);
	g_autofree char *key = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
	g_autofree char *path = g_strdup_printf("%s-once/%s/%s", root, job, key);
	g_autofree char *text = NULL, *state = NULL, *host = NULL;
	g_autoptr(GKeyFile) claim = g_key_file_new();
	zklock_znode_stat_t stat = {.version = -1};
	int error = zklock_znode_get(session, path, (void **)&text, NULL, &stat, ASK_MS);

	if (error == ZKLOCK_ERR_UNAVAILABLE)
		return FALSE;
	must(error == ZKLOCK_ERR_NO_NODE ? ZKLOCK_OK : error, path);
	if (text)
		g_key_file_load_from_data(claim, text, strlen(text), 0, NULL);
	state = g_key_file_get_string(claim, "claim", "state", NULL);
	host = g_key_file_get_string(claim, "claim", "host", NULL);
	if (g_strcmp0(state, "done") == 0) {
		if (tick == worked_on && g_strcmp0(host, id) == 0)
			say("end", tick, g_key_file_get_int64(claim, "claim", "token", NULL), "");
		return TRUE;
	}
	if (holding)
		run_tick(tick, path, stat.version, host);
	return FALSE;
}

int main(int argc, char **argv)
{
	const GOptionEntry entries[] = {
		{"servers", 0, 0, G_OPTION_ARG_STRING, &servers, NULL, NULL},
		{"root", 0, 0, G_OPTION_ARG_STRING, &root, NULL, NULL},
		{"job", 0, 0, G_OPTION_ARG_STRING, &job, NULL, NULL},
		{"id", 0, 0, G_OPTION_ARG_STRING, &id, "unique name of this host", NULL},
		{"every", 0, 0, G_OPTION_ARG_INT64, &every, "seconds from tick to tick", NULL},
		{"from", 0, 0, G_OPTION_ARG_INT64, &from, "first tick, Unix time (needed)", NULL},
		{"until", 0, 0, G_OPTION_ARG_INT64, &until, "end before this tick", NULL},
		{"work-ms", 0, 0, G_OPTION_ARG_INT64, &work_ms, NULL, NULL}, {0}};
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	g_autoptr(GOptionContext) context = g_option_context_new("- prints MS ID EVENT");

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, NULL) || !servers || !from || every < 1)
		must(ZKLOCK_ERR_INVALID, "--servers and --from are needed; see --help");
	options.root = root;
	options.label = id;
	must(zklock_session_open(servers, &options, &session), servers);
	must(zklock_new(session, job, NULL, &lock), job);
	zklock_set_event_callback(lock, on_event, NULL);
	must(zklock_session_wait_connected(session, 10 * ASK_MS), servers);
	say("ready", 0, 0, "");
	for (gint64 tick = from; tick < until; tick += every) {
		while (g_get_real_time() < tick * G_USEC_PER_SEC)
			g_usleep(1000);
		while (!look_at(tick, FALSE)) {
			must(zklock_lock(lock), job);
			look_at(tick, TRUE);
			zklock_unlock(lock); /* LOST and PENDING end by themselves */
		}
	}
	say("bye", 0, 0, "");
	zklock_free(lock);
	return zklock_session_close(session, ASK_MS);
}
