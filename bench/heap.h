/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.h - what is alive in the heaps of Java servers.
 */
#ifndef BENCH_HEAP_H
#define BENCH_HEAP_H

#include <stdbool.h>

#include <glib.h>

/* Collects garbage in each of "PID,PID,..." and sums up what is left, by jcmd of the JDK. */
bool heap_live_kib(const char *pids, double *ret_kib, GError **error);

#endif
