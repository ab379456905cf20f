/* SPDX-License-Identifier: Apache-2.0 */
/* vigil.h - a wait for the end of those who stand in a queue now, by one who joins nothing. Outside
 * of the monitor; not from callbacks. */
#ifndef ZKL_RUN_VIGIL_H
#define ZKL_RUN_VIGIL_H

#include "run/pool.h"

/*
 * Wait until everybody who holds or awaits the lock `name` now has left. timeout_ms 0: only look,
 * for no longer than the session timeout.
 * Result: OK, BUSY (timeout_ms 0), TIMEOUT, UNAVAILABLE, ACCESS, CLOSED, IN_CALLBACK, ...
 */
int zkl_vigil_keep(zklock_session_t *pool, const char *name, int64_t timeout_ms);

#endif
