/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clients.h - who uses a session, and what each needs of its proof. Clients are known by id: an
 * answer for one that has gone finds nobody.
 */
#ifndef ZKL_RUN_CLIENTS_H
#define ZKL_RUN_CLIENTS_H

#include "run/session.h"

struct zkl_clients {
	GHashTable *table; /* id -> struct zkl_client */
	GQueue far;    /* by their own links: those far from their turn, next to be asked first */
	uint64_t last; /* id */
	size_t watch_bytes; /* of a SetWatches, if all of them wait */
	unsigned bound,
		stuck; /* those that hold or give back; those that may not delete their node */
};

void zkl_clients_init(struct zkl_clients *clients);
void zkl_clients_clear(struct zkl_clients *clients);

void zkl_clients_add(struct zkl_clients *clients, struct zkl_client *c);
/* It must need nothing any more. */
void zkl_clients_remove(struct zkl_clients *clients, struct zkl_client *c);
struct zkl_client *zkl_clients_find(const struct zkl_clients *clients, uint64_t id);
size_t zkl_clients_count(const struct zkl_clients *clients);

/* Call fn for each that is there now. A call may remove itself or others. */
void zkl_clients_each(
	struct zkl_clients *clients, void (*fn)(void *arg, struct zkl_client *c), void *arg);

/* Returns by how many those who want proofs have become more. */
int zkl_clients_need(struct zkl_clients *clients, struct zkl_client *c, enum zkl_need need);
bool zkl_clients_wants_proof(const struct zkl_client *c);

/* The next of those that wait far from their turn, in rotation; NULL: nobody does. */
struct zkl_client *zkl_clients_next_far(struct zkl_clients *clients);

#endif
