/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker --servers S --root R --history FILE --store FILE [options]: see worker.h
 * worker --child --history FILE --lock NAME --ms N: the command of a `zklock run`
 */
#include "torture/store.h"
#include "torture/worker.h"
#include "torture/history.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define CLOSE_GUARD_S 90 /* a close or a join that hangs ends in SIGALRM, which is a failure */

struct settings {
	const char *servers, *root, *history, *store, *lock;
	int64_t session_ms, think_ms, hold_ms, ms, seed;
	int threads, locks, rare;
	bool child, no_seal;
};

static const struct option LONG_OPTIONS[] = {{"servers", 1, NULL, 's'}, {"root", 1, NULL, 'r'},
	{"history", 1, NULL, 'h'}, {"store", 1, NULL, 'S'}, {"lock", 1, NULL, 'l'},
	{"session-ms", 1, NULL, 'T'}, {"think-ms", 1, NULL, 'k'}, {"hold-ms", 1, NULL, 'o'},
	{"ms", 1, NULL, 'm'}, {"seed", 1, NULL, 'd'}, {"threads", 1, NULL, 't'},
	{"locks", 1, NULL, 'L'}, {"rare", 1, NULL, 'R'}, {"child", 0, NULL, 'c'},
	{"no-seal", 0, NULL, 'n'}, {NULL, 0, NULL, 0}};

static void set_number(struct settings *s, int option, const char *text)
{
	long long value = strtoll(text, NULL, 10);

	switch (option) {
	case 'T':
		s->session_ms = value;
		break;
	case 'k':
		s->think_ms = value;
		break;
	case 'o':
		s->hold_ms = value;
		break;
	case 'm':
		s->ms = value;
		break;
	case 'd':
		s->seed = value;
		break;
	case 't':
		s->threads = (int)value;
		break;
	case 'L':
		s->locks = (int)value;
		break;
	case 'R':
		s->rare = (int)value;
		break;
	default:
		exit(64);
	}
}

static struct settings read_settings(int argc, char **argv)
{
	struct settings s = {.root = "/locks",
		.session_ms = 4000,
		.think_ms = 300,
		.hold_ms = 20,
		.threads = 2,
		.locks = 6,
		.rare = 2};
	int option;

	while ((option = getopt_long(argc, argv, "", LONG_OPTIONS, NULL)) != -1) {
		switch (option) {
		case 's':
			s.servers = optarg;
			break;
		case 'r':
			s.root = optarg;
			break;
		case 'h':
			s.history = optarg;
			break;
		case 'S':
			s.store = optarg;
			break;
		case 'l':
			s.lock = optarg;
			break;
		case 'c':
			s.child = true;
			break;
		case 'n':
			s.no_seal = true;
			break;
		default:
			set_number(&s, option, optarg);
		}
	}
	if (s.history == NULL || s.threads < 1 || s.threads > WORKER_THREADS || s.locks < 1 ||
		s.locks > WORKER_LOCKS || s.rare >= s.locks)
		exit(64);
	return s;
}

/* libfaketime 0.9.10 moves absolute timers of every clock by the step of the time of day, also
 * those of CLOCK_BOOTTIME, and far away they go. No kernel does; so here timers are the kernel's. A
 * symbol of the program comes before one of a preloaded library. */
ZKLOCK_EXPORT int timerfd_settime(
	int fd, int flags, const struct itimerspec *new_value, struct itimerspec *old_value)
{
	return (int)syscall(SYS_timerfd_settime, fd, flags, new_value, old_value);
}

/* ---- as the command of a `zklock run` ----------------------------------------------------------
 */

static int be_child(const struct settings *s)
{
	const char *token = getenv("ZKLOCK_TOKEN");
	int64_t end = history_now() + s->ms * 1000000;

	if (token == NULL || s->lock == NULL)
		return 64;
	do {
		history_write("use", "\"lock\":\"%s\",\"token\":%s,\"pid\":%d", s->lock, token,
			(int)getpid());
		poll(NULL, 0, 10);
	} while (history_now() < end);
	history_write("used", "\"lock\":\"%s\",\"token\":%s", s->lock, token);
	return 0;
}

/* ---- as a worker -------------------------------------------------------------------------------
 */

static void on_state(
	zklock_session_t *session, enum zklock_session_state state, int error, void *user)
{
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;

	(void)user;
	if (zklock_session_info(session, &info) != ZKLOCK_OK)
		return;
	history_write("session",
		"\"state\":%d,\"rc\":\"%s\",\"id\":\"0x%llx\",\"timeout_ms\":%lld,\"server\":\"%"
		"s\","
		"\"moves\":%lld",
		(int)state, zklock_error_name(error), (unsigned long long)info.session_id,
		(long long)info.session_timeout_ms, info.server, (long long)info.moves);
}

static void note_usage(const struct worker *worker)
{
	struct usage usage = history_usage();
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;

	zklock_session_info(worker->session, &info);
	history_write("usage",
		"\"fds\":%d,\"threads\":%d,\"rss_kb\":%lld,\"reads\":%lld,\"writes\":%lld,"
		"\"proofs\":%lld,\"sessions\":%lld,\"moves\":%lld",
		usage.fds, usage.threads, (long long)usage.rss_kb, (long long)info.reads,
		(long long)info.writes, (long long)info.proofs, (long long)info.sessions,
		(long long)info.moves);
}

/* One of those who wait is called back. */
static void cancel_somebody(struct locker *lockers, int n, uint64_t *state)
{
	struct locker *locker = &lockers[dice_between(state, 0, n - 1)];
	int index = atomic_load(&locker->waiting);

	if (index < 0)
		return;
	history_write("cancel", "\"th\":%d,\"lock\":\"lock-%d\"", locker->number, index);
	zklock_cancel(locker->bound[index]);
}

/* The main thread: obey signals, notice that we were stopped, cancel, count. */
static void attend(struct worker *worker, struct locker *lockers, int n, uint64_t *state)
{
	static const struct timespec STEP = {0, 100000000};
	bool told_idle = false;
	sigset_t signals;
	int64_t last = history_now(), now;
	int step, got = 0;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGTERM);
	for (step = 0; got != SIGTERM; step++) {
		got = sigtimedwait(&signals, NULL, &STEP);
		now = history_now();
		if (now - last > 700000000)
			history_write("stall", "\"from\":%lld", (long long)last);
		last = now;
		if (got == SIGUSR1)
			atomic_store(&worker->stage, STAGE_IDLE);
		if (!told_idle && atomic_load(&worker->parked) == n) {
			history_write("idle", "%s", "");
			told_idle = true;
			note_usage(worker);
		} else if (step % 50 == 49) {
			note_usage(worker);
		}
		if (step % 20 == 19 && atomic_load(&worker->stage) == STAGE_RUN)
			cancel_somebody(lockers, n, state);
	}
}

static zklock_session_t *open_session(const struct settings *s)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	zklock_session_t *session;

	options.root = s->root;
	options.session_timeout_ms = s->session_ms;
	options.no_seal = s->no_seal;
	options.label = "torture";
	if (zklock_session_open(s->servers, &options, &session) != ZKLOCK_OK)
		abort();
	zklock_session_set_event_callback(session, on_state, NULL);
	return session;
}

static int be_worker(const struct settings *s)
{
	static struct locker lockers[WORKER_THREADS];
	static struct worker worker;
	uint64_t state = (uint64_t)s->seed + 77;
	int i, error;

	worker.locks = s->locks;
	worker.rare = s->rare;
	worker.think_ms = s->think_ms;
	worker.hold_ms = s->hold_ms;
	worker.session_ms = s->session_ms;
	worker.session = open_session(s);
	for (i = 0; i < s->threads; i++)
		locker_start(&lockers[i], &worker, i, (uint64_t)s->seed);
	attend(&worker, lockers, s->threads, &state);

	atomic_store(&worker.stage, STAGE_CLOSE);
	alarm(CLOSE_GUARD_S);
	history_write("close", "%s", "");
	error = zklock_session_close(worker.session, s->session_ms);
	history_write("closed", "\"rc\":\"%s\"", zklock_error_name(error));
	for (i = 0; i < s->threads; i++)
		locker_join(&lockers[i]);
	for (i = 0; i < s->threads; i++)
		locker_free_handles(&lockers[i]);
	history_write("end", "%s", "");
	return 0;
}

int main(int argc, char **argv)
{
	struct settings s = read_settings(argc, argv);
	sigset_t signals;

	history_open(s.history);
	if (s.child)
		return be_child(&s);
	if (s.servers == NULL || s.store == NULL)
		return 64;
	sigemptyset(&signals); /* before any thread is there */
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	store_open(s.store);
	history_write("start", "\"pid\":%d,\"session_ms\":%lld,\"sealed\":%s,\"threads\":%d",
		(int)getpid(), (long long)s.session_ms, s.no_seal ? "false" : "true", s.threads);
	return be_worker(&s);
}
