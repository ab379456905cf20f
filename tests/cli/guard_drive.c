/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard_drive.c - drives tools/guard.c alone, without a lock: guard_drive [options] -- COMMAND...
 *
 *	--first SIGNAL  --kill-after MS  --validity MS  --valid MS  --at-most MS
 *
 * Starts COMMAND under a guard with that much validity (none: no deadline), prints each report as
 * one line, and obeys lines of standard input: "extend MS", "end", "signal N", "leave" (exit at
 * once without a word, as if killed). Exits when the command has ended, or when the guard is gone.
 */
#include "guard.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const reasons[] = {
	"none", "unproven", "lost", "suspended", "at-most", "orphaned"};

static int64_t valid = GUARD_NEVER, validity = 2000, at_most, kill_after = 5000;
static int first = SIGTERM;

static int64_t until(const char *ms)
{
	return zkl_guard_now() + atoll(ms);
}

static char **read_options(char **argv)
{
	for (argv++; *argv && strcmp(*argv, "--") != 0; argv += 2) {
		if (strcmp(*argv, "--first") == 0)
			first = atoi(argv[1]);
		else if (strcmp(*argv, "--kill-after") == 0)
			kill_after = atoll(argv[1]);
		else if (strcmp(*argv, "--validity") == 0)
			validity = atoll(argv[1]);
		else if (strcmp(*argv, "--valid") == 0)
			valid = until(argv[1]);
		else if (strcmp(*argv, "--at-most") == 0)
			at_most = atoll(argv[1]);
		else
			exit(64);
	}
	return *argv ? argv + 1 : argv;
}

static void obey(struct guard *guard, const char *line)
{
	if (strncmp(line, "extend ", 7) == 0)
		zkl_guard_extend(guard, until(line + 7));
	else if (strncmp(line, "signal ", 7) == 0)
		zkl_guard_signal(guard, atoi(line + 7));
	else if (strncmp(line, "end", 3) == 0)
		zkl_guard_end(guard, GUARD_LOST, zkl_guard_now() + atoll(line + 3));
	else if (strncmp(line, "leave", 5) == 0)
		_exit(0);
}

/* true: all is over */
static bool print_reports(struct guard *guard)
{
	struct guard_report report;
	int got;

	while ((got = zkl_guard_next(guard, &report)) > 0) {
		switch (report.type) {
		case GUARD_STARTED:
			printf("started %d guard %d\n", report.value, (int)guard->pid);
			break;
		case GUARD_REFUSED:
			printf("refused %s\n", strerrorname_np(report.value));
			return true;
		case GUARD_STOPPED:
			printf("stopped\n");
			break;
		case GUARD_ENDED:
			printf("ended %d %s %s\n", report.value, reasons[report.reason],
				report.late ? "late" : "in time");
			return true;
		}
	}
	if (got < 0) {
		zkl_guard_avenge(guard);
		printf("avenged\n");
	}
	return got < 0;
}

static void serve(struct guard *guard)
{
	struct pollfd fds[] = {
		{.fd = guard->fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
	char line[128];

	while (!print_reports(guard)) {
		if (poll(fds, 2, -1) < 0)
			return;
		if (fds[1].revents && !fgets(line, sizeof(line), stdin))
			fds[1].fd = -1;
		else if (fds[1].revents)
			obey(guard, line);
	}
}

int main(int argc, char **argv)
{
	struct guard guard;
	sigset_t all, before;
	struct guard_options options = {.argv = read_options(argv), .signal_mask = &before};
	char *environment[] = {(char *)"ZKLOCK_HELD=1", NULL};
	struct guard_start start = {.valid_until = valid,
		.validity_ms = validity,
		.at_most_ms = at_most,
		.environment = environment};

	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	options.first_signal = first;
	options.kill_after_ms = kill_after;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if (!zkl_guard_fork(&guard, &options))
		return 70;
	zkl_guard_start(&guard, &start);
	serve(&guard);
	zkl_guard_close(&guard);
	return argc > 0 ? 0 : 1;
}
