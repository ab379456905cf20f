/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live.h - what tests against real servers share. ZKLOCK_SERVERS names them (make check-live).
 * Waiting is for events; every wait has a generous guard, so that a hang is a failure.
 */
#ifndef LIVE_H
#define LIVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include <check.h>
#include <zklock/zklock.h>
#include <zklock/znode.h>

#include "live/live_case.h"

#define LIVE_GUARD_MS 60000

#define ck_ok(call)                                                                                \
	do {                                                                                       \
		int live_error = (call);                                                           \
		ck_assert_msg(                                                                     \
			live_error == ZKLOCK_OK, "%s: %s", #call, zklock_error_name(live_error));  \
	} while (0)
#define ck_error(call, expected)                                                                   \
	do {                                                                                       \
		int live_error = (call);                                                           \
		ck_assert_msg(                                                                     \
			live_error == (expected), "%s: %s", #call, zklock_error_name(live_error)); \
	} while (0)

const char *live_servers(void);

const char *live_first_server(void); /* of them, to be all that a session knows */

/* A session with a timeout (0: default) that is connected; a handle of the running test's lock. */
zklock_session_t *live_session(int64_t timeout_ms);
zklock_session_t *live_session_at(const char *servers, int64_t timeout_ms);
zklock_t *live_lock(zklock_session_t *session, const char *name, unsigned flags);
void live_close(zklock_session_t *session);

/* Contenders of a lock right now, and waiting until there are n (by looking again after changes).
 */
size_t live_contenders(zklock_session_t *session, const char *name);
void live_wait_contenders(zklock_session_t *session, const char *name, size_t n);

int64_t live_now_ms(void);
void live_await(atomic_int *value, int least);
/* The next event of a type; others are dropped. */
zklock_event_t live_event(zklock_t *lock, enum zklock_event_type type);
zklock_session_info_t live_info(zklock_session_t *session);

/* A process that opens a session of its own, takes the lock and tells; and its end. Start it before
 * the test's own sessions: a sanitizer cannot follow threads of a child of many threads. It begins
 * at live_go(). */
struct live_holder {
	pid_t pid;
	int go;	  /* one byte: begin */
	int told; /* one byte once it holds */
};
struct live_holder live_hold_later(const char *name, int64_t timeout_ms);
void live_go(struct live_holder *holder);
struct live_holder live_hold(const char *name, int64_t timeout_ms); /* at once */
void live_wait_held(struct live_holder *holder);
void live_kill(struct live_holder *holder, int signal);

/* A thread that takes the lock, notes it, and gives it back. */
struct live_worker {
	pthread_t thread;
	zklock_t *lock;
	int64_t timeout_ms;
	int error;
	int64_t token;
	int *order, *next; /* where to note when it was served */
	int number;
};
void live_begin(struct live_worker *w, zklock_t *lock, int64_t timeout_ms);
int live_finish(struct live_worker *w); /* how its lock() ended */

#endif
