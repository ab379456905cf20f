/* SPDX-License-Identifier: Apache-2.0 */
/*
 * book.h - the process-wide book of which thread holds which lock: it finds a thread that would
 * wait behind itself, and one that exits while it holds. Any thread; a lock of its own.
 */
#ifndef ZKL_RUN_BOOK_H
#define ZKL_RUN_BOOK_H

#include <zklock/zklock.h>

/* A number of the calling thread that no other thread of this process ever has. */
uint64_t zkl_book_thread(void);

/* `key` names the lock across sessions. Both inside the monitor of the lock: an entry holds a
 * reference to it. */
void zkl_book_enter(uint64_t thread, const char *key, zklock_t *lock);
void zkl_book_leave(uint64_t thread, const char *key, zklock_t *lock);
/* Does the thread hold it through another handle? */
bool zkl_book_elsewhere(uint64_t thread, const char *key, const zklock_t *lock);

/* Called on a thread that exits, for each lock it still holds, with the reference of its entry, for
 * fn to drop. Set once. */
void zkl_book_on_exit(void (*fn)(zklock_t *lock, uint64_t thread));

#endif
