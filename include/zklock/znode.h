/* SPDX-License-Identifier: Apache-2.0 */
/*
 * znode.h - small durable facts beside a lock, on the session's own connection.
 *
 * A lock says who may act now; whether something was done already must outlive the lock. These few
 * blocking calls let a job runner claim a tick, or a tool look at what is there, without a second
 * ZooKeeper client in the program. Paths are absolute, under the chroot.
 *
 * Every call: blocks up to timeout_ms (one deadline for all); guard is NULL or a lock held by the
 * caller, whose znode is checked in the same transaction (writes only). Not from callbacks.
 * Errors of all: INVALID, UNAVAILABLE (not sent, nothing happened), UNKNOWN (sent, no answer: it
 * may have happened), ACCESS, NO_CHROOT, CLOSED, FORKED, IN_CALLBACK; with a guard: LOST.
 */
#ifndef ZKLOCK_ZNODE_H
#define ZKLOCK_ZNODE_H

#include <zklock/zklock.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct zklock_znode_stat {
	int64_t czxid, mzxid, ctime_ms, mtime_ms, ephemeral_owner;
	int32_t version, num_children;
} zklock_znode_stat_t;

enum zklock_znode_flags {
	ZKLOCK_ZNODE_PARENTS = 1 << 0,	 /* make missing parents */
	ZKLOCK_ZNODE_CONTAINER = 1 << 1, /* a container: the servers remove it when empty */
	ZKLOCK_ZNODE_EPHEMERAL = 1 << 2, /* gone with the session */
};

/** Create a znode that only it can have created. Errors: also EXISTS, NO_NODE (parent). */
ZKLOCK_EXPORT int zklock_znode_create(zklock_session_t *session, const char *path, const void *data,
	size_t len, unsigned flags, zklock_t *guard, int64_t timeout_ms);

/** Read a znode. *ret_data: malloc()ed, with a NUL behind it, free() it. Outputs may be NULL.
 *  Errors: also NO_NODE. */
ZKLOCK_EXPORT int zklock_znode_get(zklock_session_t *session, const char *path, void **ret_data,
	size_t *ret_len, zklock_znode_stat_t *ret_stat, int64_t timeout_ms);

/** Overwrite a znode's data. version -1: whatever it is. Errors: also NO_NODE, VERSION. */
ZKLOCK_EXPORT int zklock_znode_set(zklock_session_t *session, const char *path, const void *data,
	size_t len, int32_t version, zklock_t *guard, int64_t timeout_ms);

/** Delete a znode. Errors: also NO_NODE, VERSION, IN_USE (has children). */
ZKLOCK_EXPORT int zklock_znode_delete(zklock_session_t *session, const char *path, int32_t version,
	zklock_t *guard, int64_t timeout_ms);

/** Names of the children, sorted; a NULL-terminated array in one piece: free() it.
 *  Errors: also NO_NODE. */
ZKLOCK_EXPORT int zklock_znode_children(zklock_session_t *session, const char *path,
	char ***ret_names, size_t *ret_count, int64_t timeout_ms);

/** The ACL of a znode, as "scheme:id:perms,..."; free() it. Errors: also NO_NODE. */
ZKLOCK_EXPORT int zklock_znode_acl(
	zklock_session_t *session, const char *path, char **ret_acl, int64_t timeout_ms);

#ifdef __cplusplus
}
#endif
#endif
