/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explore.c - every schedule we can afford: all single faults, pairs of faults, then random ones,
 * each a run of the shipped code in virtual time with the promises checked after every event.
 *
 *	explore [--count N | --seconds N] [--seed S] [--singles|--doubles|--random]
 *		[--scenario N] [--corpus FILE] [--coverage] [--every N] [--least N]
 *	explore --replay SCHEDULE
 *
 * Without a wish: the corpus, all singles, then pairs and random schedules in turn until the count
 * or the time is reached. By count it is the same run on every machine. --doubles is every pair of
 * faults, the second at any step behind the first up to the end of that run: half an hour or more
 *for one scenario, a day for all. --every N: each Nth of them (of the singles, when no pairs are
 *wished for). --least N: fail with fewer distinct histories.
 *
 * A violation, or a crash, is made as short as it gets, and printed with its story and the command
 * that repeats it. Distinct histories are counted by hash.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "explore/crew.h"
#include "explore/schedule.h"
#include "lib/world.h"

#define REACH 40 /* steps between the faults of a pair drawn by seed */

/* Instrumented builds are slow: a tenth of the run, the same tenth everywhere. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW true
#endif
#endif
#ifndef SLOW
#define SLOW false
#endif

struct options {
	int64_t seconds, count, every, least;
	uint64_t seed;
	bool singles, doubles, random, coverage;
	int scenario;
	const char *replay, *corpus;
};

static struct options options;

/* ---- what to run ---- */

static uint64_t steps_of(const struct schedule *schedule)
{
	struct schedule_result result = schedule_run(schedule, false);
	uint64_t steps = result.steps;

	schedule_result_clear(&result);
	return steps;
}

/* Every fault at every step from `from` to `to`, appended to base. */
static bool each_fault(struct schedule base, uint64_t from, uint64_t to,
	bool (*fn)(const struct schedule *schedule))
{
	struct schedule_fault *fault = &base.faults[base.n++];

	for (fault->step = from; fault->step <= to; fault->step++) {
		for (int act = 0; act < ACTS; act++) {
			fault->act = (enum act)act;
			for (fault->host = 0; fault->host < (act_has_host(fault->act) ? 3 : 1);
				fault->host++) {
				if (!fn(&base))
					return false;
			}
		}
	}
	return true;
}

/* Each nth is run; an n that has no factor in common with the faults of a step meets all kinds. */
static bool some(const struct schedule *schedule)
{
	static int64_t seen;

	return seen++ % options.every || crew_submit(schedule);
}

static bool double_up(const struct schedule *single)
{
	/* the second fault comes with it or later, and may come in what the first has caused */
	return each_fault(*single, single->faults[0].step, steps_of(single), some);
}

static void run_systematic(bool (*fn)(const struct schedule *))
{
	for (int i = 0; i < schedule_scenarios(); i++) {
		struct schedule plain = {.scenario = i};

		if (options.scenario >= 0 && options.scenario != i)
			continue;
		if (!crew_submit(&plain) || !each_fault(plain, 1, steps_of(&plain), fn))
			return;
	}
}

static struct schedule pair_of(uint64_t seed)
{
	struct schedule pair = schedule_random(seed);

	pair.seed = 0;
	pair.n = 2;
	pair.faults[0].step = 1 + pair.faults[0].step % 80;
	pair.faults[1].step = pair.faults[0].step + 1 + pair.faults[1].step % REACH;
	return pair;
}

static void run_random(bool with_pairs)
{
	uint64_t seed = options.seed * 1000003;

	for (uint64_t i = 0;; i++) {
		bool pair = with_pairs && i % 2 == 0;
		struct schedule schedule =
			pair ? pair_of(seed + i / 2) : schedule_random(seed + i + 1);

		if (options.scenario >= 0)
			schedule.scenario = options.scenario;
		if (!crew_submit(&schedule))
			return;
	}
}

/* ---- what is found ---- */

/* In a child: 0 when all is well. */
static bool fails(const struct schedule *schedule)
{
	pid_t pid;
	int status = 0;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct schedule_result result;

		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		result = schedule_run(schedule, false);
		_exit(result.violation ? 1 : 0);
	}
	return waitpid(pid, &status, 0) > 0 && (!WIFEXITED(status) || WEXITSTATUS(status));
}

/* Leave faults out as long as it still fails. */
static struct schedule shorten(struct schedule schedule)
{
	for (size_t i = 0; i < schedule.n;) {
		struct schedule less = schedule;

		memmove(&less.faults[i], &less.faults[i + 1],
			(less.n - i - 1) * sizeof(less.faults[0]));
		less.n--;
		if (fails(&less))
			schedule = less;
		else
			i++;
	}
	return schedule;
}

static int replay(const struct schedule *schedule)
{
	g_autofree char *text = schedule_text(schedule);
	struct schedule_result result = schedule_run(schedule, true);
	int status = result.violation ? EXIT_FAILURE : EXIT_SUCCESS;

	printf("schedule %s (%s): %s\n", text, schedule_scenario_name(schedule->scenario),
		result.violation ? result.violation : "no violation");
	schedule_result_clear(&result);
	return status;
}

static void report(const char *text)
{
	struct schedule schedule;

	if (!schedule_parse(text, &schedule))
		return;
	schedule = shorten(schedule);
	g_autofree char *shortest = schedule_text(&schedule);

	printf("FAILED: %s\nshortest: %s\nreplay: tests/explore/explore --replay '%s'\n", text,
		shortest, shortest);
	fflush(NULL);
	/* in a child: it may crash */
	pid_t pid = fork();

	if (pid == 0) {
		_exit(replay(&schedule));
	}
	waitpid(pid, NULL, 0);
}

/* Moves that the table allows and nothing has made. */
static size_t report_coverage(const struct crew_findings *found)
{
	size_t allowed = 0, seen = 0;

	for (int i = 0; i < ZKL_RECIPE_STATES; i++) {
		for (int j = 0; j < ZKL_RECIPE_STATES; j++) {
			if (!(zkl_recipe_table.states[i].next & ZKL_SM_TO(j)))
				continue;
			allowed++;
			seen += found->moves[i][j] > 0;
			if (!found->moves[i][j])
				printf("never seen: %s -> %s\n", zkl_recipe_table.states[i].name,
					zkl_recipe_table.states[j].name);
		}
	}
	printf("moves of the recipe: %zu of %zu seen\n", seen, allowed);
	return allowed - seen;
}

/* ---- the command ---- */

static void usage(void)
{
	fprintf(stderr,
		"usage: explore [--count N | --seconds N] [--seed S] [--singles|--doubles|--random]"
		" [--scenario N] [--corpus FILE] [--coverage] [--every N] [--least N] | "
		"--replay SCHEDULE\n");
	exit(EXIT_FAILURE);
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {{"seconds", 1, NULL, 's'}, {"count", 1, NULL, 'n'},
		{"seed", 1, NULL, 'S'}, {"scenario", 1, NULL, 'c'}, {"singles", 0, NULL, '1'},
		{"doubles", 0, NULL, '2'}, {"random", 0, NULL, 'r'}, {"replay", 1, NULL, 'R'},
		{"coverage", 0, NULL, 'C'}, {"corpus", 1, NULL, 'f'}, {"every", 1, NULL, 'e'},
		{"least", 1, NULL, 'l'}, {NULL, 0, NULL, 0}};
	int c;

	options.scenario = -1;
	options.seed = 1;
	options.every = 1;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			options.seconds = g_ascii_strtoll(optarg, NULL, 10);
			break;
		case 'n':
			options.count = g_ascii_strtoll(optarg, NULL, 10);
			break;
		case 'S':
			options.seed = g_ascii_strtoull(optarg, NULL, 10);
			break;
		case 'c':
			options.scenario = atoi(optarg);
			break;
		case '1':
			options.singles = true;
			break;
		case '2':
			options.doubles = true;
			break;
		case 'r':
			options.random = true;
			break;
		case 'C':
			options.coverage = true;
			break;
		case 'R':
			options.replay = optarg;
			break;
		case 'e':
			options.every = MAX(atoi(optarg), 1);
			break;
		case 'l':
			options.least = g_ascii_strtoll(optarg, NULL, 10);
			break;
		case 'f':
			options.corpus = optarg;
			break;
		default:
			usage();
		}
	}
	if (optind < argc || options.scenario >= schedule_scenarios())
		usage();
}

/* Schedules of a file, one a line, with a word for people behind a blank. */
static void run_corpus(const char *file)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	struct schedule schedule;

	if (!g_file_get_contents(file, &text, NULL, NULL)) {
		fprintf(stderr, "explore: cannot read %s\n", file);
		exit(EXIT_FAILURE);
	}
	lines = g_strsplit(text, "\n", 0);
	for (char **line = lines; *line; line++) {
		(*line)[strcspn(*line, " ")] = '\0';
		if (!**line || **line == '#')
			continue;
		if (!schedule_parse(*line, &schedule)) {
			fprintf(stderr, "explore: %s: no schedule: %s\n", file, *line);
			exit(EXIT_FAILURE);
		}
		crew_submit(&schedule);
	}
}

static void run_all(void)
{
	bool any = options.singles || options.doubles || options.random;

	crew_bound((uint64_t)options.count, options.seconds ? crew_now() + options.seconds : 0);
	if (options.corpus)
		run_corpus(options.corpus);
	if (options.singles || !any)
		run_systematic(some);
	if (options.doubles)
		run_systematic(double_up);
	if (options.random || !any)
		run_random(!any);
	crew_finish();
}

static bool report_findings(int64_t seconds)
{
	struct crew_findings found = crew_findings();
	const char *violated = crew_violated();
	bool failed = violated;

	printf("%" G_GUINT64_FORMAT " schedules, %s%" G_GUINT64_FORMAT
	       " distinct histories, %" G_GUINT64_FORMAT " faults hit, %" G_GUINT64_FORMAT
	       " grants, %" G_GUINT64_FORMAT " losses, %" G_GINT64_FORMAT " s\n",
		found.runs, found.full ? "more than " : "", found.distinct, found.hits,
		found.grants, found.losses, seconds);
	if (violated)
		report(violated);
	if (report_coverage(&found) && options.coverage)
		failed = true;
	if (found.distinct < (uint64_t)options.least) {
		printf("too few: %" G_GINT64_FORMAT " distinct histories were wanted\n",
			options.least);
		failed = true;
	}
	return failed;
}

/* What is left out of a slow build, and where one without bounds ends. */
static void bound_options(void)
{
	bool any = options.singles || options.doubles || options.random;

	if (!any && !options.count && !options.seconds)
		options.count = 60000;
	if (SLOW && !options.seconds) {
		options.count = (options.count + 9) / 10;
		options.least /= 10;
		options.every *= 11;
	}
}

int main(int argc, char **argv)
{
	int64_t start = crew_now();
	struct schedule schedule;

	setvbuf(stdout, NULL, _IOLBF, 0); /* a crash must not eat the story */
	parse_options(argc, argv);
	if (options.replay) {
		if (!schedule_parse(options.replay, &schedule))
			usage();
		return replay(&schedule);
	}
	bound_options();
	if (!crew_open()) {
		fprintf(stderr, "explore: no memory to share: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	run_all();
	return report_findings(crew_now() - start) ? EXIT_FAILURE : EXIT_SUCCESS;
}
