/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tick.c - the key of a run that must happen once: given by the user, or the scheduled time.
 *
 * Periods are counted from the epoch, so all hosts agree on their borders. A host whose clock is
 * off uses the same keys as all others, only earlier or later.
 */
#include "tick.h"

#include "text.h"

#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

int64_t zkl_tick_period(const char *text)
{
	static const struct {
		const char *name;
		int64_t ms;
	} names[] = {{"minute", 60000}, {"hour", 3600000}, {"day", DAY_MS}};
	int64_t ms = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_str_equal(text, names[i].name))
			return names[i].ms;
	}
	if (!g_str_has_prefix(text, "every="))
		return 0;
	if (!zkl_text_duration(text + strlen("every="), &ms) || ms < 1000 || ms > DAY_MS ||
		ms % 1000 != 0)
		return -1;
	return ms;
}

char *zkl_tick_key(int64_t period_ms, int64_t wall_ms)
{
	return zkl_text_time(wall_ms - wall_ms % period_ms);
}
