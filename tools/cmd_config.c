/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_config.c - zklock config: each setting, its value and where it comes from.
 */
#include "commands.h"
#include "json.h"
#include "table.h"
#include "text.h"

static const char *const titles[] = {"SETTING", "VALUE", "FROM", NULL};

static int print_table(const struct cli *cli)
{
	struct table *table = zkl_table_new(titles);

	for (enum setting key = 0; key < N_SETTINGS; key++) {
		const char *text = zkl_settings_text(&cli->settings, key);
		g_autofree char *value = text ? zkl_text_escape(text) : g_strdup("(not set)");
		g_autofree char *source = zkl_settings_source(&cli->settings, key);
		g_autofree char *from = zkl_text_escape(source);

		zkl_table_add(table, zkl_settings_name(key), value, from, NULL);
		if (cli->settings.of[key].source != SOURCE_BUILT_IN)
			zkl_table_emphasize(table);
	}
	return zkl_table_print(cli, table);
}

static int print_json(const struct cli *cli)
{
	JsonBuilder *json = zkl_json_begin();

	json_builder_set_member_name(json, "settings");
	json_builder_begin_object(json);
	for (enum setting key = 0; key < N_SETTINGS; key++) {
		g_autofree char *source = zkl_settings_source(&cli->settings, key);

		json_builder_set_member_name(json, zkl_settings_name(key));
		json_builder_begin_object(json);
		zkl_json_text(json, "value", zkl_settings_text(&cli->settings, key));
		zkl_json_text(json, "source", source);
		json_builder_end_object(json);
	}
	json_builder_end_object(json);
	return zkl_json_print(cli, json);
}

int zkl_cmd_config(struct cli *cli, int argc, char **argv)
{
	int status = zkl_cli_parse(cli, CLI_SERVERS | CLI_CHILD | CLI_JSON, NULL, "",
		"Show each setting, its value and where it comes from.", &argc, &argv);

	if (status != STATUS_OK)
		return status;
	if (argc > 1)
		return zkl_cli_usage(cli, "takes no argument");
	return cli->json ? print_json(cli) : print_table(cli);
}
