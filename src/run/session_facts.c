/* SPDX-License-Identifier: Apache-2.0 */
/* session_facts.c - what is known of a session, and of what its servers can do. */
#include <string.h>

#include "base/log.h"
#include "core/recipe.h"
#include "run/session_private.h"
#include "run/strangers.h"

/* ---- queries ------------------------------------------------------------------------------- */

const struct zkl_session_config *zkl_session_config(const struct zkl_session *s)
{
	return s->config;
}

struct zkl_loop *zkl_session_loop(const struct zkl_session *s)
{
	return s->loop;
}

enum zklock_session_state zkl_session_state(const struct zkl_session *s)
{
	return s->state;
}

int zkl_session_error(const struct zkl_session *s)
{
	return s->error;
}

int64_t zkl_session_id(const struct zkl_session *s)
{
	return s->id;
}

struct zkl_record_terms zkl_session_terms(const struct zkl_session *s)
{
	const struct zkl_prover *p = &s->prover;

	return (struct zkl_record_terms){.timeout_ms = s->timeout_ms,
		.validity_ms = p->off ? 0 : p->validity / ZKL_MS,
		.interval_ms = p->off ? -1 : p->interval / ZKL_MS};
}

bool zkl_session_can_prove(const struct zkl_session *s)
{
	return s->prover.off || s->prover.validity > 0;
}

zkl_time zkl_session_least(const struct zkl_session *s)
{
	return s->prover.off ? 0 : s->prover.validity / 8;
}

bool zkl_session_sealed(const struct zkl_session *s)
{
	return s->seal;
}

bool zkl_session_denied(const struct zkl_session *s)
{
	return s->denied;
}

size_t zkl_session_clients(const struct zkl_session *s)
{
	return zkl_clients_count(&s->clients);
}

zkl_time zkl_session_until(const struct zkl_session *s)
{
	return s->prover.lease.until;
}

enum zkl_mode zkl_session_parent_mode(const struct zkl_session *s)
{
	return s->containers ? ZKL_MODE_CONTAINER : ZKL_MODE_PERSISTENT;
}

void zkl_session_info(const struct zkl_session *s, zklock_session_info_t *info)
{
	struct zkl_record_terms terms = zkl_session_terms(s);

	info->session_id = s->id;
	info->session_timeout_ms = terms.timeout_ms;
	info->validity_ms = terms.validity_ms;
	info->proof_interval_ms = terms.interval_ms;
	info->sealed = s->seal;
	if (s->state == ZKLOCK_SESSION_CONNECTED)
		s->ops->peer(s->link->transport, info->server, sizeof(info->server));
	info->sessions = s->sessions;
	info->moves = s->moves;
	info->writes = s->writes;
	info->reads = s->reads;
	info->proofs = s->proofs;
}

struct zkl_session_metrics *zkl_session_metrics(struct zkl_session *s)
{
	return &s->metrics;
}

/* The client sends the path as the servers know it, and its length. */
uint32_t zkl_session_watch_size(const struct zkl_session *s, const char *dir)
{
	return (uint32_t)(strlen(s->config->chroot) + strlen(dir) + 1 + ZKL_NODE_MAX + 4);
}

size_t zkl_session_watch_bytes(const struct zkl_session *s)
{
	return s->clients.watch_bytes + s->watches.left_bytes;
}

bool zkl_session_is_stuck(const struct zkl_session *s)
{
	return s->clients.stuck > 0;
}

/* ---- what the servers can do ---------------------------------------------------------------- */

void zkl_session_unseal(struct zkl_session *s)
{
	if (s->seal)
		zkl_log(ZKLOCK_LOG_WARNING,
			"the servers refuse our seal (no digest provider, another "
			"digest algorithm, or skipACL): going on without direct "
			"hand-off, waiters will list instead");
	s->seal = false;
}

void zkl_session_no_containers(struct zkl_session *s)
{
	if (s->containers)
		zkl_log(ZKLOCK_LOG_INFO,
			"the servers know no containers: parents will stay for ever");
	s->containers = false;
}

int zkl_session_strangers(struct zkl_session *s, const char *dir, int64_t pzxid)
{
	return zkl_strangers_known(s->strangers, dir, pzxid);
}

void zkl_session_set_strangers(struct zkl_session *s, const char *dir, int64_t pzxid, int count)
{
	zkl_strangers_set(s->strangers, dir, pzxid, count);
}
