/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_counts.c - what each verb costs, counted at the transport: the table of docs/recipe.md,
 * behind 1, 1000 and 10 000 waiters (P9, P12). Requests are counted, not time, so a change here is
 * a regression on any machine.
 */
#include "lib/world.h"

#include "lib/check_main.h"
#include "run/record.h"

static struct world *world;
static struct world_client *a, *b;
static GPtrArray *queue; /* paths of nodes as ours make them, in order */

static char *join_stranger(unsigned number)
{
	const struct zkl_record_terms terms = {6000, 3200, 1000};
	g_autofree char *path =
		g_strdup_printf(WORLD_LOCK "/%08x-0000-4000-8000-000000000000-lock-", number);
	g_autofree char *record = zkl_record_text(true, "test", &terms, 1);
	char *made = NULL;

	ck_assert(fake_create(
		world->fake, path, record, ZKL_MODE_EPHEMERAL_SEQUENTIAL, "world:anyone:r", &made));
	return made;
}

/* A lock held by the first of n others, who all look as if made by us. */
static void begin(unsigned n)
{
	world = world_new(&(struct world_config){.clients = 2});
	a = &world->clients[0];
	b = &world->clients[1];
	queue = g_ptr_array_new_with_free_func(g_free);
	world_run(world, 100);
	ck_assert(fake_create(world->fake, "/locks", "", ZKL_MODE_CONTAINER, NULL, NULL));
	ck_assert(fake_create(world->fake, WORLD_LOCK, "", ZKL_MODE_CONTAINER, NULL, NULL));
	for (unsigned i = 0; i < n; i++)
		g_ptr_array_add(queue, join_stranger(i));
	world_run(world, 100);
}

static void end(void)
{
	ck_assert_msg(!world_violation(world), "%s", world_violation(world));
	g_ptr_array_unref(queue);
	world_free(world);
}

static void forget(void)
{
	fake_host_counts_reset(a->host);
}

static void lock_and_wait(struct world_client *client)
{
	world_lock(client, -1);
	world_run(world, 50);
}

/* Take all before A away but the last, as if they had left one by one. */
static void leave_one(void)
{
	while (queue->len > 1) {
		ck_assert(fake_delete(world->fake, queue->pdata[0]));
		g_ptr_array_remove_index(queue, 0);
	}
	world_run(world, 50);
}

/* "create 1, list 1": what was sent since forget(). */
static void sent(const char *expected)
{
	struct fake_counts counts = fake_host_counts(a->host);
	g_autoptr(GString) text = g_string_new("");

	for (int op = 0; op < ZKL_OPS; op++) {
		if (counts.ops[op])
			g_string_append_printf(text, "%s%s %d", text->len ? ", " : "",
				zkl_op_name((enum zkl_op)op), (int)counts.ops[op]);
	}
	ck_assert_str_eq(text->str, expected);
	forget();
}

static const unsigned lengths[] = {1, 1000, 10000};
#define BEHIND lengths[_i]

/* ---- the rows ---- */

START_TEST(lock_free)
{
	begin(0);
	forget();
	lock_and_wait(a);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
	sent("create 1, list 1");
	end();
}
END_TEST

START_TEST(lock_held)
{
	begin(BEHIND);
	forget();
	lock_and_wait(a);
	ck_assert_int_eq(a->phase, WORLD_WAITING);
	ck_assert_uint_eq(a->ahead, BEHIND);
	sent("create 1, list 1, get 2");
	ck_assert_uint_eq(fake_watch_count(world->fake), 2);
	end();
}
END_TEST

START_TEST(hand_over)
{
	begin(BEHIND);
	lock_and_wait(a);
	leave_one();
	forget();
	ck_assert(fake_signoff(world->fake, queue->pdata[0]));
	world_run(world, 50);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
	ck_assert_uint_eq(fake_host_counts(a->host).watches, 1);
	ck_assert_uint_eq(fake_host_counts(a->host).bytes_in, 0);
	sent("");
	end();
}
END_TEST

/* ... also after a long wait: the proof is kept fresh by those who stand near. */
START_TEST(hand_over_after_a_minute)
{
	begin(BEHIND);
	lock_and_wait(a);
	leave_one();
	world_run(world, 60000);
	forget();
	ck_assert(fake_signoff(world->fake, queue->pdata[0]));
	world_run(world, 20);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
	sent("");
	end();
}
END_TEST

START_TEST(predecessor_left)
{
	begin(BEHIND + 10);
	lock_and_wait(a);
	for (unsigned i = 0; i < 7; i++) {
		forget();
		ck_assert(fake_delete(world->fake, queue->pdata[BEHIND + 9 - i]));
		world_run(world, 50);
		ck_assert_int_eq(a->phase, WORLD_WAITING);
		ck_assert_uint_lt(fake_host_counts(a->host).bytes_in, 1000);
		sent("get 1");
	}
	/* the eighth: the names are used up */
	ck_assert(fake_delete(world->fake, queue->pdata[BEHIND + 2]));
	world_run(world, 50);
	sent("list 1, get 1");
	end();
}
END_TEST

START_TEST(try_on_a_held_lock)
{
	begin(BEHIND);
	forget();
	world_lock(a, 0);
	world_run(world, 50);
	ck_assert_int_eq(a->last_error, ZKLOCK_ERR_BUSY);
	/* the first sees which of the children are contenders at all */
	sent("list 1, exists 1");
	world_lock(a, 0);
	world_run(world, 50);
	ck_assert_int_eq(a->last_error, ZKLOCK_ERR_BUSY);
	sent("exists 1");
	end();
}
END_TEST

/* bugs.md 22: who is no contender stands in nobody's way. */
static void strangers_come(const char *name, int n)
{
	for (int i = 0; i < n; i++) {
		g_autofree char *path = g_strdup_printf(WORLD_LOCK "/%s-%d", name, i);

		ck_assert(fake_create(
			world->fake, path, "", ZKL_MODE_PERSISTENT, "world:anyone:cdrwa", NULL));
	}
	world_run(world, 50);
	forget();
}

/* How many tries it takes until one has the lock, which is given back. */
static int tries(void)
{
	int n = 0;

	do {
		ck_assert_int_lt(n++, 100);
		world_lock(a, 0);
		world_run(world, 50);
	} while (a->phase != WORLD_HOLDING);
	world_release(a);
	world_run(world, 50);
	return n;
}

START_TEST(try_beside_strangers)
{
	begin(0);
	strangers_come("first", 100);
	ck_assert_int_eq(tries(), 1);
	sent("create 1, list 2, exists 1, signoff 1");
	ck_assert_int_eq(tries(), 1);
	sent("create 1, list 1, exists 1, signoff 1");
	strangers_come("later", 1); /* a queue, as far as can be seen from outside */
	ck_assert_int_eq(tries(), 2);
	sent("create 1, list 2, exists 2, signoff 1");
	end();
}
END_TEST

START_TEST(unlock)
{
	begin(0);
	lock_and_wait(a);
	for (unsigned i = 0; i < BEHIND; i++)
		g_ptr_array_add(queue, join_stranger(i));
	world_run(world, 50);
	forget();
	world_release(a);
	world_run(world, 50);
	ck_assert_uint_eq(a->released, 1);
	ck_assert_uint_eq(fake_host_counts(a->host).bytes_in, 0);
	sent("signoff 1");
	end();
}
END_TEST

START_TEST(leaving_the_queue)
{
	begin(BEHIND);
	lock_and_wait(a);
	forget();
	world_cancel(a);
	world_run(world, 50);
	ck_assert_int_eq(a->last_error, ZKLOCK_ERR_CANCELLED);
	sent("delete 1");
	end();
}
END_TEST

/* T = 6 s, so h = 1 s. The first proof also sets the watch on our own node. */
START_TEST(proof)
{
	begin(0);
	lock_and_wait(a);
	for (unsigned i = 0; i < BEHIND; i++)
		g_ptr_array_add(queue, join_stranger(i));
	world_run(world, 1500);
	sent("create 1, list 1, get 1, check 1");
	world_run(world, 10000);
	sent("check 10");
	end();
}
END_TEST

/* Near its turn a waiter proves ahead; deep in the queue it writes nothing. */
START_TEST(waiting)
{
	begin(BEHIND);
	lock_and_wait(a);
	world_run(world, 3000);
	forget();
	world_run(world, 9000);
	sent(BEHIND < 8 ? "check 9" : "exists 6");
	end();
}
END_TEST

/* Queue of ours: one release wakes one waiter. */
START_TEST(one_wake_up)
{
	world = world_new(&(struct world_config){.clients = WORLD_CLIENTS});
	queue = g_ptr_array_new();
	for (int i = 0; i < WORLD_CLIENTS; i++)
		lock_and_wait(&world->clients[i]);
	for (int i = 0; i + 1 < WORLD_CLIENTS; i++) {
		for (int j = 0; j < WORLD_CLIENTS; j++)
			fake_host_counts_reset(world->clients[j].host);
		world_release(&world->clients[i]);
		world_run(world, 50);
		for (int j = i + 1; j < WORLD_CLIENTS; j++)
			ck_assert_uint_eq(
				fake_host_counts(world->clients[j].host).watches, j == i + 1);
		ck_assert_int_eq(world->clients[i + 1].phase, WORLD_HOLDING);
	}
	world_release(&world->clients[WORLD_CLIENTS - 1]);
	world_run(world, 50);
	ck_assert_uint_eq(fake_watch_count(world->fake), 0);
	end();
}
END_TEST

/* Idle, nothing is watched and nothing is written. */
START_TEST(idle)
{
	begin(0);
	lock_and_wait(a);
	world_release(a);
	world_run(world, 3000);
	forget();
	world_run(world, 12000);
	ck_assert_uint_eq(fake_watch_count(world->fake), 0);
	sent("exists 8");
	end();
}
END_TEST

int main(void)
{
	const TTest *const single[] = {lock_free, one_wake_up, idle, try_beside_strangers};
	const TTest *const each[] = {lock_held, hand_over, hand_over_after_a_minute,
		predecessor_left, try_on_a_held_lock, unlock, leaving_the_queue, proof, waiting};
	Suite *suite = suite_create("counts");
	TCase *tcase = tcase_create("counts");
	SRunner *runner = srunner_create(suite);
	int failed;

	for (size_t i = 0; i < G_N_ELEMENTS(single); i++)
		tcase_add_test(tcase, single[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(each); i++)
		tcase_add_loop_test(tcase, each[i], 0, G_N_ELEMENTS(lengths));
	tcase_set_timeout(tcase, CHECK_HANG);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
