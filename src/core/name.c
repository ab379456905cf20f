/* SPDX-License-Identifier: Apache-2.0 */
/* name.c - parse and check names. */
#include "core/name.h"

#include <string.h>

/* A server appends "%010d" of a signed number: ten digits, or a sign and nine or ten (-000000005,
 * -2147483648). */
#define SEQ_DIGITS 10

struct token {
	const char *text;
	enum zkl_make make;
	enum zkl_share share;
};

/* "__rlock__" ends in "lock__" but not in "__lock__", so no token hides another. */
static const struct token tokens[] = {
	{"lock-", ZKL_MAKE_OTHER, ZKL_EXCLUSIVE},
	{"__lock__", ZKL_MAKE_KAZOO, ZKL_EXCLUSIVE},
	{"__rlock__", ZKL_MAKE_KAZOO, ZKL_SHARED},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool ends_with(const char *text, size_t len, const char *tail)
{
	size_t n = strlen(tail);

	return len >= n && memcmp(text + len - n, tail, n) == 0;
}

static const struct token *find_token(const char *child, size_t len)
{
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		if (ends_with(child, len, tokens[i].text))
			return &tokens[i];
	return NULL;
}

/* By its shape: this is asked of every child of every list, and only tells makes apart. */
static bool is_guid(const char *text)
{
	return text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
}

/* Whose "...lock-" is it? `len` is the length without the number. */
static enum zkl_make make_of(const char *child, size_t len)
{
	if (len == ZKL_GUID_LEN + strlen("-lock-") && is_guid(child))
		return ZKL_MAKE_OURS;
	if (len > 3 && memcmp(child, "_c_", 3) == 0)
		return ZKL_MAKE_CURATOR;
	return ZKL_MAKE_OTHER;
}

/* Split off the number: its value to *seq, and the token before it, or NULL. */
static const struct token *split(const char *child, size_t *len, int32_t *seq)
{
	static const int64_t powers[SEQ_DIGITS] = {
		1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
	size_t end = strlen(child), digits = 0;
	const struct token *token;
	int64_t value = 0;

	while (digits < SEQ_DIGITS && digits < end && is_digit(child[end - digits - 1])) {
		value += (child[end - digits - 1] - '0') * powers[digits];
		digits++;
	}
	*len = end - digits;
	token = digits == SEQ_DIGITS ? find_token(child, *len) : NULL;
	if (!token && digits >= SEQ_DIGITS - 1 && *len > 0 && child[*len - 1] == '-') {
		(*len)--;
		value = -value;
		token = find_token(child, *len);
	}
	if (!token || value > INT32_MAX || value < INT32_MIN)
		return NULL;
	*seq = (int32_t)value;
	return token;
}

bool zkl_name_parse(const char *child, struct zkl_name *ret)
{
	size_t len;
	int32_t seq;
	const struct token *token = split(child, &len, &seq);

	if (!token)
		return false;
	ret->make = token->make == ZKL_MAKE_OTHER ? make_of(child, len) : token->make;
	ret->share = token->share;
	ret->seq = seq;
	return true;
}

bool zkl_name_has_guid(const char *child, const char *guid)
{
	struct zkl_name name;

	return strncmp(child, guid, ZKL_GUID_LEN) == 0 && zkl_name_parse(child, &name) &&
	       name.make == ZKL_MAKE_OURS;
}

int32_t zkl_seq_compare(int32_t a, int32_t b)
{
	return (int32_t)((uint32_t)a - (uint32_t)b);
}

static bool is_name_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("._:@+-", c));
}

/* One path component of n bytes, as zklock_new(3) allows them. */
static bool is_component(const char *text, size_t n)
{
	if (n == 0 || n > ZKL_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_name_char(text[i]))
			return false;
	return !(n == 1 && text[0] == '.') && !(n == 2 && memcmp(text, "..", 2) == 0);
}

bool zkl_name_is_valid(const char *name)
{
	return is_component(name, strlen(name)) && strcmp(name, "zookeeper") != 0;
}

bool zkl_root_is_valid(const char *root)
{
	if (root[0] != '/' || strcmp(root, "/zookeeper") == 0 ||
		strncmp(root, "/zookeeper/", 11) == 0)
		return false;
	while (*root == '/') {
		size_t n = strcspn(root + 1, "/");

		if (!is_component(root + 1, n))
			return false;
		root += 1 + n;
	}
	return *root == '\0';
}
