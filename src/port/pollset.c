/* SPDX-License-Identifier: Apache-2.0 */
/* pollset.c - /proc/self/task/TID/syscall has the number and the arguments of the call that a
 * thread sleeps in. What they point to is read by way of the kernel: it may go away meanwhile. */
#include "port/pollset.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

bool zkl_pollset_blind;

static bool is_poll(long number)
{
#ifdef SYS_poll
	if (number == SYS_poll)
		return true;
#endif
	return number == SYS_ppoll;
}

/* Where the thread's two descriptors stand, 0: it waits for something else. */
static uint64_t set_of(int thread)
{
	char name[64];
	long number;
	unsigned long long at, n;
	snprintf(name, sizeof name, "/proc/self/task/%d/syscall", thread);
	FILE *in = fopen(name, "re");
	if (!in)
		return 0;
	bool sleeps = fscanf(in, "%ld 0x%llx 0x%llx", &number, &at, &n) == 3;
	fclose(in);
	return sleeps && is_poll(number) && n == 2 ? at : 0;
}

static int partner_of(int memory, int thread, int fd)
{
	struct pollfd set[2];
	uint64_t at = set_of(thread);
	if (at == 0 || pread(memory, set, sizeof set, (off_t)at) != (ssize_t)sizeof set)
		return -1;
	if (set[0].fd == fd)
		return set[1].fd;
	return set[1].fd == fd ? set[0].fd : -1;
}

/* Among all threads of the process. */
static int look_for(int memory, int fd, int *thread)
{
	int found = -1;
	DIR *threads = opendir("/proc/self/task");
	for (struct dirent *e; threads && found < 0 && (e = readdir(threads));) {
		int number = atoi(e->d_name);
		found = number > 0 ? partner_of(memory, number, fd) : -1;
		if (found >= 0)
			*thread = number;
	}
	if (threads)
		closedir(threads);
	return found;
}

int zkl_pollset_partner(int fd, int *thread)
{
	int memory =
		zkl_pollset_blind || fd < 0 ? -1 : open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	if (memory < 0)
		return -1;
	int found = *thread ? partner_of(memory, *thread, fd) : look_for(memory, fd, thread);
	close(memory);
	return found;
}
