/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenure_signals.c - signals that zklock gets: passed on to the command, or the end of the wait.
 */
#include "tenure_private.h"

#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* ---- signals -------------------------------------------------------------------------------- */

/* Left alone: faults of our own, and what nobody sends to say something. */
static const int untouched[] = {
	SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGKILL, SIGSTOP};
static const int silent[] = {SIGCHLD, SIGPIPE, SIGTTIN, SIGTTOU};
static const int harmless[] = {SIGCONT, SIGWINCH, SIGURG, SIGTSTP};

static bool is_one_of(int signal, const int *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == signal)
			return true;
	}
	return false;
}

/* nohup(1) and shells ignore signals for us: then we do not hear them. */
static void leave_out_ignored(sigset_t *set)
{
	struct sigaction action;

	for (int signal = 1; signal <= SIGRTMAX; signal++) {
		if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			sigdelset(set, signal);
	}
}

/* Before any thread exists, so that all threads inherit it. */
bool zkl_tenure_block_signals(struct tenure *tenure)
{
	sigset_t all;

	sigfillset(&all);
	for (size_t i = 0; i < G_N_ELEMENTS(untouched); i++)
		sigdelset(&all, untouched[i]);
	sigprocmask(SIG_SETMASK, &all, &tenure->signal_mask);
	for (size_t i = 0; i < G_N_ELEMENTS(silent); i++)
		sigdelset(&all, silent[i]);
	leave_out_ignored(&all);
	tenure->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return tenure->signals >= 0;
}

/* ---- signals for us ------------------------------------------------------------------------- */

static void signal_for_command(struct tenure *tenure, int signal)
{
	if (signal == SIGCONT) {
		zkl_tenure_continue_command(tenure);
		return;
	}
	zkl_guard_signal(&tenure->guard, signal);
	if (signal == SIGTSTP)
		zkl_tenure_stop_ourselves(tenure);
}

/* Nothing runs: a signal ends the wait, the hold or the lingering. */
static void signal_for_us(struct tenure *tenure, int signal)
{
	if (signal == SIGTSTP)
		zkl_tenure_stop_ourselves(tenure);
	if (is_one_of(signal, harmless, G_N_ELEMENTS(harmless)))
		return;
	if (tenure->phase == TENURE_LINGERING)
		zkl_tenure_finish(tenure, tenure->status);
	else if (tenure->phase == TENURE_HOLDING && tenure->options.ends_well)
		zkl_tenure_finish(tenure, STATUS_OK);
	else
		zkl_tenure_give_up(tenure, STATUS_SIGNAL + signal);
}

gboolean zkl_tenure_on_signal(int fd, GIOCondition condition, void *user)
{
	struct tenure *tenure = user;
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info)) {
		if (tenure->running)
			signal_for_command(tenure, (int)info.ssi_signo);
		else
			signal_for_us(tenure, (int)info.ssi_signo);
	}
	return G_SOURCE_CONTINUE;
}
