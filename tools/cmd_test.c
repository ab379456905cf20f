/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_test.c - zklock test: is a lock free? Takes nothing, joins nothing.
 */
#include "commands.h"
#include "contender.h"
#include "json.h"

#include <stdio.h>

static int print_json(const struct cli *cli, const char *name, const zklock_owners_t *owners)
{
	JsonBuilder *json = zkl_json_begin();

	zkl_json_text(json, "name", name);
	zkl_json_flag(json, "free", zklock_owners_total(owners) == 0);
	zkl_json_number(json, "total", (gint64)zklock_owners_total(owners));
	if (zklock_owners_count(owners) > 0) {
		json_builder_set_member_name(json, "holder");
		zkl_contender_json(json, zklock_owners_get(owners, 0));
	}
	return zkl_json_print(cli, json);
}

static int print_text(const struct cli *cli, const char *name, const zklock_owners_t *owners)
{
	g_autofree char *who = NULL, *line = NULL;

	if (cli->quiet)
		return STATUS_OK;
	if (zklock_owners_count(owners) == 0) {
		line = g_strdup_printf("%s: free\n", name);
	} else {
		who = zkl_contender_who(zklock_owners_get(owners, 0));
		line = g_strdup_printf("%s: held by %s, %zu waiting\n", name, who,
			zklock_owners_total(owners) - 1);
	}
	return zkl_cli_print(cli, line);
}

static int test(struct cli *cli, const char *name, int busy_status)
{
	zklock_owners_t *owners = NULL;
	int error = zklock_owners(cli->session, name, 1, CLI_ASK_MS, &owners), status;
	size_t total;

	if (error != ZKLOCK_OK)
		return zkl_cli_failed(cli, error, "cannot look at '%s'", name);
	status = cli->json ? print_json(cli, name, owners) : print_text(cli, name, owners);
	total = zklock_owners_total(owners);
	zklock_owners_free(owners);
	if (status != STATUS_OK)
		return status;
	return total > 0 ? busy_status : STATUS_OK;
}

int zkl_cmd_test(struct cli *cli, int argc, char **argv)
{
	int busy_status = STATUS_BUSY;
	const GOptionEntry own[] = {{"conflict-exit-code", 'E', 0, G_OPTION_ARG_INT, &busy_status,
					    "exit status when the lock is taken (75)", "CODE"},
		G_OPTION_ENTRY_NULL};
	int status = zkl_cli_parse(cli, CLI_SERVERS | CLI_JSON, own, "NAME",
		"Ask whether the lock NAME is free (status 0) or taken (status 75).", &argc, &argv);
	const char *name;

	if (status != STATUS_OK)
		return status;
	name = zkl_cli_name(cli, argc, argv);
	if (!name || !zkl_cli_exit_code(cli, "--conflict-exit-code", busy_status))
		return STATUS_USAGE;
	status = zkl_cli_connect(cli);
	return status == STATUS_OK ? test(cli, name, busy_status) : status;
}
