/* SPDX-License-Identifier: Apache-2.0 */
/* bell.c - rings are counted, so that none is missed between a look and a wait. */
#include "port/zk/bell.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static uint64_t count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make(void)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attr);
	pthread_condattr_destroy(&attr);
}

void zkl_bell_ring(void)
{
	pthread_once(&once, make);
	pthread_mutex_lock(&lock);
	count++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

uint64_t zkl_bell_rung(void)
{
	pthread_mutex_lock(&lock);
	uint64_t rung = count;
	pthread_mutex_unlock(&lock);
	return rung;
}

struct timespec zkl_bell_in(int64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	return until;
}

void zkl_bell_wait(uint64_t rung, int64_t ms)
{
	pthread_once(&once, make);
	struct timespec until = zkl_bell_in(ms < 0 ? 0 : ms);
	pthread_mutex_lock(&lock);
	while (count == rung)
		if (ms < 0)
			pthread_cond_wait(&changed, &lock);
		else if (pthread_cond_timedwait(&changed, &lock, &until) == ETIMEDOUT)
			break;
	pthread_mutex_unlock(&lock);
}

void zkl_bell_forget(void)
{
	pthread_mutex_init(&lock, NULL);
	make();
}
