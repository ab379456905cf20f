/* SPDX-License-Identifier: Apache-2.0 */
/* connection.h - the socket of a handle, which the client does not show. */
#ifndef ZKL_PORT_ZK_CONNECTION_H
#define ZKL_PORT_ZK_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include <zookeeper/zookeeper.h>

#include "port/resolve.h"
#include "port/transport.h"

/* The client's handle for `hosts`, made so that its descriptors can be told from others. NULL: see
 * errno. End it once the handle is closed. */
zhandle_t *zkl_connection_begin(struct zkl_transport *t, const char *hosts, watcher_fn watcher);
void zkl_connection_end(struct zkl_transport *t);

/* In a fork()ed child: the handles are the parent's. */
void zkl_connection_forget_all(void);

/* As a connection stands, while the question is easiest: later ones are told from it. */
void zkl_connection_claim(struct zkl_transport *t);
void zkl_connection_disclaim(struct zkl_transport *t);

/* The names lead elsewhere now: the client looks for its servers at `found` from now on, which
 * becomes ours. Not while it is in the middle of an attempt, unless in a `hurry`: false. */
bool zkl_connection_lead_to(struct zkl_transport *t, struct zkl_addresses *found, bool hurry);

/* move(), greeting() and peer() of the transport. */
enum zkl_moved zkl_connection_move(struct zkl_transport *t);
bool zkl_connection_greeting(struct zkl_transport *t);
void zkl_connection_peer(struct zkl_transport *t, char *buf, size_t size);

#endif
