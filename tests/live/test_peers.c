/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_peers.c - the lock tests of kazoo, Curator and etcd that apply to an exclusive lock, under
 * their names, on real servers. Not here: what needs servers of its own (test_holder), and what is
 * about features that we do not have (persistent nodes, revocation).
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/live.h"

#define SHORT_T 4000 /* the shortest session timeout that servers with the usual tick allow */

/* ---- kazoo ------------------------------------------------------------------------------------
 */

START_TEST(kazoo_test_lock_one_is_listed_and_granted)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "kazoo-one", 0);
	zklock_owners_t *owners;
	const zklock_owner_t *owner;
	int64_t token;

	ck_ok(zklock_lock(lock));
	ck_assert(zklock_is_held(lock));
	ck_assert_int_gt(zklock_remaining_ms(lock), 0);
	ck_ok(zklock_token(lock, &token));
	ck_ok(zklock_owners(s, "kazoo-one", 0, LIVE_GUARD_MS, &owners));
	ck_assert_uint_eq(zklock_owners_count(owners), 1);
	owner = zklock_owners_get(owners, 0);
	ck_assert(owner->holds);
	ck_assert_int_eq(owner->token, token);
	ck_assert_int_eq(owner->make, ZKLOCK_MAKE_ZKLOCK);
	ck_assert_int_eq(owner->record_version, 1);
	ck_assert_int_eq(owner->pid, getpid());
	ck_assert_int_eq(owner->session_timeout_ms, 10000);
	ck_assert(owner->sealed);
	ck_assert_uint_eq(strlen(owner->guid), 36);
	zklock_owners_free(owners);
	ck_ok(zklock_unlock(lock));
	ck_assert(!zklock_is_held(lock));
	ck_assert_int_eq(zklock_remaining_ms(lock), 0);
	ck_error(zklock_token(lock, &token), ZKLOCK_ERR_NOT_HELD);
	ck_ok(zklock_free(lock));
	live_close(s);
}
END_TEST

START_TEST(kazoo_test_lock_five_waiters_are_served_in_order)
{
	zklock_session_t *s = live_session(0);
	zklock_t *first = live_lock(s, "kazoo-five", 0);
	struct live_worker workers[5] = {0};
	zklock_t *locks[5];
	int order[5], next = 0;

	ck_ok(zklock_lock(first));
	for (int i = 0; i < 5; i++) {
		locks[i] = live_lock(s, "kazoo-five", 0);
		workers[i].order = order;
		workers[i].next = &next;
		workers[i].number = i;
		live_begin(&workers[i], locks[i], LIVE_GUARD_MS);
		live_wait_contenders(s, "kazoo-five", (size_t)i + 2);
	}
	ck_ok(zklock_unlock(first));
	for (int i = 0; i < 5; i++) {
		ck_ok(live_finish(&workers[i]));
		ck_assert_int_eq(order[i], i);
		ck_assert(i == 0 || workers[i].token > workers[i - 1].token);
		zklock_free(locks[i]);
	}
	zklock_free(first);
	live_close(s);
}
END_TEST

/* Curator testKilledSession, too */
START_TEST(kazoo_test_lock_reconnect_expired_holder_frees_the_lock)
{
	struct live_holder holder = live_hold("kazoo-expired", SHORT_T);
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "kazoo-expired", 0);

	live_wait_held(&holder);
	ck_error(zklock_trylock(lock), ZKLOCK_ERR_BUSY);
	live_kill(&holder, SIGKILL);
	ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
	ck_ok(zklock_unlock(lock));
	zklock_free(lock);
	live_close(s);
}
END_TEST

START_TEST(kazoo_test_lock_non_blocking_fails_at_once_without_a_node)
{
	zklock_session_t *s = live_session(0), *other = live_session(0);
	zklock_t *holder = live_lock(s, "kazoo-try", 0), *lock = live_lock(other, "kazoo-try", 0);
	zklock_session_info_t before = ZKLOCK_SESSION_INFO_INIT, after = ZKLOCK_SESSION_INFO_INIT;

	ck_ok(zklock_trylock(holder));
	live_wait_contenders(other, "kazoo-try", 1); /* its server may lag behind */
	zklock_session_info(other, &before);
	ck_error(zklock_trylock(lock), ZKLOCK_ERR_BUSY);
	zklock_session_info(other, &after);
	ck_assert_int_eq(after.writes, before.writes);
	ck_assert_uint_eq(live_contenders(s, "kazoo-try"), 1);
	ck_ok(zklock_unlock(holder));
	ck_ok(zklock_trylock(lock));
	ck_ok(zklock_unlock(lock));
	zklock_free(holder);
	zklock_free(lock);
	live_close(s);
	live_close(other);
}
END_TEST

START_TEST(kazoo_test_lock_cancel_ends_the_wait_and_removes_the_node)
{
	zklock_session_t *s = live_session(0);
	zklock_t *holder = live_lock(s, "kazoo-cancel", 0), *lock = live_lock(s, "kazoo-cancel", 0);
	struct live_worker waiter = {0};

	ck_ok(zklock_lock(holder));
	live_begin(&waiter, lock, -1);
	live_wait_contenders(s, "kazoo-cancel", 2);
	ck_ok(zklock_cancel(lock));
	ck_error(live_finish(&waiter), ZKLOCK_ERR_CANCELLED);
	live_wait_contenders(s, "kazoo-cancel", 1);
	ck_ok(zklock_unlock(holder));
	live_begin(&waiter, lock, -1); /* the handle can be used again */
	ck_ok(live_finish(&waiter));
	zklock_free(holder);
	zklock_free(lock);
	live_close(s);
}
END_TEST

static void *try_once(void *arg)
{
	struct live_worker *w = arg;

	w->error = zklock_trylock(w->lock);
	return NULL;
}

START_TEST(kazoo_test_lock_many_threads_no_block_exactly_one_wins)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "kazoo-many-try", 0),
		 *holder = live_lock(s, "kazoo-many-try", 0);
	struct live_worker workers[20] = {0};
	int won = 0;

	ck_ok(zklock_lock(holder));
	for (int i = 0; i < 20; i++) {
		workers[i].lock = lock;
		pthread_create(&workers[i].thread, NULL, try_once, &workers[i]);
	}
	for (int i = 0; i < 20; i++)
		won += live_finish(&workers[i]) == ZKLOCK_OK;
	ck_assert_int_eq(won, 0);
	ck_ok(zklock_unlock(holder));
	ck_ok(zklock_trylock(lock));
	ck_ok(zklock_unlock(lock));
	zklock_free(lock);
	zklock_free(holder);
	live_close(s);
}
END_TEST

struct counter {
	zklock_t *lock;
	volatile int value;
	atomic_int inside;
};

static void *count_twenty(void *arg)
{
	struct counter *c = arg;

	for (int i = 0; i < 20; i++) {
		ck_ok(zklock_lock(c->lock));
		ck_assert_int_eq(atomic_fetch_add(&c->inside, 1), 0);
		c->value = c->value + 1;
		atomic_fetch_sub(&c->inside, 1);
		ck_ok(zklock_unlock(c->lock));
	}
	return NULL;
}

/* kazoo test_lock_many_threads, Curator testReentrantSingleLock and test2Clients */
START_TEST(kazoo_test_lock_many_threads_never_two_inside)
{
	zklock_session_t *s = live_session(0);
	struct counter counter = {.lock = live_lock(s, "kazoo-many", 0)};
	pthread_t threads[20];

	for (int i = 0; i < 20; i++)
		pthread_create(&threads[i], NULL, count_twenty, &counter);
	for (int i = 0; i < 20; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(counter.value, 400);
	zklock_free(counter.lock);
	live_close(s);
}
END_TEST

START_TEST(kazoo_test_lock_timeout_ends_the_wait)
{
	zklock_session_t *s = live_session(0);
	zklock_t *holder = live_lock(s, "kazoo-timeout", 0),
		 *lock = live_lock(s, "kazoo-timeout", 0);
	struct live_worker waiter = {0};

	ck_ok(zklock_lock(holder));
	live_begin(&waiter, lock, 300);
	ck_error(live_finish(&waiter), ZKLOCK_ERR_TIMEOUT);
	ck_ok(zklock_unlock(holder));
	zklock_free(holder);
	zklock_free(lock);
	live_close(s);
}
END_TEST

/* kazoo test_get_predecessor: children that are no contenders do not count */
START_TEST(kazoo_test_get_predecessor_strangers_are_ignored)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "kazoo-strangers", 0);
	zklock_owners_t *owners;

	ck_ok(zklock_znode_create(s, "/locks/kazoo-strangers/hello", NULL, 0, ZKLOCK_ZNODE_PARENTS,
		NULL, LIVE_GUARD_MS));
	ck_ok(zklock_trylock(lock));
	ck_ok(zklock_owners(s, "kazoo-strangers", 0, LIVE_GUARD_MS, &owners));
	ck_assert_uint_eq(zklock_owners_total(owners), 1);
	ck_assert_uint_eq(zklock_owners_strangers(owners), 1);
	zklock_owners_free(owners);
	ck_ok(zklock_unlock(lock));
	ck_ok(zklock_trylock(lock));
	ck_ok(zklock_unlock(lock));
	ck_ok(zklock_znode_delete(s, "/locks/kazoo-strangers/hello", -1, NULL, LIVE_GUARD_MS));
	zklock_free(lock);
	live_close(s);
}
END_TEST

/* kazoo test_get_predecessor_go, with go-zookeeper's names: here they are contenders always */
START_TEST(kazoo_test_get_predecessor_go_names_are_contenders)
{
	zklock_session_t *s = live_session(0), *go = live_session(0);
	zklock_t *lock = live_lock(s, "kazoo-go", 0);
	struct live_worker waiter = {0};
	static const char node[] =
		"/locks/kazoo-go/_c_8eb60557ba51e0da67eefc47467d3f34-lock-0000000000";
	zklock_owners_t *owners;

	ck_ok(zklock_znode_create(go, node, NULL, 0, ZKLOCK_ZNODE_PARENTS | ZKLOCK_ZNODE_EPHEMERAL,
		NULL, LIVE_GUARD_MS));
	live_wait_contenders(s, "kazoo-go", 1);
	ck_error(zklock_trylock(lock), ZKLOCK_ERR_BUSY);
	live_begin(&waiter, lock, LIVE_GUARD_MS);
	live_wait_contenders(s, "kazoo-go", 2);
	ck_ok(zklock_owners(s, "kazoo-go", 0, LIVE_GUARD_MS, &owners));
	ck_assert_int_eq(zklock_owners_get(owners, 0)->make, ZKLOCK_MAKE_CURATOR);
	ck_assert(zklock_owners_get(owners, 0)->holds);
	ck_assert_uint_eq(zklock_owners_strangers(owners), 0);
	zklock_owners_free(owners);
	ck_ok(zklock_znode_delete(go, node, -1, NULL, LIVE_GUARD_MS));
	ck_ok(live_finish(&waiter));
	zklock_free(lock);
	live_close(s);
	live_close(go);
}
END_TEST

/* kazoo test_lock_fail_first_call, test_lock_reacquire */
START_TEST(kazoo_test_lock_reacquire_with_a_single_contender)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "kazoo-again", 0);
	int64_t first, second;

	ck_ok(zklock_lock(lock));
	ck_ok(zklock_token(lock, &first));
	ck_ok(zklock_unlock(lock));
	ck_ok(zklock_lock(lock));
	ck_ok(zklock_token(lock, &second));
	ck_assert_int_gt(second, first);
	ck_ok(zklock_unlock(lock));
	zklock_free(lock);
	live_close(s);
}
END_TEST

/* kazoo test_lock_no_double_calls, test_lock_same_thread_no_block: a handle bound to no thread */
START_TEST(kazoo_test_lock_no_double_calls_on_an_unbound_handle)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "kazoo-double", ZKLOCK_UNBOUND);

	ck_ok(zklock_lock(lock));
	ck_error(zklock_timedlock(lock, 100), ZKLOCK_ERR_IN_USE);
	ck_error(zklock_trylock(lock), ZKLOCK_ERR_IN_USE);
	ck_assert(zklock_is_held(lock));
	ck_ok(zklock_unlock(lock));
	ck_error(zklock_unlock(lock), ZKLOCK_ERR_NOT_HELD);
	zklock_free(lock);
	live_close(s);
}
END_TEST

/* ---- Curator ------------------------------------------------------------------------------------
 */

static int return_seven(zklock_t *lock, void *user)
{
	*(bool *)user = zklock_is_held(lock);
	return 7;
}

START_TEST(curator_testLocker_scoped_call_always_releases)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "curator-locker", 0);
	bool was_held = false;
	int result = 0;

	ck_ok(zklock_with(lock, LIVE_GUARD_MS, return_seven, &was_held, &result));
	ck_assert_int_eq(result, 7);
	ck_assert(was_held && !zklock_is_held(lock));
	zklock_free(lock);
	live_close(s);
}
END_TEST

/* Curator testReentrant, testReentrant2Threads */
START_TEST(curator_testReentrant_counts_levels_of_its_own_thread)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "curator-reentrant", 0);
	struct live_worker other = {0};
	int64_t outer, inner;

	ck_ok(zklock_lock(lock));
	ck_ok(zklock_token(lock, &outer));
	ck_ok(zklock_lock(lock));
	ck_ok(zklock_trylock(lock));
	ck_ok(zklock_token(lock, &inner));
	ck_assert_int_eq(outer, inner);
	ck_assert_uint_eq(live_contenders(s, "curator-reentrant"), 1);
	ck_ok(zklock_unlock(lock));
	ck_ok(zklock_unlock(lock));
	live_begin(&other, lock, 200);
	ck_error(live_finish(&other), ZKLOCK_ERR_TIMEOUT); /* still one level deep */
	ck_ok(zklock_unlock(lock));
	ck_error(zklock_unlock(lock), ZKLOCK_ERR_NOT_HELD);
	live_begin(&other, lock, LIVE_GUARD_MS);
	ck_ok(live_finish(&other));
	zklock_free(lock);
	live_close(s);
}
END_TEST

/* Curator test2Clients: exactly one at all times, then hand-over */
START_TEST(curator_test2Clients_hand_over)
{
	zklock_session_t *s = live_session(0), *t = live_session(0);
	zklock_t *a = live_lock(s, "curator-two", ZKLOCK_UNBOUND);
	zklock_t *b = live_lock(t, "curator-two", ZKLOCK_UNBOUND);

	for (int i = 0; i < 20; i++) {
		ck_ok(zklock_timedlock(a, LIVE_GUARD_MS));
		ck_ok(zklock_lock_async(b, LIVE_GUARD_MS));
		live_wait_contenders(s, "curator-two", 2);
		ck_assert(zklock_is_held(a) && !zklock_is_held(b));
		ck_ok(zklock_unlock(a));
		ck_error(zklock_lock_async(b, 0), ZKLOCK_ERR_IN_USE);
		for (int looks = 0; !zklock_is_held(b) && looks < LIVE_GUARD_MS / 10; looks++)
			poll(NULL, 0, 10);
		ck_assert(zklock_is_held(b) && !zklock_is_held(a));
		ck_ok(zklock_unlock(b));
	}
	zklock_free(a);
	zklock_free(b);
	live_close(s);
	live_close(t);
}
END_TEST

/* Curator testContainerCleanup: the servers remove the empty parent; it is made again, and the
 * numbers begin anew, but the token does not */
START_TEST(curator_testContainerCleanup_parent_is_made_again)
{
	zklock_session_t *s = live_session(0);
	zklock_t *lock = live_lock(s, "curator-parent", 0);
	int64_t before, after;

	for (int i = 0; i < 10; i++) {
		ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
		ck_ok(zklock_token(lock, &before));
		ck_ok(zklock_unlock(lock));
		ck_ok(zklock_znode_delete(s, "/locks/curator-parent", -1, NULL, LIVE_GUARD_MS));
		ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
		ck_ok(zklock_token(lock, &after));
		ck_assert_int_gt(after, before);
		ck_ok(zklock_unlock(lock));
	}
	zklock_free(lock);
	live_close(s);
}
END_TEST

START_TEST(curator_testWithNamespace_chroot)
{
	char servers[512];
	zklock_session_t *plain = live_session(0), *rooted;
	zklock_t *lock;
	char node[256];

	snprintf(servers, sizeof(servers), "%s/curator-chroot", live_servers());
	ck_ok(zklock_session_open(servers, NULL, &rooted));
	ck_ok(zklock_new(rooted, "inside", NULL, &lock));
	ck_error(zklock_timedlock(lock, LIVE_GUARD_MS), ZKLOCK_ERR_NO_CHROOT);
	ck_ok(zklock_znode_create(plain, "/curator-chroot", NULL, 0, 0, NULL, LIVE_GUARD_MS));
	ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
	ck_ok(zklock_node(lock, node, sizeof(node)));
	ck_assert_int_eq(strncmp(node, "/locks/inside/", 14), 0);
	ck_ok(zklock_unlock(lock));
	zklock_free(lock);
	live_close(rooted);
	zklock_znode_delete(plain, "/curator-chroot/locks/inside", -1, NULL, LIVE_GUARD_MS);
	zklock_znode_delete(plain, "/curator-chroot/locks", -1, NULL, LIVE_GUARD_MS);
	ck_ok(zklock_znode_delete(plain, "/curator-chroot", -1, NULL, LIVE_GUARD_MS));
	live_close(plain);
}
END_TEST

/* Curator testAttemptLockFailedException; bugs.md 40 */
START_TEST(curator_no_server_ends_at_the_deadline)
{
	zklock_session_t *s;
	zklock_t *lock;

	ck_ok(zklock_session_open("127.0.0.1:1", NULL, &s));
	ck_ok(zklock_new(s, "nobody", NULL, &lock));
	ck_error(zklock_timedlock(lock, 300), ZKLOCK_ERR_UNAVAILABLE);
	ck_error(zklock_session_wait_connected(s, 100), ZKLOCK_ERR_UNAVAILABLE);
	ck_ok(zklock_free(lock));
	ck_ok(zklock_session_close(s, 1000));
}
END_TEST

START_TEST(curator_testLockACLs_creator_only)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	zklock_session_t *owner, *stranger = live_session(0);
	zklock_t *lock, *denied;
	char *acl;

	options.acl_mode = ZKLOCK_ACL_CREATOR;
	options.auth_scheme = "digest";
	options.auth_secret = "alice:secret";
	options.root = "/acl-locks";
	ck_ok(zklock_session_open(live_servers(), &options, &owner));
	lock = live_lock(owner, "mine", ZKLOCK_UNBOUND);
	ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
	ck_ok(zklock_znode_acl(owner, "/acl-locks/mine", &acl, LIVE_GUARD_MS));
	ck_assert_int_eq(strncmp(acl, "digest:alice:", 13), 0);
	ck_assert_ptr_null(strchr(acl, ',')); /* the seal's identity is not in it */
	free(acl);
	options.auth_secret = "mallory:secret";
	live_close(stranger);
	ck_ok(zklock_session_open(live_servers(), &options, &stranger));
	ck_ok(zklock_new(stranger, "mine", NULL, &denied));
	ck_error(zklock_timedlock(denied, LIVE_GUARD_MS), ZKLOCK_ERR_ACCESS);
	ck_error(zklock_trylock(denied), ZKLOCK_ERR_ACCESS);
	ck_ok(zklock_unlock(lock));
	zklock_free(denied);
	zklock_free(lock);
	zklock_znode_delete(owner, "/acl-locks/mine", -1, NULL, LIVE_GUARD_MS);
	zklock_znode_delete(owner, "/acl-locks", -1, NULL, LIVE_GUARD_MS);
	live_close(owner);
	live_close(stranger);
}
END_TEST

static void has_acl(zklock_session_t *session, const char *path, const char *begins)
{
	char *acl;

	ck_ok(zklock_znode_acl(session, path, &acl, LIVE_GUARD_MS));
	ck_assert_msg(strncmp(acl, begins, strlen(begins)) == 0, "%s: %s", path, acl);
	free(acl);
}

/* Every parent that was missing is for its creator alone, the contender is for it to read; the
 * second entry there is the seal. Servers show a digest to those alone who may change it. */
START_TEST(curator_testACLsCreatingParents_all_are_the_creator_s)
{
	static const char *const parents[] = {
		"/acl-made/by/the-lock/mine", "/acl-made/by/the-lock", "/acl-made/by", "/acl-made"};
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	zklock_session_t *owner;
	zklock_t *lock;
	char node[256];

	options.acl_mode = ZKLOCK_ACL_CREATOR;
	options.auth_scheme = "digest";
	options.auth_secret = "bob:secret";
	options.root = "/acl-made/by/the-lock";
	ck_ok(zklock_session_open(live_servers(), &options, &owner));
	lock = live_lock(owner, "mine", 0);
	ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
	for (int i = 0; i < 4; i++)
		has_acl(owner, parents[i], "digest:bob:fyVmFCwVbTJYrznoSu1koqYEYF0=:cdrwa");
	ck_ok(zklock_node(lock, node, sizeof(node)));
	has_acl(owner, node, "digest:bob:x:r,digest:zklock-");
	ck_ok(zklock_unlock(lock));
	zklock_free(lock);
	for (int i = 0; i < 4; i++)
		ck_ok(zklock_znode_delete(owner, parents[i], -1, NULL, LIVE_GUARD_MS));
	live_close(owner);
}
END_TEST

/* ---- etcd
 * ---------------------------------------------------------------------------------------- */

/* etcd TestMutexWaitsOnCurrentHolder: the skip-ahead bug */
START_TEST(etcd_waiter_that_dies_promotes_nobody)
{
	struct live_holder middle = live_hold_later("etcd-middle", SHORT_T);
	zklock_session_t *s = live_session(0);
	zklock_t *holder = live_lock(s, "etcd-middle", 0), *last = live_lock(s, "etcd-middle", 0);
	struct live_worker waiter = {0};

	ck_ok(zklock_lock(holder));
	live_go(&middle);
	live_wait_contenders(s, "etcd-middle", 2);
	live_begin(&waiter, last, LIVE_GUARD_MS);
	live_wait_contenders(s, "etcd-middle", 3);
	live_kill(&middle, SIGKILL);
	live_wait_contenders(s, "etcd-middle", 2);
	ck_assert(zklock_is_held(holder));
	ck_assert_int_eq(waiter.token, 0);
	ck_ok(zklock_unlock(holder));
	ck_ok(live_finish(&waiter));
	zklock_free(holder);
	zklock_free(last);
	live_close(s);
}
END_TEST

LIVE_MAIN("peers", kazoo_test_lock_one_is_listed_and_granted,
	kazoo_test_lock_five_waiters_are_served_in_order,
	kazoo_test_lock_reconnect_expired_holder_frees_the_lock,
	kazoo_test_lock_non_blocking_fails_at_once_without_a_node,
	kazoo_test_lock_cancel_ends_the_wait_and_removes_the_node,
	kazoo_test_lock_many_threads_no_block_exactly_one_wins,
	kazoo_test_lock_many_threads_never_two_inside, kazoo_test_lock_timeout_ends_the_wait,
	kazoo_test_get_predecessor_strangers_are_ignored,
	kazoo_test_get_predecessor_go_names_are_contenders,
	kazoo_test_lock_reacquire_with_a_single_contender,
	kazoo_test_lock_no_double_calls_on_an_unbound_handle,
	curator_testLocker_scoped_call_always_releases,
	curator_testReentrant_counts_levels_of_its_own_thread, curator_test2Clients_hand_over,
	curator_testContainerCleanup_parent_is_made_again, curator_testWithNamespace_chroot,
	curator_no_server_ends_at_the_deadline, curator_testLockACLs_creator_only,
	curator_testACLsCreatingParents_all_are_the_creator_s,
	etcd_waiter_that_dies_promotes_nobody)
