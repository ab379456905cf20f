/* SPDX-License-Identifier: Apache-2.0 */
/* link.h - one handle of the transport: one ZooKeeper session, from its opening to its CLOSED. */
#ifndef ZKL_RUN_LINK_H
#define ZKL_RUN_LINK_H

#include "run/session.h"

/* The new one becomes the session's; `deliver` gets it as its owner. false: there is neither memory
 * nor a thread for it, and the session has none (row 34). */
bool zkl_link_open(
	struct zkl_session *s, void (*deliver)(void *owner, const struct zkl_message *m));

/* The session is done with it; it lives on until the transport has said CLOSED. */
void zkl_link_retire(struct zkl_session *s, bool linger);

#endif
