/* SPDX-License-Identifier: Apache-2.0 */
/* clients.c - who is there. */
#include "run/clients.h"

void zkl_clients_init(struct zkl_clients *clients)
{
	clients->last = 1;
	clients->table = g_hash_table_new(g_int64_hash, g_int64_equal);
	g_queue_init(&clients->far);
}

void zkl_clients_clear(struct zkl_clients *clients)
{
	g_hash_table_destroy(clients->table);
}

void zkl_clients_add(struct zkl_clients *clients, struct zkl_client *c)
{
	c->id = ++clients->last;
	c->need = ZKL_NEED_NOTHING;
	c->far = (GList){.data = c};
	c->proof = 0;
	c->stuck = false;
	clients->watch_bytes += c->watch_bytes;
	g_hash_table_add(clients->table, c);
}

void zkl_clients_remove(struct zkl_clients *clients, struct zkl_client *c)
{
	clients->watch_bytes -= c->watch_bytes;
	clients->stuck -= c->stuck;
	g_hash_table_remove(clients->table, c);
}

struct zkl_client *zkl_clients_find(const struct zkl_clients *clients, uint64_t id)
{
	return id ? g_hash_table_lookup(clients->table, &id) : NULL;
}

size_t zkl_clients_count(const struct zkl_clients *clients)
{
	return g_hash_table_size(clients->table);
}

void zkl_clients_each(
	struct zkl_clients *clients, void (*fn)(void *arg, struct zkl_client *c), void *arg)
{
	guint n = g_hash_table_size(clients->table), i = 0;
	uint64_t *ids = g_new(uint64_t, n + 1);
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, clients->table);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		ids[i++] = *(uint64_t *)key;
	for (i = 0; i < n; i++) {
		struct zkl_client *c = zkl_clients_find(clients, ids[i]);

		if (c)
			fn(arg, c);
	}
	g_free(ids);
}

static bool wants_proof(enum zkl_need need)
{
	return need == ZKL_NEED_NEAR || need == ZKL_NEED_HELD;
}

static bool binds(enum zkl_need need)
{
	return need == ZKL_NEED_HELD || need == ZKL_NEED_RELEASE;
}

bool zkl_clients_wants_proof(const struct zkl_client *c)
{
	return wants_proof(c->need);
}

int zkl_clients_need(struct zkl_clients *clients, struct zkl_client *c, enum zkl_need need)
{
	int more = wants_proof(need) - wants_proof(c->need);

	if (c->need == need)
		return 0;
	if (c->need == ZKL_NEED_FAR)
		g_queue_unlink(&clients->far, &c->far);
	if (need == ZKL_NEED_FAR)
		g_queue_push_tail_link(&clients->far, &c->far);
	clients->bound += binds(need) - binds(c->need);
	c->need = need;
	return more;
}

struct zkl_client *zkl_clients_next_far(struct zkl_clients *clients)
{
	GList *next = g_queue_pop_head_link(&clients->far);

	if (!next)
		return NULL;
	g_queue_push_tail_link(&clients->far, next);
	return next->data;
}
