/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_case.h - a test case on the servers of ZKLOCK_SERVERS. Each of its tests ends with nothing
 * left there: no watch, and no ephemeral znode, which is what all contenders are, so that no lock
 * has a queue, below whatever root.
 */
#ifndef LIVE_CASE_H
#define LIVE_CASE_H

#include <netinet/in.h>
#include <stdint.h>

#include <check.h>

#include "lib/check_main.h"

TCase *live_case(const char *name, int seconds);

/* A program of one such case. */
#define LIVE_MAIN(title, ...)                                                                      \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const tests[] = {__VA_ARGS__, NULL};                                  \
                                                                                                   \
		return live_case_run(title, tests);                                                \
	}
int live_case_run(const char *title, const TTest *const *tests);

/* A number of `mntr`, summed over the servers; -1: one of them does not answer. A server that is
 * dead counts nothing. */
int64_t live_mntr(const char *key);

/* Of "host:port"; in containers the hosts are names. */
struct sockaddr_in live_address(const char *address);

#endif
