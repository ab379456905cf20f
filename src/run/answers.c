/* SPDX-License-Identifier: Apache-2.0 */
/* answers.c - the recipe's ears. */
#include "run/answers.h"

#include <string.h>

#include "base/log.h"
#include "run/contender_private.h"
#include "run/metrics.h"
#include "run/requests.h"

static enum zkl_answer answer_of(const struct zkl_message *m)
{
	if (m->result == ZKL_UNKNOWN)
		return ZKL_ANS_UNKNOWN;
	if (m->result == ZKL_DONE)
		return ZKL_ANS_OK;
	switch (m->rc) {
	case ZKL_RC_NO_NODE:
		return ZKL_ANS_NO_NODE;
	case ZKL_RC_BAD_VERSION:
		return ZKL_ANS_BAD_VERSION;
	case ZKL_RC_NO_AUTH:
	case ZKL_RC_INVALID_ACL:
		return ZKL_ANS_DENIED;
	case ZKL_RC_LIMIT:
		return ZKL_ANS_LIMIT;
	default:
		return ZKL_ANS_LATER;
	}
}

/* The recipe asks again, after a pause or a search. */
static void count_retry(struct zkl_contender *c, const struct zkl_message *m)
{
	enum zkl_answer answer = answer_of(m);

	if (answer == ZKL_ANS_UNKNOWN || answer == ZKL_ANS_LATER)
		zkl_session_metrics(c->session)->retries[m->op][m->rc]++;
}

static void peeked(struct zkl_contender *c, uint32_t cookie, enum zkl_answer answer, bool busy)
{
	zkl_contender_feed(c,
		(struct zkl_event){
			.type = ZKL_EV_PEEKED, .cookie = cookie, .answer = answer, .busy = busy});
}

/* Children that are no contenders are counted, by a list, and then only compared (bugs.md 22). */
static void on_peek(struct zkl_contender *c, uint32_t cookie, const struct zkl_message *m)
{
	int strangers;

	if (m->result != ZKL_DONE || m->stat.num_children == 0) {
		peeked(c, cookie, answer_of(m), false);
		return;
	}
	strangers = zkl_session_strangers(c->session, c->dir, m->stat.pzxid);
	if (strangers >= 0) {
		peeked(c, cookie, ZKL_ANS_OK, m->stat.num_children > strangers);
		return;
	}
	c->peek_state = m->stat.pzxid;
	if (!zkl_requests_send_count(c, cookie))
		peeked(c, cookie, ZKL_ANS_UNKNOWN, false);
}

static void on_count(struct zkl_contender *c, uint32_t cookie, const struct zkl_message *m)
{
	size_t contenders = 0;
	struct zkl_name name;

	for (size_t i = 0; i < m->n_children; i++)
		contenders += zkl_name_parse(m->children[i], &name);
	if (m->result == ZKL_DONE)
		zkl_session_set_strangers(
			c->session, c->dir, c->peek_state, (int)(m->n_children - contenders));
	peeked(c, cookie, answer_of(m), contenders > 0);
}

/* Only failures matter; the create behind it tells the rest. */
static void on_parent(struct zkl_contender *c, bool first, bool last, const struct zkl_message *m)
{
	int error = ZKLOCK_OK;

	if (m->result != ZKL_REFUSED)
		return;
	if (m->rc == ZKL_RC_UNIMPLEMENTED)
		zkl_session_no_containers(c->session);
	else if (m->rc == ZKL_RC_NO_NODE && first && zkl_session_config(c->session)->chroot[0])
		error = ZKLOCK_ERR_NO_CHROOT;
	else if (m->rc == ZKL_RC_NO_AUTH || m->rc == ZKL_RC_INVALID_ACL) {
		c->parents_denied = true;
		error = last ? ZKLOCK_ERR_ACCESS : ZKLOCK_OK;
	} else if (m->rc == ZKL_RC_NO_NODE && last && c->parents_denied)
		error = ZKLOCK_ERR_ACCESS;
	else if (m->rc == ZKL_RC_NO_CHILDREN_OF_EPHEMERALS)
		error = ZKLOCK_ERR_NAME;
	if (error)
		zkl_contender_feed(c, (struct zkl_event){.type = ZKL_EV_PARENTS, .error = error});
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void on_slot(
	struct zkl_contender *c, enum zkl_slot slot, uint32_t cookie, const struct zkl_message *m)
{
	static const enum zkl_event_type types[ZKL_SLOTS] = {
		ZKL_EV_CREATED, ZKL_EV_LISTED, ZKL_EV_OWN, ZKL_EV_PRED, ZKL_EV_GONE, ZKL_EV_SYNCED};
	struct zkl_event event = {.type = types[slot], .cookie = cookie, .answer = answer_of(m)};

	event.session = m->stat.ephemeral_owner;
	event.czxid = m->stat.czxid;
	if (slot == ZKL_SLOT_LIST) {
		event.children = m->children;
		event.n_children = m->n_children;
	}
	if (slot == ZKL_SLOT_CREATE && m->result == ZKL_DONE)
		event.node = last_component(m->path);
	if (slot == ZKL_SLOT_PRED && m->result == ZKL_DONE)
		event.trusted = m->stat.version == 0 && zkl_record_trusted(m->data, m->len);
	if (slot == ZKL_SLOT_GONE && m->op == ZKL_OP_SIGNOFF && m->result == ZKL_REFUSED &&
		m->rc == ZKL_RC_NO_AUTH && m->failed == 0) /* the set, not the delete */
		zkl_session_unseal(c->session);
	if (slot == ZKL_SLOT_GONE && m->op == ZKL_OP_DELETE && m->result == ZKL_REFUSED &&
		m->rc == ZKL_RC_NO_AUTH) {
		zkl_log(ZKLOCK_LOG_ERROR,
			"%s: ZooKeeper denies the delete of our own node: give us DELETE on its "
			"parent",
			c->dir);
		zkl_session_stuck(c->session, &c->client);
	}
	zkl_contender_feed(c, event);
}

void zkl_answers_unsent(struct zkl_contender *c, const struct zkl_action *a)
{
	static const enum zkl_event_type types[] = {
		[ZKL_ACT_PEEK] = ZKL_EV_PEEKED,
		[ZKL_ACT_CREATE] = ZKL_EV_CREATED,
		[ZKL_ACT_SYNC] = ZKL_EV_SYNCED,
		[ZKL_ACT_LIST] = ZKL_EV_LISTED,
		[ZKL_ACT_GET_OWN] = ZKL_EV_OWN,
		[ZKL_ACT_GET_PRED] = ZKL_EV_PRED,
		[ZKL_ACT_SIGNOFF] = ZKL_EV_GONE,
		[ZKL_ACT_DELETE] = ZKL_EV_GONE,
	};

	zkl_contender_feed(
		c, (struct zkl_event){
			   .type = types[a->type], .cookie = a->cookie, .answer = ZKL_ANS_UNKNOWN});
}

void zkl_answers_reply(struct zkl_client *client, uint32_t code, const struct zkl_message *m)
{
	struct zkl_contender *c = (struct zkl_contender *)client;
	uint32_t cookie = code >> WHAT_BITS;
	unsigned what = code & ((1u << WHAT_BITS) - 1);

	if (what != WHAT_PARENT && what != WHAT_LAST_PARENT) /* which may stand already */
		count_retry(c, m);
	if (what < WHAT_SLOTS)
		on_slot(c, (enum zkl_slot)what, cookie, m);
	else if (what == WHAT_PEEK)
		on_peek(c, cookie, m);
	else if (what == WHAT_COUNT)
		on_count(c, cookie, m);
	else
		on_parent(c, cookie == 1, what == WHAT_LAST_PARENT, m);
}
