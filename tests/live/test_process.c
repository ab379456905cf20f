/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_process.c - what happens to a process and its threads while they join, wait, hold or
 * release: fork, cancellation, signals, no descriptors left (faults.md rows 24, 27, 28, 34). A
 * proxy holds back the reply that would end the state.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "live/live.h"
#include "live/proxy.h"

#define LONG_T	 20000 /* nothing here may be cleaned up by the end of a session */
#define NAME	 "process"
#define NO_ERROR (-1) /* the call has not returned */

enum state { JOINING, WAITING, HOLDING, RELEASING, STATES };

struct scene {
	enum state state;
	struct proxy *proxy;
	zklock_session_t *others, *s;
	zklock_t *first, *lock; /* the first holds it while the other one waits */
	int64_t timeout_ms, unlock_timeout_ms;
	pthread_t thread;
	atomic_int tid, holds, may_unlock;
	int lock_error, unlock_error;
	bool knows; /* that it holds */
};

/* ---- the states ------------------------------------------------------------------------------ */

static void await_uncancelled(atomic_int *value)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	live_await(value, 1);
	pthread_setcancelstate(state, NULL);
}

static void *contend(void *arg)
{
	struct scene *c = arg;
	int64_t token;

	atomic_store(&c->tid, gettid());
	c->lock_error = zklock_timedlock(c->lock, c->timeout_ms);
	if (c->lock_error)
		return NULL;
	atomic_store(&c->holds, 1);
	await_uncancelled(&c->may_unlock);
	/* ck_assert() is a cancellation point, these are not */
	c->knows = zklock_is_held(c->lock) && zklock_remaining_ms(c->lock) > 0 &&
		   zklock_token(c->lock, &token) == ZKLOCK_OK;
	c->unlock_error = zklock_unlock(c->lock);
	pthread_testcancel();
	return NULL;
}

/* Something to hold, and its parents. */
static void set(struct scene *c)
{
	zklock_options_t options = ZKLOCK_OPTIONS_INIT;

	c->proxy = proxy_start(live_first_server());
	c->others = live_session(0);
	c->s = live_session_at(proxy_address(c->proxy), LONG_T);
	c->first = live_lock(c->others, NAME, ZKLOCK_UNBOUND);
	options.unlock_timeout_ms = c->unlock_timeout_ms;
	ck_ok(zklock_new(c->s, NAME, &options, &c->lock));
	ck_ok(zklock_lock(c->first));
	if (c->state != WAITING)
		ck_ok(zklock_unlock(c->first));
	c->lock_error = c->unlock_error = NO_ERROR;
}

static void enter(struct scene *c, enum state state, int64_t timeout_ms)
{
	c->state = state;
	c->timeout_ms = timeout_ms;
	set(c);
	if (state == JOINING)
		proxy_hold(c->proxy, PROXY_CREATE);
	ck_assert_int_eq(pthread_create(&c->thread, NULL, contend, c), 0);
	if (state == JOINING)
		proxy_await(c->proxy);
	else if (state == WAITING)
		live_wait_contenders(c->others, NAME, 2);
	else
		live_await(&c->holds, 1);
	if (state != RELEASING)
		return;
	proxy_hold(c->proxy, PROXY_SIGNOFF);
	atomic_store(&c->may_unlock, 1);
	proxy_await(c->proxy);
}

/* What ends the state. */
static void go_on(struct scene *c)
{
	if (c->state == WAITING)
		ck_ok(zklock_unlock(c->first));
	else
		proxy_go(c->proxy);
	atomic_store(&c->may_unlock, 1);
}

static void *finish(struct scene *c)
{
	void *result;

	ck_assert_int_eq(pthread_join(c->thread, &result), 0);
	return result;
}

static void clear(struct scene *c)
{
	ck_ok(zklock_free(c->lock));
	ck_ok(zklock_free(c->first));
	live_close(c->s);
	live_close(c->others);
	proxy_stop(c->proxy);
}

/* ---- fork: row 24 ---------------------------------------------------------------------------- */

static bool is_refused(zklock_session_t *session, zklock_t *lock)
{
	int64_t token;

	return zklock_lock(lock) == ZKLOCK_ERR_FORKED &&
	       zklock_trylock(lock) == ZKLOCK_ERR_FORKED &&
	       zklock_unlock(lock) == ZKLOCK_ERR_FORKED &&
	       zklock_cancel(lock) == ZKLOCK_ERR_FORKED && zklock_free(lock) == ZKLOCK_ERR_FORKED &&
	       zklock_token(lock, &token) == ZKLOCK_ERR_FORKED &&
	       zklock_session_close(session, 0) == ZKLOCK_ERR_FORKED && !zklock_is_held(lock) &&
	       zklock_remaining_ms(lock) == 0;
}

START_TEST(a_forked_child_is_refused_and_the_parent_unharmed)
{
	struct scene c = {0};
	int status;
	pid_t pid;

	enter(&c, (enum state)_i, -1);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(is_refused(c.s, c.lock) ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	go_on(&c);
	finish(&c);
	ck_ok(c.lock_error);
	ck_ok(c.unlock_error);
	clear(&c);
}
END_TEST

/* ---- pthread_cancel: row 27 ------------------------------------------------------------------ */

static bool ends_at_once(enum state state)
{
	return state == JOINING || state == WAITING;
}

START_TEST(a_cancelled_thread_leaves_nothing_behind)
{
	struct scene c = {0};

	enter(&c, (enum state)_i, -1);
	pthread_cancel(c.thread);
	if (ends_at_once(c.state)) {
		ck_assert_ptr_eq(finish(&c), PTHREAD_CANCELED);
		ck_assert_int_eq(c.lock_error, NO_ERROR);
		if (c.state == WAITING)
			live_wait_contenders(
				c.others, NAME, 1); /* while the other still holds it */
		go_on(&c);
	} else { /* what it holds it must give back first */
		ck_assert_int_eq(pthread_tryjoin_np(c.thread, NULL), EBUSY);
		go_on(&c);
		ck_assert_ptr_eq(finish(&c), PTHREAD_CANCELED);
		ck_assert(c.knows);
		ck_ok(c.unlock_error);
	}
	live_wait_contenders(c.others, NAME, 0);
	ck_ok(zklock_timedlock(c.lock, LIVE_GUARD_MS)); /* the handle is as before */
	ck_ok(zklock_unlock(c.lock));
	clear(&c);
}
END_TEST

/* ---- signals: row 28 ------------------------------------------------------------------------- */

static atomic_int signals, last_tid;

static void on_signal(int number)
{
	(void)number;
	atomic_store(&last_tid, gettid());
	atomic_fetch_add(&signals, 1);
}

/* To the process: with this thread blocking it, only the waiting one is left to take it, as threads
 * of the library and of the client below it take none. */
static void send_signals(struct scene *c)
{
	struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaction(SIGUSR1, &action, NULL);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (int i = 1; i <= 100; i++) {
		kill(getpid(), SIGUSR1);
		live_await(&signals, i);
		ck_assert_int_eq(atomic_load(&last_tid), atomic_load(&c->tid));
	}
}

START_TEST(signals_reach_the_waiting_thread_and_end_no_wait)
{
	struct scene c = {0};

	enter(&c, (enum state)_i, -1);
	send_signals(&c);
	go_on(&c);
	finish(&c);
	ck_ok(c.lock_error);
	ck_ok(c.unlock_error);
	clear(&c);
}
END_TEST

/* ---- no descriptors left: row 34 ------------------------------------------------------------- */

/* From here on this process gets no new one; those that are open go on. */
static struct rlimit take_descriptors(void)
{
	struct rlimit before, none;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	return before;
}

static void await_disconnected(zklock_session_t *s)
{
	int64_t end = live_now_ms() + LIVE_GUARD_MS;

	while (zklock_session_state(s) == ZKLOCK_SESSION_CONNECTED) {
		ck_assert_int_lt(live_now_ms(), end);
		poll(NULL, 0, 1);
	}
}

/* Connected again in the same session, the library removes what it could not remove before. */
static void is_removed_later(struct scene *c, struct rlimit before, size_t left)
{
	ck_assert_uint_eq(live_contenders(c->others, NAME), left + 1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	live_wait_contenders(c->others, NAME, left);
	ck_assert_int_eq(live_info(c->s).sessions, 1);
}

START_TEST(a_waiter_without_descriptors_is_removed_later)
{
	struct scene c = {0};
	struct rlimit before;

	enter(&c, WAITING, 2000);
	before = take_descriptors();
	proxy_cut(c.proxy);
	finish(&c);
	ck_assert(c.lock_error == ZKLOCK_ERR_TIMEOUT || c.lock_error == ZKLOCK_ERR_UNAVAILABLE);
	is_removed_later(&c, before, 1);
	go_on(&c);
	clear(&c);
}
END_TEST

START_TEST(a_release_without_descriptors_is_repeated)
{
	struct scene c = {.unlock_timeout_ms = 1000};
	struct rlimit before;

	enter(&c, HOLDING, -1);
	before = take_descriptors();
	proxy_cut(c.proxy);
	await_disconnected(c.s);
	go_on(&c);
	finish(&c);
	ck_error(c.unlock_error, ZKLOCK_ERR_PENDING);
	is_removed_later(&c, before, 0);
	clear(&c);
}
END_TEST

/* ---- numbers of requests --------------------------------------------------------------------- */

static atomic_llong fake_time;

/* The client numbers its requests from the time of day on (traps.md 20, bugs.md 50). */
__attribute__((visibility("default"))) time_t time(time_t *ret)
{
	struct timespec t;
	time_t now;

	clock_gettime(CLOCK_REALTIME, &t);
	now = atomic_load(&fake_time) ? (time_t)atomic_load(&fake_time) : t.tv_sec;
	if (ret)
		*ret = now;
	return now;
}

START_TEST(requests_are_numbered_beyond_2_to_the_31)
{
	zklock_session_t *s;
	zklock_t *lock;

	ck_assert_ptr_eq(
		dlsym(RTLD_DEFAULT, "time"), (void *)time); /* the client has it from here */
	atomic_store(&fake_time, INT32_MAX - 20);
	s = live_session(0);
	lock = live_lock(s, NAME, 0);
	for (int i = 0; i < 20; i++) {
		ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
		ck_ok(zklock_unlock(lock));
	}
	ck_assert_int_gt(live_info(s).writes + live_info(s).reads, 40);
	ck_assert_int_eq(live_info(s).sessions, 1);
	zklock_free(lock);
	live_close(s);
}
END_TEST

static Suite *process(void)
{
	Suite *suite = suite_create("process");
	TCase *tc = live_case("process", CHECK_HANG);

	tcase_add_loop_test(tc, a_forked_child_is_refused_and_the_parent_unharmed, 0, STATES);
	tcase_add_loop_test(tc, a_cancelled_thread_leaves_nothing_behind, 0, STATES);
	tcase_add_loop_test(tc, signals_reach_the_waiting_thread_and_end_no_wait, 0, STATES);
	tcase_add_test(tc, a_waiter_without_descriptors_is_removed_later);
	tcase_add_test(tc, a_release_without_descriptors_is_repeated);
	tcase_add_test(tc, requests_are_numbered_beyond_2_to_the_31);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(process());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
