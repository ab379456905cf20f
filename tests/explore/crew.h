/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew.h - processes that run schedules beside each other, and what they found. Which schedule runs
 * in which of them hangs on its place in line alone, so that a run is the same everywhere.
 */
#ifndef CREW_H
#define CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/recipe.h"
#include "explore/schedule.h"

struct crew_findings {
	uint64_t runs, hits, grants, losses;
	uint64_t distinct; /* histories, told apart by their hash */
	bool full;	   /* there were more than can be told apart */
	uint64_t moves[ZKL_RECIPE_STATES][ZKL_RECIPE_STATES];
};

bool crew_open(void);
/* No more than that many, and none after `deadline` of CLOCK_MONOTONIC in s; 0: no bound. */
void crew_bound(uint64_t count, int64_t deadline);
/* Run it. false: enough is done, or something was found. */
bool crew_submit(const struct schedule *schedule);
/* Wait for all that was submitted. */
void crew_finish(void);
struct crew_findings crew_findings(void);
/* A schedule that broke a promise or crashed, the first in line; NULL: none. */
const char *crew_violated(void);
int64_t crew_now(void); /* CLOCK_MONOTONIC in s */

#endif
