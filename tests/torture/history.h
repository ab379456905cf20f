/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - what a worker of the torture writes down: JSON lines, each in one write(2), so that a
 * line that was written outlives the kill -9 that follows it. Times are CLOCK_BOOTTIME, which all
 * processes of a machine share.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stdint.h>

void history_open(const char *path);
int64_t history_now(void); /* ns */

/* {"ev":EVENT,"t":now,...}: the rest is a printf format of further members, without the braces. */
void history_write(const char *event, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same at a time that was taken before. */
void history_write_at(int64_t t, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What this process uses now: descriptors, threads, memory. */
struct usage {
	int fds, threads;
	int64_t rss_kb;
};
struct usage history_usage(void);

/* A stream of dice of its own for each thread. */
uint64_t dice(uint64_t *state);
int64_t dice_between(uint64_t *state, int64_t low, int64_t high);

#endif
