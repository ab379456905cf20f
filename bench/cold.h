/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cold.h - what a process pays that has just begun, measured in fresh processes.
 */
#ifndef BENCH_COLD_H
#define BENCH_COLD_H

#include "contest.h"

/*
 * cold: this program again, from the start of connecting to the lock; who is "raw" or "zklock".
 * run:  from starting a process to its end; "raw" connects only, "zklock" is `zklock run`.
 * zklock: path of the command, or NULL.
 */
bool cold_measure(const char *who, const char *servers, const char *zklock, const struct task *task,
	GArray *samples, GError **error);

/* Within such a process: do it, print the time. The exit status of the process. */
int cold_main(const char *who, const char *servers);

#endif
