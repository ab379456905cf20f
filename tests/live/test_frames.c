/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_frames.c - one cycle of queueing, holding and releasing, in which request n, or its reply,
 * is lost: for each n, with the connection reset or silent from then on (faults.md rows 5, 6,
 * 7). All of these rides go on at the same time, each through a proxy and for a lock of its own.
 * And attempts that end before the reply comes.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/live.h"
#include "live/proxy.h"

#define T	6000
#define LONGEST 24 /* requests of a cycle */
#define LOSSES	4  /* reply or request, reset or silent */
#define RIDES	(LONGEST * LOSSES)

struct ride {
	struct proxy *proxy;
	int n; /* which request is hit; 0: none */
	unsigned loss;
	char name[32];
	zklock_session_t *session;
	zklock_t *first, *lock, *last; /* in the order of the queue; ours is the one between */
	int64_t token, proofs;
	int requests;
};

static zklock_session_t *others;

static const char *loss_name(unsigned loss)
{
	static const char *const names[] = {
		"reply, reset", "request, reset", "reply, silence", "request, silence"};

	return names[loss];
}

#define must(ride, what)                                                                           \
	ck_assert_msg(what, "request %d (%d), %s: %s", (ride)->n,                                  \
		(ride)->n ? proxy_op((ride)->proxy, (ride)->n) : 0, loss_name((ride)->loss),       \
		#what)

static zklock_t *queue_up(zklock_session_t *session, const char *name)
{
	zklock_t *lock = live_lock(session, name, ZKLOCK_UNBOUND);

	zklock_fd(lock);
	ck_ok(zklock_lock_async(lock, -1));
	return lock;
}

/* The next event of a type; a LOST or FAILED in between is a failure. */
static zklock_event_t next_event(struct ride *r, zklock_t *lock, enum zklock_event_type type)
{
	struct pollfd fd = {zklock_fd(lock), POLLIN, 0};
	zklock_event_t event;

	for (;;) {
		must(r, poll(&fd, 1, LIVE_GUARD_MS) == 1);
		if (!zklock_next_event(lock, &event))
			continue;
		if (event.type == type)
			return event;
		must(r, event.type != ZKLOCK_EVENT_LOST && event.type != ZKLOCK_EVENT_FAILED);
		must(r, event.type != ZKLOCK_EVENT_GRANTED);
	}
}

static bool has_event(zklock_t *lock)
{
	struct pollfd fd = {zklock_fd(lock), POLLIN, 0};

	return poll(&fd, 1, 0) == 1;
}

/* More of them at any time would be a ghost. */
static void wait_queue(struct ride *r, size_t n)
{
	size_t now, looks = 0;

	while ((now = live_contenders(others, r->name)) != n) {
		must(r, now < n);
		must(r, ++looks < LIVE_GUARD_MS / 10);
		poll(NULL, 0, 10);
	}
}

static void set_out(struct ride *r)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;

	options.session_timeout_ms = T;
	r->first = queue_up(others, r->name);
	next_event(r, r->first, ZKLOCK_EVENT_GRANTED);
	if (r->n)
		proxy_lose(r->proxy, r->n, r->loss);
	ck_ok(zklock_session_open(proxy_address(r->proxy), &options, &r->session));
	r->lock = queue_up(r->session, r->name);
}

static void close_up(struct ride *r)
{
	wait_queue(r, 2);
	r->last = queue_up(others, r->name);
	wait_queue(r, 3);
	next_event(r, r->last, ZKLOCK_EVENT_QUEUED);
	ck_ok(zklock_unlock(r->first));
}

/* It is the one first in the queue who is granted, and its token is its znode's. */
static void hold(struct ride *r)
{
	zklock_owners_t *owners;
	const zklock_owner_t *owner;

	r->token = next_event(r, r->lock, ZKLOCK_EVENT_GRANTED).token;
	must(r, zklock_remaining_ms(r->lock) > 0);
	ck_ok(zklock_owners(others, r->name, 0, LIVE_GUARD_MS, &owners));
	must(r, zklock_owners_total(owners) == 2);
	owner = zklock_owners_get(owners, 0);
	must(r, owner->token == r->token);
	must(r, owner->pid == getpid());
	zklock_owners_free(owners);
	r->proofs = live_info(r->session).proofs;
}

static void prove(struct ride *r)
{
	int64_t looks = 0;

	while (live_info(r->session).proofs == r->proofs) {
		must(r, ++looks < LIVE_GUARD_MS);
		poll(NULL, 0, 1);
	}
	must(r, zklock_is_held(r->lock));
	must(r, !has_event(r->last));
}

static void give_back(struct ride *r)
{
	ck_ok(zklock_unlock_async(r->lock));
}

static void hand_on(struct ride *r)
{
	must(r, next_event(r, r->last, ZKLOCK_EVENT_GRANTED).token > r->token);
	must(r, next_event(r, r->lock, ZKLOCK_EVENT_RELEASED).error == ZKLOCK_OK);
	live_wait_contenders(others, r->name, 1);
	if (r->n)
		must(r, proxy_has_lost(r->proxy));
	ck_ok(zklock_unlock(r->last));
	r->requests = proxy_requests(r->proxy);
}

static void arrive(struct ride *r)
{
	ck_ok(zklock_free(r->lock));
	live_close(r->session);
	ck_ok(zklock_free(r->first));
	ck_ok(zklock_free(r->last));
	live_wait_contenders(others, r->name, 0);
	proxy_stop(r->proxy);
}

static void each(struct ride *rides, int n, void (*stage)(struct ride *))
{
	for (int i = 0; i < n; i++)
		stage(&rides[i]);
}

/* What takes long, or hangs, is seen in the log. */
static void ride_all(struct ride *rides, int n)
{
	static const struct {
		const char *name;
		void (*stage)(struct ride *);
	} stages[] = {{"set out", set_out}, {"close up", close_up}, {"hold", hold},
		{"prove", prove}, {"give back", give_back}, {"hand on", hand_on},
		{"arrive", arrive}};
	int64_t before = live_now_ms();

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		fprintf(stderr, "%6lld ms: %d %s\n", (long long)(live_now_ms() - before), n,
			stages[i].name);
		each(rides, n, stages[i].stage);
	}
}

static struct ride *new_ride(struct ride *r, const char *upstream, int n, unsigned loss)
{
	*r = (struct ride){.proxy = proxy_start(upstream), .n = n, .loss = loss};
	snprintf(r->name, sizeof(r->name), "frames-%d-%u", n, loss);
	return r;
}

/* How many requests a cycle has when nothing is lost: as many can be hit. */
static int measure(const char *upstream)
{
	struct ride r;

	new_ride(&r, upstream, 0, 0);
	others = live_session(0);
	ride_all(&r, 1);
	live_close(others);
	return r.requests;
}

START_TEST(a_cycle_without_request_n)
{
	static struct ride rides[RIDES];
	const char *upstream = live_first_server();
	int n, count = 0;

	n = measure(upstream);
	ck_assert_int_le(n, LONGEST);
	others = live_session(0);
	for (int i = 1; i <= n; i++)
		for (unsigned loss = 0; loss < LOSSES; loss++)
			new_ride(&rides[count++], upstream, i, loss);
	ride_all(rides, count);
	live_close(others);
}
END_TEST

/* ---- the caller leaves before the answer ------------------------------------------------------
 */

static void cut_and_go(struct proxy *proxy)
{
	proxy_cut(proxy);
	proxy_go(proxy);
}

/* The attempt ends while the reply to `op` is on its way, so that its znode stands without anybody
 * who wants it; it goes without the end of its session, and the handle is as good as new. */
static void leaves_nothing(const char *name, enum proxy_op op, void (*then)(struct proxy *))
{
	struct proxy *proxy = proxy_start(live_first_server());
	zklock_session_t *session;
	zklock_t *first, *lock;

	others = live_session(0);
	first = queue_up(others, name);
	live_event(first, ZKLOCK_EVENT_GRANTED);
	session = live_session_at(proxy_address(proxy), T);
	lock = live_lock(session, name, ZKLOCK_UNBOUND);
	zklock_fd(lock);
	proxy_hold(proxy, op);
	ck_ok(zklock_lock_async(lock, -1));
	proxy_await(proxy);
	if (op == PROXY_CREATE)
		live_wait_contenders(
			others, name, 2); /* it is there, and who made it cannot know */
	ck_ok(zklock_cancel(lock));
	ck_assert_int_eq(live_event(lock, ZKLOCK_EVENT_FAILED).error, ZKLOCK_ERR_CANCELLED);
	then(proxy);
	live_wait_contenders(others, name, 1);
	ck_ok(zklock_lock_async(lock, -1));
	live_event(lock, ZKLOCK_EVENT_QUEUED);
	ck_ok(zklock_unlock(first));
	live_event(lock, ZKLOCK_EVENT_GRANTED);
	ck_assert_int_eq(live_info(session).sessions, 1);
	ck_ok(zklock_unlock(lock));
	zklock_free(lock);
	zklock_free(first);
	live_close(session);
	live_close(others);
	proxy_stop(proxy);
}

START_TEST(curator_testProtectedCreateNodeDeletion_after_a_late_reply)
{
	leaves_nothing("late-create", PROXY_CREATE, proxy_go);
}
END_TEST

/* Curator flappingTest, too: the connection is cut right after the create */
START_TEST(curator_testProtectedCreateNodeDeletion_after_a_lost_reply)
{
	leaves_nothing("lost-create", PROXY_CREATE, cut_and_go);
}
END_TEST

START_TEST(curator_testNodeDeletedCleanlyWithFaults_list_fails_after_the_create)
{
	leaves_nothing("lost-list", PROXY_LIST, cut_and_go);
}
END_TEST

LIVE_MAIN("frames", a_cycle_without_request_n,
	curator_testProtectedCreateNodeDeletion_after_a_late_reply,
	curator_testProtectedCreateNodeDeletion_after_a_lost_reply,
	curator_testNodeDeletedCleanlyWithFaults_list_fails_after_the_create)
