/* SPDX-License-Identifier: Apache-2.0 */
/* error.h - what each error code means, for people, for programs and for the command. */
#ifndef ZKL_BASE_ERROR_H
#define ZKL_BASE_ERROR_H

#include <zklock/zklock.h>

enum zkl_retry {
	ZKL_RETRY_NEVER, /* the same call will fail again */
	ZKL_RETRY_LATER, /* the same call may succeed later */
	ZKL_RETRY_AGAIN, /* look at the state, then decide */
};

/* All take any int; an unknown code has a text, NEVER and status 70. */
const char *zkl_error_text(int error);
const char *zkl_error_name(int error);
enum zkl_retry zkl_error_retry(int error);
int zkl_error_exit_status(int error);

/* Names of causes and events, as "unproven" and "lost". */
const char *zkl_cause_name(enum zklock_cause cause);
const char *zkl_event_name(enum zklock_event_type type);

#endif
