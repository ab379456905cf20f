/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiters.c - very many locks held by one process, and as many waiters in another, through the
 * public header only.
 *
 * Each must be a fresh process: memory that an earlier measurement gave back to the allocator,
 * and not to the system, would hide what these take.
 */
#include "waiters.h"

#include <stdio.h>
#include <unistd.h>

#include <zklock/zklock.h>

#include "counters.h"

#define IN_FLIGHT     200 /* joins under way at once */
#define CONNECT_LIMIT 30000
#define CLOSE_LIMIT   30000
#define HANG_GUARD    (120 * G_TIME_SPAN_SECOND)

struct gathering {
	GMutex mutex;
	GCond changed;
	unsigned pending;
	char *failure;
};

struct place {
	zklock_t *lock;
	struct gathering *gathering;
};

static void settle(struct gathering *gathering, const char *failure)
{
	g_mutex_lock(&gathering->mutex);
	if (failure == NULL)
		gathering->pending--;
	else if (gathering->failure == NULL)
		gathering->failure = g_strdup(failure);
	g_cond_broadcast(&gathering->changed);
	g_mutex_unlock(&gathering->mutex);
}

/* Holders settle by their grant, waiters by standing in the queue. */
static void on_event(zklock_t *lock, const zklock_event_t *event, void *user)
{
	struct place *place = user;

	(void)lock;
	if (event->type == ZKLOCK_EVENT_GRANTED ||
		(event->type == ZKLOCK_EVENT_QUEUED && event->ahead > 0))
		settle(place->gathering, NULL);
	else if (event->type == ZKLOCK_EVENT_FAILED && event->error != ZKLOCK_ERR_CANCELLED)
		settle(place->gathering, zklock_strerror(event->error));
	else if (event->type == ZKLOCK_EVENT_LOST && event->cause != ZKLOCK_CAUSE_CLOSED)
		settle(place->gathering, zklock_cause_name(event->cause));
}

static bool await_pending(struct gathering *gathering, unsigned limit, GError **error)
{
	gint64 end = g_get_monotonic_time() + HANG_GUARD;
	bool ok = true;

	g_mutex_lock(&gathering->mutex);
	while (ok && gathering->pending > limit && gathering->failure == NULL)
		if (!g_cond_wait_until(&gathering->changed, &gathering->mutex, end))
			ok = bench_fail(error, "waiters", "no answer for two minutes");
	if (ok && gathering->failure != NULL)
		ok = bench_fail(error, "waiters", gathering->failure);
	g_mutex_unlock(&gathering->mutex);
	return ok;
}

static bool take_place(
	struct place *place, zklock_session_t *session, const char *name, GError **error)
{
	zklock_options_t options = ZKLOCK_OPTIONS_INIT;
	int result;

	options.flags = ZKLOCK_UNBOUND;
	result = zklock_new(session, name, &options, &place->lock);
	if (result == ZKLOCK_OK)
		result = zklock_set_event_callback(place->lock, on_event, place);
	g_mutex_lock(&place->gathering->mutex);
	place->gathering->pending++;
	g_mutex_unlock(&place->gathering->mutex);
	if (result == ZKLOCK_OK)
		result = zklock_lock_async(place->lock, -1);
	return result == ZKLOCK_OK
		       ? true
		       : bench_fail(error, "zklock_lock_async", zklock_strerror(result));
}

/* One contender for each lock. */
static bool take_places(struct place *places, unsigned count, zklock_session_t *session,
	struct gathering *gathering, GError **error)
{
	bool ok = true;

	for (unsigned i = 0; ok && i < count; i++) {
		char *name = g_strdup_printf("many-%u", i);

		places[i].gathering = gathering;
		ok = take_place(&places[i], session, name, error) &&
		     await_pending(gathering, IN_FLIGHT, error);
		g_free(name);
	}
	return ok && await_pending(gathering, 0, error);
}

static zklock_session_t *open_session(const char *servers, const char *root, GError **error)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	zklock_session_t *session = NULL;
	int result;

	options.root = root;
	result = zklock_session_open(servers, &options, &session);
	if (result == ZKLOCK_OK)
		result = zklock_session_wait_connected(session, CONNECT_LIMIT);
	if (result != ZKLOCK_OK)
		bench_fail(error, "session", zklock_strerror(result));
	return session;
}

static void free_places(struct place *places, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (places[i].lock != NULL)
			zklock_free(places[i].lock);
	g_free(places);
}

/* Takes `count` places and gives the bytes that each takes; then `meanwhile`, while they stand. */
static bool stand(const char *servers, const char *root, unsigned count, double *bytes,
	bool (*meanwhile)(void *arg), void *arg, GError **error)
{
	static struct gathering gathering; /* events come until the session is closed */
	struct place *places = g_new0(struct place, count);
	zklock_session_t *session;
	GError *why = NULL;
	long before;
	bool ok;

	/* Closing 10 000 held locks is what we want, and no reason for as many warnings. */
	zklock_set_log(NULL, ZKLOCK_LOG_ERROR, NULL);
	session = open_session(servers, root, &why);
	before = self_rss_kib();
	ok = why == NULL && take_places(places, count, session, &gathering, &why);
	*bytes = (double)(self_rss_kib() - before) * 1024 / count;
	ok = ok && meanwhile(arg);
	if (session != NULL)
		zklock_session_close(session, CLOSE_LIMIT);
	free_places(places, count);
	if (why != NULL)
		g_propagate_error(error, why);
	return ok;
}

/* ---- the process that holds ---------------------------------------------------------------- */

static bool tell_and_wait(void *arg)
{
	printf("%.1f\n", *(double *)arg);
	fflush(stdout);
	while (getchar() != EOF)
		continue;
	return true;
}

bool waiters_hold(const char *servers, const char *root, unsigned count, GError **error)
{
	double bytes;

	return stand(servers, root, count, &bytes, tell_and_wait, &bytes, error);
}

/* ---- the process that waits ---------------------------------------------------------------- */

struct holder {
	FILE *to, *from;
};

static bool start_holder(
	const char *servers, const char *root, unsigned count, struct holder *ret, GError **error)
{
	char *self = g_file_read_link("/proc/self/exe", error);
	char *number = g_strdup_printf("%u", count);
	char *argv[] = {self, (char *)"hold", (char *)root, (char *)"--servers", (char *)servers,
		(char *)"--count", number, NULL};
	int to, from;
	bool ok = self != NULL && g_spawn_async_with_pipes(NULL, argv, NULL, 0, NULL, NULL, NULL,
					  &to, &from, NULL, error);

	if (ok)
		*ret = (struct holder){fdopen(to, "w"), fdopen(from, "r")};
	g_free(number);
	g_free(self);
	return ok;
}

static bool count_threads(void *threads)
{
	*(long *)threads = self_threads();
	return true;
}

bool waiters_measure(
	const char *servers, unsigned count, struct waiters_result *ret, GError **error)
{
	char *root = g_strdup_printf("/zkbench-many-%d", (int)getpid());
	struct holder holder;
	bool ok = start_holder(servers, root, count, &holder, error);

	if (ok) {
		ok = fscanf(holder.from, "%lf", &ret->bytes_per_held) == 1
			     ? stand(servers, root, count, &ret->bytes_per_waiter, count_threads,
				       &ret->threads, error)
			     : bench_fail(error, "many", "the process that holds has failed");
		fclose(holder.to); /* which ends it */
		fclose(holder.from);
	}
	g_free(root);
	return ok;
}
