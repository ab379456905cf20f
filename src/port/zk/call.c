/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - a request on its way: made, answered once, freed when the client is done with it. */
#include "port/zk/call.h"

#include <stdlib.h>
#include <string.h>

#include "port/zk/zhandle.h"
#include "port/zk/result.h"

/* A server drops a connection that sends more than its jute.maxbuffer, again and again (faults.md
 * row 35); this is the default, less what a header takes. */
#define PACKET_MAX   (0xfffff - 1024)
#define SEQUENCE_LEN 11 /* what a server adds to a sequential name, sign included */

static bool good_component(const char *at, size_t len)
{
	if (len == 0 || (len == 1 && at[0] == '.') || (len == 2 && memcmp(at, "..", 2) == 0))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)at[i] < 0x20 || at[i] == 0x7f)
			return false;
	return true;
}

/* Checked before the client does: with a bad path inside a transaction it frees memory twice. */
static bool good_path(const char *path)
{
	if (!path || path[0] != '/')
		return false;
	if (path[1] == '\0')
		return true;
	while (*path) {
		size_t len = strcspn(path + 1, "/");
		if (!good_component(path + 1, len))
			return false;
		path += 1 + len;
	}
	return true;
}

/* ZOK, or why this request is not even sent. */
static int flaw(const struct zkl_request *q)
{
	size_t size = q->len + (q->path ? strlen(q->path) : 0);
	bool good = q->op == ZKL_OP_CHECK || good_path(q->path);
	if (q->guard)
		good = good && good_path(q->guard);
	for (size_t i = 0; q->op == ZKL_OP_CHECK && i < q->n_checks; i++) {
		good = good && good_path(q->checks[i]);
		size += 32 + (q->checks[i] ? strlen(q->checks[i]) : 0);
	}
	if (!good || q->client > UINTPTR_MAX)
		return ZBADARGUMENTS;
	return size > PACKET_MAX ? ZKL_QUOTA_EXCEEDED : ZOK;
}

static size_t count_ops(const struct zkl_request *q)
{
	if (q->op == ZKL_OP_CHECK)
		return q->n_checks;
	if (q->op == ZKL_OP_SIGNOFF)
		return 2;
	return q->guard ? 2 : 0;
}

/* One piece of memory, with the operations and results of a transaction behind it. */
struct zkl_call *zkl_call_new(struct zkl_transport *t, const struct zkl_request *q)
{
	size_t n = count_ops(q);
	size_t made =
		q->op == ZKL_OP_CREATE && n > 0 && q->path ? strlen(q->path) + SEQUENCE_LEN + 1 : 0;
	struct zkl_call *call =
		calloc(1, sizeof *call + n * (sizeof *call->ops + sizeof *call->results) + made);
	if (!call)
		return NULL;
	call->t = t;
	call->op = q->op;
	call->client = q->client;
	call->cookie = q->cookie;
	call->refusal = flaw(q);
	call->n_ops = n;
	call->ops = (zoo_op_t *)(call + 1);
	call->results = (zoo_op_result_t *)(call->ops + n);
	call->made = (char *)(call->results + n);
	call->made_size = (int)made;
	for (size_t i = 0; i < n; i++)
		call->results[i].err = ZRUNTIMEINCONSISTENCY; /* unknown until told (bugs.md 52) */
	return call;
}

void zkl_call_is_pending(struct zkl_call *call)
{
	TAILQ_INSERT_TAIL(&call->t->pending, call, link);
}

void zkl_call_is_answered(struct zkl_call *call)
{
	TAILQ_REMOVE(&call->t->pending, call, link);
	TAILQ_INSERT_TAIL(&call->t->answered, call, link);
	call->answered = true;
}

struct zkl_message zkl_call_reply(const struct zkl_call *call, int native)
{
	struct zkl_message m = {.kind = ZKL_MSG_REPLY,
		.op = call->op,
		.client = call->client,
		.cookie = call->cookie};
	zkl_result_classify(&m, call->refusal != ZOK ? call->refusal : native);
	return m;
}

void zkl_call_finish(struct zkl_call *call, struct zkl_message *m)
{
	struct zkl_transport *t = call->t;
	pthread_mutex_lock(&t->lock);
	TAILQ_REMOVE(call->answered ? &t->answered : &t->pending, call, link);
	if (TAILQ_EMPTY(&t->pending))
		pthread_cond_broadcast(&t->wake);
	pthread_mutex_unlock(&t->lock);
	if (!call->answered)
		zkl_zhandle_deliver(t, m);
	free(call);
}

/* What the client says of it later is dropped: most it
 * fails by itself right now; but what was sent after its connection broke, and before we heard of
 * that, it keeps and sends to the next server, so "unknown" is the truth and may stay so for long.
 */
void zkl_call_answer_all(struct zkl_transport *t, int native)
{
	for (;;) {
		pthread_mutex_lock(&t->lock);
		struct zkl_call *call = TAILQ_FIRST(&t->pending);
		if (call)
			zkl_call_is_answered(call);
		pthread_cond_broadcast(&t->wake);
		pthread_mutex_unlock(&t->lock);
		if (!call)
			return;
		struct zkl_message m = zkl_call_reply(call, native);
		zkl_zhandle_deliver(t, &m);
	}
}

void zkl_call_drop_answered(struct zkl_transport *t)
{
	for (struct zkl_call *call; (call = TAILQ_FIRST(&t->answered));) {
		TAILQ_REMOVE(&t->answered, call, link);
		free(call);
	}
}
