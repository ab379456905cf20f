/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters.h - what an operation costs besides time, as the servers and the kernel count it.
 */
#ifndef BENCH_COUNTERS_H
#define BENCH_COUNTERS_H

#include <stdbool.h>

#include <glib.h>

struct counters {
	gint64 requests; /* packets the servers have received, pings too */
	gint64 writes;	 /* transactions of the ensemble (its zxid) */
	gint64 bytes_in; /* on our connections to the servers, as TCP counts them */
	gint64 bytes_out;
	gint64 switches; /* context switches of all our threads, of both kinds */
	gint64 cpu_us;	 /* of this process */
	gint64 allocs;	 /* calls of malloc, calloc, realloc and the like */
};

/* What the questions themselves cost is outside of the interval, or taken off. */
bool counters_start(const char *servers, struct counters *ret, GError **error);
bool counters_stop(
	const char *servers, const struct counters *start, struct counters *ret, GError **error);

/* Resident memory of this process in KiB, and how many threads it has. */
long self_rss_kib(void);
long self_threads(void);

#endif
