/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line.h - a line of contenders for one lock, in this process, driven by callbacks.
 *
 * Raw calls and zklock are measured by this same code, so they have the same layout: neighbours in
 * the line belong to different sessions, and a granted contender gives the lock back from within
 * the very callback that grants it. Joins are one at a time, so that the order is the one we want.
 *
 * An operation is started on the caller's thread and reports by line_queued() and the like, from
 * any thread.
 */
#ifndef BENCH_LINE_H
#define BENCH_LINE_H

#include "contest.h"

struct line;

struct line_ops {
	/* Start to queue. ahead: the contender to wait for, or NULL. NULL and *error on failure. */
	void *(*join)(
		void *maker, struct line *line, unsigned session, void *ahead, GError **error);
	void (*release)(void *contender); /* the holder's; then line_released() */
	void (*leave)(void *contender);	  /* a waiter's; then line_left() */
	void (*free)(void *contender);
};

/* place: the parent of its nodes, or the name of its lock; copied. */
struct line *line_new(
	const struct line_ops *ops, void *maker, unsigned sessions, const char *place);
/* Everyone goes; then the contenders are freed. */
void line_free(struct line *line);
/* Has nothing failed in it? line may be NULL: then there is none. */
bool line_is_usable(struct line *line);
const char *line_place(const struct line *line);

void line_queued(struct line *line);
void line_granted(struct line *line, void *contender);
void line_released(struct line *line);
void line_left(struct line *line);
void line_failed(struct line *line, const char *reason);

/* Join until a holder and n waiters are there. */
bool line_fill(struct line *line, unsigned n, GError **error);
/* `count` hand-overs, each released as soon as it is granted; adds the time of each. */
bool line_drain(struct line *line, unsigned count, GArray *samples, GError **error);
/* Again and again one more joins behind the line, and leaves when its time is taken; adds it. */
bool line_join(struct line *line, const struct task *task, GArray *samples, GError **error);
/* All leave at once but every `stay`-th, who has to look past those who went before it. */
bool line_leave(struct line *line, unsigned stay, GError **error);
/* Hand-overs at a line of n, refilled in between. */
bool line_handover(struct line *line, const struct task *task, GArray *samples, GError **error);

#endif
