/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - what a fuzz target is: a function that is given bytes and must come back, with all
 * that it promises found true. libFuzzer calls it with bytes of its making (scripts/fuzz), replay.c
 * with those of the corpus (make check).
 */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char fuzz_name[]; /* of the folder below fuzz/corpus */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Broken: say what, and crash where the debugger can see it. */
#define MUST(truth)                                                                                \
	((truth) ? (void)0                                                                         \
		 : (fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #truth),          \
			   abort()))

/* The input, read from its front; behind its end there are zeros. */
struct bytes {
	const uint8_t *at;
	size_t left;
};

static inline uint8_t take(struct bytes *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static inline uint32_t take32(struct bytes *in)
{
	uint32_t value = take(in);

	value |= (uint32_t)take(in) << 8;
	value |= (uint32_t)take(in) << 16;
	return value | (uint32_t)take(in) << 24;
}

static inline uint64_t take64(struct bytes *in)
{
	uint64_t low = take32(in);

	return low | (uint64_t)take32(in) << 32;
}

/* Up to the next NUL, newline or the end, as a string to be freed. */
static inline char *take_line(struct bytes *in)
{
	size_t n = 0;
	char *line;

	while (n < in->left && in->at[n] && in->at[n] != '\n')
		n++;
	line = malloc(n + 1);
	MUST(line);
	memcpy(line, in->at, n);
	line[n] = '\0';
	in->at += n;
	in->left -= n;
	take(in);
	return line;
}

/* All that is left, as a string to be freed. NULs end it early. */
static inline char *take_rest(struct bytes *in)
{
	char *text = malloc(in->left + 1);

	MUST(text);
	memcpy(text, in->at, in->left);
	text[in->left] = '\0';
	*in = (struct bytes){0};
	return text;
}

#endif
