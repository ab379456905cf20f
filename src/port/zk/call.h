/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - a request under way. */
#ifndef ZKL_PORT_ZK_CALL_H
#define ZKL_PORT_ZK_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <zookeeper/zookeeper.h>

#include "port/transport.h"

/* Its address is what the client hands back; it lives until the client has completed it or the
 * handle is gone. */
struct zkl_call {
	TAILQ_ENTRY(zkl_call) link;
	struct zkl_transport *t;
	enum zkl_op op;
	uint64_t client;
	uint32_t cookie;
	bool answered; /* by us: what the client says now is ignored */
	int refusal;   /* what it is answered with whatever the server says, or ZOK */
	size_t n_ops;
	zoo_op_t *ops;
	zoo_op_result_t *results;
	char *made; /* name of the node that a transaction creates */
	int made_size;
};

/* NULL: no memory. */
struct zkl_call *zkl_call_new(struct zkl_transport *t, const struct zkl_request *q);

/* Under the handle's lock. */
void zkl_call_is_pending(struct zkl_call *call);
/* It counts as answered: what the client still does with it is nobody's business. */
void zkl_call_is_answered(struct zkl_call *call);

/* The answer, when the client says `native`. */
struct zkl_message zkl_call_reply(const struct zkl_call *call, int native);
/* The client is done with it: delivers `m`, unless it was answered before. */
void zkl_call_finish(struct zkl_call *call, struct zkl_message *m);

/* Answers everything under way ourselves (traps.md 9, bugs.md 41, 42). */
void zkl_call_answer_all(struct zkl_transport *t, int native);
/* When the client is gone. */
void zkl_call_drop_answered(struct zkl_transport *t);

#endif
