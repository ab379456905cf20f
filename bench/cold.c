/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cold.c - what a process pays that has just begun.
 */
#include "cold.h"

#include <stdio.h>

#include "lock.h"
#include "raw.h"
#include "sample.h"

#define SELF "/proc/self/exe"

/* Runs argv; its output is a number, when text is asked for. */
static bool run(const char *const *argv, char **text, GError **error)
{
	GSpawnFlags flags = G_SPAWN_SEARCH_PATH | (text == NULL ? G_SPAWN_STDOUT_TO_DEV_NULL : 0);
	int status;

	return g_spawn_sync(
		       NULL, (char **)argv, NULL, flags, NULL, NULL, text, NULL, &status, error) &&
	       g_spawn_check_wait_status(status, error);
}

static bool measure_lock(
	const char *self, const char *who, const char *servers, GArray *samples, GError **error)
{
	const char *argv[] = {self, "cold", who, "--servers", servers, NULL};
	char *text = NULL;

	if (!run(argv, &text, error))
		return false;
	sample_add(samples, g_ascii_strtod(text, NULL));
	g_free(text);
	return true;
}

static bool measure_process(const char *const *argv, GArray *samples, GError **error)
{
	double start = bench_now();

	if (!run(argv, NULL, error))
		return false;
	sample_add(samples, bench_now() - start);
	return true;
}

static bool measure_run(const char *self, const char *who, const char *servers, const char *zklock,
	GArray *samples, GError **error)
{
	const char *alone[] = {self, "cold", "connect", "--servers", servers, NULL};
	const char *locked[] = {
		zklock, "run", "--servers", servers, "zkbench-free", "--", "true", NULL};

	if (g_str_equal(who, "raw"))
		return measure_process(alone, samples, error);
	if (zklock == NULL)
		return bench_skip(error, "no zklock command was given");
	return measure_process(locked, samples, error);
}

bool cold_measure(const char *who, const char *servers, const char *zklock, const struct task *task,
	GArray *samples, GError **error)
{
	char **list = bench_servers(servers);
	const char *server = list[task->turn % g_strv_length(list)];
	char *self = g_file_read_link(SELF, error);
	bool ok = self != NULL;

	for (unsigned i = 0; ok && i < task->count; i++)
		ok = task_is(task, "cold") ? measure_lock(self, who, server, samples, error)
					   : measure_run(self, who, server, zklock, samples, error);
	g_free(self);
	g_strfreev(list);
	return ok;
}

static bool connect_alone(const char *servers, double *ret_us, GError **error)
{
	double start = bench_now();
	struct raw_session *session = raw_session_open(servers, error);

	if (session == NULL)
		return false;
	*ret_us = bench_now() - start;
	raw_session_close(session);
	return true;
}

int cold_main(const char *who, const char *servers)
{
	GError *error = NULL;
	double us = 0;
	bool ok;

	if (g_str_equal(who, "connect"))
		ok = connect_alone(servers, &us, &error);
	else if (g_str_equal(who, "raw"))
		ok = raw_cold_lock(servers, &us, &error);
	else
		ok = lock_cold(servers, &us, &error);
	if (ok)
		printf("%.1f\n", us);
	else
		g_printerr("zkbench cold %s: %s\n", who, error->message);
	return ok ? 0 : 1;
}
