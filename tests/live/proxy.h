/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy.h - a server in between that knows ZooKeeper's frames: it loses request n or its reply,
 * holds back the replies from the one to a certain operation on, and cuts connections.
 *
 * It is a process of its own, so start it before the test has sessions. Every call returns when it
 * is done. It listens on an address of its own and passes all on to one server.
 */
#ifndef PROXY_H
#define PROXY_H

#include <stdbool.h>
#include <stdint.h>

struct proxy;

/* What the frames call operations. A transaction is told by its first operation. */
enum proxy_op {
	PROXY_CONNECT = 0,
	PROXY_DELETE = 2,
	PROXY_LIST = 8,
	PROXY_CREATE = 15, /* with a stat in its reply, as contenders are made */
	PROXY_CHECK = 1413,
	PROXY_SIGNOFF = 1405,
};

enum proxy_loss {
	PROXY_REPLY = 0,   /* lose the reply ... */
	PROXY_REQUEST = 1, /* ... or the request, so that it has no effect */
	PROXY_SILENT = 2,  /* and tell nobody: the connection stays, and nothing passes any more */
};

/* upstream: "127.0.0.1:port". */
struct proxy *proxy_start(const char *upstream);
void proxy_stop(struct proxy *p);
const char *proxy_address(const struct proxy *p);

/* Lose the nth request from the first, pings not counted; the connection goes with it. */
void proxy_lose(struct proxy *p, int n, unsigned loss);
/* Whether that has happened. */
bool proxy_has_lost(struct proxy *p);
/* How many requests came in so far, and what the nth of them was. */
int proxy_requests(struct proxy *p);
int proxy_op(struct proxy *p, int n);

/* From the next reply to such an operation on, nothing reaches the client, until proxy_go(). */
void proxy_hold(struct proxy *p, enum proxy_op op);
/* Wait until that reply has come. */
void proxy_await(struct proxy *p);
void proxy_go(struct proxy *p);

/* Cut all connections; refuse new ones, or take them again. */
void proxy_cut(struct proxy *p);
void proxy_refuse(struct proxy *p, bool yes);

#endif
