/* SPDX-License-Identifier: Apache-2.0 */
/* live.c - helpers of the live tests. */
#include "live/live.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char *live_servers(void)
{
	const char *servers = getenv("ZKLOCK_SERVERS");

	ck_assert_msg(servers != NULL, "ZKLOCK_SERVERS is not set: run `make check-live`");
	return servers;
}

const char *live_first_server(void)
{
	static char first[128];

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(live_servers(), ","), live_servers());
	return first;
}

zklock_session_t *live_session_at(const char *servers, int64_t timeout_ms)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	zklock_session_t *session;

	options.session_timeout_ms = timeout_ms;
	ck_ok(zklock_session_open(servers, &options, &session));
	ck_ok(zklock_session_wait_connected(session, LIVE_GUARD_MS));
	return session;
}

zklock_session_t *live_session(int64_t timeout_ms)
{
	return live_session_at(live_servers(), timeout_ms);
}

zklock_t *live_lock(zklock_session_t *session, const char *name, unsigned flags)
{
	zklock_options_t options = ZKLOCK_OPTIONS_INIT;
	zklock_t *lock;

	options.flags = flags;
	ck_ok(zklock_new(session, name, &options, &lock));
	return lock;
}

void live_close(zklock_session_t *session)
{
	ck_ok(zklock_session_close(session, LIVE_GUARD_MS));
}

size_t live_contenders(zklock_session_t *session, const char *name)
{
	zklock_owners_t *owners;
	size_t n;

	ck_ok(zklock_owners(session, name, 1, LIVE_GUARD_MS, &owners));
	n = zklock_owners_total(owners);
	zklock_owners_free(owners);
	return n;
}

/* Between two looks at something that tells nobody when it changes. */
static void pause_between_looks(int *looks)
{
	ck_assert_msg(++*looks < LIVE_GUARD_MS / 10, "waited too long");
	poll(NULL, 0, 10);
}

void live_wait_contenders(zklock_session_t *session, const char *name, size_t n)
{
	int looks = 0;

	while (live_contenders(session, name) != n)
		pause_between_looks(&looks);
}

/* ---- time and events ------------------------------------------------------------------------- */

int64_t live_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void live_await(atomic_int *value, int least)
{
	int64_t end = live_now_ms() + LIVE_GUARD_MS;

	while (atomic_load(value) < least) {
		ck_assert_msg(live_now_ms() < end, "waited too long");
		poll(NULL, 0, 1);
	}
}

zklock_event_t live_event(zklock_t *lock, enum zklock_event_type type)
{
	struct pollfd fd = {zklock_fd(lock), POLLIN, 0};
	zklock_event_t event;

	for (;;) {
		while (zklock_next_event(lock, &event))
			if (event.type == type)
				return event;
		ck_assert_msg(
			poll(&fd, 1, LIVE_GUARD_MS) == 1, "no event '%s'", zklock_event_name(type));
	}
}

zklock_session_info_t live_info(zklock_session_t *session)
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;

	ck_ok(zklock_session_info(session, &info));
	return info;
}

/* ---- other processes --------------------------------------------------------------------------
 */

static void hold_for_ever(const char *name, int64_t timeout_ms, int go, int tell)
{
	zklock_session_t *session;
	zklock_t *lock;
	char byte;

	signal(SIGTERM, SIG_DFL); /* Check's own handler would end the whole test */
	if (read(go, &byte, 1) != 1)
		_exit(0); /* the test has ended */
	session = live_session(timeout_ms);
	lock = live_lock(session, name, 0);
	ck_ok(zklock_lock(lock));
	if (write(tell, "h", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

struct live_holder live_hold_later(const char *name, int64_t timeout_ms)
{
	struct live_holder holder;
	int go[2], told[2];

	ck_assert_int_eq(pipe(go), 0);
	ck_assert_int_eq(pipe(told), 0);
	holder.pid = fork();
	if (holder.pid == 0) {
		close(go[1]);
		hold_for_ever(name, timeout_ms, go[0], told[1]);
	}
	close(go[0]);
	close(told[1]);
	holder.go = go[1];
	holder.told = told[0];
	return holder;
}

void live_go(struct live_holder *holder)
{
	ck_assert_int_eq(write(holder->go, "g", 1), 1);
}

struct live_holder live_hold(const char *name, int64_t timeout_ms)
{
	struct live_holder holder = live_hold_later(name, timeout_ms);

	live_go(&holder);
	return holder;
}

void live_wait_held(struct live_holder *holder)
{
	struct pollfd fd = {holder->told, POLLIN, 0};
	char byte;

	ck_assert_int_eq(poll(&fd, 1, LIVE_GUARD_MS), 1);
	ck_assert_int_eq(read(holder->told, &byte, 1), 1);
}

void live_kill(struct live_holder *holder, int signal)
{
	kill(holder->pid, signal);
	if (signal != SIGKILL && signal != SIGTERM)
		return;
	waitpid(holder->pid, NULL, 0);
	close(holder->told);
	close(holder->go);
}

/* ---- threads that lock ----------------------------------------------------------------------- */

static void *lock_and_note(void *arg)
{
	struct live_worker *w = arg;

	w->error = zklock_timedlock(w->lock, w->timeout_ms);
	if (w->error)
		return NULL;
	ck_ok(zklock_token(w->lock, &w->token));
	if (w->order)
		w->order[(*w->next)++] = w->number; /* under the lock */
	ck_ok(zklock_unlock(w->lock));
	return NULL;
}

void live_begin(struct live_worker *w, zklock_t *lock, int64_t timeout_ms)
{
	w->lock = lock;
	w->timeout_ms = timeout_ms;
	ck_assert_int_eq(pthread_create(&w->thread, NULL, lock_and_note, w), 0);
}

int live_finish(struct live_worker *w)
{
	pthread_join(w->thread, NULL);
	return w->error;
}
