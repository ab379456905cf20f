/* SPDX-License-Identifier: Apache-2.0 */
/* requests.c - the recipe's hands. */
#include "run/requests.h"

#include <string.h>

#include "run/contender_private.h"
#include "run/record.h"

void zkl_requests_heed(struct zkl_contender *c, const struct zkl_event *event)
{
	if (event->type == ZKL_EV_PRED)
		c->armed = event->answer == ZKL_ANS_OK;
	else if (event->type == ZKL_EV_EXPIRED)
		c->armed = false;
	else if (event->type == ZKL_EV_CHANGED || event->type == ZKL_EV_DELETED)
		c->armed = c->armed && g_strcmp0(c->watching, event->node) != 0;
}

void zkl_requests_unwatch_pred(struct zkl_contender *c)
{
	if (c->watching)
		zkl_session_unwatch(c->session, &c->client, c->watching,
			c->armed ? c->client.watch_bytes / 2 : 0);
	g_clear_pointer(&c->watching, g_free);
	c->armed = false;
}

void zkl_requests_forget_node(struct zkl_contender *c)
{
	if (c->path)
		zkl_session_unwatch(c->session, &c->client, strrchr(c->path, '/') + 1, 0);
	g_clear_pointer(&c->path, g_free);
}

/* A GUID as RFC 4122 version 4 has it, from the loop's random source. */
static void new_guid(struct zkl_contender *c)
{
	struct zkl_loop *loop = zkl_session_loop(c->session);
	uint64_t a = zkl_loop_random(loop), b = zkl_loop_random(loop);

	g_snprintf(c->recipe.guid, sizeof(c->recipe.guid),
		"%08x-%04x-4%03x-%04x-%012" G_GINT64_MODIFIER "x", (unsigned)(a >> 32),
		(unsigned)(a >> 16) & 0xffff, (unsigned)a & 0xfff,
		((unsigned)(b >> 48) & 0x3fff) | 0x8000, (guint64)(b & 0xffffffffffffULL));
}

static bool send(
	struct zkl_contender *c, unsigned what, uint32_t cookie, struct zkl_request request)
{
	return zkl_session_send(c->session, &c->client, cookie << WHAT_BITS | what, &request);
}

static bool send_create(struct zkl_contender *c, uint32_t cookie)
{
	struct zkl_record_terms terms = zkl_session_terms(c->session);
	bool sealed = zkl_session_sealed(c->session), sent;
	char *text, *path;

	zkl_requests_unwatch_pred(c);
	zkl_requests_forget_node(c);
	zkl_session_new_node(c->session, &c->client);
	new_guid(c);
	c->recipe.sealed = sealed;
	c->unsure = false;
	text = zkl_record_text(sealed, zkl_contender_label(c), &terms, c->tid);
	path = g_strdup_printf("%s/%s-lock-", c->dir, c->recipe.guid);
	sent = send(c, ZKL_SLOT_CREATE, cookie,
		(struct zkl_request){.op = ZKL_OP_CREATE,
			.mode = ZKL_MODE_EPHEMERAL_SEQUENTIAL,
			.acl = sealed ? ZKL_ACL_SEALED : ZKL_ACL_UNSEALED,
			.path = path,
			.data = text,
			.len = strlen(text)});
	g_free(text);
	g_free(path);
	return sent;
}

/* All components in one flight; those that exist answer so. */
void zkl_requests_send_parents(struct zkl_contender *c)
{
	char *path = g_strdup(c->dir);

	c->parents_denied = false;
	for (char *at = path + 1; at;) {
		char *slash = strchr(at, '/');

		if (slash)
			*slash = '\0';
		send(c, slash ? WHAT_PARENT : WHAT_LAST_PARENT, at == path + 1,
			(struct zkl_request){.op = ZKL_OP_CREATE,
				.mode = zkl_session_parent_mode(c->session),
				.acl = ZKL_ACL_PARENT,
				.path = path});
		if (slash)
			*slash = '/';
		at = slash ? slash + 1 : NULL;
	}
	g_free(path);
}

static bool get_watched(struct zkl_contender *c, unsigned slot, uint32_t cookie, const char *node)
{
	char *path = g_strdup_printf("%s/%s", c->dir, node);
	bool sent;

	zkl_session_watch(c->session, &c->client, node);
	sent = send(c, slot, cookie,
		(struct zkl_request){.op = ZKL_OP_GET, .path = path, .watch = true});
	g_free(path);
	return sent;
}

static bool send_get_pred(struct zkl_contender *c, uint32_t cookie, const char *node)
{
	if (!c->watching || strcmp(c->watching, node) != 0) {
		zkl_requests_unwatch_pred(c);
		c->watching = g_strdup(node);
	}
	return get_watched(c, ZKL_SLOT_PRED, cookie, node);
}

void zkl_requests_set_path(struct zkl_contender *c)
{
	if (!c->path)
		c->path = g_strdup_printf("%s/%s", c->dir, c->recipe.node);
}

bool zkl_requests_send(struct zkl_contender *c, const struct zkl_action *a)
{
	struct zkl_request dir = {.op = ZKL_OP_LIST, .path = c->dir};
	struct zkl_request own = {.op = ZKL_OP_DELETE, .version = -1};

	switch (a->type) {
	case ZKL_ACT_PEEK:
		dir.op = ZKL_OP_EXISTS;
		return send(c, WHAT_PEEK, a->cookie, dir);
	case ZKL_ACT_SYNC:
		dir.op = ZKL_OP_SYNC;
		return send(c, ZKL_SLOT_SYNC, a->cookie, dir);
	case ZKL_ACT_CREATE:
		return send_create(c, a->cookie);
	case ZKL_ACT_LIST:
		return send(c, ZKL_SLOT_LIST, a->cookie, dir);
	case ZKL_ACT_GET_OWN:
		zkl_requests_set_path(c);
		return get_watched(c, ZKL_SLOT_OWN, a->cookie, a->name);
	case ZKL_ACT_GET_PRED:
		return send_get_pred(c, a->cookie, a->name);
	case ZKL_ACT_SIGNOFF:
		own.op = ZKL_OP_SIGNOFF;
		/* fall through */
	case ZKL_ACT_DELETE:
		zkl_requests_set_path(c);
		own.path = c->path;
		return send(c, ZKL_SLOT_GONE, a->cookie, own);
	default:
		return true;
	}
}

bool zkl_requests_send_count(struct zkl_contender *c, uint32_t cookie)
{
	return send(c, WHAT_COUNT, cookie, (struct zkl_request){.op = ZKL_OP_LIST, .path = c->dir});
}
