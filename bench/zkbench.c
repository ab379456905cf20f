/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zkbench.c - the benchmark: which tasks, which contestants, in which order.
 *
 *	zkbench run --servers S --json FILE [--quick] [--peer SPEC]... [--zklock PATH]
 *	zkbench smoke --servers S		counts requests, and fails when there are more
 *	zkbench many --servers S		memory of very many waiters
 *	zkbench hold ROOT --servers S		the process that holds what those wait for
 *	zkbench cold raw|zklock|connect		what `run` starts for the cold task
 *	zkbench render FILE FOLDER		tables and plot data from a saved run
 *
 * Every repeat asks for each task each contestant for one turn, beginning with another one each
 *time. Ratios are taken within the repeat, so that what slows the machine for a while slows both.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "alone.h"
#include "cold.h"
#include "heap.h"
#include "lock.h"
#include "peer.h"
#include "raw.h"
#include "report.h"
#include "sample.h"
#include "waiters.h"

struct bench_task {
	const char *what;
	unsigned n, count, quick_count; /* quick_count 0: not in a quick run */
};

/* n: waiters behind the holder; throughput: locks. count: samples of one turn, at least. */
static const struct bench_task bench_tasks[] = {
	{"create", 0, 100, 50},
	{"cycle", 0, 100, 50},
	{"cycle_nowait", 0, 100, 50},
	{"trylock_busy", 0, 100, 50},
	{"throughput", 1, 100, 50},
	{"throughput", 8, 400, 200},
	{"throughput", 64, 1000, 500},
	{"cold", 0, 5, 2},
	{"run", 0, 5, 2},
	{"handover", 2, 200, 20},
	{"join", 10, 50, 20},
	{"handover", 10, 200, 50},
	{"join", 100, 50, 20},
	{"handover", 100, 200, 50},
	{"join", 1000, 50, 0},
	{"handover", 1000, 200, 0},
	{"join", 5000, 50, 0},
	{"handover", 5000, 200, 0},
};

/* What is counted, and what each may cost zklock at most. */
static const struct cost_task {
	const char *what;
	unsigned n, count, quick;
	double requests, writes;
} cost_tasks[] = {
	{"cycle", 0, 200, 1, 3, 2},	   /* create, list, release */
	{"cycle_nowait", 0, 200, 1, 3, 2}, /* the same */
	{"trylock_busy", 0, 200, 1, 1, 0}, /* one read */
	{"join", 10, 50, 1, 5, 2},    /* create, list, two watches; and the delete at its end */
	{"handover", 10, 5, 1, 1, 1}, /* the release itself */
	{"leave", 10, 5, 1, 2, 1},    /* a delete, and one look by the one behind */
	{"join", 100, 50, 1, 5, 2},
	{"handover", 100, 50, 1, 1, 1},
	{"leave", 100, 50, 1, 2, 1},
	{"leave_most", 100, 95, 1, 1.6, 1}, /* who stays looks at 8 names, lists, and watches */
	{"join", 1000, 50, 0, 5, 2},
	{"handover", 1000, 100, 0, 1, 1},
	{"leave", 1000, 500, 0, 2, 1},
	{"leave_most", 1000, 950, 0, 1.6, 1},
	{"join", 5000, 50, 0, 5, 2},
	{"handover", 5000, 100, 0, 1, 1},
	{"leave", 5000, 2500, 0, 2, 1},
	{"leave_most", 5000, 4750, 0, 1.6, 1},
};

#define GROWTH_FROM    10 /* longer queues are compared with this one */
#define REPEATS	       12
#define QUICK_REPEATS  3
#define MANY	       10000
#define OWN_WAITERS_AT 1000
#define WAITERS_AT     50 /* how many waiters a peer's cost per waiter is taken from */

/* Proofs and pings go on meanwhile; they come by the clock, not by the operation. */
#define SMOKE_SLACK	  10.0
#define SMOKE_GROWTH	  1.1
#define SMOKE_BYTES_SLACK 2048.0

static struct {
	char *servers, *json, *zklock, *steps, *server_pids, *command;
	char **peers;
	char **only;
	char **locks;
	gboolean quick;
	gint repeats, count, minutes;
} options;

static const GOptionEntry entries[] = {
	{"servers", 's', 0, G_OPTION_ARG_STRING, &options.servers, "host:port,... of the ensemble",
		"LIST"},
	{"json", 'j', 0, G_OPTION_ARG_FILENAME, &options.json, "where the results go", "FILE"},
	{"zklock", 0, 0, G_OPTION_ARG_FILENAME, &options.zklock, "the zklock command", "PATH"},
	{"steps", 0, 0, G_OPTION_ARG_FILENAME, &options.steps, "the steps program", "PATH"},
	{"command", 0, 0, G_OPTION_ARG_STRING, &options.command, "how this run is repeated",
		"TEXT"},
	{"server-pids", 0, 0, G_OPTION_ARG_STRING, &options.server_pids, "ZooKeeper's servers",
		"PID,..."},
	{"peer", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &options.peers, "one more contestant",
		"WHO|VARIANT|NOTE|COMMAND"},
	{"only", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &options.only, "this task only; again for more",
		"WHAT"},
	{"lock", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.locks,
		"be alone by this file's lock, for minutes at a time; again for more", "FILE"},
	{"quick", 'q', 0, G_OPTION_ARG_NONE, &options.quick, "few samples, short queues", NULL},
	{"count", 'n', 0, G_OPTION_ARG_INT, &options.count, "locks and waiters of `many`", "N"},
	{"repeats", 'r', 0, G_OPTION_ARG_INT, &options.repeats, "how many", "N"},
	{"minutes", 0, 0, G_OPTION_ARG_INT, &options.minutes,
		"begin no repeat when so many have passed", "N"},
	G_OPTION_ENTRY_NULL,
};

/* ---- contestants --------------------------------------------------------------------------- */

/* "who|variant|note|command"; the parts live as long as the program. */
static struct contestant *parse_peer(const char *spec, GError **error)
{
	char **part = g_strsplit(spec, "|", 4);

	if (g_strv_length(part) == 4)
		return peer_contestant(
			part[0], *part[1] == '\0' ? NULL : part[1], part[2], part[3]);
	g_strfreev(part);
	bench_fail(error, spec, "a peer is given as WHO|VARIANT|NOTE|COMMAND");
	return NULL;
}

static void close_contestant(void *c)
{
	((struct contestant *)c)->close(c);
}

/* The floor is the first: its time of a repeat is what the others are compared with. */
static GPtrArray *gather(GError **error)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(close_contestant);

	g_ptr_array_add(all, raw_contestant(RAW_FLOOR, options.servers));
	g_ptr_array_add(all, raw_contestant(RAW_SET_DELETE, options.servers));
	g_ptr_array_add(all, raw_contestant(RAW_WATCHED, options.servers));
	g_ptr_array_add(all, lock_contestant(options.servers));
	for (char **spec = options.peers; spec != NULL && *spec != NULL; spec++) {
		struct contestant *peer = parse_peer(*spec, error);

		if (peer == NULL) {
			g_ptr_array_unref(all);
			return NULL;
		}
		g_ptr_array_add(all, peer);
	}
	return all;
}

/* ---- turns --------------------------------------------------------------------------------- */

struct turns {
	struct outcome *outcomes;
	double *last; /* median of this repeat, 0 when there is none */
	GPtrArray *all;
};

static struct turns turns_new(GPtrArray *all)
{
	struct turns turns = {.all = all};

	turns.outcomes = g_new0(struct outcome, all->len);
	turns.last = g_new0(double, all->len);
	for (guint i = 0; i < all->len; i++) {
		turns.outcomes[i].who = all->pdata[i];
		turns.outcomes[i].samples = sample_new();
		turns.outcomes[i].medians = sample_new();
		turns.outcomes[i].ratios = sample_new();
		turns.outcomes[i].growths = sample_new();
	}
	return turns;
}

static void turns_free(struct turns *turns)
{
	for (guint i = 0; i < turns->all->len; i++) {
		g_array_free(turns->outcomes[i].samples, TRUE);
		g_array_free(turns->outcomes[i].medians, TRUE);
		g_array_free(turns->outcomes[i].ratios, TRUE);
		g_array_free(turns->outcomes[i].growths, TRUE);
		g_free(turns->outcomes[i].skipped);
	}
	g_free(turns->outcomes);
	g_free(turns->last);
}

static bool is_ours(const struct contestant *c)
{
	return c->variant == NULL && (g_str_equal(c->who, "raw") || g_str_equal(c->who, "zklock"));
}

static bool take_turn(
	struct contestant *c, const struct task *task, GArray *samples, GError **error)
{
	if ((task_is(task, "cold") || task_is(task, "run")) && is_ours(c))
		return cold_measure(c->who, options.servers, options.zklock, task, samples, error);
	return c->measure(c, task, samples, error);
}

/* A contestant that fails once is out of this task, with the reason, and the rest goes on. */
static bool one_turn(struct turns *turns, guint i, const struct task *task)
{
	struct outcome *outcome = &turns->outcomes[i];
	GArray *samples = sample_new();
	GError *error = NULL;
	bool ok = true;

	turns->last[i] = 0;
	if (take_turn(turns->all->pdata[i], task, samples, &error)) {
		turns->last[i] = sample_median(samples);
		sample_add(outcome->medians, turns->last[i]);
		g_array_append_vals(outcome->samples, samples->data, samples->len);
	} else {
		ok = g_error_matches(error, BENCH_ERROR, BENCH_ERROR_SKIP);
		if (!ok)
			g_printerr("zkbench: %s %u, %s: %s\n", task->what, task->n,
				outcome->who->who, error->message);
		outcome->skipped = g_strdup(error->message);
		g_error_free(error);
	}
	g_array_free(samples, TRUE);
	return ok;
}

static void add_ratios(struct turns *turns)
{
	for (guint i = 0; i < turns->all->len; i++)
		if (turns->last[0] > 0 && turns->last[i] > 0)
			sample_add(turns->outcomes[i].ratios, turns->last[i] / turns->last[0]);
}

/* The same contestant at this length and at GROWTH_FROM, in the same repeat. */
static void add_growth(struct turns *turns, const struct turns *from)
{
	for (guint i = 0; i < turns->all->len; i++)
		if (from->last[i] > 0 && turns->last[i] > 0)
			sample_add(turns->outcomes[i].growths, turns->last[i] / from->last[i]);
}

/* Result: did nobody fail? Not to take part is no failure. */
static bool take_turns(struct turns *turns, const struct bench_task *plan, guint turn)
{
	struct task task = {.what = plan->what, .n = plan->n, .turn = turn};
	bool ok = true;

	task.count = options.quick ? plan->quick_count : plan->count;
	for (guint k = 0; k < turns->all->len; k++) {
		guint i = (k + turn) % turns->all->len;

		if (turns->outcomes[i].skipped == NULL)
			ok = one_turn(turns, i, &task) && ok;
		else
			turns->last[i] = 0;
	}
	add_ratios(turns);
	return ok;
}

static bool is_wanted(const struct bench_task *plan)
{
	if (options.quick && plan->quick_count == 0)
		return false;
	return options.only == NULL ||
	       g_strv_contains((const char *const *)options.only, plan->what);
}

static const struct turns *growth_base(const struct turns *all, const char *what)
{
	for (gsize i = 0; i < G_N_ELEMENTS(bench_tasks); i++)
		if (bench_tasks[i].n == GROWTH_FROM && g_str_equal(bench_tasks[i].what, what))
			return &all[i];
	return NULL;
}

static bool run_turn(struct turns *all, guint turn)
{
	bool ok = true;

	for (gsize i = 0; i < G_N_ELEMENTS(bench_tasks); i++)
		if (is_wanted(&bench_tasks[i]))
			ok = take_turns(&all[i], &bench_tasks[i], turn) && ok;
	for (gsize i = 0; i < G_N_ELEMENTS(bench_tasks); i++) {
		const struct turns *base = growth_base(all, bench_tasks[i].what);

		if (base != NULL && is_wanted(&bench_tasks[i]))
			add_growth(&all[i], base);
	}
	return ok;
}

static void report_task(struct report *report, const struct bench_task *plan, struct turns *turns)
{
	struct task task = {.what = plan->what, .n = plan->n};

	for (guint i = 0; i < turns->all->len; i++)
		report_outcome(report, &task, &turns->outcomes[i]);
}

static bool is_late(gint64 start)
{
	return options.minutes > 0 &&
	       g_get_monotonic_time() - start > options.minutes * G_TIME_SPAN_MINUTE;
}

static bool run_tasks(struct report *report, GPtrArray *contestants)
{
	struct turns all[G_N_ELEMENTS(bench_tasks)];
	gint64 start = g_get_monotonic_time();
	bool ok = true;

	for (gsize i = 0; i < G_N_ELEMENTS(bench_tasks); i++)
		all[i] = turns_new(contestants);
	for (gint turn = 0; turn < options.repeats && !is_late(start); turn++) {
		alone_begin(options.locks);
		g_printerr("zkbench: repeat %d of %d\n", turn + 1, options.repeats);
		ok = run_turn(all, (guint)turn) && ok;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(bench_tasks); i++) {
		if (is_wanted(&bench_tasks[i]))
			report_task(report, &bench_tasks[i], &all[i]);
		turns_free(&all[i]);
	}
	return ok;
}

/* ---- costs --------------------------------------------------------------------------------- */

static bool check_limit(const struct cost *cost, const char *name, double got, double limit)
{
	double most = limit * cost->count * 1.05 + SMOKE_SLACK;

	if (got <= most)
		return true;
	g_printerr("zkbench: %s at %u: %.0f %s for %u operations, at most %.0f are allowed\n",
		cost->what, cost->n, got, name, cost->count, most);
	return false;
}

/* What cannot do without a list, whose length is that of the queue. */
static bool lists(const char *what)
{
	return g_str_equal(what, "join") || g_str_equal(what, "leave_most");
}

/* Bytes of a hand-over or a leaver at this length against those at the shortest one. */
static bool check_growth(const struct cost *first, const struct cost *cost)
{
	double small = (double)first->sum.bytes_in / MAX(first->count, 1);
	double most = small * SMOKE_GROWTH * cost->count + SMOKE_BYTES_SLACK;

	if (lists(cost->what) || (double)cost->sum.bytes_in <= most)
		return true;
	g_printerr("zkbench: %s at %u: %" G_GINT64_FORMAT
		   " bytes received for %u, at most %.0f are allowed (%.0f each at %u)\n",
		cost->what, cost->n, cost->sum.bytes_in, cost->count, most, small, first->n);
	return false;
}

static const struct cost *first_of(GArray *costs, const char *what)
{
	for (guint i = 0; i < costs->len; i++)
		if (g_str_equal(g_array_index(costs, struct cost, i).what, what))
			return &g_array_index(costs, struct cost, i);
	return NULL;
}

static bool check_cost(GArray *costs, const struct cost_task *plan, const struct cost *cost)
{
	bool requests = check_limit(cost, "requests", (double)cost->sum.requests, plan->requests);
	bool writes = check_limit(cost, "writes", (double)cost->sum.writes, plan->writes);
	bool bytes = check_growth(first_of(costs, cost->what), cost);

	return requests && writes && bytes;
}

static bool measure_cost(struct contestant *c, struct cost *cost, GError **error)
{
	struct task task = {.what = cost->what, .n = cost->n, .count = cost->count};
	GArray *unused = sample_new();
	struct counters start;
	bool ok = c->prepare(c, &task, error) && counters_start(options.servers, &start, error) &&
		  c->measure(c, &task, unused, error) &&
		  counters_stop(options.servers, &start, &cost->sum, error);

	g_array_free(unused, TRUE);
	return ok;
}

/* What it does not offer is left out. *within: are all within their limits? */
static bool run_costs_of(
	struct contestant *c, bool quick, GArray *costs, bool *within, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cost_tasks); i++) {
		const struct cost_task *plan = &cost_tasks[i];
		struct cost cost = {
			.who = c, .what = plan->what, .n = plan->n, .count = plan->count};

		if (quick && !plan->quick)
			continue;
		if (measure_cost(c, &cost, error)) {
			g_array_append_val(costs, cost);
			*within = check_cost(costs, plan, &cost) && *within;
		} else if (g_error_matches(*error, BENCH_ERROR, BENCH_ERROR_SKIP)) {
			g_clear_error(error);
		} else {
			return false;
		}
	}
	return true;
}

/* Result: done, and zklock is within its limits? report may be NULL. */
static bool run_costs(struct report *report, struct contestant *c, GError **error)
{
	GArray *costs = g_array_new(FALSE, FALSE, sizeof(struct cost));
	bool within = true;
	bool ok = run_costs_of(c, report == NULL || options.quick, costs, &within, error);

	for (guint i = 0; report != NULL && i < costs->len; i++)
		report_cost(report, &g_array_index(costs, struct cost, i));
	g_array_free(costs, TRUE);
	return ok && (within || g_str_equal(c->who, "raw"));
}

static void run_waiters(struct report *report, GPtrArray *all)
{
	for (guint i = 0; i < all->len; i++) {
		struct contestant *c = all->pdata[i];
		GArray *numbers = sample_new();

		if (!g_str_equal(c->who, "raw") && !g_str_equal(c->who, "zklock") &&
			peer_waiters(c, WAITERS_AT, numbers, NULL))
			report_waiter(report, c, WAITERS_AT, g_array_index(numbers, double, 0),
				g_array_index(numbers, double, 1));
		g_array_free(numbers, TRUE);
	}
}

/* Ours live in the heaps of ZooKeeper's servers, which can tell what is alive in there. */
static bool run_own_waiters(struct report *report, struct contestant *lock, GError **error)
{
	struct task few = {.what = "handover", .n = 1},
		    many = {.what = "handover", .n = OWN_WAITERS_AT};
	char **servers;
	double before, kib;

	if (options.server_pids == NULL)
		return true;
	if (!lock->prepare(lock, &few, error) ||
		!heap_live_kib(options.server_pids, &before, error) ||
		!lock->prepare(lock, &many, error) ||
		!heap_live_kib(options.server_pids, &kib, error))
		return false;
	servers = bench_servers(options.servers);
	report_waiter(report, lock, OWN_WAITERS_AT, (double)g_strv_length(servers) / OWN_WAITERS_AT,
		(kib - before) / (OWN_WAITERS_AT - 1));
	g_strfreev(servers);
	return true;
}

/* Lines of "WHAT N NANOSECONDS", see steps.c. */
static bool run_steps(struct report *report, GError **error)
{
	char *argv[] = {options.steps, NULL}, *text = NULL, what[32];
	char **lines;
	unsigned n;
	double ns;
	int status;

	if (options.steps == NULL)
		return true;
	if (!g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, &text, NULL, &status, error))
		return false;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++)
		if (sscanf(*line, "%31s %u %lf", what, &n, &ns) == 3)
			report_step(report, what, n, ns);
	g_strfreev(lines);
	g_free(text);
	return g_spawn_check_wait_status(status, error);
}

/* In a process of its own, see waiters.c. */
static bool run_many(struct report *report, GError **error)
{
	char *self = g_file_read_link("/proc/self/exe", error);
	char *argv[] = {self, (char *)"many", (char *)"--servers", options.servers, NULL};
	char *text = NULL;
	double held, waiter;
	long threads;
	int status;
	bool ok = self != NULL &&
		  g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, &text, NULL, &status, error) &&
		  g_spawn_check_wait_status(status, error);

	if (ok && sscanf(text, "%lf %lf %ld", &held, &waiter, &threads) == 3)
		report_memory(report, MANY, held, waiter, threads);
	g_free(text);
	g_free(self);
	return ok;
}

/* ---- commands ------------------------------------------------------------------------------ */

static struct contestant *find(GPtrArray *all, const char *who)
{
	for (guint i = 0; i < all->len; i++)
		if (g_str_equal(((struct contestant *)all->pdata[i])->who, who))
			return all->pdata[i];
	return NULL;
}

/* Tells what went wrong in one part; the others go on. */
static bool told(bool ok, GError **error)
{
	if (*error != NULL)
		g_printerr("zkbench: %s\n", (*error)->message);
	g_clear_error(error);
	return ok;
}

/* What is counted, and not compared in time. */
static bool run_rest(struct report *report, GPtrArray *all)
{
	struct contestant *raw = find(all, "raw"), *lock = find(all, "zklock");
	GError *error = NULL;
	bool ok;

	run_waiters(report, all);
	ok = told(run_steps(report, &error), &error);
	ok = told(run_own_waiters(report, lock, &error), &error) && ok;
	ok = told(run_costs(report, raw, &error), &error) && ok;
	ok = told(run_costs(report, lock, &error), &error) && ok;
	if (!options.quick)
		ok = told(run_many(report, &error), &error) && ok;
	return ok;
}

static bool run_all(struct report *report, GPtrArray *all)
{
	bool ok = run_tasks(report, all);

	if (options.only != NULL)
		return ok;
	g_printerr("zkbench: costs\n");
	alone_begin(options.locks);
	ok = run_rest(report, all) && ok;
	alone_end();
	return ok;
}

static bool command_run(GError **error)
{
	GPtrArray *all = gather(error);
	struct report *report;
	bool ok;

	if (all == NULL)
		return false;
	if (options.repeats <= 0)
		options.repeats = options.quick ? QUICK_REPEATS : REPEATS;
	report = report_new(options.servers, options.repeats,
		options.command != NULL ? options.command : "zkbench run");
	ok = run_all(report, all);
	if (options.json != NULL)
		ok = report_save(report, options.json, error) && ok;
	report_free(report);
	g_ptr_array_unref(all);
	return ok;
}

static bool command_smoke(GError **error)
{
	struct contestant *lock = lock_contestant(options.servers);
	bool ok = run_costs(NULL, lock, error);

	lock->close(lock);
	return ok;
}

static unsigned many(void)
{
	return options.count > 0 ? (unsigned)options.count : MANY;
}

static bool command_many(GError **error)
{
	struct waiters_result result;

	if (!waiters_measure(options.servers, many(), &result, error))
		return false;
	printf("%.1f %.1f %ld\n", result.bytes_per_held, result.bytes_per_waiter, result.threads);
	return true;
}

static int usage(GOptionContext *context)
{
	char *help = g_option_context_get_help(context, TRUE, NULL);

	g_printerr("%s", help);
	g_free(help);
	return 2;
}

static bool dispatch(int argc, char **argv, GError **error)
{
	if (g_str_equal(argv[1], "render") && argc == 4)
		return report_render(argv[2], argv[3], error);
	if (options.servers == NULL)
		return bench_fail(error, argv[1], "which ensemble? Give --servers host:port,...");
	if (g_str_equal(argv[1], "run"))
		return command_run(error);
	if (g_str_equal(argv[1], "smoke"))
		return command_smoke(error);
	if (g_str_equal(argv[1], "many"))
		return command_many(error);
	if (g_str_equal(argv[1], "hold") && argc == 3)
		return waiters_hold(options.servers, argv[2], many(), error);
	if (g_str_equal(argv[1], "cold") && argc == 3)
		exit(cold_main(argv[2], options.servers));
	return bench_fail(error, argv[1], "no such command: run, smoke, many, cold or render");
}

int main(int argc, char **argv)
{
	GOptionContext *context =
		g_option_context_new("run|smoke|many|cold WHO|render FILE FOLDER");
	GError *error = NULL;
	int status = 0;

	setlocale(LC_NUMERIC, "C");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc < 2)
		status = usage(context);
	else if (!dispatch(argc, argv, &error))
		status = 1;
	if (error != NULL)
		g_printerr("zkbench: %s\n", error->message);
	g_clear_error(&error);
	g_option_context_free(context);
	return status;
}
