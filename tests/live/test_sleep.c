/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sleep.c - processes that sleep for longer than their session lives (P3; faults.md rows 3
 * and 4): stopped, and on a machine that was suspended.
 *
 * A suspended machine differs from a stopped process in this: CLOCK_MONOTONIC stands still, only
 * CLOCK_BOOTTIME goes on. So the process is stopped, and when it goes on its monotonic clocks have
 * been turned back by as long. They are read by clock_gettime() as this program defines it, which
 * the libraries call, too.
 */
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "live/live.h"
#include "live/proxy.h"

#define SHORT_T 4000

/* What a process that sleeps tells, in order. */
struct tale {
	atomic_int stage;   /* 1: holds or waits, 2: woke up, 3: asked again */
	atomic_int go;	    /* the test lets it begin */
	int64_t timeout_ms; /* of its session; 0: SHORT_T */
	atomic_llong suspended_ms;
	int64_t remaining;
	bool held;
	int lost_before, lost_after, unlock[3], token_error;
	enum zklock_cause cause;
	int64_t token, token_again;
};

/* ---- the clocks of a suspended machine ------------------------------------------------------- */

static struct tale *mine; /* NULL: not a process that sleeps */

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *t)
{
	long rc = syscall(SYS_clock_gettime, clock, t);

	if (rc != 0 || !mine)
		return (int)rc;
	if (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW ||
		clock == CLOCK_MONOTONIC_COARSE) {
		int64_t ms = atomic_load(&mine->suspended_ms);

		t->tv_sec -= ms / 1000;
		t->tv_nsec -= ms % 1000 * 1000000;
		if (t->tv_nsec < 0) {
			t->tv_nsec += 1000000000;
			t->tv_sec--;
		}
	}
	return 0;
}

static int64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- actors ---------------------------------------------------------------------------------- */

static struct tale *new_tale(void)
{
	struct tale *tale = mmap(
		NULL, sizeof(*tale), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(tale, MAP_FAILED);
	return tale;
}

/* Before the test has threads of its own. */
static pid_t act(void (*part)(const char *, const char *, struct tale *), const char *servers,
	const char *name, struct tale *tale)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid != 0)
		return pid;
	mine = tale;
	part(servers, name, tale);
	_exit(0);
}

static void applaud(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* From kill(SIGSTOP) on, which was at `since`. */
static void wake(pid_t pid, struct tale *tale, int64_t since, bool suspended)
{
	if (suspended)
		atomic_store(&tale->suspended_ms, live_now_ms() - since);
	kill(pid, SIGCONT);
}

/* Returns once the process has slept for a second and more, with nothing done since it woke. */
static void notice_a_sleep(void)
{
	int64_t seen = live_now_ms(), now;

	for (; (now = live_now_ms()) - seen < 1000; seen = now)
		;
}

/* Queues up for the name; unbound, with events by descriptor. */
static zklock_t *queue_up(zklock_session_t *session, const char *name)
{
	zklock_t *lock = live_lock(session, name, ZKLOCK_UNBOUND);

	zklock_fd(lock);
	ck_ok(zklock_lock_async(lock, -1));
	return lock;
}

static int64_t token_of(zklock_t *lock)
{
	int64_t token;

	ck_ok(zklock_token(lock, &token));
	return token;
}

/* ---- holders --------------------------------------------------------------------------------- */

static atomic_int lost, may_return;
static enum zklock_cause last_cause;

static void count_lost(zklock_t *lock, const zklock_event_t *event, void *user)
{
	(void)lock;
	(void)user;
	if (event->type != ZKLOCK_EVENT_LOST)
		return;
	last_cause = event->cause;
	atomic_fetch_add(&lost, 1);
}

/* A callback that takes its time holds up the events of its session, and nothing else. */
static void take_your_time(zklock_t *lock, const zklock_event_t *event, void *user)
{
	(void)lock;
	(void)user;
	if (event->type == ZKLOCK_EVENT_GRANTED)
		live_await(&may_return, 1);
}

static zklock_t *keep_the_callbacks_busy(zklock_session_t *session)
{
	zklock_t *busy = live_lock(session, "busy", ZKLOCK_UNBOUND);

	ck_ok(zklock_set_event_callback(busy, take_your_time, NULL));
	ck_ok(zklock_lock(busy));
	return busy;
}

static void is_proven_all_the_time(zklock_t *lock, int64_t ms)
{
	for (int64_t end = live_now_ms() + ms; live_now_ms() < end; poll(NULL, 0, 10))
		ck_assert_int_gt(zklock_remaining_ms(lock), 0);
}

/* Holds it two levels deep, sleeps, and writes down what it is told, in order. */
static void hold_and_sleep(const char *servers, const char *name, struct tale *tale)
{
	zklock_session_t *session = live_session_at(servers, SHORT_T);
	zklock_t *lock = live_lock(session, name, 0), *busy;

	ck_ok(zklock_set_event_callback(lock, count_lost, NULL));
	ck_ok(zklock_lock(lock));
	ck_ok(zklock_lock(lock));
	tale->token = token_of(lock);
	busy = keep_the_callbacks_busy(session);
	is_proven_all_the_time(lock, 2 * live_info(session).validity_ms);
	atomic_store(&tale->stage, 1);
	notice_a_sleep();
	tale->remaining = zklock_remaining_ms(lock);
	tale->held = zklock_is_held(lock);
	tale->lost_before = atomic_load(&lost);
	atomic_store(&may_return, 1);
	live_await(&lost, 1);
	tale->cause = last_cause;
	tale->token_error = zklock_token(lock, &tale->token_again);
	for (int i = 0; i < 3; i++)
		tale->unlock[i] = zklock_unlock(lock);
	atomic_store(&tale->stage, 2);
	ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS)); /* as soon as the rival leaves */
	tale->token_again = token_of(lock);
	tale->lost_after = atomic_load(&lost);
	atomic_store(&tale->stage, 3);
	ck_ok(zklock_unlock(lock));
	ck_ok(zklock_free(lock));
	ck_ok(zklock_free(busy));
	live_close(session);
}

static void was_told_the_truth(const struct tale *tale, int64_t rivals_token)
{
	ck_assert_int_eq(tale->lost_before, 0); /* it asked before it was told */
	ck_assert_int_eq(tale->remaining, 0);
	ck_assert(!tale->held);
	/* by its own clock, or by what servers had sent it meanwhile, whichever it reads first */
	ck_assert(tale->cause == ZKLOCK_CAUSE_UNPROVEN || tale->cause == ZKLOCK_CAUSE_EXPIRED);
	ck_assert_int_eq(tale->token_error, ZKLOCK_ERR_LOST);
	ck_assert_int_eq(tale->unlock[0], ZKLOCK_ERR_LOST); /* each level is told */
	ck_assert_int_eq(tale->unlock[1], ZKLOCK_ERR_LOST);
	ck_assert_int_eq(tale->unlock[2], ZKLOCK_ERR_NOT_HELD);
	ck_assert_int_eq(tale->lost_after, 1);
	ck_assert_int_gt(tale->token_again, rivals_token);
}

static void a_holder_sleeps(bool suspended)
{
	struct tale *tale = new_tale();
	pid_t pid = act(hold_and_sleep, live_servers(), "sleeper", tale);
	zklock_session_t *s;
	zklock_t *rival;
	int64_t since, token;

	live_await(&tale->stage, 1);
	s = live_session(0);
	since = live_now_ms();
	kill(pid, SIGSTOP);
	rival = queue_up(s, "sleeper");
	token = live_event(rival, ZKLOCK_EVENT_GRANTED).token; /* so its session is over */
	ck_assert_int_gt(token, tale->token);
	wake(pid, tale, since, suspended);
	live_await(&tale->stage, 2);
	ck_assert(zklock_is_held(rival));
	ck_ok(zklock_unlock(rival));
	live_await(&tale->stage, 3);
	applaud(pid);
	was_told_the_truth(tale, token);
	zklock_free(rival);
	live_close(s);
}

START_TEST(a_stopped_holder_knows_at_once_and_is_told_once)
{
	a_holder_sleeps(false);
}
END_TEST

START_TEST(a_suspended_holder_knows_at_once_and_is_told_once)
{
	a_holder_sleeps(true);
}
END_TEST

/* ---- waiters, and those who join ------------------------------------------------------------- */

/* Sleeps once it stands in the queue, or (joins) while its create is under way. */
static void queue_and_sleep(const char *servers, const char *name, struct tale *tale, bool joins)
{
	zklock_session_t *session;
	zklock_t *lock;

	live_await(&tale->go, 1);
	session = live_session_at(servers, tale->timeout_ms ? tale->timeout_ms : SHORT_T);
	atomic_store(&tale->stage, 1);
	live_await(&tale->go, 2);
	lock = queue_up(session, name);
	if (!joins)
		live_event(lock, ZKLOCK_EVENT_QUEUED);
	atomic_store(&tale->stage, 2);
	notice_a_sleep();
	tale->held = zklock_is_held(lock);
	atomic_store(&tale->stage, 3);
	tale->token = live_event(lock, ZKLOCK_EVENT_GRANTED).token;
	tale->remaining = zklock_remaining_ms(lock);
	atomic_store(&tale->stage, 4);
	ck_ok(zklock_unlock(lock));
	ck_ok(zklock_free(lock));
	live_close(session);
}

static void wait_and_sleep(const char *servers, const char *name, struct tale *tale)
{
	queue_and_sleep(servers, name, tale, false);
}

static void join_and_sleep(const char *servers, const char *name, struct tale *tale)
{
	queue_and_sleep(servers, name, tale, true);
}

/* The sleeper wakes while `third` holds, who came later: it must queue again, behind that one. */
static void wakes_behind(pid_t pid, struct tale *tale, int64_t since, bool suspended,
	zklock_session_t *s, zklock_t *third)
{
	int64_t token = live_event(third, ZKLOCK_EVENT_GRANTED).token; /* the sleeper's is gone */

	wake(pid, tale, since, suspended);
	live_await(&tale->stage, 3);
	ck_assert(!tale->held);
	live_wait_contenders(s, "sleeper", 2);
	ck_assert_int_eq(atomic_load(&tale->stage), 3);
	ck_ok(zklock_unlock(third));
	live_await(&tale->stage, 4);
	applaud(pid);
	ck_assert_int_gt(tale->token, token);
	ck_assert_int_gt(tale->remaining, 0);
	zklock_free(third);
}

/* Its turn comes and goes while it sleeps. */
static void a_waiter_sleeps(bool suspended)
{
	struct live_holder holder = live_hold_later("sleeper", 0);
	struct tale *tale = new_tale();
	pid_t pid = act(wait_and_sleep, live_servers(), "sleeper", tale);
	zklock_session_t *s;
	zklock_t *third;
	int64_t since;

	live_go(&holder);
	live_wait_held(&holder);
	atomic_store(&tale->go, 2);
	live_await(&tale->stage, 2);
	since = live_now_ms();
	kill(pid, SIGSTOP);
	s = live_session(0);
	third = queue_up(s, "sleeper");
	live_wait_contenders(s, "sleeper", 3);
	live_kill(&holder, SIGKILL);
	wakes_behind(pid, tale, since, suspended, s, third);
	live_close(s);
}

START_TEST(a_stopped_waiter_queues_again)
{
	a_waiter_sleeps(false);
}
END_TEST

START_TEST(a_suspended_waiter_queues_again)
{
	a_waiter_sleeps(true);
}
END_TEST

/* Its znode is made and gone again before it reads the reply, which says that it is the first. */
START_TEST(a_suspended_joiner_joins_again)
{
	struct proxy *proxy = proxy_start(live_first_server());
	struct tale *tale = new_tale();
	pid_t pid = act(join_and_sleep, proxy_address(proxy), "sleeper", tale);
	zklock_session_t *s = live_session(0);
	zklock_t *third = live_lock(s, "sleeper", 0);
	int64_t since;

	ck_ok(zklock_lock(third)); /* makes the parents */
	ck_ok(zklock_unlock(third));
	zklock_free(third);
	atomic_store(&tale->go, 1);
	live_await(&tale->stage, 1);
	proxy_hold(proxy, PROXY_CREATE);
	atomic_store(&tale->go, 2);
	proxy_await(proxy);
	live_await(&tale->stage, 2);
	since = live_now_ms();
	kill(pid, SIGSTOP);
	third = queue_up(s, "sleeper");
	live_wait_contenders(s, "sleeper", 2);
	live_wait_contenders(s, "sleeper", 1);
	proxy_go(proxy);
	wakes_behind(pid, tale, since, true, s, third);
	live_close(s);
	proxy_stop(proxy);
}
END_TEST

/* ---- naps ------------------------------------------------------------------------------------ */

#define NAP_T 20000

/* Longer than notice_a_sleep() needs, and far from what NAP_T leaves: five proofs of a session of
 * SHORT_T, which stands near the front and so makes one in h. */
static void nap(pid_t pid, zklock_session_t *s)
{
	int64_t last = live_info(s).proofs + 5, end = live_now_ms() + LIVE_GUARD_MS;

	kill(pid, SIGSTOP);
	while (live_info(s).proofs < last) {
		ck_assert_int_lt(live_now_ms(), end);
		poll(NULL, 0, 1);
	}
}

static void await_proof(zklock_session_t *session)
{
	int64_t before = live_info(session).proofs, end = live_now_ms() + LIVE_GUARD_MS;

	while (live_info(session).proofs == before && live_now_ms() < end)
		poll(NULL, 0, 1);
}

static void hold_and_nap(const char *servers, const char *name, struct tale *tale)
{
	zklock_session_t *session = live_session_at(servers, NAP_T);
	zklock_t *lock = live_lock(session, name, 0);

	ck_ok(zklock_set_event_callback(lock, count_lost, NULL));
	ck_ok(zklock_lock(lock));
	tale->token = token_of(lock);
	await_proof(session);
	atomic_store(&tale->stage, 1);
	notice_a_sleep();
	tale->remaining = zklock_remaining_ms(lock);
	await_proof(session);
	await_proof(session); /* this one was sent after it woke */
	tale->held = zklock_is_held(lock);
	tale->token_error = zklock_token(lock, &tale->token_again);
	atomic_store(&tale->stage, 2);
	tale->unlock[0] = zklock_unlock(lock);
	tale->lost_after = atomic_load(&lost);
	ck_ok(zklock_free(lock));
	live_close(session);
}

START_TEST(a_holder_that_naps_loses_nothing)
{
	struct tale *tale = new_tale();
	pid_t pid = act(hold_and_nap, live_servers(), "napper", tale);
	zklock_session_t *s;
	zklock_t *rival;
	int64_t token;

	live_await(&tale->stage, 1);
	s = live_session(SHORT_T);
	rival = queue_up(s, "napper");
	live_event(rival, ZKLOCK_EVENT_QUEUED);
	nap(pid, s);
	ck_assert(!zklock_is_held(rival));
	kill(pid, SIGCONT);
	token = live_event(rival, ZKLOCK_EVENT_GRANTED).token;
	ck_assert_int_eq(atomic_load(&tale->stage), 2); /* given back, not lost */
	applaud(pid);
	ck_assert_int_gt(tale->remaining, 0);
	ck_assert(tale->held);
	ck_ok(tale->token_error);
	ck_assert_int_eq(tale->token_again, tale->token);
	ck_ok(tale->unlock[0]);
	ck_assert_int_eq(tale->lost_after, 0);
	ck_assert_int_gt(token, tale->token);
	ck_ok(zklock_unlock(rival));
	zklock_free(rival);
	live_close(s);
}
END_TEST

/* Its turn comes while it naps: nobody passes it, and it is granted with the znode that it had. */
START_TEST(a_waiter_that_naps_keeps_its_place)
{
	struct tale *tale = new_tale();
	zklock_session_t *s;
	zklock_t *first, *third;
	int64_t token;
	pid_t pid;

	tale->timeout_ms = NAP_T;
	pid = act(wait_and_sleep, live_servers(), "napper", tale);
	s = live_session(SHORT_T);
	first = queue_up(s, "napper");
	token = live_event(first, ZKLOCK_EVENT_GRANTED).token;
	atomic_store(&tale->go, 2);
	live_await(&tale->stage, 2);
	third = queue_up(s, "napper");
	live_event(third, ZKLOCK_EVENT_QUEUED);
	kill(pid, SIGSTOP);
	ck_ok(zklock_unlock(first));
	nap(pid, s);
	ck_assert(!zklock_is_held(third));
	kill(pid, SIGCONT);
	ck_assert_int_gt(live_event(third, ZKLOCK_EVENT_GRANTED).token, tale->token);
	applaud(pid);
	ck_assert_int_gt(tale->token, token);
	ck_assert_int_gt(tale->remaining, 0);
	ck_ok(zklock_unlock(third));
	zklock_free(first);
	zklock_free(third);
	live_close(s);
}
END_TEST

/* The trick above does what it says: else the tests of suspended machines show nothing. */
START_TEST(a_suspended_machine_has_two_clocks)
{
	struct tale *tale = new_tale();
	int64_t boot = live_now_ms(), monotonic = monotonic_ms();

	/* the libraries, too, have it from here */
	ck_assert_ptr_eq(dlsym(RTLD_DEFAULT, "clock_gettime"), (void *)clock_gettime);
	mine = tale;
	atomic_store(&tale->suspended_ms, 3600000);
	ck_assert_int_ge(live_now_ms(), boot);
	ck_assert_int_lt(monotonic_ms(), monotonic - 3000000);
}
END_TEST

LIVE_MAIN("sleep", a_suspended_machine_has_two_clocks,
	a_stopped_holder_knows_at_once_and_is_told_once,
	a_suspended_holder_knows_at_once_and_is_told_once, a_stopped_waiter_queues_again,
	a_suspended_waiter_queues_again, a_suspended_joiner_joins_again,
	a_holder_that_naps_loses_nothing, a_waiter_that_naps_keeps_its_place)
