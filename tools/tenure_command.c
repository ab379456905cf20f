/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenure_command.c - the command of a tenure: what it gets, what its guard reports, the terminal.
 */
#include "tenure_private.h"

#include "child.h"
#include "text.h"

#include <errno.h>
#include <unistd.h>

#define START_AGAIN_MS 10

/* ---- the terminal --------------------------------------------------------------------------- */

bool zkl_tenure_in_foreground(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* SIGTTOU is blocked, so this works from the background as well: which is why we ask first whether
 * the terminal is ours, or our command's, to give. The shell may have taken it back. */
static void give_terminal(const struct tenure *tenure, pid_t group)
{
	pid_t has = tenure->terminal ? tcgetpgrp(STDIN_FILENO) : -1;

	if (has > 0 && (has == getpgrp() || has == tenure->command_group))
		tcsetpgrp(STDIN_FILENO, group);
}

void zkl_tenure_stop_ourselves(const struct tenure *tenure)
{
	give_terminal(tenure, getpgrp());
	kill(getpid(), SIGSTOP);
}

/* Ctrl-Z has reached the command's group only; it is meant for all of the job, a script around us
 * or a pager behind us too. */
static void stop_job(const struct tenure *tenure)
{
	give_terminal(tenure, getpgrp());
	kill(0, SIGSTOP);
}

void zkl_tenure_continue_command(struct tenure *tenure)
{
	if (zkl_tenure_in_foreground() && tenure->guard.group)
		give_terminal(tenure, tenure->guard.group);
	zkl_guard_signal(&tenure->guard, SIGCONT);
}

/* ---- the command ---------------------------------------------------------------------------- */

static void add_lock_environment(const struct tenure *tenure, GPtrArray *environment)
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;
	char node[1200] = "";

	zklock_node(tenure->lock, node, sizeof(node));
	if (zklock_session_info(tenure->cli->session, &info) != ZKLOCK_OK)
		info.session_id = 0;
	g_ptr_array_add(
		environment, g_strdup_printf("ZKLOCK_TOKEN=%" G_GINT64_FORMAT, tenure->token));
	g_ptr_array_add(environment, g_strdup_printf("ZKLOCK_NODE=%s", node));
	g_ptr_array_add(environment, g_strdup_printf("ZKLOCK_SESSION=0x%" G_GINT64_MODIFIER "x",
					     (guint64)info.session_id));
}

static GPtrArray *command_environment(const struct tenure *tenure, const char *extra)
{
	GPtrArray *environment = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(environment, g_strdup_printf("ZKLOCK_NAME=%s", tenure->options.name));
	g_ptr_array_add(environment, g_strdup("ZKLOCK_MODE=exclusive"));
	g_ptr_array_add(environment, g_strdup_printf("ZKLOCK_HELD=%d", tenure->unlocked ? 0 : 1));
	if (!tenure->unlocked)
		add_lock_environment(tenure, environment);
	if (extra)
		g_ptr_array_add(environment, g_strdup(extra));
	g_ptr_array_add(environment, NULL);
	return environment;
}

static gboolean on_start_again(void *user)
{
	struct tenure *tenure = user;

	tenure->start_source = 0;
	if (tenure->phase == TENURE_HOLDING && !tenure->told_lost)
		zkl_tenure_start(tenure, tenure->extra);
	return G_SOURCE_REMOVE;
}

/* Less than a millisecond is left: in that time a new proof comes, or the loss, which is told. */
static void start_again(struct tenure *tenure, const char *extra)
{
	char *copy = g_strdup(extra);

	g_free(tenure->extra);
	tenure->extra = copy;
	if (!tenure->start_source)
		tenure->start_source = g_timeout_add(START_AGAIN_MS, on_start_again, tenure);
}

void zkl_tenure_start(struct tenure *tenure, const char *extra)
{
	g_autoptr(GPtrArray) environment = command_environment(tenure, extra);
	int64_t until = tenure->unlocked ? 0 : zkl_tenure_proven_until(tenure);
	struct guard_start start = {
		.valid_until = zkl_tenure_has_deadline(tenure) ? until : GUARD_NEVER,
		.validity_ms = zkl_tenure_has_deadline(tenure) ? tenure->validity_ms : 0,
		.at_most_ms = tenure->options.at_most_ms,
		.environment = (char **)environment->pdata,
	};

	tenure->valid_until = until;
	if (!tenure->unlocked && until == 0) {
		start_again(tenure, extra);
		return;
	}
	tenure->running = true;
	zkl_guard_start(&tenure->guard, &start);
}

void zkl_tenure_end_command(struct tenure *tenure, enum guard_reason reason)
{
	int64_t until = zkl_tenure_proven_until(tenure);

	zkl_guard_end(&tenure->guard, reason, until ? until : zkl_guard_now());
}

static int refused(struct tenure *tenure, int exec_errno)
{
	g_autofree char *safe = zkl_text_escape(tenure->options.argv[0]);

	zkl_cli_error(tenure->cli, "cannot run '%s': %s; check its name, PATH and mode", safe,
		g_strerror(exec_errno));
	return zkl_child_exec_status(exec_errno);
}

static int status_of_end(struct tenure *tenure, const struct guard_report *report)
{
	if (report->late)
		return STATUS_SURVIVORS;
	switch (report->reason) {
	case GUARD_NONE:
	case GUARD_ORPHANED:
		break;
	case GUARD_UNPROVEN:
		zkl_cli_error(tenure->cli,
			"ended the command: no proof in time that '%s' is still ours; see the "
			"servers with zklock doctor",
			tenure->options.name);
		return tenure->options.lost_status;
	case GUARD_LOST:
	case GUARD_SUSPENDED:
		return tenure->options.lost_status;
	case GUARD_AT_MOST:
		zkl_cli_error(
			tenure->cli, "ended the command: it ran longer than --at-most allows");
		return STATUS_AT_MOST;
	}
	return zkl_child_status(report->value);
}

static void command_ended(struct tenure *tenure, const struct guard_report *report, int status)
{
	tenure->running = false;
	give_terminal(tenure, getpgrp());
	if (tenure->hooks->ended)
		tenure->hooks->ended(tenure, report, status);
	else
		zkl_tenure_linger(tenure, status);
}

/* It wants the terminal, which we have kept: others of a pipeline might want it (a pager). */
static bool asks_for_terminal(int signal)
{
	return (signal == SIGTTIN || signal == SIGTTOU) && zkl_tenure_in_foreground();
}

static void command_stopped(struct tenure *tenure, int signal)
{
	if (!tenure->terminal || tenure->suspended)
		return;
	if (asks_for_terminal(signal))
		zkl_tenure_continue_command(tenure);
	else
		stop_job(tenure);
}

static void guard_died(struct tenure *tenure)
{
	struct guard_report report = {.type = GUARD_ENDED, .reason = GUARD_ORPHANED};

	tenure->guarded = false;
	zkl_cli_error(tenure->cli, "the guard process was killed; ended the command with it");
	zkl_guard_avenge(&tenure->guard);
	if (tenure->running)
		command_ended(tenure, &report, STATUS_INTERNAL);
	zkl_tenure_finish(tenure, STATUS_INTERNAL);
}

static void take_report(struct tenure *tenure, const struct guard_report *report)
{
	switch (report->type) {
	case GUARD_STARTED:
		tenure->command_group = report->value;
		zkl_cli_say(tenure->cli, "started the command as process %d", report->value);
		break;
	case GUARD_REFUSED:
		command_ended(tenure, report, refused(tenure, report->value));
		break;
	case GUARD_STOPPED:
		command_stopped(tenure, report->value);
		break;
	case GUARD_ENDED:
		command_ended(tenure, report, status_of_end(tenure, report));
		break;
	}
}

gboolean zkl_tenure_on_guard(int fd, GIOCondition condition, void *user)
{
	struct tenure *tenure = user;
	struct guard_report report;
	int got;

	while ((got = zkl_guard_next(&tenure->guard, &report)) > 0)
		take_report(tenure, &report);
	if (got < 0)
		guard_died(tenure);
	return got < 0 ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

int zkl_tenure_fork_guard(struct tenure *tenure)
{
	static const int first[] = {[LOST_TERM] = SIGTERM,
		[LOST_KILL] = SIGKILL,
		[LOST_HUP] = SIGHUP,
		[LOST_IGNORE] = SIGTERM};
	struct guard_options options = {
		.argv = tenure->options.argv,
		.first_signal = first[zkl_settings_word(&tenure->cli->settings, SET_ON_LOST)],
		.kill_after_ms = zkl_settings_ms(&tenure->cli->settings, SET_KILL_AFTER),
		.signal_mask = &tenure->signal_mask,
		.foreground = tenure->terminal && isatty(STDOUT_FILENO) ? getpgrp() : 0,
	};

	if (!tenure->options.argv)
		return STATUS_OK;
	if (!zkl_guard_fork(&tenure->guard, &options)) {
		zkl_cli_error(tenure->cli, "cannot start the guard process: %s; see ulimit -u",
			g_strerror(errno));
		return STATUS_INTERNAL;
	}
	tenure->guarded = true;
	return STATUS_OK;
}
