/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_rights.c - an operator takes away the rights on a lock's parent while one holds it and one
 * waits (faults.md row 20). The proof needs none of them; who releases needs DELETE, and who has to
 * look again READ.
 */
#include <poll.h>
#include <stdio.h>

#define THREADED
#include <zookeeper/zookeeper.h>

#include "live/live.h"

static zhandle_t *operator;
static const char *name; /* of the lock, a new one for each test */
static zklock_session_t *s, *w;
static zklock_t *first, *second;

/* ---- the operator ---------------------------------------------------------------------------- */

static void connect_operator(void)
{
	int64_t end = live_now_ms() + LIVE_GUARD_MS;

	zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
	operator= zookeeper_init(live_servers(), NULL, 10000, NULL, NULL, 0);
	ck_assert_ptr_nonnull(operator);
	while (zoo_state(operator) != ZOO_CONNECTED_STATE) {
		ck_assert_int_lt(live_now_ms(), end);
		poll(NULL, 0, 1);
	}
}

/* The leader, which judges all writes, knows it from then on, and each server before it knows of
 * any later one. */
static int set_rights(int perms)
{
	struct ACL everybody = {.perms = perms, .id = ZOO_ANYONE_ID_UNSAFE};
	struct ACL_vector acl = {.count = 1, .data = &everybody};
	char path[128];

	snprintf(path, sizeof(path), "/locks/%s", name);
	return zoo_set_acl(operator, path, -1, &acl);
}

static void may_only(int perms)
{
	ck_assert_int_eq(set_rights(perms), ZOK);
}

/* ---- the cast -------------------------------------------------------------------------------- */

static zklock_t *queue_up(zklock_session_t *session, const char *lock)
{
	zklock_t *handle = live_lock(session, lock, ZKLOCK_UNBOUND);

	zklock_fd(handle);
	ck_ok(zklock_lock_async(handle, -1));
	return handle;
}

static void await_proof(zklock_session_t *session)
{
	int64_t before = live_info(session).proofs, end = live_now_ms() + LIVE_GUARD_MS;

	while (live_info(session).proofs == before) {
		ck_assert_int_lt(live_now_ms(), end);
		poll(NULL, 0, 1);
	}
}

/* One holds, one waits; then all but `perms` is taken away, which neither of them notices. */
static void take_away(const char *lock, int perms)
{
	name = lock;
	connect_operator();
	set_rights(ZOO_PERM_ALL); /* in case a run before this one has failed */
	s = live_session(0);
	w = live_session(0);
	first = queue_up(s, name);
	live_event(first, ZKLOCK_EVENT_GRANTED);
	second = queue_up(w, name);
	live_event(second, ZKLOCK_EVENT_QUEUED);
	may_only(perms);
	await_proof(s);
	await_proof(s); /* the first may have been on its way before */
	ck_assert(zklock_is_held(first));
}

/* All of its contenders went with a session, and the next one has been opened. */
static void has_new_session(zklock_session_t *session)
{
	ck_ok(zklock_session_wait_connected(session, LIVE_GUARD_MS));
	ck_assert_int_eq(live_info(session).sessions, 2);
}

static void end(void)
{
	zklock_free(first);
	zklock_free(second);
	live_close(s);
	live_close(w);
	zookeeper_close(operator);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* The end of a session frees what may not be deleted, and the next one is granted. */
START_TEST(a_release_that_is_denied_ends_its_session)
{
	int64_t token;

	take_away("rights-read", ZOO_PERM_READ | ZOO_PERM_ADMIN);
	ck_ok(zklock_token(first, &token));
	ck_error(zklock_unlock(first), ZKLOCK_ERR_ACCESS);
	ck_assert(!zklock_is_held(first));
	ck_assert_int_gt(live_event(second, ZKLOCK_EVENT_GRANTED).token, token);
	ck_error(zklock_unlock(second), ZKLOCK_ERR_ACCESS);
	ck_error(zklock_timedlock(first, LIVE_GUARD_MS), ZKLOCK_ERR_ACCESS);
	live_wait_contenders(s, name, 0);
	has_new_session(s);
	has_new_session(w);
	may_only(ZOO_PERM_ALL);
	ck_ok(zklock_timedlock(first, LIVE_GUARD_MS));
	ck_ok(zklock_unlock(first));
	end();
}
END_TEST

/* Who waits has to look when the one before it is gone: it is told, and leaves nothing either. */
START_TEST(a_waiter_that_may_not_look_is_told)
{
	take_away("rights-none", ZOO_PERM_ADMIN);
	ck_error(zklock_unlock(first), ZKLOCK_ERR_ACCESS);
	ck_assert_int_eq(live_event(second, ZKLOCK_EVENT_FAILED).error, ZKLOCK_ERR_ACCESS);
	ck_assert(!zklock_is_held(second));
	may_only(ZOO_PERM_READ | ZOO_PERM_ADMIN); /* to look is all that we need it for */
	live_wait_contenders(s, name, 0);
	may_only(ZOO_PERM_ALL);
	ck_ok(zklock_timedlock(second, LIVE_GUARD_MS));
	ck_ok(zklock_unlock(second));
	end();
}
END_TEST

/* A session on which something is held is not ended: the release waits for the right, the waiter
 * for the release. */
START_TEST(a_release_beside_another_lock_waits_for_the_right)
{
	zklock_t *other;
	zklock_event_t event;

	take_away("rights-later", ZOO_PERM_READ | ZOO_PERM_ADMIN);
	other = queue_up(s, "rights-other");
	live_event(other, ZKLOCK_EVENT_GRANTED);
	ck_error(zklock_unlock(first), ZKLOCK_ERR_ACCESS);
	await_proof(s);
	await_proof(w);
	ck_assert_uint_eq(live_contenders(w, name), 2);
	ck_assert(!zklock_next_event(second, &event));
	may_only(ZOO_PERM_ALL);
	live_event(second, ZKLOCK_EVENT_GRANTED);
	ck_assert(zklock_is_held(other));
	ck_assert_int_eq(live_info(s).sessions, 1);
	ck_ok(zklock_unlock(second));
	ck_ok(zklock_unlock(other));
	zklock_free(other);
	end();
}
END_TEST

LIVE_MAIN("rights", a_release_that_is_denied_ends_its_session, a_waiter_that_may_not_look_is_told,
	a_release_beside_another_lock_waits_for_the_right)
