/* SPDX-License-Identifier: Apache-2.0 */
/* client_log.c - the client's log, with the levels that its lines deserve. */
#include "port/zk/client_log.h"

#include <string.h>

#include <zookeeper/zookeeper.h>

#include "base/log.h"

/* Losing a connection, waiting before the next and a late thread are daily life, and the session
 * tells of what matters; the rest keeps its level. */
static int log_level(const char *line)
{
	if (strstr(line, "Socket ") || strstr(line, "during waiting for server's reply"))
		return ZKLOCK_LOG_INFO;
	if (strstr(line, "Delaying connection") || strstr(line, "Exceeded deadline"))
		return ZKLOCK_LOG_DEBUG;
	if (strstr(line, ":ZOO_ERROR@"))
		return ZKLOCK_LOG_ERROR;
	return strstr(line, ":ZOO_WARN@") ? ZKLOCK_LOG_WARNING : ZKLOCK_LOG_DEBUG;
}

/* "date:pid(thread):ZOO_ERROR@function@line: text": the text is enough. */
void zkl_client_log(const char *line)
{
	const char *at = strstr(line, ":ZOO_");
	const char *text = at ? strstr(at, ": ") : NULL;
	zkl_log(log_level(line), "zookeeper client: %s", text ? text + 2 : line);
}

extern ZOOAPI ZooLogLevel logLevel; /* zookeeper_log.h, which cannot be included by this path */

/* The client has one level for the whole process: quieter than it was, never louder. One of its few
 * warnings prints the very string that zoo_set_servers() frees (bugs.md 56). */
void zkl_client_log_quieten(void)
{
	if (logLevel > ZOO_LOG_LEVEL_ERROR)
		zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
}
