/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c - one run as one JSON object.
 */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sample.h"

/* Where the latency distribution is looked at, in 1/1000. */
static const int quantiles[] = {10, 50, 100, 250, 500, 750, 900, 950, 990, 999};

struct report {
	JsonObject *root;
	JsonArray *results, *costs, *steps, *waiters, *skipped;
	double floor_cycle_us; /* to compare other cycles with */
};

/* ---- the machine --------------------------------------------------------------------------- */

/* The rest of the line after "name" and its separators, in a file of /proc or /etc. */
static char *line_after(const char *file, const char *name)
{
	char *text = NULL, *found, *value = NULL;

	if (g_file_get_contents(file, &text, NULL, NULL) && (found = strstr(text, name)) != NULL) {
		found += strlen(name) + strspn(found + strlen(name), " \t:=\"");
		value = g_strndup(found, strcspn(found, "\"\n"));
	}
	g_free(text);
	return value != NULL ? value : g_strdup("unknown");
}

static void set_taken(JsonObject *object, const char *name, char *value)
{
	json_object_set_string_member(object, name, value);
	g_free(value);
}

static JsonObject *describe_machine(void)
{
	JsonObject *machine = json_object_new();
	struct utsname uts;

	uname(&uts);
	set_taken(machine, "cpu", line_after("/proc/cpuinfo", "model name"));
	json_object_set_int_member(machine, "cores", sysconf(_SC_NPROCESSORS_ONLN));
	set_taken(machine, "memory", line_after("/proc/meminfo", "MemTotal"));
	set_taken(machine, "system", line_after("/etc/os-release", "PRETTY_NAME"));
	set_taken(machine, "kernel", g_strndup(uts.release, strcspn(uts.release, "-+")));
	json_object_set_string_member(machine, "arch", uts.machine);
	return machine;
}

/* Others who worked on the machine meanwhile show here, as does the benchmark itself at its end. */
static void note_load(JsonObject *root, const char *name)
{
	double load[1];

	if (getloadavg(load, 1) == 1)
		json_object_set_double_member(root, name, load[0]);
}

/* ---- collecting ---------------------------------------------------------------------------- */

struct report *report_new(const char *servers, unsigned repeats, const char *command)
{
	struct report *report = g_new0(struct report, 1);
	char **list = bench_servers(servers);
	GDateTime *now = g_date_time_new_now_utc();

	report->root = json_object_new();
	set_taken(report->root, "date", g_date_time_format(now, "%Y-%m-%d"));
	json_object_set_int_member(report->root, "servers", g_strv_length(list));
	json_object_set_int_member(report->root, "repeats", repeats);
	json_object_set_string_member(report->root, "command", command);
	note_load(report->root, "load_before");
	json_object_set_object_member(report->root, "machine", describe_machine());
	json_object_set_array_member(report->root, "results", report->results = json_array_new());
	json_object_set_array_member(report->root, "costs", report->costs = json_array_new());
	json_object_set_array_member(report->root, "steps", report->steps = json_array_new());
	json_object_set_array_member(report->root, "waiters", report->waiters = json_array_new());
	json_object_set_array_member(report->root, "skipped", report->skipped = json_array_new());
	g_date_time_unref(now);
	g_strfreev(list);
	return report;
}

void report_free(struct report *report)
{
	json_object_unref(report->root);
	g_free(report);
}

/* JSON has no NAN: what is not a number is left out. Three digits behind the point are enough. */
static void set_number(JsonObject *object, const char *name, double value)
{
	if (isfinite(value))
		json_object_set_double_member(object, name, round(value * 1000) / 1000);
}

static JsonObject *named(const char *what, const struct contestant *who, unsigned n)
{
	JsonObject *object = json_object_new();

	if (what != NULL)
		json_object_set_string_member(object, "what", what);
	json_object_set_string_member(object, "who", who->who);
	if (who->variant != NULL)
		json_object_set_string_member(object, "variant", who->variant);
	json_object_set_int_member(object, "n", n);
	return object;
}

static JsonArray *quantile_array(GArray *samples)
{
	JsonArray *array = json_array_new();

	for (gsize i = 0; i < G_N_ELEMENTS(quantiles); i++) {
		JsonArray *pair = json_array_new();

		json_array_add_double_element(pair, quantiles[i] / 1000.0);
		json_array_add_double_element(
			pair, round(sample_quantile(samples, quantiles[i] / 1000.0) * 10) / 10);
		json_array_add_array_element(array, pair);
	}
	return array;
}

static void add_ratios(struct report *report, JsonObject *object, const struct task *task,
	const struct outcome *outcome)
{
	double median = sample_median(outcome->samples);
	bool floor = g_str_equal(outcome->who->who, "raw") && outcome->who->variant == NULL;

	if (floor && task_is(task, "cycle"))
		report->floor_cycle_us = median;
	set_number(object, "ratio", sample_median(outcome->ratios));
	set_number(object, "ratio_low", sample_quantile(outcome->ratios, 0.25));
	set_number(object, "ratio_high", sample_quantile(outcome->ratios, 0.75));
	set_number(object, "growth", sample_median(outcome->growths));
	if (task_is(task, "cycle_nowait") && report->floor_cycle_us > 0)
		set_number(object, "ratio_to_cycle", median / report->floor_cycle_us);
}

static void report_skipped(struct report *report, JsonObject *object, const char *reason)
{
	json_object_set_string_member(object, "reason", reason != NULL ? reason : "no sample");
	json_array_add_object_element(report->skipped, object);
}

static void report_measured(struct report *report, JsonObject *object, const struct task *task,
	const struct outcome *outcome)
{
	set_number(object, "median_us", sample_median(outcome->samples));
	set_number(object, "p99_us", sample_quantile(outcome->samples, 0.99));
	add_ratios(report, object, task, outcome);
	json_object_set_int_member(object, "repeats", outcome->medians->len);
	json_object_set_int_member(object, "samples", outcome->samples->len);
	set_number(object, "spread", sample_spread(outcome->medians));
	json_object_set_array_member(object, "quantiles_us", quantile_array(outcome->samples));
	json_array_add_object_element(report->results, object);
}

void report_outcome(struct report *report, const struct task *task, const struct outcome *outcome)
{
	JsonObject *object = named(task->what, outcome->who, task->n);

	/* The other ways of the floor are there for one task each. */
	if (outcome->samples->len == 0 && g_str_equal(outcome->who->who, "raw") &&
		outcome->who->variant != NULL)
		json_object_unref(object);
	else if (outcome->samples->len == 0)
		report_skipped(report, object, outcome->skipped);
	else
		report_measured(report, object, task, outcome);
}

void report_cost(struct report *report, const struct cost *cost)
{
	JsonObject *object = named(cost->what, cost->who, cost->n);
	double count = MAX(cost->count, 1);

	json_object_set_int_member(object, "count", cost->count);
	set_number(object, "requests", (double)cost->sum.requests / count);
	set_number(object, "writes", (double)cost->sum.writes / count);
	set_number(object, "bytes_received", (double)cost->sum.bytes_in / count);
	set_number(object, "bytes_sent", (double)cost->sum.bytes_out / count);
	set_number(object, "context_switches", (double)cost->sum.switches / count);
	set_number(object, "cpu_us", (double)cost->sum.cpu_us / count);
	set_number(object, "allocations", (double)cost->sum.allocs / count);
	json_array_add_object_element(report->costs, object);
}

void report_step(struct report *report, const char *what, unsigned n, double ns)
{
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, "what", what);
	json_object_set_int_member(object, "n", n);
	set_number(object, "median_ns", ns);
	json_array_add_object_element(report->steps, object);
}

void report_waiter(struct report *report, const struct contestant *who, unsigned n,
	double connections, double kib)
{
	JsonObject *object = named(NULL, who, n);

	set_number(object, "connections_per_waiter", connections);
	set_number(object, "server_kib_per_waiter", kib);
	if (who->note != NULL)
		json_object_set_string_member(object, "note", who->note);
	json_array_add_object_element(report->waiters, object);
}

void report_memory(
	struct report *report, unsigned locks, double per_lock, double per_waiter, long threads)
{
	JsonObject *object = json_object_new();

	json_object_set_int_member(object, "locks", locks);
	json_object_set_int_member(object, "waiters", locks);
	set_number(object, "bytes_per_held_lock", per_lock);
	set_number(object, "bytes_per_waiter", per_waiter);
	json_object_set_int_member(object, "threads", threads);
	json_object_set_object_member(report->root, "memory", object);
}

bool report_save(struct report *report, const char *file, GError **error)
{
	JsonNode *node = json_node_init_object(json_node_alloc(), report->root);
	JsonGenerator *generator = json_generator_new();
	char *text;
	bool ok;

	note_load(report->root, "load_after");
	json_generator_set_root(generator, node);
	json_generator_set_pretty(generator, TRUE);
	json_generator_set_indent(generator, 1);
	json_generator_set_indent_char(generator, '\t');
	text = json_generator_to_data(generator, NULL);
	ok = g_file_set_contents(file, text, -1, error);
	g_free(text);
	g_object_unref(generator);
	json_node_unref(node);
	return ok;
}
