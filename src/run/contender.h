/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contender.h - one attempt to take a lock, and the hold that may come of it: it owns one recipe,
 * turns the session's news into events and the recipe's actions into requests.
 *
 * It outlives its owner: when the caller has left, it goes on until nothing of it is left in
 * ZooKeeper (P6), and then frees itself. Inside the loop's monitor, calls and callbacks alike.
 */
#ifndef ZKL_RUN_CONTENDER_H
#define ZKL_RUN_CONTENDER_H

#include "core/name.h"
#include "run/session.h"

struct zkl_contender;

struct zkl_contender_ops {
	void (*queued)(void *owner, size_t ahead);
	void (*granted)(void *owner);
	void (*failed)(void *owner, int error); /* final: no hold will come */
	void (*suspended)(void *owner);
	void (*resumed)(void *owner);
	void (*lost)(void *owner, enum zklock_cause cause); /* final */
	void (*released)(void *owner, int error);	    /* final */
};

/* dir: absolute path of the lock. label: for the owner record,
 * NULL: the session's. Strings are copied. */
struct zkl_contender *zkl_contender_new(struct zkl_session *session, const char *dir,
	const char *label, enum zkl_share share, unsigned slots,
	const struct zkl_contender_ops *ops, void *owner);

/* Join the queue; `trying`: only if nobody stands in it. deadline: ZKL_NEVER for none. */
void zkl_contender_start(struct zkl_contender *c, bool trying, zkl_time deadline);

/* End the attempt with failed(error). Nothing when it is decided already. */
void zkl_contender_leave(struct zkl_contender *c, int error);

/* Give the hold back; released() follows, or lost() when it is too late. */
void zkl_contender_release(struct zkl_contender *c);

/* The owner goes: no more callbacks; what is held is released, what waits leaves. */
void zkl_contender_abandon(struct zkl_contender *c);

/* Until when the hold is proven; 0 when there is none. */
zkl_time zkl_contender_until(const struct zkl_contender *c);

/* Of the hold. */
int64_t zkl_contender_token(const struct zkl_contender *c);
const char *zkl_contender_path(const struct zkl_contender *c);

#endif
