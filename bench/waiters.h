/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiters.h - very many locks in one process, and as many waiters in another.
 */
#ifndef BENCH_WAITERS_H
#define BENCH_WAITERS_H

#include "contest.h"

struct waiters_result {
	double bytes_per_held, bytes_per_waiter; /* resident memory grown, over how many */
	long threads;				 /* of the process that waits, main included */
};

/* What `zkbench hold` does: holds so many locks, prints the bytes of each, and ends with its input.
 */
bool waiters_hold(const char *servers, const char *root, unsigned count, GError **error);

/* `count` locks held by a process that it starts, and one waiter for each in this one, on one
 * session.
 */
bool waiters_measure(
	const char *servers, unsigned count, struct waiters_result *ret, GError **error);

#endif
