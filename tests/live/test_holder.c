/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_holder.c - the holder always knows (P3, P4, P5), and what that costs, on three servers of
 * its own: operators, quorum loss, emptied servers; proofs by count.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/live.h"
#include "live/own_ensemble.h"

#define SHORT_T 4000

/* ---- time and events ------------------------------------------------------------------------- */

static int events_left(zklock_t *lock, enum zklock_event_type type)
{
	zklock_event_t event;
	int n = 0;

	while (zklock_next_event(lock, &event))
		n += event.type == type;
	return n;
}

static void await_proof(zklock_session_t *session)
{
	int64_t before = live_info(session).proofs, end = live_now_ms() + LIVE_GUARD_MS;

	while (live_info(session).proofs == before) {
		ck_assert_msg(live_now_ms() < end, "no proof comes");
		poll(NULL, 0, 1);
	}
}

static int64_t token_of(zklock_t *lock)
{
	int64_t token;

	ck_ok(zklock_token(lock, &token));
	return token;
}

static void node_of(zklock_t *lock, char node[1024])
{
	ck_ok(zklock_node(lock, node, 1024));
}

static zklock_t *hold(zklock_session_t *session, const char *name)
{
	zklock_t *lock = live_lock(session, name, 0);

	ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
	return lock;
}

/* An unbound handle in the queue, `place` contenders with it. */
static zklock_t *queue_up(zklock_session_t *session, const char *name, size_t place)
{
	zklock_t *lock = live_lock(session, name, ZKLOCK_UNBOUND);

	zklock_fd(lock);
	ck_ok(zklock_lock_async(lock, -1));
	live_wait_contenders(session, name, place);
	return lock;
}

/* ---- operators ------------------------------------------------------------------------------- */

START_TEST(a_deleted_node_is_told_once)
{
	zklock_session_t *s = live_session(0), *person = live_session(0);
	zklock_t *lock = live_lock(s, "deleted", 0);
	zklock_event_t event;
	char node[1024];
	int64_t token;

	zklock_fd(lock);
	ck_ok(zklock_lock(lock));
	ck_ok(zklock_lock(lock));
	token = token_of(lock);
	node_of(lock, node);
	ck_ok(zklock_znode_delete(person, node, -1, NULL, LIVE_GUARD_MS));
	event = live_event(lock, ZKLOCK_EVENT_LOST);
	ck_assert_int_eq(event.cause, ZKLOCK_CAUSE_DELETED);
	ck_assert_int_eq(event.token, token);
	ck_assert_int_eq(event.remaining_ms, 0);
	ck_assert_int_eq(zklock_remaining_ms(lock), 0);
	ck_assert(!zklock_is_held(lock));
	ck_error(zklock_node(lock, node, sizeof(node)), ZKLOCK_ERR_LOST);
	for (int level = 2; level > 0; level--) { /* each level is told, and the last one ends it */
		ck_error(zklock_trylock(lock), ZKLOCK_ERR_LOST);
		ck_error(zklock_timedlock(lock, LIVE_GUARD_MS), ZKLOCK_ERR_LOST);
		ck_error(zklock_unlock(lock), ZKLOCK_ERR_LOST);
	}
	ck_error(zklock_unlock(lock), ZKLOCK_ERR_NOT_HELD);
	ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
	ck_assert_int_gt(token_of(lock), token);
	await_proof(s); /* had there been more to tell, the answer would have brought it */
	ck_assert_int_eq(events_left(lock, ZKLOCK_EVENT_LOST), 0);
	ck_ok(zklock_unlock(lock));
	zklock_free(lock);
	live_close(person);
	live_close(s);
}
END_TEST

/* The node of place `n` in the queue, 0 the holder's. */
static void delete_place(zklock_session_t *person, const char *name, size_t n)
{
	zklock_owners_t *owners;
	char path[1024];

	ck_ok(zklock_owners(person, name, 0, LIVE_GUARD_MS, &owners));
	ck_assert_uint_gt(zklock_owners_count(owners), n);
	snprintf(path, sizeof(path), "/locks/%s/%s", name, zklock_owners_get(owners, n)->node);
	zklock_owners_free(owners);
	ck_ok(zklock_znode_delete(person, path, -1, NULL, LIVE_GUARD_MS));
}

START_TEST(a_deleted_waiter_goes_to_the_tail_and_promotes_nobody)
{
	zklock_session_t *s = live_session(0), *a = live_session(0), *b = live_session(0);
	zklock_t *first = hold(s, "deleted-waiter");
	zklock_t *second = queue_up(a, "deleted-waiter", 2);
	zklock_t *third = queue_up(b, "deleted-waiter", 3);
	int64_t token;

	delete_place(s, "deleted-waiter", 1);
	live_event(second, ZKLOCK_EVENT_QUEUED);
	live_wait_contenders(s, "deleted-waiter", 3);
	await_proof(b); /* it has looked again by now */
	ck_assert_int_eq(events_left(third, ZKLOCK_EVENT_GRANTED), 0);
	ck_assert(zklock_is_held(first));
	ck_ok(zklock_unlock(first));
	token = live_event(third, ZKLOCK_EVENT_GRANTED).token;
	ck_assert_int_eq(events_left(second, ZKLOCK_EVENT_GRANTED), 0);
	ck_ok(zklock_unlock(third));
	ck_assert_int_gt(live_event(second, ZKLOCK_EVENT_GRANTED).token, token);
	ck_ok(zklock_unlock(second));
	zklock_free(first);
	zklock_free(second);
	zklock_free(third);
	live_close(s);
	live_close(a);
	live_close(b);
}
END_TEST

START_TEST(tokens_grow_over_a_new_parent)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "reborn", 0);
	int64_t token = 0;
	char node[1024];

	for (int i = 0; i < 5; i++) {
		ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
		ck_assert_int_gt(token_of(lock), token);
		token = token_of(lock);
		node_of(lock, node);
		ck_assert_str_eq(node + strlen(node) - 10, "0000000000");
		ck_ok(zklock_unlock(lock));
		ck_ok(zklock_znode_delete(s, "/locks/reborn", -1, NULL, LIVE_GUARD_MS));
	}
	zklock_free(lock);
	live_close(s);
}
END_TEST

/* ---- what a proof costs ---------------------------------------------------------------------- */

/* Holds `n` locks for some intervals; all are proven by the same transactions. */
static void hold_for_a_while(int n)
{
	zklock_session_t *s = live_session(SHORT_T);
	zklock_session_info_t before, after;
	int64_t start, took, h;
	zklock_t *locks[100];
	char name[64];

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "cost-%d-%d", n, i);
		locks[i] = hold(s, name);
	}
	await_proof(s);
	before = live_info(s);
	start = live_now_ms();
	for (int i = 0; i < 6; i++)
		await_proof(s);
	after = live_info(s);
	took = live_now_ms() - start;
	h = after.proof_interval_ms;
	printf("%d locks: %d transactions in %.1f h\n", n, (int)(after.proofs - before.proofs),
		(double)took / (double)h);
	ck_assert_int_le(after.proofs - before.proofs, took / h + 1);
	ck_assert_int_eq(after.writes - before.writes, after.proofs - before.proofs);
	for (int i = 0; i < n; i++) {
		ck_assert_int_gt(zklock_remaining_ms(locks[i]), 0);
		ck_ok(zklock_unlock(locks[i]));
		zklock_free(locks[i]);
	}
	live_close(s);
}

START_TEST(a_session_is_proven_once_per_interval)
{
	hold_for_a_while(1);
	hold_for_a_while(100);
}
END_TEST

#define MANY 10000

/* Counts, and sizes, of the transactions that only check, by the leader's own log. */
static void read_checks(int *count, int *most, long *bytes)
{
	char command[2048], line[128];
	const char *root = getenv("top_srcdir");
	int checks;
	long size;
	FILE *in;

	snprintf(command, sizeof(command), "'%s/tests/lib/txnlog.py' --checks '%s/%d/data'",
		root ? root : ".", own_ensemble_dir(), own_ensemble_leader());
	in = popen(command, "re");
	ck_assert_ptr_nonnull(in);
	*count = *most = 0;
	*bytes = 0;
	while (fgets(line, sizeof(line), in)) {
		ck_assert_int_eq(sscanf(line, "%*s %*s %d %ld", &checks, &size), 2);
		++*count;
		*most = checks > *most ? checks : *most;
		*bytes = size > *bytes ? size : *bytes;
	}
	ck_assert_int_eq(pclose(in), 0);
}

START_TEST(ten_thousand_locks_in_one_session)
{
	zklock_session_t *s = live_session(20000);
	zklock_t **locks = calloc(MANY, sizeof(zklock_t *));
	int count, most;
	int64_t start;
	char name[64];
	long bytes;

	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many-%d", i);
		locks[i] = live_lock(s, name, ZKLOCK_UNBOUND);
		zklock_fd(locks[i]);
		ck_ok(zklock_lock_async(locks[i], -1));
		if (i % 500 == 499) /* in rounds, so that requests do not pile up */
			for (int j = i - 499; j <= i; j++)
				live_event(locks[j], ZKLOCK_EVENT_GRANTED);
	}
	start = live_info(s).proofs;
	await_proof(s);
	await_proof(s);
	for (int i = 0; i < MANY; i++)
		ck_assert_int_gt(zklock_remaining_ms(locks[i]), 0);
	read_checks(&count, &most, &bytes);
	printf("%d locks: %d proofs since all were held; the largest of all checked %d nodes in "
	       "%ld "
	       "bytes\n",
		MANY, (int)(live_info(s).proofs - start), most, bytes);
	ck_assert_int_ge(most, MANY / 4);
	ck_assert_int_lt(bytes, 1024 * 1024);
	for (int i = 0; i < MANY; i++)
		zklock_free(locks[i]);
	free(locks);
	live_close(s);
}
END_TEST

/* Their names make the watches of all of them more than a server takes in one packet. */
#define WAITERS 3000
#define LONG_NAME                                                                                  \
	"a-name-that-is-as-long-as-names-may-be-so-that-few-watches-make-a-large-packet-%046d"

/* The contenders of one program in WAITERS queues, granted or queued. */
static zklock_t **stand_in_all(zklock_session_t *session, enum zklock_event_type type)
{
	zklock_t **locks = calloc(WAITERS, sizeof(zklock_t *));
	char name[200];

	for (int i = 0; i < WAITERS; i++) {
		snprintf(name, sizeof(name), LONG_NAME, i);
		locks[i] = live_lock(session, name, ZKLOCK_UNBOUND);
		zklock_fd(locks[i]);
		ck_ok(zklock_lock_async(locks[i], -1));
		if (i % 500 == 499)
			for (int j = i - 499; j <= i; j++)
				live_event(locks[j], type);
	}
	return locks;
}

static void free_all(zklock_t **locks)
{
	for (int i = 0; i < WAITERS; i++)
		zklock_free(locks[i]);
	free(locks);
}

START_TEST(more_watches_than_a_packet_takes)
{
	zklock_session_t *s = live_session(20000), *w = live_session(20000);
	zklock_t **holders = stand_in_all(s, ZKLOCK_EVENT_GRANTED);
	zklock_t **waiters = stand_in_all(w, ZKLOCK_EVENT_QUEUED);

	printf("%d waiters, %d ZooKeeper sessions, %d watches\n", WAITERS,
		(int)live_info(w).sessions, (int)live_mntr("zk_watch_count"));
	ck_assert_int_gt(live_info(w).sessions, 1);
	for (int i = 1; i <= OWN_SERVERS; i++) { /* each of them connects again */
		own_ensemble_do("kill", i);
		own_ensemble_do("restart", i);
	}
	for (int i = 0; i < WAITERS; i++)
		ck_ok(zklock_unlock_async(holders[i]));
	for (int i = 0; i < WAITERS; i++)
		live_event(waiters[i], ZKLOCK_EVENT_GRANTED);
	free_all(holders);
	free_all(waiters);
	live_close(w);
	live_close(s);
}
END_TEST

#define CROWD 24

/* Those near the front prove ahead, those far behind write nothing. */
START_TEST(only_the_near_prove_ahead)
{
	zklock_session_t *s = live_session(SHORT_T), *crowd[CROWD];
	zklock_session_info_t before[CROWD], after;
	zklock_t *first = hold(s, "crowd"), *locks[CROWD];
	int writers = 0;

	for (int i = 0; i < CROWD; i++) {
		crowd[i] = live_session(SHORT_T);
		locks[i] = queue_up(crowd[i], "crowd", (size_t)i + 2);
	}
	await_proof(crowd[0]);
	for (int i = 0; i < CROWD; i++)
		before[i] = live_info(crowd[i]);
	for (int i = 0; i < 3; i++)
		await_proof(crowd[0]);
	for (int i = 0; i < CROWD; i++) {
		after = live_info(crowd[i]);
		ck_assert_int_eq(after.writes - before[i].writes, after.proofs - before[i].proofs);
		if (after.writes != before[i].writes)
			writers++;
		else
			ck_assert_int_gt(i, 0);
	}
	printf("%d of %d waiting sessions write\n", writers, CROWD);
	ck_assert_int_le(writers, 9);
	for (int i = CROWD - 1; i >= 0; i--) {
		zklock_free(locks[i]);
		live_close(crowd[i]);
	}
	ck_ok(zklock_unlock(first));
	zklock_free(first);
	live_close(s);
}
END_TEST

/* The proof is there when the turn comes: no request of the waiter lies between release and grant.
 */
START_TEST(a_grant_after_a_long_wait_costs_nothing)
{
	zklock_session_t *s = live_session(SHORT_T), *w = live_session(SHORT_T);
	zklock_session_info_t before, after;
	zklock_t *first, *second;

	for (int round = 0; round < 3; round++) {
		first = hold(s, "long-wait");
		second = queue_up(w, "long-wait", 2);
		for (int64_t end = live_now_ms() + 3 * live_info(w).validity_ms;
			live_now_ms() < end;)
			await_proof(w);
		before = live_info(w); /* the next one is due in h */
		ck_ok(zklock_unlock(first));
		live_event(second, ZKLOCK_EVENT_GRANTED);
		after = live_info(w);
		ck_assert_int_gt(zklock_remaining_ms(second), 0);
		ck_assert_int_eq(after.writes, before.writes);
		ck_assert_int_eq(after.reads, before.reads);
		ck_ok(zklock_unlock(second));
		zklock_free(first);
		zklock_free(second);
	}
	live_close(s);
	live_close(w);
}
END_TEST

/* ---- servers --------------------------------------------------------------------------------- */

/* No quorum for longer than the deadline: who waits hears of it in time, who releases, too. */
START_TEST(deadlines_hold_without_a_quorum)
{
	zklock_session_t *s = live_session(20000), *w = live_session(20000);
	zklock_options_t options = ZKLOCK_OPTIONS_INIT;
	zklock_t *lock, *second = live_lock(w, "no-quorum", ZKLOCK_UNBOUND);
	zklock_t *third = live_lock(w, "no-quorum", ZKLOCK_UNBOUND);

	options.unlock_timeout_ms = 1000;
	ck_ok(zklock_new(s, "no-quorum", &options, &lock));
	ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
	zklock_fd(second);
	zklock_fd(third);
	ck_ok(zklock_lock_async(second, 3000));
	live_wait_contenders(s, "no-quorum", 2);
	own_ensemble_do("pause", 1);
	own_ensemble_do("pause", 2);
	ck_ok(zklock_lock_async(third, 1000));
	ck_assert_int_eq(live_event(third, ZKLOCK_EVENT_FAILED).error, ZKLOCK_ERR_UNAVAILABLE);
	live_event(second, ZKLOCK_EVENT_FAILED);
	ck_error(zklock_unlock(lock), ZKLOCK_ERR_PENDING);
	ck_assert_int_eq(zklock_remaining_ms(lock), 0);
	own_ensemble_do("resume", 1);
	own_ensemble_do("resume", 2);
	zklock_free(lock);
	zklock_free(second);
	zklock_free(third);
	live_wait_contenders(s, "no-quorum", 0); /* what was pending is done */
	live_close(s);
	live_close(w);
}
END_TEST

/* All servers are killed and come back with their data: the order is that of before. */
/* Curator: one holds, one waits, the servers are restarted, both finish; here five wait */
START_TEST(curator_testWaitingProcessKilledServer_keeps_the_queue)
{
	zklock_session_t *s = live_session(20000), *w = live_session(20000);
	zklock_t *first = live_lock(s, "restarted", ZKLOCK_UNBOUND), *waiters[5];
	int64_t token, before = 0;

	zklock_fd(first);
	ck_ok(zklock_lock_async(first, -1));
	token = live_event(first, ZKLOCK_EVENT_GRANTED).token;
	for (int i = 0; i < 5; i++)
		waiters[i] = queue_up(w, "restarted", (size_t)i + 2);
	own_ensemble_restart_all(false);
	ck_ok(zklock_session_wait_connected(s, LIVE_GUARD_MS));
	if (zklock_unlock(first) == ZKLOCK_OK)
		ck_assert_int_eq(events_left(first, ZKLOCK_EVENT_LOST), 0);
	else
		ck_assert_int_eq(events_left(first, ZKLOCK_EVENT_LOST), 1);
	for (int i = 0; i < 5; i++) {
		before = live_event(waiters[i], ZKLOCK_EVENT_GRANTED).token;
		ck_assert_int_gt(before, token);
		token = before;
		for (int j = i + 1; j < 5; j++)
			ck_assert_int_eq(events_left(waiters[j], ZKLOCK_EVENT_GRANTED), 0);
		ck_ok(zklock_unlock(waiters[i]));
	}
	zklock_free(first);
	for (int i = 0; i < 5; i++)
		zklock_free(waiters[i]);
	live_close(s);
	live_close(w);
}
END_TEST

/* Until the servers have acknowledged a write again: a new leader is there. */
static void never_two_until_proven(zklock_session_t *session, zklock_t *first, zklock_t *second)
{
	int64_t before = live_info(session).proofs, end = live_now_ms() + LIVE_GUARD_MS;

	while (live_info(session).proofs == before) {
		/* asked in this order, since the second one keeps what it has */
		ck_assert(!zklock_is_held(second) || !zklock_is_held(first));
		ck_assert_msg(live_now_ms() < end, "no proof comes");
		poll(NULL, 0, 1);
	}
}

/* Row 10: the holder keeps what it has, or its own clock has told it, once. */
static void kept_or_lost(zklock_t *lock)
{
	int error = zklock_unlock(lock);

	printf("with a killed leader: %s\n", zklock_error_name(error));
	if (error == ZKLOCK_ERR_LOST)
		ck_assert_int_eq(live_event(lock, ZKLOCK_EVENT_LOST).cause, ZKLOCK_CAUSE_UNPROVEN);
	else
		ck_ok(error);
	ck_assert_int_eq(events_left(lock, ZKLOCK_EVENT_LOST), 0);
}

static void kill_the_leader(int64_t timeout_ms)
{
	zklock_session_t *s = live_session(timeout_ms), *w = live_session(timeout_ms);
	zklock_t *first = live_lock(s, "led", ZKLOCK_UNBOUND), *second;
	int leader = own_ensemble_leader();
	int64_t token;

	zklock_fd(first);
	ck_ok(zklock_lock_async(first, -1));
	token = live_event(first, ZKLOCK_EVENT_GRANTED).token;
	second = queue_up(w, "led", 2);
	own_ensemble_do("kill", leader);
	never_two_until_proven(w, first, second);
	kept_or_lost(first);
	ck_assert_int_gt(live_event(second, ZKLOCK_EVENT_GRANTED).token, token);
	ck_ok(zklock_unlock(second));
	own_ensemble_do("restart", leader);
	zklock_free(first);
	zklock_free(second);
	live_close(s);
	live_close(w);
}

START_TEST(a_killed_leader_keeps_the_queue)
{
	kill_the_leader(20000);
}
END_TEST

/* What was proven may end before the election does. */
START_TEST(a_killed_leader_and_short_proofs)
{
	kill_the_leader(SHORT_T);
}
END_TEST

/* A release that no server has read goes on when they are back: not the session's end frees it. */
START_TEST(a_release_outlives_a_restart)
{
	zklock_session_t *s = live_session(20000), *w = live_session(20000);
	zklock_t *first = live_lock(s, "restarted", ZKLOCK_UNBOUND), *second;

	zklock_fd(first);
	ck_ok(zklock_lock_async(first, -1));
	live_event(first, ZKLOCK_EVENT_GRANTED);
	second = queue_up(w, "restarted", 2);
	for (int i = 1; i <= OWN_SERVERS; i++)
		own_ensemble_do("pause", i);
	ck_ok(zklock_unlock_async(first));
	own_ensemble_restart_all(false);
	live_event(second, ZKLOCK_EVENT_GRANTED);
	ck_ok(live_event(first, ZKLOCK_EVENT_RELEASED).error);
	ck_assert_int_eq(live_info(s).sessions, 1);
	ck_ok(zklock_unlock(second));
	zklock_free(first);
	zklock_free(second);
	live_close(s);
	live_close(w);
}
END_TEST

/* All servers lose their data, and count from the start: tokens would fall. */
START_TEST(a_token_that_falls_is_refused)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	zklock_session_t *s = live_session(SHORT_T);
	zklock_t *lock = live_lock(s, "emptied", 0);
	zklock_event_t event;
	int64_t token = 0;

	zklock_fd(lock);
	for (int i = 0; i < 50; i++) {
		ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
		token = token_of(lock);
		if (i < 49)
			ck_ok(zklock_unlock(lock));
	}
	own_ensemble_restart_all(true);
	event = live_event(lock, ZKLOCK_EVENT_LOST);
	/* They refuse us as a client that knows later transactions than they do, without a word,
	 * unless they have come further meanwhile: then they say that they do not know us. */
	ck_assert(event.cause == ZKLOCK_CAUSE_UNPROVEN || event.cause == ZKLOCK_CAUSE_RESET);
	ck_error(zklock_unlock(lock), ZKLOCK_ERR_LOST);
	ck_error(zklock_timedlock(lock, LIVE_GUARD_MS), ZKLOCK_ERR_TOKEN_BASE);
	ck_assert_int_eq(events_left(lock, ZKLOCK_EVENT_LOST), 0);
	ck_assert(!zklock_is_held(lock));
	zklock_free(lock);
	live_close(s);

	options.token_base = token;
	ck_ok(zklock_session_open(live_servers(), &options, &s));
	lock = hold(s, "emptied");
	ck_assert_int_gt(token_of(lock), token);
	ck_ok(zklock_unlock(lock));
	zklock_free(lock);
	live_close(s);
}
END_TEST

static void resume_all(void)
{
	for (int i = 1; i <= OWN_SERVERS; i++) { /* a test that failed may have left one frozen */
		own_ensemble_do("resume", i);
		own_ensemble_do("wait", i);
	}
}

/* CK_RUN_CASE=name runs one of them. */
static void add(Suite *suite, const char *name, const TTest *const *tests)
{
	TCase *tc = live_case(name, CHECK_HANG);

	tcase_add_checked_fixture(tc, resume_all, NULL);
	while (*tests)
		tcase_add_test(tc, *tests++);
	suite_add_tcase(suite, tc);
}

static Suite *holder(void)
{
	const TTest *const deletes[] = {a_deleted_node_is_told_once,
		a_deleted_waiter_goes_to_the_tail_and_promotes_nobody,
		tokens_grow_over_a_new_parent, NULL};
	const TTest *const costs[] = {a_session_is_proven_once_per_interval,
		only_the_near_prove_ahead, a_grant_after_a_long_wait_costs_nothing,
		ten_thousand_locks_in_one_session, more_watches_than_a_packet_takes, NULL};
	const TTest *const failures[] = {deadlines_hold_without_a_quorum,
		a_killed_leader_keeps_the_queue, a_killed_leader_and_short_proofs,
		curator_testWaitingProcessKilledServer_keeps_the_queue,
		a_release_outlives_a_restart, a_token_that_falls_is_refused, NULL};
	Suite *suite = suite_create("holder");

	add(suite, "deletes", deletes);
	add(suite, "costs", costs);
	add(suite, "failures", failures);
	return suite;
}

int main(void)
{
	return own_ensemble_run("--tick 1000 --jvm -Xmx128m", holder);
}
