/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h - one request of the program, waited for: behind znode.h and zklock_owners(). Outside of
 * the monitor; not from callbacks. */
#ifndef ZKL_RUN_ASK_H
#define ZKL_RUN_ASK_H

#include "run/pool.h"

struct zkl_reply {
	enum zkl_rc rc;
	struct zkl_stat stat;
	GBytes *data;	 /* or NULL */
	char **children; /* or NULL */
	size_t failed;	 /* guarded writes: the operation that failed */
};

/*
 * Send it when connected, and wait for its answer. A read whose connection breaks is sent again.
 * Result: OK (a reply came, see its rc), UNAVAILABLE (not sent; or a read without an answer),
 * UNKNOWN (a write without an answer), NO_CHROOT (NO_NODE, since the chroot is not there), CLOSED,
 * IN_CALLBACK, ACCESS (credentials).
 * Clear the reply with zkl_reply_clear().
 */
int zkl_ask(zklock_session_t *pool, struct zkl_request *request, zkl_time deadline,
	struct zkl_reply *ret_reply);
void zkl_reply_clear(struct zkl_reply *reply);

/* A reply's rc as an error of the API. */
int zkl_reply_error(const struct zkl_reply *reply);

#endif
