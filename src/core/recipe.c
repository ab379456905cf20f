/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recipe.c - the fair lock: rules R1 to R10 of recipe.h, one function for each event. The places
 * and the ways between them are drawn in moves.c, the ways out in leave.c. Rows: docs/faults.md.
 */
#include "core/recipe.h"

#include <stdlib.h>
#include <string.h>

#include "core/leave.h"
#include "core/moves.h"
#include "core/order.h"

/* ---- joining ------------------------------------------------------------------------------ */

/* R1. A fresh GUID each time: a name is never used twice, so no late delete hits a stranger. */
static void join(struct zkl_recipe *r, struct zkl_actions *out, const char *why)
{
	zkl_moves_to(r, ZKL_JOINING, why);
	zkl_moves_ask(r, out, ZKL_ACT_CREATE, ZKL_SLOT_CREATE, NULL);
	zkl_moves_ask(r, out, ZKL_ACT_LIST, ZKL_SLOT_LIST, NULL);
}

static void start(struct zkl_recipe *r, struct zkl_actions *out)
{
	if (r->online && r->trying) {
		zkl_moves_to(r, ZKL_PEEKING, "look first");
		zkl_moves_ask(r, out, ZKL_ACT_PEEK, ZKL_SLOT_LIST, NULL);
	} else if (r->online) {
		join(r, out, "join");
	}
}

/* R6, and the end of a session: what we had is gone; begin again at the tail. */
static void restart(struct zkl_recipe *r, struct zkl_actions *out, const char *why)
{
	memset(r->await, 0, sizeof(r->await));
	zkl_leave_nearest(r, out);
	r->node[0] = '\0';
	r->own_watched = false;
	r->keep = ZKL_KEEP_FIRST;
	if (r->leaving) {
		zkl_leave_end(r, out, why);
		return;
	}
	zkl_moves_to(r, ZKL_IDLE, why);
	start(r, out);
}

/* ---- waiting ------------------------------------------------------------------------------ */

/* R9 */
static void my_turn(
	struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out, const char *why)
{
	zkl_leave_nearest(r, out);
	r->attempt = 0;
	if (e->until > e->now) {
		zkl_moves_to(r, ZKL_HELD, why);
		zkl_moves_act(out, ZKL_ACT_GRANT)->czxid = r->czxid;
		return;
	}
	if (r->state != ZKL_PROVING)
		zkl_moves_to(r, ZKL_PROVING, why);
	if (r->online)
		zkl_moves_act(out, ZKL_ACT_PROVE);
}

static void list(struct zkl_recipe *r, struct zkl_actions *out, const char *why)
{
	zkl_leave_nearest(r, out);
	zkl_moves_to(r, ZKL_LISTING, why);
	zkl_moves_ask(r, out, ZKL_ACT_LIST, ZKL_SLOT_LIST, NULL);
}

/* R2. The own node first: its answer and its events then come before those of the other. */
static void arm(struct zkl_recipe *r, struct zkl_actions *out, const char *why)
{
	zkl_moves_to(r, ZKL_ARMING, why);
	r->trusted = false;
	if (!r->own_watched)
		zkl_moves_ask(r, out, ZKL_ACT_GET_OWN, ZKL_SLOT_OWN, r->node);
	zkl_moves_ask(r, out, ZKL_ACT_GET_PRED, ZKL_SLOT_PRED, r->nearest[r->at]);
}

/* R4. Nobody can appear before us, so walking down the names is exact. */
static void next_nearest(struct zkl_recipe *r, struct zkl_actions *out, const char *why)
{
	zkl_moves_act(out, ZKL_ACT_UNWATCH)->name = r->nearest[r->at];
	if (++r->at < r->n_nearest) {
		if (r->state == ZKL_ARMING)
			zkl_moves_ask(r, out, ZKL_ACT_GET_PRED, ZKL_SLOT_PRED, r->nearest[r->at]);
		else
			arm(r, out, why);
		return;
	}
	r->keep = r->keep * 8 > ZKL_KEEP_MOST ? ZKL_KEEP_MOST : r->keep * 8;
	list(r, out, why);
}

static void judge(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	struct zkl_order order =
		zkl_order_judge(e->children, e->n_children, r->node, r->share, r->slots, r->keep);

	free(r->nearest);
	r->nearest = order.nearest;
	r->n_nearest = 0;
	if (order.verdict == ZKL_GONE) {
		restart(r, out, "own node is gone");
	} else if (order.at_end || (order.near_wrap && order.foreign)) { /* row 21 */
		zkl_leave_fail(r, out, ZKLOCK_ERR_LIMIT, "the numbers come to their end");
	} else if (order.verdict == ZKL_OWNER) {
		my_turn(r, e, out, "first in order");
	} else if (r->trying) {
		zkl_leave_fail(r, out, ZKLOCK_ERR_BUSY, "busy");
	} else if (!order.nearest) {
		zkl_leave_fail(r, out, ZKLOCK_ERR_NOMEM, "out of memory");
	} else {
		r->ahead = order.ahead;
		r->n_nearest = (uint32_t)order.n_nearest;
		r->at = 0;
		arm(r, out, "not first");
	}
}

/* ---- answers ------------------------------------------------------------------------------ */

static void peeked(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	if (e->answer == ZKL_ANS_DENIED)
		zkl_leave_fail(r, out, ZKLOCK_ERR_ACCESS, "may not look");
	else if (e->answer == ZKL_ANS_LATER || e->answer == ZKL_ANS_UNKNOWN)
		zkl_moves_stall(r, out);
	else if (e->answer == ZKL_ANS_OK && e->busy)
		zkl_leave_fail(r, out, ZKLOCK_ERR_BUSY, "busy");
	else
		join(r, out, "nobody there");
}

static void created(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	if (e->answer == ZKL_ANS_OK) {
		zkl_moves_set_node(r, e->node);
		r->czxid = e->czxid;
		if (r->leaving)
			zkl_leave_node(r, out, "made after the caller had left");
		else if (!r->await[ZKL_SLOT_LIST])
			list(r, out, "list was not sent");
		return;
	}
	r->await[ZKL_SLOT_LIST] = 0;	    /* it was sent for nothing */
	if (e->answer == ZKL_ANS_UNKNOWN) { /* rows 5 to 10, J */
		zkl_moves_to(r, ZKL_FINDING, "create unknown");
		zkl_moves_stall(r, out);
	} else if (r->leaving) {
		zkl_leave_end(r, out, "nothing was made");
	} else if (e->answer == ZKL_ANS_NO_NODE && r->attempt < 4) { /* row 19, J */
		r->attempt++;
		zkl_moves_act(out, ZKL_ACT_PARENTS);
		join(r, out, "parents are missing");
	} else if (e->answer == ZKL_ANS_DENIED) { /* row 20, J */
		zkl_leave_fail(r, out, ZKLOCK_ERR_ACCESS, "refused");
	} else if (e->answer == ZKL_ANS_LIMIT) {
		zkl_leave_fail(r, out, ZKLOCK_ERR_LIMIT, "refused");
	} else {
		if (e->answer == ZKL_ANS_NO_NODE)
			zkl_moves_act(out, ZKL_ACT_PARENTS);
		zkl_moves_to(r, ZKL_IDLE, "create refused");
		zkl_moves_stall(r, out);
	}
}

/* R7. Without the sync the list may be older than our node. */
static void synced(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	if (e->answer != ZKL_ANS_OK) {
		r->await[ZKL_SLOT_LIST] = 0;
		zkl_moves_stall(r, out);
	}
}

static void find_own(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	for (size_t i = 0; i < e->n_children; i++) {
		if (!zkl_name_has_guid(e->children[i], r->guid))
			continue;
		zkl_moves_set_node(r, e->children[i]);
		if (r->leaving)
			zkl_leave_node(r, out, "found what the caller had left behind");
		else
			zkl_moves_ask(r, out, ZKL_ACT_GET_OWN, ZKL_SLOT_OWN, r->node);
		return;
	}
	restart(r, out, "create had no effect");
}

static void listed(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	if (r->await[ZKL_SLOT_CREATE])
		return; /* it was not even sent: what became of the create decides */
	if (e->answer == ZKL_ANS_OK && r->state == ZKL_FINDING)
		find_own(r, e, out);
	else if (e->answer == ZKL_ANS_OK)
		judge(r, e, out);
	else if (e->answer == ZKL_ANS_NO_NODE) /* the parent is gone, so our node is */
		restart(r, out, "parent is gone");
	else if (e->answer == ZKL_ANS_DENIED && r->state != ZKL_FINDING)
		zkl_leave_fail(r, out, ZKLOCK_ERR_ACCESS, "may not list");
	else {
		if (r->state == ZKL_JOINING)
			zkl_moves_to(r, ZKL_LISTING, "list failed");
		zkl_moves_stall(r, out);
	}
}

static void own_gone(struct zkl_recipe *r, struct zkl_actions *out) /* R6 */
{
	if (r->state == ZKL_HELD) /* row 17 */
		zkl_leave_lose(r, out, ZKLOCK_CAUSE_DELETED, false, "own node is gone");
	else if (r->state != ZKL_RELEASING && r->state != ZKL_LEAVING)
		restart(r, out, "own node is gone");
}

static void own(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	if (e->answer == ZKL_ANS_NO_NODE || (e->answer == ZKL_ANS_OK && e->session != r->session)) {
		own_gone(r, out); /* another session's node is none of ours (bugs.md 1, 3) */
	} else if (e->answer != ZKL_ANS_OK) {
		zkl_moves_stall(r, out);
	} else {
		r->own_watched = true;
		r->czxid = e->czxid;
		if (r->state == ZKL_FINDING)
			list(r, out, "found our node");
	}
}

static void pred(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	if (e->answer == ZKL_ANS_OK) {
		r->trusted = e->trusted;
		r->attempt = 0;
		zkl_moves_to(r, ZKL_WAITING, "watching");
		if (!r->told_queued)
			zkl_moves_act(out, ZKL_ACT_QUEUED)->ahead = r->ahead;
		r->told_queued = true;
	} else if (e->answer == ZKL_ANS_NO_NODE) {
		next_nearest(r, out, "predecessor is gone");
	} else if (e->answer == ZKL_ANS_DENIED) { /* its events would be dropped: docs/recipe.md */
		zkl_leave_fail(r, out, ZKLOCK_ERR_ACCESS, "may not read the predecessor");
	} else {
		zkl_moves_stall(r, out);
	}
}

/* ---- watches ------------------------------------------------------------------------------ */

static void changed(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	if (zkl_moves_is_own(r, e->node)) { /* somebody wrote into it; the watch is spent */
		r->own_watched = false;
		if (r->state >= ZKL_ARMING && r->state <= ZKL_HELD)
			zkl_moves_ask(r, out, ZKL_ACT_GET_OWN, ZKL_SLOT_OWN, r->node);
	} else if (zkl_moves_is_watched(r, e->node)) {
		if (r->trusted && r->own_watched) /* R3 */
			my_turn(r, e, out, "predecessor signed off");
		else
			arm(r, out, "predecessor was written into"); /* R4 */
	}
}

static void deleted(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	if (zkl_moves_is_own(r, e->node))
		own_gone(r, out);
	else if (zkl_moves_is_watched(r, e->node))
		next_nearest(r, out, "predecessor is gone"); /* R4, row 18 */
}

/* ---- the session -------------------------------------------------------------------------- */

/* Connected, or a pause is over: do what the state says is to be done. */
static void resume(struct zkl_recipe *r, struct zkl_actions *out)
{
	if (!r->online)
		return;
	if (r->state == ZKL_IDLE)
		start(r, out);
	else if (r->state == ZKL_PEEKING)
		zkl_moves_ask(r, out, ZKL_ACT_PEEK, ZKL_SLOT_LIST, NULL);
	else if (r->state == ZKL_FINDING) {
		zkl_moves_ask(r, out, ZKL_ACT_SYNC, ZKL_SLOT_SYNC, NULL);
		zkl_moves_ask(r, out, ZKL_ACT_LIST, ZKL_SLOT_LIST, NULL);
	} else if (r->state == ZKL_LISTING)
		zkl_moves_ask(r, out, ZKL_ACT_LIST, ZKL_SLOT_LIST, NULL);
	else if (r->state == ZKL_ARMING || r->state == ZKL_WAITING)
		arm(r, out, "look again"); /* row 5, W */
	else if (r->state == ZKL_PROVING)
		zkl_moves_act(out, ZKL_ACT_PROVE);
	else if (r->state == ZKL_HELD && !r->own_watched)
		zkl_moves_ask(r, out, ZKL_ACT_GET_OWN, ZKL_SLOT_OWN, r->node);
	else if (r->state == ZKL_RELEASING && r->sealed)
		zkl_moves_ask(r, out, ZKL_ACT_SIGNOFF, ZKL_SLOT_GONE, r->node);
	else if (r->state == ZKL_RELEASING || r->state == ZKL_LEAVING)
		zkl_moves_ask(r, out, ZKL_ACT_DELETE, ZKL_SLOT_GONE, r->node);
}

static void expired(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{ /* row 15 */
	r->online = false;
	if (r->state == ZKL_HELD) {
		zkl_leave_lose(r, out, ZKLOCK_CAUSE_EXPIRED, false, "session expired");
	} else {
		zkl_leave_settled(r, out, e->error);
		restart(r, out, "session expired");
	}
}

static void answer(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	static const struct {
		enum zkl_slot slot;
		void (*handle)(struct zkl_recipe *, const struct zkl_event *, struct zkl_actions *);
	} rows[] = {
		[ZKL_EV_PEEKED] = {ZKL_SLOT_LIST, peeked},
		[ZKL_EV_CREATED] = {ZKL_SLOT_CREATE, created},
		[ZKL_EV_SYNCED] = {ZKL_SLOT_SYNC, synced},
		[ZKL_EV_LISTED] = {ZKL_SLOT_LIST, listed},
		[ZKL_EV_OWN] = {ZKL_SLOT_OWN, own},
		[ZKL_EV_PRED] = {ZKL_SLOT_PRED, pred},
		[ZKL_EV_GONE] = {ZKL_SLOT_GONE, zkl_leave_gone},
	};

	if (e->cookie && r->await[rows[e->type].slot] == e->cookie) {
		r->await[rows[e->type].slot] = 0;
		rows[e->type].handle(r, e, out);
	}
}

void zkl_recipe_step(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	out->count = 0;
	if (r->state == ZKL_ENDED)
		return;
	switch (e->type) {
	case ZKL_EV_START:
		r->trying = e->trying;
		start(r, out);
		break;
	case ZKL_EV_LEAVE:
		if (r->state < ZKL_HELD && !r->leaving)
			zkl_leave_fail(r, out, e->error, "the caller leaves");
		break;
	case ZKL_EV_RELEASE:
		if (r->state == ZKL_HELD)
			zkl_leave_release(r, out);
		break;
	case ZKL_EV_ONLINE:
		r->online = true;
		r->session = e->session;
		/* fall through */
	case ZKL_EV_RETRY:
		resume(r, out);
		break;
	case ZKL_EV_OFFLINE:
		r->online = false;
		break;
	case ZKL_EV_EXPIRED:
		expired(r, e, out);
		break;
	case ZKL_EV_PROVEN:
		if (r->state == ZKL_PROVING)
			my_turn(r, e, out, "proven");
		break;
	case ZKL_EV_UNPROVEN:
		if (r->state == ZKL_HELD) /* R9; rows 6, 8, 11, H */
			zkl_leave_lose(r, out, ZKLOCK_CAUSE_UNPROVEN, true, "proof ran out");
		break;
	case ZKL_EV_MISSING:
		if (r->node[0]) /* else it was an earlier node that a proof did not find */
			own_gone(r, out);
		break;
	case ZKL_EV_PARENTS:
		if (r->state == ZKL_JOINING || r->state == ZKL_IDLE)
			zkl_leave_fail(r, out, e->error, "parents cannot be made");
		break;
	case ZKL_EV_CHANGED:
		changed(r, e, out);
		break;
	case ZKL_EV_DELETED:
		deleted(r, e, out);
		break;
	default:
		answer(r, e, out);
		break;
	}
}
