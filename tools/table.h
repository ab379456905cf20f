/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - rows and columns on a terminal: as wide as it is, and never wider.
 */
#ifndef ZKLOCK_TOOLS_TABLE_H
#define ZKLOCK_TOOLS_TABLE_H

#include "cli.h"

struct table;

/** titles: NULL at the end. The last column takes what room is left. */
struct table *zkl_table_new(const char *const *titles);
/** Add a row of safe texts (zkl_text_escape). NULL at the end. */
void zkl_table_add(struct table *table, ...) G_GNUC_NULL_TERMINATED;
/** Colour the row added last, on terminals that want it. */
void zkl_table_emphasize(struct table *table);
/** Print and free. Result: exit status. */
int zkl_table_print(const struct cli *cli, struct table *table);

#endif
