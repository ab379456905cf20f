/* SPDX-License-Identifier: Apache-2.0 */
/* sm.c - the allowed-moves checker. */
#include "base/sm.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/trace.h"

void (*zkl_sm_watch)(const struct zkl_sm_table *table, int from, int to);

static void die(
	const struct zkl_sm_table *table, const char *who, int from, int to, const char *what)
{
	zkl_log(ZKLOCK_LOG_ERROR, "%s: %s: %s -> %s; this is a bug in libzklock", who, what,
		table->states[from].name, table->states[to].name);
	abort();
}

void zkl_sm_move(const struct zkl_sm_table *table, const void *object, const char *who,
	uint8_t *state, int to, const char *why)
{
	int from = *state;

	if (!(table->states[from].next & ZKL_SM_TO(to)))
		die(table, who, from, to, "forbidden move");
	if (zkl_sm_watch)
		zkl_sm_watch(table, from, to);
	*state = (uint8_t)to;
	if (from != to)
		zkl_trace(
			who, "%s -> %s: %s", table->states[from].name, table->states[to].name, why);
	if (table->invariant && !table->invariant(object))
		die(table, who, from, to, "invariant broken after");
}
