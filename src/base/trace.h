/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h - decisions of the recipe and the session, as facts, to one sink. Off costs a branch.
 * The text that a user sees at debug level is the text that the story tests compare. */
#ifndef ZKL_BASE_TRACE_H
#define ZKL_BASE_TRACE_H

typedef void (*zkl_trace_fn)(void *ctx, const char *who, const char *text);

/* NULL: to the log, at debug level. Set before the threads that trace start. */
void zkl_trace_set(zkl_trace_fn fn, void *ctx);
void zkl_trace(const char *who, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
