/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waits.c - who waits for whom, across locks, and whether anybody waits for himself.
 */
#include "waits.h"

static void edge_clear(void *data)
{
	g_free(((struct waits_edge *)data)->label);
}

struct waits *zkl_waits_new(void)
{
	struct waits *waits = g_new0(struct waits, 1);

	waits->keys = g_ptr_array_new_with_free_func(g_free);
	waits->names = g_ptr_array_new_with_free_func(g_free);
	waits->places = g_hash_table_new(g_str_hash, g_str_equal);
	waits->edges = g_array_new(FALSE, TRUE, sizeof(struct waits_edge));
	g_array_set_clear_func(waits->edges, edge_clear);
	return waits;
}

void zkl_waits_free(struct waits *waits)
{
	g_hash_table_unref(waits->places);
	g_ptr_array_unref(waits->keys);
	g_ptr_array_unref(waits->names);
	g_array_unref(waits->edges);
	g_free(waits);
}

guint zkl_waits_node(struct waits *waits, const char *key, const char *name)
{
	guint place = GPOINTER_TO_UINT(g_hash_table_lookup(waits->places, key));

	if (place > 0)
		return place - 1;
	g_ptr_array_add(waits->keys, g_strdup(key));
	g_ptr_array_add(waits->names, g_strdup(name));
	g_hash_table_insert(waits->places, g_ptr_array_index(waits->keys, waits->keys->len - 1),
		GUINT_TO_POINTER(waits->keys->len));
	return waits->keys->len - 1;
}

void zkl_waits_edge(struct waits *waits, guint from, guint to, const char *label)
{
	struct waits_edge edge = {.from = from, .to = to, .label = g_strdup(label)};

	g_array_append_val(waits->edges, edge);
}

/* ---- cycles --------------------------------------------------------------------------------- */

/* Edges between nodes that stay are candidates: whoever has nothing to wait for, or is waited for
 * by nobody, is on no cycle, and when he goes the next one may have to go too. */
static void peel(const struct waits *waits, bool *gone)
{
	g_autofree guint *out = g_new0(guint, waits->names->len + 1);
	g_autofree guint *in = g_new0(guint, waits->names->len + 1);
	bool changed = true;

	while (changed) {
		changed = false;
		for (guint i = 0; i < waits->names->len; i++)
			out[i] = in[i] = 0;
		for (guint i = 0; i < waits->edges->len; i++) {
			const struct waits_edge *edge =
				&g_array_index(waits->edges, struct waits_edge, i);

			if (!gone[edge->from] && !gone[edge->to]) {
				out[edge->from]++;
				in[edge->to]++;
			}
		}
		for (guint i = 0; i < waits->names->len; i++) {
			if (!gone[i] && (out[i] == 0 || in[i] == 0))
				gone[i] = changed = true;
		}
	}
}

/* Can `goal` be reached from `start` over nodes that stayed? */
static bool reaches(const struct waits *waits, const bool *gone, guint start, guint goal)
{
	g_autofree bool *seen = g_new0(bool, waits->names->len + 1);
	bool changed = true;

	seen[start] = true;
	while (changed && !seen[goal]) {
		changed = false;
		for (guint i = 0; i < waits->edges->len; i++) {
			const struct waits_edge *edge =
				&g_array_index(waits->edges, struct waits_edge, i);

			if (seen[edge->from] && !seen[edge->to] && !gone[edge->to])
				seen[edge->to] = changed = true;
		}
	}
	return seen[goal];
}

guint zkl_waits_find_cycles(struct waits *waits)
{
	g_autofree bool *gone = g_new0(bool, waits->names->len + 1);
	guint count = 0;

	peel(waits, gone);
	for (guint i = 0; i < waits->edges->len; i++) {
		struct waits_edge *edge = &g_array_index(waits->edges, struct waits_edge, i);

		edge->in_cycle = !gone[edge->from] && !gone[edge->to] &&
				 reaches(waits, gone, edge->to, edge->from);
		count += edge->in_cycle;
	}
	return count;
}
