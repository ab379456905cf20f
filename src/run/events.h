/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - what a program hears of its lock: by a callback, in order, on a thread that may block;
 * or from a queue with a descriptor to poll.
 */
#ifndef ZKL_RUN_EVENTS_H
#define ZKL_RUN_EVENTS_H

#include <zklock/zklock.h>

#include <glib.h>

#include "run/loop.h"

struct zkl_events {
	struct zkl_loop *loop;
	zklock_t *lock;
	void (*ref)(zklock_t *lock), (*unref)(zklock_t *lock); /* for calls on their way */
	bool shut;
	zklock_event_fn fn;
	void *user;
	int fd;	      /* -1: nobody polls */
	GQueue queue; /* of zklock_event_t, once there is a descriptor */
};

/* ref and unref are called inside the monitor. */
void zkl_events_init(struct zkl_events *events, struct zkl_loop *loop, zklock_t *lock,
	void (*ref)(zklock_t *lock), void (*unref)(zklock_t *lock));
void zkl_events_clear(struct zkl_events *events);

/* Inside the monitor, as all that follows. */
void zkl_events_emit(struct zkl_events *events, const zklock_event_t *event);
void zkl_events_set_callback(struct zkl_events *events, zklock_event_fn fn, void *user);
void zkl_events_shut(struct zkl_events *events); /* nobody wants to hear more */
int zkl_events_fd(struct zkl_events *events);
bool zkl_events_next(struct zkl_events *events, zklock_event_t *ret_event);

#endif
