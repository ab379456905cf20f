/* SPDX-License-Identifier: Apache-2.0 */
/* watches.c - a table of the first, and one of small arrays for the others. */
#include "run/watches.h"

void zkl_watches_init(struct zkl_watches *watches)
{
	watches->first = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	watches->more = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
	watches->left = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	watches->left_bytes = 0;
}

void zkl_watches_clear(struct zkl_watches *watches)
{
	g_hash_table_destroy(watches->first);
	g_hash_table_destroy(watches->more);
	g_hash_table_destroy(watches->left);
}

static uint64_t first_of(const struct zkl_watches *watches, const char *node)
{
	return GPOINTER_TO_SIZE(g_hash_table_lookup(watches->first, node));
}

static void set_first(struct zkl_watches *watches, const char *node, uint64_t id)
{
	g_hash_table_insert(watches->first, g_strdup(node), GSIZE_TO_POINTER((gsize)id));
}

static guint find(GArray *ids, uint64_t id)
{
	guint i = 0;

	while (i < ids->len && g_array_index(ids, uint64_t, i) != id)
		i++;
	return i;
}

static void add_other(GHashTable *more, const char *node, uint64_t id)
{
	GArray *ids = g_hash_table_lookup(more, node);

	if (!ids) {
		ids = g_array_sized_new(FALSE, FALSE, sizeof(uint64_t), 1);
		g_hash_table_insert(more, g_strdup(node), ids);
	}
	if (find(ids, id) == ids->len)
		g_array_append_val(ids, id);
}

void zkl_watches_add(struct zkl_watches *watches, const char *node, uint64_t id)
{
	uint64_t first = first_of(watches, node);

	zkl_watches_fired(watches, node); /* not left any more */
	if (!first)
		set_first(watches, node, id);
	else if (first != id)
		add_other(watches->more, node, id);
}

static void remove_at(GHashTable *more, const char *node, GArray *ids, guint at)
{
	g_array_remove_index_fast(ids, at);
	if (ids->len == 0)
		g_hash_table_remove(more, node);
}

static void remove_first(struct zkl_watches *watches, const char *node)
{
	GArray *ids = g_hash_table_lookup(watches->more, node);

	if (!ids) {
		g_hash_table_remove(watches->first, node);
		return;
	}
	set_first(watches, node, g_array_index(ids, uint64_t, 0));
	remove_at(watches->more, node, ids, 0);
}

static void leave(struct zkl_watches *watches, const char *node, uint32_t bytes)
{
	zkl_watches_fired(watches, node);
	g_hash_table_insert(watches->left, g_strdup(node), GUINT_TO_POINTER(bytes));
	watches->left_bytes += bytes;
}

void zkl_watches_fired(struct zkl_watches *watches, const char *node)
{
	watches->left_bytes -= GPOINTER_TO_UINT(g_hash_table_lookup(watches->left, node));
	g_hash_table_remove(watches->left, node);
}

void zkl_watches_session_ended(struct zkl_watches *watches)
{
	g_hash_table_remove_all(watches->left);
	watches->left_bytes = 0;
}

void zkl_watches_remove(struct zkl_watches *watches, const char *node, uint64_t id, uint32_t bytes)
{
	GArray *ids = g_hash_table_lookup(watches->more, node);
	guint at = ids ? find(ids, id) : 0;

	if (first_of(watches, node) == id)
		remove_first(watches, node);
	else if (ids && at < ids->len)
		remove_at(watches->more, node, ids, at);
	if (bytes && !first_of(watches, node))
		leave(watches, node, bytes);
}

GArray *zkl_watches_find(const struct zkl_watches *watches, const char *node)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	GArray *others = g_hash_table_lookup(watches->more, node);
	uint64_t first = first_of(watches, node);

	if (first)
		g_array_append_val(all, first);
	if (others)
		g_array_append_vals(all, others->data, others->len);
	return all;
}
