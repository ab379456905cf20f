/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - our requests as calls into the client. */
#include "port/zk/request.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"
#include "port/zk/call.h"
#include "port/zk/completion.h"
#include "port/zk/zhandle.h"
#include "port/zk/notice.h"

static int client_mode(enum zkl_mode mode)
{
	switch (mode) {
	case ZKL_MODE_CONTAINER:
		return ZOO_CONTAINER;
	case ZKL_MODE_EPHEMERAL:
		return ZOO_EPHEMERAL;
	case ZKL_MODE_EPHEMERAL_SEQUENTIAL:
		return ZOO_EPHEMERAL_SEQUENTIAL;
	case ZKL_MODE_PERSISTENT:
		break;
	}
	return ZOO_PERSISTENT;
}

static int multi(zhandle_t *zh, struct zkl_call *call)
{
	return zoo_amulti(
		zh, (int)call->n_ops, call->ops, call->results, zkl_completion_multi, call);
}

/* A write that happens only if the guard's node exists. */
static int guarded(zhandle_t *zh, struct zkl_call *call, const struct zkl_request *q)
{
	zoo_check_op_init(&call->ops[0], q->guard, -1);
	if (q->op == ZKL_OP_CREATE)
		zoo_create_op_init(&call->ops[1], q->path, q->data, (int)q->len,
			&call->t->identity.acl[q->acl], client_mode(q->mode), call->made,
			call->made_size);
	else if (q->op == ZKL_OP_SET)
		zoo_set_op_init(&call->ops[1], q->path, q->data, (int)q->len, q->version, NULL);
	else
		zoo_delete_op_init(&call->ops[1], q->path, q->version);
	return multi(zh, call);
}

static int create(zhandle_t *zh, struct zkl_call *call, const struct zkl_request *q)
{
	const struct ACL_vector *acl = &call->t->identity.acl[q->acl];
	int mode = client_mode(q->mode);
	if (q->mode == ZKL_MODE_EPHEMERAL_SEQUENTIAL)
		return zoo_acreate2(zh, q->path, q->data, (int)q->len, acl, mode,
			zkl_completion_string_stat, call);
	return zoo_acreate(
		zh, q->path, q->data, (int)q->len, acl, mode, zkl_completion_string, call);
}

static int signoff(zhandle_t *zh, struct zkl_call *call, const struct zkl_request *q)
{
	zoo_set_op_init(&call->ops[0], q->path, "", 0, 0, NULL);
	zoo_delete_op_init(&call->ops[1], q->path, -1);
	return multi(zh, call);
}

static int check(zhandle_t *zh, struct zkl_call *call, const struct zkl_request *q)
{
	for (size_t i = 0; i < q->n_checks; i++)
		zoo_check_op_init(&call->ops[i], q->checks[i], -1);
	return multi(zh, call);
}

static int get(zhandle_t *zh, struct zkl_call *call, const struct zkl_request *q)
{
	void *watcher = (void *)(uintptr_t)q->client;
	return zoo_awget(zh, q->path, q->watch ? zkl_notice_watch : NULL, watcher,
		zkl_completion_data, call);
}

static int plain(zhandle_t *zh, struct zkl_call *call, const struct zkl_request *q)
{
	switch (q->op) {
	case ZKL_OP_CREATE:
		return create(zh, call, q);
	case ZKL_OP_LIST:
		return zoo_aget_children(zh, q->path, 0, zkl_completion_strings, call);
	case ZKL_OP_GET:
		return get(zh, call, q);
	case ZKL_OP_EXISTS:
		return zoo_awexists(zh, q->path, NULL, NULL, zkl_completion_stat, call);
	case ZKL_OP_GET_ACL:
		return zoo_aget_acl(zh, q->path, zkl_completion_acl, call);
	case ZKL_OP_SET:
		return zoo_aset(
			zh, q->path, q->data, (int)q->len, q->version, zkl_completion_stat, call);
	case ZKL_OP_DELETE:
		return zoo_adelete(zh, q->path, q->version, zkl_completion_void, call);
	case ZKL_OP_SYNC:
		return zoo_async(zh, q->path, zkl_completion_string, call);
	case ZKL_OP_SIGNOFF:
		return signoff(zh, call, q);
	case ZKL_OP_CHECK:
		return check(zh, call, q);
	}
	return ZUNIMPLEMENTED;
}

/* A request with a flaw takes its place in the queue as a sync, and is answered with its flaw. */
static int issue(zhandle_t *zh, struct zkl_call *call, const struct zkl_request *q)
{
	if (call->refusal != ZOK)
		return zoo_async(zh, "/", zkl_completion_string, call);
	bool write = q->op == ZKL_OP_CREATE || q->op == ZKL_OP_SET || q->op == ZKL_OP_DELETE;
	return q->guard && write ? guarded(zh, call, q) : plain(zh, call, q);
}

/* The client's own state is asked as well: zoo_amulti() on a handle whose session has just ended
 * frees what it never made. From connected to ended takes the client a round trip, and us an
 * instant. */
static bool open_for_requests(const struct zkl_transport *t)
{
	return t->usable && t->connected && !t->ended && !t->closing &&
	       zoo_state(t->zh) == ZOO_CONNECTED_STATE;
}

/* Under the lock. A call that the client may have kept although its call failed (no memory) waits
 * among the answered ones for the end of the handle. */
static bool queue(struct zkl_transport *t, struct zkl_call *call, const struct zkl_request *q)
{
	if (!open_for_requests(t)) {
		free(call);
		return false;
	}
	zkl_call_is_pending(call);
	int rc = issue(t->zh, call, q);
	if (rc == ZOK)
		return true;
	zkl_log(ZKLOCK_LOG_INFO, "%s was not sent: %s", zkl_op_name(q->op), zerror(rc));
	zkl_call_is_answered(call);
	return false;
}

bool zkl_request_send(struct zkl_transport *t, const struct zkl_request *q)
{
	struct zkl_call *call = zkl_call_new(t, q);
	if (!call)
		return false;
	pthread_mutex_lock(&t->lock);
	bool sent = queue(t, call, q);
	pthread_mutex_unlock(&t->lock);
	return sent;
}
