/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c - the trace's sink. */
#include "base/trace.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

static zkl_trace_fn sink;
static void *sink_ctx;

void zkl_trace_set(zkl_trace_fn fn, void *ctx)
{
	sink = fn;
	sink_ctx = ctx;
}

void zkl_trace(const char *who, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!sink && !zkl_log_wants(ZKLOCK_LOG_DEBUG))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (sink)
		sink(sink_ctx, who, text);
	else
		zkl_log(ZKLOCK_LOG_DEBUG, "%s > %s", who, text);
}
