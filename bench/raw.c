/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw.c - the floors: bare calls of the ZooKeeper C client.
 *
 * Nothing here checks what a lock has to check; it is what the calls cost, and no more. One session
 * per server, so that turns and neighbours in a line spread over the ensemble in a known way.
 */
#include "raw.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <zookeeper/zookeeper.h>

#include "crowd.h"
#include "line.h"
#include "sample.h"

#define SESSION_TIMEOUT_MS 10000
#define CONNECT_LIMIT	   (30 * G_TIME_SPAN_SECOND)
#define PATH_SIZE	   256
/* As long as a guid, so that lists are as long as those of real locks. */
#define NODE_PREFIX "00000000-0000-0000-0000-000000000000-lock-"

struct raw_session {
	zhandle_t *zh;
	GMutex mutex;
	GCond changed;
	bool connected;
};

struct raw {
	enum raw_kind kind;
	char **servers;
	unsigned count;
	struct raw_session **sessions;
	char *root;
	GHashTable *lines;     /* by their length; all stand at the same time */
	unsigned made;	       /* lines so far: a parent of its own for each */
	GPtrArray *contenders; /* freed at the end only: a watch may fire late */
	bool listing;	       /* joins list the queue, as a lock's would */
};

struct contender {
	struct raw *raw;
	struct line *line;
	zhandle_t *zh;
	char path[PATH_SIZE];
	const struct contender *ahead;
	gint flights; /* answers still to come before it stands */
	gint left;
	zoo_op_t ops[2];
	zoo_op_result_t results[2];
};

/* ---- sessions ------------------------------------------------------------------------------ */

static void on_session(zhandle_t *zh, int type, int state, const char *path, void *user)
{
	struct raw_session *session = user;

	(void)zh;
	(void)path;
	if (type != ZOO_SESSION_EVENT)
		return;
	g_mutex_lock(&session->mutex);
	session->connected = state == ZOO_CONNECTED_STATE;
	g_cond_broadcast(&session->changed);
	g_mutex_unlock(&session->mutex);
}

static bool await_connected(struct raw_session *session)
{
	gint64 end = g_get_monotonic_time() + CONNECT_LIMIT;
	bool ok = true;

	g_mutex_lock(&session->mutex);
	while (ok && !session->connected)
		ok = g_cond_wait_until(&session->changed, &session->mutex, end);
	g_mutex_unlock(&session->mutex);
	return ok;
}

struct raw_session *raw_session_open(const char *server, GError **error)
{
	struct raw_session *session = g_new0(struct raw_session, 1);

	g_mutex_init(&session->mutex);
	g_cond_init(&session->changed);
	zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
	session->zh = zookeeper_init(server, on_session, SESSION_TIMEOUT_MS, NULL, session, 0);
	if (session->zh != NULL && await_connected(session))
		return session;
	bench_fail(error, server, session->zh == NULL ? g_strerror(errno) : "no connection");
	raw_session_close(session);
	return NULL;
}

void raw_session_close(struct raw_session *session)
{
	if (session == NULL)
		return;
	if (session->zh != NULL)
		zookeeper_close(session->zh);
	g_free(session);
}

static bool check(int rc, const char *call, GError **error)
{
	return rc == ZOK ? true : bench_fail(error, call, zerror(rc));
}

static bool make_parent(zhandle_t *zh, const char *path, GError **error)
{
	int rc = zoo_create(zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0);

	return rc == ZNODEEXISTS ? true : check(rc, "zoo_create", error);
}

/* A parent of parents: two levels are all we make. What is left is nobody's business any more. */
static void remove_tree(zhandle_t *zh, const char *path, int levels)
{
	struct String_vector names;

	if (levels > 0 && zoo_get_children(zh, path, 0, &names) == ZOK) {
		for (int i = 0; i < names.count; i++) {
			char *child = g_strconcat(path, "/", names.data[i], NULL);

			remove_tree(zh, child, levels - 1);
			g_free(child);
		}
		deallocate_String_vector(&names);
	}
	zoo_delete(zh, path, -1);
}

/* ---- one after another, by the blocking calls ---------------------------------------------- */

static bool create(zhandle_t *zh, const char *parent, char *path, GError **error)
{
	char prefix[PATH_SIZE];

	g_snprintf(prefix, sizeof(prefix), "%s/%s", parent, NODE_PREFIX);
	return check(zoo_create(zh, prefix, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL_SEQUENTIAL,
			     path, PATH_SIZE),
		"zoo_create", error);
}

static void ignore(int rc, const void *data)
{
	(void)rc;
	(void)data;
}

static bool remove_node(zhandle_t *zh, const char *path, bool wait, GError **error)
{
	int rc = wait ? zoo_delete(zh, path, -1) : zoo_adelete(zh, path, -1, ignore, NULL);

	return check(rc, "zoo_delete", error);
}

/* A create and the list behind it, as a lock sends them: the answer to both. */
struct flight {
	GMutex mutex;
	GCond landed;
	bool listed;
	int rc;
	char *path;
};

static void on_made(int rc, const char *path, const void *user)
{
	struct flight *flight = (struct flight *)user;

	flight->rc = rc;
	if (rc == ZOK)
		g_strlcpy(flight->path, path, PATH_SIZE);
}

static void on_listed(int rc, const struct String_vector *names, const void *user)
{
	struct flight *flight = (struct flight *)user;

	(void)names;
	g_mutex_lock(&flight->mutex);
	if (flight->rc == ZOK)
		flight->rc = rc;
	flight->listed = true;
	g_cond_signal(&flight->landed);
	g_mutex_unlock(&flight->mutex);
}

static int fly(zhandle_t *zh, const char *parent, struct flight *flight)
{
	char prefix[PATH_SIZE];
	int rc;

	g_snprintf(prefix, sizeof(prefix), "%s/%s", parent, NODE_PREFIX);
	rc = zoo_acreate(
		zh, prefix, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL_SEQUENTIAL, on_made, flight);
	if (rc == ZOK)
		rc = zoo_aget_children(zh, parent, 0, on_listed, flight);
	if (rc != ZOK)
		return rc;
	g_mutex_lock(&flight->mutex);
	while (!flight->listed)
		g_cond_wait(&flight->landed, &flight->mutex);
	g_mutex_unlock(&flight->mutex);
	return flight->rc;
}

static bool lock_cycle(zhandle_t *zh, const char *parent, char *path, GError **error)
{
	struct flight flight = {.path = path};
	zoo_op_result_t results[2];
	zoo_op_t ops[2];

	if (!check(fly(zh, parent, &flight), "zoo_acreate", error))
		return false;
	zoo_set_op_init(&ops[0], path, "", 0, 0, NULL);
	zoo_delete_op_init(&ops[1], path, -1);
	return check(zoo_multi(zh, 2, ops, results), "zoo_multi", error);
}

static bool cycles(struct raw *raw, zhandle_t *zh, const char *parent, const struct task *task,
	GArray *samples, GError **error)
{
	bool wait = task_is(task, "cycle");
	char path[PATH_SIZE];

	for (unsigned i = 0; i < task->count; i++) {
		double start = bench_now();

		if (raw->kind == RAW_SET_DELETE ? !lock_cycle(zh, parent, path, error)
						: !create(zh, parent, path, error) ||
							  !remove_node(zh, path, wait, error))
			return false;
		sample_add(samples, bench_now() - start);
	}
	return true;
}

static bool creates(
	zhandle_t *zh, const char *parent, const struct task *task, GArray *samples, GError **error)
{
	char path[PATH_SIZE];

	for (unsigned i = 0; i < task->count; i++) {
		double start = bench_now();

		if (!create(zh, parent, path, error))
			return false;
		sample_add(samples, bench_now() - start);
		if (!remove_node(zh, path, true, error))
			return false;
	}
	return true;
}

/* That somebody stands there is one read: the parent's stat counts its children. */
static bool looks(
	zhandle_t *zh, const char *parent, const struct task *task, GArray *samples, GError **error)
{
	struct Stat stat;

	for (unsigned i = 0; i < task->count; i++) {
		double start = bench_now();

		if (!check(zoo_exists(zh, parent, 0, &stat), "zoo_exists", error))
			return false;
		sample_add(samples, bench_now() - start);
	}
	return true;
}

/* ---- contenders in a line ------------------------------------------------------------------ */

static void on_ahead(zhandle_t *zh, int type, int state, const char *path, void *user)
{
	struct contender *me = user;

	(void)zh;
	(void)state;
	(void)path;
	if (type == ZOO_SESSION_EVENT || g_atomic_int_get(&me->left))
		return;
	line_granted(me->line, me);
}

static void on_own(zhandle_t *zh, int type, int state, const char *path, void *user)
{
	(void)zh;
	(void)type;
	(void)state;
	(void)path;
	(void)user;
}

static void one_flight_less(struct contender *me, int rc)
{
	if (rc != ZOK)
		line_failed(me->line, zerror(rc));
	else if (g_atomic_int_dec_and_test(&me->flights))
		line_queued(me->line);
}

static void on_watched(
	int rc, const char *value, int length, const struct Stat *stat, const void *user)
{
	(void)value;
	(void)length;
	(void)stat;
	one_flight_less((struct contender *)user, rc);
}

static void watch(struct contender *me, const char *path, watcher_fn watcher)
{
	int rc = zoo_awget(me->zh, path, watcher, me, on_watched, me);

	if (rc != ZOK)
		line_failed(me->line, zerror(rc));
}

/* Create and list are in one flight: this is the end of the floor's join. */
static void on_list(int rc, const struct String_vector *names, const void *user)
{
	struct contender *me = (struct contender *)user;

	if (rc == ZOK && names->count == 0)
		rc = ZNONODE;
	if (me->raw->kind != RAW_WATCHED || rc != ZOK) {
		one_flight_less(me, rc);
		return;
	}
	watch(me, me->path, on_own);
	watch(me, me->ahead->path, on_ahead);
	one_flight_less(me, rc);
}

static void on_created(int rc, const char *path, const void *user)
{
	struct contender *me = (struct contender *)user;

	if (rc == ZOK)
		g_strlcpy(me->path, path, sizeof(me->path));
	if (rc != ZOK)
		line_failed(me->line, zerror(rc));
	else if (me->ahead == NULL)
		line_granted(me->line, me);
	else if (!me->raw->listing)
		watch(me, me->ahead->path, on_ahead);
}

static void *contender_join(
	void *maker, struct line *line, unsigned session, void *ahead, GError **error)
{
	struct raw *raw = maker;
	struct contender *me = g_new0(struct contender, 1);
	char prefix[PATH_SIZE];
	int rc;

	me->raw = raw;
	me->line = line;
	me->ahead = ahead;
	me->zh = raw->sessions[session]->zh;
	me->flights = raw->listing && raw->kind == RAW_WATCHED ? 3 : 1;
	g_ptr_array_add(raw->contenders, me);
	g_snprintf(prefix, sizeof(prefix), "%s/%s", line_place(line), NODE_PREFIX);
	rc = zoo_acreate(me->zh, prefix, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL_SEQUENTIAL,
		on_created, me);
	if (rc == ZOK && raw->listing)
		rc = zoo_aget_children(me->zh, line_place(line), 0, on_list, me);
	return check(rc, "zoo_acreate", error) ? me : NULL;
}

static void on_released(int rc, const void *user)
{
	const struct contender *me = user;

	if (rc == ZOK)
		line_released(me->line);
	else
		line_failed(me->line, zerror(rc));
}

static void contender_release(void *user)
{
	struct contender *me = user;
	int rc;

	if (me->raw->kind == RAW_SET_DELETE) {
		zoo_set_op_init(&me->ops[0], me->path, "", 0, 0, NULL);
		zoo_delete_op_init(&me->ops[1], me->path, -1);
		rc = zoo_amulti(me->zh, 2, me->ops, me->results, on_released, me);
	} else {
		rc = zoo_adelete(me->zh, me->path, -1, on_released, me);
	}
	if (rc != ZOK)
		line_failed(me->line, zerror(rc));
}

static void on_left(int rc, const void *user)
{
	const struct contender *me = user;

	if (rc == ZOK)
		line_left(me->line);
	else
		line_failed(me->line, zerror(rc));
}

static void contender_leave(void *user)
{
	struct contender *me = user;

	g_atomic_int_set(&me->left, 1);
	if (zoo_adelete(me->zh, me->path, -1, on_left, me) != ZOK)
		line_failed(me->line, "zoo_adelete");
}

static void contender_free(void *user)
{
	(void)user;
}

static const struct line_ops contender_ops = {
	.join = contender_join,
	.release = contender_release,
	.leave = contender_leave,
	.free = contender_free,
};

static struct line *line_of(struct raw *raw, unsigned n, GError **error)
{
	struct line *line = g_hash_table_lookup(raw->lines, GUINT_TO_POINTER(n));
	char *path;

	if (line_is_usable(line))
		return line;
	path = g_strdup_printf("%s/line-%u-%u", raw->root, n, raw->made++);
	line = NULL;
	if (make_parent(raw->sessions[0]->zh, path, error)) {
		line = line_new(&contender_ops, raw, raw->count, path);
		g_hash_table_replace(raw->lines, GUINT_TO_POINTER(n), line);
	}
	g_free(path);
	return line;
}

static bool joins(struct raw *raw, const struct task *task, GArray *samples, GError **error)
{
	struct line *line;
	bool ok;

	if (raw->kind == RAW_SET_DELETE)
		return bench_skip(error, "joins as the floor does");
	line = line_of(raw, task->n, error);
	ok = line != NULL && line_fill(line, task->n, error);
	raw->listing = true;
	ok = ok && line_join(line, task, samples, error);
	raw->listing = false;
	return ok;
}

static bool handovers(struct raw *raw, const struct task *task, GArray *samples, GError **error)
{
	struct line *line;

	if (raw->kind == RAW_WATCHED)
		return bench_skip(error, "hands over as the floor does");
	line = line_of(raw, task->n, error);
	return line != NULL && line_handover(line, task, samples, error);
}

/* ---- many locks at once -------------------------------------------------------------------- */

struct worker {
	struct crowd *crowd;
	zhandle_t *zh;
	char prefix[PATH_SIZE];
};

static void worker_next(int rc, const void *user);

static void worker_locked(int rc, const char *path, const void *user)
{
	struct worker *worker = (struct worker *)user;

	if (rc == ZOK)
		rc = zoo_adelete(worker->zh, path, -1, worker_next, worker);
	if (rc != ZOK)
		crowd_fail(worker->crowd, zerror(rc));
}

static void worker_next(int rc, const void *user)
{
	struct worker *worker = (struct worker *)user;

	if (rc == ZOK) {
		if (!crowd_may_start(worker->crowd))
			return;
		rc = zoo_acreate(worker->zh, worker->prefix, "", 0, &ZOO_OPEN_ACL_UNSAFE,
			ZOO_EPHEMERAL_SEQUENTIAL, worker_locked, worker);
	}
	if (rc != ZOK)
		crowd_fail(worker->crowd, zerror(rc));
}

static bool worker_prepare(
	struct worker *worker, struct crowd *crowd, struct raw *raw, unsigned i, GError **error)
{
	char *parent = g_strdup_printf("%s/lock-%u", raw->root, i);
	bool ok;

	worker->crowd = crowd;
	worker->zh = raw->sessions[i % raw->count]->zh;
	g_snprintf(worker->prefix, sizeof(worker->prefix), "%s/%s", parent, NODE_PREFIX);
	ok = make_parent(worker->zh, parent, error);
	g_free(parent);
	return ok;
}

static bool throughput(struct raw *raw, const struct task *task, GArray *samples, GError **error)
{
	struct worker *workers = g_new0(struct worker, task->n);
	struct crowd *crowd = crowd_new(task->n, task->count);
	bool ok = true;

	for (unsigned i = 0; ok && i < task->n; i++)
		ok = worker_prepare(&workers[i], crowd, raw, i, error);
	for (unsigned i = 0; ok && i < task->n; i++)
		worker_next(ZOK, &workers[i]);
	ok = ok && crowd_wait(crowd, samples, error);
	crowd_free(crowd);
	g_free(workers);
	return ok;
}

/* ---- the contestant ------------------------------------------------------------------------ */

static bool open_all(struct raw *raw, GError **error)
{
	if (raw->sessions != NULL)
		return true;
	raw->count = g_strv_length(raw->servers);
	raw->sessions = g_new0(struct raw_session *, raw->count);
	for (unsigned i = 0; i < raw->count; i++) {
		raw->sessions[i] = raw_session_open(raw->servers[i], error);
		if (raw->sessions[i] == NULL)
			return false;
	}
	return make_parent(raw->sessions[0]->zh, raw->root, error);
}

/* The others may not see the new parent yet: their next write is behind it, a read need not be. */
static bool measure_one_by_one(
	struct raw *raw, const struct task *task, GArray *samples, GError **error)
{
	zhandle_t *zh = raw->sessions[task->turn % raw->count]->zh;
	char *parent = g_strconcat(raw->root, "/single", NULL);
	bool ok = make_parent(zh, parent, error);

	if (raw->kind != RAW_FLOOR && !(raw->kind == RAW_SET_DELETE && task_is(task, "cycle")))
		ok = bench_skip(error, "as the floor does");
	else if (ok && g_str_has_prefix(task->what, "cycle"))
		ok = cycles(raw, zh, parent, task, samples, error);
	else if (ok && task_is(task, "create"))
		ok = creates(zh, parent, task, samples, error);
	else if (ok && task_is(task, "trylock_busy"))
		ok = looks(zh, parent, task, samples, error);
	else if (ok)
		ok = bench_skip(error, "not offered");
	g_free(parent);
	return ok;
}

static bool raw_measure(
	struct contestant *c, const struct task *task, GArray *samples, GError **error)
{
	struct raw *raw = c->data;

	if (!open_all(raw, error))
		return false;
	if (task_is(task, "handover"))
		return handovers(raw, task, samples, error);
	if (task_is(task, "join"))
		return joins(raw, task, samples, error);
	if (task_is(task, "throughput") && raw->kind == RAW_FLOOR)
		return throughput(raw, task, samples, error);
	return measure_one_by_one(raw, task, samples, error);
}

static bool raw_prepare(struct contestant *c, const struct task *task, GError **error)
{
	struct task once = {.what = task->what, .n = task->n, .count = 1};
	struct raw *raw = c->data;
	GArray *unused;
	bool ok;

	if (!open_all(raw, error))
		return false;
	if (task->n > 0) {
		struct line *line = line_of(raw, task->n, error);

		return line != NULL && line_fill(line, task->n, error);
	}
	unused = sample_new();
	ok = raw_measure(c, &once, unused, error);
	g_array_free(unused, TRUE);
	return ok;
}

static void raw_close(struct contestant *c)
{
	struct raw *raw = c->data;

	g_hash_table_destroy(raw->lines);
	if (raw->sessions != NULL)
		remove_tree(raw->sessions[0]->zh, raw->root, 2);
	for (unsigned i = 0; i < raw->count; i++)
		raw_session_close(raw->sessions[i]);
	g_ptr_array_free(raw->contenders, TRUE);
	g_free(raw->sessions);
	g_strfreev(raw->servers);
	g_free(raw->root);
	g_free(raw);
	g_free(c);
}

static const char *const variants[] = {NULL, "set+delete", "then watch"};

struct contestant *raw_contestant(enum raw_kind kind, const char *servers)
{
	struct contestant *c = g_new0(struct contestant, 1);
	struct raw *raw = g_new0(struct raw, 1);

	raw->kind = kind;
	raw->servers = bench_servers(servers);
	raw->root = g_strdup_printf("/zkbench-%d-%d", (int)getpid(), (int)kind);
	raw->lines = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)line_free);
	raw->contenders = g_ptr_array_new_with_free_func(g_free);
	c->who = "raw";
	c->variant = variants[kind];
	c->note = "bare calls: no lost reply settled, no predecessor checked, no holder told";
	c->measure = raw_measure;
	c->prepare = raw_prepare;
	c->close = raw_close;
	c->data = raw;
	return c;
}

bool raw_cold_lock(const char *servers, double *ret_us, GError **error)
{
	double start = bench_now();
	struct raw_session *session = raw_session_open(servers, error);
	char path[PATH_SIZE];
	bool ok;

	if (session == NULL)
		return false;
	/* As a lock does: the parent is made when it turns out to be missing, and stays. */
	ok = create(session->zh, "/zkbench-cold", path, NULL) ||
	     (make_parent(session->zh, "/zkbench-cold", error) &&
		     create(session->zh, "/zkbench-cold", path, error));
	*ret_us = bench_now() - start;
	raw_session_close(session);
	return ok;
}
