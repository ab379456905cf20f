/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waits.h - who waits for whom, across locks, and whether anybody waits for himself.
 * Knows no lock and no terminal: nodes are names, edges carry a label.
 */
#ifndef ZKLOCK_TOOLS_WAITS_H
#define ZKLOCK_TOOLS_WAITS_H

#include <glib.h>
#include <stdbool.h>

struct waits_edge {
	guint from, to; /* places in `names` */
	char *label;
	bool in_cycle; /* after zkl_waits_find_cycles() */
};

struct waits {
	GPtrArray *keys, *names; /* of the nodes: what tells them apart, what is shown */
	GHashTable *places;	 /* key -> place + 1 */
	GArray *edges;		 /* of struct waits_edge */
};

struct waits *zkl_waits_new(void);
void zkl_waits_free(struct waits *waits);

/** Place of the node with this key; made with this name when new. */
guint zkl_waits_node(struct waits *waits, const char *key, const char *name);
void zkl_waits_edge(struct waits *waits, guint from, guint to, const char *label);

/** Mark the edges that lie on a cycle. Result: how many. */
guint zkl_waits_find_cycles(struct waits *waits);

#endif
