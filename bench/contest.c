/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contest.c - the small things that every contestant needs.
 */
#include "contest.h"

#include <time.h>

bool bench_fail(GError **error, const char *place, const char *reason)
{
	g_set_error(error, BENCH_ERROR, BENCH_ERROR_FAILED, "%s: %s", place, reason);
	return false;
}

bool bench_skip(GError **error, const char *reason)
{
	g_set_error_literal(error, BENCH_ERROR, BENCH_ERROR_SKIP, reason);
	return false;
}

double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

bool task_is(const struct task *task, const char *what)
{
	return g_str_equal(task->what, what);
}

char **bench_servers(const char *servers)
{
	return g_strsplit(servers, ",", -1);
}

unsigned bench_batch(unsigned n)
{
	return CLAMP(n / 2, 1, 100);
}
