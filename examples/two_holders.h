/* SPDX-License-Identifier: Apache-2.0 */
/*
 * two_holders.h - the play of fenced_store and guarded_write, in two processes: an old holder is
 * stopped (SIGSTOP) with the lock in its hands, a new one writes when its turn has come, then the
 * old one wakes up and writes, too.
 */
#ifndef TWO_HOLDERS_H
#define TWO_HOLDERS_H

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Takes the lock and writes; stops itself in between when told so. 0: written, 1: refused. */
typedef int (*hold_and_write_fn)(const char *who, bool stop);

static pid_t start_holder(hold_and_write_fn hold_and_write, const char *who, bool stop)
{
	pid_t pid = fork();

	if (pid == 0)
		exit(hold_and_write(who, stop));
	return pid;
}

/* A change of the child: its exit status, or -1 when it stopped. */
static int wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, WUNTRACED) != pid)
		return 2;
	return WIFSTOPPED(status) ? -1 : WEXITSTATUS(status);
}

/* true: the new holder's write stands, the old one's was refused. */
static bool play_two_holders(hold_and_write_fn hold_and_write)
{
	pid_t old_holder = start_holder(hold_and_write, "old holder", true);
	int written;

	if (wait_for(old_holder) != -1)
		return false;
	written = wait_for(start_holder(hold_and_write, "new holder", false));
	kill(old_holder, SIGCONT);
	return written == 0 && wait_for(old_holder) == 1;
}

#endif
