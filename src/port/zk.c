/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zk.c - the transport on the ZooKeeper C client. Only this folder's zk/ knows that client.
 *
 * The client's traps, by their numbers in docs/traps.md and docs/bugs.md, and where each is met:
 *  trap 1  names never reach the client, and it is told never to resolve again   keeper.c
 *  trap 5  credentials are refused while a connection is down: added once it is up   notice.c
 *  trap 8, 10  only the asynchronous calls   request.c
 *  trap 9, bug 41, 42  replies that the client forgets are given by us   notice.c, keeper.c
 *  trap 11, 12, bug 46  watches carry a number, never a pointer   notice.c
 *  trap 13, 14, bug 47, 48  watches are never removed, they fire or are ignored   notice.c
 *  trap 16, bug 26  data watches only, never an exists watch   request.c
 *  trap 17, bug 52  no create2 inside a transaction; its results are preset   request.c, call.c
 *  trap 18  the client may drop a connection in silence: a CONNECTED without a loss   notice.c
 *  trap 21  FD_CLOEXEC for what the client opens   connection.c
 *  trap 22, bug 44, 54  the handle is closed on the keeper: it may block for seconds   keeper.c
 *  trap 26  a handle that cannot start now is tried again   keeper.c
 *  trap 29, bug 56  the client's log stays at errors; other servers only between connections
 *       client_log.c, lookup.c
 *  bug 10  a changed session id means that the session has expired   notice.c
 *  bug 43  what is under way is awaited for a while before the end   keeper.c
 *  bug 45  no call into a handle that is being closed: `usable`   zhandle.h
 *  bug 51  one table of results   result.c
 *  bug 53  session id and timeout are copied as CONNECTED arrives   notice.c
 */
#include "port/zk.h"

#include "base/log.h"
#include "port/zk/connection.h"
#include "port/zk/zhandle.h"
#include "port/zk/keeper.h"
#include "port/zk/request.h"

static struct zkl_transport *open_transport(void *ctx, const struct zkl_open *params)
{
	(void)ctx;
	struct zkl_transport *t = zkl_zhandle_new(params);
	if (t && zkl_keeper_start(t))
		return t;
	if (t)
		zkl_zhandle_free(t);
	zkl_log(ZKLOCK_LOG_ERROR, "no memory or no thread for a ZooKeeper session");
	return NULL;
}

const struct zkl_transport_ops *zkl_zk_transport(void)
{
	static const struct zkl_transport_ops ops = {
		.open = open_transport,
		.send = zkl_request_send,
		.move = zkl_connection_move,
		.greeting = zkl_connection_greeting,
		.peer = zkl_connection_peer,
		.close = zkl_keeper_close,
		.ctx = NULL,
	};
	return &ops;
}
