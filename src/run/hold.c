/* SPDX-License-Identifier: Apache-2.0 */
/* hold.c - what becomes of a wait and of a hold. */
#include "run/hold.h"

#include "base/error.h"
#include "base/log.h"
#include "run/book.h"
#include "run/handle.h"

/* ---- references ----------------------------------------------------------------------------- */

struct zkl_hold *zkl_hold_new(zklock_t *lock, uint64_t thread, bool async)
{
	struct zkl_hold *hold = g_new0(struct zkl_hold, 1);

	hold->lock = lock;
	hold->thread = thread;
	hold->depth = 1;
	hold->refs = 2; /* the table's and the contender's */
	hold->async = async;
	hold->since = zkl_loop_now(lock->loop);
	zkl_pool_metrics(lock->pool)->waiting++;
	zkl_handle_ref(lock);
	lock->holds = g_list_prepend(lock->holds, hold);
	hold->contender = zkl_contender_new(zkl_pool_session(lock->pool), lock->dir, lock->label,
		ZKL_EXCLUSIVE, 1, &zkl_hold_ops, hold);
	return hold;
}

static void unref(struct zkl_hold *hold)
{
	zklock_t *lock = hold->lock;

	if (--hold->refs > 0)
		return;
	g_free(hold);
	zkl_handle_unref(lock);
}

void zkl_hold_drop(struct zkl_hold *hold)
{
	if (hold->thread && hold->state == ZKL_HOLD_HELD)
		zkl_book_leave(hold->thread, hold->lock->key, hold->lock);
	hold->lock->holds = g_list_remove(hold->lock->holds, hold);
	unref(hold);
}

void zkl_hold_discard(struct zkl_hold *hold)
{
	struct zkl_contender *contender = hold->contender;

	if (contender) {
		zkl_hold_changed(hold, ZKL_HOLD_DONE, ZKLOCK_ERR_CANCELLED); /* it is counted */
		hold->contender = NULL;
		zkl_contender_abandon(contender);
		unref(hold);
	}
	zkl_hold_drop(hold);
}

zkl_time zkl_hold_until(const struct zkl_hold *hold)
{
	return hold->contender ? zkl_contender_until(hold->contender) : 0;
}

bool zkl_hold_proven(const struct zkl_hold *hold)
{
	return hold->state == ZKL_HOLD_HELD &&
	       zkl_hold_until(hold) > zkl_loop_now(hold->lock->loop);
}

/* ---- what the contender tells ---------------------------------------------------------------- */

static void tell(struct zkl_hold *hold, zklock_event_t event)
{
	event.token = hold->token;
	event.remaining_ms = MAX(zkl_hold_until(hold) - zkl_loop_now(hold->lock->loop), 0) / ZKL_MS;
	zkl_events_emit(&hold->lock->events, &event);
}

static void tell_type(struct zkl_hold *hold, enum zklock_event_type type, int error)
{
	tell(hold, (zklock_event_t){.type = type, .error = error});
}

/* Count the way from one state to the next. */
static void count(struct zkl_hold *hold, enum zkl_hold_state to, int error)
{
	struct zkl_metrics *m = zkl_pool_metrics(hold->lock->pool);
	zkl_time now = zkl_loop_now(hold->lock->loop), span = now - hold->since;

	hold->since = now;
	if (hold->state == ZKL_HOLD_WAITING) {
		m->waiting--;
		m->acquired[error]++;
		m->held += to == ZKL_HOLD_HELD;
		if (to == ZKL_HOLD_HELD)
			zkl_metrics_observe(&m->wait, span);
	} else if (hold->state == ZKL_HOLD_HELD) {
		m->held--;
		zkl_metrics_observe(&m->hold, span);
	} else if (hold->state == ZKL_HOLD_RELEASING) {
		m->released[error]++;
		zkl_metrics_observe(&m->release, span);
	}
}

void zkl_hold_changed(struct zkl_hold *hold, enum zkl_hold_state state, int error)
{
	count(hold, state, error);
	if (hold->state == ZKL_HOLD_HELD && hold->thread && state != ZKL_HOLD_HELD)
		zkl_book_leave(hold->thread, hold->lock->key, hold->lock);
	hold->state = state;
	hold->error = error;
	if (hold->waiter)
		zkl_waiter_wake(hold->waiter);
}

/* The contender's last word: it will not call again. */
static void parted(struct zkl_hold *hold)
{
	hold->contender = NULL;
	unref(hold);
}

static void on_queued(void *owner, size_t ahead)
{
	tell(owner, (zklock_event_t){.type = ZKLOCK_EVENT_QUEUED, .ahead = (int64_t)ahead});
}

static void on_granted(void *owner)
{
	struct zkl_hold *hold = owner;

	hold->token = zkl_contender_token(hold->contender);
	zkl_hold_changed(hold, ZKL_HOLD_HELD, ZKLOCK_OK);
	if (hold->thread)
		zkl_book_enter(hold->thread, hold->lock->key, hold->lock);
	tell_type(hold, ZKLOCK_EVENT_GRANTED, ZKLOCK_OK);
}

static void on_failed(void *owner, int error)
{
	struct zkl_hold *hold = owner;
	bool async = hold->async;

	zkl_hold_changed(hold, ZKL_HOLD_DONE, error);
	tell_type(hold, ZKLOCK_EVENT_FAILED, error);
	if (async)
		zkl_hold_drop(hold);
	parted(hold);
}

static void on_suspended(void *owner)
{
	tell_type(owner, ZKLOCK_EVENT_SUSPENDED, ZKLOCK_OK);
}

static void on_resumed(void *owner)
{
	tell_type(owner, ZKLOCK_EVENT_RESUMED, ZKLOCK_OK);
}

static void on_lost(void *owner, enum zklock_cause cause)
{
	struct zkl_hold *hold = owner;

	zkl_hold_changed(hold, ZKL_HOLD_LOST, ZKLOCK_ERR_LOST);
	zkl_pool_metrics(hold->lock->pool)->lost[cause]++;
	zkl_log(ZKLOCK_LOG_WARNING, "%s: lost: %s", hold->lock->dir, zkl_cause_name(cause));
	tell(hold, (zklock_event_t){.type = ZKLOCK_EVENT_LOST, .cause = cause});
	parted(hold);
}

static void on_released(void *owner, int error)
{
	struct zkl_hold *hold = owner;

	zkl_hold_changed(hold, ZKL_HOLD_DONE, error);
	if (hold->async)
		tell_type(hold, ZKLOCK_EVENT_RELEASED, error);
	parted(hold);
}

const struct zkl_contender_ops zkl_hold_ops = {
	.queued = on_queued,
	.granted = on_granted,
	.failed = on_failed,
	.suspended = on_suspended,
	.resumed = on_resumed,
	.lost = on_lost,
	.released = on_released,
};
