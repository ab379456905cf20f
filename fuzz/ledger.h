/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger.h - what a contender was told, kept by an accountant who does not know the recipe, only
 * the promises: from that alone it can say what the recipe may do, and aborts when it does else.
 *
 *	P1, P2	a grant is earned: first in a list, or the sign-off of a trusted predecessor while
 *		the own node was watched; and not forfeited since
 *	P3	it has a living proof
 *	P4	one end of each attempt, and nothing after it
 *	P5	the token is the czxid of the node that stands
 *	P6	no end while a node of ours may stand
 *	P7	no second create while one may stand; another session's node is not ours
 *	P9, R4	the nearest one that may still stand is watched, and no other
 *	R1, R2	create before list, sync before list, own watch before the predecessor's
 *	R5	a sign-off only after a grant and a release
 */
#ifndef FUZZ_LEDGER_H
#define FUZZ_LEDGER_H

#include "core/recipe.h"

#define LEDGER_FLIGHT 64

enum fate { NO_NODE, MAYBE_A_NODE, OUR_NODE };

struct ledger {
	const struct zkl_recipe *recipe;
	/* our node */
	enum fate fate;
	char node[ZKL_NODE_MAX];
	int64_t czxid, session;
	bool online, own_watched;
	/* the last request of each slot, 0: answered, or void */
	uint32_t last[ZKL_SLOTS];
	uint32_t highest;     /* cookie so far */
	uint32_t synced_list; /* this list is as new as the leader's state: 0 not yet */
	uint32_t wants_sync;  /* this list is, once the sync has answered */
	/* who stood before us in the last list, nearest first; those up to `at` are known to be
	 * gone */
	char before[ZKL_KEEP_FIRST][128];
	size_t n_before, at;
	char pred[128];	     /* the one asked for last */
	bool armed, trusted; /* its watch is set; its change is its sign-off */
	bool earned;	     /* the lock is ours, but for the proof */
	size_t ahead;
	/* what the caller was told */
	bool queued, granted, failed, over, released, ended;
	/* what was asked for and has not come */
	bool retry, prove;
	/* requests under way, in the order in which they will be answered */
	struct zkl_action flight[LEDGER_FLIGHT];
	size_t in_flight;
};

void ledger_open(struct ledger *l, const struct zkl_recipe *recipe);
/* Before the step. */
void ledger_event(struct ledger *l, const struct zkl_event *event);
/* After it. */
void ledger_actions(
	struct ledger *l, const struct zkl_event *event, const struct zkl_actions *actions);

#endif
