/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.h - the session's counters in a file, for the textfile collector of node_exporter.
 */
#ifndef ZKLOCK_TOOLS_METRICS_H
#define ZKLOCK_TOOLS_METRICS_H

#include "cli.h"

/** Write --metrics-file, if it is set: whole or not at all. Trouble is told and forgiven. */
void zkl_metrics_save(const struct cli *cli);

#endif
