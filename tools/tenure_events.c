/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenure_events.c - the lock's events during a tenure, and the deadline that its guard keeps.
 */
#include "tenure_private.h"

#include "contender.h"
#include "text.h"

#define GLANCE_MS 2000 /* for a look at the queue that only serves a message */

/* ---- validity ------------------------------------------------------------------------------- */

static gboolean on_validity(void *user)
{
	struct tenure *tenure = user;
	int64_t until = zkl_tenure_proven_until(tenure);

	if (until > tenure->valid_until) {
		tenure->valid_until = until;
		if (tenure->running)
			zkl_guard_extend(&tenure->guard, until);
	}
	return G_SOURCE_CONTINUE;
}

static void watch_validity(struct tenure *tenure)
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;
	int64_t now = zkl_guard_now();

	tenure->valid_until = zkl_tenure_proven_until(tenure);
	tenure->validity_ms = MAX(tenure->valid_until - now, 1);
	if (zklock_session_info(tenure->cli->session, &info) == ZKLOCK_OK && info.validity_ms > 0)
		tenure->validity_ms = info.validity_ms;
	if (zkl_tenure_has_deadline(tenure))
		tenure->validity_source = g_timeout_add(
			(guint)CLAMP(tenure->validity_ms / 16, 10, 250), on_validity, tenure);
}

/* ---- events of the lock --------------------------------------------------------------------- */

static void join(struct tenure *tenure)
{
	if (!tenure->joined && tenure->hooks->joined)
		tenure->hooks->joined(tenure);
	tenure->joined = true;
}

/* -v: whom we wait for. Only a message, so trouble is not worth an error. */
static void say_queue(struct tenure *tenure, int64_t ahead)
{
	zklock_owners_t *owners = NULL;

	if (!tenure->cli->verbose)
		return;
	if (zklock_owners(tenure->cli->session, tenure->options.name, 1, GLANCE_MS, &owners) ==
			ZKLOCK_OK &&
		zklock_owners_count(owners) > 0) {
		const zklock_owner_t *holder = zklock_owners_get(owners, 0);
		g_autofree char *who = zkl_contender_who(holder);
		g_autofree char *since = zkl_text_time(holder->queued_ms);

		zkl_cli_say(tenure->cli,
			"waiting for '%s': position %" G_GINT64_FORMAT
			" in the queue; held by %s, there since %s",
			tenure->options.name, ahead, who, since);
	} else {
		zkl_cli_say(tenure->cli,
			"waiting for '%s': position %" G_GINT64_FORMAT " in the queue",
			tenure->options.name, ahead);
	}
	zklock_owners_free(owners);
}

static void take_queued(struct tenure *tenure, const zklock_event_t *event)
{
	join(tenure);
	if (tenure->phase == TENURE_WAITING && event->ahead > 0)
		say_queue(tenure, event->ahead);
}

static void take_granted(struct tenure *tenure, const zklock_event_t *event)
{
	if (tenure->phase != TENURE_WAITING)
		return;
	tenure->token = event->token;
	tenure->granted_at = zkl_guard_now();
	tenure->phase = TENURE_HOLDING;
	watch_validity(tenure);
	join(tenure);
	if (tenure->phase != TENURE_HOLDING)
		return;
	zkl_cli_say(tenure->cli, "holding '%s' with token %" G_GINT64_FORMAT, tenure->options.name,
		tenure->token);
	tenure->hooks->granted(tenure);
}

/* --if-down=run: the user wants the job done more than he wants it alone. */
static void run_unlocked(struct tenure *tenure)
{
	zkl_cli_error(tenure->cli,
		"WARNING: no server answered; running WITHOUT the lock '%s' (--if-down=run)",
		tenure->options.name);
	tenure->unlocked = true;
	tenure->phase = TENURE_HOLDING;
	tenure->granted_at = zkl_guard_now();
	tenure->hooks->granted(tenure);
}

static void take_failed(struct tenure *tenure, const zklock_event_t *event)
{
	int error = event->error, status;

	if (tenure->phase != TENURE_WAITING)
		return;
	if (error == ZKLOCK_ERR_UNAVAILABLE && tenure->guarded &&
		zkl_settings_word(&tenure->cli->settings, SET_IF_DOWN) == DOWN_RUN) {
		run_unlocked(tenure);
		return;
	}
	status = zkl_cli_status(tenure->cli, error);
	if (status == STATUS_BUSY)
		status = tenure->options.busy_status;
	zkl_tenure_give_up(tenure, status);
	if (tenure->status != STATUS_OK &&
		!(tenure->cli->quiet && tenure->status == tenure->options.busy_status))
		zkl_cli_failed(tenure->cli, error, "cannot lock '%s'", tenure->options.name);
}

static void take_suspended(struct tenure *tenure, const zklock_event_t *event)
{
	int what = zkl_settings_word(&tenure->cli->settings, SET_ON_SUSPEND);

	zkl_cli_note(tenure->cli,
		"no contact to the servers; '%s' is proven ours for %" G_GINT64_FORMAT " ms more",
		tenure->options.name, event->remaining_ms);
	if (!tenure->running)
		return;
	if (what == SUSPEND_STOP) {
		tenure->suspended = true;
		zkl_guard_signal(&tenure->guard, SIGSTOP);
	} else if (what == SUSPEND_TERM) {
		zkl_cli_error(tenure->cli, "ending the command (--on-suspend=term)");
		zkl_tenure_end_command(tenure, GUARD_SUSPENDED);
	}
}

static void take_resumed(struct tenure *tenure)
{
	zkl_cli_note(tenure->cli, "contact again; '%s' is still ours", tenure->options.name);
	if (tenure->suspended && tenure->running)
		zkl_guard_signal(&tenure->guard, SIGCONT);
	tenure->suspended = false;
}

static void take_lost(struct tenure *tenure, const zklock_event_t *event)
{
	bool ignore = zkl_settings_word(&tenure->cli->settings, SET_ON_LOST) == LOST_IGNORE;

	if (tenure->phase == TENURE_DONE)
		return;
	tenure->told_lost = true;
	zkl_cli_error(tenure->cli, "lost the lock '%s' (%s)%s", tenure->options.name,
		zklock_cause_name(event->cause),
		!tenure->running ? ""
		: ignore	 ? "; the command goes on (--on-lost=ignore)"
				 : "; ending the command");
	if (tenure->running && ignore && tenure->suspended)
		zkl_guard_signal(&tenure->guard, SIGCONT);
	if (tenure->running && !ignore)
		zkl_tenure_end_command(tenure, GUARD_LOST);
	if (tenure->running)
		return;
	if (tenure->phase == TENURE_LINGERING) {
		zkl_tenure_finish(tenure, tenure->status);
		return;
	}
	if (tenure->hooks->lost)
		tenure->hooks->lost(tenure, event->cause);
	zkl_tenure_finish(tenure, tenure->options.lost_status);
}

gboolean zkl_tenure_on_event(int fd, GIOCondition condition, void *user)
{
	struct tenure *tenure = user;
	zklock_event_t event;

	while (zklock_next_event(tenure->lock, &event)) {
		switch (event.type) {
		case ZKLOCK_EVENT_QUEUED:
			take_queued(tenure, &event);
			break;
		case ZKLOCK_EVENT_GRANTED:
			take_granted(tenure, &event);
			break;
		case ZKLOCK_EVENT_FAILED:
			take_failed(tenure, &event);
			break;
		case ZKLOCK_EVENT_SUSPENDED:
			take_suspended(tenure, &event);
			break;
		case ZKLOCK_EVENT_RESUMED:
			take_resumed(tenure);
			break;
		case ZKLOCK_EVENT_LOST:
			take_lost(tenure, &event);
			break;
		case ZKLOCK_EVENT_RELEASED:
			break;
		}
	}
	return G_SOURCE_CONTINUE;
}
