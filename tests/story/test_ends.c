/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ends.c - how sessions end, on a fake ensemble: cut short by a server, closed while a release
 * is under way, and worn out by watches that nobody needs any more.
 */
#include "lib/world.h"

#include "lib/check_main.h"
#include "run/lock.h"

static struct world *world;
static struct world_client *a, *b;
static GString *told;

static void on_event(zklock_t *lock, const zklock_event_t *event, void *user)
{
	(void)lock;
	(void)user;
	g_string_append_printf(told, "%s%s", told->len ? " " : "", zklock_event_name(event->type));
	if (event->error)
		g_string_append_printf(told, ":%s", zklock_error_name(event->error));
	if (event->cause)
		g_string_append_printf(told, ":%s", zklock_cause_name(event->cause));
}

static void saw(const char *expected)
{
	ck_assert_str_eq(told->str, expected);
	g_string_truncate(told, 0);
}

static void begin(struct world_config config)
{
	config.clients = 2;
	world = world_new(&config);
	a = &world->clients[0];
	b = &world->clients[1];
	told = g_string_new("");
	world_run(world, 100);
}

static void end(void)
{
	world_run(world, 20000);
	ck_assert_uint_eq(world_contenders(world), 0);
	world_free(world);
	g_string_free(told, TRUE);
}

static zklock_t *asks_for(struct world_client *client, const char *name)
{
	zklock_t *lock = world_handle(client, name, client == a ? on_event : NULL, NULL);

	ck_assert_int_eq(zkl_lock_acquire_async(lock, -1), ZKLOCK_OK);
	world_run(world, 20);
	return lock;
}

/* Servers with different limits: the leader ends the session sooner than was promised. */
START_TEST(a_server_that_cuts_the_timeout_costs_the_session)
{
	zklock_t *lock, *other;

	begin((struct world_config){.fake.most = {[1] = 3 * ZKL_SEC, [2] = 3 * ZKL_SEC}});
	ck_assert_int_eq(fake_host_server(a->host), 0);
	lock = asks_for(a, "x");
	other = asks_for(b, "x");
	saw("granted");
	fake_cut(a->host);
	world_run(world, 500);
	saw("suspended lost:unproven");
	ck_assert(zkl_lock_is_held(other));
	ck_assert_int_eq(zkl_lock_acquire_async(lock, -1), ZKLOCK_ERR_LOST);
	ck_assert_int_eq(zkl_lock_release_async(lock), ZKLOCK_ERR_LOST);
	ck_assert_int_eq(zkl_lock_acquire_async(lock, -1), ZKLOCK_OK); /* in the next session */
	world_run(world, 500);
	zkl_lock_free(other);
	world_run(world, 100);
	saw("queued granted");
	zkl_lock_free(lock);
	end();
}
END_TEST

/* Row 8, R, and a program that does not wait for the end of it. */
START_TEST(closed_before_the_release_is_confirmed)
{
	zklock_t *lock;

	begin((struct world_config){0});
	lock = asks_for(a, "x");
	saw("granted");
	fake_offline(a->host, true);
	world_run(world, 100);
	saw("suspended");
	ck_assert_int_eq(zkl_lock_release_async(lock), ZKLOCK_OK);
	world_close(a);
	world_run(world, 10000);
	saw("released:ZKLOCK_ERR_PENDING");
	zkl_lock_free(lock);
	end();
}
END_TEST

static size_t watch_bytes(void)
{
	return zkl_session_watch_bytes(zkl_pool_first(a->pool));
}

/* The name of a lock's nth contender, waiting for which A gives up. */
static void gives_up_waiting_for(const char *name)
{
	zklock_t *lock = asks_for(a, name);

	zkl_lock_free(lock);
	world_run(world, 20);
	saw("queued");
}

/* The client sets watches again that we cannot take back (traps.md 13, 14). */
START_TEST(watches_of_those_who_left_count_until_they_fire)
{
	zklock_t *held;

	begin((struct world_config){.chroot = "/team"});
	ck_assert(fake_create(
		world->fake, "/team", "", ZKL_MODE_PERSISTENT, "world:anyone:cdrwa", NULL));
	held = asks_for(b, "x");
	gives_up_waiting_for("x");
	ck_assert_uint_eq(watch_bytes(), strlen("/team/locks/x/") + ZKL_NODE_MAX + 4);
	gives_up_waiting_for("x"); /* the same one */
	ck_assert_uint_eq(watch_bytes(), strlen("/team/locks/x/") + ZKL_NODE_MAX + 4);
	zkl_lock_free(held);
	world_run(world, 50);
	ck_assert_uint_eq(watch_bytes(), 0);
	end();
}
END_TEST

START_TEST(a_session_full_of_them_is_ended_when_nobody_uses_it)
{
	const size_t each = strlen("/locks/0000/") + ZKL_NODE_MAX + 4;
	size_t enough = ZKL_SESSION_WATCH_BYTES / 4 / each + 1;
	zklock_t **held = g_new(zklock_t *, enough);
	int64_t before;

	begin((struct world_config){0});
	before = fake_host_session(a->host);
	for (size_t i = 0; i < enough; i++) {
		g_autofree char *name = g_strdup_printf("%04zu", i);

		ck_assert_int_eq(fake_host_session(a->host), before);
		held[i] = asks_for(b, name);
		gives_up_waiting_for(name);
	}
	world_run(world, 500);
	ck_assert_int_ne(fake_host_session(a->host), before);
	ck_assert_uint_eq(watch_bytes(), 0);
	for (size_t i = 0; i < enough; i++)
		zkl_lock_free(held[i]);
	g_free(held);
	end();
}
END_TEST

CHECK_MAIN("ends", a_server_that_cuts_the_timeout_costs_the_session,
	closed_before_the_release_is_confirmed, watches_of_those_who_left_count_until_they_fire,
	a_session_full_of_them_is_ended_when_nobody_uses_it)
