/* SPDX-License-Identifier: Apache-2.0 */
/* fake_event.h - what will happen, in order of virtual time, then of being planned. */
#ifndef FAKE_EVENT_H
#define FAKE_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "port/clock.h"

struct fake_event {
	zkl_time time;
	uint64_t seq;
	void (*fn)(void *ctx, void *a, void *b);
	void *ctx, *a, *b;
	int kind; /* the planner's own */
	/* who must be awake for it, for the planner; -1: nobody */
	int server, host, link;
	unsigned life, link_life;
};

struct fake_queue {
	struct fake_event *heap;
	size_t n, size;
	uint64_t next_seq;
};

void fake_queue_clear(struct fake_queue *queue);
/* seq 0: the next number; else the event keeps the one it has, and so its place. */
void fake_queue_push(struct fake_queue *queue, struct fake_event event);
zkl_time fake_queue_next(const struct fake_queue *queue);
/* Undefined on an empty queue. */
struct fake_event fake_queue_pop(struct fake_queue *queue);

#endif
