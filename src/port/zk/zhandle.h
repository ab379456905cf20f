/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zhandle.h - one handle of the ZooKeeper C client and what is known of it: the transport's
 * insides.
 *
 * Who writes what: call.c the requests under way, connection.c the socket, notice.c what the client
 * tells of the session, keeper.c the beginning and the end. Known to the files of this folder only.
 *
 * `lock` is a leaf: held for the few instructions of a call into the client, which never blocks in
 * its asynchronous calls, and never during deliver(). A thread that holds the owner's lock may
 * therefore send() while the completion thread waits for that same lock inside deliver(). The lock
 * of connection.c is taken before it, never after, and never during deliver() either.
 */
#ifndef ZKL_PORT_ZK_ZHANDLE_H
#define ZKL_PORT_ZK_ZHANDLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <zookeeper/zookeeper.h>

#include "base/servers.h"
#include "port/resolve.h"
#include "port/transport.h"
#include "port/zk/identity.h"

struct zkl_call;
TAILQ_HEAD(zkl_calls, zkl_call);

struct zkl_transport {
	/* fixed from open() on */
	zkl_deliver_fn deliver;
	void *owner;
	const struct zkl_clock *clock;
	struct zkl_servers servers;
	char *chroot;
	int timeout_ms;
	struct zkl_addresses addresses; /* under connection.c's lock once there is a handle */

	pthread_mutex_t lock;
	pthread_cond_t wake; /* resolved, closing, connected, pending */
	bool resolved, closing, linger;
	zhandle_t *zh;
	bool usable;	/* calls into the handle are allowed (bugs.md 45) */
	bool connected; /* as told to the owner */
	bool ended;	/* EXPIRED or AUTH_FAILED was told */
	bool greeted;
	struct zkl_identity identity;
	struct zkl_calls pending, answered;

	int64_t session_id; /* completion thread only */

	/* keeper.c only */
	TAILQ_ENTRY(zkl_transport) kept;
	struct zkl_resolve *look;  /* of the names, while there is no connection */
	int64_t look_at;	   /* ms: the next one, at the earliest */
	struct zkl_addresses news; /* found at news_at, and not yet told to the client */
	int64_t news_at;

	/* connection.c only, under its lock */
	TAILQ_ENTRY(zkl_transport) link;
	uint64_t claim; /* inode of our connection's socket when known for sure, else 0 */
	int pipe;   /* what the client's I/O thread waits for beside its connection; -1: unknown */
	int thread; /* that thread; 0: unknown */
};

/* NULL: no memory. What cannot be understood of `params` is logged, and the handle has ended. */
struct zkl_transport *zkl_zhandle_new(const struct zkl_open *params);
void zkl_zhandle_free(struct zkl_transport *t);

void zkl_zhandle_deliver(struct zkl_transport *t, struct zkl_message *m);
void zkl_zhandle_tell(struct zkl_transport *t, enum zkl_session_event event);

/* Under the lock; by the keeper, or by the completion thread if it comes first. */
void zkl_zhandle_take(struct zkl_transport *t, zhandle_t *zh);

#endif
