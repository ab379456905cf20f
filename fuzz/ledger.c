/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c - what a contender was told, and what it may do, having been told that. */
#include "ledger.h"

#include "core/order.h"
#include "target.h"

void ledger_open(struct ledger *l, const struct zkl_recipe *recipe)
{
	memset(l, 0, sizeof(*l));
	l->recipe = recipe;
}

static bool is_own(const struct ledger *l, const char *node)
{
	return l->fate == OUR_NODE && strcmp(l->node, node) == 0;
}

static void no_node(struct ledger *l)
{
	l->fate = NO_NODE;
	l->own_watched = l->armed = l->earned = false;
	memset(l->last, 0, sizeof(l->last)); /* what was asked about it is of no interest */
}

static void our_node(struct ledger *l, const char *node)
{
	l->fate = OUR_NODE;
	l->own_watched = false;
	snprintf(l->node, sizeof(l->node), "%s", node);
}

/* ---- what is told ------------------------------------------------------------------------- */

static void told_created(struct ledger *l, const struct zkl_event *e)
{
	if (e->answer == ZKL_ANS_OK) {
		our_node(l, e->node);
		l->czxid = e->czxid;
		return;
	}
	l->last[ZKL_SLOT_LIST] = 0; /* it does not show what is not there yet */
	if (e->answer != ZKL_ANS_UNKNOWN)
		no_node(l);
}

/* Without it the list behind it may be older than our node. */
static void told_synced(struct ledger *l, const struct zkl_event *e)
{
	l->synced_list = e->answer == ZKL_ANS_OK ? l->wants_sync : 0;
	if (e->answer != ZKL_ANS_OK)
		l->last[ZKL_SLOT_LIST] = 0;
}

static bool has(const struct zkl_event *e, const char *node)
{
	for (size_t i = 0; i < e->n_children; i++) {
		if (strcmp(e->children[i], node) == 0)
			return true;
	}
	return false;
}

static void told_found(struct ledger *l, const struct zkl_event *e, bool current)
{
	for (size_t i = 0; i < e->n_children; i++) {
		if (zkl_name_has_guid(e->children[i], l->recipe->guid)) {
			our_node(l, e->children[i]);
			l->czxid = 0; /* whose it is will be asked */
			return;
		}
	}
	if (current)
		no_node(l);
}

static void told_listed(struct ledger *l, const struct zkl_event *e, bool current)
{
	struct zkl_order order;

	if (e->answer == ZKL_ANS_NO_NODE && (l->fate == OUR_NODE || current))
		no_node(l);
	if (e->answer != ZKL_ANS_OK)
		return;
	if (l->fate == MAYBE_A_NODE) {
		told_found(l, e, current);
		return;
	}
	if (l->fate != OUR_NODE)
		return;
	if (!has(e, l->node)) {
		no_node(l);
		return;
	}
	order = zkl_order_judge(e->children, e->n_children, l->node, l->recipe->share,
		l->recipe->slots, ZKL_KEEP_FIRST);
	l->earned = order.verdict == ZKL_OWNER;
	l->ahead = order.ahead;
	l->n_before = order.verdict == ZKL_WAIT ? order.n_nearest : 0;
	l->at = 0;
	for (size_t i = 0; i < l->n_before; i++)
		snprintf(l->before[i], sizeof(l->before[i]), "%s", order.nearest[i]);
	free(order.nearest);
}

static void told_own(struct ledger *l, const struct zkl_event *e)
{
	if (e->answer == ZKL_ANS_NO_NODE || (e->answer == ZKL_ANS_OK && e->session != l->session))
		no_node(l);
	if (e->answer != ZKL_ANS_OK || l->fate != OUR_NODE)
		return;
	l->own_watched = true;
	l->czxid = e->czxid;
}

static void told_pred(struct ledger *l, const struct zkl_event *e)
{
	l->armed = e->answer == ZKL_ANS_OK;
	l->trusted = e->trusted;
	l->at += e->answer == ZKL_ANS_NO_NODE;
}

static void told_gone(struct ledger *l, const struct zkl_event *e)
{
	if (e->answer == ZKL_ANS_OK || e->answer == ZKL_ANS_NO_NODE)
		no_node(l);
}

static void told_answer(struct ledger *l, const struct zkl_event *e)
{
	static const enum zkl_slot slots[] = {
		[ZKL_EV_PEEKED] = ZKL_SLOT_LIST,
		[ZKL_EV_CREATED] = ZKL_SLOT_CREATE,
		[ZKL_EV_SYNCED] = ZKL_SLOT_SYNC,
		[ZKL_EV_LISTED] = ZKL_SLOT_LIST,
		[ZKL_EV_OWN] = ZKL_SLOT_OWN,
		[ZKL_EV_PRED] = ZKL_SLOT_PRED,
		[ZKL_EV_GONE] = ZKL_SLOT_GONE,
	};
	bool current = e->cookie == l->synced_list;

	if (!e->cookie || l->last[slots[e->type]] != e->cookie)
		return; /* of an older request: no news */
	l->last[slots[e->type]] = 0;
	if (e->type == ZKL_EV_CREATED)
		told_created(l, e);
	else if (e->type == ZKL_EV_SYNCED)
		told_synced(l, e);
	else if (e->type == ZKL_EV_LISTED)
		told_listed(l, e, current);
	else if (e->type == ZKL_EV_OWN)
		told_own(l, e);
	else if (e->type == ZKL_EV_PRED)
		told_pred(l, e);
	else if (e->type == ZKL_EV_GONE)
		told_gone(l, e);
}

/* One shot: it has fired. */
static void told_watch(struct ledger *l, const struct zkl_event *e)
{
	if (is_own(l, e->node)) {
		l->own_watched = false;
		if (e->type == ZKL_EV_DELETED)
			no_node(l);
	} else if (l->armed && strcmp(l->pred, e->node) == 0) {
		l->armed = false;
		l->at += e->type == ZKL_EV_DELETED;
		if (e->type == ZKL_EV_CHANGED && l->trusted && l->own_watched)
			l->earned = true;
	}
}

void ledger_event(struct ledger *l, const struct zkl_event *e)
{
	switch (e->type) {
	case ZKL_EV_ONLINE:
		l->online = true;
		l->session = e->session;
		break;
	case ZKL_EV_OFFLINE:
		l->online = false;
		break;
	case ZKL_EV_EXPIRED:
		l->online = false;
		no_node(l);
		break;
	case ZKL_EV_MISSING:
		if (l->fate == OUR_NODE)
			no_node(l);
		break;
	case ZKL_EV_CHANGED:
	case ZKL_EV_DELETED:
		told_watch(l, e);
		break;
	case ZKL_EV_RELEASE:
		l->released = l->granted && !l->over;
		break;
	case ZKL_EV_RETRY:
		l->retry = false;
		break;
	case ZKL_EV_PROVEN:
		l->prove = false;
		break;
	case ZKL_EV_PEEKED:
	case ZKL_EV_CREATED:
	case ZKL_EV_SYNCED:
	case ZKL_EV_LISTED:
	case ZKL_EV_OWN:
	case ZKL_EV_PRED:
	case ZKL_EV_GONE:
		told_answer(l, e);
		break;
	case ZKL_EV_START:
	case ZKL_EV_LEAVE:
	case ZKL_EV_UNPROVEN:
	case ZKL_EV_PARENTS:
		break;
	}
}

/* ---- what is done ------------------------------------------------------------------------- */

static void ask(struct ledger *l, const struct zkl_action *a, enum zkl_slot slot)
{
	MUST(l->online && a->cookie > l->highest);
	MUST(l->in_flight < LEDGER_FLIGHT);
	l->last[slot] = l->highest = a->cookie;
	l->flight[l->in_flight++] = *a;
}

static void create(struct ledger *l, const struct zkl_action *a)
{
	MUST(l->fate == NO_NODE && !l->failed);
	no_node(l);
	l->fate = MAYBE_A_NODE;
	ask(l, a, ZKL_SLOT_CREATE);
}

static void list(struct ledger *l, const struct zkl_action *a)
{
	MUST(a->cookie > l->last[ZKL_SLOT_CREATE]); /* R1 */
	ask(l, a, ZKL_SLOT_LIST);
	l->wants_sync = l->last[ZKL_SLOT_SYNC] ? a->cookie : 0;
	l->synced_list = 0;
}

static void get_pred(struct ledger *l, const struct zkl_action *a)
{
	MUST(l->fate == OUR_NODE && !is_own(l, a->name));
	MUST(l->own_watched || l->last[ZKL_SLOT_OWN] || l->retry); /* R2 */
	MUST(l->at < l->n_before && strcmp(l->before[l->at], a->name) == 0);
	snprintf(l->pred, sizeof(l->pred), "%s", a->name);
	l->armed = l->earned = false;
	ask(l, a, ZKL_SLOT_PRED);
}

static void remove_node(struct ledger *l, const struct zkl_action *a)
{
	/* which may be gone by now: its name is used once, so that this hits nobody else */
	MUST(l->fate != MAYBE_A_NODE && strcmp(l->node, a->name) == 0);
	MUST(l->failed || l->over || l->released);
	if (a->type == ZKL_ACT_SIGNOFF) /* R5 */
		MUST(l->granted && l->released && !l->over);
	ask(l, a, ZKL_SLOT_GONE);
}

static void grant(struct ledger *l, const struct zkl_action *a, const struct zkl_event *e)
{
	MUST(!l->granted && !l->failed && !l->over);
	MUST(l->fate == OUR_NODE && l->earned);
	MUST(e->until > e->now);
	MUST(a->czxid == l->czxid);
	l->granted = true;
}

static void lose(struct ledger *l, const struct zkl_action *a, const struct zkl_event *e)
{
	MUST(l->granted && !l->over && !l->released);
	MUST((a->cause == ZKLOCK_CAUSE_UNPROVEN) == (e->type == ZKL_EV_UNPROVEN));
	MUST((a->cause == ZKLOCK_CAUSE_EXPIRED) == (e->type == ZKL_EV_EXPIRED));
	l->over = true;
}

static void tell(struct ledger *l, const struct zkl_action *a, const struct zkl_event *e)
{
	switch (a->type) {
	case ZKL_ACT_QUEUED:
		MUST(!l->queued && !l->granted && !l->failed && a->ahead == l->ahead);
		l->queued = true;
		break;
	case ZKL_ACT_GRANT:
		grant(l, a, e);
		break;
	case ZKL_ACT_FAIL:
		MUST(!l->granted && !l->failed && a->error != ZKLOCK_OK);
		l->failed = true;
		break;
	case ZKL_ACT_LOST:
		lose(l, a, e);
		break;
	case ZKL_ACT_RELEASED:
		MUST(l->released && !l->over);
		l->over = true;
		break;
	case ZKL_ACT_END: /* P6 */
		MUST(!l->ended && (l->failed || l->over) && l->fate == NO_NODE);
		l->ended = true;
		break;
	default:
		MUST(!"an action that nobody knows");
	}
}

static void act(struct ledger *l, const struct zkl_action *a, const struct zkl_event *e)
{
	MUST(!l->ended); /* nothing after the end */
	switch (a->type) {
	case ZKL_ACT_PEEK:
		ask(l, a, ZKL_SLOT_LIST);
		break;
	case ZKL_ACT_CREATE:
		create(l, a);
		break;
	case ZKL_ACT_LIST:
		list(l, a);
		break;
	case ZKL_ACT_SYNC:
		ask(l, a, ZKL_SLOT_SYNC);
		break;
	case ZKL_ACT_GET_OWN:
		MUST(is_own(l, a->name));
		ask(l, a, ZKL_SLOT_OWN);
		break;
	case ZKL_ACT_GET_PRED:
		get_pred(l, a);
		break;
	case ZKL_ACT_SIGNOFF:
	case ZKL_ACT_DELETE:
		remove_node(l, a);
		break;
	case ZKL_ACT_UNWATCH:
		MUST(a->name && a->name[0]);
		break;
	case ZKL_ACT_PROVE:
		MUST(l->online && l->earned);
		l->prove = true;
		break;
	case ZKL_ACT_RETRY:
		MUST(l->online);
		l->retry = true;
		break;
	case ZKL_ACT_PARENTS:
		MUST(l->online);
		break;
	default:
		tell(l, a, e);
	}
}

void ledger_actions(
	struct ledger *l, const struct zkl_event *event, const struct zkl_actions *actions)
{
	MUST(actions->count <= ZKL_ACTIONS_MAX);
	for (int i = 0; i < actions->count; i++)
		act(l, &actions->list[i], event);
	MUST(zkl_recipe_table.invariant(l->recipe));
	MUST((l->recipe->state == ZKL_ENDED) == l->ended);
	MUST((l->recipe->state == ZKL_HELD) == (l->granted && !l->over && !l->released));
	if (l->recipe->node[0])
		MUST(l->fate != NO_NODE || l->recipe->state >= ZKL_RELEASING);
	(void)zkl_recipe_far(l->recipe);
}
