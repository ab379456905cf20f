/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.h - the verdict: given the children of a lock's parent and my own name, am I the holder,
 * or whom do I wait for? A pure function; readers and N slots are rows of its rule.
 *
 *	my mode		who stands before me		I hold when
 *	exclusive	every contender of lower seq	fewer than `slots` (1) stand before me
 *	shared		exclusive ones of lower seq	nobody stands before me
 */
#ifndef ZKL_CORE_ORDER_H
#define ZKL_CORE_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/name.h"

enum zkl_verdict {
	ZKL_OWNER, /* mine */
	ZKL_WAIT,  /* not yet: watch nearest[0] */
	ZKL_GONE,  /* my own node is not there */
};

struct zkl_order {
	enum zkl_verdict verdict;
	size_t ahead;	  /* contenders before me */
	size_t strangers; /* children that are no contenders */
	size_t foreign;	  /* contenders of another make */
	bool near_wrap;	  /* my number is within 2^20 of the wrap, where text order turns over */
	bool at_end; /* my number is the last: servers since 3.6 then give it to all who come */
	size_t n_nearest;
	char **nearest; /* WAIT: names of those before me, the nearest first. One block: free() it
			 */
};

/*
 * Judge. children in any order; me: name of my own node; keep: how many of the nearest to name.
 * WAIT without nearest: out of memory.
 */
struct zkl_order zkl_order_judge(char *const *children, size_t n, const char *me,
	enum zkl_share share, size_t slots, size_t keep);

#endif
