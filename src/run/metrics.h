/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h - counters and histograms of a session's locks, in Prometheus text format 0.0.4
 * (names: zklock_metrics_write(3)). Counted inside the monitor. */
#ifndef ZKL_RUN_METRICS_H
#define ZKL_RUN_METRICS_H

#include <zklock/zklock.h>

#include "port/transport.h"

#define ZKL_BUCKETS 12

/* Upper bounds of 1 ms to 1 h; the last bucket, +Inf, is the count. */
struct zkl_histogram {
	uint64_t buckets[ZKL_BUCKETS], count;
	double sum;
};

struct zkl_metrics {
	uint64_t acquired[ZKLOCK_ERR_INTERNAL + 1]; /* by result */
	uint64_t released[ZKLOCK_ERR_INTERNAL + 1];
	uint64_t lost[ZKLOCK_CAUSE_CLOSED + 1];
	uint64_t states[ZKLOCK_SESSION_CLOSED + 1];
	struct zkl_histogram wait, hold, release;
	int64_t held, waiting;
};

/* What one ZooKeeper session counts; the pool adds them up. */
struct zkl_session_metrics {
	uint64_t retries[ZKL_OPS][ZKL_RCS]; /* requests that had to be sent again, and why */
	uint64_t ghosts; /* nodes that came to light when nobody wanted them any more */
	struct zkl_histogram heartbeat;
};

void zkl_metrics_observe(struct zkl_histogram *histogram, zkl_time span);
void zkl_metrics_add(struct zkl_session_metrics *sum, const struct zkl_session_metrics *more);

/* Outside of the monitor. */
int zkl_metrics_write(zklock_session_t *session, const char *labels,
	int (*write)(const char *text, size_t len, void *user), void *user);

#endif
