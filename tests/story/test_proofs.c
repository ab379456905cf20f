/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_proofs.c - what a grant stands on, on a fake ensemble: proofs that are not wanted, that the
 * settings leave no room for, and an order of the queue in which strangers have the same names.
 */
#include "lib/world.h"

#include "lib/check_main.h"
#include "run/lock.h"
#include "run/record.h"

static struct world *world;
static struct world_client *a, *b;

static void begin(struct world_config config)
{
	config.clients = 2;
	config.no_check = true; /* of order: strangers are not known to the checker */
	world = world_new(&config);
	a = &world->clients[0];
	b = &world->clients[1];
	world_run(world, 100);
}

static zklock_t *asks_for(struct world_client *client, const char *name)
{
	zklock_t *lock = world_handle(client, name, NULL, NULL);

	ck_assert_int_eq(zkl_lock_acquire_async(lock, -1), ZKLOCK_OK);
	world_run(world, 50);
	return lock;
}

static char *stranger_at(const char *prefix)
{
	char *made = NULL;

	ck_assert(fake_create(world->fake, prefix, "", ZKL_MODE_EPHEMERAL_SEQUENTIAL,
		"world:anyone:cdrwa", &made));
	return made;
}

/* Row 21: a predecessor's end is its own, and not that of a namesake in another queue. */
START_TEST(strangers_of_one_name_in_two_queues)
{
	zklock_t *held_x, *held_y, *x, *y;
	char *in_x, *in_y;

	begin((struct world_config){0});
	held_x = asks_for(b, "x");
	held_y = asks_for(b, "y");
	in_x = stranger_at("/locks/x/lock-");
	in_y = stranger_at("/locks/y/lock-");
	ck_assert_str_eq(strrchr(in_x, '/'), strrchr(in_y, '/'));
	x = asks_for(a, "x");
	y = asks_for(a, "y");
	ck_assert(fake_delete(world->fake, in_y));
	world_run(world, 50);
	ck_assert_int_eq(zkl_lock_release_async(held_x), ZKLOCK_OK);
	ck_assert_int_eq(zkl_lock_release_async(held_y), ZKLOCK_OK);
	world_run(world, 50);
	ck_assert(!zkl_lock_is_held(x)); /* the stranger stands before us */
	ck_assert(zkl_lock_is_held(y));
	ck_assert(fake_delete(world->fake, in_x));
	world_run(world, 50);
	ck_assert(zkl_lock_is_held(x));
	zkl_lock_free(held_x);
	zkl_lock_free(held_y);
	zkl_lock_free(x);
	zkl_lock_free(y);
	g_free(in_x);
	g_free(in_y);
	world_run(world, 1000);
	world_free(world);
}
END_TEST

/* The weaker promise: silence for less than T. Nothing is silent here. */
START_TEST(without_proofs_a_lock_lasts)
{
	zklock_t *lock;

	begin((struct world_config){.proof_ms = -1});
	lock = asks_for(a, "x");
	for (int i = 0; i < 100; i++) {
		world_run(world, 1000);
		ck_assert(zkl_lock_is_held(lock));
		ck_assert_int_gt(zkl_lock_remaining_ms(lock), 1000);
	}
	ck_assert_uint_eq(fake_host_counts(a->host).ops[ZKL_OP_CHECK], 0);
	zkl_lock_free(lock);
	world_run(world, 1000);
	world_free(world);
}
END_TEST

static int last_error;

static void on_event(zklock_t *lock, const zklock_event_t *event, void *user)
{
	last_error = event->error;
	ck_assert_int_eq(event->type, ZKLOCK_EVENT_FAILED);
}

/* docs/guarantees.md: settings for which V is not positive; here known only when the servers have
 * cut T. Nothing is granted, whoever only looks may go on, and the session stays what it is. */
START_TEST(a_timeout_that_leaves_no_time_is_refused)
{
	struct fake_counts before;
	zklock_t *lock;

	begin((struct world_config){.proof_ms = 5000});
	lock = world_handle(a, "x", on_event, NULL);
	before = fake_host_counts(a->host);
	for (int i = 0; i < 10; i++) {
		last_error = 0;
		ck_assert_int_eq(zkl_lock_acquire_async(lock, i % 2 - 1), ZKLOCK_OK);
		world_run(world, 2000);
		ck_assert_int_eq(last_error, ZKLOCK_ERR_SETTINGS);
	}
	fake_expire(a->host); /* and so in the next session */
	ck_assert_int_eq(zkl_lock_acquire_async(lock, -1), ZKLOCK_OK);
	world_run(world, 20000);
	ck_assert_int_eq(last_error, ZKLOCK_ERR_SETTINGS);
	ck_assert_int_eq(zkl_pool_wait_connected(a->pool, 0), ZKLOCK_OK);
	ck_assert_uint_eq(fake_host_counts(a->host).moves, 0);
	ck_assert_uint_le(fake_host_counts(a->host).connects - before.connects, 3);
	ck_assert_uint_eq(fake_host_counts(a->host).ops[ZKL_OP_CREATE], before.ops[ZKL_OP_CREATE]);
	zkl_lock_free(lock);
	world_run(world, 1000);
	world_free(world);
}
END_TEST

static int grants;

static void count_grants(zklock_t *lock, const zklock_event_t *event, void *user)
{
	(void)lock;
	(void)user;
	grants += event->type == ZKLOCK_EVENT_GRANTED;
}

/* R3: our own node is written into, which spends its watch, and deleted; before we have looked, the
 * one ahead signs off. It does so for whoever is next now, and that is not us. */
START_TEST(a_spent_watch_of_our_own_node_vouches_for_nothing)
{
	const struct zkl_record_terms terms = {6000, 3200, 1000};
	g_autofree char *record = zkl_record_text(true, "holder", &terms, 1), *ahead = NULL;
	g_autofree char *own = NULL;
	zklock_t *first, *second;

	begin((struct world_config){0});
	ck_assert(fake_create(world->fake, "/locks", "", ZKL_MODE_CONTAINER, NULL, NULL));
	ck_assert(fake_create(world->fake, WORLD_LOCK, "", ZKL_MODE_CONTAINER, NULL, NULL));
	ck_assert(fake_create(world->fake, WORLD_LOCK "/00000000-0000-4000-8000-000000000000-lock-",
		record, ZKL_MODE_EPHEMERAL_SEQUENTIAL, "world:anyone:r", &ahead));
	first = asks_for(a, "x");
	own = world_node(a);
	grants = 0;
	zkl_lock_set_callback(first, count_grants, NULL);
	second = asks_for(b, "x");
	ck_assert(fake_set_acl(world->fake, own, "world:anyone:cdrwa"));
	ck_assert_int_eq(fake_write(world->fake, own, "x"), ZKL_RC_OK);
	ck_assert(fake_delete(world->fake, own));
	ck_assert(fake_signoff(world->fake, ahead));
	world_run(world, 100);
	ck_assert(zkl_lock_is_held(second));
	ck_assert_int_eq(grants, 0);
	zkl_lock_free(second);
	world_run(world, 100);
	ck_assert_int_eq(grants, 1); /* from the tail */
	zkl_lock_free(first);
	world_run(world, 1000);
	world_free(world);
}
END_TEST

static int64_t proven_ms(const struct world_client *client)
{
	return (zkl_session_until(zkl_pool_first(client->pool)) - fake_now(world->fake)) / ZKL_MS;
}

/* Row 2, W: B sleeps until its proof is all but over, and its turn has come meanwhile. */
START_TEST(a_proof_that_is_nearly_over_is_renewed_before_the_grant)
{
	const int64_t nearly = 100; /* of 3200 ms */
	zklock_t *first, *second;

	begin((struct world_config){0});
	first = asks_for(a, "x");
	second = asks_for(b, "x");
	for (int64_t before = INT64_MAX; proven_ms(b) <= before;) { /* no proof is under way */
		before = proven_ms(b);
		world_run(world, 1);
	}
	fake_stop_host(b->host);
	zkl_lock_free(first);
	world_run(world, proven_ms(b) - nearly);
	ck_assert(!zkl_lock_is_held(second));
	fake_continue_host(b->host);
	while (!zkl_lock_is_held(second))
		world_run(world, 1);
	ck_assert_int_gt(zkl_lock_remaining_ms(second), 2 * nearly);
	zkl_lock_free(second);
	world_run(world, 1000);
	world_free(world);
}
END_TEST

CHECK_MAIN("proofs", strangers_of_one_name_in_two_queues, without_proofs_a_lock_lasts,
	a_timeout_that_leaves_no_time_is_refused, a_spent_watch_of_our_own_node_vouches_for_nothing,
	a_proof_that_is_nearly_over_is_renewed_before_the_grant)
