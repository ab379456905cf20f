/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - what the locks protect: one cell for each lock, in a file that all workers map. It
 * keeps the highest token it has seen and refuses a smaller one, in one atomic step.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stdint.h>

#define STORE_CELLS 64

void store_open(const char *path);
/* Write under this token. Result: accepted. *ret_highest: what the cell had seen before. */
bool store_write(int cell, int64_t token, int64_t *ret_highest);

#endif
