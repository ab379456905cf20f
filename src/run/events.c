/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - the program's ears. */
#include "run/events.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"

struct call {
	struct zkl_events *events;
	zklock_event_t event;
};

void zkl_events_init(struct zkl_events *events, struct zkl_loop *loop, zklock_t *lock,
	void (*ref)(zklock_t *lock), void (*unref)(zklock_t *lock))
{
	*events = (struct zkl_events){
		.loop = loop, .lock = lock, .ref = ref, .unref = unref, .fd = -1};
	g_queue_init(&events->queue);
}

void zkl_events_clear(struct zkl_events *events)
{
	if (events->fd >= 0)
		close(events->fd);
	g_queue_clear_full(&events->queue, g_free);
}

static void call_user(void *arg)
{
	struct call *call = arg;
	struct zkl_events *events = call->events;
	struct zkl_loop *loop = events->loop;
	zklock_event_fn fn;
	void *user;

	zkl_loop_enter(loop);
	fn = events->fn;
	user = events->user;
	zkl_loop_leave(loop);
	if (fn)
		fn(events->lock, &call->event, user);
	zkl_loop_enter(loop);
	events->unref(events->lock);
	zkl_loop_leave(loop);
	g_free(call);
}

static void push(struct zkl_events *events, const zklock_event_t *event)
{
	uint64_t one = 1;

	g_queue_push_tail(&events->queue, g_memdup2(event, sizeof(*event)));
	if (write(events->fd, &one, sizeof(one)) < 0)
		zkl_log(ZKLOCK_LOG_ERROR, "cannot signal an event: %s", g_strerror(errno));
}

void zkl_events_emit(struct zkl_events *events, const zklock_event_t *event)
{
	struct call *call;

	if (events->shut)
		return;
	if (events->fd >= 0)
		push(events, event);
	if (!events->fn)
		return;
	call = g_new(struct call, 1);
	*call = (struct call){events, *event};
	events->ref(events->lock);
	zkl_loop_defer(events->loop, call_user, call);
}

void zkl_events_set_callback(struct zkl_events *events, zklock_event_fn fn, void *user)
{
	events->fn = fn;
	events->user = user;
}

void zkl_events_shut(struct zkl_events *events)
{
	events->shut = true;
	events->fn = NULL;
}

int zkl_events_fd(struct zkl_events *events)
{
	if (events->fd < 0)
		events->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	return events->fd;
}

bool zkl_events_next(struct zkl_events *events, zklock_event_t *ret_event)
{
	zklock_event_t *event = g_queue_pop_head(&events->queue);
	uint64_t one;

	if (!event)
		return false;
	if (read(events->fd, &one, sizeof(one)) < 0)
		zkl_log(ZKLOCK_LOG_ERROR, "cannot take an event: %s", g_strerror(errno));
	*ret_event = *event;
	g_free(event);
	return true;
}
