/* SPDX-License-Identifier: Apache-2.0 */
/* strangers.c - counted once, and again when the same children stay in the way. */
#include "run/strangers.h"

struct count {
	int count;
	int64_t counted; /* at this state of the children */
	int64_t seen;	 /* asked for at this state */
};

GHashTable *zkl_strangers_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

int zkl_strangers_known(GHashTable *strangers, const char *dir, int64_t pzxid)
{
	struct count *known = g_hash_table_lookup(strangers, dir);

	if (!known)
		return -1;
	if (known->counted != pzxid && known->seen == pzxid)
		return -1; /* busy twice with the same children: a stranger may be new */
	known->seen = pzxid;
	return known->count;
}

void zkl_strangers_set(GHashTable *strangers, const char *dir, int64_t pzxid, int count)
{
	struct count *known = g_hash_table_lookup(strangers, dir);

	if (!known) {
		if (g_hash_table_size(strangers) >= ZKL_STRANGERS_MAX)
			g_hash_table_remove_all(strangers); /* to count again costs a read */
		known = g_new0(struct count, 1);
		g_hash_table_insert(strangers, g_strdup(dir), known);
	}
	known->count = count;
	known->counted = pzxid;
}
