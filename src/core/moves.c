/* SPDX-License-Identifier: Apache-2.0 */
/*
 * moves.c - where a contender may stand, and how it gets from one place to the next. The rules
 * that move it are in recipe.c (taking the lock) and leave.c (giving it up).
 *
 *	IDLE --> PEEKING --> (busy: ENDED)
 *	  |         |
 *	  +----+----+
 *	       v      unknown
 *	    JOINING ----------> FINDING --(not there)--> IDLE
 *	       |                   |
 *	       |     +----------LISTING <------------------------------+
 *	       |     |             | not first        names used up    |
 *	       |     |             v                                   |
 *	       +-----|---------> ARMING <--- look again --- WAITING ---+
 *	       |     | first       |                           |
 *	       |     |             +------- both watched ----->| sign-off of a
 *	       v     v                                         v trusted predecessor
 *	    HELD <------ proven ------ PROVING <---------------+ (proven already: HELD)
 *	       |
 *	       +-- release --> RELEASING --(settled)--> ENDED
 *	       +-- unproven -> LEAVING ----(settled)--> ENDED
 *	       +-- node or session gone --------------> ENDED
 *
 *	Cancel and deadline: from any state before HELD to LEAVING, or to ENDED when there is no
 *	node. Session expired, or own node gone: from any state before HELD back to IDLE.
 */
#include "core/moves.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TO(state) ZKL_SM_TO(ZKL_##state)

static const struct zkl_sm_state states[ZKL_RECIPE_STATES] = {
	[ZKL_IDLE] = {"IDLE", TO(IDLE) | TO(PEEKING) | TO(JOINING) | TO(ENDED)},
	[ZKL_PEEKING] = {"PEEKING", TO(IDLE) | TO(JOINING) | TO(ENDED)},
	[ZKL_JOINING] = {"JOINING", TO(IDLE) | TO(JOINING) | TO(FINDING) | TO(LISTING) |
					    TO(ARMING) | TO(PROVING) | TO(HELD) | TO(LEAVING) |
					    TO(ENDED)},
	[ZKL_FINDING] = {"FINDING", TO(IDLE) | TO(LISTING) | TO(LEAVING) | TO(ENDED)},
	[ZKL_LISTING] = {"LISTING", TO(IDLE) | TO(ARMING) | TO(PROVING) | TO(HELD) | TO(LEAVING)},
	[ZKL_ARMING] = {"ARMING", TO(ARMING) | TO(IDLE) | TO(LISTING) | TO(WAITING) | TO(LEAVING)},
	[ZKL_WAITING] = {"WAITING",
		TO(IDLE) | TO(LISTING) | TO(ARMING) | TO(PROVING) | TO(HELD) | TO(LEAVING)},
	[ZKL_PROVING] = {"PROVING", TO(IDLE) | TO(HELD) | TO(LEAVING)},
	[ZKL_HELD] = {"HELD", TO(RELEASING) | TO(LEAVING) | TO(ENDED)},
	[ZKL_RELEASING] = {"RELEASING", TO(LEAVING) | TO(ENDED)},
	[ZKL_LEAVING] = {"LEAVING", TO(ENDED)},
	[ZKL_ENDED] = {"ENDED", 0},
};

/* Whoever may hold or must delete knows its node; nobody holds for a caller who has gone; whoever
 * waits has someone to wait for. */
static bool invariant(const void *object)
{
	const struct zkl_recipe *r = object;
	bool has_node = r->node[0] != '\0';

	switch (r->state) {
	case ZKL_IDLE:
	case ZKL_PEEKING:
		return !has_node && !r->leaving;
	case ZKL_JOINING:
	case ZKL_FINDING:
		return true;
	case ZKL_ARMING:
	case ZKL_WAITING:
		return has_node && !r->leaving && !r->trying && r->at < r->n_nearest;
	case ZKL_LISTING:
	case ZKL_PROVING:
	case ZKL_HELD:
		return has_node && !r->leaving;
	case ZKL_RELEASING:
	case ZKL_LEAVING:
		return has_node && r->leaving;
	default:
		return true;
	}
}

const struct zkl_sm_table zkl_recipe_table = {states, ZKL_RECIPE_STATES, invariant};

void zkl_moves_to(struct zkl_recipe *r, enum zkl_recipe_state to, const char *why)
{
	zkl_sm_move(&zkl_recipe_table, r, r->who, &r->state, to, why);
}

/* ---- asking ------------------------------------------------------------------------------- */

struct zkl_action *zkl_moves_act(struct zkl_actions *out, enum zkl_action_type type)
{
	assert(out->count < ZKL_ACTIONS_MAX);
	out->list[out->count] = (struct zkl_action){.type = type};
	return &out->list[out->count++];
}

/* While offline nothing is sent: the state says what is to be done, and resume() does it. */
void zkl_moves_ask(struct zkl_recipe *r, struct zkl_actions *out, enum zkl_action_type type,
	enum zkl_slot slot, const char *name)
{
	struct zkl_action *action;

	if (!r->online)
		return;
	action = zkl_moves_act(out, type);
	action->cookie = r->await[slot] = ++r->asked;
	action->name = name;
}

/* It did not work and no connection change will bring us back here: try again after a pause. */
void zkl_moves_stall(struct zkl_recipe *r, struct zkl_actions *out)
{
	if (r->online)
		zkl_moves_act(out, ZKL_ACT_RETRY)->attempt = r->attempt;
	r->attempt++;
}

void zkl_moves_set_node(struct zkl_recipe *r, const char *name)
{
	snprintf(r->node, sizeof(r->node), "%s", name);
}

bool zkl_moves_is_own(const struct zkl_recipe *r, const char *name)
{
	return r->node[0] && strcmp(name, r->node) == 0;
}

bool zkl_moves_is_watched(const struct zkl_recipe *r, const char *name)
{
	return r->state == ZKL_WAITING && strcmp(name, r->nearest[r->at]) == 0;
}

/* ---- life cycle --------------------------------------------------------------------------- */

void zkl_recipe_init(struct zkl_recipe *r, enum zkl_share share, unsigned slots, const char *who)
{
	memset(r, 0, sizeof(*r));
	r->share = share;
	r->slots = (uint16_t)slots;
	r->keep = ZKL_KEEP_FIRST;
	r->who = who;
}

void zkl_recipe_clear(struct zkl_recipe *r)
{
	free(r->nearest);
	r->nearest = NULL;
}

const char *zkl_recipe_far(const struct zkl_recipe *r)
{
	bool waits = r->state == ZKL_ARMING || r->state == ZKL_WAITING;

	return waits && r->ahead >= ZKL_KEEP_FIRST ? r->nearest[r->n_nearest - 1] : NULL;
}
