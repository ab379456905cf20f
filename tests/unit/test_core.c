/* SPDX-License-Identifier: Apache-2.0 */
/* test_core.c - what stands on libc alone: names, order, lease, backoff, error table, moves. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/sm.h"
#include "core/backoff.h"
#include "core/lease.h"
#include "core/name.h"
#include "core/order.h"
#include "lib/check_main.h"
#include "port/clock.h"

#define GUID "0f8c2d3e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"

/* ---- names ---- */

static const struct {
	const char *text;
	bool contender;
	enum zkl_make make;
	enum zkl_share share;
	int32_t seq;
} names[] = {
	{GUID "-lock-0000000003", true, ZKL_MAKE_OURS, ZKL_EXCLUSIVE, 3},
	{GUID "-lock-2147483647", true, ZKL_MAKE_OURS, ZKL_EXCLUSIVE, INT32_MAX},
	{GUID "-lock--2147483648", true, ZKL_MAKE_OURS, ZKL_EXCLUSIVE, INT32_MIN},
	{GUID "-lock--000000001", true, ZKL_MAKE_OURS, ZKL_EXCLUSIVE, -1},
	{"_c_" GUID "-lock-0000000004", true, ZKL_MAKE_CURATOR, ZKL_EXCLUSIVE, 4},
	{"0f8c2d3e1a2b4c3d8e4f5a6b7c8d9e0f__lock__0000000005", true, ZKL_MAKE_KAZOO, ZKL_EXCLUSIVE,
		5},
	{"0f8c2d3e1a2b4c3d8e4f5a6b7c8d9e0f__rlock__0000000006", true, ZKL_MAKE_KAZOO, ZKL_SHARED,
		6},
	{"lock-0000000007", true, ZKL_MAKE_OTHER, ZKL_EXCLUSIVE, 7},
	{"", false, 0, 0, 0},
	{"readme", false, 0, 0, 0},
	{"lock-", false, 0, 0, 0},
	{"lock-1", false, 0, 0, 0},
	{"0000000007", false, 0, 0, 0},
	{"block_0000000007", false, 0, 0, 0},
	{GUID "-lock-000000000x", false, 0, 0, 0},
	{GUID "-lock-9999999999", false, 0, 0, 0},
	{GUID "-lease-0000000001", false, 0, 0, 0},
};

START_TEST(names_are_parsed)
{
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		struct zkl_name name = {0};
		bool contender = zkl_name_parse(names[i].text, &name);

		ck_assert_msg(contender == names[i].contender, "'%s'", names[i].text);
		if (!contender)
			continue;
		ck_assert_msg(name.make == names[i].make, "'%s'", names[i].text);
		ck_assert_msg(name.share == names[i].share, "'%s'", names[i].text);
		ck_assert_msg(name.seq == names[i].seq, "'%s'", names[i].text);
	}
}
END_TEST

START_TEST(a_guid_is_found_in_our_names_alone)
{
	ck_assert(zkl_name_has_guid(GUID "-lock-0000000003", GUID));
	ck_assert(!zkl_name_has_guid("_c_" GUID "-lock-0000000003", GUID));
	ck_assert(!zkl_name_has_guid("ff8c2d3e-1a2b-4c3d-8e4f-5a6b7c8d9e0f-lock-0000000003", GUID));
	ck_assert(!zkl_name_has_guid(GUID, GUID));
}
END_TEST

START_TEST(names_of_locks)
{
	static const char *const good[] = {"a", "order-1", "A.b_c:d@e+f-g", "...", "zookeeper2"};
	static const char *const bad[] = {
		"", ".", "..", "zookeeper", "a/b", "/a", "a b", "a\n", "\303\244", "a%2F"};
	g_autofree char *longest = g_strnfill(128, 'x'), *longer = g_strnfill(129, 'x');

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
		ck_assert_msg(zkl_name_is_valid(good[i]), "'%s'", good[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		ck_assert_msg(!zkl_name_is_valid(bad[i]), "'%s'", bad[i]);
	ck_assert(zkl_name_is_valid(longest));
	ck_assert(!zkl_name_is_valid(longer));
}
END_TEST

START_TEST(roots)
{
	static const char *const good[] = {"/locks", "/app/locks", "/zookeepers"};
	static const char *const bad[] = {"", "/", "locks", "/locks/", "//locks", "/a/../b", "/a/.",
		"/zookeeper", "/zookeeper/a", "/a b"};

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
		ck_assert_msg(zkl_root_is_valid(good[i]), "'%s'", good[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		ck_assert_msg(!zkl_root_is_valid(bad[i]), "'%s'", bad[i]);
}
END_TEST

/* ---- order ---- */

START_TEST(numbers_are_compared_over_the_wrap)
{
	ck_assert_int_lt(zkl_seq_compare(1, 2), 0);
	ck_assert_int_gt(zkl_seq_compare(2, 1), 0);
	ck_assert_int_eq(zkl_seq_compare(7, 7), 0);
	ck_assert_int_lt(zkl_seq_compare(INT32_MAX, INT32_MIN), 0);
	ck_assert_int_lt(zkl_seq_compare(INT32_MAX - 1, INT32_MIN + 1), 0);
	ck_assert_int_lt(zkl_seq_compare(-1, 0), 0);
}
END_TEST

static char *child(int number, int32_t seq)
{
	return g_strdup_printf(
		"%08x-1a2b-4c3d-8e4f-5a6b7c8d9e0f-lock-%010d", (unsigned)number, seq);
}

/* The queue from `first`, told in an order that is none. */
static struct zkl_order judge_queue(int32_t first, int n, int me, size_t keep)
{
	g_autoptr(GPtrArray) children = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *own = NULL;
	struct zkl_order order;

	for (int i = 0; i < n; i++) {
		int at = (i * 7) % n;

		g_ptr_array_add(
			children, child(1000 - at, (int32_t)((uint32_t)first + (uint32_t)at)));
	}
	own = child(1000 - me, (int32_t)((uint32_t)first + (uint32_t)me));
	order = zkl_order_judge(
		(char *const *)children->pdata, children->len, own, ZKL_EXCLUSIVE, 1, keep);
	return order;
}

START_TEST(the_first_owns_and_the_others_wait)
{
	static const int32_t firsts[] = {0, 999999995, -5, INT32_MIN, INT32_MAX - 5};

	for (size_t i = 0; i < G_N_ELEMENTS(firsts); i++) {
		for (int me = 0; me < 11; me++) {
			struct zkl_order order = judge_queue(firsts[i], 11, me, 4);

			if (firsts[i] == INT32_MAX - 5 && me >= 5) {
				free(order.nearest);
				continue; /* behind the last number: see numbers_end */
			}
			ck_assert_int_eq(order.verdict, me == 0 ? ZKL_OWNER : ZKL_WAIT);
			ck_assert_uint_eq(order.ahead, (size_t)me);
			if (me == 0)
				continue;
			ck_assert_uint_eq(order.n_nearest, (size_t)MIN(me, 4));
			for (size_t k = 0; k < order.n_nearest; k++) {
				g_autofree char *expected = child(1000 - me + 1 + (int)k,
					(int32_t)((uint32_t)firsts[i] + (uint32_t)me - 1 -
						  (uint32_t)k));

				ck_assert_str_eq(order.nearest[k], expected);
			}
			free(order.nearest);
		}
	}
}
END_TEST

START_TEST(strangers_do_not_count)
{
	const char *const children[] = {
		"readme", GUID "-lock-0000000009", "lock-", "_c_x-lock-0000000002"};
	struct zkl_order order = zkl_order_judge(
		(char *const *)children, G_N_ELEMENTS(children), children[1], ZKL_EXCLUSIVE, 1, 8);

	ck_assert_int_eq(order.verdict, ZKL_WAIT);
	ck_assert_uint_eq(order.ahead, 1);
	ck_assert_uint_eq(order.strangers, 2);
	ck_assert_uint_eq(order.foreign, 1);
	ck_assert_str_eq(order.nearest[0], children[3]);
	free(order.nearest);
}
END_TEST

START_TEST(an_absent_node_is_gone)
{
	const char *const children[] = {GUID "-lock-0000000001"};
	struct zkl_order order = zkl_order_judge((char *const *)children, 1,
		"1f8c2d3e-1a2b-4c3d-8e4f-5a6b7c8d9e0f-lock-0000000002", ZKL_EXCLUSIVE, 1, 8);

	ck_assert_int_eq(order.verdict, ZKL_GONE);
	order = zkl_order_judge((char *const *)children, 1, "no contender", ZKL_EXCLUSIVE, 1, 8);
	ck_assert_int_eq(order.verdict, ZKL_GONE);
}
END_TEST

/* Readers and slots are rows of the same rule. */
START_TEST(readers_and_slots)
{
	const char *const children[] = {"a__rlock__0000000001", "b__rlock__0000000002",
		"c__lock__0000000003", "d__rlock__0000000004"};
	struct zkl_order order =
		zkl_order_judge((char *const *)children, 4, children[1], ZKL_SHARED, 1, 8);

	ck_assert_int_eq(order.verdict, ZKL_OWNER);
	order = zkl_order_judge((char *const *)children, 4, children[3], ZKL_SHARED, 1, 8);
	ck_assert_int_eq(order.verdict, ZKL_WAIT);
	ck_assert_str_eq(order.nearest[0], children[2]);
	free(order.nearest);
	order = zkl_order_judge((char *const *)children, 4, children[2], ZKL_EXCLUSIVE, 3, 8);
	ck_assert_int_eq(order.verdict, ZKL_OWNER);
	order = zkl_order_judge((char *const *)children, 4, children[2], ZKL_EXCLUSIVE, 2, 8);
	ck_assert_int_eq(order.verdict, ZKL_WAIT);
	free(order.nearest);
}
END_TEST

/* ---- lease ---- */

#define T     (6000 * ZKL_MS)
#define M     (300 * ZKL_MS)
#define START (100000 * ZKL_MS)

static struct zkl_lease lease;

static int64_t send_at(int64_t ms)
{
	int64_t promise = zkl_lease_promise(&lease, START + ms * ZKL_MS);

	zkl_lease_sent(&lease, START + ms * ZKL_MS);
	return promise;
}

START_TEST(a_lease_proves_nothing_before_a_write_is_acknowledged)
{
	zkl_lease_open(&lease, T, M, 0, START);
	send_at(0);
	ck_assert_int_eq(lease.until, 0);
}
END_TEST

/* The acknowledged write counts from what the leader must have heard T/4 before it. */
START_TEST(a_lease_counts_from_what_the_leader_heard)
{
	int64_t promise;

	zkl_lease_open(&lease, T, M, 0, START);
	promise = send_at(10);
	/* only the greeting is old enough */
	ck_assert_int_eq(promise, START + T - M);
	for (int ms = 1010; ms < 9000; ms += 1000)
		promise = send_at(ms);
	/* the last was sent at 8010: of those before 6510 - M/2, that of 6010 is the latest */
	ck_assert_int_eq(promise, START + 6010 * ZKL_MS + T - M / 2);
	zkl_lease_acked(&lease, promise);
	ck_assert_int_eq(lease.until, promise);
	zkl_lease_acked(&lease, promise - 1);
	ck_assert_int_eq(lease.until, promise);
}
END_TEST

/* However often we send, a promise never exceeds what the last request old enough gives. */
START_TEST(a_lease_is_never_longer_than_the_rule)
{
	int64_t last = 0;

	zkl_lease_open(&lease, T, M, 0, START);
	for (int i = 0; i < 20000; i++) {
		int64_t now = (int64_t)i * 3 + i % 7;
		int64_t promise = send_at(now);

		ck_assert_int_le(promise, START + MAX(now - 1500, 0) * ZKL_MS + T - M);
		/* and is not much shorter: the ring leaves out at most T/64 */
		ck_assert_int_ge(promise, START + (MAX(now - 1500, 0) - 200) * ZKL_MS + T - M);
		/* an older request may stand for one that the ring has left out */
		ck_assert_int_ge(promise, last - 2 * T / ZKL_LEASE_RING);
		last = promise;
	}
}
END_TEST

START_TEST(a_lease_forgets_when_the_session_moves)
{
	zkl_lease_open(&lease, T, M, 0, START);
	for (int ms = 0; ms < 5000; ms += 100)
		send_at(ms);
	zkl_lease_moved(&lease, START + 4500 * ZKL_MS);
	ck_assert_int_eq(send_at(5100), START + 4500 * ZKL_MS + T - M);
}
END_TEST

/* A greeting of 4 s vouches for little: the first write that can vouch for more is known. */
START_TEST(a_lease_says_when_a_slow_greeting_is_made_up_for)
{
	int64_t ripe;

	zkl_lease_open(&lease, T, M, 0, START - 4000 * ZKL_MS);
	ck_assert_int_eq(zkl_lease_ripe(&lease), 0);
	ck_assert_int_eq(send_at(0), START - 4000 * ZKL_MS + T - M / 2);
	send_at(1000);
	ripe = zkl_lease_ripe(&lease);
	ck_assert_int_eq(ripe, START + T / 4 + M / 2);
	ck_assert_int_eq(zkl_lease_promise(&lease, ripe - 1), START - 4000 * ZKL_MS + T - M);
	ck_assert_int_eq(zkl_lease_promise(&lease, ripe), START + T - M / 2);
}
END_TEST

START_TEST(validity_is_what_the_manual_says)
{
	/* T = 10 s: h = T/6, margin 0.3 s: V = 5.5 s; after idling at T/3: 3.9 s */
	ck_assert_int_eq(zkl_lease_validity(10000, 10000 / 6, 300, 0), 5534);
	ck_assert_int_eq(zkl_lease_validity(10000, 10000 / 3, 300, 0), 3867);
	ck_assert_int_le(zkl_lease_validity(4000, 2800, 300, 0), 0);
	ck_assert_int_eq(zkl_lease_validity(10000, 1666, 300, 1), 3034);
}
END_TEST

/* ---- the rest ---- */

START_TEST(backoff_grows_and_ends)
{
	for (unsigned attempt = 0; attempt < 40; attempt++) {
		int64_t most = MIN((int64_t)50 << MIN(attempt, 20), 5000) * ZKL_MS;

		ck_assert_int_ge(zkl_backoff(attempt, 0), most / 2);
		ck_assert_int_le(zkl_backoff(attempt, 0), most / 2);
		ck_assert_int_le(zkl_backoff(attempt, UINT64_MAX), most);
		for (uint64_t random = 1; random; random *= 3) {
			ck_assert_int_ge(zkl_backoff(attempt, random), most / 2);
			ck_assert_int_le(zkl_backoff(attempt, random), most);
			if (random > UINT64_MAX / 3)
				break;
		}
	}
}
END_TEST

START_TEST(every_error_has_its_row)
{
	g_autoptr(GHashTable) texts = g_hash_table_new(g_str_hash, g_str_equal);

	for (int error = 0; error <= ZKLOCK_ERR_INTERNAL; error++) {
		ck_assert_msg(strcmp(zkl_error_text(error), zkl_error_text(-1)) != 0, "%d", error);
		ck_assert(g_str_has_prefix(zkl_error_name(error), "ZKLOCK_"));
		ck_assert_msg(g_hash_table_add(texts, (char *)zkl_error_text(error)), "%d", error);
		ck_assert_int_ge(zkl_error_exit_status(error), 0);
		ck_assert_int_lt(zkl_error_exit_status(error), 80);
	}
	ck_assert_int_eq(zkl_error_exit_status(ZKLOCK_OK), 0);
	ck_assert_str_eq(zkl_error_name(ZKLOCK_ERR_BUSY), "ZKLOCK_ERR_BUSY");
}
END_TEST

START_TEST(unknown_errors_have_a_text)
{
	static const int unknown[] = {-1, ZKLOCK_ERR_INTERNAL + 1, INT32_MAX, INT32_MIN};

	for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++) {
		ck_assert_ptr_nonnull(zkl_error_text(unknown[i]));
		ck_assert_int_eq(zkl_error_retry(unknown[i]), ZKL_RETRY_NEVER);
		ck_assert_int_eq(zkl_error_exit_status(unknown[i]), 70);
	}
}
END_TEST

enum { IDLE, BUSY, DEAD };

static bool is_sound(const void *object)
{
	return *(const bool *)object;
}

static const struct zkl_sm_state states[] = {
	[IDLE] = {"IDLE", ZKL_SM_TO(BUSY)},
	[BUSY] = {"BUSY", ZKL_SM_TO(IDLE) | ZKL_SM_TO(DEAD)},
	[DEAD] = {"DEAD", 0},
};
static const struct zkl_sm_table table = {states, 3, is_sound};
static bool sound = true;
static uint8_t state = IDLE;
static GString *told;

static void watch(const struct zkl_sm_table *of, int from, int to)
{
	ck_assert_ptr_eq(of, &table);
	g_string_append_printf(told, "%s>%s ", states[from].name, states[to].name);
}

START_TEST(moves_follow_the_table)
{
	told = g_string_new("");
	zkl_sm_watch = watch;
	zkl_sm_move(&table, &sound, "x", &state, BUSY, "");
	zkl_sm_move(&table, &sound, "x", &state, IDLE, "");
	zkl_sm_move(&table, &sound, "x", &state, BUSY, "");
	zkl_sm_move(&table, &sound, "x", &state, DEAD, "");
	ck_assert_int_eq(state, DEAD);
	ck_assert_str_eq(told->str, "IDLE>BUSY BUSY>IDLE IDLE>BUSY BUSY>DEAD ");
	g_string_free(told, TRUE);
	zkl_sm_watch = NULL;
}
END_TEST

START_TEST(a_forbidden_move_aborts)
{
	zkl_sm_move(&table, &sound, "x", &state, DEAD, "");
}
END_TEST

START_TEST(a_broken_invariant_aborts)
{
	sound = false;
	zkl_sm_move(&table, &sound, "x", &state, BUSY, "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {names_are_parsed, a_guid_is_found_in_our_names_alone,
		names_of_locks, roots, numbers_are_compared_over_the_wrap,
		the_first_owns_and_the_others_wait, strangers_do_not_count, an_absent_node_is_gone,
		readers_and_slots, a_lease_proves_nothing_before_a_write_is_acknowledged,
		a_lease_counts_from_what_the_leader_heard, a_lease_is_never_longer_than_the_rule,
		a_lease_forgets_when_the_session_moves,
		a_lease_says_when_a_slow_greeting_is_made_up_for, validity_is_what_the_manual_says,
		backoff_grows_and_ends, every_error_has_its_row, unknown_errors_have_a_text,
		moves_follow_the_table};
	Suite *suite = suite_create("core");
	TCase *tcase = tcase_create("core");
	SRunner *runner = srunner_create(suite);
	int failed;

	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		tcase_add_test(tcase, tests[i]);
	tcase_add_test_raise_signal(tcase, a_forbidden_move_aborts, SIGABRT);
	tcase_add_test_raise_signal(tcase, a_broken_invariant_aborts, SIGABRT);
	tcase_set_timeout(tcase, CHECK_HANG);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
