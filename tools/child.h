/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - a command and everything it starts, as one thing that can be signalled and ended.
 *
 * The command leads a process group of its own. What leaves the group (setsid, daemons) is still
 * found: the caller of zkl_child_adopt() is the reaper of all its descendants, so no process of the
 * command can hide, and all are gone exactly when waitpid() knows no child any more.
 * For a process with one thread. Knows no lock.
 */
#ifndef ZKLOCK_TOOLS_CHILD_H
#define ZKLOCK_TOOLS_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid;	 /* of the command and of its group; 0: none, or reaped */
	pid_t group;	 /* stays when the command has been reaped */
	int wait_status; /* of the command, once reaped */
	bool reaped;
	int stopped; /* the signal that stopped it, 0: it runs */
};

struct child_spec {
	char **argv;
	char **environment;	     /* "NAME=value" to add, NULL at the end */
	const sigset_t *signal_mask; /* for the command */
	int niceness;		     /* for the command */
	pid_t foreground; /* takes the terminal on standard input from this group; 0: does not */
};

/** Become the reaper of all descendants (also of those that leave the group). */
void zkl_child_adopt(void);

/** Start the command: own group, parent-death signal, nothing open above 2.
 *  Result: 0, or the errno of fork or exec. */
int zkl_child_start(struct child *child, const struct child_spec *spec);

/** Let the group get the processor at once, so that it dies at once; if we may. */
void zkl_child_hurry(const struct child *child);

/** Send a signal to the group. */
void zkl_child_signal(const struct child *child, int signal);

/** Send a signal to every descendant of ours, in the group or not. */
void zkl_child_signal_all(const struct child *child, int signal);

/** Collect what has ended or stopped. true: no process of the command is left. */
bool zkl_child_reap(struct child *child);

/** Exit status as a shell would show it: that of the command, or 128 + signal. */
int zkl_child_status(int wait_status);

/** Exit status for a command that exec refused. */
int zkl_child_exec_status(int exec_errno);

/** One descendant that is alive, for a message; 0 when there is none. *ret_state: as in ps(1). */
pid_t zkl_child_survivor(char *ret_state);

#endif
