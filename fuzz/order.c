/* SPDX-License-Identifier: Apache-2.0 */
/* order.c - the verdict over any list of children, held against one that sorts. */
#include "core/order.h"

#include "target.h"

#define MOST 64

const char fuzz_name[] = "order";

struct contender {
	struct zkl_name name;
	const char *child;
};

static int before(const void *left, const void *right)
{
	const struct contender *a = left, *b = right;
	int32_t d = zkl_seq_compare(a->name.seq, b->name.seq);

	if (d)
		return d < 0 ? -1 : 1;
	if (a->name.share != b->name.share)
		return a->name.share == ZKL_EXCLUSIVE ? -1 : 1;
	return strcmp(a->child, b->child);
}

/* A child: a make, a distinct head, and a number near `middle`, so that serial order is an order.
 */
static char *child(struct bytes *in, int32_t middle, size_t i)
{
	static const char *const forms[] = {"%08zx-0000-4000-8000-000000000000-lock-%010d",
		"_c_%08zx-0000-4000-8000-000000000000-lock-%010d", "%032zx__lock__%010d",
		"%032zx__rlock__%010d", "x%zx-lock-%010d", "hello%zx", "%zxlock-%d",
		"lease-%zx-%010d"};
	char text[128];
	uint8_t form = take(in);
	int32_t seq = (int32_t)((uint32_t)middle + take(in) - 128);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
	snprintf(text, sizeof(text), forms[form % 8], i, seq);
#pragma GCC diagnostic pop
	return strdup(text);
}

static void check(char *const *children, size_t n, size_t mine, enum zkl_share share, size_t slots,
	size_t keep)
{
	struct contender all[MOST], own = {.child = children[mine]};
	size_t count = 0, ahead = 0, nearest = 0;
	struct zkl_order order = zkl_order_judge(children, n, children[mine], share, slots, keep);

	for (size_t i = 0; i < n; i++) {
		all[count].child = children[i];
		count += zkl_name_parse(children[i], &all[count].name);
	}
	if (!zkl_name_parse(children[mine], &own.name)) {
		MUST(order.verdict == ZKL_GONE && !order.nearest);
		return;
	}
	MUST(order.strangers == n - count);
	qsort(all, count, sizeof(*all), before);
	while (all[nearest].child != own.child) {
		ahead += share == ZKL_EXCLUSIVE || all[nearest].name.share == ZKL_EXCLUSIVE;
		MUST(++nearest < count);
	}
	MUST(order.ahead == ahead);
	MUST(order.verdict == (ahead < slots ? ZKL_OWNER : ZKL_WAIT));
	MUST((order.nearest != NULL) == (order.verdict == ZKL_WAIT));
	MUST(!order.nearest || order.n_nearest == (ahead < keep ? ahead : keep));
	for (size_t i = 0; order.nearest && i < order.n_nearest; i++) {
		do
			MUST(nearest-- > 0);
		while (share == ZKL_SHARED && all[nearest].name.share == ZKL_SHARED);
		MUST(strcmp(order.nearest[i], all[nearest].child) == 0);
	}
	free(order.nearest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	uint8_t head = take(&in), pick = take(&in);
	int32_t middle = (int32_t)take32(&in);
	char *children[MOST];
	struct zkl_order order;
	size_t n = 0, keep = (head >> 1) % 8 + 1, slots = (head >> 4) % 3 + 1;
	enum zkl_share share = head & 1 ? ZKL_SHARED : ZKL_EXCLUSIVE;

	do {
		children[n] = child(&in, middle, n);
		MUST(children[n]);
	} while (++n < MOST && in.left);
	check(children, n, pick % n, share, slots, keep);
	/* somebody who is not in the list has no place in it */
	order = zkl_order_judge(children, n, "0-lock-0000000000", share, slots, keep);
	MUST(order.verdict == ZKL_GONE && !order.nearest);
	while (n)
		free(children[--n]);
	return 0;
}
