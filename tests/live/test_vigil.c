/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_vigil.c - zklock_wait_done(): one who waits for a queue without standing in it.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "live/live.h"

#define QUEUE	20
#define LONG_MS 40000 /* a session that asks nothing by itself while the test runs */

/* A thread that keeps the vigil, since the call blocks. */
struct vigil {
	pthread_t thread;
	zklock_session_t *session;
	const char *name;
	int64_t timeout_ms;
	atomic_bool over;
	int result;
};

static void *keep(void *arg)
{
	struct vigil *v = arg;

	v->result = zklock_wait_done(v->session, v->name, v->timeout_ms);
	atomic_store(&v->over, true);
	return NULL;
}

static int64_t reads(zklock_session_t *session)
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;

	ck_ok(zklock_session_info(session, &info));
	return info.reads;
}

/* It stands watch once it has sent what that takes: sync, list, get. */
static void begin(struct vigil *v, zklock_session_t *session, const char *name)
{
	int64_t before = reads(session);

	*v = (struct vigil){.session = session, .name = name, .timeout_ms = LIVE_GUARD_MS};
	ck_assert_int_eq(pthread_create(&v->thread, NULL, keep, v), 0);
	while (reads(session) < before + 3)
		sched_yield();
	/* what the same session asks after it is answered after it */
	live_contenders(session, name);
}

static int end(struct vigil *v)
{
	ck_assert_int_eq(pthread_join(v->thread, NULL), 0);
	return v->result;
}

/* A handle that waits or holds without a thread. */
static zklock_t *join(zklock_session_t *session, const char *name, size_t expected)
{
	zklock_t *lock = live_lock(session, name, ZKLOCK_UNBOUND);

	ck_ok(zklock_lock_async(lock, -1));
	live_wait_contenders(session, name, expected);
	return lock;
}

static void leave(zklock_session_t *session, zklock_t *lock, const char *name, size_t expected)
{
	ck_ok(zklock_free(lock));
	live_wait_contenders(session, name, expected);
}

START_TEST(waits_for_those_who_were_there_and_stands_in_nobodys_way)
{
	const char *name = "vigil-those";
	zklock_session_t *theirs = live_session(0), *ours = live_session(0);
	zklock_t *a = join(theirs, name, 1), *b = join(theirs, name, 2), *c;
	struct vigil v;

	begin(&v, ours, name);
	ck_assert_uint_eq(live_contenders(ours, name), 2);
	c = join(theirs, name, 3); /* behind those whom we wait for */
	leave(theirs, a, name, 2);
	ck_assert(!atomic_load(&v.over));
	leave(theirs, b, name, 1);
	ck_ok(end(&v)); /* though c is there */
	ck_assert_uint_eq(live_contenders(ours, name), 1);
	leave(theirs, c, name, 0);
	live_close(ours);
	live_close(theirs);
}
END_TEST

START_TEST(the_last_one_who_gives_up_is_not_the_end)
{
	const char *name = "vigil-gives-up";
	zklock_session_t *theirs = live_session(0), *ours = live_session(0);
	zklock_t *a = join(theirs, name, 1), *b = join(theirs, name, 2);
	struct vigil v;
	int64_t before;

	begin(&v, ours, name);
	before = reads(ours);
	leave(theirs, b, name, 1);
	while (reads(ours) < before + 2) /* it looks again, and watches the one that is left */
		sched_yield();
	ck_error(zklock_wait_done(ours, name, 0), ZKLOCK_ERR_BUSY);
	ck_assert(!atomic_load(&v.over));
	leave(theirs, a, name, 0);
	ck_ok(end(&v));
	live_close(ours);
	live_close(theirs);
}
END_TEST

/* No herd: whoever leaves before the last one wakes nobody who keeps a vigil. */
START_TEST(releases_before_the_last_cost_nothing)
{
	const char *name = "vigil-cost";
	zklock_session_t *theirs = live_session(0), *ours = live_session(LONG_MS);
	zklock_t *queue[QUEUE];
	struct vigil v;
	int64_t before;

	for (size_t i = 0; i < QUEUE; i++)
		queue[i] = join(theirs, name, i + 1);
	begin(&v, ours, name);
	before = reads(ours);
	for (size_t i = 0; i < QUEUE - 1; i++)
		leave(theirs, queue[i], name, QUEUE - 1 - i);
	ck_assert_int_eq(reads(ours), before);
	leave(theirs, queue[QUEUE - 1], name, 0);
	ck_ok(end(&v));
	ck_assert_int_eq(reads(ours), before + 1); /* one look round, and nobody is there */
	live_close(ours);
	live_close(theirs);
}
END_TEST

START_TEST(a_holder_who_dies_is_done)
{
	const char *name = "vigil-dies";
	struct live_holder holder = live_hold_later(name, 4000);
	zklock_session_t *ours = live_session(0);
	struct vigil v;

	live_go(&holder);
	live_wait_held(&holder);
	begin(&v, ours, name);
	live_kill(&holder, SIGKILL);
	ck_ok(end(&v));
	live_close(ours);
}
END_TEST

START_TEST(a_limit_ends_it_and_zero_only_looks)
{
	const char *name = "vigil-limit";
	zklock_session_t *s = live_session(0);
	zklock_t *lock;

	ck_ok(zklock_wait_done(s, name, -1)); /* nobody knows this lock */
	lock = join(s, name, 1);
	ck_error(zklock_wait_done(s, name, 0), ZKLOCK_ERR_BUSY);
	ck_error(zklock_wait_done(s, name, 50), ZKLOCK_ERR_TIMEOUT);
	ck_error(zklock_wait_done(s, NULL, 0), ZKLOCK_ERR_INVALID);
	ck_error(zklock_wait_done(NULL, name, 0), ZKLOCK_ERR_INVALID);
	ck_error(zklock_wait_done(s, "..", 0), ZKLOCK_ERR_NAME);
	leave(s, lock, name, 0);
	ck_ok(zklock_wait_done(s, name, 0));
	live_close(s);
}
END_TEST

START_TEST(no_server_ends_at_the_limit)
{
	zklock_session_t *s;

	ck_ok(zklock_session_open("127.0.0.1:1", NULL, &s));
	ck_error(zklock_wait_done(s, "vigil-none", 50), ZKLOCK_ERR_UNAVAILABLE);
	ck_ok(zklock_session_close(s, 0));
}
END_TEST

START_TEST(close_and_cancel_end_it)
{
	const char *name = "vigil-close";
	zklock_session_t *theirs = live_session(0), *ours = live_session(0);
	zklock_t *lock = join(theirs, name, 1);
	struct vigil v, w;

	begin(&v, ours, name);
	begin(&w, ours, name);
	ck_assert_int_eq(pthread_cancel(w.thread), 0);
	ck_assert_int_eq(pthread_join(w.thread, NULL), 0);
	ck_assert(!atomic_load(&w.over));
	ck_assert(!atomic_load(&v.over)); /* the same znode, and still watched */
	live_close(ours);
	ck_error(end(&v), ZKLOCK_ERR_CLOSED);
	leave(theirs, lock, name, 0);
	live_close(theirs);
}
END_TEST

LIVE_MAIN("vigil", waits_for_those_who_were_there_and_stands_in_nobodys_way,
	the_last_one_who_gives_up_is_not_the_end, releases_before_the_last_cost_nothing,
	a_holder_who_dies_is_done, a_limit_ends_it_and_zero_only_looks, no_server_ends_at_the_limit,
	close_and_cancel_end_it)
