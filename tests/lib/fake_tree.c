/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_tree.c - znodes and their stats.
 *
 * The counter of sequential names counts creates of children and sticks at INT32_MAX, as the
 * servers' own does since 3.6 (DataTree.createNode takes a counter only when it is larger).
 */
#include "lib/fake_tree.h"

#include <string.h>

static const char world_acl[] = "world:anyone:cdrwa";

static void node_free(void *data)
{
	struct fake_node *node = data;

	if (node->children)
		g_ptr_array_free(node->children, TRUE);
	g_clear_pointer(&node->data, g_bytes_unref);
	g_ref_string_release(node->name);
	g_ref_string_release(node->acl);
	g_free(node->path);
	g_free(node);
}

static struct fake_node *node_new(const char *path, struct fake_node *parent, char *acl)
{
	struct fake_node *node = g_new0(struct fake_node, 1);

	node->path = g_strdup(path);
	node->name = g_ref_string_new(strrchr(path, '/') + 1);
	node->parent = parent;
	node->acl = acl;
	if (!parent)
		return node;
	if (!parent->children)
		parent->children = g_ptr_array_new();
	g_ptr_array_add(parent->children, node);
	return node;
}

void fake_tree_init(struct fake_tree *tree)
{
	struct fake_node *root = node_new("/", NULL, g_ref_string_new(world_acl));

	tree->nodes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, node_free);
	tree->zxid = 0;
	g_hash_table_insert(tree->nodes, root->path, root);
}

void fake_tree_clear(struct fake_tree *tree)
{
	g_clear_pointer(&tree->nodes, g_hash_table_unref);
}

static void copy_below(struct fake_tree *to, struct fake_node *parent, const struct fake_node *from)
{
	for (guint i = 0; from->children && i < from->children->len; i++) {
		const struct fake_node *child = g_ptr_array_index(from->children, i);
		struct fake_node *made =
			node_new(child->path, parent, g_ref_string_acquire(child->acl));

		made->data = child->data ? g_bytes_ref(child->data) : NULL;
		made->container = child->container;
		made->creates = child->creates;
		made->stat = child->stat;
		g_hash_table_insert(to->nodes, made->path, made);
		copy_below(to, made, child);
	}
}

void fake_tree_copy(struct fake_tree *to, const struct fake_tree *from)
{
	const struct fake_node *old = fake_tree_find(from, "/");
	struct fake_node *root;

	fake_tree_clear(to);
	fake_tree_init(to);
	root = fake_tree_find(to, "/");
	root->creates = old->creates;
	root->stat = old->stat;
	to->zxid = from->zxid;
	copy_below(to, root, old);
}

struct fake_node *fake_tree_find(const struct fake_tree *tree, const char *path)
{
	return g_hash_table_lookup(tree->nodes, path);
}

struct fake_node *fake_tree_parent(const struct fake_tree *tree, const char *path)
{
	const char *slash = strrchr(path, '/');
	g_autofree char *parent =
		slash > path ? g_strndup(path, (gsize)(slash - path)) : g_strdup("/");

	return fake_tree_find(tree, parent);
}

static void set_data(struct fake_node *node, GBytes *data)
{
	g_clear_pointer(&node->data, g_bytes_unref);
	node->data = data ? g_bytes_ref(data) : NULL;
	node->stat.data_length = data ? (int32_t)g_bytes_get_size(data) : 0;
}

static struct fake_node *create(
	struct fake_tree *tree, const struct fake_txn *txn, const struct fake_op *op)
{
	struct fake_node *parent = fake_tree_parent(tree, op->path);
	struct fake_node *node = node_new(op->path, parent, g_ref_string_acquire(op->acl));

	node->container = op->container;
	node->stat.czxid = node->stat.mzxid = node->stat.pzxid = txn->zxid;
	node->stat.ctime = node->stat.mtime = txn->time / ZKL_MS;
	node->stat.ephemeral_owner = op->owner;
	set_data(node, op->data);
	if (parent->creates < INT32_MAX) {
		parent->creates++;
		parent->stat.pzxid = txn->zxid;
	}
	g_hash_table_insert(tree->nodes, node->path, node);
	return node;
}

static void set(struct fake_tree *tree, const struct fake_txn *txn, const struct fake_op *op)
{
	struct fake_node *node = fake_tree_find(tree, op->path);

	set_data(node, op->data);
	node->stat.version++;
	node->stat.mzxid = txn->zxid;
	node->stat.mtime = txn->time / ZKL_MS;
}

static void remove_node(struct fake_tree *tree, const struct fake_txn *txn, struct fake_node *node,
	fake_change_fn changed, void *ctx)
{
	struct fake_node *parent = node->parent;

	g_ptr_array_remove(parent->children, node);
	parent->stat.pzxid = MAX(parent->stat.pzxid, txn->zxid);
	if (changed)
		changed(ctx, FAKE_DELETE, node);
	g_hash_table_remove(tree->nodes, node->path);
}

static void set_acl(struct fake_tree *tree, const struct fake_op *op)
{
	struct fake_node *node = fake_tree_find(tree, op->path);

	g_ref_string_release(node->acl);
	node->acl = g_ref_string_acquire(op->acl);
}

void fake_tree_apply(
	struct fake_tree *tree, const struct fake_txn *txn, fake_change_fn changed, void *ctx)
{
	for (size_t i = 0; i < txn->n_ops; i++) {
		const struct fake_op *op = &txn->ops[i];

		if (op->change == FAKE_CREATE)
			create(tree, txn, op);
		else if (op->change == FAKE_SET)
			set(tree, txn, op);
		else if (op->change == FAKE_SET_ACL)
			set_acl(tree, op);
		else
			remove_node(tree, txn, fake_tree_find(tree, op->path), changed, ctx);
		if (changed && op->change != FAKE_DELETE)
			changed(ctx, op->change, fake_tree_find(tree, op->path));
	}
	tree->zxid = txn->zxid;
}

struct zkl_stat fake_node_stat(const struct fake_node *node)
{
	struct zkl_stat stat = node->stat;

	stat.num_children = node->children ? (int32_t)node->children->len : 0;
	stat.cversion = (int32_t)(2 * (uint32_t)node->creates - (uint32_t)stat.num_children);
	/* a container is kept as a mark in this field by the servers, and shown so */
	if (node->container)
		stat.ephemeral_owner = INT64_MIN;
	return stat;
}
