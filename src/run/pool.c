/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - sessions that share a loop, and the end of them all. */
#include "run/pool.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "run/fork.h"
#include "run/waiter.h"

/* How long the goodbye to the servers may take beyond the caller's timeout. */
#define GOODBYE (10 * ZKL_SEC)

struct zklock_session {
	atomic_int refs;
	unsigned fork_generation;
	struct zkl_loop *loop;
	const struct zkl_transport_ops *ops;
	struct zkl_session_config *config;
	GPtrArray *sessions;
	zklock_session_fn fn;
	void *user;
	enum zklock_session_state state;
	int error;
	GList *waiters;			   /* of struct zkl_waiter */
	bool closing, over, unclean, done; /* over: its sessions are being ended */
	unsigned draining, ending;
	struct zkl_timer linger;
	struct zkl_metrics metrics;
};

struct news {
	zklock_session_t *pool;
	enum zklock_session_state state;
	int error;
};

zklock_session_t *zkl_pool_ref(zklock_session_t *pool)
{
	atomic_fetch_add(&pool->refs, 1);
	return pool;
}

void zkl_pool_unref(zklock_session_t *pool)
{
	if (atomic_fetch_sub(&pool->refs, 1) != 1)
		return;
	zkl_loop_free(pool->loop);
	g_ptr_array_free(pool->sessions, TRUE);
	zkl_session_config_free(pool->config);
	g_free(pool);
}

static void wake_all(zklock_session_t *pool)
{
	for (GList *i = pool->waiters; i; i = i->next)
		zkl_waiter_wake(i->data);
}

/* ---- state --------------------------------------------------------------------------------- */

static void call_user(void *arg)
{
	struct news *news = arg;
	zklock_session_fn fn;
	void *user;

	zkl_loop_enter(news->pool->loop);
	fn = news->pool->fn;
	user = news->pool->user;
	zkl_loop_leave(news->pool->loop);
	if (fn)
		fn(news->pool, news->state, news->error, user);
	zkl_pool_unref(news->pool);
	g_free(news);
}

static void set_state(zklock_session_t *pool, enum zklock_session_state state, int error)
{
	struct news *news;

	if (pool->state == state && pool->error == error)
		return;
	pool->metrics.states[state]++;
	pool->state = state;
	pool->error = error;
	wake_all(pool);
	if (!pool->fn)
		return;
	news = g_new(struct news, 1);
	*news = (struct news){zkl_pool_ref(pool), state, error};
	zkl_loop_defer(pool->loop, call_user, news);
}

/* The first session speaks for all. */
static void on_state(void *owner, enum zklock_session_state state, int error)
{
	zklock_session_t *pool = owner;

	if (!pool->closing)
		set_state(pool, state, error);
}

int zkl_pool_wait_connected(zklock_session_t *pool, zkl_time deadline)
{
	struct zkl_waiter waiter;
	bool in_time = true;

	zkl_waiter_begin(&waiter, pool->loop, deadline);
	pool->waiters = g_list_prepend(pool->waiters, &waiter);
	while (in_time && !pool->closing && !pool->error && pool->state != ZKLOCK_SESSION_CONNECTED)
		in_time = zkl_waiter_wait(&waiter);
	pool->waiters = g_list_remove(pool->waiters, &waiter);
	zkl_waiter_end(&waiter);
	if (pool->closing)
		return ZKLOCK_ERR_CLOSED;
	if (pool->state == ZKLOCK_SESSION_CONNECTED)
		return ZKLOCK_OK;
	return pool->error ? pool->error : ZKLOCK_ERR_UNAVAILABLE;
}

/* ---- sessions ------------------------------------------------------------------------------ */

static struct zkl_session *add_session(zklock_session_t *pool)
{
	struct zkl_session *session = zkl_session_new(pool->loop, pool->ops, pool->config,
		pool->sessions->len == 0 ? on_state : NULL, pool);

	g_ptr_array_add(pool->sessions, session);
	return session;
}

struct zkl_session *zkl_pool_session(zklock_session_t *pool)
{
	for (guint i = 0; i < pool->sessions->len; i++) {
		struct zkl_session *session = pool->sessions->pdata[i];

		if (zkl_session_watch_bytes(session) < ZKL_SESSION_WATCH_BYTES &&
			!zkl_session_is_stuck(session))
			return session;
	}
	return add_session(pool);
}

struct zkl_session *zkl_pool_first(const zklock_session_t *pool)
{
	return pool->sessions->pdata[0];
}

/* ---- the end ------------------------------------------------------------------------------- */

/* Behind all calls that had to be made: nobody is called after the end. */
static void done(void *arg)
{
	zklock_session_t *pool = arg;

	zkl_loop_enter(pool->loop);
	pool->done = true;
	wake_all(pool);
	zkl_loop_leave(pool->loop);
	zkl_pool_unref(pool);
}

static void ended(void *arg)
{
	zklock_session_t *pool = arg;

	if (--pool->ending == 0)
		zkl_loop_defer(pool->loop, done, pool);
}

static void end_sessions(void *arg)
{
	zklock_session_t *pool = arg;

	if (pool->over)
		return;
	pool->over = true;
	zkl_timer_stop(&pool->linger);
	pool->unclean = pool->draining > 0;
	pool->draining = 0;
	pool->ending = pool->sessions->len;
	for (guint i = 0; i < pool->sessions->len; i++)
		zkl_session_end(pool->sessions->pdata[i], ended, pool);
}

/* Outside of the session's own code, which calls this while it removes its last client. */
static void end_later(void *arg)
{
	zklock_session_t *pool = arg;

	zkl_loop_enter(pool->loop);
	end_sessions(pool);
	zkl_loop_leave(pool->loop);
	zkl_pool_unref(pool);
}

static void drained(void *arg)
{
	zklock_session_t *pool = arg;

	if (pool->draining > 0 && --pool->draining == 0)
		zkl_loop_defer(pool->loop, end_later, zkl_pool_ref(pool));
}

static void begin_close(zklock_session_t *pool, int64_t timeout_ms)
{
	pool->closing = true;
	zkl_pool_ref(pool); /* until ended() */
	pool->draining = pool->sessions->len;
	zkl_timer_set(&pool->linger, zkl_waiter_deadline(pool->loop, timeout_ms));
	set_state(pool, ZKLOCK_SESSION_CLOSED, ZKLOCK_OK);
	for (guint i = 0; i < pool->sessions->len; i++)
		zkl_session_drain(pool->sessions->pdata[i], drained, pool);
}

static void wait_ended(zklock_session_t *pool, int64_t timeout_ms)
{
	zkl_time deadline = zkl_waiter_deadline(pool->loop, timeout_ms);
	struct zkl_waiter waiter;

	zkl_waiter_begin(&waiter, pool->loop,
		deadline > ZKL_NEVER - GOODBYE ? deadline : deadline + GOODBYE);
	pool->waiters = g_list_prepend(pool->waiters, &waiter);
	while (!pool->done && zkl_waiter_wait(&waiter))
		;
	pool->waiters = g_list_remove(pool->waiters, &waiter);
	zkl_waiter_end(&waiter);
}

/* A thread that is cancelled has closed it first: half of a close would help nobody. */
int zkl_pool_close(zklock_session_t *pool, int64_t timeout_ms, bool wait)
{
	int result, old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	zkl_loop_enter(pool->loop);
	if (!pool->closing)
		begin_close(pool, timeout_ms);
	if (wait)
		wait_ended(pool, timeout_ms);
	result = pool->unclean || !pool->done ? ZKLOCK_ERR_PENDING : ZKLOCK_OK;
	zkl_loop_leave(pool->loop);
	zkl_pool_unref(pool);
	pthread_setcancelstate(old, NULL);
	return result;
}

/* ---- life and queries ---------------------------------------------------------------------- */

zklock_session_t *zkl_pool_new(const struct zkl_clock *clock, const struct zkl_transport_ops *ops,
	struct zkl_session_config *config, bool threaded)
{
	zklock_session_t *pool;
	struct zkl_loop *loop = zkl_loop_new(clock, threaded);

	if (!loop) {
		int cause = errno;

		zkl_session_config_free(config);
		errno = cause;
		return NULL;
	}
	pool = g_new0(zklock_session_t, 1);
	atomic_init(&pool->refs, 1);
	pool->fork_generation = zkl_fork_generation();
	pool->loop = loop;
	pool->ops = ops;
	pool->config = config;
	pool->sessions = g_ptr_array_new();
	zkl_timer_init(&pool->linger, loop, end_sessions, pool);
	zkl_loop_enter(loop);
	add_session(pool);
	zkl_loop_leave(loop);
	return pool;
}

bool zkl_pool_is_ours(const zklock_session_t *pool)
{
	return pool->fork_generation == zkl_fork_generation();
}

struct zkl_loop *zkl_pool_loop(const zklock_session_t *pool)
{
	return pool->loop;
}

const struct zkl_session_config *zkl_pool_config(const zklock_session_t *pool)
{
	return pool->config;
}

bool zkl_pool_closing(const zklock_session_t *pool)
{
	return pool->closing;
}

enum zklock_session_state zkl_pool_state(const zklock_session_t *pool)
{
	return pool->state;
}

void zkl_pool_set_callback(zklock_session_t *pool, zklock_session_fn fn, void *user)
{
	pool->fn = fn;
	pool->user = user;
}

struct zkl_metrics *zkl_pool_metrics(zklock_session_t *pool)
{
	return &pool->metrics;
}

void zkl_pool_info(const zklock_session_t *pool, zklock_session_info_t *info)
{
	zklock_session_info_t one;

	if (pool->closing)
		return;
	zkl_session_info(pool->sessions->pdata[0], info);
	for (guint i = 1; i < pool->sessions->len; i++) {
		memset(&one, 0, sizeof(one));
		zkl_session_info(pool->sessions->pdata[i], &one);
		info->sessions += one.sessions;
		info->moves += one.moves;
		info->writes += one.writes;
		info->reads += one.reads;
		info->proofs += one.proofs;
	}
}

void zkl_pool_session_metrics(const zklock_session_t *pool, struct zkl_session_metrics *sum)
{
	for (guint i = 0; !pool->closing && i < pool->sessions->len; i++)
		zkl_metrics_add(sum, zkl_session_metrics(pool->sessions->pdata[i]));
}
