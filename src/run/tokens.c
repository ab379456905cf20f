/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - they grow. */
#include "run/tokens.h"

#include <pthread.h>

#include <glib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
/* key -> int64_t. No entry is ever forgotten: after that a token could fall unseen. Nor can they
 * share a floor, since who waited long holds with a lower token than others have had meanwhile. */
static GHashTable *highest;

static void lock_table(void)
{
	pthread_mutex_lock(&mutex);
}

static void unlock_table(void)
{
	pthread_mutex_unlock(&mutex);
}

/* A child must not find the table as another thread of its parent was writing into it. */
static void watch_forks(void)
{
	pthread_atfork(lock_table, unlock_table, unlock_table);
}

bool zkl_tokens_grow(const char *key, int64_t token)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int64_t *seen;
	bool grows;

	pthread_once(&once, watch_forks);
	pthread_mutex_lock(&mutex);
	if (!highest)
		highest = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	seen = g_hash_table_lookup(highest, key);
	grows = !seen || token > *seen;
	if (!seen) {
		seen = g_new(int64_t, 1);
		g_hash_table_insert(highest, g_strdup(key), seen);
	}
	if (grows)
		*seen = token;
	pthread_mutex_unlock(&mutex);
	return grows;
}
