/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fourlw.h - ZooKeeper's four-letter words, asked of one server.
 */
#ifndef ZKLOCK_TOOLS_FOURLW_H
#define ZKLOCK_TOOLS_FOURLW_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** The servers of a servers string, without chroot, each as "host:port" or "[addr]:port". Free with
 *  g_strfreev(). */
char **zkl_fourlw_servers(const char *servers);

/** Ask; NULL: error is set. The answer is untrusted text. Free with g_free(). */
char *zkl_fourlw_ask(const char *server, const char *word, GError **error);

/** Is this the answer of a server that does not allow the word? */
bool zkl_fourlw_refused(const char *answer);

/** The value of a line "key=value" or "key: value" of an answer. Free with g_free(). NULL: none. */
char *zkl_fourlw_value(const char *answer, const char *key);
/** The same as a number; -1: none. */
int64_t zkl_fourlw_number(const char *answer, const char *key);

#endif
