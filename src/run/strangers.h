/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strangers.h - children of a lock's parent that are no contenders: how many there are, so that a
 * trylock can tell from the parent's stat alone whether anybody stands in the queue. Without it one
 * foreign child would make every trylock fail for ever (bugs.md 22).
 */
#ifndef ZKL_RUN_STRANGERS_H
#define ZKL_RUN_STRANGERS_H

#include <stdint.h>

#include <glib.h>

#define ZKL_STRANGERS_MAX 4096 /* locks; what is known of more is forgotten */

/* dir -> what is known; free with g_hash_table_destroy(). */
GHashTable *zkl_strangers_new(void);

/* How many, as last counted; -1: count them now. pzxid names a state of the children. */
int zkl_strangers_known(GHashTable *strangers, const char *dir, int64_t pzxid);
void zkl_strangers_set(GHashTable *strangers, const char *dir, int64_t pzxid, int count);

#endif
