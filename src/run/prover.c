/* SPDX-License-Identifier: Apache-2.0 */
/* prover.c - one tick decides all; everything else only says that it may have to come earlier. */
#include "run/prover.h"

static zkl_time idle_gap(const struct zkl_prover *p)
{
	return p->timeout / 4;
}

static void adapt(struct zkl_prover *p, zkl_time timeout)
{
	zkl_time interval = p->wanted_interval;

	p->timeout = timeout;
	if (interval == 0)
		interval = timeout / 6;
	p->off = interval == ZKL_NEVER;
	p->interval = p->off ? idle_gap(p) : interval;
	p->validity = zkl_lease_validity(timeout, p->interval, p->margin, p->hops);
	p->patience = p->validity / 4;
}

/* When the next proof should be sent. Any write proves the session, but only a proof of its own
 * node helps a holder that would not hear of the node's end. */
static zkl_time due(const struct zkl_prover *p)
{
	zkl_time at = (p->alone ? MIN(p->written, p->alone_since) : p->written) + p->interval;
	zkl_time ripe = zkl_lease_ripe(&p->lease);

	/* a greeting that took long has proven little: make up for it as soon as may be */
	if (p->lease.until < p->written + p->validity && p->written < ripe)
		at = MIN(at, ripe);
	return MAX(at, p->not_before);
}

void zkl_prover_want(struct zkl_prover *p, int change)
{
	p->wanted += (unsigned)change;
	if (change > 0 && p->online && !p->off && !p->pending)
		zkl_timer_set_earlier(&p->timer, due(p));
}

void zkl_prover_alone(struct zkl_prover *p, int change)
{
	if (change > 0 && p->alone == 0)
		p->alone_since = zkl_loop_now(p->loop);
	p->alone += (unsigned)change;
}

void zkl_prover_relies(struct zkl_prover *p, zkl_time until)
{
	if (until < p->runs_out) {
		p->runs_out = until;
		zkl_timer_set_earlier(&p->timer, until);
	}
}

/* ---- requests ------------------------------------------------------------------------------ */

zkl_time zkl_prover_promise(const struct zkl_prover *p, zkl_time now, bool write)
{
	if (p->off) /* the weaker promise: silence for less than T */
		return now + p->timeout - p->margin;
	return write ? zkl_lease_promise(&p->lease, now) : 0;
}

void zkl_prover_sent(struct zkl_prover *p, zkl_time at)
{
	zkl_lease_sent(&p->lease, at);
}

void zkl_prover_acked(struct zkl_prover *p, zkl_time sent, zkl_time promise, bool write)
{
	zkl_lease_acked(&p->lease, promise);
	p->heard = MAX(p->heard, sent);
	p->answered = zkl_loop_now(p->loop);
	p->doors = 0;
	if (write && sent > p->written)
		p->written = sent;
}

void zkl_prover_proof_sent(struct zkl_prover *p)
{
	zkl_time now = zkl_loop_now(p->loop);
	zkl_time quarter = p->validity / 16;

	if (p->pending++ == 0) {
		p->asked = p->alone_since = now;
		p->patience = p->validity / 4 - quarter;
		if (quarter > 0) /* jitter: a stalled leader makes every session late at once */
			p->patience +=
				(zkl_time)(zkl_loop_random(p->loop) % (uint64_t)(2 * quarter));
		zkl_timer_set_earlier(&p->timer, now + p->patience);
	}
}

void zkl_prover_proof_answered(struct zkl_prover *p, bool refused)
{
	if (p->pending > 0)
		p->pending--;
	if (refused) /* by a server that has too much to do, for one */
		p->not_before = zkl_loop_now(p->loop) + p->validity / 16;
	if (p->pending == 0 && p->wanted && p->online && !p->off)
		zkl_timer_set_earlier(&p->timer, due(p));
}

/* ---- the tick ------------------------------------------------------------------------------ */

static zkl_time tick_online(struct zkl_prover *p, zkl_time now)
{
	zkl_time next;

	if (p->wanted && !p->off && !p->pending && now >= due(p) && !p->host->prove(p->owner))
		p->written = p->alone_since = now; /* nothing to prove just now */
	if (p->pending && now >= p->asked + p->patience) {
		if (now >= p->moved + p->validity) {
			p->moved = now;
			p->host->late(p->owner);
		}
		p->asked = now; /* look again after as long */
	}
	if (!p->online)
		return now; /* moved */
	if (now >= p->lease.last + idle_gap(p))
		p->host->idle(p->owner);
	next = MAX(p->lease.last + idle_gap(p), now + ZKL_MS);
	if (p->pending)
		next = MIN(next, p->asked + p->patience);
	else if (p->wanted && !p->off)
		next = MIN(next, due(p));
	return next;
}

/* Servers let us in and drop us, again and again, which keeps the session, and answer nothing. A
 * machine that slept has not knocked so often. */
static bool is_mocked(const struct zkl_prover *p, zkl_time now)
{
	return p->doors >= 4 && now >= p->answered + 4 * p->timeout;
}

/* The time at which no server had heard of this connection is what the lease counts from. One look
 * of slack: the client may have been between sending and saying so. */
static zkl_time tick_offline(struct zkl_prover *p, zkl_time now)
{
	zkl_time step = p->timeout / 40;

	if (!p->host->greeting(p->owner)) {
		p->greeted = p->looked;
		p->looked = now;
	}
	if (p->wanted && now >= p->since + p->attempt) {
		p->since = now;
		p->attempt *= 2; /* servers that are slow to greet must get their chance */
		p->host->hurry(p->owner);
	}
	if (p->ever && now >= p->lost + 3 * p->timeout)
		p->host->dead(p->owner, true);
	else if (p->ever && is_mocked(p, now))
		p->host->dead(p->owner, false);
	return now + step;
}

static void tick(void *arg)
{
	struct zkl_prover *p = arg;
	zkl_time now = zkl_loop_now(p->loop), next;

	if (now >= p->runs_out) {
		p->runs_out = ZKL_NEVER;
		p->host->check(p->owner);
	}
	next = p->online ? tick_online(p, now) : tick_offline(p, now);
	zkl_timer_set_earlier(&p->timer, MIN(next, p->runs_out));
}

void zkl_prover_now(struct zkl_prover *p)
{
	zkl_time now = zkl_loop_now(p->loop), ripe = zkl_lease_ripe(&p->lease);

	if (!p->online || p->off || p->pending)
		return;
	/* what cannot prove anything yet would only be repeated as fast as it is answered */
	if (ripe > now && zkl_lease_promise(&p->lease, now) <= now)
		zkl_timer_set_earlier(&p->timer, ripe);
	else if (now < p->not_before)
		zkl_timer_set_earlier(&p->timer, p->not_before);
	else
		p->host->prove(p->owner);
}

/* ---- life ---------------------------------------------------------------------------------- */

void zkl_prover_init(struct zkl_prover *p, struct zkl_loop *loop,
	const struct zkl_prover_host *host, void *owner, zkl_time timeout, zkl_time interval,
	zkl_time margin, int hops)
{
	*p = (struct zkl_prover){.loop = loop, .host = host, .owner = owner, .margin = margin};
	p->hops = hops;
	p->runs_out = ZKL_NEVER;
	p->moved = -ZKL_NEVER / 2;
	p->wanted_interval = interval;
	adapt(p, timeout);
	zkl_timer_init(&p->timer, loop, tick, p);
}

void zkl_prover_stop(struct zkl_prover *p)
{
	zkl_timer_stop(&p->timer);
}

static void begin_offline(struct zkl_prover *p)
{
	zkl_time now = zkl_loop_now(p->loop);

	p->online = false;
	p->pending = 0;
	p->since = p->lost = p->greeted = p->looked = now;
	p->attempt = MAX(p->validity / 8, p->timeout / 40);
	zkl_timer_set_earlier(&p->timer, now + p->timeout / 40);
}

void zkl_prover_opening(struct zkl_prover *p)
{
	p->ever = false;
	begin_offline(p);
}

void zkl_prover_offline(struct zkl_prover *p)
{
	begin_offline(p);
	/* Told late: the next connection has been made already. Who was answered had been sent
	 * before. */
	if (p->host->greeting(p->owner))
		p->greeted = p->looked = p->heard;
}

void zkl_prover_online(struct zkl_prover *p, zkl_time timeout, bool fresh)
{
	zkl_time now = zkl_loop_now(p->loop);

	p->online = p->ever = true;
	p->pending = 0;
	if (fresh) {
		p->answered = now;
		p->doors = 0;
		adapt(p, timeout);
		zkl_lease_open(&p->lease, timeout, p->margin, p->hops, p->greeted);
		p->written = p->greeted;
	} else {
		p->doors++;
		zkl_lease_moved(&p->lease, p->greeted);
		if (p->wanted) /* unsure until a write says otherwise */
			p->written = now - p->interval;
	}
	zkl_timer_set_earlier(&p->timer, now);
}
