/* SPDX-License-Identifier: Apache-2.0 */
/* keeper.c - names, handle, end. */
#include "port/zk/keeper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "port/zk/bell.h"
#include "port/zk/call.h"
#include "port/zk/connection.h"
#include "port/zk/lookup.h"
#include "port/zk/zhandle.h"
#include "port/zk/notice.h"

#define RETRY_FIRST_MS 50
#define RETRY_LAST_MS  5000
#define DRAIN_MS       1000 /* for replies under way when we leave (bugs.md 43) */
#define CUT_MS	       100  /* for the client to notice that its socket is shut */

/* Until `over`, at most `ms`. */
static bool wait_for(
	struct zkl_transport *t, bool (*over)(const struct zkl_transport *), int64_t ms)
{
	struct timespec until = zkl_bell_in(ms);
	pthread_mutex_lock(&t->lock);
	while (!over(t) && pthread_cond_timedwait(&t->wake, &t->lock, &until) != ETIMEDOUT)
		continue;
	bool is_over = over(t);
	pthread_mutex_unlock(&t->lock);
	return is_over;
}

static bool closing(const struct zkl_transport *t)
{
	return t->closing;
}

static bool quiet(const struct zkl_transport *t)
{
	return !t->connected || TAILQ_EMPTY(&t->pending);
}

static bool apart(const struct zkl_transport *t)
{
	return !t->connected;
}

static void *wait_at(void *gate)
{
	pthread_mutex_lock(gate);
	pthread_mutex_unlock(gate);
	return NULL;
}

/* The client aborts the process when it gets no threads for itself: asked for before it asks. */
static bool threads_to_be_had(void)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	pthread_t threads[2];
	size_t n = 0;
	pthread_mutex_lock(&gate);
	while (n < 2 && pthread_create(&threads[n], NULL, wait_at, &gate) == 0)
		n++;
	pthread_mutex_unlock(&gate);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return n == 2;
}

static bool begin(struct zkl_transport *t)
{
	char *hosts = zkl_addresses_text(&t->addresses, t->chroot);
	if (!hosts || !threads_to_be_had())
		return free(hosts), false;
	zhandle_t *zh = zkl_connection_begin(t, hosts, zkl_notice_session);
	int error = errno;
	free(hosts);
	if (!zh) {
		zkl_log(ZKLOCK_LOG_WARNING, "cannot start a ZooKeeper handle, will try again: %s",
			strerror(error));
		return false;
	}
	zoo_set_servers_resolution_delay(zh, -1); /* traps.md 1 */
	pthread_mutex_lock(&t->lock);
	zkl_zhandle_take(t, zh);
	zkl_identity_give(&t->identity, zh);
	pthread_mutex_unlock(&t->lock);
	return true;
}

static int64_t pause_ms(struct zkl_transport *t, unsigned round)
{
	int64_t ms = RETRY_LAST_MS;
	if (round < 7 && (RETRY_FIRST_MS << round) < RETRY_LAST_MS)
		ms = RETRY_FIRST_MS << round;
	return ms / 2 + (int64_t)(t->clock->random(t->clock->ctx) % (uint64_t)(ms / 2));
}

/* Nothing resolves, no descriptor, no thread: all of it may be cured without us. */
static void start(struct zkl_transport *t)
{
	for (unsigned round = 0; !wait_for(t, closing, 0); round++) {
		bool found = zkl_lookup_first(t);
		if (found && begin(t))
			return;
		if (wait_for(t, closing, 0))
			return;
		if (!found && round == 0)
			zkl_log(ZKLOCK_LOG_WARNING, "no server's name resolves; will try again");
		wait_for(t, closing, pause_ms(t, round));
	}
}

/* Off the handle: with all replies in hand, or with the connection cut, so that a silent server is
 * not waited for (the client would give it 1.5 s to take leave). A server that it reaches again
 * meanwhile may still be told: that is no harm. */
static void part(struct zkl_transport *t)
{
	if (t->linger)
		wait_for(t, quiet, DRAIN_MS);
	else if (zkl_connection_move(t) == ZKL_MOVED)
		wait_for(t, apart, CUT_MS);
	pthread_mutex_lock(&t->lock);
	t->usable = false;
	pthread_mutex_unlock(&t->lock);
}

/* Once zookeeper_close() has returned the client's threads are gone, and what it has not completed
 * it never will (traps.md 9, bugs.md 42). */
static void leave(struct zkl_transport *t)
{
	zkl_lookup_end(t);
	if (t->zh) {
		part(t);
		zookeeper_close(t->zh);
		zkl_connection_end(t);
	}
	zkl_call_answer_all(t, ZCLOSING);
	zkl_call_drop_answered(t);
	zkl_zhandle_tell(t, ZKL_SESSION_CLOSED);
}

static void *end(void *arg)
{
	struct zkl_transport *t = arg;
	leave(t);
	zkl_zhandle_free(t);
	return NULL;
}

/* All signals blocked: they are for the program's threads, and the client's inherit it from ours.
 */
static bool run_detached(void *(*work)(void *), struct zkl_transport *t)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	int error = pthread_create(&thread, &attr, work, t);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0;
}

/* --- the keeper that stays ---------------------------------------------------------------------
 */

/* Transports that have started, or never will, until they are closed. */
static struct {
	pthread_mutex_t lock; /* taken before a transport's */
	TAILQ_HEAD(, zkl_transport) all;
	bool attended;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER, .all = TAILQ_HEAD_INITIALIZER(kept.all)};

static bool is_closing(struct zkl_transport *t)
{
	pthread_mutex_lock(&t->lock);
	bool is = closing(t);
	pthread_mutex_unlock(&t->lock);
	return is;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Under kept.lock. One that is to be closed, or NULL and in how many ms to look again. */
static struct zkl_transport *first_closing(int64_t *pause)
{
	struct zkl_transport *t = NULL;
	*pause = -1;
	TAILQ_FOREACH(t, &kept.all, kept)
	{
		if (is_closing(t))
			break;
		*pause = sooner(*pause, zkl_lookup_after(t));
	}
	return t;
}

/* One that is to be closed. *last: no other is kept, and the caller attends no more. */
static struct zkl_transport *await_closing(bool *last)
{
	for (;;) {
		uint64_t rung = zkl_bell_rung();
		int64_t pause;
		pthread_mutex_lock(&kept.lock);
		struct zkl_transport *t = first_closing(&pause);
		if (t) {
			TAILQ_REMOVE(&kept.all, t, kept);
			*last = TAILQ_EMPTY(&kept.all);
			kept.attended = !*last;
		}
		pthread_mutex_unlock(&kept.lock);
		if (t)
			return t;
		zkl_bell_wait(rung, pause);
	}
}

/* True: nobody attends yet, so the caller does. */
static bool add(struct zkl_transport *t)
{
	pthread_mutex_lock(&kept.lock);
	TAILQ_INSERT_TAIL(&kept.all, t, kept);
	bool first = !kept.attended;
	kept.attended = true;
	pthread_mutex_unlock(&kept.lock);
	zkl_bell_ring();
	return first;
}

/* An end may take seconds (traps.md 22), so each has a thread of its own while others are kept;
 * where none is to be had they end one after the other. */
static void attend(void)
{
	bool last;
	do {
		struct zkl_transport *t = await_closing(&last);
		if (last || !run_detached(end, t))
			end(t);
	} while (!last);
}

static void *keep(void *arg)
{
	struct zkl_transport *t = arg;
	if (t->ended)
		zkl_zhandle_tell(t, ZKL_SESSION_FAILED);
	else
		start(t);
	if (add(t))
		attend();
	return NULL;
}

/* A child has our memory and none of our threads (faults.md row 24). What was kept is the
 * parent's; what the child opens itself gets a keeper of its own. */
static void in_child(void)
{
	pthread_mutex_init(&kept.lock, NULL);
	zkl_bell_forget();
	TAILQ_INIT(&kept.all);
	kept.attended = false;
	zkl_connection_forget_all();
}

static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, in_child);
}

bool zkl_keeper_start(struct zkl_transport *t)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, watch_forks);
	return run_detached(keep, t);
}

/* `t` may be gone as soon as its lock is. */
void zkl_keeper_close(struct zkl_transport *t, bool linger)
{
	pthread_mutex_lock(&t->lock);
	t->closing = true;
	t->linger = linger;
	pthread_cond_broadcast(&t->wake);
	pthread_mutex_unlock(&t->lock);
	zkl_bell_ring();
}
