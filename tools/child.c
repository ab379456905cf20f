/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.c - a command and everything it starts, as one thing that can be signalled and ended.
 */
#include "child.h"

#include "status.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct process {
	pid_t pid, parent, group;
	char state;
	bool ours;
};

struct process_list {
	struct process *of;
	size_t count, room;
};

/* ---- all descendants ------------------------------------------------------------------------ */

/* The name in /proc/PID/stat may contain anything, so look behind the last parenthesis. */
static bool read_process(const char *pid, struct process *process)
{
	char path[64], text[512];
	const char *rest;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	rest = strrchr(text, ')');
	process->pid = (pid_t)atoi(pid);
	return rest && sscanf(rest + 1, " %c %d %d", &process->state, &process->parent,
			       &process->group) == 3;
}

static void add_process(struct process_list *list, const struct process *process)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		struct process *more = realloc(list->of, room * sizeof(*more));

		if (!more)
			return; /* the group is signalled in any case */
		list->of = more;
		list->room = room;
	}
	list->of[list->count] = *process;
	list->of[list->count++].ours = process->parent == getpid();
}

static void list_processes(struct process_list *list)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	struct process process;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
			read_process(entry->d_name, &process))
			add_process(list, &process);
	}
	if (dir)
		closedir(dir);
}

static bool has_parent_of_ours(const struct process_list *list, const struct process *process)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->of[i].ours && list->of[i].pid == process->parent)
			return true;
	}
	return false;
}

/* Children of ours are marked already; go down until nothing changes. */
static void mark_descendants(struct process_list *list)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < list->count; i++) {
			if (!list->of[i].ours && has_parent_of_ours(list, &list->of[i]))
				list->of[i].ours = changed = true;
		}
	}
}

static struct process_list descendants(void)
{
	struct process_list list = {0};

	list_processes(&list);
	mark_descendants(&list);
	return list;
}

pid_t zkl_child_survivor(char *ret_state)
{
	struct process_list list = descendants();
	pid_t found = 0;

	for (size_t i = 0; i < list.count && !found; i++) {
		if (list.of[i].ours && list.of[i].state != 'Z') {
			found = list.of[i].pid;
			*ret_state = list.of[i].state;
		}
	}
	free(list.of);
	return found;
}

/* ---- start ---------------------------------------------------------------------------------- */

static bool sigchld_was_ignored;

void zkl_child_adopt(void)
{
	/* an inherited SIG_IGN would reap behind our back; the command gets it back */
	if (signal(SIGCHLD, SIG_DFL) == SIG_IGN)
		sigchld_was_ignored = true;
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static void close_on_exec_above_2(void)
{
	long max;

	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	max = sysconf(_SC_OPEN_MAX); /* a kernel before 5.11 */
	for (long fd = 3; fd < (max > 0 ? max : 1024); fd++)
		fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}

/* In the child: becomes the command, or writes errno to the pipe. The parent-death signal follows
 * the thread that forked us; our parent has only one. */
static _Noreturn void become(const struct child_spec *spec, pid_t parent, int pipe_end)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(STATUS_INTERNAL);
	if (spec->foreground && tcgetpgrp(STDIN_FILENO) == spec->foreground)
		tcsetpgrp(STDIN_FILENO, getpid()); /* SIGTTOU is blocked here */
	for (char **entry = spec->environment; entry && *entry; entry++)
		putenv(*entry);
	close_on_exec_above_2();
	setpriority(PRIO_PROCESS, 0, spec->niceness);
	if (sigchld_was_ignored)
		signal(SIGCHLD, SIG_IGN);
	sigprocmask(SIG_SETMASK, spec->signal_mask, NULL);
	execvp(spec->argv[0], spec->argv);
	int error = errno;

	while (write(pipe_end, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	_exit(STATUS_CANNOT_RUN);
}

/* Wait for exec: end of file means that it worked. */
static int exec_error(int pipe_end)
{
	int error = 0;
	ssize_t len;

	do
		len = read(pipe_end, &error, sizeof(error));
	while (len < 0 && errno == EINTR);
	return len == sizeof(error) ? error : 0;
}

int zkl_child_start(struct child *child, const struct child_spec *spec)
{
	pid_t parent = getpid();
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	*child = (struct child){.pid = fork()};
	if (child->pid == 0)
		become(spec, parent, ends[1]);
	error = child->pid < 0 ? errno : 0;
	close(ends[1]);
	if (child->pid > 0) {
		child->group = child->pid;
		setpgid(child->pid, child->pid); /* whoever comes first */
		error = exec_error(ends[0]);
	}
	close(ends[0]);
	if (error && spec->foreground && tcgetpgrp(STDIN_FILENO) == child->group)
		tcsetpgrp(STDIN_FILENO, spec->foreground);
	if (error && child->pid > 0)
		waitpid(child->pid, NULL, 0);
	if (error)
		*child = (struct child){0};
	return error;
}

/* ---- signals -------------------------------------------------------------------------------- */

void zkl_child_hurry(const struct child *child)
{
	if (child->pid > 0)
		setpriority(PRIO_PGRP, (id_t)child->pid, -20);
}

/* A reaped leader's number may be given away once its group is empty; then the members that are
 * left, if any, are found by the walk over all descendants. */
void zkl_child_signal(const struct child *child, int signal)
{
	if (child->pid > 0)
		kill(-child->pid, signal);
}

void zkl_child_signal_all(const struct child *child, int signal)
{
	struct process_list list;

	zkl_child_signal(child, signal);
	list = descendants();
	for (size_t i = 0; i < list.count; i++) {
		const struct process *process = &list.of[i];

		if (process->ours && !(child->pid > 0 && process->group == child->pid))
			kill(process->pid, signal);
	}
	free(list.of);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void take_status(struct child *child, int status)
{
	child->stopped = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
	if (WIFSTOPPED(status) || WIFCONTINUED(status))
		return;
	child->wait_status = status;
	child->reaped = true;
	child->pid = 0;
}

bool zkl_child_reap(struct child *child)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
		if (pid == child->pid)
			take_status(child, status);
	}
	return pid < 0 && errno == ECHILD;
}

int zkl_child_status(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return STATUS_SIGNAL + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

int zkl_child_exec_status(int exec_errno)
{
	return exec_errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}
