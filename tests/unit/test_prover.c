/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_prover.c - when a silent server is left: late enough not to run from every delay, early
 * enough to be elsewhere before the proof is over, never twice in V, and not all sessions at once
 * (faults.md rows 9, 10 and 12).
 */
#include "lib/check_main.h"
#include "run/prover.h"

#define T      (10000 * ZKL_MS)
#define MARGIN (300 * ZKL_MS)

static zkl_time time_now;
static uint64_t dice;
static struct zkl_loop *loop;
static struct zkl_prover prover;
static unsigned proofs, moves;
static zkl_time first_proof, last_move, least_between;

static zkl_time now(void *ctx)
{
	return time_now;
}

static uint64_t roll(void *ctx)
{
	return dice;
}

static const struct zkl_clock fake_clock = {now, roll, NULL};

/* Sent, and never answered. */
static bool prove(void *owner)
{
	if (proofs++ == 0)
		first_proof = time_now;
	zkl_prover_sent(&prover, time_now);
	zkl_prover_proof_sent(&prover);
	return true;
}

static void idle(void *owner)
{
	zkl_prover_sent(&prover, time_now);
}

/* Another server takes us in at once, and is as silent as the last: its leader is. */
static void late(void *owner)
{
	if (moves++ > 0 && time_now - last_move < least_between)
		least_between = time_now - last_move;
	last_move = time_now;
	zkl_prover_offline(&prover);
	zkl_prover_online(&prover, T, false);
}

static void nothing(void *owner)
{
}

static zkl_time died;

static void dead(void *owner, bool expired)
{
	ck_assert(!expired);
	died = time_now;
}

static bool is_greeting;

static bool greeting(void *owner)
{
	return is_greeting;
}

static const struct zkl_prover_host host = {
	.prove = prove,
	.idle = idle,
	.late = late,
	.hurry = nothing,
	.check = nothing,
	.dead = dead,
	.greeting = greeting,
};

static void begin(uint64_t thrown)
{
	time_now = 1000 * ZKL_MS;
	dice = thrown;
	proofs = moves = 0;
	is_greeting = false;
	least_between = ZKL_NEVER;
	loop = zkl_loop_new(&fake_clock, false);
	zkl_loop_enter(loop);
	zkl_prover_init(&prover, loop, &host, NULL, T, 0, MARGIN, 0);
	zkl_prover_opening(&prover);
	zkl_prover_online(&prover, T, true);
	zkl_prover_want(&prover, 1);
	zkl_loop_leave(loop);
}

static void end(void)
{
	zkl_loop_enter(loop);
	zkl_prover_stop(&prover);
	zkl_loop_leave(loop);
	zkl_loop_free(loop);
}

static void pass(zkl_time span)
{
	zkl_time until = time_now + span;

	while (zkl_loop_next_due(loop) <= until) {
		time_now = MAX(time_now, zkl_loop_next_due(loop));
		zkl_loop_step(loop);
	}
	time_now = until;
}

/* How long the first unanswered proof was waited for. */
static zkl_time patience(uint64_t thrown)
{
	zkl_time waited;

	begin(thrown);
	while (moves == 0)
		pass(ZKL_MS);
	waited = last_move - first_proof;
	end();
	return waited;
}

START_TEST(a_move_comes_while_the_proof_lasts)
{
	zkl_time v = zkl_lease_validity(T, T / 6, MARGIN, 0);

	/* the proof before is h old when this one is sent */
	for (uint64_t thrown = 0; thrown < 1000; thrown++)
		ck_assert_int_lt(T / 6 + patience(thrown * 7919 * ZKL_MS), v * 2 / 3);
}
END_TEST

/* A leader that stalls makes all sessions late at once: they must not leave at once. */
START_TEST(moves_are_spread)
{
	zkl_time v = zkl_lease_validity(T, T / 6, MARGIN, 0);
	unsigned bins[10] = {0};

	for (unsigned i = 0; i < 1000; i++) {
		zkl_time at = patience((uint64_t)i * 7919 * ZKL_MS) - v * 3 / 16;
		zkl_time bin = at * 10 / (v / 8);

		ck_assert_int_ge(at, 0);
		ck_assert_int_le(at, v / 8);
		bins[MIN(bin, 9)]++;
	}
	for (int i = 0; i < 10; i++) {
		ck_assert_uint_gt(bins[i], 50);
		ck_assert_uint_lt(bins[i], 200);
	}
}
END_TEST

START_TEST(at_most_one_move_in_v)
{
	for (uint64_t thrown = 0; thrown < 50; thrown++) {
		begin(thrown * 7919 * ZKL_MS);
		pass(10 * T);
		ck_assert_uint_ge(moves, 2);
		ck_assert_int_ge(least_between, prover.validity);
		ck_assert_uint_le(moves, 1 + (unsigned)(10 * T / prover.validity));
		end();
	}
}
END_TEST

START_TEST(answers_keep_us_where_we_are)
{
	begin(0);
	for (int i = 0; i < 1000; i++) {
		pass(T / 60);
		zkl_loop_enter(loop);
		if (prover.pending) {
			zkl_prover_acked(&prover, prover.asked, prover.asked + T / 2, true);
			zkl_prover_proof_answered(&prover, false);
		}
		zkl_loop_leave(loop);
	}
	ck_assert_uint_gt(proofs, 50);
	ck_assert_uint_eq(moves, 0);
	end();
}
END_TEST

/* However late the answer, and whatever was sent meanwhile. */
START_TEST(a_proof_counts_from_its_request)
{
	zkl_time sent, promise;

	begin(0);
	zkl_loop_enter(loop);
	for (int i = 0; i < 60; i++, time_now += T / 60)
		zkl_prover_sent(&prover, time_now);
	sent = time_now;
	promise = zkl_prover_promise(&prover, sent, true);
	zkl_prover_sent(&prover, sent);
	for (int i = 0; i < 10; i++, time_now += T / 60)
		zkl_prover_sent(&prover, time_now);
	zkl_prover_acked(&prover, sent, promise, true);
	ck_assert_int_eq(prover.lease.until, promise);
	ck_assert_int_gt(zkl_lease_promise(&prover.lease, time_now), promise);
	zkl_loop_leave(loop);
	end();
}
END_TEST

/* The loss is told when the client has made the next connection already: that server may have heard
 * us at any time since the last request that was answered. */
START_TEST(a_loss_that_is_told_late_makes_no_proof_longer)
{
	zkl_time sent;

	begin(0);
	zkl_loop_enter(loop);
	sent = time_now;
	zkl_prover_sent(&prover, sent);
	zkl_prover_acked(&prover, sent, 0, false);
	time_now += T / 2;
	is_greeting = true;
	zkl_prover_offline(&prover);
	zkl_prover_online(&prover, T, false);
	ck_assert_int_le(zkl_lease_promise(&prover.lease, time_now), sent + T);
	zkl_loop_leave(loop);
	end();
}
END_TEST

/* A server that has too much to do says so; asking at once again makes it worse. */
START_TEST(a_refused_proof_is_not_repeated_at_once)
{
	begin(0);
	while (proofs == 0)
		pass(ZKL_MS);
	for (int i = 0; i < 1000; i++) {
		zkl_loop_enter(loop);
		if (prover.pending)
			zkl_prover_proof_answered(&prover, true);
		zkl_prover_now(&prover);
		zkl_loop_leave(loop);
		pass(ZKL_MS);
	}
	ck_assert_uint_gt(proofs, 1);
	ck_assert_uint_le(proofs, 2 + (unsigned)(1000 * ZKL_MS / (prover.validity / 16)));
	end();
}
END_TEST

/* Servers that let us in and drop us before they answer anything keep the session, and so the nodes
 * of what was lost long ago. */
START_TEST(doors_that_open_are_no_answer)
{
	zkl_time answered;

	begin(0);
	died = 0;
	zkl_loop_enter(loop);
	zkl_prover_acked(&prover, time_now, 0, false);
	zkl_loop_leave(loop);
	answered = time_now;
	while (!died && time_now < answered + 10 * T) {
		zkl_loop_enter(loop);
		zkl_prover_offline(&prover);
		zkl_loop_leave(loop);
		pass(T / 10);
		zkl_loop_enter(loop);
		zkl_prover_online(&prover, T, false);
		zkl_loop_leave(loop);
		pass(ZKL_MS);
	}
	ck_assert_int_ge(died, answered + 4 * T);
	ck_assert_int_le(died, answered + 5 * T);
	end();
	begin(0); /* all of us have slept, the servers, too */
	died = 0;
	time_now += 100 * T;
	zkl_loop_enter(loop);
	zkl_prover_offline(&prover);
	zkl_loop_leave(loop);
	pass(T);
	ck_assert_int_eq(died, 0);
	end();
}
END_TEST

CHECK_MAIN("prover", doors_that_open_are_no_answer, a_move_comes_while_the_proof_lasts,
	moves_are_spread, at_most_one_move_in_v, answers_keep_us_where_we_are,
	a_proof_counts_from_its_request, a_loss_that_is_told_late_makes_no_proof_longer,
	a_refused_proof_is_not_repeated_at_once)
