/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenure_private.h - what the parts of a tenure need of each other.
 *
 * tenure.c has its life, tenure_signals.c the signals that we get, tenure_events.c the lock's
 * events, tenure_command.c the command and its guard, tenure_end.c the proof and the end. Each
 * calls only those after it.
 */
#ifndef ZKLOCK_TOOLS_TENURE_PRIVATE_H
#define ZKLOCK_TOOLS_TENURE_PRIVATE_H

#include "tenure.h"

/* tenure_end.c */
/** Until when the lock is proven ours, 0: not at all. Never later than the truth. */
int64_t zkl_tenure_proven_until(struct tenure *tenure);
/** Does the end of the proof end the command? */
bool zkl_tenure_has_deadline(const struct tenure *tenure);
void zkl_tenure_give_up(struct tenure *tenure, int status);

/* tenure_events.c */
gboolean zkl_tenure_on_event(int fd, GIOCondition condition, void *user);

/* tenure_command.c */
int zkl_tenure_fork_guard(struct tenure *tenure);
gboolean zkl_tenure_on_guard(int fd, GIOCondition condition, void *user);
void zkl_tenure_end_command(struct tenure *tenure, enum guard_reason reason);
void zkl_tenure_continue_command(struct tenure *tenure);
void zkl_tenure_stop_ourselves(const struct tenure *tenure);

/* tenure_signals.c */
/** Before any thread exists, so that all threads inherit it. false: errno is set. */
bool zkl_tenure_block_signals(struct tenure *tenure);
gboolean zkl_tenure_on_signal(int fd, GIOCondition condition, void *user);

#endif
