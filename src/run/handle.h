/* SPDX-License-Identifier: Apache-2.0 */
/* handle.h - what a handle on a lock is made of: for lock.c and hold.c alone. */
#ifndef ZKL_RUN_HANDLE_H
#define ZKL_RUN_HANDLE_H

#include "run/events.h"
#include "run/pool.h"

struct zklock {
	unsigned magic, flags;
	zklock_session_t *pool;
	struct zkl_loop *loop;
	char *key;		/* the lock, whichever session asks: servers, chroot, path */
	const char *dir, *name; /* the ends of it: thousands of handles are one string each */
	char *label;		/* NULL: the session's */
	int64_t unlock_timeout_ms;
	unsigned refs; /* inside the monitor */
	bool freed;
	GList *holds; /* of struct zkl_hold, one a thread: few, and most handles have one */
	struct zkl_events events;
};

/* Inside the monitor. The last reference frees it, later. */
void zkl_handle_ref(zklock_t *lock);
void zkl_handle_unref(zklock_t *lock);

#endif
