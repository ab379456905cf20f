/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - one lock, two threads and one set of timers for all state of a session.
 *
 * The loop is a monitor: whoever enters it owns all state behind it until it leaves. Callers of
 * the API and the client's completion thread enter it and do their own work, so that no event waits
 * for another thread to be scheduled. One thread of the loop runs the timers, another one the
 * user's callbacks, outside of the monitor: a callback may take as long as it likes, and proofs and
 * deadlines go on. Nobody sleeps or waits for the network inside.
 *
 * Without a thread (simulation), zkl_loop_step() does what the threads would do.
 */
#ifndef ZKL_RUN_LOOP_H
#define ZKL_RUN_LOOP_H

#include <stdbool.h>

#include <glib.h>
#include <pthread.h>

#include "port/clock.h"

struct zkl_loop;

struct zkl_timer {
	struct zkl_loop *loop;
	void (*fire)(void *arg);
	void *arg;
	zkl_time due;
	GSequenceIter *place; /* NULL: not set */
};

/* NULL: no threads or no descriptors to be had (threaded only). */
struct zkl_loop *zkl_loop_new(const struct zkl_clock *clock, bool threaded);

/* Stop the threads, run what is deferred, and free. From a callback: free once it has returned. Not
 * from inside the monitor. */
void zkl_loop_free(struct zkl_loop *loop);

/* Cancellation (pthread_cancel) is held off inside. Not recursive. */
void zkl_loop_enter(struct zkl_loop *loop);
void zkl_loop_leave(struct zkl_loop *loop);

/* Inside: wait for cond, as pthread_cond_wait(). A cancellation point: push a cleanup handler that
 * undoes the wait and leaves. */
void zkl_loop_wait(struct zkl_loop *loop, pthread_cond_t *cond);

zkl_time zkl_loop_now(const struct zkl_loop *loop);
uint64_t zkl_loop_random(const struct zkl_loop *loop);
const struct zkl_clock *zkl_loop_clock(const struct zkl_loop *loop);

/* Inside. Timers fire inside the monitor, on a thread of the loop, once for each set. */
void zkl_timer_init(
	struct zkl_timer *timer, struct zkl_loop *loop, void (*fire)(void *), void *arg);
void zkl_timer_set(struct zkl_timer *timer, zkl_time due);
void zkl_timer_set_earlier(struct zkl_timer *timer, zkl_time due); /* unless set earlier already */
void zkl_timer_stop(struct zkl_timer *timer);

/* Inside: have fn run on the thread for callbacks, outside of the monitor, in order. */
void zkl_loop_defer(struct zkl_loop *loop, void (*fn)(void *), void *arg);

/* Inside: have it freed once the monitor is left, since functions that called the caller may still
 * look at it. free_fn enters nothing. Unlike a deferred call it wakes no thread. */
void zkl_loop_drop(struct zkl_loop *loop, void (*free_fn)(void *), void *object);

/* Is the caller a deferred call? It would wait for itself. */
bool zkl_loop_in_callback(const struct zkl_loop *loop);

/* Without a thread: when is there something to do, and do what is due. */
zkl_time zkl_loop_next_due(struct zkl_loop *loop);
void zkl_loop_step(struct zkl_loop *loop);

#endif
