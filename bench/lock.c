/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.c - zklock, through its public header only.
 *
 * One session per server, as the floors have it. The timed paths are those of users: the blocking
 * calls for the cycle and the trylock, the events of unbound handles where many wait.
 */
#include "lock.h"

#include <unistd.h>

#include <zklock/zklock.h>

#include "crowd.h"
#include "line.h"
#include "sample.h"

#define CONNECT_LIMIT_MS 30000
#define CLOSE_LIMIT_MS	 10000

struct locks {
	char **servers;
	unsigned count;
	zklock_session_t **sessions;
	char *root;
	GHashTable *lines; /* by their length; all stand at the same time */
	unsigned made;	   /* lines so far: a name of its own for each */
};

struct contender {
	struct line *line;
	zklock_t *lock;
	bool standing, leaving;
};

static bool check(int error_code, const char *call, GError **error)
{
	return error_code == ZKLOCK_OK ? true
				       : bench_fail(error, call, zklock_strerror(error_code));
}

/* ---- sessions ------------------------------------------------------------------------------ */

static zklock_session_t *open_session(const char *servers, const char *root, GError **error)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	zklock_session_t *session;

	options.root = root;
	if (!check(zklock_session_open(servers, &options, &session), "zklock_session_open", error))
		return NULL;
	if (check(zklock_session_wait_connected(session, CONNECT_LIMIT_MS), servers, error))
		return session;
	zklock_session_close(session, 0);
	return NULL;
}

static bool open_all(struct locks *locks, GError **error)
{
	if (locks->sessions != NULL)
		return true;
	locks->count = g_strv_length(locks->servers);
	locks->sessions = g_new0(zklock_session_t *, locks->count);
	for (unsigned i = 0; i < locks->count; i++) {
		locks->sessions[i] = open_session(locks->servers[i], locks->root, error);
		if (locks->sessions[i] == NULL)
			return false;
	}
	return true;
}

static zklock_t *new_lock(
	zklock_session_t *session, const char *name, unsigned flags, GError **error)
{
	zklock_options_t options = ZKLOCK_OPTIONS_INIT;
	zklock_t *lock;

	options.flags = flags;
	return check(zklock_new(session, name, &options, &lock), "zklock_new", error) ? lock : NULL;
}

/* ---- one after another, by the blocking calls ---------------------------------------------- */

static bool cycles(
	zklock_session_t *session, const struct task *task, GArray *samples, GError **error)
{
	unsigned flags = task_is(task, "cycle") ? 0 : ZKLOCK_UNLOCK_NOWAIT;
	zklock_t *lock = new_lock(session, "single", flags, error);
	bool ok = lock != NULL;

	for (unsigned i = 0; ok && i < task->count; i++) {
		double start = bench_now();

		ok = check(zklock_lock(lock), "zklock_lock", error) &&
		     check(zklock_unlock(lock), "zklock_unlock", error);
		sample_add(samples, bench_now() - start);
	}
	zklock_free(lock);
	return ok;
}

static bool looks(zklock_t *lock, const struct task *task, GArray *samples, GError **error)
{
	for (unsigned i = 0; i < task->count; i++) {
		double start = bench_now();
		int result = zklock_trylock(lock);

		sample_add(samples, bench_now() - start);
		if (result != ZKLOCK_ERR_BUSY)
			return bench_fail(error, "zklock_trylock", zklock_strerror(result));
	}
	return true;
}

/* Held by the session of another server, so that the one that looks knows nothing by itself. */
static bool trylocks(struct locks *locks, const struct task *task, GArray *samples, GError **error)
{
	unsigned me = task->turn % locks->count, other = (me + 1) % locks->count;
	zklock_t *held = new_lock(locks->sessions[other], "busy", 0, error);
	zklock_t *lock = held == NULL ? NULL : new_lock(locks->sessions[me], "busy", 0, error);
	bool ok = lock != NULL;

	ok = ok && check(zklock_lock(held), "zklock_lock", error);
	ok = ok && looks(lock, task, samples, error);
	if (held != NULL)
		zklock_unlock(held);
	zklock_free(held);
	zklock_free(lock);
	return ok || (error != NULL && *error != NULL) ? ok : bench_fail(error, "busy", "not held");
}

/* ---- contenders in a line ------------------------------------------------------------------ */

/* Only those who have to wait; the first is told of its grant, and that is its join. */
static void on_queued(struct contender *me, const zklock_event_t *event)
{
	if (me->standing || event->ahead == 0)
		return;
	me->standing = true;
	line_queued(me->line);
}

static void on_failed(struct contender *me, const zklock_event_t *event)
{
	if (me->leaving && event->error == ZKLOCK_ERR_CANCELLED)
		line_left(me->line);
	else
		line_failed(me->line, zklock_strerror(event->error));
}

static void on_event(zklock_t *lock, const zklock_event_t *event, void *user)
{
	struct contender *me = user;

	(void)lock;
	if (event->type == ZKLOCK_EVENT_QUEUED)
		on_queued(me, event);
	else if (event->type == ZKLOCK_EVENT_GRANTED)
		line_granted(me->line, me);
	else if (event->type == ZKLOCK_EVENT_FAILED)
		on_failed(me, event);
	else if (event->type == ZKLOCK_EVENT_LOST)
		line_failed(me->line, zklock_cause_name(event->cause));
	else if (event->type == ZKLOCK_EVENT_RELEASED && event->error == ZKLOCK_OK)
		line_released(me->line);
	else if (event->type == ZKLOCK_EVENT_RELEASED)
		line_failed(me->line, zklock_strerror(event->error));
}

static void contender_free(void *user)
{
	struct contender *me = user;

	zklock_free(me->lock);
	g_free(me);
}

static void *contender_join(
	void *maker, struct line *line, unsigned session, void *ahead, GError **error)
{
	struct locks *locks = maker;
	struct contender *me = g_new0(struct contender, 1);

	(void)ahead; /* the library finds it */
	me->line = line;
	me->lock = new_lock(locks->sessions[session], line_place(line), ZKLOCK_UNBOUND, error);
	if (me->lock != NULL) {
		zklock_set_event_callback(me->lock, on_event, me);
		if (check(zklock_lock_async(me->lock, -1), "zklock_lock_async", error))
			return me;
	}
	contender_free(me);
	return NULL;
}

static void contender_release(void *user)
{
	struct contender *me = user;
	int result = zklock_unlock_async(me->lock);

	if (result != ZKLOCK_OK)
		line_failed(me->line, zklock_strerror(result));
}

static void contender_leave(void *user)
{
	struct contender *me = user;

	me->leaving = true;
	zklock_cancel(me->lock);
}

static const struct line_ops contender_ops = {
	.join = contender_join,
	.release = contender_release,
	.leave = contender_leave,
	.free = contender_free,
};

static struct line *line_of(struct locks *locks, unsigned n)
{
	struct line *line = g_hash_table_lookup(locks->lines, GUINT_TO_POINTER(n));
	char *name;

	if (line_is_usable(line))
		return line;
	name = g_strdup_printf("line-%u-%u", n, locks->made++);
	line = line_new(&contender_ops, locks, locks->count, name);
	g_hash_table_replace(locks->lines, GUINT_TO_POINTER(n), line);
	g_free(name);
	return line;
}

/* ---- many locks at once -------------------------------------------------------------------- */

struct worker {
	struct crowd *crowd;
	zklock_t *lock;
};

static void worker_next(struct worker *worker)
{
	int result;

	if (!crowd_may_start(worker->crowd))
		return;
	result = zklock_lock_async(worker->lock, -1);
	if (result != ZKLOCK_OK)
		crowd_fail(worker->crowd, zklock_strerror(result));
}

static void on_worker_event(zklock_t *lock, const zklock_event_t *event, void *user)
{
	struct worker *worker = user;
	int result = event->error;

	if (event->type == ZKLOCK_EVENT_GRANTED)
		result = zklock_unlock_async(lock);
	else if (event->type == ZKLOCK_EVENT_RELEASED && result == ZKLOCK_OK)
		worker_next(worker);
	if (result != ZKLOCK_OK)
		crowd_fail(worker->crowd, zklock_strerror(result));
}

static bool worker_prepare(
	struct worker *worker, struct locks *locks, struct crowd *crowd, unsigned i, GError **error)
{
	char *name = g_strdup_printf("lock-%u", i);

	worker->crowd = crowd;
	worker->lock = new_lock(locks->sessions[i % locks->count], name, ZKLOCK_UNBOUND, error);
	g_free(name);
	if (worker->lock == NULL)
		return false;
	zklock_set_event_callback(worker->lock, on_worker_event, worker);
	return true;
}

static bool throughput(
	struct locks *locks, const struct task *task, GArray *samples, GError **error)
{
	struct worker *workers = g_new0(struct worker, task->n);
	struct crowd *crowd = crowd_new(task->n, task->count);
	bool ok = true;

	for (unsigned i = 0; ok && i < task->n; i++)
		ok = worker_prepare(&workers[i], locks, crowd, i, error);
	for (unsigned i = 0; ok && i < task->n; i++)
		worker_next(&workers[i]);
	ok = ok && crowd_wait(crowd, samples, error);
	for (unsigned i = 0; i < task->n; i++)
		if (workers[i].lock != NULL)
			zklock_free(workers[i].lock);
	crowd_free(crowd);
	g_free(workers);
	return ok;
}

/* ---- the contestant ------------------------------------------------------------------------ */

static bool lock_measure(
	struct contestant *c, const struct task *task, GArray *samples, GError **error)
{
	struct locks *locks = c->data;

	if (!open_all(locks, error))
		return false;
	if (g_str_has_prefix(task->what, "cycle"))
		return cycles(locks->sessions[task->turn % locks->count], task, samples, error);
	if (task_is(task, "trylock_busy"))
		return trylocks(locks, task, samples, error);
	if (task_is(task, "handover"))
		return line_handover(line_of(locks, task->n), task, samples, error);
	if (task_is(task, "join"))
		return line_join(line_of(locks, task->n), task, samples, error);
	if (task_is(task, "throughput"))
		return throughput(locks, task, samples, error);
	if (task_is(task, "leave"))
		return line_leave(line_of(locks, task->n), 2, error);
	if (task_is(task, "leave_most"))
		return line_leave(line_of(locks, task->n), 20, error);
	return bench_skip(error, "not offered");
}

/* The line stands, or a first lock has made the parents. */
static bool lock_prepare(struct contestant *c, const struct task *task, GError **error)
{
	struct task once = {.what = task->what, .n = task->n, .count = 1};
	struct locks *locks = c->data;
	GArray *unused;
	bool ok;

	if (!open_all(locks, error))
		return false;
	if (task->n > 0)
		return line_fill(line_of(locks, task->n), task->n, error);
	unused = sample_new();
	ok = lock_measure(c, &once, unused, error);
	g_array_free(unused, TRUE);
	return ok;
}

static void lock_close(struct contestant *c)
{
	struct locks *locks = c->data;

	g_hash_table_destroy(locks->lines);
	for (unsigned i = 0; i < locks->count; i++)
		if (locks->sessions[i] != NULL)
			zklock_session_close(locks->sessions[i], CLOSE_LIMIT_MS);
	g_free(locks->sessions);
	g_strfreev(locks->servers);
	g_free(locks->root);
	g_free(locks);
	g_free(c);
}

struct contestant *lock_contestant(const char *servers)
{
	struct contestant *c = g_new0(struct contestant, 1);
	struct locks *locks = g_new0(struct locks, 1);

	locks->servers = bench_servers(servers);
	locks->lines = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)line_free);
	locks->root = g_strdup_printf("/zkbench-zklock-%d", (int)getpid());
	c->who = "zklock";
	c->note = "one holder, fair, fenced, told of a loss; a waiter is one znode and two watches";
	c->measure = lock_measure;
	c->prepare = lock_prepare;
	c->close = lock_close;
	c->data = locks;
	return c;
}

bool lock_cold(const char *servers, double *ret_us, GError **error)
{
	double start = bench_now();
	zklock_session_t *session = open_session(servers, "/zkbench-cold", error);
	zklock_t *lock = session == NULL ? NULL : new_lock(session, "cold", 0, error);
	bool ok = lock != NULL && check(zklock_lock(lock), "zklock_lock", error);

	*ret_us = bench_now() - start;
	if (lock != NULL)
		zklock_free(lock);
	if (session != NULL)
		zklock_session_close(session, CLOSE_LIMIT_MS);
	return ok;
}
