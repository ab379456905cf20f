/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - what the program calls a session: one loop, and as many ZooKeeper sessions as its
 * watches need. One SetWatches must stay below 1 MiB (traps.md 15), so a second session is
 * opened when the first has its fill; most programs never see it.
 */
#ifndef ZKL_RUN_POOL_H
#define ZKL_RUN_POOL_H

#include "run/metrics.h"
#include "run/session.h"

struct zklock_session;

/* config is taken over, also on failure. NULL: no thread or no
 * descriptor for one to be had, see errno. */
zklock_session_t *zkl_pool_new(const struct zkl_clock *clock, const struct zkl_transport_ops *ops,
	struct zkl_session_config *config, bool threaded);

/* Begin to close, unless begun; then wait until it is over or `timeout_ms` and a little more have
 * passed (`wait`). Gives the caller's reference up. Result: OK or PENDING. Outside. */
int zkl_pool_close(zklock_session_t *pool, int64_t timeout_ms, bool wait);

/* References keep the loop; the last one may be given up anywhere outside of the monitor. */
zklock_session_t *zkl_pool_ref(zklock_session_t *pool);
void zkl_pool_unref(zklock_session_t *pool);

/* Was it made in this process? (fork) */
bool zkl_pool_is_ours(const zklock_session_t *pool);

struct zkl_loop *zkl_pool_loop(const zklock_session_t *pool);
const struct zkl_session_config *zkl_pool_config(const zklock_session_t *pool);

/* The rest: inside the monitor. */
bool zkl_pool_closing(const zklock_session_t *pool);
enum zklock_session_state zkl_pool_state(const zklock_session_t *pool);
int zkl_pool_wait_connected(zklock_session_t *pool, zkl_time deadline);
void zkl_pool_set_callback(zklock_session_t *pool, zklock_session_fn fn, void *user);
struct zkl_metrics *zkl_pool_metrics(zklock_session_t *pool);
void zkl_pool_info(const zklock_session_t *pool, zklock_session_info_t *info);
void zkl_pool_session_metrics(const zklock_session_t *pool, struct zkl_session_metrics *sum);

/* A session with room for another waiter. */
struct zkl_session *zkl_pool_session(zklock_session_t *pool);
/* The first one, for what needs no watches. */
struct zkl_session *zkl_pool_first(const zklock_session_t *pool);

#endif
