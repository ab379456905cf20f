/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contest.h - what is measured (a task), and who is measured (a contestant).
 *
 * A contestant keeps what is expensive to set up (connections, a standing queue) between calls, so
 * that short turns of all contestants can be interleaved. A time is in microseconds, by one clock.
 */
#ifndef BENCH_CONTEST_H
#define BENCH_CONTEST_H

#include <stdbool.h>

#include <glib.h>

struct task {
	const char *what;
	unsigned n;	/* waiters, contenders or locks, see bench_tasks in zkbench.c */
	unsigned count; /* how many samples */
	unsigned turn;	/* number of the repeat; the server to talk to is turn % servers */
};

struct contestant;

/* Appends count times to samples. BENCH_ERROR_SKIP: not offered, and the error says why. */
typedef bool (*contest_measure_fn)(
	struct contestant *c, const struct task *task, GArray *samples, GError **error);

struct contestant {
	const char *who;
	const char *variant; /* NULL where there is but one */
	const char *note;    /* what it does not promise, and what a waiter costs there */
	contest_measure_fn measure;
	/* All that measure() would need to set up first. NULL: costs are not counted. */
	bool (*prepare)(struct contestant *c, const struct task *task, GError **error);
	void (*close)(struct contestant *c);
	void *data;
};

enum bench_error {
	BENCH_ERROR_SKIP,
	BENCH_ERROR_FAILED,
};

#define BENCH_ERROR (g_quark_from_static_string("zkbench"))

/* Sets *error to "PLACE: REASON"; false, so that it can be returned. */
bool bench_fail(GError **error, const char *place, const char *reason);
bool bench_skip(GError **error, const char *reason);

/* Now, in microseconds of CLOCK_MONOTONIC. */
double bench_now(void);

/* Is this task called `what`? */
bool task_is(const struct task *task, const char *what);

/* "a:1,b:2" as a vector; free with g_strfreev(). */
char **bench_servers(const char *servers);

/* Hand-overs between two refills of a queue of n: at least half of it is always there. */
unsigned bench_batch(unsigned n);

#endif
