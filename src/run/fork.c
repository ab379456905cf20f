/* SPDX-License-Identifier: Apache-2.0 */
/* fork.c - counts in the child; cheaper than getpid() and right when numbers are used again. */
#include "run/fork.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_uint generation;

static void in_child(void)
{
	atomic_fetch_add(&generation, 1);
}

static void install(void)
{
	pthread_atfork(NULL, NULL, in_child);
}

unsigned zkl_fork_generation(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, install);
	return atomic_load(&generation);
}
