/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_once.c - zklock once: a command at most once per tick, over all hosts and for ever.
 *
 * A lock alone does not do that: a fast job frees it before a slow host's clock strikes. So the
 *tick is claimed durably (claim.h), and the lock says who of the claimers is alive.
 *
 *	join the queue -> create the claim: ours -> wait for the lock -> run -> mark done
 *	                                    another's -> leave (--recover: wait, then look for
 *	                                                        claims whose runner is dead)
 */
#include "claim.h"
#include "commands.h"
#include "job.h"
#include "text.h"
#include "tick.h"

#include <string.h>
#include <unistd.h>

#define DEFAULT_KEEP 100

struct once {
	struct job job;
	char *tick, *key;
	int64_t period_ms; /* 0: the user gave the key */
	gboolean recover;
	int keep, done_status;
	struct claim *ours; /* created by us and not yet run */
	GQueue todo;	    /* of struct claim: taken over, or ours */
	struct claim *current;
	int status; /* to exit with */
};

/* ---- claims --------------------------------------------------------------------------------- */

static int64_t session_id(const struct tenure *tenure)
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;

	return zklock_session_info(tenure->cli->session, &info) == ZKLOCK_OK ? info.session_id : 0;
}

static void fail(struct tenure *tenure, int error, const char *what)
{
	zkl_tenure_finish(tenure,
		zkl_cli_failed(tenure->cli, error, "'%s': cannot %s", tenure->options.name, what));
}

/* The janitor removed claims as old as this one, so nobody can tell whether it was run. */
static bool is_too_old(const struct once *once, char **keys)
{
	return once->period_ms > 0 && once->keep > 0 && g_strv_length(keys) >= (guint)once->keep &&
	       strcmp(once->key, keys[0]) < 0;
}

static int check_age(struct tenure *tenure)
{
	struct once *once = tenure->user;
	g_auto(GStrv) keys = NULL;
	int error = zkl_claim_keys(tenure->cli, tenure->options.name, &keys);

	if (error != ZKLOCK_OK)
		return error;
	if (!is_too_old(once, keys))
		return ZKLOCK_OK;
	zkl_cli_note(tenure->cli,
		"tick %s is older than all that are kept; not run: check this host's clock",
		once->key);
	return ZKLOCK_ERR_EXISTS;
}

static void say_taken(struct tenure *tenure)
{
	struct once *once = tenure->user;
	g_autoptr(claim_t) claim = NULL;
	g_autofree char *host = NULL;

	if (!tenure->cli->verbose ||
		zkl_claim_read(tenure->cli, tenure->options.name, once->key, &claim) != ZKLOCK_OK)
		return;
	host = zkl_text_escape(claim->host);
	zkl_cli_say(tenure->cli, "tick %s: %s by pid %" G_GINT64_FORMAT " on %s", once->key,
		zkl_claim_state_name(claim->state), claim->pid, host);
}

static int take_tick(struct tenure *tenure)
{
	struct once *once = tenure->user;
	struct claim *claim = zkl_claim_new(once->key, session_id(tenure));
	int error = check_age(tenure);

	if (error == ZKLOCK_OK)
		error = zkl_claim_create(tenure->cli, tenure->options.name, claim);
	if (error == ZKLOCK_OK)
		once->ours = claim;
	else
		zkl_claim_free(claim);
	/* pruned between the two looks: then somebody may have run it long ago */
	return error == ZKLOCK_OK ? check_age(tenure) : error;
}

static void joined(struct tenure *tenure)
{
	struct once *once = tenure->user;
	int error;

	if (tenure->unlocked)
		return;
	error = take_tick(tenure);
	if (error == ZKLOCK_ERR_EXISTS) {
		once->status = once->done_status;
		say_taken(tenure);
		if (!once->recover)
			zkl_tenure_finish(tenure, once->done_status);
	} else if (error != ZKLOCK_OK) {
		fail(tenure, error, "claim the tick");
	}
}

/* ---- the dead ------------------------------------------------------------------------------- */

static bool is_in_queue(const zklock_owners_t *owners, int64_t session)
{
	for (size_t i = 0; i < zklock_owners_count(owners); i++) {
		if (zklock_owners_get(owners, i)->session_id == session)
			return true;
	}
	return false;
}

/* We hold the lock, so nobody else can be running; a claimer that waits stands behind us. */
static bool is_dead(const struct claim *claim, const zklock_owners_t *owners)
{
	return claim->state == CLAIM_RUNNING ||
	       (claim->state == CLAIM_CLAIMED && !is_in_queue(owners, claim->session_id));
}

static int find_dead(struct tenure *tenure, char **keys, const zklock_owners_t *owners)
{
	struct once *once = tenure->user;

	for (; *keys; keys++) {
		struct claim *claim = NULL;
		int error = zkl_claim_read(tenure->cli, tenure->options.name, *keys, &claim);

		if (error == ZKLOCK_ERR_NO_NODE)
			continue;
		if (error != ZKLOCK_OK)
			return error;
		if ((once->ours && g_str_equal(once->ours->key, claim->key)) ||
			!is_dead(claim, owners))
			zkl_claim_free(claim);
		else
			g_queue_push_tail(&once->todo, claim);
	}
	return ZKLOCK_OK;
}

static int recover(struct tenure *tenure)
{
	const char *name = tenure->options.name;
	zklock_owners_t *owners = NULL;
	g_auto(GStrv) keys = NULL;
	int error = zkl_claim_keys(tenure->cli, name, &keys);

	if (error == ZKLOCK_OK)
		error = zklock_owners(tenure->cli->session, name, 0, CLI_ASK_MS, &owners);
	if (error == ZKLOCK_OK)
		error = find_dead(tenure, keys, owners);
	zklock_owners_free(owners);
	return error;
}

/* ---- runs ----------------------------------------------------------------------------------- */

static void start_current(struct tenure *tenure)
{
	struct once *once = tenure->user;
	g_autofree char *tick = g_strdup_printf("ZKLOCK_TICK=%s", once->current->key);

	zkl_cli_say(tenure->cli, "tick %s: running (attempt %" G_GINT64_FORMAT ")",
		once->current->key, once->current->attempts);
	zkl_tenure_start(tenure, tick);
}

static void make_it_ours(struct claim *claim, const struct tenure *tenure)
{
	g_free(claim->host);
	g_free(claim->id);
	claim->host = g_strdup(g_get_host_name());
	claim->id = g_uuid_string_random();
	claim->pid = getpid();
	claim->session_id = session_id(tenure);
}

static int mark_running(struct tenure *tenure, struct claim *claim)
{
	make_it_ours(claim, tenure);
	claim->state = CLAIM_RUNNING;
	claim->token = tenure->token;
	claim->attempts++;
	claim->start_ms = g_get_real_time() / 1000;
	return zkl_claim_write(tenure->cli, tenure->options.name, claim, tenure->lock);
}

static void clean_up(struct tenure *tenure)
{
	struct once *once = tenure->user;
	int error;

	if (once->keep <= 0)
		return;
	error = zkl_claim_prune(
		tenure->cli, tenure->options.name, (guint)once->keep, once->recover, tenure->lock);
	if (error != ZKLOCK_OK)
		zkl_cli_note(tenure->cli,
			"could not remove old claims (%s); the next run tries again",
			zklock_strerror(error));
}

/* The next claim that is still ours to run, or the end. */
static void run_next(struct tenure *tenure)
{
	struct once *once = tenure->user;
	int error;

	while ((once->current = g_queue_pop_head(&once->todo))) {
		error = mark_running(tenure, once->current);
		if (error == ZKLOCK_OK) {
			start_current(tenure);
			return;
		}
		g_clear_pointer(&once->current, zkl_claim_free);
		if (error == ZKLOCK_ERR_LOST)
			return; /* the event comes and ends all */
		if (error != ZKLOCK_ERR_VERSION && error != ZKLOCK_ERR_NO_NODE) {
			fail(tenure, error, "mark the tick as running");
			return;
		}
	}
	clean_up(tenure);
	zkl_tenure_linger(tenure, once->status);
}

static void granted(struct tenure *tenure)
{
	struct once *once = tenure->user;
	g_autofree char *tick = NULL;
	int error = ZKLOCK_OK;

	if (tenure->unlocked) {
		tick = g_strdup_printf("ZKLOCK_TICK=%s", once->key);
		zkl_tenure_start(tenure, tick);
		return;
	}
	if (once->recover)
		error = recover(tenure);
	if (once->ours)
		g_queue_push_tail(&once->todo, g_steal_pointer(&once->ours));
	if (error != ZKLOCK_OK)
		zkl_cli_failed(tenure->cli, error, "'%s': cannot look for unfinished ticks",
			tenure->options.name);
	run_next(tenure);
}

/* Ended by us since the lock is gone: its claim stays "running", for --recover. */
static bool ran_to_its_end(const struct guard_report *report)
{
	return report->type == GUARD_REFUSED ||
	       (report->type == GUARD_ENDED &&
		       (report->reason == GUARD_NONE || report->reason == GUARD_AT_MOST));
}

static void mark_done(struct tenure *tenure, struct claim *claim, int status)
{
	int error;

	claim->state = CLAIM_DONE;
	claim->status = status;
	claim->end_ms = g_get_real_time() / 1000;
	error = zkl_claim_write(tenure->cli, tenure->options.name, claim, tenure->lock);
	if (error != ZKLOCK_OK)
		zkl_cli_failed(tenure->cli, error,
			"tick %s ran (status %d), but its claim could not be marked done, so "
			"--recover may run it again",
			claim->key, status);
}

static void ended(struct tenure *tenure, const struct guard_report *report, int status)
{
	struct once *once = tenure->user;

	once->status = status;
	if (!once->current || !ran_to_its_end(report)) {
		zkl_tenure_finish(tenure, status);
		return;
	}
	mark_done(tenure, once->current, status);
	g_clear_pointer(&once->current, zkl_claim_free);
	run_next(tenure);
}

/* The wait is over without the lock. A tick that we claimed will be run by nobody: say so in it. */
static int gave_up(struct tenure *tenure, int status)
{
	struct once *once = tenure->user;
	g_autoptr(claim_t) claim = NULL;

	if (once->ours) {
		once->ours->state = CLAIM_SKIPPED;
		zkl_claim_write(tenure->cli, tenure->options.name, once->ours, NULL);
	} else if (status == tenure->options.busy_status && !once->recover &&
		   zkl_claim_read(tenure->cli, tenure->options.name, once->key, &claim) ==
			   ZKLOCK_OK) {
		return once->done_status;
	}
	return status;
}

static const struct tenure_hooks hooks = {
	.joined = joined, .granted = granted, .ended = ended, .gave_up = gave_up};

/* ---- command line --------------------------------------------------------------------------- */

static int read_tick(struct cli *cli, struct once *once)
{
	g_autofree char *safe = NULL;

	if (!once->tick)
		return zkl_cli_usage(
			cli, "--tick is missing: minute, hour, day, every=TIME or a key");
	safe = zkl_text_escape(once->tick);
	once->period_ms = zkl_tick_period(once->tick);
	if (once->period_ms < 0)
		return zkl_cli_usage(
			cli, "--tick %s: the period must be whole seconds, from 1s to 1d", safe);
	if (once->period_ms == 0 && !zkl_text_is_name(once->tick))
		return zkl_cli_usage(cli,
			"--tick '%s' is no key: use 1 to 128 of A-Z a-z 0-9 . _ : @ + -", safe);
	once->key = once->period_ms > 0 ? zkl_tick_key(once->period_ms, g_get_real_time() / 1000)
					: g_strdup(once->tick);
	if (once->keep < 0)
		once->keep = once->period_ms > 0 ? DEFAULT_KEEP : 0;
	return zkl_cli_exit_code(cli, "--done-exit-code", once->done_status) ? STATUS_OK
									     : STATUS_USAGE;
}

static GOptionEntry *entries_of(struct once *once)
{
	const GOptionEntry own[] = {
		{"tick", 0, 0, G_OPTION_ARG_STRING, &once->tick,
			"minute, hour, day, every=TIME, or a key of your own", "TICK"},
		{"recover", 0, 0, G_OPTION_ARG_NONE, &once->recover,
			"also run claimed ticks whose runner died", NULL},
		{"keep", 0, 0, G_OPTION_ARG_INT, &once->keep,
			"keep that many claims, 0: all (100; all for keys of your own)", "N"},
		{"done-exit-code", 0, 0, G_OPTION_ARG_INT, &once->done_status,
			"exit status when the tick was taken before (0)", "CODE"},
		G_OPTION_ENTRY_NULL};
	g_autofree GOptionEntry *job = zkl_job_entries(&once->job);

	once->keep = -1;
	return zkl_cli_join_entries(own, job);
}

static void clear(struct once *once)
{
	zkl_job_clear(&once->job);
	g_free(once->tick);
	g_free(once->key);
	g_clear_pointer(&once->ours, zkl_claim_free);
	g_clear_pointer(&once->current, zkl_claim_free);
	g_queue_clear_full(&once->todo, (GDestroyNotify)zkl_claim_free);
}

int zkl_cmd_once(struct cli *cli, int argc, char **argv)
{
	struct once once = {.todo = G_QUEUE_INIT};
	struct tenure tenure = {.cli = cli, .hooks = &hooks, .user = &once};
	g_autofree GOptionEntry *entries = entries_of(&once);
	int status = zkl_cli_parse(cli, CLI_SERVERS | CLI_CHILD, entries,
		"NAME [--] COMMAND [ARGUMENT...]",
		"Run COMMAND at most once per tick, over all hosts, under the lock NAME.", &argc,
		&argv);

	if (status == STATUS_OK)
		status = read_tick(cli, &once);
	if (status == STATUS_OK)
		status = zkl_job_options(&once.job, cli, argc, argv, &tenure.options);
	if (status == STATUS_OK)
		status = zkl_tenure_run(&tenure);
	clear(&once);
	return status;
}
