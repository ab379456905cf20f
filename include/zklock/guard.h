/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - let your own ZooKeeper writes succeed only while the lock's znode stands.
 *
 * For programs that hold a lock and write to the same ensemble with the C client: put this check
 * into your own multi. A holder that was paused and has lost its lock has also lost its znode, so
 * the whole multi is refused with ZNONODE, by the leader, at the time of the write. This is
 * stronger than any clock: docs/guarantees.md.
 *
 *	zoo_op_t ops[2];
 *	char node[ZKLOCK_GUARD_PATH];
 *
 *	if (zklock_guard_op(lock, &ops[0], node, sizeof(node)) == ZKLOCK_OK) {
 *		zoo_set_op_init(&ops[1], "/app/balance", value, len, -1, NULL);
 *		rc = zoo_multi(zh, 2, ops, results);
 *	}
 *
 * zh is your own handle, with the same chroot as the lock's session (any session may check).
 */
#ifndef ZKLOCK_GUARD_H
#define ZKLOCK_GUARD_H

#include <zookeeper/zookeeper.h>
#include <zklock/zklock.h>

#define ZKLOCK_GUARD_PATH 1024

/**
 * Make *op a check of the lock's znode.
 * Ownership: op points into path, which must live until the multi is sent.
 * Errors: those of zklock_node().
 */
static inline int zklock_guard_op(zklock_t *lock, struct zoo_op *op, char *path, size_t size)
{
	int error = zklock_node(lock, path, size);

	if (error == ZKLOCK_OK)
		zoo_check_op_init(op, path, -1); /* whatever others wrote into it */
	return error;
}

#endif
