/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenure.h - the time with one lock: queue, hold, tell the guard, release.
 *
 * run, once and hold differ in what they do when they hold the lock; the rest is here: one
 * event loop on the main thread for signals, events of the lock, reports of the guard and timers.
 *
 *	WAITING --granted--> HOLDING --hook ends it--> LINGERING (--at-least) --> done
 *	   |                    |
 *	   | failed, signal     | lost: the guard ends the command, then done
 */
#ifndef ZKLOCK_TOOLS_TENURE_H
#define ZKLOCK_TOOLS_TENURE_H

#include "cli.h"
#include "guard.h"

#include <glib.h>

struct tenure;

struct tenure_hooks {
	/** We stand in the queue, or hold: before anything else, once. May be NULL. */
	void (*joined)(struct tenure *tenure);
	/** The lock is ours (or, with --if-down=run, is not and we go on without). */
	void (*granted)(struct tenure *tenure);
	/** The command has ended. NULL: the tenure ends with status. */
	void (*ended)(struct tenure *tenure, const struct guard_report *report, int status);
	/** The wait is over without the lock, for whatever reason. Result: the status to exit with.
	 *  NULL: `status`. */
	int (*gave_up)(struct tenure *tenure, int status);
	/** The lock was lost and no command runs. NULL: the tenure ends with STATUS_LOST. */
	void (*lost)(struct tenure *tenure, enum zklock_cause cause);
};

enum tenure_phase { TENURE_WAITING, TENURE_HOLDING, TENURE_LINGERING, TENURE_DONE };

struct tenure_options {
	const char *name;
	int64_t wait_ms; /* -1: for ever; 0: do not wait */
	int64_t at_least_ms, at_most_ms;
	int busy_status, lost_status;
	char **argv;	/* of the command; NULL: there is none, and no guard */
	bool ends_well; /* a signal is the intended end of the hold: status 0 */
};

struct tenure {
	struct cli *cli;
	struct tenure_options options;
	const struct tenure_hooks *hooks;
	void *user;

	enum tenure_phase phase;
	int status;
	bool unlocked; /* --if-down=run: the command runs without the lock */
	bool joined, told_lost, suspended, running;
	zklock_t *lock;
	int64_t token;
	int64_t granted_at, valid_until, validity_ms;

	struct guard guard;
	bool guarded, terminal;
	pid_t command_group;  /* also when the command has ended */
	sigset_t signal_mask; /* as we found it, for the command */
	GMainLoop *loop;
	int signals;
	guint validity_source, linger_source, start_source;
	char *extra; /* for the command that start_source starts */
};

/**
 * Go through it all: fork the guard, open the session, wait, hold, release, close.
 * Result: exit status.
 */
int zkl_tenure_run(struct tenure *tenure);

/**
 * Parse the command line of a subcommand that waits for a lock and runs nothing: -n, -w, -E and the
 * shared options, then NAME. own: more entries, or NULL. Result: exit status.
 */
int zkl_tenure_options(struct cli *cli, const GOptionEntry *own, const char *usage,
	const char *about, int *argc, char ***argv, struct tenure_options *options);

/** Start the command; extra: one more "NAME=value" for it, or NULL. */
void zkl_tenure_start(struct tenure *tenure, const char *extra);

/** Is standard input our terminal, with us in front? */
bool zkl_tenure_in_foreground(void);

/** End the tenure once --at-least has passed. */
void zkl_tenure_linger(struct tenure *tenure, int status);

/** End the tenure: release what is held, leave the queue. */
void zkl_tenure_finish(struct tenure *tenure, int status);

#endif
