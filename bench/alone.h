/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alone.h - to be alone on a machine that others use too, for as long as it takes to measure.
 *
 * All who keep to the same lock files (flock(1)) take turns: they neither disturb a repeat nor wait
 * for the whole run.
 */
#ifndef BENCH_ALONE_H
#define BENCH_ALONE_H

/* Waits for the locks of these files, in this order; NULL: none. When it has been alone for some
 * minutes already it lets the others in between first. */
void alone_begin(char **files);
void alone_end(void);

#endif
