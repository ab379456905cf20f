/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - a small process between zklock and its command that holds the deadline.
 *
 * zklock itself may be stopped or killed, and then cannot end its command before the lock is
 * someone else's. So it forks the guard early, while it has one thread and no connection. The guard
 * starts the command when it is told to, hears each new end of the proof ("valid until",
 * CLOCK_BOOTTIME), and ends the command and all it has started
 *   - in time before that moment, when it hears of no later one (zklock stopped, servers gone),
 *   - when it is told to (lock lost), - when zklock is gone (end of file on the socket),
 *   - after --at-most.
 * When the guard itself is killed, the command's leader dies with it (parent-death signal) and
 * zklock ends the rest: zkl_guard_avenge().
 *
 * Times are ms of CLOCK_BOOTTIME.
 */
#ifndef ZKLOCK_TOOLS_GUARD_H
#define ZKLOCK_TOOLS_GUARD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define GUARD_NEVER INT64_MAX

/** Why the command was ended; NONE: it ended by itself. */
enum guard_reason {
	GUARD_NONE,
	GUARD_UNPROVEN, /* the proof was about to end */
	GUARD_LOST,
	GUARD_SUSPENDED,
	GUARD_AT_MOST,
	GUARD_ORPHANED, /* zklock is gone */
};

struct guard {
	pid_t pid;   /* of the guard */
	int fd;	     /* readable when zkl_guard_next() has something */
	pid_t group; /* of the command while it runs, else 0 */
};

struct guard_options {
	char **argv;
	int first_signal;      /* before SIGKILL; SIGKILL: no other */
	int64_t kill_after_ms; /* at most, between the two */
	const sigset_t *signal_mask;
	pid_t foreground; /* the command takes the terminal from this group; 0: does not */
};

struct guard_start {
	int64_t valid_until; /* GUARD_NEVER: no deadline */
	int64_t validity_ms; /* how long a fresh proof lasts */
	int64_t at_most_ms;  /* 0: no limit */
	char **environment;  /* "NAME=value" to add for the command */
};

enum guard_report_type { GUARD_STARTED, GUARD_REFUSED, GUARD_STOPPED, GUARD_ENDED };

struct guard_report {
	enum guard_report_type type;
	int value; /* STARTED: pid. REFUSED: errno. STOPPED: 0. ENDED: wait status */
	enum guard_reason reason;
	bool late; /* processes lived past the end of the proof */
};

/** Fork the guard. All signals must be blocked. false: errno is set. */
bool zkl_guard_fork(struct guard *guard, const struct guard_options *options);

void zkl_guard_start(struct guard *guard, const struct guard_start *start);
void zkl_guard_extend(struct guard *guard, int64_t valid_until);
void zkl_guard_signal(struct guard *guard, int signal);
void zkl_guard_end(struct guard *guard, enum guard_reason reason, int64_t valid_until);

/** 1: *ret_report is filled. 0: nothing now. -1: the guard is gone. */
int zkl_guard_next(struct guard *guard, struct guard_report *ret_report);

/** After the guard's death: kill what is left of the command, wait until all of it is gone. */
void zkl_guard_avenge(struct guard *guard);

/** Let the guard go; without a command it ends at once. */
void zkl_guard_close(struct guard *guard);

int64_t zkl_guard_now(void);

#endif
