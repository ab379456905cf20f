/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prover.h - when to prove, when to ask a cheap question instead of a ping, when to leave a silent
 * server, and when to give a session up. It owns the lease and one timer; the session, its host,
 * does what it says. docs/guarantees.md derives the numbers:
 *
 *	h	  T/6		a proof is sent when the last acknowledged write is older, while a
 *lock is held or near
 *	idle	  T/4		otherwise some cheap read is sent that often, where a ping would go
 *	V	  T - h - T/4 - margin
 *	patience  V/4 +- 1/4	an unanswered proof makes us move, at most once in V
 *	attempt	  V/8		how long a server may take to let us in, while a lock is at stake
 *	lifetime  3T		silence after which a session is given up, by our own clock
 */
#ifndef ZKL_RUN_PROVER_H
#define ZKL_RUN_PROVER_H

#include "core/lease.h"
#include "run/loop.h"

struct zkl_prover_host {
	bool (*prove)(void *owner);		 /* send the proof; false: nothing to prove */
	void (*idle)(void *owner);		 /* send a cheap read */
	void (*late)(void *owner);		 /* the proof is late: move if possible */
	void (*hurry)(void *owner);		 /* this attempt to connect takes too long */
	void (*check)(void *owner);		 /* a proof may have run out */
	void (*dead)(void *owner, bool expired); /* given up; expired: so have the servers */
	bool (*greeting)(void *owner);		 /* may a server have heard of us by now? */
};

struct zkl_prover {
	struct zkl_loop *loop;
	const struct zkl_prover_host *host;
	void *owner;
	struct zkl_lease lease;
	zkl_time timeout, interval, margin, validity, patience;
	zkl_time wanted_interval; /* as configured: 0 for T/6, ZKL_NEVER for none */
	int hops;
	bool online, ever, off;	  /* connected; ever connected in this session; no proofs wanted */
	unsigned wanted;	  /* clients that hold or are near */
	unsigned alone;		  /* of those: holders that only a proof of their own node helps */
	unsigned pending;	  /* proofs under way */
	unsigned doors;		  /* connections since the last answer */
	zkl_time heard;		  /* when the last answered request was sent */
	zkl_time written;	  /* when the last acknowledged write was sent */
	zkl_time not_before;	  /* a proof that was refused is not repeated at once */
	zkl_time alone_since;	  /* when the first of them came, or the last proof was sent */
	zkl_time asked;		  /* when the oldest pending proof was sent */
	zkl_time moved;		  /* when we last left a server */
	zkl_time since;		  /* offline: when this attempt to connect began */
	zkl_time attempt;	  /* offline: how long it may take; doubled each time */
	zkl_time lost;		  /* offline: when the connection was lost */
	zkl_time answered;	  /* when the session was made, or last answered a request */
	zkl_time greeted, looked; /* offline: no server had heard of us by then; the look after */
	zkl_time runs_out;	  /* when a proof that somebody relies on may run out */
	struct zkl_timer timer;
};

void zkl_prover_init(struct zkl_prover *p, struct zkl_loop *loop,
	const struct zkl_prover_host *host, void *owner, zkl_time timeout, zkl_time interval,
	zkl_time margin, int hops);
void zkl_prover_stop(struct zkl_prover *p);

void zkl_prover_opening(struct zkl_prover *p); /* a new session is being opened */
void zkl_prover_online(struct zkl_prover *p, zkl_time timeout, bool fresh);
void zkl_prover_offline(struct zkl_prover *p);

/* Before a request is sent: what will its answer be worth? 0: nothing. */
zkl_time zkl_prover_promise(const struct zkl_prover *p, zkl_time now, bool write);
void zkl_prover_sent(struct zkl_prover *p, zkl_time at);
void zkl_prover_acked(struct zkl_prover *p, zkl_time sent, zkl_time promise, bool write);
void zkl_prover_proof_sent(struct zkl_prover *p);
void zkl_prover_proof_answered(struct zkl_prover *p, bool refused);

void zkl_prover_want(struct zkl_prover *p, int change); /* +1, -1: somebody holds or is near */
void zkl_prover_alone(struct zkl_prover *p, int change);
void zkl_prover_relies(struct zkl_prover *p, zkl_time until); /* look at the clock then */
void zkl_prover_now(struct zkl_prover *p);

#endif
