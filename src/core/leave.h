/* SPDX-License-Identifier: Apache-2.0 */
/* leave.h - the ways out of the recipe. For recipe.c. */
#ifndef ZKL_CORE_LEAVE_H
#define ZKL_CORE_LEAVE_H

#include "core/recipe.h"

/* Nobody is watched any more. */
void zkl_leave_nearest(struct zkl_recipe *r, struct zkl_actions *out);

/* Nothing of us is left. */
void zkl_leave_end(struct zkl_recipe *r, struct zkl_actions *out, const char *why);

/* Nobody wants the node any more: delete it, plainly (R5), until it is gone (R8). */
void zkl_leave_node(struct zkl_recipe *r, struct zkl_actions *out, const char *why);

/* The attempt has failed: tell the caller, then clean up, which may outlive it. */
void zkl_leave_fail(struct zkl_recipe *r, struct zkl_actions *out, int error, const char *why);

/* The holder gives it back: signs off, when its node is sealed. */
void zkl_leave_release(struct zkl_recipe *r, struct zkl_actions *out);

/* The holder has lost it. */
void zkl_leave_lose(struct zkl_recipe *r, struct zkl_actions *out, enum zklock_cause cause,
	bool node_stands, const char *why);

/* The release is settled, if there is one. */
void zkl_leave_settled(struct zkl_recipe *r, struct zkl_actions *out, int error);

/* The answer to a delete or a sign-off. */
void zkl_leave_gone(struct zkl_recipe *r, const struct zkl_event *e, struct zkl_actions *out);

#endif
