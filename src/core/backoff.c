/* SPDX-License-Identifier: Apache-2.0 */
/* backoff.c - pure arithmetic. Jitter keeps a thousand clients from coming back at once. */
#include "core/backoff.h"

#define FIRST (50 * INT64_C(1000000))
#define MOST  (5000 * INT64_C(1000000))

int64_t zkl_backoff(unsigned attempt, uint64_t random)
{
	int64_t span = attempt > 6 ? MOST : FIRST << attempt;

	if (span > MOST)
		span = MOST;
	return span / 2 + (int64_t)(random % (uint64_t)(span / 2 + 1));
}
