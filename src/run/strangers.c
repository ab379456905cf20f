/* SPDX-License-Identifier: Apache-2.0 */
/* strangers.c - counted once, and again when the same children stay in the way: sooner when the
 * last count brought news. */
#include "run/strangers.h"

#define PATIENCE_FIRST 2
#define PATIENCE_LAST  64

struct count {
	int count;
	int64_t counted; /* at this state of the children */
	int64_t seen;	 /* asked for at this state, so often: */
	int times, patience;
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
	if (known->seen != pzxid)
		known->times = 0;
	known->seen = pzxid;
	if (known->counted != pzxid && ++known->times >= known->patience)
		return -1; /* busy with the same children all the time: a stranger may be new */
	return known->count;
}

void zkl_strangers_set(GHashTable *strangers, const char *dir, int64_t pzxid, int count)
{
	struct count *known = g_hash_table_lookup(strangers, dir);

	if (!known) {
		if (g_hash_table_size(strangers) >= ZKL_STRANGERS_MAX)
			g_hash_table_remove_all(strangers); /* to count again costs a read */
		known = g_new0(struct count, 1);
		known->patience = PATIENCE_FIRST;
		g_hash_table_insert(strangers, g_strdup(dir), known);
	} else {
		known->patience = known->count == count ? MIN(2 * known->patience, PATIENCE_LAST)
							: PATIENCE_FIRST;
	}
	known->count = count;
	known->counted = pzxid;
}
