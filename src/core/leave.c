/* SPDX-License-Identifier: Apache-2.0 */
/* leave.c - giving the lock, or the wish for it, up (R5, R8, R10). Whatever the caller does, the
 * recipe goes on until its node is gone or its session has ended. */
#include "core/leave.h"

#include <string.h>

#include "core/moves.h"

void zkl_leave_nearest(struct zkl_recipe *r, struct zkl_actions *out)
{
	if (r->at < r->n_nearest)
		zkl_moves_act(out, ZKL_ACT_UNWATCH)->name = r->nearest[r->at];
	r->n_nearest = r->at = 0; /* the names live until the next list or the end */
	r->trusted = false;
}

void zkl_leave_end(struct zkl_recipe *r, struct zkl_actions *out, const char *why)
{
	zkl_leave_nearest(r, out);
	zkl_moves_to(r, ZKL_ENDED, why);
	zkl_moves_act(out, ZKL_ACT_END);
}

/* ---- leaving ------------------------------------------------------------------------------ */

/* R5, R8: nobody wants the node any more. */
void zkl_leave_node(struct zkl_recipe *r, struct zkl_actions *out, const char *why)
{
	r->leaving = true;
	memset(r->await, 0, sizeof(r->await)); /* what is still to come does not matter now */
	zkl_leave_nearest(r, out);
	zkl_moves_to(r, ZKL_LEAVING, why);
	zkl_moves_ask(r, out, ZKL_ACT_DELETE, ZKL_SLOT_GONE, r->node);
}

/* Tell the caller, then clean up, which may outlive it. */
void zkl_leave_fail(struct zkl_recipe *r, struct zkl_actions *out, int error, const char *why)
{
	if (!r->leaving)
		zkl_moves_act(out, ZKL_ACT_FAIL)->error = error;
	r->leaving = true;
	if (r->await[ZKL_SLOT_CREATE] || (r->state == ZKL_FINDING && !r->node[0]))
		return; /* there may be a node of ours: the answer decides */
	if (r->node[0])
		zkl_leave_node(r, out, why);
	else
		zkl_leave_end(r, out, why);
}

void zkl_leave_release(struct zkl_recipe *r, struct zkl_actions *out)
{
	r->leaving = true;
	zkl_moves_to(r, ZKL_RELEASING, "released");
	zkl_moves_ask(r, out, r->sealed ? ZKL_ACT_SIGNOFF : ZKL_ACT_DELETE, ZKL_SLOT_GONE, r->node);
}

void zkl_leave_lose(struct zkl_recipe *r, struct zkl_actions *out, enum zklock_cause cause,
	bool node_stands, const char *why)
{
	zkl_moves_act(out, ZKL_ACT_LOST)->cause = cause;
	if (node_stands)
		zkl_leave_node(r, out, why);
	else
		zkl_leave_end(r, out, why);
}

void zkl_leave_settled(struct zkl_recipe *r, struct zkl_actions *out, int error)
{
	if (r->state == ZKL_RELEASING)
		zkl_moves_act(out, ZKL_ACT_RELEASED)->error = error;
}

void zkl_leave_gone(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out)
{
	if (e->answer == ZKL_ANS_OK || e->answer == ZKL_ANS_NO_NODE) {
		zkl_leave_settled(r, out, ZKLOCK_OK);
		zkl_leave_end(r, out, "settled");
	} else if (r->state == ZKL_RELEASING && r->sealed &&
		   (e->answer == ZKL_ANS_BAD_VERSION || e->answer == ZKL_ANS_DENIED)) { /* R10 */
		r->sealed = false;
		zkl_moves_ask(r, out, ZKL_ACT_DELETE, ZKL_SLOT_GONE, r->node);
	} else {
		if (r->state == ZKL_RELEASING && e->answer == ZKL_ANS_DENIED) { /* row 20, R */
			zkl_leave_settled(r, out, ZKLOCK_ERR_ACCESS);
			zkl_moves_to(r, ZKL_LEAVING, "may not delete");
		}
		zkl_moves_stall(r, out); /* R8 */
	}
}
