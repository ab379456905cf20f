/* SPDX-License-Identifier: Apache-2.0 */
/* bell.h - what wakes the keeper: one for the process, rung by any thread. */
#ifndef ZKL_PORT_ZK_BELL_H
#define ZKL_PORT_ZK_BELL_H

#include <stdint.h>
#include <time.h>

void zkl_bell_ring(void);

/* How often it has rung; and waiting until that is no longer so, at most `ms` (-1: for ever). */
uint64_t zkl_bell_rung(void);
void zkl_bell_wait(uint64_t rung, int64_t ms);

/* By CLOCK_MONOTONIC, for a timed wait. */
struct timespec zkl_bell_in(int64_t ms);

/* In a forked child: nobody waits any more. */
void zkl_bell_forget(void);

#endif
