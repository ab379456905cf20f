/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - check, default and copy what the program hands in. */
#ifndef ZKL_API_OPTIONS_H
#define ZKL_API_OPTIONS_H

#include "run/session.h"

/* options may be NULL, or of an older, shorter version. On success *ret is new. */
int zkl_options_session(const char *servers, const zklock_session_options_t *options,
	struct zkl_session_config **ret);

/* Copy the fields that the caller's version knows over the defaults. False: size makes no sense. */
bool zkl_options_lock(const zklock_options_t *options, zklock_options_t *ret);

#endif
