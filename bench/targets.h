/* SPDX-License-Identifier: Apache-2.0 */
/* targets.h - what was promised beside what was measured. */
#ifndef BENCH_TARGETS_H
#define BENCH_TARGETS_H

#include <json-glib/json-glib.h>

/* A table in Markdown of the targets that this run has measured; none when it has none. */
void targets_write(GString *out, JsonObject *run);

#endif
