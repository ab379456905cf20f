/* SPDX-License-Identifier: Apache-2.0 */
#include "torture/history.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int out = -1;

void history_open(const char *path)
{
	out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (out < 0) {
		perror(path);
		exit(1);
	}
}

int64_t history_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

__attribute__((format(printf, 3, 0))) static void put(
	int64_t t, const char *event, const char *format, va_list args)
{
	char line[1024];
	int len = snprintf(line, sizeof(line), "{\"ev\":\"%s\",\"t\":%lld", event, (long long)t);

	line[len++] = ',';
	len += vsnprintf(line + len, sizeof(line) - (size_t)len - 2, format, args);
	if (line[len - 1] == ',')
		len--; /* nothing more to say */
	if (len > (int)sizeof(line) - 3)
		abort();
	line[len++] = '}';
	line[len++] = '\n';
	if (write(out, line, (size_t)len) != len)
		abort(); /* a history with holes proves nothing */
}

void history_write_at(int64_t t, const char *event, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(t, event, format, args);
	va_end(args);
}

void history_write(const char *event, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(history_now(), event, format, args);
	va_end(args);
}

static int entries(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (dir != NULL && readdir(dir) != NULL)
		n++;
	if (dir != NULL)
		closedir(dir);
	return n;
}

struct usage history_usage(void)
{
	struct usage usage = {entries("/proc/self/fd"), entries("/proc/self/task"), 0};
	FILE *file = fopen("/proc/self/statm", "re");
	long long pages = 0;

	if (file != NULL) {
		if (fscanf(file, "%*s %lld", &pages) != 1)
			pages = 0;
		fclose(file);
	}
	usage.rss_kb = pages * (sysconf(_SC_PAGESIZE) / 1024);
	return usage;
}

/* xorshift64* */
uint64_t dice(uint64_t *state)
{
	uint64_t x = *state ? *state : 88172645463325252ULL;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 2685821657736338717ULL;
}

int64_t dice_between(uint64_t *state, int64_t low, int64_t high)
{
	return low + (int64_t)(dice(state) >> 11) % (high - low + 1);
}
