/* SPDX-License-Identifier: Apache-2.0 */
/* completion.c - the client's answers, each of its own type, as messages of ours. */
#include "port/zk/completion.h"

#include <stdlib.h>
#include <string.h>

#include "port/acl.h"
#include "port/zk/call.h"

static void copy_stat(struct zkl_message *m, const struct Stat *stat)
{
	if (!stat || m->result != ZKL_DONE)
		return;
	m->has_stat = true;
	m->stat = (struct zkl_stat){
		.czxid = stat->czxid,
		.mzxid = stat->mzxid,
		.pzxid = stat->pzxid,
		.ctime = stat->ctime,
		.mtime = stat->mtime,
		.ephemeral_owner = stat->ephemeralOwner,
		.version = stat->version,
		.cversion = stat->cversion,
		.num_children = stat->numChildren,
		.data_length = stat->dataLength,
	};
}

void zkl_completion_void(int rc, const void *data)
{
	struct zkl_call *call = (struct zkl_call *)data;
	struct zkl_message m = zkl_call_reply(call, rc);
	zkl_call_finish(call, &m);
}

void zkl_completion_string(int rc, const char *value, const void *data)
{
	struct zkl_call *call = (struct zkl_call *)data;
	struct zkl_message m = zkl_call_reply(call, rc);
	m.path = call->op == ZKL_OP_CREATE && m.result == ZKL_DONE ? value : NULL;
	zkl_call_finish(call, &m);
}

void zkl_completion_string_stat(
	int rc, const char *value, const struct Stat *stat, const void *data)
{
	struct zkl_call *call = (struct zkl_call *)data;
	struct zkl_message m = zkl_call_reply(call, rc);
	m.path = m.result == ZKL_DONE ? value : NULL;
	copy_stat(&m, stat);
	zkl_call_finish(call, &m);
}

void zkl_completion_strings(int rc, const struct String_vector *strings, const void *data)
{
	struct zkl_call *call = (struct zkl_call *)data;
	struct zkl_message m = zkl_call_reply(call, rc);
	if (m.result == ZKL_DONE && strings) {
		m.children = strings->data;
		m.n_children = (size_t)strings->count;
	}
	zkl_call_finish(call, &m);
}

void zkl_completion_data(
	int rc, const char *value, int len, const struct Stat *stat, const void *data)
{
	struct zkl_call *call = (struct zkl_call *)data;
	struct zkl_message m = zkl_call_reply(call, rc);
	if (m.result == ZKL_DONE && value && len > 0) { /* -1: a node without data */
		m.data = value;
		m.len = (size_t)len;
	}
	copy_stat(&m, stat);
	zkl_call_finish(call, &m);
}

void zkl_completion_stat(int rc, const struct Stat *stat, const void *data)
{
	struct zkl_call *call = (struct zkl_call *)data;
	struct zkl_message m = zkl_call_reply(call, rc);
	copy_stat(&m, stat);
	zkl_call_finish(call, &m);
}

static char *acl_text(const struct ACL_vector *list)
{
	struct zkl_acl acl = {0};
	for (int i = 0; i < list->count; i++)
		zkl_acl_add(
			&acl, list->data[i].id.scheme, list->data[i].id.id, list->data[i].perms);
	char *text = zkl_acl_text(&acl);
	zkl_acl_clear(&acl);
	return text;
}

void zkl_completion_acl(int rc, struct ACL_vector *list, struct Stat *stat, const void *data)
{
	struct zkl_call *call = (struct zkl_call *)data;
	struct zkl_message m = zkl_call_reply(call, rc);
	char *text = m.result == ZKL_DONE && list ? acl_text(list) : NULL;
	m.data = text;
	m.len = text ? strlen(text) : 0;
	copy_stat(&m, stat);
	zkl_call_finish(call, &m);
	free(text);
}

/* The first operation that failed for a reason of its own; those behind it were not looked at. */
static size_t first_failed(const struct zkl_call *call)
{
	for (size_t i = 0; i < call->n_ops; i++)
		if (call->results[i].err != ZOK && call->results[i].err != ZRUNTIMEINCONSISTENCY)
			return i;
	return 0;
}

static bool all_done(const struct zkl_call *call)
{
	for (size_t i = 0; i < call->n_ops; i++)
		if (call->results[i].err != ZOK)
			return false;
	return true;
}

void zkl_completion_multi(int rc, const void *data)
{
	struct zkl_call *call = (struct zkl_call *)data;
	if (rc == ZOK && !all_done(call))
		rc = ZRUNTIMEINCONSISTENCY; /* a result that was preset still stands */
	struct zkl_message m = zkl_call_reply(call, rc);
	m.failed = m.result == ZKL_REFUSED ? first_failed(call) : 0;
	m.path = call->op == ZKL_OP_CREATE && m.result == ZKL_DONE ? call->made : NULL;
	zkl_call_finish(call, &m);
}
