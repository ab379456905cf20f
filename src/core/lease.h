/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease.h - until when is the session proven to live? Pure arithmetic over the times at which we
 * sent things. The derivation, with sources, is in docs/guarantees.md; in short:
 *
 *	A follower tells the leader whom it heard of only when the leader asks, every tickTime/2,
 *	which is at most T/4 (the server refuses T below 2 ticks). Let a write, sent at s, be
 *	acknowledged. So at some instant p >= s - T/4 the follower had told the leader of every
 *	request that it had from us by then. The last of those, L(s - T/4), restarted T:
 *
 *		the leader ends the session not before  L(s - T/4) + T
 *
 *	L(t) = send time of our last request at or before t. A new or moved connection counts at
 *	once: the leader itself is asked (revalidation), so L is then at least the time at which
 *	no server had heard of this connection yet.
 *
 * Only the *acknowledged write* makes this true: a follower cut off from its leader still answers
 * reads (docs/guarantees.md). Each observer hop costs another T/4.
 */
#ifndef ZKL_CORE_LEASE_H
#define ZKL_CORE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#define ZKL_LEASE_RING 64

struct zkl_lease {
	int64_t timeout; /* T, ns */
	int64_t hop; /* how long a request may be news to the leader: T/4 * (1 + hops) + delay */
	int64_t margin;
	int64_t until;	 /* the session is proven to live until then; 0: never was */
	int64_t greeted; /* no server had heard of this connection before; the leader has since */
	int64_t last;	 /* send time of the last request */
	int64_t sent[ZKL_LEASE_RING]; /* earlier ones, at least T/ZKL_LEASE_RING apart */
	unsigned next, count;
};

/* A new session, greeted not before `greeted`. Times in ns. */
void zkl_lease_open(
	struct zkl_lease *lease, int64_t timeout, int64_t margin, int hops, int64_t greeted);

/* The session moved to another connection, or came back. Old requests may have died with the old
 * one, so they do not count any more. */
void zkl_lease_moved(struct zkl_lease *lease, int64_t greeted);

/* A request of any kind is being sent. */
void zkl_lease_sent(struct zkl_lease *lease, int64_t now);

/* Should a write sent now be acknowledged, until when is the session proven? Ask before
 * zkl_lease_sent() of the write itself: it cannot vouch for itself. */
int64_t zkl_lease_promise(const struct zkl_lease *lease, int64_t now);

/* From when on a write can vouch for the first request of this connection, and so for more than the
 * greeting alone; 0: there was none yet. */
int64_t zkl_lease_ripe(const struct zkl_lease *lease);

/* That write was acknowledged. */
void zkl_lease_acked(struct zkl_lease *lease, int64_t promise);

/* V with requests at most `gap` apart; not positive: these settings prove nothing. */
int64_t zkl_lease_validity(int64_t timeout, int64_t gap, int64_t margin, int hops);

#endif
