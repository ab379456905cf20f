/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenure.c - the time with one lock: queue, hold, tell the guard, release.
 *
 * Promises: the command runs only while the lock is proven (or --if-down=run, --on-lost=ignore say
 * otherwise); everything it started is dead before we release; every way out releases.
 */
#include "tenure_private.h"

#include "contender.h"
#include "metrics.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

/* What others see: --why, or the command. Inside another zklock run the session of that one is told
 * as well, so that zklock graph can see who waits for whom through the command. */
static char *label_of(const struct tenure *tenure)
{
	const char *why = zkl_settings_text(&tenure->cli->settings, SET_WHY);
	const char *outer = g_getenv("ZKLOCK_SESSION"), *held = g_getenv("ZKLOCK_HELD");
	g_autofree char *name = why ? g_strdup(why)
				: tenure->options.argv
					? g_path_get_basename(tenure->options.argv[0])
					: g_strdup_printf("zklock %s", tenure->cli->command);

	if (outer && held && g_str_equal(held, "1"))
		return g_strconcat(name, ZKL_CONTENDER_UNDER, outer, NULL);
	return g_steal_pointer(&name);
}

static int make_lock(struct tenure *tenure)
{
	zklock_options_t options = ZKLOCK_OPTIONS_INIT;
	g_autofree char *label = label_of(tenure);
	int error;

	options.flags = ZKLOCK_UNBOUND;
	options.label = label;
	error = zklock_new(tenure->cli->session, tenure->options.name, &options, &tenure->lock);
	if (error == ZKLOCK_OK && zklock_fd(tenure->lock) < 0)
		error = ZKLOCK_ERR_LIMIT;
	if (error == ZKLOCK_OK)
		error = zklock_lock_async(tenure->lock, tenure->options.wait_ms);
	if (error != ZKLOCK_OK)
		return zkl_cli_failed(tenure->cli, error, "cannot lock '%s'", tenure->options.name);
	return STATUS_OK;
}

static void run_loop(struct tenure *tenure)
{
	guint sources[3] = {0};

	sources[0] = g_unix_fd_add(tenure->signals, G_IO_IN, zkl_tenure_on_signal, tenure);
	sources[1] = g_unix_fd_add(zklock_fd(tenure->lock), G_IO_IN, zkl_tenure_on_event, tenure);
	if (tenure->guarded)
		sources[2] = g_unix_fd_add(
			tenure->guard.fd, G_IO_IN | G_IO_HUP, zkl_tenure_on_guard, tenure);
	g_main_loop_run(tenure->loop);
	g_source_remove(sources[0]);
	g_source_remove(sources[1]);
	if (sources[2] && tenure->guarded)
		g_source_remove(sources[2]);
	if (tenure->validity_source)
		g_source_remove(tenure->validity_source);
	if (tenure->linger_source)
		g_source_remove(tenure->linger_source);
	if (tenure->start_source)
		g_source_remove(tenure->start_source);
	g_clear_pointer(&tenure->extra, g_free);
}

static void release(struct tenure *tenure)
{
	int error = zklock_unlock(tenure->lock);

	if (error == ZKLOCK_ERR_PENDING)
		zkl_cli_note(tenure->cli,
			"the release of '%s' is not confirmed; the servers free it when our "
			"session ends",
			tenure->options.name);
	else if (error == ZKLOCK_ERR_LOST && !tenure->told_lost)
		zkl_cli_note(tenure->cli,
			"'%s' was lost after the command had ended, before its release",
			tenure->options.name);
}

static int wait_and_hold(struct tenure *tenure)
{
	int status = zkl_cli_open(tenure->cli);

	if (status == STATUS_OK)
		status = make_lock(tenure);
	if (status != STATUS_OK)
		return status;
	run_loop(tenure);
	if (tenure->token)
		release(tenure);
	return tenure->status;
}

int zkl_tenure_run(struct tenure *tenure)
{
	int status;

	tenure->terminal = tenure->options.argv && zkl_tenure_in_foreground();
	if (!zkl_tenure_block_signals(tenure)) {
		zkl_cli_error(tenure->cli, "signalfd: %s", g_strerror(errno));
		return STATUS_INTERNAL;
	}
	status = zkl_tenure_fork_guard(tenure);
	if (status != STATUS_OK)
		return status;
	tenure->loop = g_main_loop_new(NULL, FALSE);
	status = wait_and_hold(tenure);
	if (tenure->cli->session)
		zkl_metrics_save(tenure->cli);
	if (tenure->lock)
		zklock_free(tenure->lock);
	zkl_cli_close(tenure->cli);
	if (tenure->guarded)
		zkl_guard_close(&tenure->guard);
	g_main_loop_unref(tenure->loop);
	close(tenure->signals);
	return status;
}
