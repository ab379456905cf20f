/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.h - threads that start a handle and end it.
 *
 * A transport begins on a thread of its own, which resolves names and starts the handle: that may
 * take for ever. Of these threads the first stays, for all transports of the process, and waits for
 * close(); the others end. So a transport costs the client's two threads, and a process one more.
 *
 * Everything else is delivered on the client's completion thread. So deliveries never overlap: a
 * keeper speaks only before there is a handle and after it is gone.
 */
#ifndef ZKL_PORT_ZK_KEEPER_H
#define ZKL_PORT_ZK_KEEPER_H

#include <stdbool.h>

#include "port/transport.h"

/* False: no thread to be had. */
bool zkl_keeper_start(struct zkl_transport *t);
/* close() of the transport. */
void zkl_keeper_close(struct zkl_transport *t, bool linger);

#endif
