/* SPDX-License-Identifier: Apache-2.0 */
/* fake_event.c - a binary heap of events. */
#include "lib/fake_event.h"

#include <stdbool.h>
#include <glib.h>

static bool before(const struct fake_event *a, const struct fake_event *b)
{
	return a->time != b->time ? a->time < b->time : a->seq < b->seq;
}

static void swap(struct fake_event *a, struct fake_event *b)
{
	struct fake_event keep = *a;

	*a = *b;
	*b = keep;
}

void fake_queue_clear(struct fake_queue *queue)
{
	g_free(queue->heap);
	*queue = (struct fake_queue){0};
}

void fake_queue_push(struct fake_queue *queue, struct fake_event event)
{
	size_t i = queue->n++;

	if (queue->n > queue->size) {
		queue->size = queue->size ? 2 * queue->size : 64;
		queue->heap = g_renew(struct fake_event, queue->heap, queue->size);
	}
	if (!event.seq)
		event.seq = ++queue->next_seq;
	queue->heap[i] = event;
	for (; i && before(&queue->heap[i], &queue->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&queue->heap[i], &queue->heap[(i - 1) / 2]);
}

zkl_time fake_queue_next(const struct fake_queue *queue)
{
	return queue->n ? queue->heap[0].time : ZKL_NEVER;
}

struct fake_event fake_queue_pop(struct fake_queue *queue)
{
	struct fake_event first = queue->heap[0];
	size_t i = 0;

	queue->heap[0] = queue->heap[--queue->n];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < queue->n && before(&queue->heap[child + 1], &queue->heap[child]))
			child++;
		if (child >= queue->n || !before(&queue->heap[child], &queue->heap[i]))
			return first;
		swap(&queue->heap[i], &queue->heap[child]);
		i = child;
	}
}
