/* SPDX-License-Identifier: Apache-2.0 */
/* lock.c - a handle: taking, giving back, and what a holder knows. */
#include "run/lock.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "run/book.h"
#include "run/handle.h"
#include "run/hold.h"

/* With ZKLOCK_DEBUG a freed handle's shell is kept, so that using it again is found out. */
#define ALIVE 0x5a4b4c31u
#define FREED 0x46524545u

/* ---- taking --------------------------------------------------------------------------------- */

static uint64_t me(const zklock_t *lock)
{
	return lock->flags & ZKLOCK_UNBOUND ? 0 : zkl_book_thread();
}

static struct zkl_hold *find_of(const zklock_t *lock, uint64_t thread)
{
	for (GList *i = lock->holds; i; i = i->next)
		if (((struct zkl_hold *)i->data)->thread == thread)
			return i->data;
	return NULL;
}

static struct zkl_hold *find(const zklock_t *lock)
{
	return find_of(lock, me(lock));
}

/* A trylock has no deadline of its own; silence of the servers must end it all the same. */
static void start(struct zkl_hold *hold, int64_t timeout_ms)
{
	const struct zkl_session_config *config = zkl_pool_config(hold->lock->pool);
	bool trying = timeout_ms == 0;

	zkl_contender_start(hold->contender, trying,
		zkl_waiter_deadline(
			hold->lock->loop, trying ? config->timeout / ZKL_MS : timeout_ms));
}

/* What stands in the way of a new wait. */
static int obstacle(zklock_t *lock, int64_t timeout_ms)
{
	if (lock->freed || zkl_pool_closing(lock->pool))
		return ZKLOCK_ERR_CLOSED;
	if (timeout_ms != 0 && !(lock->flags & ZKLOCK_UNBOUND) &&
		zkl_book_elsewhere(me(lock), lock->key, lock))
		return ZKLOCK_ERR_DEADLOCK;
	return ZKLOCK_OK;
}

/* An unbound handle has one hold, and that has not been given back. */
static int occupied(const struct zkl_hold *hold)
{
	return hold->state == ZKL_HOLD_LOST ? ZKLOCK_ERR_LOST : ZKLOCK_ERR_IN_USE;
}

/* The thread has it already, or waits already. */
static int again(struct zkl_hold *hold)
{
	if (!hold->thread)
		return occupied(hold);
	if (!zkl_hold_proven(hold))
		return ZKLOCK_ERR_LOST;
	hold->depth++;
	return ZKLOCK_OK;
}

/* The waiting thread is cancelled (row 27): its place is given up, or its lock given back. */
static void cancelled(void *arg)
{
	struct zkl_hold *hold = arg;
	struct zkl_loop *loop = hold->lock->loop;

	zkl_waiter_end(hold->waiter);
	hold->waiter = NULL;
	zkl_hold_discard(hold);
	zkl_loop_leave(loop);
}

static void wait_while(struct zkl_hold *hold, enum zkl_hold_state state, zkl_time deadline)
{
	struct zkl_waiter waiter;

	zkl_waiter_begin(&waiter, hold->lock->loop, deadline);
	hold->waiter = &waiter;
	pthread_cleanup_push(cancelled, hold);
	while (hold->state == state && zkl_waiter_wait(&waiter))
		;
	pthread_cleanup_pop(0);
	hold->waiter = NULL;
	zkl_waiter_end(&waiter);
}

static int wait_granted(struct zkl_hold *hold)
{
	int error;

	wait_while(hold, ZKL_HOLD_WAITING, ZKL_NEVER); /* the contender keeps the deadline */
	error = hold->error;
	if (hold->lock->freed && hold->state == ZKL_HOLD_HELD) {
		/* granted, and freed before this thread woke: nobody could give it back */
		zkl_hold_discard(hold);
		return ZKLOCK_ERR_CANCELLED;
	}
	/* LOST: lost again before this thread woke (row 17). An error is no hold to be given back.
	 */
	if (hold->state == ZKL_HOLD_DONE || hold->state == ZKL_HOLD_LOST)
		zkl_hold_drop(hold);
	return error;
}

int zkl_lock_acquire(zklock_t *lock, int64_t timeout_ms)
{
	struct zkl_hold *hold;
	int error;

	if (zkl_loop_in_callback(lock->loop))
		return ZKLOCK_ERR_IN_CALLBACK;
	zkl_loop_enter(lock->loop);
	hold = find(lock);
	error = obstacle(lock, timeout_ms);
	if (error == ZKLOCK_OK && hold) {
		error = again(hold);
	} else if (error == ZKLOCK_OK) {
		hold = zkl_hold_new(lock, me(lock), false);
		start(hold, timeout_ms);
		error = wait_granted(hold);
	}
	zkl_loop_leave(lock->loop);
	return error;
}

int zkl_lock_acquire_async(zklock_t *lock, int64_t timeout_ms)
{
	struct zkl_hold *hold;
	int error;

	zkl_loop_enter(lock->loop);
	hold = find(lock);
	error = obstacle(lock, timeout_ms);
	if (error == ZKLOCK_OK && hold)
		error = occupied(hold);
	if (error == ZKLOCK_OK)
		start(zkl_hold_new(lock, me(lock), true), timeout_ms);
	zkl_loop_leave(lock->loop);
	return error;
}

void zkl_lock_cancel(zklock_t *lock)
{
	GList *holds;

	zkl_loop_enter(lock->loop);
	holds = g_list_copy(lock->holds);
	for (GList *i = holds; i; i = i->next) {
		struct zkl_hold *hold = i->data;

		if (hold->state == ZKL_HOLD_WAITING && hold->contender)
			zkl_contender_leave(hold->contender, ZKLOCK_ERR_CANCELLED);
	}
	g_list_free(holds);
	zkl_loop_leave(lock->loop);
}

/* ---- giving back ---------------------------------------------------------------------------- */

static bool is_held_by_any(const zklock_t *lock)
{
	for (GList *i = lock->holds; i; i = i->next)
		if (((struct zkl_hold *)i->data)->state != ZKL_HOLD_WAITING)
			return true;
	return false;
}

/* Which error stands in the way of a release by this thread? Takes a level off. */
static int unwind(zklock_t *lock, struct zkl_hold *hold)
{
	if (!hold)
		return is_held_by_any(lock) ? ZKLOCK_ERR_NOT_OWNER : ZKLOCK_ERR_NOT_HELD;
	if (hold->state == ZKL_HOLD_WAITING)
		return ZKLOCK_ERR_NOT_HELD;
	if (--hold->depth > 0)
		return zkl_hold_proven(hold) ? ZKLOCK_OK : ZKLOCK_ERR_LOST;
	return ZKLOCK_OK;
}

/* The last level: true when a release is under way, which only the contender's word ends. */
static bool begin_release(struct zkl_hold *hold, bool async)
{
	hold->async = async;
	if (hold->contender)
		zkl_contender_release(hold->contender); /* may say lost() at once */
	if (hold->state == ZKL_HOLD_HELD)
		zkl_hold_changed(hold, ZKL_HOLD_RELEASING, ZKLOCK_OK);
	return hold->state == ZKL_HOLD_RELEASING;
}

static int wait_released(zklock_t *lock, struct zkl_hold *hold)
{
	zkl_time deadline = zkl_waiter_deadline(lock->loop, lock->unlock_timeout_ms);

	wait_while(hold, ZKL_HOLD_RELEASING, deadline);
	return hold->state == ZKL_HOLD_RELEASING ? ZKLOCK_ERR_PENDING : hold->error;
}

int zkl_lock_release(zklock_t *lock)
{
	bool wait = !(lock->flags & ZKLOCK_UNLOCK_NOWAIT) && !zkl_loop_in_callback(lock->loop);
	struct zkl_hold *hold;
	int error, state;

	/* row 27, R: the monitor waits with the cancel state it was entered in */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	zkl_loop_enter(lock->loop);
	hold = find(lock);
	error = unwind(lock, hold);
	if (error == ZKLOCK_OK && hold->depth == 0) {
		if (begin_release(hold, false))
			error = wait				     ? wait_released(lock, hold)
				: lock->flags & ZKLOCK_UNLOCK_NOWAIT ? ZKLOCK_OK
								     : ZKLOCK_ERR_PENDING;
		else
			error = hold->error;
		zkl_hold_drop(hold);
	}
	zkl_loop_leave(lock->loop);
	pthread_setcancelstate(state, NULL);
	return error;
}

int zkl_lock_release_async(zklock_t *lock)
{
	struct zkl_hold *hold;
	int error;

	zkl_loop_enter(lock->loop);
	hold = find(lock);
	error = unwind(lock, hold);
	if (error == ZKLOCK_OK && hold->depth == 0) {
		if (!begin_release(hold, true) && hold->state == ZKL_HOLD_LOST)
			error = ZKLOCK_ERR_LOST;
		zkl_hold_drop(hold);
	}
	zkl_loop_leave(lock->loop);
	return error;
}

/* ---- what a holder knows --------------------------------------------------------------------- */

bool zkl_lock_is_held(zklock_t *lock)
{
	struct zkl_hold *hold;
	bool held;

	zkl_loop_enter(lock->loop);
	hold = find(lock);
	held = hold && zkl_hold_proven(hold);
	zkl_loop_leave(lock->loop);
	return held;
}

int64_t zkl_lock_remaining_ms(zklock_t *lock)
{
	struct zkl_hold *hold;
	int64_t left = 0;

	zkl_loop_enter(lock->loop);
	hold = find(lock);
	if (hold && hold->state == ZKL_HOLD_HELD)
		left = zkl_hold_until(hold) - zkl_loop_now(lock->loop);
	zkl_loop_leave(lock->loop);
	return MAX(left, 0) / ZKL_MS;
}

/* OK when the caller holds it, else why not. */
static int standing(const struct zkl_hold *hold)
{
	if (!hold || hold->state == ZKL_HOLD_WAITING)
		return ZKLOCK_ERR_NOT_HELD;
	return zkl_hold_proven(hold) ? ZKLOCK_OK : ZKLOCK_ERR_LOST;
}

int zkl_lock_token(zklock_t *lock, int64_t *ret_token)
{
	struct zkl_hold *hold;
	int error;

	zkl_loop_enter(lock->loop);
	hold = find(lock);
	error = standing(hold);
	if (error == ZKLOCK_OK)
		*ret_token = hold->token;
	zkl_loop_leave(lock->loop);
	return error;
}

int zkl_lock_node(zklock_t *lock, char *ret_path, size_t size)
{
	struct zkl_hold *hold;
	int error;

	zkl_loop_enter(lock->loop);
	hold = find(lock);
	error = standing(hold);
	if (error == ZKLOCK_OK && strlen(zkl_contender_path(hold->contender)) >= size)
		error = ZKLOCK_ERR_LIMIT;
	if (error == ZKLOCK_OK)
		strcpy(ret_path, zkl_contender_path(hold->contender));
	zkl_loop_leave(lock->loop);
	return error;
}

/* ---- events --------------------------------------------------------------------------------- */

void zkl_lock_set_callback(zklock_t *lock, zklock_event_fn fn, void *user)
{
	zkl_loop_enter(lock->loop);
	zkl_events_set_callback(&lock->events, fn, user);
	zkl_loop_leave(lock->loop);
}

int zkl_lock_fd(zklock_t *lock)
{
	int fd;

	zkl_loop_enter(lock->loop);
	fd = zkl_events_fd(&lock->events);
	zkl_loop_leave(lock->loop);
	return fd;
}

bool zkl_lock_next_event(zklock_t *lock, zklock_event_t *ret_event)
{
	bool found;

	zkl_loop_enter(lock->loop);
	found = zkl_events_next(&lock->events, ret_event);
	zkl_loop_leave(lock->loop);
	return found;
}

/* ---- life ----------------------------------------------------------------------------------- */

/* With the reference that the book had: the handle may be freed meanwhile. */
static void thread_exited(zklock_t *lock, uint64_t thread)
{
	struct zkl_loop *loop = lock->loop;
	struct zkl_hold *hold;

	if (!zkl_pool_is_ours(lock->pool))
		return;
	zkl_loop_enter(loop);
	hold = find_of(lock, thread);
	if (hold) {
		zkl_log(ZKLOCK_LOG_WARNING, "%s: a thread exited while it held the lock: released",
			lock->dir);
		zkl_hold_discard(hold);
	}
	zkl_handle_unref(lock);
	zkl_loop_leave(loop);
}

static void hear_of_exits(void)
{
	zkl_book_on_exit(thread_exited);
}

zklock_t *zkl_lock_new(zklock_session_t *pool, const char *name, const zklock_options_t *options)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const struct zkl_session_config *config = zkl_pool_config(pool);
	zklock_t *lock = g_new0(zklock_t, 1);

	pthread_once(&once, hear_of_exits);
	lock->pool = zkl_pool_ref(pool);
	lock->loop = zkl_pool_loop(pool);
	lock->key = g_strconcat(config->servers, config->chroot, config->root, "/", name, NULL);
	lock->dir = lock->key + strlen(config->servers) + strlen(config->chroot);
	lock->name = lock->key + strlen(lock->key) - strlen(name);
	lock->label = g_strdup(options->label);
	lock->flags = options->flags;
	lock->unlock_timeout_ms =
		options->unlock_timeout_ms ? options->unlock_timeout_ms : config->timeout / ZKL_MS;
	lock->magic = ALIVE;
	lock->refs = 1;
	zkl_events_init(&lock->events, lock->loop, lock, zkl_handle_ref, zkl_handle_unref);
	return lock;
}

void zkl_lock_free(zklock_t *lock)
{
	struct zkl_loop *loop = lock->loop;
	GList *holds;

	zkl_loop_enter(loop);
	lock->magic = FREED;
	lock->freed = true;
	zkl_events_shut(&lock->events);
	holds = g_list_copy(lock->holds);
	for (GList *i = holds; i; i = i->next) {
		struct zkl_hold *hold = i->data;

		if (hold->waiter && hold->contender && hold->state == ZKL_HOLD_WAITING)
			zkl_contender_leave(hold->contender, ZKLOCK_ERR_CANCELLED);
		else if (!hold->waiter)
			zkl_hold_discard(hold);
	}
	g_list_free(holds);
	zkl_handle_unref(lock);
	zkl_loop_leave(loop);
}

zklock_session_t *zkl_lock_pool(const zklock_t *lock)
{
	return lock->pool;
}

const char *zkl_lock_name(const zklock_t *lock)
{
	return lock->name;
}

bool zkl_lock_is_unbound(const zklock_t *lock)
{
	return lock->flags & ZKLOCK_UNBOUND;
}

bool zkl_lock_is_alive(const zklock_t *lock)
{
	if (lock->magic == ALIVE)
		return true;
	zkl_log(ZKLOCK_LOG_ERROR,
		"a lock handle is used after zklock_free(): an error of the program");
	return false;
}
