/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sm.h - a state machine that checks itself: moves only along its table, and its invariant is
 * asserted after each. The table is the one statement of what may follow what; tests print it and
 * compare it with the drawing beside it.
 */
#ifndef ZKL_BASE_SM_H
#define ZKL_BASE_SM_H

#include <stdbool.h>
#include <stdint.h>

#define ZKL_SM_TO(state) (1u << (state))

struct zkl_sm_state {
	const char *name;
	uint32_t next; /* set of ZKL_SM_TO() */
};

struct zkl_sm_table {
	const struct zkl_sm_state *states;
	int count;
	bool (*invariant)(const void *object);
};

/* Seen moves, for the coverage that tests report. NULL unless a test sets it. */
extern void (*zkl_sm_watch)(const struct zkl_sm_table *table, int from, int to);

/* Move *state of object along the table, or abort: a wrong move is a bug of ours, and going on
 * could hand out a lock twice. */
void zkl_sm_move(const struct zkl_sm_table *table, const void *object, const char *who,
	uint8_t *state, int to, const char *why);

#endif
