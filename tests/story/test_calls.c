/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_calls.c - calls that wait for an answer, on a fake ensemble and on one thread: whoever would
 * sleep turns the world instead. So the only way to let anything happen is to leave the monitor.
 */
#include "lib/world.h"

#include <pthread.h>
#include <string.h>

#include <zklock/guard.h>
#include <zklock/znode.h>

#include "lib/check_main.h"

#define ANYONE "world:anyone:cdrwa"

static struct world *world;
static struct world_client *a;

static void begin(const char *chroot)
{
	world = world_new(&(struct world_config){.clients = 1, .chroot = chroot});
	a = &world->clients[0];
	world_run(world, 100);
}

static void end(void)
{
	world_free(world);
}

static int64_t now_ms(void)
{
	return fake_now(world->fake) / ZKL_MS;
}

/* It comes before the C library's own. Like that one it may be cancelled, with the mutex locked,
 * and may return without a reason. */
int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	(void)cond;
	pthread_testcancel();
	pthread_mutex_unlock(mutex);
	world_run(world, 1);
	pthread_mutex_lock(mutex);
	return 0;
}

/* ---- a connection that is gone, and nobody knows yet ---- */

#define TRIES_AT_MOST 1000

static bool (*real_send)(struct zkl_transport *transport, const struct zkl_request *request);
static unsigned tries;

static bool refuse(struct zkl_transport *transport, const struct zkl_request *request)
{
	(void)transport;
	(void)request;
	ck_assert_msg(++tries < TRIES_AT_MOST, "tried again and again inside the monitor");
	return false;
}

static struct zkl_transport_ops *transport_of_a(void)
{
	return (struct zkl_transport_ops *)(uintptr_t)fake_host_transport(a->host);
}

static void send_nothing(void)
{
	real_send = transport_of_a()->send;
	transport_of_a()->send = refuse;
	tries = 0;
}

static void send_again(void *unused)
{
	(void)unused;
	transport_of_a()->send = real_send;
}

static void send_again_after(int64_t ms)
{
	fake_at(world->fake, fake_now(world->fake) + ms * ZKL_MS, send_again, NULL);
}

START_TEST(a_read_that_cannot_be_sent_leaves_the_monitor)
{
	zklock_owners_t *owners = NULL;
	int64_t start;

	begin(NULL);
	send_nothing();
	start = now_ms();
	ck_assert_int_eq(zklock_owners(a->pool, "x", 0, 500, &owners), ZKLOCK_ERR_UNAVAILABLE);
	ck_assert_int_eq(now_ms() - start, 500);
	send_again_after(500);
	ck_assert_int_eq(zklock_owners(a->pool, "x", 0, -1, &owners), ZKLOCK_OK);
	zklock_owners_free(owners);
	end();
}
END_TEST

START_TEST(a_vigil_that_cannot_be_sent_leaves_the_monitor)
{
	int64_t start;

	begin(NULL);
	send_nothing();
	start = now_ms();
	ck_assert_int_eq(zklock_wait_done(a->pool, "x", 500), ZKLOCK_ERR_UNAVAILABLE);
	ck_assert_int_eq(now_ms() - start, 500);
	send_again_after(500);
	ck_assert_int_eq(zklock_wait_done(a->pool, "x", -1), ZKLOCK_OK);
	end();
}
END_TEST

/* UNKNOWN is only for what may have happened. */
START_TEST(a_write_that_was_not_sent_is_unavailable)
{
	begin(NULL);
	send_nothing();
	ck_assert_int_eq(zklock_znode_create(a->pool, "/fact", "1", 1, 0, NULL, 100),
		ZKLOCK_ERR_UNAVAILABLE);
	ck_assert(!fake_look(world->fake, "/fact", NULL));
	send_again_after(100);
	ck_assert_int_eq(zklock_znode_create(a->pool, "/fact", "1", 1, 0, NULL, 1000), ZKLOCK_OK);
	fake_plan(world->fake, &(struct fake_fault){.kind = FAKE_LOSE,
				       .place = FAKE_AT_CLIENT,
				       .from = FAKE_ANY,
				       .op = ZKL_OP_SET,
				       .nth = 1,
				       .host = FAKE_ANY});
	ck_assert_int_eq(
		zklock_znode_set(a->pool, "/fact", "2", 1, -1, NULL, 20000), ZKLOCK_ERR_UNKNOWN);
	end();
}
END_TEST

/* ---- a program that closes ---- */

static void *close_cancelled(void *ret_error)
{
	pthread_cancel(pthread_self()); /* at the next wait that may be cancelled */
	*(int *)ret_error = zkl_pool_close(a->pool, 1000, true);
	return NULL;
}

/* It died inside, and nobody else ever came in. */
START_TEST(a_close_is_not_cancelled_half_way)
{
	pthread_t thread;
	void *result;
	int error = -1;

	begin(NULL);
	zkl_pool_ref(a->pool); /* ours, until world_free() */
	pthread_create(&thread, NULL, close_cancelled, &error);
	pthread_join(thread, &result);
	ck_assert_ptr_null(result);
	ck_assert_int_eq(error, ZKLOCK_OK);
	a->phase = WORLD_DONE;
	a->closing = true;
	end();
}
END_TEST

/* ---- znodes ---- */

START_TEST(the_length_of_a_znode_without_its_data)
{
	size_t len = 77;

	begin(NULL);
	ck_assert(fake_create(world->fake, "/fact", "12345", ZKL_MODE_PERSISTENT, ANYONE, NULL));
	world_run(world, 100);
	ck_assert_int_eq(zklock_znode_get(a->pool, "/fact", NULL, &len, NULL, 1000), ZKLOCK_OK);
	ck_assert_uint_eq(len, 5);
	end();
}
END_TEST

static void ask_for_locks(int error)
{
	zklock_owners_t *owners = NULL;

	ck_assert_int_eq(zklock_owners(a->pool, "x", 0, 1000, &owners), error);
	zklock_owners_free(owners);
	ck_assert_int_eq(zklock_wait_done(a->pool, "x", 1000), error);
}

static void ask_for_znodes(int error)
{
	char **names, *acl;
	size_t count;

	ck_assert_int_eq(zklock_znode_get(a->pool, "/f", NULL, NULL, NULL, 1000), error);
	ck_assert_int_eq(zklock_znode_set(a->pool, "/f", "1", 1, -1, NULL, 1000), error);
	ck_assert_int_eq(zklock_znode_delete(a->pool, "/f", -1, NULL, 1000), error);
	ck_assert_int_eq(zklock_znode_children(a->pool, "/f", &names, &count, 1000), error);
	ck_assert_int_eq(zklock_znode_acl(a->pool, "/f", &acl, 1000), error);
	ck_assert_int_eq(zklock_znode_create(a->pool, "/d/f", "1", 1, 0, NULL, 1000), error);
}

static int create_with_parents(void)
{
	return zklock_znode_create(a->pool, "/d/e/f", "1", 1, ZKLOCK_ZNODE_PARENTS, NULL, 1000);
}

/* A slip in the servers string looked like a lock that nobody wants. */
START_TEST(a_chroot_that_is_missing_is_told)
{
	begin("/team");
	ask_for_locks(ZKLOCK_ERR_NO_CHROOT);
	ask_for_znodes(ZKLOCK_ERR_NO_CHROOT);
	ck_assert_int_eq(create_with_parents(), ZKLOCK_ERR_NO_CHROOT);
	ck_assert(fake_create(world->fake, "/team", "", ZKL_MODE_PERSISTENT, ANYONE, NULL));
	world_run(world, 100);
	ask_for_locks(ZKLOCK_OK);
	ask_for_znodes(ZKLOCK_ERR_NO_NODE);
	ck_assert_int_eq(create_with_parents(), ZKLOCK_OK);
	ck_assert(fake_look(world->fake, "/team/d/e/f", NULL));
	end();
}
END_TEST

/* Also after a foreign write the lock is held, so the guard must not refuse. */
START_TEST(the_guard_asks_for_the_node_and_no_version)
{
	zklock_options_t options = ZKLOCK_OPTIONS_INIT;
	char path[ZKLOCK_GUARD_PATH];
	g_autofree char *node = NULL;
	struct zoo_op op;
	zklock_t *lock;

	begin(NULL);
	options.flags = ZKLOCK_UNBOUND;
	ck_assert_int_eq(zklock_new(a->pool, "x", &options, &lock), ZKLOCK_OK);
	ck_assert_int_eq(zklock_lock_async(lock, -1), ZKLOCK_OK);
	world_run(world, 50);
	ck_assert_int_eq(zklock_guard_op(lock, &op, path, sizeof(path)), ZKLOCK_OK);
	node = world_node(a);
	ck_assert_str_eq(op.check_op.path, node);
	ck_assert_int_eq(op.check_op.version, -1);
	zklock_free(lock);
	world_run(world, 50);
	end();
}
END_TEST

CHECK_MAIN("calls", a_read_that_cannot_be_sent_leaves_the_monitor,
	a_vigil_that_cannot_be_sent_leaves_the_monitor, a_write_that_was_not_sent_is_unavailable,
	a_close_is_not_cancelled_half_way, the_length_of_a_znode_without_its_data,
	a_chroot_that_is_missing_is_told, the_guard_asks_for_the_node_and_no_version)
