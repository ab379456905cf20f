/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render.c - what people look at, made from a saved run alone: results.md, and for the plots
 * handover.dat and latency.dat, blocks of "x y" with a name, as gnuplot's `index` wants them.
 */
#include "report.h"
#include "targets.h"

#include <math.h>
#include <string.h>

static double number(JsonObject *object, const char *name)
{
	return json_object_has_member(object, name) ? json_object_get_double_member(object, name)
						    : NAN;
}

static const char *text(JsonObject *object, const char *name)
{
	return json_object_get_string_member_with_default(object, name, "");
}

static char *full_name(JsonObject *object)
{
	const char *variant = text(object, "variant");

	return *variant == '\0' ? g_strdup(text(object, "who"))
				: g_strdup_printf("%s, %s", text(object, "who"), variant);
}

static void cell(GString *out, double value, int digits)
{
	if (isfinite(value))
		g_string_append_printf(out, " %.*f |", digits, value);
	else
		g_string_append(out, " |");
}

/* ---- tables -------------------------------------------------------------------------------- */

/* A run may end before it has made all that were asked for. */
static gint64 count_repeats(JsonArray *results)
{
	gint64 most = 0;

	for (guint i = 0; i < json_array_get_length(results); i++)
		most = MAX(most, json_object_get_int_member(
					 json_array_get_object_element(results, i), "repeats"));
	return most;
}

static void write_head(GString *out, JsonObject *root)
{
	JsonObject *machine = json_object_get_object_member(root, "machine");

	g_string_append_printf(out,
		"# Results of one run of %s\n\n"
		"%s; %s, %" G_GINT64_FORMAT " cores, %s; %s, kernel %s; %" G_GINT64_FORMAT
		" ZooKeeper servers on that same machine; %" G_GINT64_FORMAT
		" repeats, interleaved and paired.\n\n"
		"Times in microseconds. *Ratio* is the median, over the repeats, of the repeat's\n"
		"median over the floor's in the same repeat; beside it its quartiles. *To 10* is "
		"the\n"
		"same contestant's ratio to a queue of 10, taken the same way. Only ratios\n"
		"carry to other machines. What each line means: "
		"[performance.md](../performance.md).\n\n",
		text(root, "command"), text(root, "date"), text(machine, "cpu"),
		json_object_get_int_member(machine, "cores"), text(machine, "memory"),
		text(machine, "system"), text(machine, "kernel"),
		json_object_get_int_member(root, "servers"),
		count_repeats(json_object_get_array_member(root, "results")));
}

/* A machine that others use as well is no place to take absolute times from. */
static void write_load(GString *out, JsonObject *root)
{
	double load = number(root, "load_before");

	if (isfinite(load))
		g_string_append_printf(out,
			"Load of the machine before the run: %.1f, at its end: %.1f. More than one "
			"before\n"
			"the run means that others worked on it, too: then look at ratios and "
			"quartiles only.\n\n",
			load, number(root, "load_after"));
}

static void write_result(GString *out, JsonObject *result)
{
	char *who = full_name(result);

	g_string_append_printf(out, "| %s | %" G_GINT64_FORMAT " | %s |", text(result, "what"),
		json_object_get_int_member(result, "n"), who);
	cell(out, number(result, "median_us"), 0);
	cell(out, number(result, "p99_us"), 0);
	cell(out, number(result, "ratio"), 2);
	if (isfinite(number(result, "ratio_low")))
		g_string_append_printf(out, " %.2f - %.2f |", number(result, "ratio_low"),
			number(result, "ratio_high"));
	else
		g_string_append(out, " |");
	cell(out, number(result, "growth"), 2);
	cell(out, number(result, "ratio_to_cycle"), 2);
	g_string_append_c(out, '\n');
	g_free(who);
}

static void write_cost(GString *out, JsonObject *cost)
{
	static const char *const columns[] = {"requests", "writes", "bytes_received", "bytes_sent",
		"context_switches", "allocations", "cpu_us"};

	g_string_append_printf(out, "| %s | %" G_GINT64_FORMAT " | %s |", text(cost, "what"),
		json_object_get_int_member(cost, "n"), text(cost, "who"));
	for (gsize i = 0; i < G_N_ELEMENTS(columns); i++)
		cell(out, number(cost, columns[i]), i < 2 ? 2 : 0);
	g_string_append_c(out, '\n');
}

/* Collectors of the servers' memory come and go: what a waiter takes may be lost in that. */
static void write_waiter(GString *out, JsonObject *waiter)
{
	char *who = full_name(waiter);
	double kib = number(waiter, "server_kib_per_waiter");

	g_string_append_printf(out, "| %s |", who);
	cell(out, number(waiter, "connections_per_waiter"), 3);
	if (kib >= 0)
		cell(out, kib, 1);
	else
		g_string_append(out, " below the noise |");
	g_string_append_printf(out, " %s |\n", text(waiter, "note"));
	g_free(who);
}

/* One line for each contestant and reason, with all that it is true for. */
static void write_skipped(GString *out, JsonArray *skipped)
{
	GHashTable *lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GPtrArray *order = g_ptr_array_new();

	for (guint i = 0; i < json_array_get_length(skipped); i++) {
		JsonObject *one = json_array_get_object_element(skipped, i);
		char *who = full_name(one);
		char *key = g_strdup_printf("%s | %s", who, text(one, "reason"));
		GString *line = g_hash_table_lookup(lines, key);

		if (line == NULL) {
			line = g_string_new(NULL);
			g_string_append_printf(line, "| %s |", key);
			g_hash_table_insert(lines, g_strdup(key), line);
			g_ptr_array_add(order, line);
		}
		g_string_append_printf(line, " %s %" G_GINT64_FORMAT ",", text(one, "what"),
			json_object_get_int_member(one, "n"));
		g_free(key);
		g_free(who);
	}
	g_string_append(out, "## Not measured\n\n| who | why | what |\n|---|---|---|\n");
	for (guint i = 0; i < order->len; i++) {
		GString *line = order->pdata[i];

		g_string_truncate(line, line->len - 1);
		g_string_append_printf(out, "%s |\n", line->str);
		g_string_free(line, TRUE);
	}
	g_ptr_array_free(order, TRUE);
	g_hash_table_destroy(lines);
}

static void write_table(GString *out, JsonObject *root, const char *member, const char *head,
	void (*row)(GString *out, JsonObject *object))
{
	JsonArray *array = json_object_get_array_member(root, member);

	if (json_array_get_length(array) == 0)
		return;
	g_string_append(out, head);
	for (guint i = 0; i < json_array_get_length(array); i++)
		row(out, json_array_get_object_element(array, i));
	g_string_append_c(out, '\n');
}

static void write_step(GString *out, JsonObject *step)
{
	g_string_append_printf(out, "| %s | %" G_GINT64_FORMAT " |", text(step, "what"),
		json_object_get_int_member(step, "n"));
	cell(out, number(step, "median_ns"), 0);
	g_string_append_c(out, '\n');
}

static void write_memory(GString *out, JsonObject *root)
{
	JsonObject *memory;

	if (!json_object_has_member(root, "memory"))
		return;
	memory = json_object_get_object_member(root, "memory");
	g_string_append_printf(out,
		"## Many in one process\n\n%" G_GINT64_FORMAT
		" locks held by one process, and %" G_GINT64_FORMAT
		" waiters for them in another: %.0f bytes of resident memory per held lock,\n"
		"%.0f per waiter, %" G_GINT64_FORMAT
		" threads in all in the process that waits.\n\n",
		json_object_get_int_member(memory, "locks"),
		json_object_get_int_member(memory, "waiters"),
		number(memory, "bytes_per_held_lock"), number(memory, "bytes_per_waiter"),
		json_object_get_int_member(memory, "threads"));
}

static char *make_tables(JsonObject *root)
{
	GString *out = g_string_new(NULL);

	write_head(out, root);
	write_load(out, root);
	targets_write(out, root);
	write_table(out, root, "results",
		"## Times\n\n| what | n | who | median | p99 | ratio | quartiles | to 10 | to raw "
		"cycle |\n"
		"|---|---|---|---|---|---|---|---|---|\n",
		write_result);
	write_table(out, root, "costs",
		"## What one operation costs\n\n"
		"| what | n | who | requests | writes | bytes in | bytes out | switches | "
		"allocations | "
		"cpu us |\n|---|---|---|---|---|---|---|---|---|---|\n",
		write_cost);
	write_table(out, root, "steps",
		"## The recipe alone, without threads, sockets and servers\n\n"
		"| what | children | ns |\n|---|---|---|\n",
		write_step);
	write_memory(out, root);
	write_table(out, root, "waiters",
		"## What a waiter costs the server\n\n"
		"| who | connections | KiB | promises and limits |\n|---|---|---|---|\n",
		write_waiter);
	write_skipped(out, json_object_get_array_member(root, "skipped"));
	return g_string_free(out, FALSE);
}

/* ---- data of the plots --------------------------------------------------------------------- */

/* Each contestant is a block, so that a curve can be drawn through its lengths. */
static char *make_handover(JsonArray *results)
{
	GHashTable *blocks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GPtrArray *order = g_ptr_array_new();
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < json_array_get_length(results); i++) {
		JsonObject *result = json_array_get_object_element(results, i);
		char *who = full_name(result);
		GString *block = g_hash_table_lookup(blocks, who);

		if (!g_str_equal(text(result, "what"), "handover")) {
			g_free(who);
			continue;
		}
		if (block == NULL) {
			block = g_string_new(NULL);
			g_string_append_printf(block, "\"%s\"\n", who);
			g_ptr_array_add(order, block);
			g_hash_table_insert(blocks, g_strdup(who), block);
		}
		g_string_append_printf(block, "%" G_GINT64_FORMAT " %g %g\n",
			json_object_get_int_member(result, "n"), number(result, "median_us"),
			number(result, "p99_us"));
		g_free(who);
	}
	for (guint i = 0; i < order->len; i++) {
		g_string_append_printf(out, "%s\n\n", ((GString *)order->pdata[i])->str);
		g_string_free(order->pdata[i], TRUE);
	}
	g_ptr_array_free(order, TRUE);
	g_hash_table_destroy(blocks);
	return g_string_free(out, FALSE);
}

static void write_distribution(GString *out, JsonObject *result)
{
	JsonArray *pairs = json_object_get_array_member(result, "quantiles_us");
	char *who = full_name(result);

	g_string_append_printf(out, "\"%s\"\n", who);
	for (guint i = 0; i < json_array_get_length(pairs); i++) {
		JsonArray *pair = json_array_get_array_element(pairs, i);

		g_string_append_printf(out, "%g %g\n", json_array_get_double_element(pair, 1),
			json_array_get_double_element(pair, 0));
	}
	g_string_append(out, "\n\n");
	g_free(who);
}

static char *make_latency(JsonArray *results)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < json_array_get_length(results); i++) {
		JsonObject *result = json_array_get_object_element(results, i);

		if (g_str_equal(text(result, "what"), "cycle"))
			write_distribution(out, result);
	}
	return g_string_free(out, FALSE);
}

static bool write_file(const char *folder, const char *name, char *content, GError **error)
{
	char *path = g_build_filename(folder, name, NULL);
	bool ok = g_file_set_contents(path, content, -1, error);

	g_free(path);
	g_free(content);
	return ok;
}

bool report_render(const char *file, const char *folder, GError **error)
{
	JsonParser *parser = json_parser_new();
	JsonObject *root;
	JsonArray *results;
	bool ok = json_parser_load_from_file(parser, file, error);

	if (ok) {
		root = json_node_get_object(json_parser_get_root(parser));
		results = json_object_get_array_member(root, "results");
		ok = write_file(folder, "results.md", make_tables(root), error) &&
		     write_file(folder, "handover.dat", make_handover(results), error) &&
		     write_file(folder, "latency.dat", make_latency(results), error);
	}
	g_object_unref(parser);
	return ok;
}
