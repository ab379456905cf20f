/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - members of a JSON object, and the object on standard output, on one line.
 * Schema: zklock(1), section JSON. Every object says "schema": 1.
 */
#ifndef ZKLOCK_TOOLS_JSON_H
#define ZKLOCK_TOOLS_JSON_H

#include "cli.h"

#include <json-glib/json-glib.h>

/** Begin the outermost object. */
JsonBuilder *zkl_json_begin(void);
/** End it, print it, free it. Result: exit status. */
int zkl_json_print(const struct cli *cli, JsonBuilder *builder);

/** A text; bytes that are no UTF-8 are replaced. */
void zkl_json_text(JsonBuilder *builder, const char *name, const char *value);
void zkl_json_number(JsonBuilder *builder, const char *name, gint64 value);
void zkl_json_flag(JsonBuilder *builder, const char *name, gboolean value);

#endif
