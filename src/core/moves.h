/* SPDX-License-Identifier: Apache-2.0 */
/* moves.h - moving a recipe along its table, and asking for things. For recipe.c and leave.c. */
#ifndef ZKL_CORE_MOVES_H
#define ZKL_CORE_MOVES_H

#include "core/recipe.h"

/* Move, or abort when the table forbids it. */
void zkl_moves_to(struct zkl_recipe *r, enum zkl_recipe_state to, const char *why);

/* This is our node. */
void zkl_moves_set_node(struct zkl_recipe *r, const char *name);

/* Is it about our own node, or about the predecessor that we wait for? */
bool zkl_moves_is_own(const struct zkl_recipe *r, const char *name);
bool zkl_moves_is_watched(const struct zkl_recipe *r, const char *name);

/* Append an action; fill in what else it needs. */
struct zkl_action *zkl_moves_act(struct zkl_actions *out, enum zkl_action_type type);

/* Append a request whose answer is awaited in `slot`. While offline nothing is sent: the state says
 * what is to be done, and the next ONLINE does it. */
void zkl_moves_ask(struct zkl_recipe *r, struct zkl_actions *out, enum zkl_action_type type,
	enum zkl_slot slot, const char *name);

/* It did not work, and no change of the connection will bring us back here: pause, then RETRY. */
void zkl_moves_stall(struct zkl_recipe *r, struct zkl_actions *out);

#endif
