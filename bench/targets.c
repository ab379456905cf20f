/* SPDX-License-Identifier: Apache-2.0 */
/* targets.c - the limits that zklock is to keep, looked up in one run. */
#include "targets.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Of `what` at `n` in the run's list `list`: member, less that of the floor or as a multiple of
 * that at 10 where asked for; list NULL: in the object "memory". */
static const struct target {
	const char *text, *list, *what;
	int n;
	const char *member;
	enum { PLAIN, ABOVE_FLOOR, TIMES_TEN } relation;
	double most;
} targets[] = {
	{"uncontended cycle, to the floor", "results", "cycle", 0, "ratio", PLAIN, 1.10},
	{"cycle whose release is not awaited, to the floor of one that waits", "results",
		"cycle_nowait", 0, "ratio_to_cycle", PLAIN, 0.80},
	{"hand-over at 2, to the floor", "results", "handover", 2, "ratio", PLAIN, 1.10},
	{"hand-over at 10, to the floor", "results", "handover", 10, "ratio", PLAIN, 1.10},
	{"hand-over at 100, to the floor", "results", "handover", 100, "ratio", PLAIN, 1.10},
	{"hand-over at 1000, to the floor", "results", "handover", 1000, "ratio", PLAIN, 1.10},
	{"hand-over at 5000, to the floor", "results", "handover", 5000, "ratio", PLAIN, 1.10},
	{"hand-over at 5000, to that at 10", "results", "handover", 5000, "growth", PLAIN, 1.10},
	{"join behind 1000, to that behind 10", "results", "join", 1000, "growth", PLAIN, 1.25},
	{"bytes received for a hand-over at 5000, to those at 10", "costs", "handover", 5000,
		"bytes_received", TIMES_TEN, 1.10},
	{"bytes received for a leaver at 5000, to those at 10", "costs", "leave", 5000,
		"bytes_received", TIMES_TEN, 1.10},
	{"bytes of memory for a waiter, of 10 000", NULL, NULL, 0, "bytes_per_waiter", PLAIN, 2048},
	{"threads of that process", NULL, NULL, 0, "threads", PLAIN, 8},
	{"`zklock run free-lock -- true`, us above connecting alone", "results", "run", 0,
		"median_us", ABOVE_FLOOR, 15000},
};

static double member_of(JsonObject *object, const char *member)
{
	return object != NULL && json_object_has_member(object, member)
		       ? json_object_get_double_member(object, member)
		       : NAN;
}

static bool is_row(JsonObject *row, const char *what, int n, const char *who)
{
	return g_str_equal(json_object_get_string_member(row, "what"), what) &&
	       g_str_equal(json_object_get_string_member(row, "who"), who) &&
	       json_object_get_int_member(row, "n") == n && !json_object_has_member(row, "variant");
}

static double look(JsonObject *run, const struct target *target, int n, const char *who)
{
	JsonArray *list = json_object_get_array_member(run, target->list);

	for (guint i = 0; i < json_array_get_length(list); i++) {
		JsonObject *row = json_array_get_object_element(list, i);

		if (is_row(row, target->what, n, who))
			return member_of(row, target->member);
	}
	return NAN;
}

/* NAN: this run did not measure it. */
static double value_of(JsonObject *run, const struct target *target)
{
	double value;

	if (target->list == NULL)
		return json_object_has_member(run, "memory")
			       ? member_of(json_object_get_object_member(run, "memory"),
					 target->member)
			       : NAN;
	value = look(run, target, target->n, "zklock");
	if (target->relation == ABOVE_FLOOR)
		return value - look(run, target, target->n, "raw");
	if (target->relation == TIMES_TEN)
		return value / look(run, target, 10, "zklock");
	return value;
}

void targets_write(GString *out, JsonObject *run)
{
	static const char head[] =
		"## Targets\n\n| what | at most | measured | |\n|---|---|---|---|\n";
	gsize before = out->len;

	g_string_append(out, head);
	for (gsize i = 0; i < G_N_ELEMENTS(targets); i++) {
		double value = value_of(run, &targets[i]);
		int digits = targets[i].most < 2 ? 2 : 0;

		if (isfinite(value))
			g_string_append_printf(out, "| %s | %.*f | %.*f | %s |\n", targets[i].text,
				digits, targets[i].most, digits, value,
				value <= targets[i].most ? "kept" : "**missed**");
	}
	if (out->len == before + strlen(head))
		g_string_truncate(out, before);
	else
		g_string_append_c(out, '\n');
}
