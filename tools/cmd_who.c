/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_who.c - zklock who: holder and queue of one lock.
 */
#include "commands.h"
#include "contender.h"
#include "json.h"
#include "table.h"
#include "text.h"

static const char *const titles[] = {
	"", "SINCE", "TOKEN", "SESSION", "PROOF", "MAKE", "WHO", "NODE", NULL};

static void add_row(struct table *table, const zklock_owner_t *owner, size_t place)
{
	g_autofree char *position =
		owner->holds ? g_strdup("holds") : g_strdup_printf("%zu", place);
	g_autofree char *age = zkl_contender_age(owner);
	g_autofree char *token = g_strdup_printf("%" G_GINT64_FORMAT, owner->token);
	g_autofree char *session =
		g_strdup_printf("0x%" G_GINT64_MODIFIER "x", (guint64)owner->session_id);
	g_autofree char *proof = zkl_contender_proof(owner);
	g_autofree char *who = zkl_contender_who(owner);
	g_autofree char *node = zkl_text_escape(owner->node);

	zkl_table_add(table, position, age, token, session, proof, zkl_contender_make(owner->make),
		who, node, NULL);
	if (owner->holds)
		zkl_table_emphasize(table);
}

static int print_table(const struct cli *cli, const char *name, const zklock_owners_t *owners)
{
	struct table *table = zkl_table_new(titles);
	size_t strangers = zklock_owners_strangers(owners);

	if (zklock_owners_total(owners) == 0)
		zkl_cli_note(cli, "'%s' is free", name);
	if (strangers > 0)
		zkl_cli_note(cli,
			"%zu other children below '%s' are no contenders; zklock doctor explains",
			strangers, name);
	if (zklock_owners_count(owners) > 0 && zklock_owners_get(owners, 0)->proof_interval_ms < 0)
		zkl_cli_note(cli,
			"the holder makes no proofs: cut off from the servers it may believe in "
			"its lock longer than they do");
	for (size_t i = 0; i < zklock_owners_count(owners); i++)
		add_row(table, zklock_owners_get(owners, i), i);
	return zkl_table_print(cli, table);
}

static int print_json(const struct cli *cli, const char *name, const zklock_owners_t *owners)
{
	JsonBuilder *json = zkl_json_begin();

	zkl_json_text(json, "name", name);
	zkl_json_number(json, "total", (gint64)zklock_owners_total(owners));
	zkl_json_number(json, "strangers", (gint64)zklock_owners_strangers(owners));
	json_builder_set_member_name(json, "contenders");
	json_builder_begin_array(json);
	for (size_t i = 0; i < zklock_owners_count(owners); i++)
		zkl_contender_json(json, zklock_owners_get(owners, i));
	json_builder_end_array(json);
	return zkl_json_print(cli, json);
}

static int show(struct cli *cli, const char *name, int max)
{
	zklock_owners_t *owners = NULL;
	int error = zklock_owners(cli->session, name, (size_t)max, CLI_ASK_MS, &owners);
	int status;

	if (error != ZKLOCK_OK)
		return zkl_cli_failed(cli, error, "cannot look at '%s'", name);
	status = cli->json ? print_json(cli, name, owners) : print_table(cli, name, owners);
	zklock_owners_free(owners);
	return status;
}

int zkl_cmd_who(struct cli *cli, int argc, char **argv)
{
	int max = 0;
	const GOptionEntry own[] = {
		{"max", 'm', 0, G_OPTION_ARG_INT, &max, "at most that many, from the front", "N"},
		G_OPTION_ENTRY_NULL};
	int status = zkl_cli_parse(cli, CLI_SERVERS | CLI_JSON, own, "NAME",
		"Show who holds the lock NAME and who waits for it, in order.", &argc, &argv);
	const char *name;

	if (status != STATUS_OK)
		return status;
	if (max < 0)
		return zkl_cli_usage(cli, "--max %d: write 0 (all) or more", max);
	name = zkl_cli_name(cli, argc, argv);
	if (!name)
		return STATUS_USAGE;
	status = zkl_cli_connect(cli);
	return status == STATUS_OK ? show(cli, name, max) : status;
}
