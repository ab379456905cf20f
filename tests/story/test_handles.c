/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_handles.c - handles and their callbacks on a fake ensemble: what may be called from inside a
 * callback, and that each end is told once. The loop has no thread here: the world turns it.
 */
#include "lib/world.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/check_main.h"
#include "run/book.h"
#include "run/handle.h"
#include "run/hold.h"
#include "run/lock.h"
#include "run/metrics.h"

static struct world *world;
static struct world_client *a, *b;
static GString *told;
static zklock_t *mine, *other;
static int64_t (*now_do)(zklock_t *lock, const zklock_event_t *event);

static void on_event(zklock_t *lock, const zklock_event_t *event, void *user)
{
	static const char *const names[] = {[ZKLOCK_EVENT_QUEUED] = "queued",
		[ZKLOCK_EVENT_GRANTED] = "granted",
		[ZKLOCK_EVENT_FAILED] = "failed",
		[ZKLOCK_EVENT_SUSPENDED] = "suspended",
		[ZKLOCK_EVENT_RESUMED] = "resumed",
		[ZKLOCK_EVENT_LOST] = "lost",
		[ZKLOCK_EVENT_RELEASED] = "released"};

	g_string_append_printf(
		told, "%s%s:%s", told->len ? " " : "", (const char *)user, names[event->type]);
	if (event->error)
		g_string_append_printf(told, "(%d)", event->error);
	if (now_do)
		now_do(lock, event);
}

static zklock_t *handle_of(struct world_client *client, const char *name, const char *who)
{
	return world_handle(client, name, on_event, (void *)who);
}

static zklock_t *handle(struct world_client *client, const char *who)
{
	return handle_of(client, "x", who);
}

static void begin(void)
{
	world = world_new(&(struct world_config){.clients = 2});
	a = &world->clients[0];
	b = &world->clients[1];
	told = g_string_new("");
	now_do = NULL;
	world_run(world, 100);
	mine = handle(a, "A");
	other = handle(b, "B");
}

static void end(void)
{
	if (mine)
		zkl_lock_free(mine);
	if (other)
		zkl_lock_free(other);
	now_do = NULL;
	world_run(world, 1000);
	ck_assert_uint_eq(world_contenders(world), 0);
	world_free(world);
	g_string_free(told, TRUE);
}

static void saw(const char *expected)
{
	ck_assert_str_eq(told->str, expected);
	g_string_truncate(told, 0);
}

/* A holds, B waits. */
static void hold_and_wait(void)
{
	ck_assert_int_eq(zkl_lock_acquire_async(mine, -1), ZKLOCK_OK);
	world_run(world, 50);
	ck_assert_int_eq(zkl_lock_acquire_async(other, -1), ZKLOCK_OK);
	world_run(world, 50);
	saw("A:granted B:queued");
}

START_TEST(granted_and_released_once)
{
	begin();
	hold_and_wait();
	ck_assert(zkl_lock_is_held(mine));
	ck_assert_int_gt(zkl_lock_remaining_ms(mine), 0);
	ck_assert_int_eq(zkl_lock_remaining_ms(other), 0);
	ck_assert_int_eq(zkl_lock_release_async(mine), ZKLOCK_OK);
	ck_assert(!zkl_lock_is_held(mine));
	world_run(world, 50);
	saw("A:released B:granted");
	world_run(world, 20000);
	saw("");
	end();
}
END_TEST

static int64_t release(zklock_t *lock, const zklock_event_t *event)
{
	return event->type == ZKLOCK_EVENT_GRANTED ? zkl_lock_release_async(lock) : 0;
}

START_TEST(release_in_a_callback)
{
	begin();
	now_do = release;
	ck_assert_int_eq(zkl_lock_acquire_async(mine, -1), ZKLOCK_OK);
	ck_assert_int_eq(zkl_lock_acquire_async(other, -1), ZKLOCK_OK);
	world_run(world, 200);
	ck_assert_uint_eq(world_contenders(world), 0);
	ck_assert_int_eq(zkl_lock_release_async(mine), ZKLOCK_ERR_NOT_HELD);
	end();
}
END_TEST

static int64_t acquire_again(zklock_t *lock, const zklock_event_t *event)
{
	static int rounds = 3;

	if (event->type == ZKLOCK_EVENT_GRANTED)
		return zkl_lock_release_async(lock);
	return event->type == ZKLOCK_EVENT_RELEASED && rounds-- > 0
		       ? zkl_lock_acquire_async(lock, -1)
		       : 0;
}

START_TEST(lock_again_in_a_callback)
{
	begin();
	now_do = acquire_again;
	ck_assert_int_eq(zkl_lock_acquire_async(mine, -1), ZKLOCK_OK);
	world_run(world, 500);
	saw("A:granted A:released A:granted A:released A:granted A:released A:granted A:released");
	end();
}
END_TEST

static int64_t free_handle(zklock_t *lock, const zklock_event_t *event)
{
	if (event->type != ZKLOCK_EVENT_GRANTED || lock != mine)
		return 0;
	zkl_lock_free(lock);
	mine = NULL;
	return 0;
}

START_TEST(free_in_a_callback)
{
	begin();
	now_do = free_handle;
	ck_assert_int_eq(zkl_lock_acquire_async(mine, -1), ZKLOCK_OK);
	ck_assert_int_eq(zkl_lock_acquire_async(other, -1), ZKLOCK_OK);
	world_run(world, 200);
	ck_assert_ptr_null(mine);
	ck_assert(zkl_lock_is_held(other));
	end();
}
END_TEST

static int64_t close_session(zklock_t *lock, const zklock_event_t *event)
{
	if (lock == mine && event->type == ZKLOCK_EVENT_GRANTED)
		world_close(a);
	return 0;
}

START_TEST(close_in_a_callback)
{
	begin();
	now_do = close_session;
	ck_assert_int_eq(zkl_lock_acquire_async(mine, -1), ZKLOCK_OK);
	ck_assert_int_eq(zkl_lock_acquire_async(other, -1), ZKLOCK_OK);
	world_run(world, 500);
	ck_assert(zkl_lock_is_held(other));
	ck_assert_uint_eq(world_contenders(world), 1);
	ck_assert_uint_eq(fake_sessions(world->fake), 1);
	ck_assert_int_eq(zkl_lock_acquire_async(mine, -1), ZKLOCK_ERR_CLOSED);
	end();
}
END_TEST

START_TEST(free_while_waiting_and_while_holding)
{
	begin();
	hold_and_wait();
	zkl_lock_free(other);
	other = NULL;
	world_run(world, 50);
	ck_assert_uint_eq(world_contenders(world), 1);
	zkl_lock_free(mine);
	mine = NULL;
	world_run(world, 50);
	ck_assert_uint_eq(world_contenders(world), 0);
	saw("");
	end();
}
END_TEST

START_TEST(cancel_is_told_once)
{
	begin();
	hold_and_wait();
	zkl_lock_cancel(other);
	zkl_lock_cancel(other);
	zkl_lock_cancel(mine); /* does not touch what is held */
	world_run(world, 50);
	saw("B:failed(9)");
	ck_assert(zkl_lock_is_held(mine));
	ck_assert_int_eq(zkl_lock_acquire_async(other, 100), ZKLOCK_OK);
	ck_assert_int_eq(zkl_lock_acquire_async(other, 100), ZKLOCK_ERR_IN_USE);
	world_run(world, 200);
	saw("B:queued B:failed(7)");
	end();
}
END_TEST

START_TEST(lost_is_told_once_and_unlock_says_so)
{
	int64_t token;

	begin();
	hold_and_wait();
	ck_assert_int_eq(zkl_lock_token(mine, &token), ZKLOCK_OK);
	fake_offline(a->host, true);
	world_run(world, 20000);
	saw("A:suspended A:lost B:granted");
	ck_assert(!zkl_lock_is_held(mine));
	ck_assert_int_eq(zkl_lock_release_async(mine), ZKLOCK_ERR_LOST);
	ck_assert_int_eq(zkl_lock_release_async(mine), ZKLOCK_ERR_NOT_HELD);
	fake_offline(a->host, false);
	world_run(world, 20000);
	saw("");
	end();
}
END_TEST

/* Row 20, R: the end of the session deletes what we may not, but not at the price of what is held.
 */
START_TEST(denied_delete_waits_for_what_is_held)
{
	zklock_t *y;

	begin();
	y = handle_of(a, "y", "Y");
	ck_assert_int_eq(zkl_lock_acquire_async(mine, -1), ZKLOCK_OK);
	ck_assert_int_eq(zkl_lock_acquire_async(y, -1), ZKLOCK_OK);
	world_run(world, 50);
	saw("A:granted Y:granted");
	ck_assert(fake_set_acl(world->fake, WORLD_LOCK, "digest:somebody:x:r"));
	ck_assert_int_eq(zkl_lock_release_async(mine), ZKLOCK_OK);
	world_run(world, 20000);
	saw("A:released(18)");
	ck_assert(zkl_lock_is_held(y));
	ck_assert_uint_eq(world_contenders(world), 1);
	ck_assert_int_eq(zkl_lock_release_async(y), ZKLOCK_OK);
	world_run(world, 1000);
	saw("Y:released");
	ck_assert_uint_eq(world_contenders(world), 0);
	zkl_lock_free(y);
	end();
}
END_TEST

/* ---- a thread that wakes late ---- */

static pthread_cond_t *asleep; /* who waits here sleeps on */

/* The scheduler of this test; it comes before the C library's own. */
int pthread_cond_signal(pthread_cond_t *cond)
{
	return cond == asleep ? 0 : pthread_cond_broadcast(cond);
}

static void *lock_and_unlock(void *results)
{
	int *result = results;

	result[0] = zkl_lock_acquire(mine, -1);
	result[1] = zkl_lock_release(mine);
	return NULL;
}

/* What the thread waits at for the lock, or NULL. */
static pthread_cond_t *waits_at(zklock_t *lock)
{
	struct zkl_hold *hold;
	pthread_cond_t *cond;

	zkl_loop_enter(lock->loop);
	hold = lock->holds ? lock->holds->data : NULL;
	cond = hold && hold->waiter ? &hold->waiter->cond : NULL;
	zkl_loop_leave(lock->loop);
	return cond;
}

/* Row 17: the znode was deleted between the grant and the return of the call. An error is no hold,
 * so there is nothing to give back, and the thread may take the lock again. */
START_TEST(granted_and_lost_before_the_thread_woke)
{
	zklock_options_t options = ZKLOCK_OPTIONS_INIT;
	pthread_t thread;
	int results[2];
	char *node;

	begin();
	zkl_lock_free(mine);
	mine = zkl_lock_new(a->pool, "x", &options);
	zkl_lock_set_callback(mine, on_event, (void *)"A");
	ck_assert_int_eq(zkl_lock_acquire_async(other, -1), ZKLOCK_OK);
	world_run(world, 50);
	pthread_create(&thread, NULL, lock_and_unlock, results);
	while (!waits_at(mine))
		sched_yield();
	world_run(world, 50);
	saw("B:granted A:queued");
	asleep = waits_at(mine);
	ck_assert_int_eq(zkl_lock_release_async(other), ZKLOCK_OK);
	world_run(world, 50);
	node = world_node(a);
	ck_assert(fake_delete(world->fake, node));
	g_free(node);
	world_run(world, 50);
	zkl_loop_enter(mine->loop); /* who wakes a waiter holds the loop, as the library does */
	pthread_cond_broadcast(asleep);
	zkl_loop_leave(mine->loop);
	pthread_join(thread, NULL);
	asleep = NULL;
	saw("A:granted B:released A:lost");
	ck_assert_int_eq(results[0], ZKLOCK_ERR_LOST);
	ck_assert_int_eq(results[1], ZKLOCK_ERR_NOT_HELD);
	end();
}
END_TEST

/* Row 34: no thread for the next session is a pause, and neither an end nor a crash. */
START_TEST(no_thread_for_a_new_session_is_tried_again)
{
	begin();
	hold_and_wait();
	fake_exhaust(b->host, true);
	fake_expire(b->host);
	world_run(world, 60000);
	saw("");
	ck_assert_int_eq(zkl_lock_release_async(mine), ZKLOCK_OK);
	world_run(world, 1000);
	saw("A:released");
	fake_exhaust(b->host, false);
	world_run(world, 10000);
	saw("B:granted");
	fake_exhaust(a->host, true);
	fake_expire(a->host);
	world_run(world, 100);
	ck_assert_int_eq(zkl_lock_acquire_async(mine, 500), ZKLOCK_OK);
	world_run(world, 1000);
	saw("A:failed(8)");
	end(); /* closes a session that has no transport */
}
END_TEST

START_TEST(events_by_descriptor)
{
	zklock_event_t event;
	struct pollfd fd = {.events = POLLIN};

	begin();
	fd.fd = zkl_lock_fd(mine);
	ck_assert_int_ge(fd.fd, 0);
	ck_assert_int_eq(poll(&fd, 1, 0), 0);
	ck_assert(!zkl_lock_next_event(mine, &event));
	ck_assert_int_eq(zkl_lock_acquire_async(mine, -1), ZKLOCK_OK);
	world_run(world, 50);
	ck_assert_int_eq(poll(&fd, 1, 0), 1);
	ck_assert(zkl_lock_next_event(mine, &event));
	ck_assert_int_eq(event.type, ZKLOCK_EVENT_GRANTED);
	ck_assert_int_gt(event.token, 0);
	ck_assert_int_gt(event.remaining_ms, 0);
	ck_assert(!zkl_lock_next_event(mine, &event));
	ck_assert_int_eq(poll(&fd, 1, 0), 0);
	end();
}
END_TEST

/* ---- a handle that is freed ---- */

static void *lock_only(void *result)
{
	*(int *)result = zkl_lock_acquire(mine, -1);
	return NULL;
}

/* A thread that waits for `mine`, now bound to it, and sleeps on when it has it. */
static pthread_t lock_in_a_thread(int *result)
{
	zklock_options_t options = ZKLOCK_OPTIONS_INIT;
	pthread_t thread;

	zkl_lock_free(mine);
	mine = zkl_lock_new(a->pool, "x", &options);
	pthread_create(&thread, NULL, lock_only, result);
	while (!waits_at(mine))
		sched_yield();
	asleep = waits_at(mine);
	world_run(world, 50);
	ck_assert_uint_eq(world_contenders(world), 1);
	return thread;
}

static void wake_and_join(pthread_t thread)
{
	zkl_loop_enter(a->loop);
	pthread_cond_broadcast(asleep);
	zkl_loop_leave(a->loop);
	pthread_join(thread, NULL);
	asleep = NULL;
}

static void counted(struct world_client *client, int64_t held, int64_t waiting)
{
	const struct zkl_metrics *m = zkl_pool_metrics(client->pool);

	ck_assert_int_eq(m->held, held);
	ck_assert_int_eq(m->waiting, waiting);
}

/* What nobody can give back any more is given back by the library. */
START_TEST(granted_and_freed_before_the_thread_woke)
{
	pthread_t thread;
	int result;

	begin();
	thread = lock_in_a_thread(&result);
	counted(a, 1, 0);
	zkl_lock_free(mine);
	mine = NULL;
	wake_and_join(thread);
	ck_assert_int_eq(result, ZKLOCK_ERR_CANCELLED);
	counted(a, 0, 0);
	world_run(world, 50);
	ck_assert_uint_eq(world_contenders(world), 0);
	end();
}
END_TEST

static unsigned left; /* references, after the handle was freed */

static void free_meanwhile(zklock_t *lock, uint64_t thread)
{
	zkl_lock_free(lock);
	zkl_loop_enter(a->loop);
	left = lock->refs;
	zkl_handle_unref(lock);
	zkl_loop_leave(a->loop);
}

/* A thread exits with the lock, and another one frees the handle between the look into the book and
 * the monitor. */
START_TEST(freed_as_its_holder_exits)
{
	pthread_t thread;
	int result;

	begin();
	thread = lock_in_a_thread(&result);
	wake_and_join(thread);
	ck_assert_int_eq(result, ZKLOCK_OK);
	counted(a, 0, 0);
	ck_assert_uint_eq(mine->refs, 1); /* ours: the thread has left none */
	world_run(world, 50);
	ck_assert_uint_eq(world_contenders(world), 0);
	thread = lock_in_a_thread(&result);
	zkl_book_on_exit(free_meanwhile);
	wake_and_join(thread);
	mine = NULL;
	ck_assert_uint_eq(left, 1);
	end();
}
END_TEST

START_TEST(what_is_freed_is_counted_no_more)
{
	begin();
	hold_and_wait();
	counted(a, 1, 0);
	counted(b, 0, 1);
	zkl_lock_free(other);
	zkl_lock_free(mine);
	other = mine = NULL;
	counted(a, 0, 0);
	counted(b, 0, 0);
	ck_assert_uint_eq(zkl_pool_metrics(a->pool)->hold.count, 1);
	ck_assert_uint_eq(zkl_pool_metrics(b->pool)->acquired[ZKLOCK_ERR_CANCELLED], 1);
	end();
}
END_TEST

/* ---- what nobody can guess ---- */

static bool no_random_bytes;

/* The kernel of this test; it comes before the C library's own. */
ssize_t getrandom(void *bytes, size_t size, unsigned flags)
{
	if (!no_random_bytes)
		return syscall(SYS_getrandom, bytes, size, flags);
	errno = ENOSYS;
	return -1;
}

START_TEST(no_random_bytes_no_seal)
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;

	no_random_bytes = true;
	begin();
	zkl_pool_info(a->pool, &info);
	ck_assert(!info.sealed);
	hold_and_wait();
	ck_assert_int_eq(zkl_lock_release_async(mine), ZKLOCK_OK);
	world_run(world, 50);
	saw("A:released B:granted");
	end();
	no_random_bytes = false;
}
END_TEST

/* Row 7, J: the create's answer is lost, and then its caller leaves. */
START_TEST(a_node_that_nobody_wants_is_deleted_and_counted)
{
	const struct fake_fault lost_answer = {.kind = FAKE_LOSE,
		.place = FAKE_AT_CLIENT,
		.op = ZKL_OP_CREATE,
		.host = FAKE_ANY,
		.ms = 500};
	struct zkl_session_metrics sum = {0};

	begin();
	ck_assert_int_eq(zkl_lock_acquire_async(mine, -1), ZKLOCK_OK); /* makes the parents */
	world_run(world, 50);
	ck_assert_int_eq(zkl_lock_release_async(mine), ZKLOCK_OK);
	world_run(world, 50);
	saw("A:granted A:released");
	fake_plan(world->fake, &lost_answer);
	ck_assert_int_eq(zkl_lock_acquire_async(mine, -1), ZKLOCK_OK);
	zkl_lock_cancel(mine);
	world_run(world, 3000);
	zkl_pool_session_metrics(a->pool, &sum);
	ck_assert_uint_eq(sum.ghosts, 1);
	ck_assert_uint_eq(sum.retries[ZKL_OP_CREATE][ZKL_RC_CONNECTION], 1);
	saw("A:failed(9)");
	end();
}
END_TEST

CHECK_MAIN("handles", granted_and_released_once, release_in_a_callback, lock_again_in_a_callback,
	free_in_a_callback, close_in_a_callback, free_while_waiting_and_while_holding,
	cancel_is_told_once, lost_is_told_once_and_unlock_says_so,
	denied_delete_waits_for_what_is_held, no_thread_for_a_new_session_is_tried_again,
	granted_and_lost_before_the_thread_woke, events_by_descriptor,
	granted_and_freed_before_the_thread_woke, freed_as_its_holder_exits,
	what_is_freed_is_counted_no_more, no_random_bytes_no_seal,
	a_node_that_nobody_wants_is_deleted_and_counted)
