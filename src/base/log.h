/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - lines for people, to one sink a process. Any thread; never blocks on a lock of ours. */
#ifndef ZKL_BASE_LOG_H
#define ZKL_BASE_LOG_H

#include <stdbool.h>

#include <zklock/zklock.h>

void zkl_log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool zkl_log_wants(int level);
void zkl_log_set(zklock_log_fn fn, int level, void *user);

#endif
