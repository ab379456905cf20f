/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - a client of the session that wants one answer. */
#include "run/ask.h"

#include "run/waiter.h"

/* How long to wait before a request that could not be sent is tried again. The session hears that
 * its connection is lost only when we leave the monitor. */
#define RETRY (10 * ZKL_MS)

enum outcome { PENDING, ANSWERED, UNSENT, BROKEN, CLOSING };

struct ask {
	struct zkl_client client;    /* first */
	struct zkl_session *session; /* NULL: gone, or going */
	struct zkl_waiter waiter;
	struct zkl_reply *reply;
	enum outcome outcome;
};

static void settle(struct zkl_client *client, enum outcome outcome)
{
	struct ask *ask = (struct ask *)client;

	if (ask->outcome == PENDING)
		ask->outcome = outcome;
	zkl_waiter_wake(&ask->waiter);
}

static void on_reply(struct zkl_client *client, uint32_t what, const struct zkl_message *m)
{
	struct zkl_reply *reply = ((struct ask *)client)->reply;

	(void)what;
	if (m->result == ZKL_UNKNOWN) {
		settle(client, BROKEN);
		return;
	}
	reply->rc = m->rc;
	reply->stat = m->stat;
	reply->failed = m->failed;
	if (m->data)
		reply->data = g_bytes_new(m->data, m->len);
	if (m->children) {
		reply->children = g_new0(char *, m->n_children + 1);
		for (size_t i = 0; i < m->n_children; i++)
			reply->children[i] = g_strdup(m->children[i]);
	}
	settle(client, ANSWERED);
}

static void on_expired(struct zkl_client *client, enum zklock_cause cause)
{
	(void)cause;
	settle(client, BROKEN);
}

static void part(struct ask *ask)
{
	if (ask->session)
		zkl_session_remove(ask->session, &ask->client);
	ask->session = NULL;
}

/* At once: the session may be gone before our thread is awake. */
static void on_closing(struct zkl_client *client)
{
	part((struct ask *)client);
	settle(client, CLOSING);
}

static const struct zkl_client_ops client_ops = {
	.reply = on_reply,
	.expired = on_expired,
	.closing = on_closing,
};

/* One try: sent, and waited for. */
static enum outcome try(zklock_session_t *pool, struct zkl_request *request, zkl_time deadline,
	struct zkl_reply *reply)
{
	struct ask ask = {
		.client.ops = &client_ops, .session = zkl_pool_first(pool), .reply = reply};
	bool in_time = true;

	zkl_session_add(ask.session, &ask.client);
	zkl_waiter_begin(&ask.waiter, zkl_pool_loop(pool), deadline);
	if (!zkl_session_send(ask.session, &ask.client, 0, request))
		ask.outcome = UNSENT;
	while (in_time && ask.outcome == PENDING)
		in_time = zkl_waiter_wait(&ask.waiter);
	zkl_waiter_end(&ask.waiter);
	part(&ask);
	return ask.outcome;
}

static bool is_read(enum zkl_op op)
{
	return op == ZKL_OP_LIST || op == ZKL_OP_GET || op == ZKL_OP_EXISTS || op == ZKL_OP_GET_ACL;
}

static void pause_until(zklock_session_t *pool, zkl_time time)
{
	struct zkl_waiter waiter;

	zkl_waiter_begin(&waiter, zkl_pool_loop(pool), time);
	while (zkl_waiter_wait(&waiter))
		;
	zkl_waiter_end(&waiter);
}

/* Nothing is there: not even the chroot? One try only, since the answer that we have is one. */
static bool chroot_is_missing(zklock_session_t *pool, zkl_time deadline)
{
	struct zkl_request request = {.op = ZKL_OP_EXISTS, .path = "/"};
	struct zkl_reply reply = {0};

	return zkl_pool_config(pool)->chroot[0] && !zkl_pool_closing(pool) &&
	       try(pool, &request, deadline, &reply) == ANSWERED && reply.rc == ZKL_RC_NO_NODE;
}

/* Inside, connected or not. */
static int ask_until(zklock_session_t *pool, struct zkl_request *request, zkl_time deadline,
	struct zkl_reply *reply)
{
	struct zkl_loop *loop = zkl_pool_loop(pool);
	enum outcome outcome;
	int error;

	for (;;) {
		error = zkl_pool_wait_connected(pool, deadline);
		if (error)
			return error;
		outcome = try(pool, request, deadline, reply);
		if (outcome == ANSWERED)
			return reply->rc == ZKL_RC_NO_NODE && chroot_is_missing(pool, deadline)
				       ? ZKLOCK_ERR_NO_CHROOT
				       : ZKLOCK_OK;
		if (outcome == CLOSING)
			return ZKLOCK_ERR_CLOSED;
		if (outcome != UNSENT && !is_read(request->op))
			return ZKLOCK_ERR_UNKNOWN;
		if (zkl_loop_now(loop) >= deadline)
			return ZKLOCK_ERR_UNAVAILABLE;
		if (outcome == UNSENT)
			pause_until(pool, MIN(deadline, zkl_loop_now(loop) + RETRY));
	}
}

int zkl_ask(zklock_session_t *pool, struct zkl_request *request, zkl_time deadline,
	struct zkl_reply *ret_reply)
{
	struct zkl_loop *loop = zkl_pool_loop(pool);
	int error, old;

	*ret_reply = (struct zkl_reply){0};
	if (zkl_loop_in_callback(loop))
		return ZKLOCK_ERR_IN_CALLBACK;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	zkl_loop_enter(loop);
	zkl_pool_ref(pool); /* another thread may close it while we wait */
	error = zkl_pool_closing(pool) ? ZKLOCK_ERR_CLOSED
				       : ask_until(pool, request, deadline, ret_reply);
	zkl_loop_leave(loop);
	zkl_pool_unref(pool);
	pthread_setcancelstate(old, NULL);
	return error;
}

void zkl_reply_clear(struct zkl_reply *reply)
{
	g_clear_pointer(&reply->data, g_bytes_unref);
	g_clear_pointer(&reply->children, g_strfreev);
}

int zkl_reply_error(const struct zkl_reply *reply)
{
	switch (reply->rc) {
	case ZKL_RC_OK:
		return ZKLOCK_OK;
	case ZKL_RC_NO_NODE:
		return ZKLOCK_ERR_NO_NODE;
	case ZKL_RC_NODE_EXISTS:
		return ZKLOCK_ERR_EXISTS;
	case ZKL_RC_BAD_VERSION:
		return ZKLOCK_ERR_VERSION;
	case ZKL_RC_NOT_EMPTY:
		return ZKLOCK_ERR_IN_USE;
	case ZKL_RC_NO_AUTH:
	case ZKL_RC_INVALID_ACL:
		return ZKLOCK_ERR_ACCESS;
	case ZKL_RC_LIMIT:
		return ZKLOCK_ERR_LIMIT;
	case ZKL_RC_THROTTLED:
	case ZKL_RC_SESSION_ENDED:
	case ZKL_RC_CONNECTION:
		return ZKLOCK_ERR_UNAVAILABLE;
	case ZKL_RC_NO_CHILDREN_OF_EPHEMERALS:
		return ZKLOCK_ERR_INVALID;
	default:
		return ZKLOCK_ERR_INTERNAL;
	}
}
