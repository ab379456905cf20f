/* SPDX-License-Identifier: Apache-2.0 */
#include "torture/store.h"
#include "torture/worker.h"
#include "torture/history.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One attempt to get one lock, and what became of it. */
struct attempt {
	struct locker *locker;
	zklock_t *lock;
	int index;  /* of the lock */
	int64_t id; /* in this process */
	int64_t token;
	bool async;
	int answer; /* async: the error of FAILED or RELEASED */
	bool granted, failed, released, lost;
};

static void check(int error, const char *what)
{
	if (error != ZKLOCK_OK) {
		fprintf(stderr, "%s: %s\n", what, zklock_strerror(error));
		abort();
	}
}

static bool running(const struct locker *locker)
{
	return atomic_load(&locker->worker->stage) == STAGE_RUN;
}

static void pause_ms(int64_t ms)
{
	poll(NULL, 0, (int)ms);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void note_event(zklock_t *lock, const zklock_event_t *event, int thread)
{
	if (event->type != ZKLOCK_EVENT_SUSPENDED && event->type != ZKLOCK_EVENT_RESUMED &&
		event->type != ZKLOCK_EVENT_LOST)
		return;
	history_write(zklock_event_name(event->type),
		"\"th\":%d,\"lock\":\"%s\",\"token\":%lld,\"cause\":\"%s\"", thread,
		zklock_name(lock), (long long)event->token, zklock_cause_name(event->cause));
}

static void on_event(zklock_t *lock, const zklock_event_t *event, void *user)
{
	note_event(lock, event, ((struct locker *)user)->number);
}

/* Take what is there, waiting for the first event for so long. */
static void take_events(struct attempt *a, int64_t wait_ms)
{
	struct pollfd fd = {zklock_fd(a->lock), POLLIN, 0};
	zklock_event_t event;

	poll(&fd, 1, (int)wait_ms);
	while (zklock_next_event(a->lock, &event)) {
		note_event(a->lock, &event, a->locker->number);
		a->granted |= event.type == ZKLOCK_EVENT_GRANTED;
		a->failed |= event.type == ZKLOCK_EVENT_FAILED;
		a->released |= event.type == ZKLOCK_EVENT_RELEASED;
		a->lost |= event.type == ZKLOCK_EVENT_LOST;
		if (event.type == ZKLOCK_EVENT_FAILED || event.type == ZKLOCK_EVENT_RELEASED)
			a->answer = event.error;
	}
}

/* ---- one attempt ----------------------------------------------------------------------------- */

static int ask_async(struct attempt *a, int64_t timeout_ms)
{
	int error = zklock_lock_async(a->lock, timeout_ms);

	while (error == ZKLOCK_OK && !a->granted && !a->failed)
		take_events(a, 1000);
	return a->granted ? ZKLOCK_OK : error != ZKLOCK_OK ? error : a->answer;
}

static int ask(struct attempt *a, const char *verb, int64_t timeout_ms)
{
	int error;

	history_write("invoke",
		"\"th\":%d,\"n\":%lld,\"lock\":\"%s\",\"verb\":\"%s\",\"timeout_ms\":%lld",
		a->locker->number, (long long)a->id, zklock_name(a->lock), verb,
		(long long)timeout_ms);
	if (a->async)
		return ask_async(a, timeout_ms);
	atomic_store(&a->locker->waiting, a->index);
	error = timeout_ms < 0	  ? zklock_lock(a->lock)
		: timeout_ms == 0 ? zklock_trylock(a->lock)
				  : zklock_timedlock(a->lock, timeout_ms);
	atomic_store(&a->locker->waiting, -1);
	return error;
}

/* What we may believe now: t first, so that a pause between the two makes the claim smaller. */
static bool note_belief(struct attempt *a, const char *event, const char *node)
{
	int64_t t = history_now(), left = zklock_remaining_ms(a->lock);

	history_write_at(t, event, "\"n\":%lld,\"token\":%lld,\"until\":%lld%s%s%s",
		(long long)a->id, (long long)a->token, (long long)(left ? t + left * 1000000 : 0),
		node ? ",\"node\":\"" : "", node ? node : "", node ? "\"" : "");
	return left > 0;
}

static void use_store(struct attempt *a)
{
	int64_t highest;
	bool before = zklock_remaining_ms(a->lock) > 0;
	bool accepted = store_write(a->index, a->token, &highest);
	bool after = zklock_remaining_ms(a->lock) > 0;

	history_write("store",
		"\"n\":%lld,\"token\":%lld,\"highest\":%lld,\"accepted\":%s,\"believed\":%s",
		(long long)a->id, (long long)a->token, (long long)highest,
		accepted ? "true" : "false", before && after ? "true" : "false");
}

/* Mostly short; one in twenty is long, one in five hundred longer than the session's timeout. */
static int64_t hold_length(struct locker *locker)
{
	const struct worker *worker = locker->worker;
	int64_t kind = dice_between(&locker->dice, 0, 499);

	if (kind == 0)
		return worker->session_ms + dice_between(&locker->dice, 0, worker->session_ms / 2);
	if (kind < 25)
		return dice_between(&locker->dice, 10 * worker->hold_ms, 40 * worker->hold_ms);
	return dice_between(&locker->dice, 0, 2 * worker->hold_ms);
}

static void hold(struct attempt *a)
{
	int64_t ms = hold_length(a->locker);
	int64_t end = history_now() + ms * 1000000;
	int64_t beat_ms = ms > 400 ? 50 : 10;

	use_store(a);
	while (note_belief(a, "beat", NULL) && history_now() < end &&
		atomic_load(&a->locker->worker->stage) != STAGE_CLOSE) {
		if (a->async)
			take_events(a, beat_ms);
		else
			pause_ms(beat_ms);
	}
	use_store(a);
}

static int release_async(struct attempt *a)
{
	int error = zklock_unlock_async(a->lock);

	while (error == ZKLOCK_OK && !a->released && !a->lost)
		take_events(a, 1000);
	return error == ZKLOCK_OK && a->released ? a->answer
	       : error != ZKLOCK_OK		 ? error
						 : ZKLOCK_ERR_LOST;
}

static void release(struct attempt *a)
{
	int error;

	history_write(
		"release", "\"n\":%lld,\"token\":%lld", (long long)a->id, (long long)a->token);
	error = a->async ? release_async(a) : zklock_unlock(a->lock);
	history_write("released", "\"n\":%lld,\"token\":%lld,\"rc\":\"%s\"", (long long)a->id,
		(long long)a->token, zklock_error_name(error));
}

/* Once more by the same thread, and back: the hold goes on. */
static void nest(struct attempt *a)
{
	int error = zklock_lock(a->lock);

	if (error == ZKLOCK_OK)
		error = zklock_unlock(a->lock);
	history_write(
		"nested", "\"n\":%lld,\"rc\":\"%s\"", (long long)a->id, zklock_error_name(error));
}

static void granted(struct attempt *a)
{
	char node[256] = "";

	if (zklock_token(a->lock, &a->token) != ZKLOCK_OK)
		a->token = 0; /* lost again, already */
	if (zklock_node(a->lock, node, sizeof(node)) != ZKLOCK_OK)
		node[0] = '\0';
	note_belief(a, "grant", node);
	if (a->token != 0) {
		if (!a->async && dice_between(&a->locker->dice, 0, 19) == 0)
			nest(a);
		hold(a);
	}
	release(a);
}

/* ---- the thread ------------------------------------------------------------------------------ */

static int choose_lock(struct locker *locker)
{
	const struct worker *worker = locker->worker;
	int busy = worker->locks - worker->rare;

	if (worker->rare > 0 && dice_between(&locker->dice, 0, 39) == 0)
		return busy + (int)dice_between(&locker->dice, 0, worker->rare - 1);
	return (int)dice_between(&locker->dice, 0, busy - 1);
}

static void attempt(struct locker *locker)
{
	struct attempt a = {.locker = locker, .index = choose_lock(locker)};
	int64_t kind = dice_between(&locker->dice, 0, 9);
	int64_t timeout_ms = kind < 3 ? -1 : kind < 5 ? 0 : dice_between(&locker->dice, 100, 6000);
	int error;

	a.id = atomic_fetch_add(&locker->worker->attempts, 1) + 1;
	a.async = dice_between(&locker->dice, 0, 3) == 0;
	a.lock = a.async ? locker->unbound[a.index] : locker->bound[a.index];
	error = ask(&a, a.async ? "async" : "sync", timeout_ms);
	if (error == ZKLOCK_OK) {
		granted(&a);
		return;
	}
	history_write(
		"fail", "\"n\":%lld,\"rc\":\"%s\"", (long long)a.id, zklock_error_name(error));
	if (error != ZKLOCK_ERR_BUSY && error != ZKLOCK_ERR_TIMEOUT)
		pause_ms(dice_between(&locker->dice, 50, 500)); /* bad weather */
}

static void *run(void *user)
{
	struct locker *locker = user;

	while (running(locker)) {
		pause_ms(dice_between(&locker->dice, 0, 2 * locker->worker->think_ms));
		if (running(locker))
			attempt(locker);
	}
	atomic_fetch_add(&locker->worker->parked, 1);
	return NULL;
}

void locker_start(struct locker *locker, struct worker *worker, int number, uint64_t seed)
{
	zklock_options_t options = ZKLOCK_OPTIONS_INIT;
	char name[32];
	int i;

	locker->worker = worker;
	locker->number = number;
	locker->dice = seed * 2654435761u + (uint64_t)number + 1;
	locker->waiting = -1;
	for (i = 0; i < worker->locks; i++) {
		snprintf(name, sizeof(name), "lock-%d", i);
		options.flags = i % 3 == 2 ? ZKLOCK_UNLOCK_NOWAIT : 0;
		check(zklock_new(worker->session, name, &options, &locker->bound[i]), name);
		check(zklock_set_event_callback(locker->bound[i], on_event, locker), name);
		options.flags = ZKLOCK_UNBOUND;
		check(zklock_new(worker->session, name, &options, &locker->unbound[i]), name);
		if (zklock_fd(locker->unbound[i]) < 0)
			check(ZKLOCK_ERR_LIMIT, "descriptor for events");
	}
	if (pthread_create(&locker->thread, NULL, run, locker) != 0)
		check(ZKLOCK_ERR_LIMIT, "thread");
}

void locker_join(struct locker *locker)
{
	pthread_join(locker->thread, NULL);
}

void locker_free_handles(struct locker *locker)
{
	int i;

	for (i = 0; i < locker->worker->locks; i++) {
		zklock_free(locker->bound[i]);
		zklock_free(locker->unbound[i]);
	}
}
