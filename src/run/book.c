/* SPDX-License-Identifier: Apache-2.0 */
/* book.c - who holds what. */
#include "run/book.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <glib.h>

#include "run/fork.h"
#include "run/handle.h"

struct entry {
	unsigned fork_generation; /* a child inherits the book, but holds nothing */
	char *key;
	zklock_t *lock; /* with a reference */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *book; /* thread -> GList of struct entry: what a thread holds is few */
static void (*on_exit_fn)(zklock_t *lock, uint64_t thread);
static pthread_key_t exit_key;

static GList *page(uint64_t thread)
{
	if (!book)
		book = g_hash_table_new(NULL, NULL);
	return g_hash_table_lookup(book, (gpointer)(uintptr_t)thread);
}

static void set_page(uint64_t thread, GList *entries)
{
	if (entries)
		g_hash_table_insert(book, (gpointer)(uintptr_t)thread, entries);
	else
		g_hash_table_remove(book, (gpointer)(uintptr_t)thread);
}

static void free_entry(struct entry *entry)
{
	g_free(entry->key);
	g_free(entry);
}

static struct entry *take_first(uint64_t thread)
{
	struct entry *entry = NULL;
	GList *entries;

	pthread_mutex_lock(&mutex);
	entries = page(thread);
	if (entries) {
		entry = entries->data;
		set_page(thread, g_list_delete_link(entries, entries));
	}
	pthread_mutex_unlock(&mutex);
	return entry;
}

static void thread_exits(void *number)
{
	uint64_t thread = (uint64_t)(uintptr_t)number;
	struct entry *entry;

	while ((entry = take_first(thread))) {
		on_exit_fn(entry->lock, thread);
		free_entry(entry);
	}
}

static void lock_book(void)
{
	pthread_mutex_lock(&mutex);
}

static void unlock_book(void)
{
	pthread_mutex_unlock(&mutex);
}

/* A child must not find the book as another thread of its parent was writing into it. */
static void begin(void)
{
	pthread_key_create(&exit_key, thread_exits);
	pthread_atfork(lock_book, unlock_book, unlock_book);
}

uint64_t zkl_book_thread(void)
{
	static atomic_uintptr_t last;
	static __thread uintptr_t mine;
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (!mine) {
		pthread_once(&once, begin);
		mine = atomic_fetch_add(&last, 1) + 1;
		pthread_setspecific(exit_key, (void *)mine);
	}
	return mine;
}

void zkl_book_enter(uint64_t thread, const char *key, zklock_t *lock)
{
	struct entry *entry = g_new(struct entry, 1);

	*entry = (struct entry){zkl_fork_generation(), g_strdup(key), lock};
	pthread_mutex_lock(&mutex);
	set_page(thread, g_list_prepend(page(thread), entry));
	pthread_mutex_unlock(&mutex);
	zkl_handle_ref(lock);
}

static bool strike(uint64_t thread, const char *key, const zklock_t *lock)
{
	GList *entries = page(thread);

	for (GList *i = entries; i; i = i->next) {
		struct entry *entry = i->data;

		if (entry->lock == lock && strcmp(entry->key, key) == 0) {
			set_page(thread, g_list_delete_link(entries, i));
			free_entry(entry);
			return true;
		}
	}
	return false; /* the thread exits, and has taken the entry and its reference */
}

void zkl_book_leave(uint64_t thread, const char *key, zklock_t *lock)
{
	bool struck;

	pthread_mutex_lock(&mutex);
	struck = strike(thread, key, lock);
	pthread_mutex_unlock(&mutex);
	if (struck)
		zkl_handle_unref(lock);
}

bool zkl_book_elsewhere(uint64_t thread, const char *key, const zklock_t *lock)
{
	bool found = false;

	pthread_mutex_lock(&mutex);
	for (GList *i = page(thread); i && !found; i = i->next) {
		struct entry *entry = i->data;

		found = entry->lock != lock && entry->fork_generation == zkl_fork_generation() &&
			strcmp(entry->key, key) == 0;
	}
	pthread_mutex_unlock(&mutex);
	return found;
}

void zkl_book_on_exit(void (*fn)(zklock_t *lock, uint64_t thread))
{
	on_exit_fn = fn;
}
