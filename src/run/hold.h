/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold.h - one thread's wait for, and hold of, a lock.
 */
#ifndef ZKL_RUN_HOLD_H
#define ZKL_RUN_HOLD_H

#include "run/contender.h"
#include "run/waiter.h"

/*
 *	WAITING --> HELD --> RELEASING --> DONE
 *	   |          |
 *	   |          +----> LOST
 *	   +---------------> DONE (failed)
 */
enum zkl_hold_state {
	ZKL_HOLD_WAITING,
	ZKL_HOLD_HELD,
	ZKL_HOLD_LOST,
	ZKL_HOLD_RELEASING,
	ZKL_HOLD_DONE
};

struct zkl_hold {
	zklock_t *lock;
	struct zkl_contender *contender; /* NULL once it has told its end */
	uint64_t thread;		 /* 0: unbound */
	unsigned depth, refs;
	enum zkl_hold_state state;
	int error;
	bool async;
	int64_t token;
	zkl_time since;		   /* of the present state, for the metrics */
	struct zkl_waiter *waiter; /* the thread that waits for a change, or NULL */
};

extern const struct zkl_contender_ops zkl_hold_ops;

/* Inside the monitor. A new one waits; thread 0: unbound. */
struct zkl_hold *zkl_hold_new(zklock_t *lock, uint64_t thread, bool async);
/* The thread, or the handle, is done with it. */
void zkl_hold_drop(struct zkl_hold *hold);
/* Drop it whatever it is: its place is given up, or its lock given back. */
void zkl_hold_discard(struct zkl_hold *hold);

void zkl_hold_changed(struct zkl_hold *hold, enum zkl_hold_state state, int error);

zkl_time zkl_hold_until(const struct zkl_hold *hold); /* proven until; 0: not at all */
bool zkl_hold_proven(const struct zkl_hold *hold);

#endif
