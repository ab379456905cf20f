/* SPDX-License-Identifier: Apache-2.0 */
/* waiter.h - a thread of the program that waits inside the monitor, until woken or late. */
#ifndef ZKL_RUN_WAITER_H
#define ZKL_RUN_WAITER_H

#include "run/loop.h"

struct zkl_waiter {
	struct zkl_loop *loop;
	pthread_cond_t cond;
	struct zkl_timer timer;
	bool late;
};

/* When a wait that begins now ends; timeout_ms below 0: ZKL_NEVER. */
zkl_time zkl_waiter_deadline(const struct zkl_loop *loop, int64_t timeout_ms);

void zkl_waiter_begin(struct zkl_waiter *w, struct zkl_loop *loop, zkl_time deadline);
bool zkl_waiter_wait(struct zkl_waiter *w); /* false: late. A cancellation point. */
void zkl_waiter_wake(struct zkl_waiter *w);
void zkl_waiter_end(struct zkl_waiter *w);

#endif
