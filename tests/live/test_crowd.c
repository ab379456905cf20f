/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_crowd.c - many sessions at once, each a ZooKeeper session of its own, in a few processes:
 * who writes while it waits, and what all of them do when the leader falls silent (faults.md rows
 * 10 and 22). Counted on both sides, by the sessions and by the servers.
 *
 * ZKLOCK_CROWD=1000 makes so many sessions; fewer without it.
 */
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/check_main.h"
#include "live/live.h"
#include "live/own_ensemble.h"

#define CROWD  40
#define EACH   100 /* sessions in one process, at most */
#define T      10000
#define FROZEN 3000
#define NEAR   9 /* the nearest eight, and one that has just come near */

/* One session and its contender, as its process has last seen it. */
struct seat {
	atomic_int granted, queued, lost;
	int64_t writes, reads, proofs, moves, sessions, remaining, validity, interval;
	bool connected;
};

/* Between us and the processes of the crowd. */
struct hall {
	atomic_int begin, look, over; /* what is wanted; `look` counts */
	bool together;		      /* all want one lock, or each its own */
	int n;
	atomic_int seen[1000]; /* by process: the look that it has answered */
	struct seat seats[];
};

static struct hall *hall;
static pid_t processes[1000];

static int wanted(void)
{
	const char *text = getenv("ZKLOCK_CROWD");

	return text ? atoi(text) : CROWD;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int guard_ms(void)
{
	return LIVE_GUARD_MS + 100 * wanted();
}

/* ---- a process of the crowd ---- */

static void event(zklock_t *lock, const zklock_event_t *e, void *user)
{
	struct seat *seat = user;

	(void)lock;
	if (e->type == ZKLOCK_EVENT_GRANTED)
		atomic_fetch_add(&seat->granted, 1);
	else if (e->type == ZKLOCK_EVENT_QUEUED)
		atomic_fetch_add(&seat->queued, 1);
	else if (e->type == ZKLOCK_EVENT_LOST)
		atomic_fetch_add(&seat->lost, 1);
}

static void sit_down(int number, zklock_session_t **session, zklock_t **lock)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	char name[32] = "crowd";

	if (!hall->together)
		snprintf(name, sizeof(name), "crowd-%d", number);
	options.session_timeout_ms = T;
	ck_ok(zklock_session_open(live_servers(), &options, session));
	/* one after another, as programs of their own would not disturb each other: of connections
	 * of one process that are made at once none can be told from the others */
	ck_ok(zklock_session_wait_connected(*session, guard_ms()));
	*lock = live_lock(*session, name, ZKLOCK_UNBOUND);
	ck_ok(zklock_set_event_callback(*lock, event, &hall->seats[number]));
	ck_ok(zklock_lock_async(*lock, -1));
}

static void look(struct seat *seat, zklock_session_t *session, zklock_t *lock)
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;

	ck_ok(zklock_session_info(session, &info));
	seat->writes = info.writes;
	seat->reads = info.reads;
	seat->proofs = info.proofs;
	seat->moves = info.moves;
	seat->sessions = info.sessions;
	seat->validity = info.validity_ms;
	seat->interval = info.proof_interval_ms;
	seat->remaining = zklock_remaining_ms(lock);
	seat->connected = zklock_session_state(session) == ZKLOCK_SESSION_CONNECTED;
}

static void take_part(int process, int first, int n)
{
	zklock_session_t *sessions[EACH];
	zklock_t *locks[EACH];
	int answered = 0;

	while (!atomic_load(&hall->begin))
		poll(NULL, 0, 1);
	for (int i = 0; i < n; i++)
		sit_down(first + i, &sessions[i], &locks[i]);
	while (!atomic_load(&hall->over)) {
		int asked = atomic_load(&hall->look);

		for (int i = 0; asked != answered && i < n; i++)
			look(&hall->seats[first + i], sessions[i], locks[i]);
		answered = asked;
		atomic_store(&hall->seen[process], answered);
		poll(NULL, 0, 5);
	}
	for (int i = 0; i < n; i++)
		zklock_free(locks[i]);
	for (int i = 0; i < n; i++)
		zklock_session_close(sessions[i], T);
	_exit(0);
}

/* ---- all of them ---- */

static int n_processes(void)
{
	return (hall->n + EACH - 1) / EACH;
}

/* Before the test has threads of its own. */
static void invite(bool together)
{
	int n = wanted();

	hall = mmap(NULL, sizeof(*hall) + (size_t)n * sizeof(struct seat), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(hall, MAP_FAILED);
	hall->n = n;
	hall->together = together;
	for (int i = 0; i < n_processes(); i++) {
		processes[i] = fork();
		ck_assert_int_ge(processes[i], 0);
		if (processes[i] == 0)
			take_part(i, i * EACH, n - i * EACH < EACH ? n - i * EACH : EACH);
	}
}

/* Brings the seats up to date. */
static void look_at_all(void)
{
	int asked = atomic_fetch_add(&hall->look, 1) + 1;
	int64_t end = now_ms() + guard_ms();

	for (int i = 0; i < n_processes(); i++)
		while (atomic_load(&hall->seen[i]) < asked) {
			ck_assert_int_eq(waitpid(processes[i], NULL, WNOHANG), 0);
			ck_assert_msg(now_ms() < end, "process %d does not answer", i);
			poll(NULL, 0, 1);
		}
}

static bool is_queued(const struct seat *seat)
{
	return seat->queued > 0;
}

static bool is_granted(const struct seat *seat)
{
	return seat->granted > 0;
}

/* Whoever was lost has nothing to prove any more. */
static bool is_settled(const struct seat *seat)
{
	return seat->connected && (seat->remaining > 0 || seat->lost > 0);
}

static void await_all(bool (*met)(const struct seat *seat))
{
	int64_t end = now_ms() + guard_ms();
	int n = 0;

	while (n < hall->n) {
		ck_assert_msg(now_ms() < end, "only %d of %d", n, hall->n);
		poll(NULL, 0, 20);
		look_at_all();
		for (n = 0; n < hall->n && met(&hall->seats[n]); n++)
			;
	}
}

static void see_off(void)
{
	int status;

	atomic_store(&hall->over, 1);
	for (int i = 0; i < n_processes(); i++) {
		ck_assert_int_eq(waitpid(processes[i], &status, 0), processes[i]);
		ck_assert_int_eq(status, 0);
	}
}

static int64_t proofs_of(zklock_session_t *session)
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;

	ck_ok(zklock_session_info(session, &info));
	return info.proofs;
}

/* Some proof intervals of the holder. */
static void let_pass(zklock_session_t *session, int intervals)
{
	int64_t end = now_ms() + guard_ms(), last = proofs_of(session) + intervals;

	while (proofs_of(session) < last) {
		ck_assert_msg(now_ms() < end, "no proof comes");
		poll(NULL, 0, 5);
	}
}

START_TEST(only_the_nearest_of_a_crowd_write)
{
	struct seat *before;
	zklock_session_t *s;
	zklock_t *lock;
	int64_t start, took, commits, writes = 0, reads = 0, writers = 0;

	invite(true);
	s = live_session(T);
	lock = live_lock(s, "crowd", 0);
	ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
	atomic_store(&hall->begin, 1);
	await_all(is_queued);
	let_pass(s, 2); /* who has come near by now has said so */
	look_at_all();
	before = calloc((size_t)hall->n, sizeof(*before));
	memcpy(before, hall->seats, (size_t)hall->n * sizeof(*before));
	commits = live_mntr("zk_commit_count");
	start = now_ms();
	let_pass(s, hall->n > CROWD ? 6 : 3);
	look_at_all();
	took = now_ms() - start;
	commits = live_mntr("zk_commit_count") - commits; /* only leaders count */
	for (int i = 0; i < hall->n; i++) {
		writes += hall->seats[i].writes - before[i].writes;
		reads += hall->seats[i].reads - before[i].reads;
		writers += hall->seats[i].writes != before[i].writes;
	}
	free(before);
	printf("%d waiting sessions, %.1f s: %d of them wrote, %d transactions; %d reads; the "
	       "servers committed %d transactions, the holder's among them\n",
		hall->n, (double)took / 1000, (int)writers, (int)writes, (int)reads, (int)commits);
	ck_assert_int_gt(writers, 0);
	ck_assert_int_le(writers, NEAR);
	ck_assert_int_le(writes, NEAR * (took / hall->seats[0].interval + 1));
	ck_assert_int_le(commits, (NEAR + 1) * (took / hall->seats[0].interval + 2));
	see_off();
	ck_ok(zklock_unlock(lock));
	zklock_free(lock);
	live_close(s);
}
END_TEST

/* Rows 10 and 12: every proof is late at once. */
START_TEST(a_frozen_leader_starts_no_storm)
{
	int64_t requests, after, revalidated, start, took, moves = 0, most = 0, lost = 0;
	int leader;

	invite(false);
	atomic_store(&hall->begin, 1);
	await_all(is_granted);
	await_all(is_settled);
	leader = own_ensemble_leader();
	requests = live_mntr("zk_connection_request_count");
	revalidated = live_mntr("zk_connection_revalidate_count");
	start = now_ms();
	own_ensemble_do("pause", leader);
	poll(NULL, 0, FROZEN); /* this is the fault, not a wait for something */
	own_ensemble_do("resume", leader);
	await_all(is_settled);
	took = now_ms() - start;
	after = live_mntr("zk_connection_request_count");
	revalidated = live_mntr("zk_connection_revalidate_count") - revalidated;
	for (int i = 0; i < hall->n; i++) {
		struct seat *seat = &hall->seats[i];

		moves += seat->moves;
		most = seat->moves > most ? seat->moves : most;
		lost += seat->lost;
		ck_assert_int_eq(seat->sessions, 1);
		ck_assert_int_le(seat->moves, 1 + took / seat->validity);
	}
	requests = after - requests;
	printf("%d sessions, the leader frozen for %d ms, all settled after %d ms: %d left their "
	       "server (at most %d times), %d requests to connect, %d revalidations, %d locks "
	       "lost\n",
		hall->n, FROZEN, (int)took, (int)moves, (int)most, (int)requests, (int)revalidated,
		(int)lost);
	ck_assert_int_gt(moves, 0);
	ck_assert_int_le(requests, 3 * hall->n);
	poll(NULL, 0, FROZEN); /* as long again: nobody goes on moving */
	ck_assert_int_le(live_mntr("zk_connection_request_count") - after, hall->n / 20);
	see_off();
}
END_TEST

static Suite *crowd(void)
{
	const TTest *const tests[] = {
		only_the_nearest_of_a_crowd_write, a_frozen_leader_starts_no_storm};
	Suite *suite = suite_create("crowd");

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		TCase *tc = live_case(tests[i]->name, CHECK_HANG + guard_ms() / 1000);

		tcase_add_test(tc, tests[i]);
		suite_add_tcase(suite, tc);
	}
	return suite;
}

/* A frozen leader is given up by its followers after syncLimit ticks: later than it wakes. */
int main(void)
{
	return own_ensemble_run(
		"--tick 1000 --data-tmpfs --conf syncLimit=10 --jvm -Xmx256m", crowd);
}
