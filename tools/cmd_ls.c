/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_ls.c - zklock ls: the locks under the root, who holds each, how many wait.
 */
#include "census.h"
#include "commands.h"
#include "contender.h"
#include "json.h"
#include "table.h"

#include <unistd.h>

static const char *const titles[] = {"LOCK", "WAITING", "SINCE", "TOKEN", "HOLDER", NULL};

static void add_row(struct table *table, const struct census_lock *lock)
{
	const zklock_owner_t *holder = zkl_census_holder(lock);
	g_autofree char *waiting = g_strdup_printf("%zu", zkl_census_waiting(lock));

	if (holder) {
		g_autofree char *age = zkl_contender_age(holder);
		g_autofree char *token = g_strdup_printf("%" G_GINT64_FORMAT, holder->token);
		g_autofree char *who = zkl_contender_who(holder);

		zkl_table_add(table, lock->name, waiting, age, token, who, NULL);
		zkl_table_emphasize(table);
	} else {
		zkl_table_add(table, lock->name, "0", "-", "-", "(free)", NULL);
	}
}

static int print_table(const struct cli *cli, const GPtrArray *locks, bool all)
{
	struct table *table = zkl_table_new(titles);

	for (guint i = 0; i < locks->len; i++) {
		const struct census_lock *lock = locks->pdata[i];

		if (all || zkl_census_holder(lock))
			add_row(table, lock);
	}
	return zkl_table_print(cli, table);
}

static void add_object(JsonBuilder *json, const struct census_lock *lock)
{
	const zklock_owner_t *holder = zkl_census_holder(lock);

	json_builder_begin_object(json);
	zkl_json_text(json, "name", lock->name);
	zkl_json_number(json, "waiting", (gint64)zkl_census_waiting(lock));
	zkl_json_number(json, "strangers", (gint64)zklock_owners_strangers(lock->owners));
	json_builder_set_member_name(json, "holder");
	if (holder)
		zkl_contender_json(json, holder);
	else
		json_builder_add_null_value(json);
	json_builder_end_object(json);
}

static int print_json(const struct cli *cli, const GPtrArray *locks, bool all)
{
	JsonBuilder *json = zkl_json_begin();

	zkl_json_text(json, "root", zkl_settings_text(&cli->settings, SET_ROOT));
	json_builder_set_member_name(json, "locks");
	json_builder_begin_array(json);
	for (guint i = 0; i < locks->len; i++) {
		const struct census_lock *lock = locks->pdata[i];

		if (all || zkl_census_holder(lock))
			add_object(json, lock);
	}
	json_builder_end_array(json);
	return zkl_json_print(cli, json);
}

static int list(struct cli *cli, bool all)
{
	g_autoptr(GPtrArray) locks = NULL;
	int error = zkl_census_take(cli, 1, CLI_ASK_MS, &locks);

	if (error != ZKLOCK_OK)
		return zkl_cli_failed(cli, error, "cannot list the locks under %s",
			zkl_settings_text(&cli->settings, SET_ROOT));
	return cli->json ? print_json(cli, locks, all) : print_table(cli, locks, all);
}

int zkl_cmd_ls(struct cli *cli, int argc, char **argv)
{
	gboolean all = FALSE;
	const GOptionEntry own[] = {
		{"all", 'a', 0, G_OPTION_ARG_NONE, &all, "also locks that are free", NULL},
		G_OPTION_ENTRY_NULL};
	int status = zkl_cli_parse(cli, CLI_SERVERS | CLI_JSON, own, "",
		"List the locks under the root that are held.", &argc, &argv);

	if (status == STATUS_OK && argc > 1)
		status = zkl_cli_usage(cli, "takes no name; zklock who NAME shows one lock");
	if (status == STATUS_OK)
		status = zkl_cli_connect(cli);
	return status == STATUS_OK ? list(cli, all) : status;
}
