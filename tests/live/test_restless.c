/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_restless.c - sessions that are forced from server to server under load (P11): what
 * was held stays held by the same node, hand-overs go on and never grant twice. Mostly for
 * ThreadSanitizer: a move comes at any time, between any two steps of the others.
 *
 * ZKLOCK_MOVES=1000 makes so many moves; fewer without it, and none of them counts before the
 * session is connected again.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/options.h"
#include "lib/check_main.h"
#include "live/live.h"
#include "live/own_ensemble.h"
#include "port/zk.h"
#include "run/pool.h"

#define SESSIONS 4
#define WORKERS	 2 /* of each session */
#define MOVES	 60

struct rover {
	zklock_session_t *session;
	struct zkl_transport *transport; /* under `mutex` */
	zklock_t *kept;
	int64_t token;
	atomic_int connections, lost, grants;
	int moves, elsewhere;
	pthread_t mover, workers[WORKERS];
};

static struct rover rovers[SESSIONS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct zkl_transport *opened;
static atomic_int over, inside, overlaps;

/* ---- the transport, which we want to get hold of ---- */

static struct zkl_transport *open_and_keep(void *ctx, const struct zkl_open *params)
{
	struct zkl_transport *t = zkl_zk_transport()->open(ctx, params);

	pthread_mutex_lock(&mutex);
	opened = t;
	pthread_mutex_unlock(&mutex);
	return t;
}

static void forget_and_close(struct zkl_transport *t, bool linger)
{
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < SESSIONS; i++)
		if (rovers[i].transport == t)
			rovers[i].transport = NULL;
	pthread_mutex_unlock(&mutex);
	zkl_zk_transport()->close(t, linger);
}

static enum zkl_moved move(struct rover *r)
{
	enum zkl_moved moved = ZKL_NOT_CONNECTED;

	pthread_mutex_lock(&mutex);
	if (r->transport)
		moved = zkl_zk_transport()->move(r->transport);
	pthread_mutex_unlock(&mutex);
	return moved;
}

static void state_changed(
	zklock_session_t *session, enum zklock_session_state state, int error, void *user)
{
	struct rover *r = user;

	(void)session;
	(void)error;
	if (state == ZKLOCK_SESSION_CONNECTED)
		atomic_fetch_add(&r->connections, 1);
}

static void event(zklock_t *lock, const zklock_event_t *e, void *user)
{
	struct rover *r = user;

	(void)lock;
	if (e->type == ZKLOCK_EVENT_LOST)
		atomic_fetch_add(&r->lost, 1);
}

static void open_session(struct rover *r)
{
	static struct zkl_transport_ops ops;
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	struct zkl_session_config *config;

	ops = *zkl_zk_transport();
	ops.open = open_and_keep;
	ops.close = forget_and_close;
	options.session_timeout_ms = 20000;
	ck_ok(zkl_options_session(live_servers(), &options, &config));
	r->session = zkl_pool_new(zkl_clock_real(), &ops, config, true);
	ck_assert_ptr_nonnull(r->session);
	r->transport = opened;
	ck_ok(zklock_session_set_event_callback(r->session, state_changed, r));
	ck_ok(zklock_session_wait_connected(r->session, LIVE_GUARD_MS));
}

/* ---- load ---- */

static void *work(void *arg)
{
	struct rover *r = arg;
	zklock_t *lock = live_lock(r->session, "restless", 0);

	while (!atomic_load(&over)) {
		ck_ok(zklock_timedlock(lock, LIVE_GUARD_MS));
		if (atomic_exchange(&inside, 1))
			atomic_fetch_add(&overlaps, 1);
		atomic_fetch_add(&r->grants, 1);
		atomic_store(&inside, 0);
		ck_ok(zklock_unlock(lock));
	}
	ck_ok(zklock_free(lock));
	return NULL;
}

static void await_more(atomic_int *count, int than)
{
	for (int looks = 0; atomic_load(count) <= than; looks++) {
		ck_assert_int_lt(looks, LIVE_GUARD_MS);
		poll(NULL, 0, 1);
	}
}

static void server_of(struct rover *r, char server[64])
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;

	ck_ok(zklock_session_info(r->session, &info));
	memcpy(server, info.server, sizeof(info.server));
}

static int wanted_moves(void)
{
	const char *text = getenv("ZKLOCK_MOVES");

	return text ? atoi(text) : MOVES;
}

/* The next move only once the last one is made good: connected, and another hand-over done. */
static void *wander(void *arg)
{
	struct rover *r = arg;
	char before[64], after[64];

	for (int i = 0; i < wanted_moves() / SESSIONS; i++) {
		int grants = atomic_load(&r->grants), connections = atomic_load(&r->connections);

		server_of(r, before);
		while (move(r) != ZKL_MOVED) /* it may be between two servers by itself */
			poll(NULL, 0, 1);
		await_more(&r->connections, connections);
		await_more(&r->grants, grants);
		server_of(r, after);
		r->moves++;
		r->elsewhere += strcmp(before, after) != 0;
	}
	return NULL;
}

static void keep_one(struct rover *r, int number)
{
	char name[32];

	snprintf(name, sizeof(name), "kept-%d", number);
	r->kept = live_lock(r->session, name, ZKLOCK_UNBOUND);
	ck_ok(zklock_set_event_callback(r->kept, event, r));
	ck_ok(zklock_timedlock(r->kept, LIVE_GUARD_MS));
	ck_ok(zklock_token(r->kept, &r->token));
}

static void is_as_it_was(struct rover *r)
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;
	int64_t token;

	ck_assert_int_eq(atomic_load(&r->lost), 0);
	ck_assert(zklock_is_held(r->kept));
	ck_ok(zklock_token(r->kept, &token));
	ck_assert_int_eq(token, r->token);
	ck_ok(zklock_session_info(r->session, &info));
	ck_assert_int_eq(info.sessions, 1);
}

START_TEST(forced_moves_under_load)
{
	int moves = 0, elsewhere = 0, grants = 0;

	for (int i = 0; i < SESSIONS; i++) {
		open_session(&rovers[i]);
		keep_one(&rovers[i], i);
	}
	for (int i = 0; i < SESSIONS; i++) {
		for (int j = 0; j < WORKERS; j++)
			pthread_create(&rovers[i].workers[j], NULL, work, &rovers[i]);
		pthread_create(&rovers[i].mover, NULL, wander, &rovers[i]);
	}
	for (int i = 0; i < SESSIONS; i++)
		pthread_join(rovers[i].mover, NULL);
	atomic_store(&over, 1);
	for (int i = 0; i < SESSIONS; i++) {
		for (int j = 0; j < WORKERS; j++)
			pthread_join(rovers[i].workers[j], NULL);
		is_as_it_was(&rovers[i]);
		moves += rovers[i].moves;
		elsewhere += rovers[i].elsewhere;
		grants += atomic_load(&rovers[i].grants);
	}
	printf("%d moves, %d of them to another server; %d grants meanwhile\n", moves, elsewhere,
		grants);
	ck_assert_int_eq(atomic_load(&overlaps), 0);
	ck_assert_int_eq(moves, wanted_moves() / SESSIONS * SESSIONS);
	ck_assert_int_gt(elsewhere, moves / 2);
	for (int i = 0; i < SESSIONS; i++) {
		ck_ok(zklock_unlock(rovers[i].kept));
		ck_ok(zklock_free(rovers[i].kept));
		live_close(rovers[i].session);
	}
}
END_TEST

static Suite *restless(void)
{
	Suite *suite = suite_create("restless");
	TCase *tc = live_case("restless", CHECK_HANG + wanted_moves());

	tcase_add_test(tc, forced_moves_under_load);
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return own_ensemble_run("--tick 1000 --data-tmpfs --jvm -Xmx128m", restless);
}
