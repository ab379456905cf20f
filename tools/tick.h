/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tick.h - the key of a run that must happen once: given by the user, or the scheduled time.
 */
#ifndef ZKLOCK_TOOLS_TICK_H
#define ZKLOCK_TOOLS_TICK_H

#include <stdbool.h>
#include <stdint.h>

/** "minute", "hour", "day", "every=TIME" -> period in ms; 0: text is a key itself; -1: a period
 *  that is no whole number of seconds, or not from 1 s to 1 day. */
int64_t zkl_tick_period(const char *text);

/** The key for a period: the UTC time at which the period began, as "2026-11-21T13:40:00Z". Keys of
 *  one job sort by time. Free with g_free(). */
char *zkl_tick_key(int64_t period_ms, int64_t wall_ms);

#endif
