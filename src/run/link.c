/* SPDX-License-Identifier: Apache-2.0 */
/* link.c - handles of the transport, the present one and those that are ending. */
#include "run/link.h"

#include <sys/random.h>

#include "base/log.h"
#include "run/session_private.h"

/* An identity that nobody else can have: it seals our nodes (docs/recipe.md, R3). NULL: no random
 * bytes are to be had, and one that others can guess would be trusted for nothing. */
static char *new_seal(void)
{
	unsigned char bytes[24];
	GString *text;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return NULL;
	text = g_string_new("zklock-");
	for (size_t i = 0; i < sizeof(bytes); i++)
		g_string_append_printf(text, i == 8 ? ":%02x" : "%02x", bytes[i]);
	return g_string_free(text, FALSE);
}

bool zkl_link_open(struct zkl_session *s, void (*deliver)(void *owner, const struct zkl_message *m))
{
	char *seal = s->seal ? new_seal() : NULL;
	struct zkl_open params = {.servers = s->config->servers,
		.chroot = s->config->chroot,
		.timeout_ms = s->config->timeout / ZKL_MS,
		.scheme = s->config->scheme,
		.secret = s->config->secret,
		.seal = seal,
		.acl = s->config->acl,
		.read_acl = s->config->read_acl,
		.deliver = deliver,
		.clock = zkl_loop_clock(s->loop)};

	struct link *link = g_new0(struct link, 1);

	if (s->seal && !seal) {
		zkl_log(ZKLOCK_LOG_WARNING, "no random bytes for a seal: going on without one");
		s->seal = false;
	}
	link->session = s;
	params.owner = link;
	link->transport = s->ops->open(s->ops->ctx, &params);
	g_free(seal);
	if (!link->transport) {
		g_free(link);
		return false;
	}
	s->link = link;
	s->links++;
	return true;
}

void zkl_link_retire(struct zkl_session *s, bool linger)
{
	struct link *link = s->link;

	if (!link)
		return;
	s->link = NULL;
	link->retired = true;
	g_hash_table_remove_all(s->flights);
	s->ops->close(link->transport, linger);
}
