/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.h - zklock, through its public header only.
 */
#ifndef BENCH_LOCK_H
#define BENCH_LOCK_H

#include "contest.h"

struct contestant *lock_contestant(const char *servers);

/* Open a session, take a lock; the time for it in *ret_us. */
bool lock_cold(const char *servers, double *ret_us, GError **error);

#endif
