/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps.c - the recipe's step alone, without threads, sockets and servers: what thinking costs.
 *
 * One contender joins behind n others, waits, is granted by its predecessor's sign-off and gives
 *the lock back. Printed for each n: the step that takes the list, and the median of all other
 *steps.
 *
 *	steps			-> lines of "WHAT N NANOSECONDS"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <glib.h>

#include "core/recipe.h"
#include "sample.h"

#define ROUNDS 200
#define GUID   "01234567-89ab-4cde-8f01-23456789abcd"

static const unsigned lengths[] = {10, 100, 1000, 10000};

struct walk {
	struct zkl_recipe recipe;
	uint32_t cookies[ZKL_ACT_END + 1]; /* of the last action of each type */
	bool done[ZKL_ACT_END + 1];	   /* was it asked for? */
	GArray *list_ns, *other_ns;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Feeds one event, and notes the time and what was asked for. */
static void step(
	struct walk *walk, struct zkl_event event, enum zkl_action_type answers, GArray *ns)
{
	struct zkl_actions actions = {.count = 0};
	int64_t start;

	event.session = 1;
	event.czxid = 7;
	event.now = 1;
	event.until = 1000000000;
	event.cookie = walk->cookies[answers];
	start = now_ns();
	zkl_recipe_step(&walk->recipe, &event, &actions);
	sample_add(ns, (double)(now_ns() - start));
	for (int i = 0; i < actions.count; i++) {
		walk->cookies[actions.list[i].type] = actions.list[i].cookie;
		walk->done[actions.list[i].type] = true;
	}
}

static void expect(const struct walk *walk, enum zkl_action_type type, const char *what)
{
	if (walk->done[type])
		return;
	fprintf(stderr, "steps: the recipe did not ask for %s\n", what);
	exit(1);
}

/* From nothing to a release; children: n others, then ourselves. */
static void walk_once(struct walk *walk, char **children, unsigned n)
{
	GArray *other = walk->other_ns;

	memset(walk->done, 0, sizeof(walk->done));
	zkl_recipe_init(&walk->recipe, ZKL_EXCLUSIVE, 1, "steps");
	walk->recipe.sealed = true;
	step(walk, (struct zkl_event){.type = ZKL_EV_START}, ZKL_ACT_END, other);
	step(walk, (struct zkl_event){.type = ZKL_EV_ONLINE}, ZKL_ACT_END, other);
	expect(walk, ZKL_ACT_CREATE, "a node");
	memcpy(walk->recipe.guid, GUID, sizeof(GUID));
	step(walk, (struct zkl_event){.type = ZKL_EV_CREATED, .node = children[n]}, ZKL_ACT_CREATE,
		other);
	step(walk,
		(struct zkl_event){
			.type = ZKL_EV_LISTED, .children = children, .n_children = n + 1},
		ZKL_ACT_LIST, walk->list_ns);
	expect(walk, ZKL_ACT_GET_PRED, "its predecessor");
	step(walk, (struct zkl_event){.type = ZKL_EV_OWN}, ZKL_ACT_GET_OWN, other);
	step(walk, (struct zkl_event){.type = ZKL_EV_PRED, .trusted = true}, ZKL_ACT_GET_PRED,
		other);
	step(walk, (struct zkl_event){.type = ZKL_EV_CHANGED, .node = children[n - 1]}, ZKL_ACT_END,
		other);
	expect(walk, ZKL_ACT_GRANT, "nothing more, once its predecessor had signed off");
	step(walk, (struct zkl_event){.type = ZKL_EV_RELEASE}, ZKL_ACT_END, other);
	expect(walk, ZKL_ACT_SIGNOFF, "its release");
	step(walk, (struct zkl_event){.type = ZKL_EV_GONE}, ZKL_ACT_SIGNOFF, other);
	zkl_recipe_clear(&walk->recipe);
}

/* As a server lists them: in no order. Ourselves last in the array, and last in the queue. */
static char **make_children(unsigned n)
{
	char **children = g_new0(char *, n + 2);
	GRand *random = g_rand_new_with_seed(n);

	for (unsigned i = 0; i < n; i++)
		children[i] = g_strdup_printf("%08x-89ab-4cde-8f01-23456789abcd-lock-%010u", i, i);
	for (unsigned i = n - 1; i > 0; i--) { /* the predecessor is found again below */
		unsigned j = (unsigned)g_rand_int_range(random, 0, (gint32)i + 1);
		char *swap = children[i];

		children[i] = children[j];
		children[j] = swap;
	}
	children[n] = g_strdup_printf(GUID "-lock-%010u", n);
	g_rand_free(random);
	return children;
}

/* To the place before ours, so that walk_once() knows its name. */
static void put_predecessor_last(char **children, unsigned n)
{
	char *suffix = g_strdup_printf("-lock-%010u", n - 1);

	for (unsigned i = 0; i < n; i++)
		if (g_str_has_suffix(children[i], suffix)) {
			char *swap = children[i];

			children[i] = children[n - 1];
			children[n - 1] = swap;
		}
	g_free(suffix);
}

static void measure(unsigned n)
{
	struct walk walk = {.list_ns = sample_new(), .other_ns = sample_new()};
	char **children = make_children(n);

	put_predecessor_last(children, n);
	for (unsigned round = 0; round < ROUNDS; round++)
		walk_once(&walk, children, n);
	printf("step_list %u %.0f\n", n, sample_median(walk.list_ns));
	printf("step_other %u %.0f\n", n, sample_median(walk.other_ns));
	g_array_free(walk.list_ns, TRUE);
	g_array_free(walk.other_ns, TRUE);
	g_strfreev(children);
}

int main(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++)
		measure(lengths[i]);
	return 0;
}
