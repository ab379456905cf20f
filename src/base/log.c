/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - the sink and its level.
 *
 * Sink, level and user change together, while other threads log: they stand in one immutable
 * record behind an atomic pointer. Replaced records are kept (a program sets its log once or
 * twice), so that a line under way never reads freed memory. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct sink {
	zklock_log_fn fn;
	int level;
	void *user;
	struct sink *previous; /* keeps the chain reachable for leak checkers */
};

static void to_stderr(int level, const char *text, void *user)
{
	static const char *const names[] = {"", "error", "warning", "info", "debug"};

	(void)user;
	fprintf(stderr, "zklock: %s: %s\n", names[level], text);
}

static struct sink standard = {to_stderr, ZKLOCK_LOG_WARNING, NULL, NULL};
static _Atomic(struct sink *) current = &standard;

void zkl_log_set(zklock_log_fn fn, int level, void *user)
{
	struct sink *sink = malloc(sizeof(*sink));

	if (!sink)
		return;
	sink->fn = fn ? fn : to_stderr;
	sink->level = level < ZKLOCK_LOG_ERROR ? ZKLOCK_LOG_ERROR : level;
	sink->user = user;
	sink->previous = atomic_load(&current);
	while (!atomic_compare_exchange_weak(&current, &sink->previous, sink))
		;
}

bool zkl_log_wants(int level)
{
	return level <= atomic_load(&current)->level;
}

void zkl_log(int level, const char *format, ...)
{
	const struct sink *sink = atomic_load(&current);
	char text[1024];
	va_list args;

	if (level > sink->level || level < ZKLOCK_LOG_ERROR || level > ZKLOCK_LOG_DEBUG)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	sink->fn(level, text, sink->user);
}
