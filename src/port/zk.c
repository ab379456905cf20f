/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zk.c - the transport on the ZooKeeper C client. Only this folder's zk/ knows that client.
 *
 * The client's traps and where each is met (numbers of docs/rationale.md's sources: "reliability.md
 * 6.N" the list of client pitfalls, "peers.md N" the list of known bugs):
 *  6.1  names never reach the client, and it is told never to resolve again   keeper.c
 *  6.5  credentials are refused while a connection is down: added once it is up   notice.c
 *  6.8, 6.10  only the asynchronous calls   request.c
 *  6.9, peers.md 41, 42  replies that the client forgets are given by us   notice.c, keeper.c
 *  6.11, 6.12, peers.md 46  watches carry a number, never a pointer   notice.c
 *  6.13, 6.14, peers.md 47, 48  watches are never removed, they fire or are ignored   notice.c
 *  6.16, peers.md 26  data watches only, never an exists watch   request.c
 *  6.17, peers.md 52  no create2 inside a transaction; its results are preset   request.c, call.c
 *  6.18 the client may drop a connection in silence: a CONNECTED without a loss   notice.c
 *  6.21 FD_CLOEXEC for what the client opens   connection.c
 *  6.22, peers.md 44, 54  the handle is closed on the keeper: it may block for seconds   keeper.c
 *  6.26 a handle that cannot start now is tried again   keeper.c
 *  6.29, peers.md 56  the client's log stays at errors; other servers only between connections
 *       client_log.c, lookup.c
 *  peers.md 10  a changed session id means that the session has expired   notice.c
 *  peers.md 43  what is under way is awaited for a while before the end   keeper.c
 *  peers.md 45  no call into a handle that is being closed: `usable`   zhandle.h
 *  peers.md 51  one table of results   result.c
 *  peers.md 53  session id and timeout are copied as CONNECTED arrives   notice.c
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
