/* SPDX-License-Identifier: Apache-2.0 */
/* session_private.h - what a session is made of: for session.c, session_facts.c, link.c and
 * traffic.c alone. */
#ifndef ZKL_RUN_SESSION_PRIVATE_H
#define ZKL_RUN_SESSION_PRIVATE_H

#include "run/clients.h"
#include "run/metrics.h"
#include "run/prover.h"
#include "run/session.h"
#include "run/watches.h"

/* One transport handle. Retired ones live on until the transport has said CLOSED. */
struct link {
	struct zkl_session *session;
	struct zkl_transport *transport;
	bool retired;
};

struct zkl_session {
	struct zkl_loop *loop;
	const struct zkl_transport_ops *ops;
	const struct zkl_session_config *config;
	zkl_session_fn fn;
	void *owner;
	enum zklock_session_state state;
	int error;
	enum zklock_cause ended_by; /* the last session: EXPIRED, or why we gave it up */
	int64_t id, timeout_ms;
	bool seal, containers, mute_in_doubt, denied;
	unsigned failures; /* to open, in a row */
	unsigned refusals; /* by servers that let us in and then would not serve us, in a row */
	struct link *link;
	unsigned links;
	struct zkl_timer reopen, recycle;
	struct zkl_prover prover;
	uint32_t last_cookie;
	struct zkl_clients clients;
	GHashTable *flights;	    /* cookie -> struct flight */
	struct zkl_watches watches; /* node -> client ids */
	GHashTable *strangers;	    /* dir -> struct strangers */
	int64_t sessions, moves, writes, reads, proofs;
	struct zkl_session_metrics metrics;
	void (*empty)(void *); /* draining: the last client has gone */
	void *empty_arg;
	void (*done)(void *);
	void *done_arg;
};

#endif
