/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.h - the highest fencing token of each lock that this process has seen: after the ensemble
 * came back with empty data tokens would fall, and the resource behind the lock would refuse us or,
 * worse, not (row 30).
 */
#ifndef ZKL_RUN_TOKENS_H
#define ZKL_RUN_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

/* Any thread. `key` names the lock across sessions. false: the token is not above all before it. */
bool zkl_tokens_grow(const char *key, int64_t token);

#endif
