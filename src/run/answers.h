/* SPDX-License-Identifier: Apache-2.0 */
/* answers.h - what ZooKeeper answers to a contender, as events of the recipe. */
#ifndef ZKL_RUN_ANSWERS_H
#define ZKL_RUN_ANSWERS_H

#include "core/event.h"
#include "run/contender.h"

/* Not sent, though we thought we were connected: the news of the loss is on its way. */
void zkl_answers_unsent(struct zkl_contender *c, const struct zkl_action *a);

/* The reply of struct zkl_client_ops. */
void zkl_answers_reply(struct zkl_client *client, uint32_t code, const struct zkl_message *m);

#endif
