/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.h - a handle on a lock: which thread holds or waits through it, how deep, and what happened
 * to it. All calls are made outside of the monitor; arguments are checked by the API.
 */
#ifndef ZKL_RUN_LOCK_H
#define ZKL_RUN_LOCK_H

#include "run/pool.h"

zklock_t *zkl_lock_new(zklock_session_t *pool, const char *name, const zklock_options_t *options);
void zkl_lock_free(zklock_t *lock);

zklock_session_t *zkl_lock_pool(const zklock_t *lock);
const char *zkl_lock_name(const zklock_t *lock);
/* Not freed, as far as that can be told (see ZKLOCK_DEBUG in lock.c). */
bool zkl_lock_is_alive(const zklock_t *lock);
bool zkl_lock_is_unbound(const zklock_t *lock);

int zkl_lock_acquire(zklock_t *lock, int64_t timeout_ms); /* 0: try */
int zkl_lock_release(zklock_t *lock);
int zkl_lock_acquire_async(zklock_t *lock, int64_t timeout_ms);
int zkl_lock_release_async(zklock_t *lock);
void zkl_lock_cancel(zklock_t *lock);

bool zkl_lock_is_held(zklock_t *lock);
int64_t zkl_lock_remaining_ms(zklock_t *lock);
int zkl_lock_token(zklock_t *lock, int64_t *ret_token);
int zkl_lock_node(zklock_t *lock, char *ret_path, size_t size);

void zkl_lock_set_callback(zklock_t *lock, zklock_event_fn fn, void *user);
int zkl_lock_fd(zklock_t *lock);
bool zkl_lock_next_event(zklock_t *lock, zklock_event_t *ret_event);

#endif
