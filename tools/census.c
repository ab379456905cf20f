/* SPDX-License-Identifier: Apache-2.0 */
/*
 * census.c - all locks under the root, with holder and queue, read once.
 */
#include "census.h"

#include "guard.h"
#include "text.h"

#include <stdlib.h>
#include <zklock/znode.h>

static void lock_free(void *data)
{
	struct census_lock *lock = data;

	zklock_owners_free(lock->owners);
	g_free(lock->name);
	g_free(lock);
}

static int add_lock(
	const struct cli *cli, GPtrArray *locks, const char *name, size_t depth, int64_t timeout_ms)
{
	struct census_lock *lock;
	zklock_owners_t *owners;
	int error;

	if (!zkl_text_is_name(name))
		return ZKLOCK_OK; /* no lock of ours could be called so */
	error = zklock_owners(cli->session, name, depth, timeout_ms, &owners);
	if (error != ZKLOCK_OK)
		return error;
	lock = g_new0(struct census_lock, 1);
	lock->name = g_strdup(name);
	lock->owners = owners;
	g_ptr_array_add(locks, lock);
	return ZKLOCK_OK;
}

int zkl_census_take(const struct cli *cli, size_t depth, int64_t timeout_ms, GPtrArray **ret_locks)
{
	int64_t deadline = zkl_guard_now() + timeout_ms;
	g_autoptr(GPtrArray) locks = g_ptr_array_new_with_free_func(lock_free);
	char **names = NULL;
	size_t count = 0;
	int error = zklock_znode_children(cli->session, zkl_settings_text(&cli->settings, SET_ROOT),
		&names, &count, timeout_ms);

	if (error == ZKLOCK_ERR_NO_NODE)
		error = ZKLOCK_OK; /* nobody has locked anything yet */
	for (size_t i = 0; i < count && error == ZKLOCK_OK; i++)
		error = add_lock(cli, locks, names[i], depth, MAX(deadline - zkl_guard_now(), 0));
	free(names);
	if (error == ZKLOCK_OK)
		*ret_locks = g_steal_pointer(&locks);
	return error;
}

const zklock_owner_t *zkl_census_holder(const struct census_lock *lock)
{
	return zklock_owners_count(lock->owners) > 0 ? zklock_owners_get(lock->owners, 0) : NULL;
}

size_t zkl_census_waiting(const struct census_lock *lock)
{
	size_t total = zklock_owners_total(lock->owners);

	return total > 0 ? total - 1 : 0;
}
