/* SPDX-License-Identifier: Apache-2.0 */
/* watches.h - who wants to hear of nodes of which name. Several contenders of a session may watch
 * one node: its owner, and the one behind it. Names and not paths, which would be most of a
 * waiter's memory: namesakes in other directories are told apart by who is told.
 *
 * The client never takes a watch back (traps.md 13, 14). What nobody waits for any more, and has
 * not fired, is still set again after each lost connection: counted here until it fires. */
#ifndef ZKL_RUN_WATCHES_H
#define ZKL_RUN_WATCHES_H

#include <stdint.h>

#include <glib.h>

struct zkl_watches {
	GHashTable *
		first; /* node -> id: nearly always the only one, so no memory is spent on others */
	GHashTable *more; /* node -> GArray of the other ids */
	GHashTable *left; /* node -> bytes in a SetWatches; nobody waits for it */
	size_t left_bytes;
};

void zkl_watches_init(struct zkl_watches *watches);
void zkl_watches_clear(struct zkl_watches *watches);
/* Once, however often; id is not 0. */
void zkl_watches_add(struct zkl_watches *watches, const char *node, uint64_t id);
/* bytes: what stays of it in the client; 0: nothing, it has fired or was never set. */
void zkl_watches_remove(struct zkl_watches *watches, const char *node, uint64_t id, uint32_t bytes);
void zkl_watches_fired(struct zkl_watches *watches, const char *node);
void zkl_watches_session_ended(struct zkl_watches *watches); /* and the client's with it */

/* A copy of the ids (uint64_t), maybe empty; g_array_unref() it. */
GArray *zkl_watches_find(const struct zkl_watches *watches, const char *node);

#endif
