/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - time and randomness as a table, so that a simulation can own both. */
#ifndef ZKL_PORT_CLOCK_H
#define ZKL_PORT_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_BOOTTIME: it goes on while the machine sleeps, as the servers' time does
 * (faults.md row 4). */
typedef int64_t zkl_time;

#define ZKL_MS	  ((zkl_time)1000000)
#define ZKL_SEC	  (1000 * ZKL_MS)
#define ZKL_NEVER INT64_MAX

struct zkl_clock {
	zkl_time (*now)(void *ctx);
	/* 64 random bits; good enough for names and jitter, not for secrets */
	uint64_t (*random)(void *ctx);
	void *ctx;
};

/* The machine's own clock and random source. */
const struct zkl_clock *zkl_clock_real(void);

#endif
