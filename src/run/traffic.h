/* SPDX-License-Identifier: Apache-2.0 */
/* traffic.h - the requests of a session that are under way, the proofs among them. */
#ifndef ZKL_RUN_TRAFFIC_H
#define ZKL_RUN_TRAFFIC_H

#include "run/session.h"

/* A table of what is under way: cookie -> flight. */
GHashTable *zkl_traffic_new(void);

void zkl_traffic_replied(struct zkl_session *s, const struct zkl_message *m);

/* For the prover: prove all that is held, if anything; ask anything, where a ping would have gone.
 */
bool zkl_traffic_prove(void *session);
void zkl_traffic_idle(void *session);

#endif
