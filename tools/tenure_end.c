/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenure_end.c - how long a tenure's proof lasts, and how the tenure ends.
 */
#include "tenure_private.h"

/* Timers stand still while the machine sleeps, and hold no more than seven weeks. */
#define LOOK_AGAIN_MS 60000

/* ---- the proof ------------------------------------------------------------------------------ */

bool zkl_tenure_has_deadline(const struct tenure *tenure)
{
	return !tenure->unlocked &&
	       zkl_settings_word(&tenure->cli->settings, SET_ON_LOST) != LOST_IGNORE;
}

/* The clock is read first: the result is never later than the truth. */
int64_t zkl_tenure_proven_until(struct tenure *tenure)
{
	int64_t now = zkl_guard_now();
	int64_t remaining = zklock_remaining_ms(tenure->lock);

	return remaining > 0 ? now + remaining : 0;
}

/* ---- the end -------------------------------------------------------------------------------- */

void zkl_tenure_finish(struct tenure *tenure, int status)
{
	if (tenure->phase == TENURE_DONE)
		return;
	tenure->phase = TENURE_DONE;
	tenure->status = status;
	g_main_loop_quit(tenure->loop);
}

static gboolean on_lingered(void *user)
{
	struct tenure *tenure = user;

	tenure->linger_source = 0;
	zkl_tenure_linger(tenure, tenure->status);
	return G_SOURCE_REMOVE;
}

/* --at-least: a fast job holds on, so that a slow host's turn comes while the lock is taken. */
void zkl_tenure_linger(struct tenure *tenure, int status)
{
	int64_t left = tenure->granted_at + tenure->options.at_least_ms - zkl_guard_now();

	if (left <= 0 || tenure->unlocked || tenure->told_lost) {
		zkl_tenure_finish(tenure, status);
		return;
	}
	tenure->phase = TENURE_LINGERING;
	tenure->status = status;
	tenure->linger_source = g_timeout_add((guint)MIN(left, LOOK_AGAIN_MS), on_lingered, tenure);
}

void zkl_tenure_give_up(struct tenure *tenure, int status)
{
	if (tenure->phase == TENURE_WAITING && tenure->hooks->gave_up)
		status = tenure->hooks->gave_up(tenure, status);
	zkl_tenure_finish(tenure, status);
}
