/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.h - where the servers' names lead: before there is a handle, and whenever it has no
 * connection. */
#ifndef ZKL_PORT_ZK_LOOKUP_H
#define ZKL_PORT_ZK_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "port/transport.h"

/* All three on the keeper. */

/* Waits, but not for one that is closing. false: no name leads anywhere. */
bool zkl_lookup_first(struct zkl_transport *t);

/* Does what is to be done now; in how many ms it wants to be called again, -1: when the bell rings.
 */
int64_t zkl_lookup_after(struct zkl_transport *t);

void zkl_lookup_end(struct zkl_transport *t);

#endif
