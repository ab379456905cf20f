/* SPDX-License-Identifier: Apache-2.0 */
/* session.c - the life of ZooKeeper sessions, one after another, and what clients hear of it. */
#include "run/session.h"

#include <string.h>

#include "base/log.h"
#include "core/backoff.h"
#include "run/link.h"
#include "run/session_private.h"
#include "run/strangers.h"
#include "run/traffic.h"

/* Watches that nobody needs, in bytes, for which a session that nobody uses is ended. */
#define LEFT_MOST (ZKL_SESSION_WATCH_BYTES / 4)

/* ---- clients ------------------------------------------------------------------------------- */

void zkl_session_add(struct zkl_session *s, struct zkl_client *c)
{
	zkl_clients_add(&s->clients, c);
}

/* To be ended: for a node that only its end deletes, or for the watches left in it. */
static bool is_worn(const struct zkl_session *s)
{
	if (s->clients.stuck > 0)
		return s->clients.bound == 0;
	return zkl_clients_count(&s->clients) == 0 && s->watches.left_bytes > LEFT_MOST;
}

/* Later, from the loop: who calls this is in the middle of a step of its own. */
static void recycle_when_free(struct zkl_session *s)
{
	if (is_worn(s))
		zkl_timer_set(&s->recycle, zkl_loop_now(s->loop));
}

void zkl_session_stuck(struct zkl_session *s, struct zkl_client *c)
{
	s->clients.stuck += !c->stuck;
	c->stuck = true;
	recycle_when_free(s);
}

/* Draining, and the last client has gone: told once. */
static void tell_empty(struct zkl_session *s)
{
	void (*empty)(void *arg) = s->empty;

	if (!empty || zkl_clients_count(&s->clients) > 0)
		return;
	s->empty = NULL;
	empty(s->empty_arg);
}

void zkl_session_remove(struct zkl_session *s, struct zkl_client *c)
{
	zkl_session_need(s, c, ZKL_NEED_NOTHING);
	zkl_session_alone(s, c, false);
	zkl_clients_remove(&s->clients, c);
	recycle_when_free(s);
	tell_empty(s);
}

void zkl_session_alone(struct zkl_session *s, struct zkl_client *c, bool alone)
{
	if (c->alone != alone)
		zkl_prover_alone(&s->prover, alone ? 1 : -1);
	c->alone = alone;
}

void zkl_session_new_node(struct zkl_session *s, struct zkl_client *c)
{
	(void)s;
	c->age++;
	c->proof = 0;
}

void zkl_session_rely(struct zkl_session *s, zkl_time until)
{
	zkl_prover_relies(&s->prover, until);
}

void zkl_session_need(struct zkl_session *s, struct zkl_client *c, enum zkl_need need)
{
	int more = zkl_clients_need(&s->clients, c, need);

	if (more)
		zkl_prover_want(&s->prover, more);
	recycle_when_free(s);
}

/* ---- watches ------------------------------------------------------------------------------- */

void zkl_session_watch(struct zkl_session *s, struct zkl_client *c, const char *node)
{
	zkl_watches_add(&s->watches, node, c->id);
}

void zkl_session_unwatch(
	struct zkl_session *s, struct zkl_client *c, const char *node, uint32_t bytes)
{
	zkl_watches_remove(&s->watches, node, c->id, bytes);
}

static void watch_fired(struct zkl_session *s, const struct zkl_message *m)
{
	const char *slash = strrchr(m->path, '/');
	const char *node = slash ? slash + 1 : m->path;
	GArray *ids = zkl_watches_find(&s->watches, node);

	zkl_watches_fired(&s->watches, node);
	for (guint i = 0; i < ids->len; i++) {
		struct zkl_client *c =
			zkl_clients_find(&s->clients, g_array_index(ids, uint64_t, i));

		if (c)
			c->ops->watch(c, m->path, m->watch);
	}
	g_array_unref(ids);
}

/* ---- proofs -------------------------------------------------------------------------------- */

void zkl_session_prove(struct zkl_session *s)
{
	zkl_prover_now(&s->prover);
}

static void tell_unsure(void *s, struct zkl_client *c)
{
	(void)s;
	if (c->ops->unsure)
		c->ops->unsure(c);
}

/* P11: the server is silent; in the same session, go to another. */
static void late(void *owner)
{
	struct zkl_session *s = owner;
	enum zkl_moved moved = s->ops->move(s->link->transport);

	if (moved == ZKL_MOVED) {
		s->moves++;
		zkl_log(ZKLOCK_LOG_INFO, "the server does not answer a proof: moving to another");
	} else if (moved == ZKL_IN_DOUBT) {
		if (!s->mute_in_doubt)
			zkl_log(ZKLOCK_LOG_WARNING,
				"the server does not answer a proof, and our socket "
				"cannot be told from others of this process: staying");
		s->mute_in_doubt = true;
		zkl_clients_each(&s->clients, tell_unsure, s);
	}
}

static void hurry(void *owner)
{
	struct zkl_session *s = owner;

	if (s->link)
		s->ops->move(s->link->transport);
}

static void look_at_clock(void *s, struct zkl_client *c)
{
	(void)s;
	if (c->need == ZKL_NEED_HELD)
		c->ops->check(c);
}

static void check(void *owner)
{
	struct zkl_session *s = owner;

	zkl_clients_each(&s->clients, look_at_clock, s);
}

static bool greeting(void *owner)
{
	struct zkl_session *s = owner;

	return s->link && s->ops->greeting(s->link->transport);
}

/* ---- life ---------------------------------------------------------------------------------- */

static void set_state(struct zkl_session *s, enum zklock_session_state state, int error)
{
	bool same = s->state == state && s->error == error;

	s->state = state;
	s->error = error;
	if (!same && s->fn)
		s->fn(s->owner, state, error);
}

static void deliver(void *owner, const struct zkl_message *m);

/* After a pause; none, the first time. */
static void reopen(struct zkl_session *s)
{
	zkl_time now = zkl_loop_now(s->loop);

	zkl_timer_set(&s->reopen,
		s->failures == 0 ? now
				 : now + zkl_backoff(s->failures - 1, zkl_loop_random(s->loop)));
	s->failures++;
}

static void open_link(void *arg)
{
	struct zkl_session *s = arg;

	if (s->state == ZKLOCK_SESSION_CLOSED)
		return;
	zkl_prover_opening(&s->prover);
	if (!zkl_link_open(s, deliver))
		reopen(s);
}

static void tell_online(void *s, struct zkl_client *c)
{
	(void)s;
	if (c->ops->online)
		c->ops->online(c);
}

static void tell_offline(void *s, struct zkl_client *c)
{
	(void)s;
	if (c->ops->offline)
		c->ops->offline(c);
}

static void tell_expired(void *s, struct zkl_client *c)
{
	c->ops->expired(c, ((struct zkl_session *)s)->ended_by);
}

static void tell_closing(void *s, struct zkl_client *c)
{
	(void)s;
	c->ops->closing(c);
}

void zkl_session_drain(struct zkl_session *s, void (*empty)(void *arg), void *arg)
{
	s->empty = empty;
	s->empty_arg = arg;
	zkl_clients_each(&s->clients, tell_closing, s);
	tell_empty(s);
}

static void tell_refused(void *s, struct zkl_client *c)
{
	if (c->ops->refused)
		c->ops->refused(c, ((struct zkl_session *)s)->error);
}

/* This session is over; begin another. by: EXPIRED when the servers have ended it, or else what
 * made us give it up, and then its nodes may stand for a while. */
static void start_over(struct zkl_session *s, enum zklock_cause by, int error, bool goodbye)
{
	s->id = 0;
	s->ended_by = by;
	set_state(s, ZKLOCK_SESSION_CONNECTING, error);
	zkl_link_retire(s, goodbye);
	zkl_prover_opening(&s->prover);
	zkl_clients_each(&s->clients, tell_expired, s);
	zkl_watches_session_ended(&s->watches);
	if (error)
		zkl_clients_each(&s->clients, tell_refused, s);
	reopen(s);
}

static void dead(void *owner, bool expired)
{
	struct zkl_session *s = owner;

	zkl_log(ZKLOCK_LOG_WARNING, "no %s: giving session 0x%llx up and opening another",
		expired ? "server for three session timeouts" : "answer for four session timeouts",
		(unsigned long long)s->id);
	start_over(s, expired ? ZKLOCK_CAUSE_EXPIRED : ZKLOCK_CAUSE_UNPROVEN, ZKLOCK_OK, false);
}

/* What has come since the timer was set keeps the session. */
static void recycle(void *owner)
{
	struct zkl_session *s = owner;

	if (!is_worn(s) || s->state != ZKLOCK_SESSION_CONNECTED)
		return;
	if (s->clients.stuck > 0) /* row 20, R */
		zkl_log(ZKLOCK_LOG_WARNING,
			"ending session 0x%llx, which deletes a node that we may not delete",
			(unsigned long long)s->id);
	else
		zkl_log(ZKLOCK_LOG_INFO,
			"ending session 0x%llx, which nobody uses, for the watches left in it",
			(unsigned long long)s->id);
	start_over(s, ZKLOCK_CAUSE_DENIED, ZKLOCK_OK, true);
}

/* A server that allows less than the one before. It has told the leader so, which ends the session
 * earlier than each promise made so far says. */
static void cut_short(struct zkl_session *s, int64_t timeout_ms)
{
	zkl_log(ZKLOCK_LOG_ERROR,
		"a server cuts the session timeout of session 0x%llx from %lld to %lld ms: giving "
		"the session up; give all servers the same minSessionTimeout and maxSessionTimeout",
		(unsigned long long)s->id, (long long)s->timeout_ms, (long long)timeout_ms);
	start_over(s, ZKLOCK_CAUSE_UNPROVEN, ZKLOCK_OK, true);
}

static void connected(struct zkl_session *s, const struct zkl_message *m)
{
	bool fresh = m->session_id != s->id;

	if (!fresh && m->timeout_ms < s->timeout_ms) {
		cut_short(s, m->timeout_ms);
		return;
	}
	s->id = m->session_id;
	if (fresh) /* what a server adds later is not relied on */
		s->timeout_ms = m->timeout_ms;
	s->failures = 0;
	s->mute_in_doubt = false;
	if (fresh)
		s->sessions++;
	zkl_prover_online(&s->prover, m->timeout_ms * ZKL_MS, fresh);
	if (fresh && !zkl_session_can_prove(s))
		zkl_log(ZKLOCK_LOG_ERROR,
			"the servers cut the session timeout to %lld ms: with a proof every %lld "
			"ms and a "
			"margin of %lld ms nothing can be proven, and no lock will be granted",
			(long long)m->timeout_ms, (long long)(s->prover.interval / ZKL_MS),
			(long long)(s->prover.margin / ZKL_MS));
	set_state(s, ZKLOCK_SESSION_CONNECTED, ZKLOCK_OK);
	zkl_clients_each(&s->clients, tell_online, s);
}

static void session_event(struct zkl_session *s, const struct zkl_message *m)
{
	int error;

	switch (m->event) {
	case ZKL_SESSION_CONNECTED:
		connected(s, m);
		break;
	case ZKL_SESSION_SUSPENDED:
		zkl_prover_offline(&s->prover);
		set_state(s, ZKLOCK_SESSION_SUSPENDED, ZKLOCK_OK);
		zkl_clients_each(&s->clients, tell_offline, s);
		break;
	case ZKL_SESSION_EXPIRED:
		zkl_log(ZKLOCK_LOG_WARNING, "session 0x%llx expired", (unsigned long long)s->id);
		start_over(s, ZKLOCK_CAUSE_EXPIRED, ZKLOCK_OK, false);
		break;
	case ZKL_SESSION_AUTH_FAILED:
		error = s->seal ? ZKLOCK_OK : ZKLOCK_ERR_ACCESS;
		zkl_session_unseal(s);
		s->failures = ++s->refusals; /* each has cost a session: not at once again */
		start_over(s, ZKLOCK_CAUSE_DENIED, error, false);
		break;
	case ZKL_SESSION_FAILED:
		start_over(s, ZKLOCK_CAUSE_UNPROVEN, ZKLOCK_OK, false);
		break;
	case ZKL_SESSION_CLOSED:
		break;
	}
}

static void link_closed(struct link *link)
{
	struct zkl_session *s = link->session;

	g_free(link);
	if (--s->links > 0 || s->state != ZKLOCK_SESSION_CLOSED)
		return;
	s->done(s->done_arg);
	zkl_timer_stop(&s->reopen);
	zkl_timer_stop(
		&s->recycle); /* who had to be told of the end may have asked for it once more */
	zkl_prover_stop(&s->prover);
	zkl_clients_clear(&s->clients);
	g_hash_table_destroy(s->flights);
	zkl_watches_clear(&s->watches);
	g_hash_table_destroy(s->strangers);
	g_free(s);
}

/* Everything that ZooKeeper tells us comes in here. */
static void deliver(void *owner, const struct zkl_message *m)
{
	struct link *link = owner;
	struct zkl_session *s = link->session;
	struct zkl_loop *loop = s->loop;

	zkl_loop_enter(loop);
	if (m->kind == ZKL_MSG_SESSION && m->event == ZKL_SESSION_CLOSED)
		link_closed(link);
	else if (link->retired)
		; /* of a session that is over */
	else if (m->kind == ZKL_MSG_REPLY)
		zkl_traffic_replied(s, m);
	else if (m->kind == ZKL_MSG_WATCH)
		watch_fired(s, m);
	else
		session_event(s, m);
	zkl_loop_leave(loop);
}

static const struct zkl_prover_host prover_host = {
	.prove = zkl_traffic_prove,
	.idle = zkl_traffic_idle,
	.late = late,
	.hurry = hurry,
	.check = check,
	.dead = dead,
	.greeting = greeting,
};

struct zkl_session *zkl_session_new(struct zkl_loop *loop, const struct zkl_transport_ops *ops,
	const struct zkl_session_config *config, zkl_session_fn fn, void *owner)
{
	struct zkl_session *s = g_new0(struct zkl_session, 1);

	s->loop = loop;
	s->ops = ops;
	s->config = config;
	s->fn = fn;
	s->owner = owner;
	s->seal = config->seal;
	s->containers = true;
	s->timeout_ms = config->timeout / ZKL_MS;
	zkl_clients_init(&s->clients);
	s->flights = zkl_traffic_new();
	zkl_watches_init(&s->watches);
	s->strangers = zkl_strangers_new();
	zkl_timer_init(&s->reopen, loop, open_link, s);
	zkl_timer_init(&s->recycle, loop, recycle, s);
	zkl_prover_init(&s->prover, loop, &prover_host, s, config->timeout, config->interval,
		config->margin, config->hops);
	open_link(s);
	return s;
}

void zkl_session_end(struct zkl_session *s, void (*done)(void *arg), void *arg)
{
	s->done = done;
	s->done_arg = arg;
	s->empty = NULL;
	s->ended_by = ZKLOCK_CAUSE_CLOSED;
	zkl_timer_stop(&s->reopen);
	zkl_timer_stop(&s->recycle);
	zkl_prover_stop(&s->prover);
	set_state(s, ZKLOCK_SESSION_CLOSED, ZKLOCK_OK);
	zkl_clients_each(&s->clients, tell_expired, s);
	s->links++; /* hold it while the last link may close at once */
	zkl_link_retire(s, true);
	s->links--;
	if (s->links == 0) {
		struct link *none = g_new0(struct link, 1);

		none->session = s;
		s->links = 1;
		link_closed(none);
	}
}

void zkl_session_config_free(struct zkl_session_config *config)
{
	g_free(config->servers);
	g_free(config->chroot);
	g_free(config->root);
	g_free(config->label);
	g_free(config->scheme);
	g_free(config->secret);
	g_free(config->acl);
	g_free(config->read_acl);
	g_free(config);
}
