/* SPDX-License-Identifier: Apache-2.0 */
/* notice.h - what the client calls unasked. */
#ifndef ZKL_PORT_ZK_NOTICE_H
#define ZKL_PORT_ZK_NOTICE_H

#include <zookeeper/zookeeper.h>

/* The handle's watcher; `context` is the transport. */
void zkl_notice_session(zhandle_t *zh, int type, int state, const char *path, void *context);
/* Every data watch; `context` is the number of the watching client, not an address (traps.md 11,
 * 12, bugs.md 46). */
void zkl_notice_watch(zhandle_t *zh, int type, int state, const char *path, void *context);

#endif
