/* SPDX-License-Identifier: Apache-2.0 */
/*
 * census.h - all locks under the root, with holder and queue, read once. For ls, top and graph.
 */
#ifndef ZKLOCK_TOOLS_CENSUS_H
#define ZKLOCK_TOOLS_CENSUS_H

#include "cli.h"

struct census_lock {
	char *name;
	zklock_owners_t *owners;
};

/** Read all locks; depth: how many contenders of each, 0 for all. On success *ret_locks is a
 *  GPtrArray of struct census_lock, sorted by name. Result: an error of the library. */
int zkl_census_take(const struct cli *cli, size_t depth, int64_t timeout_ms, GPtrArray **ret_locks);

/** The holder, or NULL when the lock is free. */
const zklock_owner_t *zkl_census_holder(const struct census_lock *lock);
/** How many wait behind the holder. */
size_t zkl_census_waiting(const struct census_lock *lock);

#endif
