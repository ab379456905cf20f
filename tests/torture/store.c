/* SPDX-License-Identifier: Apache-2.0 */
#include "torture/store.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic int64_t *cells;

void store_open(const char *path)
{
	size_t size = STORE_CELLS * sizeof(*cells);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || ftruncate(fd, (off_t)size) != 0) {
		perror(path);
		exit(1);
	}
	cells = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (cells == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	close(fd);
}

bool store_write(int cell, int64_t token, int64_t *ret_highest)
{
	int64_t highest = atomic_load(&cells[cell]);

	while (token >= highest && !atomic_compare_exchange_weak(&cells[cell], &highest, token))
		;
	*ret_highest = highest;
	return token >= highest;
}
