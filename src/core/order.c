/* SPDX-License-Identifier: Apache-2.0 */
/* order.c - one pass over the children; no sort, so that 10 000 of them do not show. */
#include "core/order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NEAR_WRAP (1 << 20)

struct place {
	struct zkl_name name;
	const char *child;
};

/* Does a come before b? Equal numbers are legal among Curator's readers and writers
 * (docs/peers.md): exclusive first, then by name, so that all agree. */
static bool before(const struct place *a, const struct place *b)
{
	int32_t d = zkl_seq_compare(a->name.seq, b->name.seq);

	if (d != 0)
		return d < 0;
	if (a->name.share != b->name.share)
		return a->name.share == ZKL_EXCLUSIVE;
	return strcmp(a->child, b->child) < 0;
}

static bool blocks(const struct place *other, const struct place *me, enum zkl_share share)
{
	return before(other, me) && (share == ZKL_EXCLUSIVE || other->name.share == ZKL_EXCLUSIVE);
}

/* Keep the `keep` nearest, nearest first: insertion from the far end. */
static void insert(struct place *nearest, size_t *count, size_t keep, const struct place *place)
{
	size_t at = *count;

	while (at > 0 && before(&nearest[at - 1], place))
		at--;
	if (at >= keep)
		return;
	if (*count < keep)
		(*count)++;
	memmove(nearest + at + 1, nearest + at, (*count - at - 1) * sizeof(*nearest));
	nearest[at] = *place;
}

/* The pointers and the names they point to, in one block that outlives the list. */
static char **copy(const struct place *nearest, size_t n)
{
	size_t size = n * sizeof(char *);
	char **block, *text;

	for (size_t i = 0; i < n; i++)
		size += strlen(nearest[i].child) + 1;
	block = malloc(size);
	if (!block)
		return NULL;
	text = (char *)(block + n);
	for (size_t i = 0; i < n; i++) {
		block[i] = strcpy(text, nearest[i].child);
		text += strlen(text) + 1;
	}
	return block;
}

/* One pass: who stands before `own`, and which of them are nearest. */
static void survey(struct zkl_order *order, char *const *children, size_t n,
	const struct place *own, enum zkl_share share, struct place *nearest, size_t keep)
{
	for (size_t i = 0; i < n; i++) {
		struct place other = {.child = children[i]};

		if (!zkl_name_parse(children[i], &other.name)) {
			order->strangers++;
			continue;
		}
		if (other.name.make != ZKL_MAKE_OURS)
			order->foreign++;
		if (other.name.seq == own->name.seq && strcmp(children[i], own->child) == 0)
			order->verdict = ZKL_WAIT;
		else if (blocks(&other, own, share)) {
			order->ahead++;
			insert(nearest, &order->n_nearest, keep, &other);
		}
	}
}

struct zkl_order zkl_order_judge(char *const *children, size_t n, const char *me,
	enum zkl_share share, size_t slots, size_t keep)
{
	struct zkl_order order = {.verdict = ZKL_GONE};
	struct place own = {.child = me}, *nearest;

	if (!zkl_name_parse(me, &own.name))
		return order;
	order.near_wrap = own.name.seq > INT32_MAX - NEAR_WRAP;
	order.at_end = own.name.seq == INT32_MAX;
	nearest = malloc(keep * sizeof(*nearest));
	if (!nearest) {
		order.verdict = ZKL_WAIT;
		return order;
	}
	survey(&order, children, n, &own, share, nearest, keep);
	if (order.verdict == ZKL_WAIT && order.ahead < slots)
		order.verdict = ZKL_OWNER;
	if (order.verdict == ZKL_WAIT)
		order.nearest = copy(nearest, order.n_nearest);
	free(nearest);
	return order;
}
