/* SPDX-License-Identifier: Apache-2.0 */
/* result.h - what a code of the ZooKeeper C client says of the request. */
#ifndef ZKL_PORT_ZK_RESULT_H
#define ZKL_PORT_ZK_RESULT_H

#include "port/transport.h"

#define ZKL_QUOTA_EXCEEDED (-125) /* newer than the client's header */

/* Fills `result`, `rc` and `native` of `m`. */
void zkl_result_classify(struct zkl_message *m, int native);

#endif
