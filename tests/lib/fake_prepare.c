/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_prepare.c - the leader's judgement: what a write would change, or why it may not. The order
 * of the checks is that of the servers (PrepRequestProcessor), since it decides which error shows.
 */
#include <string.h>

#include "lib/fake_acl.h"
#include "lib/fake_private.h"

/* One write on its way through the checks. */
struct draft {
	struct fake_world *world;
	const struct fake_request *whole;
	const struct zkl_request *request;
	const GPtrArray *identities;
	int64_t session;
	struct fake_txn *txn;
};

static struct fake_op *add_op(struct draft *draft, enum fake_change change, const char *path)
{
	struct fake_op *op = &draft->txn->ops[draft->txn->n_ops++];

	op->change = change;
	op->path = g_strdup(path);
	return op;
}

static bool allows(const struct draft *draft, const struct fake_node *node, char perm)
{
	return draft->whole->super || fake_acl_allows(node->acl, draft->identities, perm);
}

static GBytes *body(const struct draft *draft)
{
	return draft->whole->body ? g_bytes_ref(draft->whole->body) : NULL;
}

static char *child_name(const struct draft *draft, const struct fake_node *parent)
{
	if (draft->request->mode != ZKL_MODE_EPHEMERAL_SEQUENTIAL)
		return g_strdup(draft->request->path);
	return g_strdup_printf("%s%010d", draft->request->path, parent->creates);
}

static bool is_ephemeral(enum zkl_mode mode)
{
	return mode == ZKL_MODE_EPHEMERAL || mode == ZKL_MODE_EPHEMERAL_SEQUENTIAL;
}

static enum zkl_rc prepare_create(struct draft *draft, char **ret_made)
{
	struct fake_node *parent = fake_tree_parent(&draft->world->tree, draft->request->path);
	g_autofree char *fixed = fake_acl_fix(draft->whole->acl, draft->identities);
	g_autofree char *path = NULL;
	struct fake_op *op;

	if (draft->request->mode == ZKL_MODE_CONTAINER && draft->world->config.no_containers)
		return ZKL_RC_UNIMPLEMENTED;
	if (!fixed)
		return ZKL_RC_INVALID_ACL;
	if (!parent)
		return ZKL_RC_NO_NODE;
	if (!allows(draft, parent, 'c'))
		return ZKL_RC_NO_AUTH;
	path = child_name(draft, parent);
	if (fake_tree_find(&draft->world->tree, path))
		return ZKL_RC_NODE_EXISTS;
	if (parent->stat.ephemeral_owner)
		return ZKL_RC_NO_CHILDREN_OF_EPHEMERALS;
	op = add_op(draft, FAKE_CREATE, path);
	op->data = body(draft);
	op->acl = g_ref_string_new(fixed);
	op->owner = is_ephemeral(draft->request->mode) ? draft->session : 0;
	op->container = draft->request->mode == ZKL_MODE_CONTAINER;
	*ret_made = g_steal_pointer(&path);
	return ZKL_RC_OK;
}

static enum zkl_rc check_set(const struct draft *draft, int32_t version)
{
	struct fake_node *node = fake_tree_find(&draft->world->tree, draft->request->path);

	if (!node)
		return ZKL_RC_NO_NODE;
	if (!allows(draft, node, 'w'))
		return ZKL_RC_NO_AUTH;
	return version == -1 || version == node->stat.version ? ZKL_RC_OK : ZKL_RC_BAD_VERSION;
}

static enum zkl_rc check_delete(const struct draft *draft, int32_t version)
{
	struct fake_node *node = fake_tree_find(&draft->world->tree, draft->request->path);

	if (!node || !node->parent)
		return ZKL_RC_NO_NODE;
	if (!allows(draft, node->parent, 'd'))
		return ZKL_RC_NO_AUTH;
	if (version != -1 && version != node->stat.version)
		return ZKL_RC_BAD_VERSION;
	return node->children && node->children->len ? ZKL_RC_NOT_EMPTY : ZKL_RC_OK;
}

static enum zkl_rc check_exists(const struct draft *draft, const char *path)
{
	struct fake_node *node = fake_tree_find(&draft->world->tree, path);

	if (!node)
		return ZKL_RC_NO_NODE;
	return allows(draft, node, 'r') ? ZKL_RC_OK : ZKL_RC_NO_AUTH;
}

static enum zkl_rc prepare_set(struct draft *draft, int32_t version)
{
	enum zkl_rc rc = check_set(draft, version);

	if (rc == ZKL_RC_OK)
		add_op(draft, FAKE_SET, draft->request->path)->data = body(draft);
	return rc;
}

static enum zkl_rc prepare_delete(struct draft *draft, int32_t version)
{
	enum zkl_rc rc = check_delete(draft, version);

	if (rc == ZKL_RC_OK)
		add_op(draft, FAKE_DELETE, draft->request->path);
	return rc;
}

/* Set and delete, both or none. */
static enum zkl_rc prepare_signoff(struct draft *draft)
{
	enum zkl_rc rc = check_set(draft, 0);

	if (rc != ZKL_RC_OK)
		return rc;
	rc = check_delete(draft, -1);
	if (rc != ZKL_RC_OK) {
		draft->txn->failed = 1;
		return rc;
	}
	add_op(draft, FAKE_SET, draft->request->path);
	add_op(draft, FAKE_DELETE, draft->request->path);
	return ZKL_RC_OK;
}

static enum zkl_rc prepare_check(struct draft *draft)
{
	for (size_t i = 0; i < draft->request->n_checks; i++) {
		enum zkl_rc rc = check_exists(draft, draft->request->checks[i]);

		if (rc != ZKL_RC_OK) {
			draft->txn->failed = i;
			return rc;
		}
	}
	return ZKL_RC_OK;
}

static enum zkl_rc prepare_op(struct draft *draft, char **ret_made)
{
	switch (draft->request->op) {
	case ZKL_OP_CREATE:
		return prepare_create(draft, ret_made);
	case ZKL_OP_SET:
		return prepare_set(draft, draft->request->version);
	case ZKL_OP_DELETE:
		return prepare_delete(draft, draft->request->version);
	case ZKL_OP_SIGNOFF:
		return prepare_signoff(draft);
	case ZKL_OP_CHECK:
		return prepare_check(draft);
	default:
		return ZKL_RC_OTHER;
	}
}

enum zkl_rc fake_prepare(struct fake_world *world, struct fake_request *request,
	const GPtrArray *identities, int64_t session, struct fake_txn *txn)
{
	struct draft draft = {world, request, &request->in, identities, session, txn};
	enum zkl_rc rc = ZKL_RC_OK;

	txn->ops = g_new0(struct fake_op, 2);
	if (request->in.guard) {
		rc = check_exists(&draft, request->in.guard);
		txn->failed = 0;
	}
	if (rc == ZKL_RC_OK) {
		txn->failed = request->in.guard ? 1 : 0;
		rc = prepare_op(&draft, &request->made);
	}
	if (rc != ZKL_RC_OK)
		txn->n_ops = 0;
	return rc;
}
