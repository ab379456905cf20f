/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_mutex.c - what we promise of an exclusive lock, on real servers.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/live.h"

#define SHORT_T 4000 /* the shortest session timeout that servers with the usual tick allow */

#define CROWD 100

static int end_of(zklock_t *lock)
{
	struct pollfd fd = {.fd = zklock_fd(lock), .events = POLLIN};
	zklock_event_t event;

	do
		ck_assert_int_eq(poll(&fd, 1, LIVE_GUARD_MS), 1);
	while (!zklock_next_event(lock, &event) || event.type != ZKLOCK_EVENT_FAILED);
	return event.error;
}

/* Ten times a hundred waiters, of whom nobody gets the lock. */
static void thousand_leave(
	const char *name, void (*wait)(zklock_t *lock, int i), void (*leave)(zklock_t *lock))
{
	struct live_holder holder = live_hold(name, 0);
	zklock_session_t *s = live_session(0);
	zklock_t *locks[CROWD];

	live_wait_held(&holder);
	for (int i = 0; i < CROWD; i++) {
		locks[i] = live_lock(s, name, ZKLOCK_UNBOUND);
		ck_assert_int_ge(zklock_fd(locks[i]), 0);
	}
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < CROWD; i++)
			wait(locks[i], i);
		for (int i = 0; i < CROWD; i++)
			leave(locks[i]);
	}
	live_wait_contenders(s, name, 1);
	live_kill(&holder, SIGTERM);
	for (int i = 0; i < CROWD; i++)
		zklock_free(locks[i]);
	live_close(s);
}

static void wait_a_little(zklock_t *lock, int i)
{
	ck_ok(zklock_lock_async(lock, 1 + i % 40));
}

static void time_out(zklock_t *lock)
{
	int error = end_of(lock);

	ck_assert(error == ZKLOCK_ERR_TIMEOUT || error == ZKLOCK_ERR_UNAVAILABLE);
}

START_TEST(thousand_timeouts_leave_no_node)
{
	thousand_leave("timeouts", wait_a_little, time_out);
}
END_TEST

static void wait_for_ever(zklock_t *lock, int i)
{
	ck_ok(zklock_lock_async(lock, -1));
	if (i % 3 == 0) /* at once; the others somewhere on their way */
		ck_ok(zklock_cancel(lock));
}

static void cancel(zklock_t *lock)
{
	ck_ok(zklock_cancel(lock));
	ck_error(end_of(lock), ZKLOCK_ERR_CANCELLED);
}

START_TEST(thousand_cancels_leave_no_node)
{
	thousand_leave("cancels", wait_for_ever, cancel);
}
END_TEST

START_TEST(thread_that_holds_it_elsewhere_gets_deadlock)
{
	zklock_session_t *s = live_session(0), *t = live_session(0);
	zklock_t *a = live_lock(s, "deadlock", 0), *b = live_lock(t, "deadlock", 0);

	ck_ok(zklock_lock(a));
	ck_error(zklock_lock(b), ZKLOCK_ERR_DEADLOCK);
	ck_ok(zklock_unlock(a));
	ck_ok(zklock_lock(b));
	ck_ok(zklock_unlock(b));
	zklock_free(a);
	zklock_free(b);
	live_close(s);
	live_close(t);
}
END_TEST

static void *lock_and_exit(void *arg)
{
	ck_ok(zklock_lock(arg));
	return NULL;
}

/* faults.md row 26, H */
START_TEST(thread_that_exits_holding_releases)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "thread-exit", 0);
	pthread_t thread;

	zklock_set_log(NULL, ZKLOCK_LOG_ERROR, NULL);
	pthread_create(&thread, NULL, lock_and_exit, lock);
	pthread_join(thread, NULL);
	ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
	ck_ok(zklock_unlock(lock));
	zklock_free(lock);
	live_close(s);
}
END_TEST

static void *lock_for_ever(void *arg)
{
	zklock_lock(arg);
	return NULL;
}

/* faults.md row 27, W */
START_TEST(pthread_cancel_of_a_waiter_removes_its_node)
{
	zklock_session_t *s = live_session(0);
	zklock_t *holder = live_lock(s, "pthread-cancel", 0),
		 *lock = live_lock(s, "pthread-cancel", 0);
	pthread_t thread;
	void *result;

	ck_ok(zklock_lock(holder));
	pthread_create(&thread, NULL, lock_for_ever, lock);
	live_wait_contenders(s, "pthread-cancel", 2);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	ck_assert_ptr_eq(result, PTHREAD_CANCELED);
	live_wait_contenders(s, "pthread-cancel", 1);
	ck_ok(zklock_unlock(holder));
	ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
	ck_ok(zklock_unlock(lock));
	zklock_free(holder);
	zklock_free(lock);
	live_close(s);
}
END_TEST

/* faults.md row 24 */
START_TEST(fork_child_is_refused_and_the_parent_unharmed)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "fork", 0);
	int status;
	pid_t pid;

	ck_ok(zklock_lock(lock));
	pid = fork();
	if (pid == 0) {
		int64_t token;
		bool refused = zklock_lock(lock) == ZKLOCK_ERR_FORKED &&
			       zklock_unlock(lock) == ZKLOCK_ERR_FORKED &&
			       zklock_free(lock) == ZKLOCK_ERR_FORKED &&
			       zklock_token(lock, &token) == ZKLOCK_ERR_FORKED &&
			       zklock_session_close(s, 0) == ZKLOCK_ERR_FORKED &&
			       !zklock_is_held(lock) && zklock_remaining_ms(lock) == 0;

		_exit(refused ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	ck_assert(zklock_is_held(lock));
	ck_ok(zklock_unlock(lock));
	zklock_free(lock);
	live_close(s);
}
END_TEST

static pthread_barrier_t turn;

static void *hold_for_a_turn(void *lock)
{
	int error = zklock_lock(lock);

	pthread_barrier_wait(&turn);
	pthread_barrier_wait(&turn);
	if (!error)
		error = zklock_unlock(lock);
	return (void *)(intptr_t)error;
}

START_TEST(unlock_by_another_thread_is_refused)
{
	struct live_holder holder = live_hold("not-owner", SHORT_T);
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "not-owner", 0);
	pthread_t thread;
	void *result;

	live_wait_held(&holder);
	ck_error(zklock_unlock(lock), ZKLOCK_ERR_NOT_HELD);
	live_kill(&holder, SIGKILL);
	pthread_barrier_init(&turn, NULL, 2);
	pthread_create(&thread, NULL, hold_for_a_turn, lock);
	live_wait_contenders(s, "not-owner", 2);
	ck_error(zklock_unlock(lock), ZKLOCK_ERR_NOT_HELD); /* the other one only waits */
	pthread_barrier_wait(&turn);
	ck_error(zklock_unlock(lock), ZKLOCK_ERR_NOT_OWNER);
	pthread_barrier_wait(&turn);
	pthread_join(thread, &result);
	ck_ok((int)(intptr_t)result);
	pthread_barrier_destroy(&turn);
	zklock_free(lock);
	live_close(s);
}
END_TEST

START_TEST(close_ends_waits_and_releases)
{
	zklock_session_t *s = live_session(0), *t = live_session(0);
	zklock_t *holder = live_lock(s, "close", 0), *lock = live_lock(t, "close", 0);
	struct live_worker waiter = {0};

	ck_ok(zklock_lock(holder));
	live_begin(&waiter, lock, -1);
	live_wait_contenders(s, "close", 2);
	live_close(t);
	ck_error(live_finish(&waiter), ZKLOCK_ERR_CANCELLED);
	ck_error(zklock_lock(lock), ZKLOCK_ERR_CLOSED);
	ck_ok(zklock_free(lock));
	live_close(s);
	ck_error(zklock_unlock(holder), ZKLOCK_ERR_LOST);
	ck_ok(zklock_free(holder));
}
END_TEST

/* ---- a close under calls that wait ------------------------------------------------------------
 */

struct asker {
	pthread_t thread;
	zklock_session_t *session;
	int (*ask)(zklock_session_t *session);
	atomic_int tid;
	int error;
};

static int ask_for_owners(zklock_session_t *session)
{
	zklock_owners_t *owners;

	return zklock_owners(session, "closed", 0, LIVE_GUARD_MS, &owners);
}

static int ask_for_contact(zklock_session_t *session)
{
	return zklock_session_wait_connected(session, LIVE_GUARD_MS);
}

static void *run_asker(void *arg)
{
	struct asker *asker = arg;

	asker->tid = gettid();
	asker->error = asker->ask(asker->session);
	return NULL;
}

static bool sleeps(int tid)
{
	char path[64], line[512] = "", *end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "r");
	if (file) {
		end = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
		fclose(file);
		return end && end[2] == 'S';
	}
	return false;
}

static void start_asker(
	struct asker *asker, zklock_session_t *session, int (*ask)(zklock_session_t *session))
{
	asker->session = session;
	asker->ask = ask;
	pthread_create(&asker->thread, NULL, run_asker, asker);
	for (int calm = 0, looks = 0; calm < 5 && looks < LIVE_GUARD_MS; looks++) {
		calm = asker->tid && sleeps(asker->tid) ? calm + 1 : 0;
		poll(NULL, 0, 1);
	}
}

START_TEST(close_ends_calls_that_wait_for_servers)
{
	for (int round = 0; round < 20; round++) {
		struct asker owners = {0}, contact = {0};
		zklock_session_t *s;

		ck_ok(zklock_session_open("127.0.0.1:1", NULL, &s));
		start_asker(&owners, s, ask_for_owners);
		start_asker(&contact, s, ask_for_contact);
		zklock_session_close(s, 0);
		pthread_join(owners.thread, NULL);
		pthread_join(contact.thread, NULL);
		ck_assert_int_eq(owners.error, ZKLOCK_ERR_CLOSED);
		ck_assert_int_eq(contact.error, ZKLOCK_ERR_CLOSED);
	}
}
END_TEST

struct callback_log {
	atomic_int granted, released, lost, in_callback_error, closed;
	zklock_session_t *session;
};

static void close_in_callback(zklock_t *lock, const zklock_event_t *event, void *user)
{
	struct callback_log *log = user;

	if (event->type != ZKLOCK_EVENT_GRANTED)
		return;
	log->granted++;
	log->in_callback_error = zklock_lock(lock);
	zklock_unlock_async(lock);
	zklock_free(lock);
	zklock_session_close(log->session, 1000);
	log->closed = 1;
}

START_TEST(callbacks_may_free_and_close)
{
	struct callback_log log = {.session = live_session(0)};
	zklock_t *lock = live_lock(log.session, "callback", ZKLOCK_UNBOUND);
	int looks = 0;

	ck_ok(zklock_set_event_callback(lock, close_in_callback, &log));
	ck_ok(zklock_lock_async(lock, LIVE_GUARD_MS));
	while (!log.closed && looks++ < LIVE_GUARD_MS / 10)
		poll(NULL, 0, 10);
	ck_assert_int_eq(log.granted, 1);
	ck_assert_int_eq(log.in_callback_error, ZKLOCK_ERR_IN_CALLBACK);
}
END_TEST

START_TEST(misuse_gets_an_error)
{
	zklock_session_t *s = live_session(0);
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	zklock_t *lock;
	int64_t token;

	zklock_set_log(NULL, ZKLOCK_LOG_ERROR, NULL);
	ck_error(zklock_session_open(NULL, NULL, &s), ZKLOCK_ERR_INVALID);
	ck_error(zklock_session_open("", NULL, &s), ZKLOCK_ERR_SERVERS);
	ck_error(zklock_session_open("a:b:c:d", NULL, &s), ZKLOCK_ERR_SERVERS);
	options.root = "/zookeeper/locks";
	ck_error(zklock_session_open(live_servers(), &options, &s), ZKLOCK_ERR_NAME);
	options.root = NULL;
	options.session_timeout_ms = 500;
	options.margin_ms = 400;
	ck_error(zklock_session_open(live_servers(), &options, &s), ZKLOCK_ERR_SETTINGS);
	ck_error(zklock_new(NULL, "x", NULL, &lock), ZKLOCK_ERR_INVALID);
	ck_error(zklock_new(s, NULL, NULL, &lock), ZKLOCK_ERR_INVALID);
	ck_error(zklock_new(s, "a/b", NULL, &lock), ZKLOCK_ERR_NAME);
	ck_error(zklock_new(s, "..", NULL, &lock), ZKLOCK_ERR_NAME);
	ck_error(zklock_new(s, "zookeeper", NULL, &lock), ZKLOCK_ERR_NAME);
	ck_error(zklock_lock(NULL), ZKLOCK_ERR_INVALID);
	ck_error(zklock_unlock(NULL), ZKLOCK_ERR_INVALID);
	ck_error(zklock_token(NULL, &token), ZKLOCK_ERR_INVALID);
	ck_assert(!zklock_is_held(NULL));
	lock = live_lock(s, "misuse", 0);
	ck_error(zklock_lock_async(lock, 0), ZKLOCK_ERR_INVALID); /* not unbound */
	ck_error(zklock_with(lock, 0, NULL, NULL, NULL), ZKLOCK_ERR_INVALID);
	zklock_free(lock);
#ifdef ZKLOCK_DEBUG /* else undefined */
	ck_error(zklock_lock(lock), ZKLOCK_ERR_INVALID);
	ck_error(zklock_unlock(lock), ZKLOCK_ERR_INVALID);
	zklock_free(lock);
#endif
	live_close(s);
}
END_TEST

/* A short hold pays for no watch and no proof: one create, one list, one sign-off. */
START_TEST(uncontended_cycle_costs_two_writes_and_one_read)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "counts", 0);
	zklock_session_info_t before = ZKLOCK_SESSION_INFO_INIT, after = ZKLOCK_SESSION_INFO_INIT;

	ck_ok(zklock_lock(lock)); /* the parents are there from now on */
	ck_ok(zklock_unlock(lock));
	zklock_session_info(s, &before);
	ck_ok(zklock_lock(lock));
	ck_ok(zklock_unlock(lock));
	zklock_session_info(s, &after);
	ck_assert_int_eq(after.writes - before.writes, 2);
	ck_assert_int_eq(after.reads - before.reads, 1);
	ck_assert_int_eq(after.proofs - before.proofs, 0);
	zklock_free(lock);
	live_close(s);
}
END_TEST

#define PROCESSES    32
#define ACQUISITIONS 200

struct shared {
	atomic_int inside;
	atomic_long overlaps, disorder, count;
	_Atomic int64_t last_token;
	long plain;
};

static void contend(struct shared *shared)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "torrent", 0);
	int64_t token;

	for (int i = 0; i < ACQUISITIONS; i++) {
		ck_ok(zklock_timedlock(lock, 10 * LIVE_GUARD_MS));
		if (atomic_fetch_add(&shared->inside, 1))
			shared->overlaps++;
		ck_ok(zklock_token(lock, &token));
		if (token <= shared->last_token) /* the token is the place in the queue */
			shared->disorder++;
		shared->last_token = token;
		shared->plain++;
		atomic_fetch_sub(&shared->inside, 1);
		ck_ok(zklock_unlock(lock));
	}
	zklock_free(lock);
	live_close(s);
	_exit(0);
}

START_TEST(thirty_two_processes_two_hundred_acquisitions)
{
	struct shared *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			contend(shared);
	for (int i = 0; i < PROCESSES; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(shared->overlaps, 0);
	ck_assert_int_eq(shared->disorder, 0);
	ck_assert_int_eq(shared->plain, PROCESSES * ACQUISITIONS);
	munmap(shared, sizeof(*shared));
}
END_TEST

LIVE_MAIN("mutex", thousand_timeouts_leave_no_node, thousand_cancels_leave_no_node,
	thread_that_holds_it_elsewhere_gets_deadlock, thread_that_exits_holding_releases,
	pthread_cancel_of_a_waiter_removes_its_node, fork_child_is_refused_and_the_parent_unharmed,
	unlock_by_another_thread_is_refused, close_ends_waits_and_releases,
	close_ends_calls_that_wait_for_servers, callbacks_may_free_and_close, misuse_gets_an_error,
	uncontended_cycle_costs_two_writes_and_one_read,
	thirty_two_processes_two_hundred_acquisitions)
