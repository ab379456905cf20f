/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw.h - the floors: bare calls of the ZooKeeper C client, with no lock's safety around them.
 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "contest.h"

enum raw_kind {
	RAW_FLOOR,	/* the cheapest calls that could make a lock */
	RAW_SET_DELETE, /* the calls of a lock: a list behind the create, {set, delete} */
	RAW_WATCHED, /* a join that also watches its own node and the one ahead, as zklock does */
};

struct contestant *raw_contestant(enum raw_kind kind, const char *servers);

/* Connect to one server; NULL and *error when that takes longer than a hang guard. */
struct raw_session;
struct raw_session *raw_session_open(const char *server, GError **error);
void raw_session_close(struct raw_session *session);

/* Connect, create one ephemeral node under a new parent; the time for it in *ret_us. */
bool raw_cold_lock(const char *servers, double *ret_us, GError **error);

#endif
