/* SPDX-License-Identifier: Apache-2.0 */
/* completion.h - what the client calls with an answer; `data` is the struct zkl_call. */
#ifndef ZKL_PORT_ZK_COMPLETION_H
#define ZKL_PORT_ZK_COMPLETION_H

#include <zookeeper/zookeeper.h>

void zkl_completion_void(int rc, const void *data);
void zkl_completion_string(int rc, const char *value, const void *data);
void zkl_completion_string_stat(
	int rc, const char *value, const struct Stat *stat, const void *data);
void zkl_completion_strings(int rc, const struct String_vector *strings, const void *data);
void zkl_completion_data(
	int rc, const char *value, int len, const struct Stat *stat, const void *data);
void zkl_completion_stat(int rc, const struct Stat *stat, const void *data);
void zkl_completion_acl(int rc, struct ACL_vector *list, struct Stat *stat, const void *data);
void zkl_completion_multi(int rc, const void *data);

#endif
