/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_version.c - zklock version: of the command, and of the library it runs with.
 */
#include "commands.h"
#include "json.h"

#define TEXT(x)	  #x
#define NUMBER(x) TEXT(x)
#define COMMAND_VERSION                                                                            \
	NUMBER(ZKLOCK_VERSION_MAJOR)                                                               \
	"." NUMBER(ZKLOCK_VERSION_MINOR) "." NUMBER(ZKLOCK_VERSION_MICRO)

static int print_json(const struct cli *cli)
{
	JsonBuilder *json = zkl_json_begin();

	zkl_json_text(json, "zklock", COMMAND_VERSION);
	zkl_json_text(json, "libzklock", zklock_version());
	return zkl_json_print(cli, json);
}

int zkl_cmd_version(struct cli *cli, int argc, char **argv)
{
	g_autofree char *line = NULL;
	int status = zkl_cli_parse(
		cli, CLI_JSON, NULL, "", "Show the version of command and library.", &argc, &argv);

	if (status != STATUS_OK)
		return status;
	if (cli->json)
		return print_json(cli);
	line = g_strdup_printf("zklock " COMMAND_VERSION " (libzklock %s)\n", zklock_version());
	return zkl_cli_print(cli, line);
}
