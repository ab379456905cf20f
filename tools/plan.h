/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - when a command gets which signal so that it is dead before the lock may be another's.
 *
 *	                 grace        reserve
 *	  ... running ...|...........|........|
 *	                 first signal SIGKILL  valid_until
 *
 * Both come from what a fresh proof lasts (V): grace = min(kill-after, V/5), so that in good health
 * the next proof is there long before the first signal; reserve = min(500 ms, V/5), for SIGKILL to
 * take effect on a busy machine. Ended for another reason, the command has kill-after, but never
 *past valid_until - reserve. Pure arithmetic: no clock, no process.
 */
#ifndef ZKLOCK_TOOLS_PLAN_H
#define ZKLOCK_TOOLS_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define PLAN_NEVER INT64_MAX

enum plan_phase { PLAN_RUNNING, PLAN_ENDING, PLAN_KILLING };

struct plan {
	int64_t valid_until, validity_ms, kill_after_ms;
	int64_t at_most; /* PLAN_NEVER: no limit */
	enum plan_phase phase;
	int64_t ending_since, killing_since;
};

enum plan_step { PLAN_WAIT, PLAN_END_UNPROVEN, PLAN_END_AT_MOST, PLAN_KILL };

void zkl_plan_init(struct plan *plan, int64_t now, int64_t valid_until, int64_t validity_ms,
	int64_t kill_after_ms, int64_t at_most_ms);
/** What is due now. */
enum plan_step zkl_plan_step(const struct plan *plan, int64_t now);
/** When to ask again. */
int64_t zkl_plan_next(const struct plan *plan);
/** The first signal is sent now. */
void zkl_plan_ending(struct plan *plan, int64_t now);
/** SIGKILL is sent now. */
void zkl_plan_killing(struct plan *plan, int64_t now);
/** From when on survivors are a scandal. */
int64_t zkl_plan_late(const struct plan *plan);

#endif
