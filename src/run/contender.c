/* SPDX-License-Identifier: Apache-2.0 */
/* contender.c - one attempt at a lock: the recipe, its session, its timers and its owner. */
#include "run/contender.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/trace.h"
#include "core/backoff.h"
#include "run/answers.h"
#include "run/contender_private.h"
#include "run/metrics.h"
#include "run/requests.h"
#include "run/tokens.h"

static void feed_type(struct zkl_contender *c, enum zkl_event_type type)
{
	zkl_contender_feed(c, (struct zkl_event){.type = type});
}

/* ---- queries ------------------------------------------------------------------------------- */

/* A session that lives proves our node only while we would hear of its end. */
static zkl_time proof(const struct zkl_contender *c)
{
	zkl_time session = zkl_session_until(c->session);

	return c->recipe.own_watched ? MAX(session, c->client.proof) : c->client.proof;
}

zkl_time zkl_contender_until(const struct zkl_contender *c)
{
	return c->held ? proof(c) : 0;
}

int64_t zkl_contender_token(const struct zkl_contender *c)
{
	return c->recipe.czxid + zkl_session_config(c->session)->token_base;
}

const char *zkl_contender_path(const struct zkl_contender *c)
{
	return c->path;
}

static zkl_time now(const struct zkl_contender *c)
{
	return zkl_loop_now(zkl_session_loop(c->session));
}

static bool token_grows(const struct zkl_contender *c)
{
	const struct zkl_session_config *config = zkl_session_config(c->session);
	char *key = g_strconcat(config->servers, config->chroot, c->dir, NULL);
	bool grows = zkl_tokens_grow(key, zkl_contender_token(c));

	g_free(key);
	return grows;
}

/* ---- actions: the owner -------------------------------------------------------------------- */

static void grant(struct zkl_contender *c)
{
	zkl_requests_set_path(c);
	zkl_timer_stop(&c->deadline);
	if (!token_grows(c)) {
		if (c->owner)
			c->ops->failed(c->owner, ZKLOCK_ERR_TOKEN_BASE);
		c->owner = NULL;
		feed_type(c, ZKL_EV_RELEASE);
		return;
	}
	c->held = true;
	zkl_session_rely(c->session, proof(c));
	if (c->owner)
		c->ops->granted(c->owner);
	else
		feed_type(c, ZKL_EV_RELEASE); /* it left as the grant came */
}

static void tell_failed(struct zkl_contender *c, int error)
{
	zkl_timer_stop(&c->deadline);
	if (c->owner)
		c->ops->failed(c->owner, error);
	c->owner = NULL;
}

static void tell_lost(struct zkl_contender *c, enum zklock_cause cause)
{
	/* Who slept past the proof may see the node go before the clock has told: that came first.
	 */
	if (cause == ZKLOCK_CAUSE_DELETED && proof(c) <= now(c))
		cause = ZKLOCK_CAUSE_UNPROVEN;
	if (cause == ZKLOCK_CAUSE_UNPROVEN && zkl_session_denied(c->session))
		cause = ZKLOCK_CAUSE_DENIED;
	/* Servers never end a session early, so these have forgotten it: other data (row 30), or
	 * somebody closed it in our name. */
	if (cause == ZKLOCK_CAUSE_EXPIRED && c->ended_by == cause && proof(c) > now(c))
		cause = ZKLOCK_CAUSE_RESET;
	else if (cause == ZKLOCK_CAUSE_EXPIRED)
		cause = (enum zklock_cause)c->ended_by;
	c->held = false;
	if (c->owner)
		c->ops->lost(c->owner, cause);
	c->owner = NULL;
}

static void tell_released(struct zkl_contender *c, int error)
{
	if (c->owner)
		c->ops->released(c->owner, error);
	c->owner = NULL;
}

const char *zkl_contender_label(const struct zkl_contender *c)
{
	return c->label ? c->label : zkl_session_config(c->session)->label;
}

static void destroy(void *arg)
{
	struct zkl_contender *c = arg;

	g_queue_clear_full(&c->later, g_free);
	zkl_recipe_clear(&c->recipe);
	g_free(c->dir);
	g_free(c->label);
	g_free(c);
}

static void end(struct zkl_contender *c)
{
	zkl_requests_unwatch_pred(c);
	zkl_requests_forget_node(c);
	zkl_timer_stop(&c->deadline);
	zkl_timer_stop(&c->retry);
	zkl_session_remove(c->session, &c->client);
}

static void perform(struct zkl_contender *c, const struct zkl_action *a)
{
	switch (a->type) {
	case ZKL_ACT_PARENTS:
		zkl_requests_send_parents(c);
		break;
	case ZKL_ACT_UNWATCH:
		zkl_requests_unwatch_pred(c);
		break;
	case ZKL_ACT_PROVE:
		zkl_session_need(c->session, &c->client, ZKL_NEED_HELD);
		zkl_session_prove(c->session);
		break;
	case ZKL_ACT_RETRY:
		zkl_timer_set(
			&c->retry, now(c) + zkl_backoff(a->attempt,
						    zkl_loop_random(zkl_session_loop(c->session))));
		break;
	case ZKL_ACT_QUEUED:
		if (c->owner)
			c->ops->queued(c->owner, a->ahead);
		break;
	case ZKL_ACT_GRANT:
		grant(c);
		break;
	case ZKL_ACT_FAIL:
		tell_failed(c, a->error);
		break;
	case ZKL_ACT_LOST:
		tell_lost(c, a->cause);
		break;
	case ZKL_ACT_RELEASED:
		tell_released(c, a->error);
		break;
	case ZKL_ACT_END:
		end(c);
		break;
	default:
		if (!zkl_requests_send(c, a))
			zkl_answers_unsent(c, a);
		break;
	}
}

static enum zkl_need need(const struct zkl_contender *c)
{
	switch (c->recipe.state) {
	case ZKL_PROVING:
	case ZKL_HELD:
		return ZKL_NEED_HELD;
	case ZKL_RELEASING:
		return ZKL_NEED_RELEASE;
	case ZKL_ARMING:
	case ZKL_WAITING:
		return !c->far_gone && zkl_recipe_far(&c->recipe) ? ZKL_NEED_FAR : ZKL_NEED_NEAR;
	default:
		return ZKL_NEED_NOTHING;
	}
}

/* A proof that is all but over is no good to a new holder: a fresh one is worth a round trip. */
static zkl_time proof_to_give(const struct zkl_contender *c)
{
	zkl_time until = proof(c);

	return until - now(c) >= zkl_session_least(c->session) ? until : 0;
}

/* One event through the recipe, and what it asks for. */
static void step(struct zkl_contender *c, struct zkl_event *event)
{
	struct zkl_actions actions;
	bool ghost = c->recipe.leaving && !c->recipe.node[0];

	event->now = now(c);
	event->until = proof_to_give(c);
	zkl_requests_heed(c, event);
	if (event->type == ZKL_EV_LISTED)
		c->far_gone = false;
	zkl_recipe_step(&c->recipe, event, &actions);
	zkl_session_metrics(c->session)->ghosts += ghost && c->recipe.node[0];
	for (int i = 0; i < actions.count; i++)
		perform(c, &actions.list[i]);
	if (c->recipe.state == ZKL_ENDED)
		return;
	zkl_session_need(c->session, &c->client, need(c));
	zkl_session_alone(
		c->session, &c->client, c->recipe.state == ZKL_HELD && !c->recipe.own_watched);
}

/* Events that come of actions wait until the actions are done. */
void zkl_contender_feed(struct zkl_contender *c, struct zkl_event event)
{
	struct zkl_event *next;

	if (c->busy) {
		g_queue_push_tail(&c->later, g_memdup2(&event, sizeof(event)));
		return;
	}
	c->busy = true;
	step(c, &event);
	while ((next = g_queue_pop_head(&c->later))) {
		step(c, next);
		g_free(next);
	}
	c->busy = false;
	if (c->recipe.state == ZKL_ENDED)
		zkl_loop_drop(zkl_session_loop(c->session), destroy, c);
}

/* ---- what the session tells ---------------------------------------------------------------- */

static struct zkl_contender *from(struct zkl_client *client)
{
	return (struct zkl_contender *)client;
}

/* Its last part, when it is a child of our lock's node. Contenders that are not ours may have the
 * same name below another lock. */
static const char *name_of(const struct zkl_contender *c, const char *path)
{
	size_t len = strlen(c->dir);

	return strncmp(path, c->dir, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/')
		       ? path + len + 1
		       : NULL;
}

static void on_watch(struct zkl_client *client, const char *path, enum zkl_watch_type type)
{
	const char *node = name_of(from(client), path);

	if (!node)
		return;
	/* OTHER means: look again, as after any change that is no sign-off */
	if (type == ZKL_WATCH_OTHER)
		from(client)->recipe.trusted = false;
	zkl_contender_feed(from(client),
		(struct zkl_event){.node = node,
			.type = type == ZKL_WATCH_DELETED ? ZKL_EV_DELETED : ZKL_EV_CHANGED});
}

static void on_online(struct zkl_client *client)
{
	struct zkl_contender *c = from(client);

	zkl_timer_stop(&c->retry);
	if (!zkl_session_can_prove(c->session)) { /* so nothing could ever be granted in it */
		zkl_contender_leave(c, ZKLOCK_ERR_SETTINGS);
		return;
	}
	zkl_contender_feed(c,
		(struct zkl_event){.type = ZKL_EV_ONLINE, .session = zkl_session_id(c->session)});
}

static void on_unsure(struct zkl_client *client)
{
	struct zkl_contender *c = from(client);

	if (c->held && !c->unsure) {
		c->unsure = true;
		if (c->owner)
			c->ops->suspended(c->owner);
	}
}

static void on_offline(struct zkl_client *client)
{
	feed_type(from(client), ZKL_EV_OFFLINE);
	on_unsure(client);
}

static void on_expired(struct zkl_client *client, enum zklock_cause cause)
{
	static const int settled[] = {
		[ZKLOCK_CAUSE_EXPIRED] = ZKLOCK_OK,
		[ZKLOCK_CAUSE_UNPROVEN] = ZKLOCK_ERR_PENDING,
		[ZKLOCK_CAUSE_CLOSED] = ZKLOCK_ERR_PENDING,
		[ZKLOCK_CAUSE_DENIED] = ZKLOCK_ERR_ACCESS,
	};

	from(client)->ended_by = cause;
	zkl_contender_feed(
		from(client), (struct zkl_event){.type = ZKL_EV_EXPIRED, .error = settled[cause]});
}

static void on_refused(struct zkl_client *client, int error)
{
	zkl_contender_feed(from(client), (struct zkl_event){.type = ZKL_EV_LEAVE, .error = error});
}

static void on_check(struct zkl_client *client)
{
	struct zkl_contender *c = from(client);

	if (!c->held)
		return;
	if (proof(c) <= now(c))
		feed_type(c, ZKL_EV_UNPROVEN);
	else
		zkl_session_rely(c->session, proof(c));
}

static void on_proven(struct zkl_client *client)
{
	struct zkl_contender *c = from(client);

	on_check(client); /* a late answer proves nothing to one whose time was over before */
	feed_type(c, ZKL_EV_PROVEN);
	if (c->held && c->unsure && proof(c) > now(c)) {
		c->unsure = false;
		if (c->owner)
			c->ops->resumed(c->owner);
	}
	if (c->held && !c->recipe.own_watched && !c->recipe.await[ZKL_SLOT_OWN])
		feed_type(c, ZKL_EV_RETRY); /* held for long: watch our own node, too */
}

static void on_missing(struct zkl_client *client)
{
	feed_type(from(client), ZKL_EV_MISSING);
}

static void on_closing(struct zkl_client *client)
{
	struct zkl_contender *c = from(client);

	if (c->held) {
		tell_lost(c, ZKLOCK_CAUSE_CLOSED);
		feed_type(c, ZKL_EV_RELEASE);
	} else {
		zkl_contender_feed(
			c, (struct zkl_event){.type = ZKL_EV_LEAVE, .error = ZKLOCK_ERR_CANCELLED});
	}
}

static const char *own_node(struct zkl_client *client)
{
	zkl_requests_set_path(from(client));
	return from(client)->path;
}

static const char *far_node(struct zkl_client *client)
{
	static __thread char path[1024];
	const char *far = zkl_recipe_far(&from(client)->recipe);

	if (!far)
		return NULL;
	g_snprintf(path, sizeof(path), "%s/%s", from(client)->dir, far);
	return path;
}

static void on_near(struct zkl_client *client)
{
	struct zkl_contender *c = from(client);

	c->far_gone = true;
	zkl_session_need(c->session, client, need(c));
}

static const struct zkl_client_ops client_ops = {
	.reply = zkl_answers_reply,
	.watch = on_watch,
	.online = on_online,
	.offline = on_offline,
	.expired = on_expired,
	.refused = on_refused,
	.unsure = on_unsure,
	.proven = on_proven,
	.missing = on_missing,
	.check = on_check,
	.closing = on_closing,
	.node = own_node,
	.far = far_node,
	.near = on_near,
};

/* ---- life ---------------------------------------------------------------------------------- */

static void deadline_passed(void *arg)
{
	struct zkl_contender *c = arg;
	bool stood_in_queue = c->recipe.state >= ZKL_LISTING && c->recipe.state != ZKL_PROVING &&
			      zkl_session_state(c->session) == ZKLOCK_SESSION_CONNECTED;
	int error = stood_in_queue ? ZKLOCK_ERR_TIMEOUT : ZKLOCK_ERR_UNAVAILABLE;

	if (zkl_session_error(c->session))
		error = zkl_session_error(c->session);
	zkl_contender_leave(c, error);
}

static void retry(void *arg)
{
	feed_type(arg, ZKL_EV_RETRY);
}

struct zkl_contender *zkl_contender_new(struct zkl_session *session, const char *dir,
	const char *label, enum zkl_share share, unsigned slots,
	const struct zkl_contender_ops *ops, void *owner)
{
	struct zkl_contender *c = g_new0(struct zkl_contender, 1);
	struct zkl_loop *loop = zkl_session_loop(session);

	c->client.ops = &client_ops;
	c->session = session;
	c->ops = ops;
	c->owner = owner;
	c->dir = g_strdup(dir);
	c->label = g_strdup(label);
	c->tid = (int32_t)syscall(SYS_gettid);
	c->client.watch_bytes = 2 * zkl_session_watch_size(session, dir);
	g_queue_init(&c->later);
	zkl_recipe_init(&c->recipe, share, slots, zkl_contender_label(c));
	zkl_timer_init(&c->deadline, loop, deadline_passed, c);
	zkl_timer_init(&c->retry, loop, retry, c);
	return c;
}

void zkl_contender_start(struct zkl_contender *c, bool trying, zkl_time deadline)
{
	zkl_session_add(c->session, &c->client);
	zkl_timer_set(&c->deadline, deadline);
	zkl_contender_feed(c, (struct zkl_event){.type = ZKL_EV_START, .trying = trying});
	if (zkl_session_state(c->session) == ZKLOCK_SESSION_CONNECTED)
		on_online(&c->client);
}

void zkl_contender_leave(struct zkl_contender *c, int error)
{
	zkl_contender_feed(c, (struct zkl_event){.type = ZKL_EV_LEAVE, .error = error});
}

void zkl_contender_release(struct zkl_contender *c)
{
	on_check(&c->client); /* what has run out is lost, and not released */
	c->held = false;
	feed_type(c, ZKL_EV_RELEASE);
}

void zkl_contender_abandon(struct zkl_contender *c)
{
	c->owner = NULL;
	if (c->held)
		zkl_contender_release(c);
	else
		zkl_contender_leave(c, ZKLOCK_ERR_CANCELLED);
}
