/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - the machine's own clock and random source. */
#include "port/clock.h"

#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

/* CLOCK_BOOTTIME: the servers' time goes on while this machine sleeps, and so does this one. The C
 * client's own CLOCK_MONOTONIC_RAW does not (traps.md 24). */
static zkl_time real_now(void *ctx)
{
	(void)ctx;
	struct timespec ts;
	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0)
		abort(); /* a kernel older than 2.6.39: no lease could be trusted */
	return ts.tv_sec * ZKL_SEC + ts.tv_nsec;
}

/* Never random() or drand48(): the C client seeds them again whenever it likes
 * (traps.md 19). */
static uint64_t real_random(void *ctx)
{
	(void)ctx;
	uint64_t bits;
	while (getrandom(&bits, sizeof bits, 0) != (ssize_t)sizeof bits)
		continue; /* EINTR: a signal before the pool was ready */
	return bits;
}

static const struct zkl_clock real_clock = {.now = real_now, .random = real_random, .ctx = NULL};

const struct zkl_clock *zkl_clock_real(void)
{
	return &real_clock;
}
