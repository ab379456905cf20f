/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - a peer in C: questions on standard input, threads that wait.
 */
#include "store.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_WAITERS 100 /* each is a connection and a thread; servers limit the first */
#define SETTLE_LIMIT (30 * G_TIME_SPAN_SECOND)

enum place {
	IDLE,
	JOINING,
	HOLDING,
	LEAVING, /* told to give the lock back */
	ENDING,
};

struct crew;

struct member {
	struct crew *crew;
	GThread *thread;
	void *connection;
	enum place place;
};

struct crew {
	struct store *store;
	const char *name;
	GMutex mutex;
	GCond changed;
	struct member *members;
	unsigned count;
	struct member *holder;
	unsigned handovers; /* still to be made */
	double released_at;
	GArray *samples;
	GError *error;
};

static struct crew *crew; /* the one that stands, within a question */
static char *pids;	  /* of the servers, for their memory */

static GQuark quark(void)
{
	return g_quark_from_static_string("peer");
}

bool store_fail(GError **error, const char *place, const char *reason)
{
	g_set_error(error, quark(), 0, "%s: %s", place, reason);
	if (error != NULL)
		g_strdelimit((*error)->message, "\r\n", ' ');
	return false;
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Waits, by asking again where the store cannot. */
static bool take(struct store *store, void *connection, const char *name, GError **error)
{
	enum store_taken taken;

	while ((taken = store->take(connection, name, true, error)) == STORE_BUSY)
		g_usleep(STORE_POLL_MS * 1000);
	return taken == STORE_TAKEN;
}

/* ---- members of a crew --------------------------------------------------------------------- */

static void crew_failed(struct crew *c, GError *error)
{
	g_mutex_lock(&c->mutex);
	if (c->error == NULL)
		c->error = error;
	else
		g_clear_error(&error);
	g_cond_broadcast(&c->changed);
	g_mutex_unlock(&c->mutex);
}

/* With the mutex held. The next place: on to the next, or hold until told otherwise. */
static enum place note_grant(struct crew *c, struct member *me, double now)
{
	c->holder = me;
	if (c->handovers > 0) {
		double took = now - c->released_at;

		g_array_append_val(c->samples, took);
		c->handovers--;
	}
	g_cond_broadcast(&c->changed);
	if (c->handovers == 0)
		return HOLDING;
	c->released_at = now_us();
	return LEAVING;
}

static enum place do_join(struct member *me, GError **error)
{
	struct crew *c = me->crew;
	double now;

	if (!take(c->store, me->connection, c->name, error))
		return ENDING;
	now = now_us();
	g_mutex_lock(&c->mutex);
	me->place = note_grant(c, me, now);
	g_mutex_unlock(&c->mutex);
	return me->place;
}

static void set_place(struct member *me, enum place place)
{
	g_mutex_lock(&me->crew->mutex);
	if (me->place != ENDING)
		me->place = place;
	g_cond_broadcast(&me->crew->changed);
	g_mutex_unlock(&me->crew->mutex);
}

static enum place await_order(struct member *me)
{
	struct crew *c = me->crew;
	enum place place;

	g_mutex_lock(&c->mutex);
	while (me->place == IDLE || me->place == HOLDING)
		g_cond_wait(&c->changed, &c->mutex);
	place = me->place;
	g_mutex_unlock(&c->mutex);
	return place;
}

static void *member_run(void *user)
{
	struct member *me = user;
	GError *error = NULL;
	enum place place;

	while ((place = await_order(me)) != ENDING) {
		if (place == JOINING && do_join(me, &error) != LEAVING && error == NULL)
			continue;
		if (error == NULL &&
			me->crew->store->release(me->connection, me->crew->name, &error))
			set_place(me, IDLE);
		if (error != NULL) {
			crew_failed(me->crew, error);
			return NULL;
		}
	}
	return NULL;
}

/* ---- a crew -------------------------------------------------------------------------------- */

static bool crew_join_all(struct crew *c)
{
	bool somebody = false;

	g_mutex_lock(&c->mutex);
	for (unsigned i = 0; i < c->count; i++)
		if (c->members[i].place == IDLE) {
			c->members[i].place = JOINING;
			somebody = true;
		}
	g_cond_broadcast(&c->changed);
	g_mutex_unlock(&c->mutex);
	return somebody;
}

/* One holds and the server knows of all others; where it does not, two polls have passed. */
static bool crew_settle(struct crew *c, void *connection, GError **error)
{
	gint64 end = g_get_monotonic_time() + SETTLE_LIMIT;
	int waiting = -1;

	g_mutex_lock(&c->mutex);
	while (c->holder == NULL && c->error == NULL)
		g_cond_wait(&c->changed, &c->mutex);
	g_mutex_unlock(&c->mutex);
	while (c->error == NULL && c->store->waiting != NULL) {
		waiting = c->store->waiting(connection, c->name);
		if (waiting < 0 || (unsigned)waiting >= c->count - 1)
			break;
		if (g_get_monotonic_time() > end)
			return store_fail(error, "crew", "waiters do not get into the queue");
		g_usleep(1000);
	}
	if (c->error == NULL && waiting < 0)
		g_usleep(2 * STORE_POLL_MS * 1000);
	if (c->error != NULL) {
		g_propagate_error(error, g_error_copy(c->error));
		return false;
	}
	return true;
}

static bool crew_fill(struct crew *c, void *connection, GError **error)
{
	return !crew_join_all(c) || crew_settle(c, connection, error);
}

static bool all_idle_or_waiting(const struct crew *c)
{
	for (unsigned i = 0; i < c->count; i++)
		if (c->members[i].place == LEAVING)
			return false;
	return true;
}

/* With `count` 0: the holder just gives back. */
static bool crew_drain(struct crew *c, unsigned count, GArray *samples, GError **error)
{
	struct member *holder = c->holder;

	g_mutex_lock(&c->mutex);
	c->samples = samples;
	c->handovers = count;
	c->released_at = now_us();
	holder->place = LEAVING;
	g_cond_broadcast(&c->changed);
	while (c->error == NULL && (c->handovers > 0 || !all_idle_or_waiting(c)))
		g_cond_wait(&c->changed, &c->mutex);
	if (c->error != NULL)
		g_propagate_error(error, g_error_copy(c->error));
	g_mutex_unlock(&c->mutex);
	return c->error == NULL;
}

/* The waiters are let through one after another, then all go. */
static void crew_free(struct crew *c)
{
	unsigned waiting = 0;

	for (unsigned i = 0; i < c->count; i++)
		waiting += c->members[i].place == JOINING;
	if (c->error == NULL && c->holder != NULL) {
		GArray *unused = g_array_new(FALSE, FALSE, sizeof(double));

		if (waiting == 0 || crew_drain(c, waiting, unused, NULL))
			set_place(c->holder, LEAVING);
		g_array_free(unused, TRUE);
	}
	g_mutex_lock(&c->mutex);
	while (c->error == NULL && !all_idle_or_waiting(c))
		g_cond_wait(&c->changed, &c->mutex);
	for (unsigned i = 0; i < c->count; i++)
		c->members[i].place = ENDING;
	g_cond_broadcast(&c->changed);
	g_mutex_unlock(&c->mutex);
	if (c->error != NULL)
		exit(1); /* threads may hang in a server that has failed; bench/run says so */
	for (unsigned i = 0; i < c->count; i++) {
		g_thread_join(c->members[i].thread);
		c->store->close(c->members[i].connection);
	}
	g_free(c->members);
	g_free(c);
}

static struct crew *crew_new(struct store *store, unsigned count, GError **error)
{
	struct crew *c = g_new0(struct crew, 1);

	c->store = store;
	c->name = "line";
	g_mutex_init(&c->mutex);
	g_cond_init(&c->changed);
	c->members = g_new0(struct member, count);
	for (unsigned i = 0; i < count; i++) {
		struct member *me = &c->members[i];

		me->crew = c;
		me->connection = store->open(store, error);
		if (me->connection == NULL)
			break;
		me->thread = g_thread_new("waiter", member_run, me);
		c->count++;
	}
	if (c->count == count)
		return c;
	crew_free(c);
	return NULL;
}

static bool stand_in_line(struct store *store, unsigned n, GError **error)
{
	crew = crew_new(store, n + 1, error);
	return crew != NULL;
}

/* ---- what is measured ---------------------------------------------------------------------- */

/* Nobody is left standing after a turn: pollers would load the machine in the others' turns. */
static void stand_down(void)
{
	if (crew != NULL)
		crew_free(crew);
	crew = NULL;
}

static bool handovers(struct store *store, void *connection, unsigned n, unsigned count,
	GArray *samples, GError **error)
{
	unsigned batch = CLAMP(n / 2, 1, 100);
	bool ok = stand_in_line(store, n, error);

	for (unsigned done = 0; ok && done < count; done += batch)
		ok = crew_fill(crew, connection, error) && crew_drain(crew, batch, samples, error);
	stand_down();
	return ok;
}

static bool one_cycle(struct store *store, void *connection, const char *name, GError **error)
{
	return take(store, connection, name, error) && store->release(connection, name, error);
}

static bool cycles(
	struct store *store, void *connection, unsigned count, GArray *samples, GError **error)
{
	for (unsigned i = 0; i < count; i++) {
		double start = now_us(), took;

		if (!one_cycle(store, connection, "single", error))
			return false;
		took = now_us() - start;
		g_array_append_val(samples, took);
	}
	return true;
}

static bool looks(
	struct store *store, void *connection, unsigned count, GArray *samples, GError **error)
{
	for (unsigned i = 0; i < count; i++) {
		double start = now_us(), took;
		enum store_taken taken = store->take(connection, "busy", false, error);

		took = now_us() - start;
		if (taken == STORE_NO_TRY)
			return store_fail(error, "skip", "its lock service can only wait");
		if (taken != STORE_BUSY)
			return *error != NULL ? false : store_fail(error, "busy", "not held");
		g_array_append_val(samples, took);
	}
	return true;
}

static bool trylocks(
	struct store *store, void *connection, unsigned count, GArray *samples, GError **error)
{
	void *other = store->open(store, error);
	bool ok = other != NULL && take(store, other, "busy", error) &&
		  looks(store, connection, count, samples, error);

	if (other != NULL) {
		store->release(other, "busy", NULL);
		store->close(other);
	}
	return ok;
}

static bool colds(struct store *store, unsigned count, GArray *samples, GError **error)
{
	for (unsigned i = 0; i < count; i++) {
		double start = now_us(), took;
		void *fresh = store->open(store, error);

		if (fresh == NULL || !take(store, fresh, "cold", error))
			return false;
		took = now_us() - start;
		g_array_append_val(samples, took);
		if (!store->release(fresh, "cold", error))
			return false;
		store->close(fresh);
	}
	return true;
}

struct worker {
	struct store *store;
	void *connection;
	char name[32];
	gint *left;
	GError *error;
	GThread *thread;
};

static void *worker_run(void *user)
{
	struct worker *me = user;

	while (g_atomic_int_add(me->left, -1) > 0)
		if (!one_cycle(me->store, me->connection, me->name, &me->error))
			break;
	return NULL;
}

static bool workers_open(
	struct worker *workers, unsigned n, struct store *store, gint *left, GError **error)
{
	for (unsigned i = 0; i < n; i++) {
		workers[i].store = store;
		workers[i].left = left;
		g_snprintf(workers[i].name, sizeof(workers[i].name), "lock-%u", i);
		workers[i].connection = store->open(store, error);
		/* The first cycle makes what the store needs for a name; it is not timed. */
		if (workers[i].connection == NULL ||
			!one_cycle(store, workers[i].connection, workers[i].name, error))
			return false;
	}
	return true;
}

static bool throughput(
	struct store *store, unsigned n, unsigned count, GArray *samples, GError **error)
{
	struct worker *workers = g_new0(struct worker, n);
	gint left = (gint)count;
	bool ok = workers_open(workers, n, store, &left, error);
	double start = now_us(), each;

	for (unsigned i = 0; ok && i < n; i++)
		workers[i].thread = g_thread_new("worker", worker_run, &workers[i]);
	for (unsigned i = 0; i < n; i++) {
		if (workers[i].thread != NULL)
			g_thread_join(workers[i].thread);
		if (workers[i].error != NULL && ok) {
			g_propagate_error(error, workers[i].error);
			ok = false;
		}
	}
	each = (now_us() - start) / count;
	for (unsigned i = 0; i < n; i++)
		if (workers[i].connection != NULL)
			store->close(workers[i].connection);
	g_free(workers);
	if (ok)
		g_array_append_val(samples, each);
	return ok;
}

/* ---- memory of the servers ----------------------------------------------------------------- */

/* Proportional, so that what processes share is counted once. */
static double pss_kib(const char *pid)
{
	char *path = g_strdup_printf("/proc/%s/smaps_rollup", pid), *text = NULL, *found;
	double kib = 0;

	if (g_file_get_contents(path, &text, NULL, NULL) &&
		(found = strstr(text, "\nPss:")) != NULL)
		kib = g_ascii_strtod(found + strlen("\nPss:"), NULL);
	g_free(text);
	g_free(path);
	return kib;
}

static bool is_child_of(const char *pid, const char *parent)
{
	char *path = g_strdup_printf("/proc/%s/stat", pid), *text = NULL, *end;
	long ppid = -1;

	if (g_file_get_contents(path, &text, NULL, NULL) && (end = strrchr(text, ')')) != NULL)
		sscanf(end + 1, " %*c %ld", &ppid);
	g_free(text);
	g_free(path);
	return ppid == strtol(parent, NULL, 10);
}

/* A server and its children: PostgreSQL has one for each connection. */
static double server_kib(void)
{
	char **list = g_strsplit(pids == NULL ? "" : pids, ",", -1);
	GDir *proc = g_dir_open("/proc", 0, NULL);
	const char *name;
	double kib = 0;

	while (proc != NULL && (name = g_dir_read_name(proc)) != NULL)
		for (char **pid = list; g_ascii_isdigit(*name) && *pid != NULL; pid++)
			if (g_str_equal(name, *pid) || is_child_of(name, *pid))
				kib += pss_kib(name);
	if (proc != NULL)
		g_dir_close(proc);
	g_strfreev(list);
	return kib;
}

/* The first gathering pays for what the server keeps anyway, and is not counted. */
static bool waiters(
	struct store *store, void *connection, unsigned n, GArray *samples, GError **error)
{
	double before = 0, after = 0, connections = 1, each;
	bool ok = true;

	for (unsigned round = 0; ok && round < 2; round++) {
		before = server_kib();
		ok = stand_in_line(store, n, error) && crew_fill(crew, connection, error);
		after = server_kib();
		stand_down();
	}
	each = (after - before) / n;
	g_array_append_val(samples, connections);
	g_array_append_val(samples, each);
	return ok;
}

/* ---- questions ----------------------------------------------------------------------------- */

struct question {
	char what[32];
	unsigned n, count, turn;
};

static bool answer(struct store *store, void *connection, const struct question *q, GArray *samples,
	GError **error)
{
	if (q->n > MOST_WAITERS && !g_str_equal(q->what, "throughput"))
		return store_fail(error, "skip", "a connection and a thread for each waiter");
	if (g_str_equal(q->what, "waiters"))
		return waiters(store, connection, q->n, samples, error);
	if (g_str_equal(q->what, "cycle"))
		return cycles(store, connection, q->count, samples, error);
	if (g_str_equal(q->what, "trylock_busy"))
		return trylocks(store, connection, q->count, samples, error);
	if (g_str_equal(q->what, "handover"))
		return handovers(store, connection, q->n, q->count, samples, error);
	if (g_str_equal(q->what, "throughput"))
		return throughput(store, q->n, q->count, samples, error);
	if (g_str_equal(q->what, "cold"))
		return colds(store, q->count, samples, error);
	return store_fail(error, "skip", "not offered");
}

static bool parse_question(const char *line, struct question *q)
{
	memset(q, 0, sizeof(*q));
	if (sscanf(line, "waiters %u", &q->n) == 1) {
		g_strlcpy(q->what, "waiters", sizeof(q->what));
		return true;
	}
	return sscanf(line, "measure %31s %u %u %u", q->what, &q->n, &q->count, &q->turn) == 4;
}

static void print_error(GError *error)
{
	if (g_str_has_prefix(error->message, "skip: "))
		printf("skip %s\n", error->message + strlen("skip: "));
	else
		printf("error %s\n", error->message);
	g_error_free(error);
}

static void print_samples(const GArray *samples)
{
	printf("ok");
	for (guint i = 0; i < samples->len; i++)
		printf(" %.1f", g_array_index(samples, double, i));
	putchar('\n');
}

static void serve(struct store *store, void *connection)
{
	char line[256];
	struct question q;

	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		GArray *samples = g_array_new(FALSE, FALSE, sizeof(double));
		GError *error = NULL;

		if (!parse_question(line, &q))
			puts("error not a question");
		else if (answer(store, connection, &q, samples, &error))
			print_samples(samples);
		else
			print_error(error);
		fflush(stdout);
		g_array_free(samples, TRUE);
	}
}

int store_main(struct store *store, int argc, char **argv)
{
	const GOptionEntry entries[] = {
		{"server", 0, 0, G_OPTION_ARG_STRING, &store->server, "where", "ADDRESS"},
		{"variant", 0, 0, G_OPTION_ARG_STRING, &store->variant, "which way", "NAME"},
		{"pids", 0, 0, G_OPTION_ARG_STRING, &pids, "server processes", "PID,..."},
		G_OPTION_ENTRY_NULL,
	};
	GOptionContext *context = g_option_context_new(NULL);
	GError *error = NULL;
	void *connection;

	setlocale(LC_NUMERIC, "C");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || store->server == NULL) {
		g_printerr("%s: %s\n", argv[0],
			error != NULL ? error->message : "--server is missing");
		return 2;
	}
	if (store->select != NULL && !store->select(store)) {
		g_printerr("%s: no variant %s\n", argv[0], store->variant);
		return 2;
	}
	connection = store->open(store, &error);
	if (connection == NULL) {
		printf("skip %s\n", error->message);
		return 0;
	}
	serve(store, connection);
	store->close(connection);
	g_option_context_free(context);
	return 0;
}
