/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c - members of a JSON object, and the object on standard output, on one line.
 */
#include "json.h"

#include "text.h"

#define SCHEMA 1

JsonBuilder *zkl_json_begin(void)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_object(builder);
	zkl_json_number(builder, "schema", SCHEMA);
	return builder;
}

int zkl_json_print(const struct cli *cli, JsonBuilder *builder)
{
	g_autoptr(JsonNode) root = NULL;
	g_autofree char *text = NULL, *safe = NULL, *line = NULL;

	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	text = json_to_string(root, FALSE);
	safe = zkl_text_escape_json(text);
	line = g_strconcat(safe, "\n", NULL);
	g_object_unref(builder);
	return zkl_cli_print(cli, line);
}

void zkl_json_text(JsonBuilder *builder, const char *name, const char *value)
{
	g_autofree char *valid = g_utf8_make_valid(value ? value : "", -1);

	json_builder_set_member_name(builder, name);
	json_builder_add_string_value(builder, valid);
}

void zkl_json_number(JsonBuilder *builder, const char *name, gint64 value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_int_value(builder, value);
}

void zkl_json_flag(JsonBuilder *builder, const char *name, gboolean value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_boolean_value(builder, value);
}
