/* SPDX-License-Identifier: Apache-2.0 */
/* znode.c - exported: small durable facts beside a lock. */
#include <zklock/znode.h>

#include <stdlib.h>
#include <string.h>

#include "run/ask.h"
#include "run/lock.h"
#include "run/waiter.h"

#define PATH_MOST 4096

/* One request with its deadline, and the guard's path when there is one. */
struct call {
	zklock_session_t *session;
	zkl_time deadline;
	struct zkl_request request;
	struct zkl_reply reply;
	char guard[PATH_MOST];
};

static bool path_is_valid(const char *path)
{
	return path && path[0] == '/' && strlen(path) < PATH_MOST && !strstr(path, "//") &&
	       (path[1] == '\0' || path[strlen(path) - 1] != '/');
}

static int begin(struct call *call, zklock_session_t *session, enum zkl_op op, const char *path,
	zklock_t *guard, int64_t timeout_ms)
{
	int error;

	if (!session || !path_is_valid(path))
		return ZKLOCK_ERR_INVALID;
	if (!zkl_pool_is_ours(session))
		return ZKLOCK_ERR_FORKED;
	memset(&call->reply, 0, sizeof(call->reply));
	call->session = session;
	call->deadline = zkl_waiter_deadline(zkl_pool_loop(session), timeout_ms);
	call->request = (struct zkl_request){.op = op, .path = path, .version = -1};
	if (!guard)
		return ZKLOCK_OK;
	error = zklock_node(guard, call->guard, sizeof(call->guard));
	call->request.guard = call->guard;
	return error == ZKLOCK_ERR_NOT_HELD ? ZKLOCK_ERR_LOST : error;
}

/* Send it and wait. The guard's own refusal says that the lock is lost. */
static int perform(struct call *call)
{
	int error = zkl_ask(call->session, &call->request, call->deadline, &call->reply);

	if (error)
		return error;
	if (call->request.guard && call->reply.rc == ZKL_RC_NO_NODE && call->reply.failed == 0)
		return ZKLOCK_ERR_LOST;
	return zkl_reply_error(&call->reply);
}

static void end(struct call *call)
{
	zkl_reply_clear(&call->reply);
}

/* All parents of path; those that stand already are fine. */
static int make_parents(struct call *call, const char *path)
{
	char *copy = g_strdup(path);
	int error = ZKLOCK_OK;

	for (char *slash = strchr(copy + 1, '/'); slash && !error; slash = strchr(slash + 1, '/')) {
		struct zkl_request request = {.op = ZKL_OP_CREATE,
			.mode = ZKL_MODE_PERSISTENT,
			.acl = ZKL_ACL_PARENT,
			.path = copy};
		struct zkl_reply reply;

		*slash = '\0';
		error = zkl_ask(call->session, &request, call->deadline, &reply);
		if (!error && reply.rc != ZKL_RC_NODE_EXISTS && reply.rc != ZKL_RC_NO_AUTH)
			error = zkl_reply_error(&reply);
		zkl_reply_clear(&reply);
		*slash = '/';
	}
	g_free(copy);
	return error;
}

int zklock_znode_create(zklock_session_t *session, const char *path, const void *data, size_t len,
	unsigned flags, zklock_t *guard, int64_t timeout_ms)
{
	struct call call;
	int error = begin(&call, session, ZKL_OP_CREATE, path, guard, timeout_ms);

	if (error)
		return error;
	if (flags &
		~(unsigned)(ZKLOCK_ZNODE_PARENTS | ZKLOCK_ZNODE_CONTAINER | ZKLOCK_ZNODE_EPHEMERAL))
		return ZKLOCK_ERR_INVALID;
	call.request.mode = flags & ZKLOCK_ZNODE_CONTAINER   ? ZKL_MODE_CONTAINER
			    : flags & ZKLOCK_ZNODE_EPHEMERAL ? ZKL_MODE_EPHEMERAL
							     : ZKL_MODE_PERSISTENT;
	call.request.acl = ZKL_ACL_PARENT;
	call.request.data = data;
	call.request.len = len;
	zkl_pool_ref(session); /* another thread may close it between two requests */
	error = perform(&call);
	if (error == ZKLOCK_ERR_NO_NODE && (flags & ZKLOCK_ZNODE_PARENTS)) {
		end(&call);
		error = make_parents(&call, path);
		if (!error)
			error = perform(&call);
	}
	end(&call);
	zkl_pool_unref(session);
	return error;
}

static void copy_stat(zklock_znode_stat_t *to, const struct zkl_stat *from)
{
	*to = (zklock_znode_stat_t){.czxid = from->czxid,
		.mzxid = from->mzxid,
		.ctime_ms = from->ctime,
		.mtime_ms = from->mtime,
		.ephemeral_owner = from->ephemeral_owner,
		.version = from->version,
		.num_children = from->num_children};
}

static char *copy_data(const struct zkl_reply *reply)
{
	gsize len = 0;
	const void *data = reply->data ? g_bytes_get_data(reply->data, &len) : NULL;
	char *copy = malloc(len + 1);

	if (!copy)
		return NULL;
	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

int zklock_znode_get(zklock_session_t *session, const char *path, void **ret_data, size_t *ret_len,
	zklock_znode_stat_t *ret_stat, int64_t timeout_ms)
{
	struct call call;
	int error = begin(&call, session, ZKL_OP_GET, path, NULL, timeout_ms);

	if (error)
		return error;
	error = perform(&call);
	if (!error && ret_data && !(*ret_data = copy_data(&call.reply)))
		error = ZKLOCK_ERR_NOMEM;
	if (!error && ret_len)
		*ret_len = call.reply.data ? g_bytes_get_size(call.reply.data) : 0;
	if (!error && ret_stat)
		copy_stat(ret_stat, &call.reply.stat);
	end(&call);
	return error;
}

int zklock_znode_set(zklock_session_t *session, const char *path, const void *data, size_t len,
	int32_t version, zklock_t *guard, int64_t timeout_ms)
{
	struct call call;
	int error = begin(&call, session, ZKL_OP_SET, path, guard, timeout_ms);

	if (error)
		return error;
	call.request.data = data;
	call.request.len = len;
	call.request.version = version;
	error = perform(&call);
	end(&call);
	return error;
}

int zklock_znode_delete(zklock_session_t *session, const char *path, int32_t version,
	zklock_t *guard, int64_t timeout_ms)
{
	struct call call;
	int error = begin(&call, session, ZKL_OP_DELETE, path, guard, timeout_ms);

	if (error)
		return error;
	call.request.version = version;
	error = perform(&call);
	end(&call);
	return error;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Pointers and names in one piece, for free(). */
static char **copy_names(char **names, size_t n)
{
	size_t size = (n + 1) * sizeof(char *);
	char **block, *text;

	qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++)
		size += strlen(names[i]) + 1;
	block = malloc(size);
	if (!block)
		return NULL;
	text = (char *)(block + n + 1);
	for (size_t i = 0; i < n; i++) {
		block[i] = strcpy(text, names[i]);
		text += strlen(text) + 1;
	}
	block[n] = NULL;
	return block;
}

int zklock_znode_children(zklock_session_t *session, const char *path, char ***ret_names,
	size_t *ret_count, int64_t timeout_ms)
{
	struct call call;
	int error = begin(&call, session, ZKL_OP_LIST, path, NULL, timeout_ms);
	size_t n;

	if (error)
		return error;
	if (!ret_names)
		return ZKLOCK_ERR_INVALID;
	error = perform(&call);
	n = !error && call.reply.children ? g_strv_length(call.reply.children) : 0;
	if (!error && !(*ret_names = copy_names(call.reply.children, n)))
		error = ZKLOCK_ERR_NOMEM;
	if (!error && ret_count)
		*ret_count = n;
	end(&call);
	return error;
}

int zklock_znode_acl(
	zklock_session_t *session, const char *path, char **ret_acl, int64_t timeout_ms)
{
	struct call call;
	int error = begin(&call, session, ZKL_OP_GET_ACL, path, NULL, timeout_ms);

	if (error)
		return error;
	if (!ret_acl)
		return ZKLOCK_ERR_INVALID;
	error = perform(&call);
	if (!error && !(*ret_acl = copy_data(&call.reply)))
		error = ZKLOCK_ERR_NOMEM;
	end(&call);
	return error;
}
