/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - one run as one JSON object, and what people look at, made from that object alone.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <json-glib/json-glib.h>

#include "contest.h"
#include "counters.h"

struct report;

/* command: what to type to repeat the run. */
struct report *report_new(const char *servers, unsigned repeats, const char *command);
void report_free(struct report *report);

/* One contestant at one task, over all repeats. */
struct outcome {
	const struct contestant *who;
	GArray *samples; /* of all repeats, us */
	GArray *medians; /* of each repeat, us */
	GArray *ratios;	 /* of each repeat: its median over that of the floor; empty without one */
	GArray *growths; /* of each repeat: its median over that at 10 waiters; empty without one */
	char *skipped;	 /* why there is nothing */
};

void report_outcome(struct report *report, const struct task *task, const struct outcome *outcome);

/* What `count` operations cost, all told. */
struct cost {
	const struct contestant *who;
	const char *what;
	unsigned n, count;
	struct counters sum;
};

void report_cost(struct report *report, const struct cost *cost);
/* ns: of one step of the recipe alone. */
void report_step(struct report *report, const char *what, unsigned n, double ns);
/* A waiter: connections and KiB of server memory. */
void report_waiter(struct report *report, const struct contestant *who, unsigned n,
	double connections, double kib);
void report_memory(
	struct report *report, unsigned locks, double per_lock, double per_waiter, long threads);

bool report_save(struct report *report, const char *file, GError **error);

/* From a saved run: results.md and the data files of the plots, into folder. */
bool report_render(const char *file, const char *folder, GError **error);

#endif
