/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.c - when a command gets which signal so that it is dead before the lock may be another's.
 */
#include "plan.h"

#define RESERVE_MS 500
#define DEATH_MS   500 /* how long SIGKILL may take before we call it late */

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t kill_deadline(const struct plan *plan)
{
	if (plan->valid_until == PLAN_NEVER)
		return PLAN_NEVER;
	return plan->valid_until - min(RESERVE_MS, plan->validity_ms / 5);
}

static int64_t end_deadline(const struct plan *plan)
{
	int64_t deadline = kill_deadline(plan);

	if (deadline == PLAN_NEVER)
		return PLAN_NEVER;
	return deadline - min(plan->kill_after_ms, plan->validity_ms / 5);
}

static int64_t kill_at(const struct plan *plan)
{
	return min(plan->ending_since + plan->kill_after_ms, kill_deadline(plan));
}

void zkl_plan_init(struct plan *plan, int64_t now, int64_t valid_until, int64_t validity_ms,
	int64_t kill_after_ms, int64_t at_most_ms)
{
	*plan = (struct plan){
		.valid_until = valid_until,
		.validity_ms = validity_ms,
		.kill_after_ms = kill_after_ms,
		.at_most = at_most_ms > 0 ? now + at_most_ms : PLAN_NEVER,
	};
}

enum plan_step zkl_plan_step(const struct plan *plan, int64_t now)
{
	switch (plan->phase) {
	case PLAN_RUNNING:
		if (now >= end_deadline(plan))
			return PLAN_END_UNPROVEN;
		return now >= plan->at_most ? PLAN_END_AT_MOST : PLAN_WAIT;
	case PLAN_ENDING:
		return now >= kill_at(plan) ? PLAN_KILL : PLAN_WAIT;
	case PLAN_KILLING:
		break;
	}
	return PLAN_KILL; /* again and again: something may have been forked meanwhile */
}

int64_t zkl_plan_next(const struct plan *plan)
{
	switch (plan->phase) {
	case PLAN_RUNNING:
		return min(end_deadline(plan), plan->at_most);
	case PLAN_ENDING:
		return kill_at(plan);
	case PLAN_KILLING:
		break;
	}
	return plan->killing_since;
}

void zkl_plan_ending(struct plan *plan, int64_t now)
{
	plan->phase = PLAN_ENDING;
	plan->ending_since = now;
}

void zkl_plan_killing(struct plan *plan, int64_t now)
{
	if (plan->phase != PLAN_KILLING)
		plan->killing_since = now;
	plan->phase = PLAN_KILLING;
}

int64_t zkl_plan_late(const struct plan *plan)
{
	int64_t death = plan->killing_since + DEATH_MS;

	return plan->valid_until == PLAN_NEVER ? death : max(death, plan->valid_until);
}
