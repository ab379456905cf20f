/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.h - a contestant in a process of its own, in whatever language it is written.
 *
 * It is asked on its standard input, one line at a time, and answers with one line:
 *
 *	measure WHAT N COUNT TURN	-> "ok US US US..." | "skip REASON" | "error REASON"
 *	waiters N			-> the same: connections and KiB of server memory per waiter
 *
 * and before the first question it says "ready" or "skip REASON". End of input ends it.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "contest.h"

/* command: as for a shell, without one. variant may be NULL. The process starts when first asked.
 */
struct contestant *peer_contestant(
	const char *who, const char *variant, const char *note, const char *command);

/* Two numbers in *samples: connections, KiB. */
bool peer_waiters(struct contestant *c, unsigned n, GArray *samples, GError **error);

#endif
