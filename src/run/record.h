/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - the owner record: what a contender writes into its znode, once, at create, for people
 * and for the contender behind it. A GKeyFile:
 *
 *	[zklock]
 *	version=1
 *	sealed=true		only the session that made the node can write into it
 *	host=, ip=, pid=, tid=, start=<ms of the wall clock>, label=
 *	timeout=<ms>		T, as negotiated
 *	validity=<ms>		V: each proof of the session is good for at least that long
 *	interval=<ms>		h: it is renewed that often; -1: no proofs are made
 *
 * The version changes when the meaning of `sealed`, or of a write into the node, does. A key that
 * only informs may be added or absent.
 */
#ifndef ZKL_RUN_RECORD_H
#define ZKL_RUN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZKL_RECORD_VERSION 1

/* On which terms the session of the node proves what it holds. */
struct zkl_record_terms {
	int64_t timeout_ms, validity_ms, interval_ms;
};

struct zkl_record {
	int version; /* 0: no record of ours */
	bool sealed;
	char *host, *ip, *label;
	int64_t pid, tid, start_ms;
	struct zkl_record_terms terms; /* interval 0: it does not say */
};

/* The record of a thread of this process, as text; g_free() it. */
char *zkl_record_text(
	bool sealed, const char *label, const struct zkl_record_terms *terms, int64_t tid);

/* Read what stands in a znode, whoever wrote it. Clear with zkl_record_clear(). */
void zkl_record_parse(const void *data, size_t len, struct zkl_record *ret);
void zkl_record_clear(struct zkl_record *record);

/* May a change of this node be taken for its sign-off (R3)? Only a record that we know in full. */
bool zkl_record_trusted(const void *data, size_t len);

#endif
