/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contender.c - one who holds or waits, as text for people and as JSON.
 */
#include "contender.h"

#include "json.h"
#include "text.h"

#include <string.h>

const char *zkl_contender_make(enum zklock_make make)
{
	switch (make) {
	case ZKLOCK_MAKE_ZKLOCK:
		return "zklock";
	case ZKLOCK_MAKE_CURATOR:
		return "curator";
	case ZKLOCK_MAKE_KAZOO:
		return "kazoo";
	case ZKLOCK_MAKE_UNKNOWN:
		break;
	}
	return "unknown";
}

int64_t zkl_contender_outer(const zklock_owner_t *owner)
{
	const char *under = g_strrstr(owner->label, ZKL_CONTENDER_UNDER "0x");

	return under ? (int64_t)g_ascii_strtoull(under + strlen(ZKL_CONTENDER_UNDER), NULL, 16) : 0;
}

/* Records of other makes tell nothing: then the session is all there is to say. */
static char *stranger(const zklock_owner_t *owner)
{
	return g_strdup_printf("%s session 0x%" G_GINT64_MODIFIER "x",
		zkl_contender_make(owner->make), (guint64)owner->session_id);
}

char *zkl_contender_who(const zklock_owner_t *owner)
{
	g_autofree char *label = zkl_text_escape(owner->label);
	g_autofree char *host = zkl_text_escape(owner->host);

	if (!*owner->host && !*owner->label)
		return stranger(owner);
	return g_strdup_printf("%s (pid %" G_GINT64_FORMAT " on %s)", *label ? label : "?",
		owner->pid, *host ? host : "?");
}

char *zkl_contender_age(const zklock_owner_t *owner)
{
	return zkl_text_age(g_get_real_time() / 1000 - owner->queued_ms);
}

/* Servers know nothing of proofs: this is what it has said of itself. */
char *zkl_contender_proof(const zklock_owner_t *owner)
{
	if (owner->proof_interval_ms < 0)
		return g_strdup("none");
	return owner->proof_interval_ms > 0 ? zkl_text_age(owner->validity_ms) : g_strdup("-");
}

void zkl_contender_json(JsonBuilder *builder, const zklock_owner_t *owner)
{
	g_autofree char *session =
		g_strdup_printf("0x%" G_GINT64_MODIFIER "x", (guint64)owner->session_id);

	json_builder_begin_object(builder);
	zkl_json_text(builder, "node", owner->node);
	zkl_json_text(builder, "make", zkl_contender_make(owner->make));
	zkl_json_flag(builder, "holds", owner->holds);
	zkl_json_number(builder, "token", owner->token);
	zkl_json_text(builder, "session", session);
	zkl_json_number(builder, "session_timeout_ms", owner->session_timeout_ms);
	zkl_json_number(builder, "validity_ms", owner->validity_ms);
	zkl_json_number(builder, "proof_interval_ms", owner->proof_interval_ms);
	zkl_json_number(builder, "queued_ms", owner->queued_ms);
	zkl_json_number(builder, "record_version", owner->record_version);
	zkl_json_flag(builder, "sealed", owner->sealed);
	zkl_json_text(builder, "guid", owner->guid);
	zkl_json_text(builder, "host", owner->host);
	zkl_json_text(builder, "ip", owner->ip);
	zkl_json_number(builder, "pid", owner->pid);
	zkl_json_number(builder, "tid", owner->tid);
	zkl_json_number(builder, "start_ms", owner->start_ms);
	zkl_json_text(builder, "label", owner->label);
	json_builder_end_object(builder);
}
