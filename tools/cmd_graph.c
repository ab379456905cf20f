/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_graph.c - zklock graph: who waits for whom across locks, as DOT or JSON; names deadlocks.
 *
 * A node is a contender: session and thread, so that two threads of one process are two. An edge
 * goes from a waiter to the one before it in the queue, and from a zklock run to another that its
 * command has started. A cycle of such edges is a deadlock.
 */
#include "census.h"
#include "commands.h"
#include "contender.h"
#include "json.h"
#include "waits.h"

#define NESTED "its command"

static guint add_node(struct waits *waits, const zklock_owner_t *owner)
{
	g_autofree char *key = g_strdup_printf("%" G_GINT64_MODIFIER "x.%" G_GINT64_FORMAT,
		(guint64)owner->session_id, owner->tid);
	g_autofree char *name = zkl_contender_who(owner);

	return zkl_waits_node(waits, key, name);
}

static void add_queue(struct waits *waits, const struct census_lock *lock)
{
	guint before = 0;

	for (size_t i = 0; i < zklock_owners_count(lock->owners); i++) {
		guint node = add_node(waits, zklock_owners_get(lock->owners, i));

		if (i > 0)
			zkl_waits_edge(waits, node, before, lock->name);
		before = node;
	}
}

/* Edges from the contenders of the outer session to what their command waits with. */
static void add_nested(struct waits *waits, const zklock_owner_t *inner, guint node)
{
	int64_t outer = zkl_contender_outer(inner);
	g_autofree char *prefix = g_strdup_printf("%" G_GINT64_MODIFIER "x.", (guint64)outer);

	for (guint i = 0; outer && i < waits->keys->len; i++) {
		if (i != node && g_str_has_prefix(g_ptr_array_index(waits->keys, i), prefix))
			zkl_waits_edge(waits, i, node, NESTED);
	}
}

static void add_all_nested(struct waits *waits, const struct census_lock *lock)
{
	for (size_t i = 0; i < zklock_owners_count(lock->owners); i++) {
		const zklock_owner_t *owner = zklock_owners_get(lock->owners, i);

		add_nested(waits, owner, add_node(waits, owner));
	}
}

static const char *name_of(const struct waits *waits, guint place)
{
	return g_ptr_array_index(waits->names, place);
}

/* Inside of a DOT string; the text is safe for a terminal already. */
static char *quoted(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "\"", -1);

	return g_strjoinv("\\\"", parts);
}

static int print_dot(const struct cli *cli, const struct waits *waits)
{
	g_autoptr(GString) out = g_string_new("digraph zklock {\n  rankdir=LR;\n");

	for (guint i = 0; i < waits->names->len; i++) {
		g_autofree char *name = quoted(name_of(waits, i));

		g_string_append_printf(out, "  n%u [label=\"%s\"];\n", i, name);
	}
	for (guint i = 0; i < waits->edges->len; i++) {
		const struct waits_edge *edge = &g_array_index(waits->edges, struct waits_edge, i);

		g_string_append_printf(out, "  n%u -> n%u [label=\"%s\"%s];\n", edge->from,
			edge->to, edge->label, edge->in_cycle ? ", color=red, penwidth=2" : "");
	}
	g_string_append(out, "}\n");
	return zkl_cli_print(cli, out->str);
}

static int print_json(const struct cli *cli, const struct waits *waits)
{
	JsonBuilder *json = zkl_json_begin();

	json_builder_set_member_name(json, "nodes");
	json_builder_begin_array(json);
	for (guint i = 0; i < waits->names->len; i++)
		json_builder_add_string_value(json, name_of(waits, i));
	json_builder_end_array(json);
	json_builder_set_member_name(json, "edges");
	json_builder_begin_array(json);
	for (guint i = 0; i < waits->edges->len; i++) {
		const struct waits_edge *edge = &g_array_index(waits->edges, struct waits_edge, i);

		json_builder_begin_object(json);
		zkl_json_number(json, "from", edge->from);
		zkl_json_number(json, "to", edge->to);
		zkl_json_text(json, "lock", edge->label);
		zkl_json_flag(json, "deadlock", edge->in_cycle);
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
	return zkl_json_print(cli, json);
}

static void say_edge(
	const struct cli *cli, const struct waits *waits, const struct waits_edge *edge)
{
	const char *from = name_of(waits, edge->from), *to = name_of(waits, edge->to);

	if (g_str_equal(edge->label, NESTED))
		zkl_cli_error(cli, "deadlock: %s waits for its command %s", from, to);
	else
		zkl_cli_error(cli, "deadlock: %s waits for '%s' behind %s", from, edge->label, to);
}

static void name_deadlocks(const struct cli *cli, const struct waits *waits)
{
	for (guint i = 0; i < waits->edges->len; i++) {
		const struct waits_edge *edge = &g_array_index(waits->edges, struct waits_edge, i);

		if (edge->in_cycle)
			say_edge(cli, waits, edge);
	}
}

static int draw(struct cli *cli)
{
	g_autoptr(GPtrArray) locks = NULL;
	struct waits *waits;
	guint cycles;
	int error = zkl_census_take(cli, 0, CLI_ASK_MS, &locks), status;

	if (error != ZKLOCK_OK)
		return zkl_cli_failed(cli, error, "cannot list the locks under %s",
			zkl_settings_text(&cli->settings, SET_ROOT));
	waits = zkl_waits_new();
	for (guint i = 0; i < locks->len; i++)
		add_queue(waits, locks->pdata[i]);
	for (guint i = 0; i < locks->len; i++)
		add_all_nested(waits, locks->pdata[i]);
	cycles = zkl_waits_find_cycles(waits);
	status = cli->json ? print_json(cli, waits) : print_dot(cli, waits);
	name_deadlocks(cli, waits);
	zkl_waits_free(waits);
	if (status != STATUS_OK)
		return status;
	return cycles > 0 ? STATUS_FOUND : STATUS_OK;
}

int zkl_cmd_graph(struct cli *cli, int argc, char **argv)
{
	int status = zkl_cli_parse(cli, CLI_SERVERS | CLI_JSON, NULL, "",
		"Print who waits for whom, as DOT for graphviz; name deadlocks (status 1).", &argc,
		&argv);

	if (status == STATUS_OK && argc > 1)
		status = zkl_cli_usage(cli, "takes no argument");
	if (status == STATUS_OK)
		status = zkl_cli_connect(cli);
	return status == STATUS_OK ? draw(cli) : status;
}
