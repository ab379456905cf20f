/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.c - a line of contenders for one lock.
 *
 * Everything is guarded by `mutex`, which is never held while an operation is started: the
 * operation may report before it returns.
 */
#include "line.h"

#include "sample.h"

#define HANG_GUARD                                                                                 \
	(120 * G_TIME_SPAN_SECOND) /* no answer for so long is a failure, not a result             \
				    */

struct line {
	const struct line_ops *ops;
	void *maker;
	unsigned sessions;
	unsigned next_session;
	char *place; /* its parent, or its lock's name */

	GMutex mutex;
	GCond changed;
	GQueue waiting; /* contenders in order, without the holder */
	void *holder;
	GPtrArray *gone; /* released or left; freed when nothing is under way */
	unsigned joined, leaving, releasing;
	unsigned handovers; /* still to be made */
	double released_at, joined_at;
	GArray *samples;
	char *failure;
};

struct line *line_new(const struct line_ops *ops, void *maker, unsigned sessions, const char *place)
{
	struct line *line = g_new0(struct line, 1);

	line->ops = ops;
	line->maker = maker;
	line->sessions = sessions;
	line->place = g_strdup(place);
	line->gone = g_ptr_array_new();
	g_mutex_init(&line->mutex);
	g_cond_init(&line->changed);
	g_queue_init(&line->waiting);
	return line;
}

/* ---- waiting for what was started ---------------------------------------------------------- */

/* With the mutex held: until *counter is `value`, a failure is told, or nothing moves. */
static bool await(struct line *line, const unsigned *counter, unsigned value, GError **error)
{
	gint64 end = g_get_monotonic_time() + HANG_GUARD;

	while (*counter != value && line->failure == NULL)
		if (!g_cond_wait_until(&line->changed, &line->mutex, end))
			return bench_fail(error, "line", "no answer for two minutes");
	return line->failure == NULL ? true : bench_fail(error, "line", line->failure);
}

static void free_gone(struct line *line)
{
	for (guint i = 0; i < line->gone->len; i++)
		line->ops->free(line->gone->pdata[i]);
	g_ptr_array_set_size(line->gone, 0);
}

/* ---- reports ------------------------------------------------------------------------------- */

void line_queued(struct line *line)
{
	g_mutex_lock(&line->mutex);
	line->joined_at = bench_now();
	line->joined++;
	g_cond_broadcast(&line->changed);
	g_mutex_unlock(&line->mutex);
}

void line_released(struct line *line)
{
	g_mutex_lock(&line->mutex);
	line->releasing--;
	g_cond_broadcast(&line->changed);
	g_mutex_unlock(&line->mutex);
}

void line_left(struct line *line)
{
	g_mutex_lock(&line->mutex);
	line->leaving--;
	g_cond_broadcast(&line->changed);
	g_mutex_unlock(&line->mutex);
}

void line_failed(struct line *line, const char *reason)
{
	g_mutex_lock(&line->mutex);
	if (line->failure == NULL)
		line->failure = g_strdup(reason);
	g_cond_broadcast(&line->changed);
	g_mutex_unlock(&line->mutex);
}

/* With the mutex held. The first of all was granted without a wait: that is a join. */
static bool take_grant(struct line *line, void *contender, double now)
{
	if (line->failure != NULL)
		return false;
	if (line->holder == NULL && line->handovers == 0) {
		line->joined++;
		return false;
	}
	if (g_queue_peek_head(&line->waiting) != contender) {
		line->failure = g_strdup("granted out of order");
		return false;
	}
	g_queue_pop_head(&line->waiting);
	line->holder = contender;
	sample_add(line->samples, now - line->released_at);
	line->handovers--;
	return line->handovers > 0;
}

static void release_holder(struct line *line, void *holder)
{
	g_mutex_lock(&line->mutex);
	g_ptr_array_add(line->gone, holder);
	line->releasing++;
	line->released_at = bench_now();
	g_mutex_unlock(&line->mutex);
	line->ops->release(holder);
}

void line_granted(struct line *line, void *contender)
{
	double now = bench_now();
	bool go_on;

	g_mutex_lock(&line->mutex);
	go_on = take_grant(line, contender, now);
	g_cond_broadcast(&line->changed);
	g_mutex_unlock(&line->mutex);
	if (go_on)
		release_holder(line, contender);
}

/* ---- what is measured ---------------------------------------------------------------------- */

/* Start a join and wait until it stands. */
static void *join(struct line *line, unsigned session, GError **error)
{
	void *ahead = g_queue_peek_tail(&line->waiting);
	unsigned want = line->joined + 1;
	void *contender;
	bool ok;

	contender = line->ops->join(line->maker, line, session % line->sessions,
		ahead != NULL ? ahead : line->holder, error);
	if (contender == NULL)
		return NULL;
	g_mutex_lock(&line->mutex);
	ok = await(line, &line->joined, want, error);
	g_mutex_unlock(&line->mutex);
	return ok ? contender : NULL;
}

bool line_fill(struct line *line, unsigned n, GError **error)
{
	while (line->holder == NULL || line->waiting.length < n) {
		void *contender = join(line, line->next_session++, error);

		if (contender == NULL)
			return false;
		if (line->holder == NULL)
			line->holder = contender;
		else
			g_queue_push_tail(&line->waiting, contender);
	}
	return true;
}

bool line_drain(struct line *line, unsigned count, GArray *samples, GError **error)
{
	bool ok;

	line->samples = samples;
	line->handovers = count;
	release_holder(line, line->holder);
	g_mutex_lock(&line->mutex);
	ok = await(line, &line->handovers, 0, error) && await(line, &line->releasing, 0, error);
	g_mutex_unlock(&line->mutex);
	if (ok)
		free_gone(line);
	return ok;
}

bool line_handover(struct line *line, const struct task *task, GArray *samples, GError **error)
{
	unsigned batch = bench_batch(task->n);

	for (unsigned done = 0; done < task->count; done += batch)
		if (!line_fill(line, task->n, error) || !line_drain(line, batch, samples, error))
			return false;
	return true;
}

static void start_leave(struct line *line, void *contender)
{
	g_mutex_lock(&line->mutex);
	line->leaving++;
	g_mutex_unlock(&line->mutex);
	g_ptr_array_add(line->gone, contender);
	line->ops->leave(contender);
}

static bool await_left(struct line *line, GError **error)
{
	bool ok;

	g_mutex_lock(&line->mutex);
	ok = await(line, &line->leaving, 0, error);
	g_mutex_unlock(&line->mutex);
	if (ok)
		free_gone(line);
	return ok;
}

static bool join_one(struct line *line, unsigned session, GArray *samples, GError **error)
{
	double start = bench_now();
	void *contender = join(line, session, error);

	if (contender == NULL)
		return false;
	sample_add(samples, line->joined_at - start);
	start_leave(line, contender);
	return await_left(line, error);
}

/* All by the session of this turn: elsewhere the one who has just left may still be in the list,
 * and would be looked for. */
bool line_join(struct line *line, const struct task *task, GArray *samples, GError **error)
{
	bool ok = line_fill(line, task->n, error);

	for (unsigned i = 0; ok && i < task->count; i++)
		ok = join_one(line, task->turn, samples, error);
	return ok;
}

bool line_leave(struct line *line, unsigned stay, GError **error)
{
	unsigned place = 1;

	for (GList *link = line->waiting.head; link != NULL; place++) {
		GList *leaver = link;

		link = link->next;
		if (place % stay == 0)
			continue;
		start_leave(line, leaver->data);
		g_queue_delete_link(&line->waiting, leaver);
	}
	return await_left(line, error);
}

static bool is_broken(struct line *line)
{
	bool broken;

	g_mutex_lock(&line->mutex);
	broken = line->failure != NULL;
	g_mutex_unlock(&line->mutex);
	return broken;
}

/* Backwards, so that nobody behind a leaver has to look. */
static bool everyone_goes(struct line *line)
{
	void *contender;
	bool ok;

	while ((contender = g_queue_pop_tail(&line->waiting)) != NULL)
		start_leave(line, contender);
	if (!await_left(line, NULL))
		return false;
	if (line->holder == NULL)
		return true;
	release_holder(line, line->holder);
	g_mutex_lock(&line->mutex);
	ok = await(line, &line->releasing, 0, NULL);
	g_mutex_unlock(&line->mutex);
	return ok;
}

/* A line that has failed is left alone: its contenders may still be called back. */
void line_free(struct line *line)
{
	if (is_broken(line) || !everyone_goes(line))
		return;
	free_gone(line);
	g_ptr_array_free(line->gone, TRUE);
	g_free(line->place);
	g_free(line);
}

bool line_is_usable(struct line *line)
{
	return line != NULL && !is_broken(line);
}

const char *line_place(const struct line *line)
{
	return line->place;
}
