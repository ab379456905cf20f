/* SPDX-License-Identifier: Apache-2.0 */
/* backoff.h - how long to wait before the next try: doubling, capped, with jitter. */
#ifndef ZKL_CORE_BACKOFF_H
#define ZKL_CORE_BACKOFF_H

#include <stdint.h>

/* Nanoseconds before try number `attempt` (0 is the first retry): between a half and all of
 * 50 ms * 2^attempt, at most 5 s. */
int64_t zkl_backoff(unsigned attempt, uint64_t random);

#endif
