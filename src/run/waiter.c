/* SPDX-License-Identifier: Apache-2.0 */
/* waiter.c - deadlines are timers of the loop, so that they follow its clock. */
#include "run/waiter.h"

zkl_time zkl_waiter_deadline(const struct zkl_loop *loop, int64_t timeout_ms)
{
	zkl_time now = zkl_loop_now(loop);

	if (timeout_ms < 0 || timeout_ms > (ZKL_NEVER - now) / ZKL_MS)
		return ZKL_NEVER;
	return now + timeout_ms * ZKL_MS;
}

static void fire(void *arg)
{
	struct zkl_waiter *w = arg;

	w->late = true;
	zkl_waiter_wake(w);
}

void zkl_waiter_begin(struct zkl_waiter *w, struct zkl_loop *loop, zkl_time deadline)
{
	w->loop = loop;
	w->late = false;
	pthread_cond_init(&w->cond, NULL);
	zkl_timer_init(&w->timer, loop, fire, w);
	zkl_timer_set(&w->timer, deadline);
}

bool zkl_waiter_wait(struct zkl_waiter *w)
{
	if (!w->late)
		zkl_loop_wait(w->loop, &w->cond);
	return !w->late;
}

void zkl_waiter_wake(struct zkl_waiter *w)
{
	pthread_cond_signal(&w->cond);
}

void zkl_waiter_end(struct zkl_waiter *w)
{
	zkl_timer_stop(&w->timer);
	pthread_cond_destroy(&w->cond);
}
