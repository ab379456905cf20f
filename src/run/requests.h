/* SPDX-License-Identifier: Apache-2.0 */
/* requests.h - what a contender asks of ZooKeeper: the recipe's actions as requests of its session.
 */
#ifndef ZKL_RUN_REQUESTS_H
#define ZKL_RUN_REQUESTS_H

#include "core/recipe.h"
#include "run/contender.h"

/* false: not connected; no reply will come. Actions that ask nothing are true. */
bool zkl_requests_send(struct zkl_contender *c, const struct zkl_action *a);
void zkl_requests_send_parents(struct zkl_contender *c);
/* How many children of the lock's parent are no contenders? */
bool zkl_requests_send_count(struct zkl_contender *c, uint32_t cookie);

/* Before each event: is the watch on the predecessor still set at the servers? */
void zkl_requests_heed(struct zkl_contender *c, const struct zkl_event *event);
void zkl_requests_unwatch_pred(struct zkl_contender *c);
void zkl_requests_set_path(struct zkl_contender *c); /* of our node, once its name is known */
void zkl_requests_forget_node(struct zkl_contender *c);

#endif
