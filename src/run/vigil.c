/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vigil.c - watch the last in line; when it has left, look who is still there of those we met.
 *
 *	        +--------------------------------------------+
 *	        v   none of them                             | gone, changed, or session lost
 *	sync, list ------------> done     list: some --> get the last of them, with a watch
 *
 * Only the last one is watched: those before it come and go without waking anybody who keeps a
 * vigil, and whoever joins behind it is not waited for. Nothing is written: neither the queue
 * nor its order knows of us. The sync makes "now" mean now: a server may lag behind a grant that
 *our caller has heard of already.
 */
#include "run/vigil.h"

#include <string.h>

#include "core/recipe.h"
#include "run/ask.h"
#include "run/waiter.h"

/* How long to wait before a request that could not be sent is tried again. The session hears that
 * its connection is lost only when we leave the monitor. */
#define RETRY (10 * ZKL_MS)

struct vigil {
	struct zkl_client client; /* first */
	struct zkl_waiter waiter;
	struct zkl_timer retry;
	zklock_session_t *pool;
	struct zkl_session *session;
	char *dir, *last;	  /* last: in line when we came */
	char *watched, *path;	  /* the node's name, and where it is */
	bool synced, late, armed; /* armed: the watch is set, and has not fired */
	/* what has happened since it was last cleared */
	bool answered, broken, fired, closing, rested;
	int refused;
	enum zkl_rc rc;
	char *next; /* LIST: the last one there who is not behind `last` */
};

/* ---- who is there -------------------------------------------------------------------------- */

static bool is_before(const char *a, const char *b)
{
	struct zkl_name x, y;
	int32_t d;

	zkl_name_parse(a, &x);
	zkl_name_parse(b, &y);
	d = zkl_seq_compare(x.seq, y.seq);
	return d ? d < 0 : strcmp(a, b) < 0;
}

/* When the parent was reaped, numbers start again, and one who came later may count as one of those
 * we met. Then the wait is longer than promised, never shorter. */
static void choose_next(struct vigil *v, char *const *children, size_t n)
{
	const char *next = NULL;
	struct zkl_name name;

	for (size_t i = 0; i < n; i++) {
		if (!zkl_name_parse(children[i], &name))
			continue;
		if (v->last && is_before(v->last, children[i]))
			continue;
		if (!next || is_before(next, children[i]))
			next = children[i];
	}
	g_free(v->next);
	v->next = g_strdup(next);
	if (!v->last)
		v->last = g_strdup(next);
}

/* ---- what the session tells ---------------------------------------------------------------- */

static void wake(struct vigil *v)
{
	zkl_waiter_wake(&v->waiter);
}

static void on_reply(struct zkl_client *client, uint32_t what, const struct zkl_message *m)
{
	struct vigil *v = (struct vigil *)client;

	(void)what;
	v->answered = m->result != ZKL_UNKNOWN;
	v->broken = !v->answered;
	v->rc = m->rc;
	if (m->op == ZKL_OP_GET)
		v->armed = m->result == ZKL_DONE;
	if (v->answered && m->op == ZKL_OP_LIST)
		choose_next(v, m->children, m->n_children);
	wake(v);
}

static void on_watch(struct zkl_client *client, const char *path, enum zkl_watch_type type)
{
	struct vigil *v = (struct vigil *)client;

	(void)path; /* of another lock perhaps: looking costs little */
	(void)type;
	v->fired = true;
	v->armed = false;
	wake(v);
}

static void on_expired(struct zkl_client *client, enum zklock_cause cause)
{
	struct vigil *v = (struct vigil *)client;

	(void)cause;
	v->broken = true;
	v->armed = false;
	v->synced = false; /* the next session may begin at a server that lags */
	wake(v);
}

static void on_refused(struct zkl_client *client, int error)
{
	((struct vigil *)client)->refused = error;
	wake((struct vigil *)client);
}

static void unwatch(struct vigil *v)
{
	if (v->watched)
		zkl_session_unwatch(
			v->session, &v->client, v->watched, v->armed ? v->client.watch_bytes : 0);
	g_clear_pointer(&v->watched, g_free);
	v->armed = false;
}

/* At once: the session may be gone before our thread is awake. */
static void on_closing(struct zkl_client *client)
{
	struct vigil *v = (struct vigil *)client;

	v->closing = true;
	unwatch(v);
	zkl_session_remove(v->session, &v->client);
	wake(v);
}

static void look_again(struct zkl_client *client)
{
	wake((struct vigil *)client);
}

static void on_retry(void *arg)
{
	struct vigil *v = arg;

	v->rested = true;
	wake(v);
}

static const struct zkl_client_ops client_ops = {
	.reply = on_reply,
	.watch = on_watch,
	.online = look_again,
	.expired = on_expired,
	.refused = on_refused,
	.closing = on_closing,
};

/* ---- waiting ------------------------------------------------------------------------------- */

static bool is_online(const struct vigil *v)
{
	return zkl_session_state(v->session) == ZKLOCK_SESSION_CONNECTED;
}

static bool is_settled(const struct vigil *v)
{
	return v->answered || v->broken;
}

static bool has_changed(const struct vigil *v)
{
	return v->fired || v->broken;
}

static bool may_retry(const struct vigil *v)
{
	return v->rested || !is_online(v);
}

static int await(struct vigil *v, bool (*met)(const struct vigil *), int error_when_late)
{
	while (!v->closing && !met(v)) {
		if (v->refused)
			return v->refused;
		if (v->late)
			return error_when_late;
		v->late = !zkl_waiter_wait(&v->waiter);
	}
	return v->closing ? ZKLOCK_ERR_CLOSED : ZKLOCK_OK;
}

static int rest(struct vigil *v)
{
	v->rested = false;
	zkl_timer_set(&v->retry, zkl_loop_now(v->waiter.loop) + RETRY);
	return await(v, may_retry, ZKLOCK_ERR_UNAVAILABLE);
}

/* Send it when connected, wait for the answer; *ret_answered false: it was lost, try again. */
static int ask(struct vigil *v, struct zkl_request request, bool *ret_answered)
{
	struct zkl_request sync = {.op = ZKL_OP_SYNC, .path = request.path};
	int error = await(v, is_online, ZKLOCK_ERR_UNAVAILABLE);

	if (error)
		return error;
	v->answered = v->broken = v->fired = false;
	if (!v->synced)
		v->synced = zkl_session_send(v->session, NULL, 0, &sync);
	v->broken = !zkl_session_send(v->session, &v->client, 0, &request);
	error = v->broken ? rest(v) : await(v, is_settled, ZKLOCK_ERR_UNAVAILABLE);
	*ret_answered = v->answered;
	if (v->broken)
		v->synced = false; /* the sync may be lost with it */
	return error;
}

static int ask_until_answered(struct vigil *v, enum zkl_op op, const char *path)
{
	bool answered = false;
	int error = ZKLOCK_OK;

	while (!error && !answered)
		error = ask(v, (struct zkl_request){.op = op, .path = path}, &answered);
	return error;
}

/* The lock's directory is not there: nobody to wait for, unless the chroot is not there either. */
static int check_chroot(struct vigil *v)
{
	int error;

	if (!zkl_pool_config(v->pool)->chroot[0])
		return ZKLOCK_OK;
	error = ask_until_answered(v, ZKL_OP_EXISTS, "/");
	return !error && v->rc == ZKL_RC_NO_NODE ? ZKLOCK_ERR_NO_CHROOT : error;
}

/* v->next: whom to wait for; NULL: nobody. */
static int look(struct vigil *v)
{
	int error;

	g_clear_pointer(&v->next, g_free);
	error = ask_until_answered(v, ZKL_OP_LIST, v->dir);
	if (error || v->rc == ZKL_RC_OK)
		return error;
	if (v->rc == ZKL_RC_NO_NODE)
		return check_chroot(v);
	return zkl_reply_error(&(struct zkl_reply){.rc = v->rc});
}

/* Until something happens to v->next, or it may have. */
static int watch(struct vigil *v)
{
	bool answered;
	int error;

	unwatch(v);
	g_free(v->path);
	v->path = g_strdup_printf("%s/%s", v->dir, v->next);
	v->watched = g_strdup(v->next);
	zkl_session_watch(v->session, &v->client, v->watched);
	error = ask(v, (struct zkl_request){.op = ZKL_OP_GET, .path = v->path, .watch = true},
		&answered);
	if (error || !answered || v->rc == ZKL_RC_NO_NODE)
		return error;
	if (v->rc != ZKL_RC_OK)
		return zkl_reply_error(&(struct zkl_reply){.rc = v->rc});
	return await(v, has_changed, ZKLOCK_ERR_TIMEOUT);
}

static int keep(struct vigil *v, bool look_only)
{
	int error = look(v);

	while (!error && v->next) {
		if (look_only)
			return ZKLOCK_ERR_BUSY;
		error = watch(v);
		if (!error)
			error = look(v);
	}
	if (error == ZKLOCK_ERR_TIMEOUT && !is_online(v))
		return ZKLOCK_ERR_UNAVAILABLE;
	return error;
}

/* Inside; leaves the monitor. Also when the thread is cancelled. */
static void end(void *arg)
{
	struct vigil *v = arg;
	zklock_session_t *pool = v->pool;

	zkl_waiter_end(&v->waiter);
	zkl_timer_stop(&v->retry);
	if (!v->closing) {
		unwatch(v);
		zkl_session_remove(v->session, &v->client);
	}
	g_free(v->dir);
	g_free(v->last);
	g_free(v->next);
	g_free(v->path);
	g_free(v);
	zkl_loop_leave(zkl_pool_loop(pool));
	zkl_pool_unref(pool);
}

static struct vigil *begin(zklock_session_t *pool, const char *name)
{
	struct vigil *v = g_new0(struct vigil, 1);

	v->client.ops = &client_ops;
	v->pool = zkl_pool_ref(pool);
	v->session = zkl_pool_session(pool);
	v->dir = g_strdup_printf("%s/%s", zkl_pool_config(pool)->root, name);
	v->client.watch_bytes = zkl_session_watch_size(v->session, v->dir);
	v->refused = zkl_session_error(v->session);
	zkl_session_add(v->session, &v->client);
	return v;
}

int zkl_vigil_keep(zklock_session_t *pool, const char *name, int64_t timeout_ms)
{
	struct zkl_loop *loop = zkl_pool_loop(pool);
	int64_t limit_ms = timeout_ms ? timeout_ms : zkl_pool_config(pool)->timeout / ZKL_MS;
	struct vigil *v;
	int error;

	if (zkl_loop_in_callback(loop))
		return ZKLOCK_ERR_IN_CALLBACK;
	zkl_loop_enter(loop);
	if (zkl_pool_closing(pool)) {
		zkl_loop_leave(loop);
		return ZKLOCK_ERR_CLOSED;
	}
	v = begin(pool, name);
	zkl_timer_init(&v->retry, loop, on_retry, v);
	zkl_waiter_begin(&v->waiter, loop, zkl_waiter_deadline(loop, limit_ms));
	pthread_cleanup_push(end, v);
	error = keep(v, timeout_ms == 0);
	pthread_cleanup_pop(1);
	return error;
}
