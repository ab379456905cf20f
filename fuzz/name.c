/* SPDX-License-Identifier: Apache-2.0 */
/* name.c - names of znodes, locks and roots: the reader, held against a slower one. */
#include "core/name.h"

#include "target.h"

const char fuzz_name[] = "name";

static bool ends_in(const char *text, const char *tail)
{
	size_t n = strlen(text), m = strlen(tail);

	return n >= m && strcmp(text + n - m, tail) == 0;
}

/* What a server's "%010d" can have made of a name that ends in a contender's token. */
static bool slowly(const char *child, struct zkl_name *ret)
{
	static const char *const tails[] = {"lock-", "__lock__", "__rlock__"};
	size_t n = strlen(child);

	for (size_t digits = 10; digits <= 11 && digits <= n; digits++) {
		char printed[16], *head = strndup(child, n - digits), *end;
		long long value = strtoll(child + n - digits, &end, 10);
		bool fits = value >= INT32_MIN && value <= INT32_MAX, found = false;

		MUST(head);
		snprintf(printed, sizeof(printed), "%010d", fits ? (int)value : 0);
		for (size_t i = 0; fits && i < 3 && !found; i++) {
			found = ends_in(head, tails[i]) && strcmp(printed, child + n - digits) == 0;
			ret->seq = (int32_t)value;
			ret->share = i == 2 ? ZKL_SHARED : ZKL_EXCLUSIVE;
		}
		free(head);
		if (found)
			return true;
	}
	return false;
}

static bool good_component(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				"._:@+-");

	return n >= 1 && n <= ZKL_NAME_MAX && !text[n] && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0;
}

static bool good_root(const char *text)
{
	char *copy, *part, *rest;
	bool good = text[0] == '/' && strncmp(text, "/zookeeper/", 11) != 0 &&
		    strcmp(text, "/zookeeper") != 0;

	if (!good)
		return false;
	rest = copy = strdup(text + 1);
	MUST(copy);
	while (good && (part = strsep(&rest, "/")))
		good = good_component(part);
	free(copy);
	return good;
}

/* A name that we make is one that we read. */
static void round_trip(const char *head, int32_t seq)
{
	static const char guid[] = "01234567-89ab-4cde-8f01-23456789abcd";
	char name[256];
	struct zkl_name got;

	snprintf(name, sizeof(name), "%s-lock-%010d", guid, seq);
	MUST(zkl_name_parse(name, &got) && got.seq == seq && got.make == ZKL_MAKE_OURS &&
		got.share == ZKL_EXCLUSIVE && zkl_name_has_guid(name, guid));
	snprintf(name, sizeof(name), "_c_%s-lock-%010d", guid, seq);
	MUST(zkl_name_parse(name, &got) && got.seq == seq && got.make == ZKL_MAKE_CURATOR &&
		!zkl_name_has_guid(name, guid));
	snprintf(name, sizeof(name), "%.200s__rlock__%010d", head, seq);
	MUST(zkl_name_parse(name, &got) && got.seq == seq && got.make == ZKL_MAKE_KAZOO &&
		got.share == ZKL_SHARED);
}

static void compare(int32_t a, int32_t b)
{
	int32_t d = zkl_seq_compare(a, b);

	MUST((d == 0) == (a == b));
	MUST(d == INT32_MIN || zkl_seq_compare(b, a) == -d);
	MUST(zkl_seq_compare(a, (int32_t)((uint32_t)a + 1)) < 0); /* over the wrap as well */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	int32_t a = (int32_t)take32(&in), b = (int32_t)take32(&in);
	char *text = take_rest(&in);
	struct zkl_name fast = {0}, slow = {0};
	bool known = zkl_name_parse(text, &fast);

	/* "-0000000000" and the like: no server writes it, we read it as its value */
	if (slowly(text, &slow))
		MUST(known && fast.seq == slow.seq && fast.share == slow.share);
	else
		MUST(!known || strstr(text, "-0") || strstr(text, "--"));
	MUST(zkl_name_is_valid(text) == (good_component(text) && strcmp(text, "zookeeper") != 0));
	MUST(zkl_root_is_valid(text) == good_root(text));
	round_trip(text, a);
	compare(a, b);
	free(text);
	return 0;
}
