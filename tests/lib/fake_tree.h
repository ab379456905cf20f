/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_tree.h - one server's data: znodes and their stats, changed by transactions alone, in their
 * order, so that servers differ only in how far they are.
 */
#ifndef FAKE_TREE_H
#define FAKE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "port/transport.h"

struct fake_node {
	char *path;
	char *name; /* of the child, a GRefString */
	struct fake_node *parent;
	GPtrArray *children; /* of struct fake_node, or NULL */
	GBytes *data;
	char *acl; /* a GRefString */
	bool container;
	int32_t creates;      /* the parent's counter that numbers sequential children */
	struct zkl_stat stat; /* cversion and num_children are made when asked for */
};

struct fake_tree {
	GHashTable *nodes; /* path -> struct fake_node */
	int64_t zxid;	   /* of the last transaction applied */
};

enum fake_change { FAKE_CREATE, FAKE_SET, FAKE_DELETE, FAKE_SET_ACL };

/* One change of a transaction, checked already: applying it cannot fail. */
struct fake_op {
	enum fake_change change;
	char *path;
	GBytes *data;
	char *acl;
	int64_t owner;
	bool container;
};

struct fake_txn {
	int64_t zxid;
	zkl_time time;
	int64_t session;    /* whose request, or whose end */
	bool opens, closes; /* the session */
	bool robs;	    /* ends nodes whose maker neither ended them nor was silent */
	struct fake_op *ops;
	size_t n_ops;
	/* the reply */
	enum zkl_rc rc;
	size_t failed;
	void *request; /* of the one who waits for it, or NULL */
};

/* Called for each change, after it; node is dead after a delete. */
typedef void (*fake_change_fn)(void *ctx, enum fake_change change, const struct fake_node *node);

void fake_tree_init(struct fake_tree *tree);
void fake_tree_clear(struct fake_tree *tree);
void fake_tree_copy(struct fake_tree *to, const struct fake_tree *from);
void fake_tree_apply(
	struct fake_tree *tree, const struct fake_txn *txn, fake_change_fn changed, void *ctx);

struct fake_node *fake_tree_find(const struct fake_tree *tree, const char *path);
/* Node above path, whether path exists or not. */
struct fake_node *fake_tree_parent(const struct fake_tree *tree, const char *path);
/* As a client sees it. */
struct zkl_stat fake_node_stat(const struct fake_node *node);

#endif
