/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - the monitor, its timers and its two threads. */
#include "run/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"

struct call {
	void (*fn)(void *);
	void *arg;
};

struct zkl_loop {
	const struct zkl_clock *clock;
	pthread_mutex_t mutex;
	int cancel_state;  /* of the thread inside */
	GSequence *timers; /* of struct zkl_timer, by due */
	zkl_time armed;	   /* what the timer descriptor is set to */
	GQueue calls;	   /* of struct call */
	GQueue dropped;	   /* of struct call: objects, and what frees them */
	bool threaded, stop, orphan;
	bool in_step; /* without a thread: a deferred call runs */
	pthread_t timer_thread, call_thread;
	pthread_cond_t more_calls; /* or stop */
	int stop_fd, timer_fd;
};

/* ---- the monitor -------------------------------------------------------------------------- */

void zkl_loop_enter(struct zkl_loop *loop)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&loop->mutex);
	loop->cancel_state = state;
}

static void sweep(GQueue *dropped)
{
	struct call *call;

	while ((call = g_queue_pop_head(dropped))) {
		call->fn(call->arg);
		g_free(call);
	}
}

void zkl_loop_leave(struct zkl_loop *loop)
{
	int state = loop->cancel_state;
	GQueue dropped = loop->dropped;

	g_queue_init(&loop->dropped);
	pthread_mutex_unlock(&loop->mutex);
	sweep(&dropped);
	pthread_setcancelstate(state, NULL);
}

void zkl_loop_wait(struct zkl_loop *loop, pthread_cond_t *cond)
{
	int state = loop->cancel_state;

	pthread_setcancelstate(state, NULL);
	pthread_cond_wait(cond, &loop->mutex);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	loop->cancel_state = state;
}

zkl_time zkl_loop_now(const struct zkl_loop *loop)
{
	return loop->clock->now(loop->clock->ctx);
}

uint64_t zkl_loop_random(const struct zkl_loop *loop)
{
	return loop->clock->random(loop->clock->ctx);
}

const struct zkl_clock *zkl_loop_clock(const struct zkl_loop *loop)
{
	return loop->clock;
}

/* ---- timers ------------------------------------------------------------------------------- */

static gint by_due(gconstpointer a, gconstpointer b, gpointer unused)
{
	const struct zkl_timer *x = a, *y = b;

	(void)unused;
	return x->due < y->due ? -1 : x->due > y->due;
}

/* Tell the descriptor, which wakes the thread, without waking it now. */
static void arm(struct zkl_loop *loop, zkl_time due)
{
	struct itimerspec spec = {.it_value = {due / ZKL_SEC, due % ZKL_SEC}};

	if (!loop->threaded || due >= loop->armed)
		return;
	loop->armed = due;
	if (due <= 0)
		spec.it_value.tv_nsec = 1; /* all zeroes would disarm it */
	timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

void zkl_timer_init(struct zkl_timer *timer, struct zkl_loop *loop, void (*fire)(void *), void *arg)
{
	*timer = (struct zkl_timer){.loop = loop, .fire = fire, .arg = arg, .due = ZKL_NEVER};
}

void zkl_timer_stop(struct zkl_timer *timer)
{
	if (timer->place)
		g_sequence_remove(timer->place);
	timer->place = NULL;
	timer->due = ZKL_NEVER;
}

void zkl_timer_set(struct zkl_timer *timer, zkl_time due)
{
	if (timer->due == due)
		return;
	zkl_timer_stop(timer);
	if (due == ZKL_NEVER)
		return;
	timer->due = due;
	timer->place = g_sequence_insert_sorted(timer->loop->timers, timer, by_due, NULL);
	arm(timer->loop, due);
}

void zkl_timer_set_earlier(struct zkl_timer *timer, zkl_time due)
{
	if (due < timer->due)
		zkl_timer_set(timer, due);
}

static struct zkl_timer *first_timer(struct zkl_loop *loop)
{
	GSequenceIter *first = g_sequence_get_begin_iter(loop->timers);

	return g_sequence_iter_is_end(first) ? NULL : g_sequence_get(first);
}

/* Fire what is due as of now; timers that are set meanwhile for now wait for the next round, so
 * that one which sets itself again cannot keep us here. */
static void fire_due(struct zkl_loop *loop)
{
	zkl_time now = zkl_loop_now(loop);
	struct zkl_timer *timer;
	guint rounds = (guint)g_sequence_get_length(loop->timers);

	while (rounds-- > 0 && (timer = first_timer(loop)) && timer->due <= now) {
		zkl_timer_stop(timer);
		timer->fire(timer->arg);
	}
	loop->armed = ZKL_NEVER;
	timer = first_timer(loop);
	if (timer)
		arm(loop, timer->due);
}

/* ---- deferred calls ------------------------------------------------------------------------ */

static void add(GQueue *queue, void (*fn)(void *), void *arg)
{
	struct call *call = g_new(struct call, 1);

	*call = (struct call){fn, arg};
	g_queue_push_tail(queue, call);
}

void zkl_loop_drop(struct zkl_loop *loop, void (*free_fn)(void *), void *object)
{
	add(&loop->dropped, free_fn, object);
}

void zkl_loop_defer(struct zkl_loop *loop, void (*fn)(void *), void *arg)
{
	add(&loop->calls, fn, arg);
	if (loop->calls.length == 1)
		pthread_cond_signal(&loop->more_calls);
}

static void run_calls(struct zkl_loop *loop)
{
	struct call *call;

	for (;;) {
		zkl_loop_enter(loop);
		call = g_queue_pop_head(&loop->calls);
		zkl_loop_leave(loop);
		if (!call)
			return;
		call->fn(call->arg);
		g_free(call);
	}
}

bool zkl_loop_in_callback(const struct zkl_loop *loop)
{
	return loop->threaded ? pthread_equal(loop->call_thread, pthread_self()) : loop->in_step;
}

/* ---- without a thread ---------------------------------------------------------------------- */

zkl_time zkl_loop_next_due(struct zkl_loop *loop)
{
	struct zkl_timer *timer = first_timer(loop);

	if (!g_queue_is_empty(&loop->calls))
		return zkl_loop_now(loop);
	return timer ? timer->due : ZKL_NEVER;
}

void zkl_loop_step(struct zkl_loop *loop)
{
	zkl_loop_enter(loop);
	fire_due(loop);
	zkl_loop_leave(loop);
	loop->in_step = true;
	run_calls(loop);
	loop->in_step = false;
}

/* ---- the threads --------------------------------------------------------------------------- */

static void destroy(struct zkl_loop *loop)
{
	run_calls(loop);
	if (loop->threaded) {
		close(loop->stop_fd);
		close(loop->timer_fd);
	}
	g_sequence_free(loop->timers);
	pthread_cond_destroy(&loop->more_calls);
	pthread_mutex_destroy(&loop->mutex);
	g_free(loop);
}

static void drain(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		zkl_log(ZKLOCK_LOG_ERROR, "cannot read the loop's descriptor: %s",
			g_strerror(errno));
}

static void *run_timers(void *arg)
{
	struct zkl_loop *loop = arg;
	struct pollfd fds[2] = {{loop->stop_fd, POLLIN, 0}, {loop->timer_fd, POLLIN, 0}};

	pthread_setname_np(pthread_self(), "zklock");
	for (;;) {
		poll(fds, 2, -1);
		if (fds[0].revents)
			return NULL;
		zkl_loop_enter(loop);
		drain(loop->timer_fd);
		fire_due(loop);
		zkl_loop_leave(loop);
	}
}

/* True when there is something to call, false when all is done and the loop is to end. */
static bool await_calls(struct zkl_loop *loop)
{
	bool some;

	zkl_loop_enter(loop);
	while (g_queue_is_empty(&loop->calls) && !loop->stop)
		zkl_loop_wait(loop, &loop->more_calls);
	some = !g_queue_is_empty(&loop->calls);
	zkl_loop_leave(loop);
	return some;
}

static void *make_calls(void *arg)
{
	struct zkl_loop *loop = arg;

	pthread_setname_np(pthread_self(), "zklock-call");
	while (await_calls(loop))
		run_calls(loop);
	if (loop->orphan) { /* set by this thread */
		pthread_join(loop->timer_thread, NULL);
		destroy(loop);
	}
	return NULL;
}

static void stop_threads(struct zkl_loop *loop)
{
	uint64_t one = 1;

	zkl_loop_enter(loop);
	loop->stop = true;
	pthread_cond_signal(&loop->more_calls);
	zkl_loop_leave(loop);
	if (write(loop->stop_fd, &one, sizeof(one)) < 0)
		zkl_log(ZKLOCK_LOG_ERROR, "cannot stop the loop: %s", g_strerror(errno));
}

/* Signals belong to the program's own threads. */
static bool spawn(struct zkl_loop *loop)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&loop->timer_thread, NULL, run_timers, loop);
	if (error == 0) {
		error = pthread_create(&loop->call_thread, NULL, make_calls, loop);
		if (error != 0) {
			stop_threads(loop);
			pthread_join(loop->timer_thread, NULL);
		}
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return error == 0;
}

static bool open_descriptors(struct zkl_loop *loop)
{
	loop->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	return loop->stop_fd >= 0 && loop->timer_fd >= 0;
}

/* errno stays. */
static void give_up(struct zkl_loop *loop)
{
	int cause = errno;

	zkl_log(ZKLOCK_LOG_ERROR, "cannot start a thread: %s", g_strerror(cause));
	if (loop->stop_fd >= 0)
		close(loop->stop_fd);
	if (loop->timer_fd >= 0)
		close(loop->timer_fd);
	loop->threaded = false;
	destroy(loop);
	errno = cause;
}

/* A thread is woken from inside the monitor, and gets there before the waker has left it: to look
 * again for a moment is cheaper than to sleep once more. */
static void init_mutex(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
#endif
	pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
}

struct zkl_loop *zkl_loop_new(const struct zkl_clock *clock, bool threaded)
{
	struct zkl_loop *loop = g_new0(struct zkl_loop, 1);

	loop->clock = clock;
	loop->armed = ZKL_NEVER;
	loop->threaded = threaded;
	init_mutex(&loop->mutex);
	pthread_cond_init(&loop->more_calls, NULL);
	g_queue_init(&loop->calls);
	g_queue_init(&loop->dropped);
	loop->timers = g_sequence_new(NULL);
	if (threaded && (!open_descriptors(loop) || !spawn(loop))) {
		give_up(loop);
		return NULL;
	}
	return loop;
}

void zkl_loop_free(struct zkl_loop *loop)
{
	if (!loop->threaded) {
		destroy(loop);
		return;
	}
	loop->orphan = zkl_loop_in_callback(loop);
	if (loop->orphan) {
		pthread_detach(loop->call_thread);
		stop_threads(loop);
		return;
	}
	stop_threads(loop);
	pthread_join(loop->timer_thread, NULL);
	pthread_join(loop->call_thread, NULL);
	destroy(loop);
}
