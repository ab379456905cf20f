/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crowd.h - many workers, each with a lock of its own, share a number of cycles.
 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "contest.h"

struct crowd;

struct crowd *crowd_new(unsigned workers, unsigned cycles);
void crowd_free(struct crowd *crowd);

/* A worker asks before each cycle; false: it is done and must not ask again. */
bool crowd_may_start(struct crowd *crowd);
/* A worker ends by a failure. */
void crowd_fail(struct crowd *crowd, const char *reason);
/* Until all have ended. Adds one time: of all cycles, since the first began, over their number. */
bool crowd_wait(struct crowd *crowd, GArray *samples, GError **error);

#endif
