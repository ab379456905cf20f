/* SPDX-License-Identifier: Apache-2.0 */
/* contender_private.h - what a contender is made of: for contender.c, requests.c and answers.c
 * alone. */
#ifndef ZKL_RUN_CONTENDER_PRIVATE_H
#define ZKL_RUN_CONTENDER_PRIVATE_H

#include "core/recipe.h"
#include "run/contender.h"

/* What a reply is about: a slot of the recipe, or one of ours. With the cookie above it. */
enum what { WHAT_SLOTS = ZKL_SLOTS, WHAT_PEEK, WHAT_COUNT, WHAT_PARENT, WHAT_LAST_PARENT };
#define WHAT_BITS 4

struct zkl_contender {
	struct zkl_client client; /* first: the session's side */
	struct zkl_recipe recipe;
	struct zkl_session *session;
	const struct zkl_contender_ops *ops;
	void *owner; /* NULL: abandoned */
	char *dir;
	char *label;	/* NULL: the session's */
	char *path;	/* of our node, while there is one */
	char *watching; /* name of the predecessor that is watched */
	struct zkl_timer deadline, retry;
	GQueue later; /* events that came while the recipe was at work */
	int64_t peek_state;
	int32_t tid;	  /* of the thread that wants the lock */
	uint8_t ended_by; /* enum zklock_cause, of the session that ended */
	bool armed : 1, busy : 1, unsure : 1, held : 1, far_gone : 1, parents_denied : 1;
};

/* For the owner record, and the trace. */
const char *zkl_contender_label(const struct zkl_contender *c);

/* One event through the recipe, and what it asks for; those that come of actions wait. */
void zkl_contender_feed(struct zkl_contender *c, struct zkl_event event);

#endif
