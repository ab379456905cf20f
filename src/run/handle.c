/* SPDX-License-Identifier: Apache-2.0 */
/* handle.c - who still needs a handle. */
#include "run/handle.h"

static void destroy(void *arg)
{
	zklock_t *lock = arg;

	zkl_events_clear(&lock->events);
	g_free(lock->label);
	g_free(lock->key);
	zkl_pool_unref(lock->pool);
#ifndef ZKLOCK_DEBUG
	g_free(lock);
#endif
}

void zkl_handle_ref(zklock_t *lock)
{
	lock->refs++;
}

void zkl_handle_unref(zklock_t *lock)
{
	if (--lock->refs == 0)
		zkl_loop_defer(lock->loop, destroy, lock);
}
