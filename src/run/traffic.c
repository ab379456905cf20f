/* SPDX-License-Identifier: Apache-2.0 */
/* traffic.c - what is under way, and whom its answer concerns. */
#include "run/traffic.h"

#include <string.h>

#include "run/session_private.h"

/* A multi of checks must stay well below jute.maxbuffer (1 MiB). */
#define PROOF_BYTES (400 * 1024)

struct cover {
	uint64_t client;
	uint32_t age;
};

enum flight_kind { FLIGHT_CLIENT, FLIGHT_IDLE, FLIGHT_FAR, FLIGHT_PROOF };

/* A request under way. */
struct flight {
	enum flight_kind kind;
	uint64_t client; /* 0: nobody's */
	uint32_t what;
	bool own;     /* its answer is about the client's own node */
	uint32_t age; /* of that node */
	bool write;
	zkl_time sent, promise;
	GArray *covered; /* PROOF: of struct cover, one for each node that is checked */
};

/* ---- requests ------------------------------------------------------------------------------ */

static bool is_write(enum zkl_op op)
{
	return op == ZKL_OP_CREATE || op == ZKL_OP_SET || op == ZKL_OP_DELETE ||
	       op == ZKL_OP_SIGNOFF || op == ZKL_OP_CHECK;
}

static void free_flight(gpointer data)
{
	struct flight *flight = data;

	if (flight->covered)
		g_array_unref(flight->covered);
	g_free(flight);
}

GHashTable *zkl_traffic_new(void)
{
	return g_hash_table_new_full(NULL, NULL, NULL, free_flight);
}

static bool launch(struct zkl_session *s, struct flight flight, struct zkl_request *request)
{
	uint32_t cookie = ++s->last_cookie;

	if (s->state != ZKLOCK_SESSION_CONNECTED)
		return false;
	flight.write = is_write(request->op);
	flight.own = request->mode == ZKL_MODE_EPHEMERAL_SEQUENTIAL && request->op == ZKL_OP_CREATE;
	flight.sent = zkl_loop_now(s->loop);
	flight.promise = zkl_prover_promise(&s->prover, flight.sent, flight.write);
	request->client =
		1; /* one watcher for all: the client library then keeps one record a path */
	request->cookie = cookie;
	g_hash_table_insert(
		s->flights, GUINT_TO_POINTER(cookie), g_memdup2(&flight, sizeof(flight)));
	if (!s->ops->send(s->link->transport, request)) {
		if (flight.covered)
			g_array_ref(flight.covered); /* the caller's again */
		g_hash_table_remove(s->flights, GUINT_TO_POINTER(cookie));
		return false;
	}
	zkl_prover_sent(&s->prover, flight.sent);
	*(flight.write ? &s->writes : &s->reads) += 1;
	return true;
}

bool zkl_session_send(
	struct zkl_session *s, struct zkl_client *c, uint32_t what, struct zkl_request *request)
{
	struct flight flight = {.kind = FLIGHT_CLIENT,
		.client = c ? c->id : 0,
		.age = c ? c->age : 0,
		.what = what};

	return launch(s, flight, request);
}

static void tell_proven(void *s, struct zkl_client *c)
{
	(void)s;
	if (c->ops->proven)
		c->ops->proven(c);
}

static void proof_answered(
	struct zkl_session *s, struct flight *flight, const struct zkl_message *m)
{
	zkl_prover_proof_answered(&s->prover, m->result == ZKL_REFUSED && m->rc != ZKL_RC_NO_NODE);
	for (guint i = 0; i < flight->covered->len; i++) {
		struct cover *cover = &g_array_index(flight->covered, struct cover, i);
		struct zkl_client *c = zkl_clients_find(&s->clients, cover->client);

		if (!c || c->age != cover->age)
			continue;
		if (m->result == ZKL_DONE)
			c->proof = MAX(c->proof, flight->promise);
		else if (m->rc == ZKL_RC_NO_NODE && i == m->failed)
			c->ops->missing(c);
	}
	s->denied = m->result == ZKL_REFUSED && m->rc == ZKL_RC_NO_AUTH; /* row 20, H */
	if (m->result == ZKL_DONE) {
		zkl_metrics_observe(&s->metrics.heartbeat, zkl_loop_now(s->loop) - flight->sent);
		zkl_clients_each(&s->clients, tell_proven, s);
	} else if (m->result == ZKL_REFUSED && m->rc == ZKL_RC_NO_NODE)
		zkl_prover_now(&s->prover); /* the others are not proven by this */
}

static bool in_idle_time(const struct flight *flight)
{
	return flight->kind == FLIGHT_IDLE || flight->kind == FLIGHT_FAR;
}

void zkl_traffic_replied(struct zkl_session *s, const struct zkl_message *m)
{
	struct flight *flight = NULL;
	gpointer key = GUINT_TO_POINTER(m->cookie);
	struct zkl_client *c;

	if (!g_hash_table_steal_extended(s->flights, key, NULL, (gpointer *)&flight))
		return;
	if (m->result == ZKL_DONE)
		zkl_prover_acked(&s->prover, flight->sent, flight->promise, flight->write);
	if (m->result == ZKL_DONE && flight->write)
		s->refusals = 0;
	c = zkl_clients_find(&s->clients, flight->client);
	if (c && flight->own && flight->age == c->age && m->result == ZKL_DONE)
		c->proof = MAX(c->proof, flight->promise);
	if (flight->kind == FLIGHT_PROOF)
		proof_answered(s, flight, m);
	else if (s->prover.off && in_idle_time(flight) && m->result == ZKL_DONE)
		zkl_clients_each(&s->clients, tell_proven, s); /* no proof will ever come */
	if (flight->kind == FLIGHT_FAR && c && m->rc == ZKL_RC_NO_NODE)
		c->ops->near(c);
	else if (flight->kind == FLIGHT_CLIENT && c)
		c->ops->reply(c, flight->what, m);
	free_flight(flight);
}

/* ---- proofs -------------------------------------------------------------------------------- */

static bool send_check(struct zkl_session *s, GPtrArray *paths, GArray *ids)
{
	struct flight flight = {.kind = FLIGHT_PROOF, .covered = ids};
	struct zkl_request request = {.op = ZKL_OP_CHECK,
		.checks = (const char *const *)paths->pdata,
		.n_checks = paths->len};

	if (!launch(s, flight, &request)) {
		g_array_unref(ids);
		return false;
	}
	s->proofs++;
	zkl_prover_proof_sent(&s->prover);
	return true;
}

static void add_check(GPtrArray *paths, GArray *covers, struct zkl_client *c)
{
	struct cover cover = {c->id, c->age};

	g_ptr_array_add(paths, (gpointer)c->ops->node(c));
	g_array_append_val(covers, cover);
}

/* All nodes that are held, in as few transactions as the packet limit allows; when none is held,
 * one whose turn is near. A write is a write: its size matters to nobody but the servers. */
bool zkl_traffic_prove(void *owner)
{
	struct zkl_session *s = owner;
	GPtrArray *paths = g_ptr_array_new();
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(struct cover));
	struct zkl_client *c, *near = NULL;
	GHashTableIter iter;
	size_t bytes = 0;
	bool sent = false;

	g_hash_table_iter_init(&iter, s->clients.table);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&c)) {
		const char *node = zkl_clients_wants_proof(c) ? c->ops->node(c) : NULL;

		if (node && c->need == ZKL_NEED_NEAR)
			near = c;
		if (!node || c->need != ZKL_NEED_HELD)
			continue;
		if (bytes + strlen(node) > PROOF_BYTES) {
			sent = send_check(s, paths, ids) || sent;
			g_ptr_array_set_size(paths, 0);
			ids = g_array_new(FALSE, FALSE, sizeof(struct cover));
			bytes = 0;
		}
		add_check(paths, ids, c);
		bytes += strlen(node) + 32;
	}
	if (paths->len == 0 && near && !sent)
		add_check(paths, ids, near);
	if (paths->len > 0)
		sent = send_check(s, paths, ids) || sent;
	else
		g_array_unref(ids);
	g_ptr_array_free(paths, TRUE);
	return sent;
}

/* Where a ping would have gone: ask whether the eighth contender before one of ours still stands,
 * or else anything. */
void zkl_traffic_idle(void *owner)
{
	struct zkl_session *s = owner;
	struct zkl_client *c = zkl_clients_next_far(&s->clients);
	const char *far = c ? c->ops->far(c) : NULL;
	struct flight flight = {.kind = far ? FLIGHT_FAR : FLIGHT_IDLE, .client = far ? c->id : 0};
	struct zkl_request request = {.op = ZKL_OP_EXISTS, .path = far ? far : "/"};

	launch(s, flight, &request);
}
