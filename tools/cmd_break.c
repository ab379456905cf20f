/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_break.c - zklock break: remove a holder or a waiter, after showing it and asking.
 * The one removed is told at once (its library watches its node); its successor gets its turn.
 */
#include "commands.h"
#include "contender.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zklock/znode.h>

static const zklock_owner_t *find(const zklock_owners_t *owners, const char *node)
{
	for (size_t i = 0; i < zklock_owners_count(owners); i++) {
		const zklock_owner_t *owner = zklock_owners_get(owners, i);

		if (!node || g_str_equal(owner->node, node))
			return owner;
	}
	return NULL;
}

static bool confirmed(const struct cli *cli, const char *name, const zklock_owner_t *owner)
{
	g_autofree char *who = zkl_contender_who(owner);
	g_autofree char *age = zkl_contender_age(owner);
	g_autofree char *node = zkl_text_escape(owner->node);
	char answer[16] = "";

	fprintf(stderr, "%s '%s' for %s: %s\n  node %s\nRemove it? [y/N] ",
		owner->holds ? "Holds" : "Waits for", name, age, who, node);
	return fgets(answer, sizeof(answer), stdin) &&
	       (g_ascii_strcasecmp(g_strstrip(answer), "y") == 0 ||
		       g_ascii_strcasecmp(answer, "yes") == 0);
}

static int delete (const struct cli *cli, const char *name, const zklock_owner_t *owner)
{
	g_autofree char *path = zkl_cli_path(cli, name, owner->node);
	g_autofree char *who = zkl_contender_who(owner);
	int error = zklock_znode_delete(cli->session, path, -1, NULL, CLI_ASK_MS);

	if (error == ZKLOCK_ERR_NO_NODE) {
		zkl_cli_note(cli, "%s has left '%s' already", who, name);
		return STATUS_OK;
	}
	if (error != ZKLOCK_OK)
		return zkl_cli_failed(cli, error, "cannot remove %s from '%s'", who, name);
	zkl_cli_note(cli, "removed %s from '%s'", who, name);
	return STATUS_OK;
}

static int break_one(const struct cli *cli, const char *name, const char *node, bool yes,
	const zklock_owners_t *owners)
{
	const zklock_owner_t *owner = find(owners, node);

	if (!owner && node) {
		zkl_cli_error(cli,
			"no contender '%s' in the queue of '%s'; zklock who %s lists them", node,
			name, name);
		return STATUS_FOUND;
	}
	if (!owner) {
		zkl_cli_note(cli, "'%s' is free, there is nobody to remove", name);
		return STATUS_OK;
	}
	if (!yes && !confirmed(cli, name, owner)) {
		zkl_cli_note(cli, "nothing removed");
		return STATUS_FOUND;
	}
	return delete (cli, name, owner);
}

int zkl_cmd_break(struct cli *cli, int argc, char **argv)
{
	gboolean yes = FALSE;
	g_autofree char *node = NULL;
	const GOptionEntry own[] = {{"yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "do not ask", NULL},
		{"node", 0, 0, G_OPTION_ARG_STRING, &node,
			"remove this contender instead of the holder", "NODE"},
		G_OPTION_ENTRY_NULL};
	zklock_owners_t *owners = NULL;
	const char *name;
	int status = zkl_cli_parse(cli, CLI_SERVERS, own, "NAME",
		"Remove the holder of the lock NAME (or a waiter), after showing it and asking.",
		&argc, &argv);
	int error;

	if (status != STATUS_OK)
		return status;
	name = zkl_cli_name(cli, argc, argv);
	if (!name)
		return STATUS_USAGE;
	if (!yes && !isatty(STDIN_FILENO))
		return zkl_cli_usage(cli, "there is nobody to ask: standard input is no terminal; "
					  "add --yes if you are sure");
	status = zkl_cli_connect(cli);
	if (status != STATUS_OK)
		return status;
	error = zklock_owners(cli->session, name, 0, CLI_ASK_MS, &owners);
	if (error != ZKLOCK_OK)
		return zkl_cli_failed(cli, error, "cannot look at '%s'", name);
	status = break_one(cli, name, node, yes, owners);
	zklock_owners_free(owners);
	return status;
}
