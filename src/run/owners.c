/* SPDX-License-Identifier: Apache-2.0 */
/* owners.c - list, order, and read each contender's record. */
#include "run/owners.h"

#include <string.h>

#include "core/name.h"
#include "run/ask.h"
#include "run/record.h"

struct owner {
	zklock_owner_t face; /* first; points into the rest */
	char *node, *guid;
	struct zkl_record record;
};

struct zklock_owners {
	size_t total, strangers;
	GPtrArray *list; /* of struct owner */
};

static void free_owner(gpointer data)
{
	struct owner *owner = data;

	zkl_record_clear(&owner->record);
	g_free(owner->node);
	g_free(owner->guid);
	g_free(owner);
}

static gint by_order(gconstpointer a, gconstpointer b)
{
	const char *const *x = a, *const *y = b;
	struct zkl_name m, n;
	int32_t d;

	zkl_name_parse(*x, &m);
	zkl_name_parse(*y, &n);
	d = zkl_seq_compare(m.seq, n.seq);
	return d ? d : strcmp(*x, *y);
}

static enum zklock_make make_of(const struct zkl_name *name)
{
	static const enum zklock_make makes[] = {
		[ZKL_MAKE_OURS] = ZKLOCK_MAKE_ZKLOCK,
		[ZKL_MAKE_CURATOR] = ZKLOCK_MAKE_CURATOR,
		[ZKL_MAKE_KAZOO] = ZKLOCK_MAKE_KAZOO,
		[ZKL_MAKE_OTHER] = ZKLOCK_MAKE_UNKNOWN,
	};

	return makes[name->make];
}

static struct owner *new_owner(const char *node, const struct zkl_reply *reply)
{
	struct owner *owner = g_new0(struct owner, 1);
	zklock_owner_t *face = &owner->face;
	const struct zkl_record *record = &owner->record;
	struct zkl_name name;
	gsize len = 0;
	const void *data = reply->data ? g_bytes_get_data(reply->data, &len) : NULL;

	zkl_name_parse(node, &name);
	zkl_record_parse(data, len, &owner->record);
	owner->node = g_strdup(node);
	owner->guid = name.make == ZKL_MAKE_OURS ? g_strndup(node, ZKL_GUID_LEN) : g_strdup("");
	face->node = owner->node;
	face->guid = owner->guid;
	face->make = make_of(&name);
	face->token = reply->stat.czxid;
	face->session_id = reply->stat.ephemeral_owner;
	face->queued_ms = reply->stat.ctime;
	face->record_version = record->version;
	face->sealed = record->sealed;
	face->host = record->host;
	face->ip = record->ip;
	face->label = record->label;
	face->pid = record->pid;
	face->tid = record->tid;
	face->start_ms = record->start_ms;
	face->session_timeout_ms = record->terms.timeout_ms;
	face->validity_ms = record->terms.validity_ms;
	face->proof_interval_ms = record->terms.interval_ms;
	return owner;
}

/* The contenders among the children, in order. */
static GPtrArray *contenders(char **children, size_t *strangers)
{
	GPtrArray *nodes = g_ptr_array_new();
	struct zkl_name name;

	for (; *children; children++) {
		if (zkl_name_parse(*children, &name))
			g_ptr_array_add(nodes, *children);
		else
			(*strangers)++;
	}
	g_ptr_array_sort(nodes, by_order);
	return nodes;
}

/* One that has gone since the list is no news: it is left out. */
static int read_one(zklock_session_t *pool, const char *dir, const char *node, zkl_time deadline,
	zklock_owners_t *owners)
{
	char *path = g_strdup_printf("%s/%s", dir, node);
	struct zkl_request request = {.op = ZKL_OP_GET, .path = path};
	struct zkl_reply reply;
	int error = zkl_ask(pool, &request, deadline, &reply);

	if (!error && reply.rc != ZKL_RC_NO_NODE)
		error = zkl_reply_error(&reply);
	if (!error && reply.rc == ZKL_RC_OK)
		g_ptr_array_add(owners->list, new_owner(node, &reply));
	zkl_reply_clear(&reply);
	g_free(path);
	return error;
}

int zkl_owners_read(zklock_session_t *pool, const char *name, size_t max, zkl_time deadline,
	zklock_owners_t **ret_owners)
{
	char *dir = g_strdup_printf("%s/%s", zkl_pool_config(pool)->root, name);
	struct zkl_request request = {.op = ZKL_OP_LIST, .path = dir};
	zklock_owners_t *owners = g_new0(zklock_owners_t, 1);
	struct zkl_reply reply;
	GPtrArray *nodes = NULL;
	int error;

	zkl_pool_ref(pool); /* another thread may close it between two questions */
	error = zkl_ask(pool, &request, deadline, &reply);
	owners->list = g_ptr_array_new_with_free_func(free_owner);
	if (!error && reply.rc != ZKL_RC_NO_NODE)
		error = zkl_reply_error(&reply);
	if (!error && reply.children) {
		nodes = contenders(reply.children, &owners->strangers);
		owners->total = nodes->len;
		for (guint i = 0; !error && i < nodes->len && (!max || owners->list->len < max);
			i++)
			error = read_one(pool, dir, nodes->pdata[i], deadline, owners);
		g_ptr_array_free(nodes, TRUE);
	}
	if (owners->list->len > 0)
		((struct owner *)owners->list->pdata[0])->face.holds = true;
	zkl_reply_clear(&reply);
	g_free(dir);
	zkl_pool_unref(pool);
	if (error)
		zkl_owners_free(owners);
	else
		*ret_owners = owners;
	return error;
}

void zkl_owners_free(zklock_owners_t *owners)
{
	g_ptr_array_free(owners->list, TRUE);
	g_free(owners);
}

size_t zkl_owners_count(const zklock_owners_t *owners)
{
	return owners->list->len;
}

size_t zkl_owners_total(const zklock_owners_t *owners)
{
	return owners->total;
}

size_t zkl_owners_strangers(const zklock_owners_t *owners)
{
	return owners->strangers;
}

const zklock_owner_t *zkl_owners_get(const zklock_owners_t *owners, size_t i)
{
	return i < owners->list->len ? owners->list->pdata[i] : NULL;
}
