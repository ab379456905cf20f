/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crowd.c - many workers share a number of cycles.
 */
#include "crowd.h"

#include "sample.h"

#define HANG_GUARD (120 * G_TIME_SPAN_SECOND)

struct crowd {
	GMutex mutex;
	GCond changed;
	unsigned cycles, to_start, running;
	double start;
	char *failure;
};

struct crowd *crowd_new(unsigned workers, unsigned cycles)
{
	struct crowd *crowd = g_new0(struct crowd, 1);

	g_mutex_init(&crowd->mutex);
	g_cond_init(&crowd->changed);
	crowd->cycles = crowd->to_start = cycles;
	crowd->running = workers;
	return crowd;
}

void crowd_free(struct crowd *crowd)
{
	g_free(crowd->failure);
	g_free(crowd);
}

bool crowd_may_start(struct crowd *crowd)
{
	bool yes;

	g_mutex_lock(&crowd->mutex);
	if (crowd->to_start == crowd->cycles)
		crowd->start = bench_now();
	yes = crowd->to_start > 0 && crowd->failure == NULL;
	if (yes)
		crowd->to_start--;
	else
		crowd->running--;
	g_cond_broadcast(&crowd->changed);
	g_mutex_unlock(&crowd->mutex);
	return yes;
}

void crowd_fail(struct crowd *crowd, const char *reason)
{
	g_mutex_lock(&crowd->mutex);
	if (crowd->failure == NULL)
		crowd->failure = g_strdup(reason);
	crowd->running--;
	g_cond_broadcast(&crowd->changed);
	g_mutex_unlock(&crowd->mutex);
}

bool crowd_wait(struct crowd *crowd, GArray *samples, GError **error)
{
	gint64 end = g_get_monotonic_time() + HANG_GUARD;
	bool ok = true;

	g_mutex_lock(&crowd->mutex);
	while (ok && crowd->running > 0)
		ok = g_cond_wait_until(&crowd->changed, &crowd->mutex, end);
	if (!ok)
		bench_fail(error, "throughput", "no answer for two minutes");
	else if (crowd->failure != NULL)
		ok = bench_fail(error, "throughput", crowd->failure);
	else
		sample_add(samples, (bench_now() - crowd->start) / crowd->cycles);
	g_mutex_unlock(&crowd->mutex);
	return ok;
}
