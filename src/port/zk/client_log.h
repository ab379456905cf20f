/* SPDX-License-Identifier: Apache-2.0 */
/* client_log.h - what the ZooKeeper C client logs, on its way into our log. */
#ifndef ZKL_PORT_ZK_CLIENT_LOG_H
#define ZKL_PORT_ZK_CLIENT_LOG_H

/* The client's log_callback_fn. */
void zkl_client_log(const char *line);
/* Keeps the client, which has one level for the whole process, at errors (traps.md 29). */
void zkl_client_log_quieten(void);

#endif
