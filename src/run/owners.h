/* SPDX-License-Identifier: Apache-2.0 */
/* owners.h - a picture of one lock's queue, in order. */
#ifndef ZKL_RUN_OWNERS_H
#define ZKL_RUN_OWNERS_H

#include "run/pool.h"

int zkl_owners_read(zklock_session_t *pool, const char *name, size_t max, zkl_time deadline,
	zklock_owners_t **ret_owners);
void zkl_owners_free(zklock_owners_t *owners);
size_t zkl_owners_count(const zklock_owners_t *owners);
size_t zkl_owners_total(const zklock_owners_t *owners);
size_t zkl_owners_strangers(const zklock_owners_t *owners);
const zklock_owner_t *zkl_owners_get(const zklock_owners_t *owners, size_t i);

#endif
