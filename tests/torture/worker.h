/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - a program that uses libzklock hard and writes down what it was told. Each of its
 * threads takes locks in every way there is; the main thread cancels, watches for stalls, and
 * obeys: SIGUSR1 finish what is under way and stay connected; SIGTERM close at once and exit.
 */
#ifndef WORKER_H
#define WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <zklock/zklock.h>

#define WORKER_LOCKS   STORE_CELLS
#define WORKER_THREADS 16

enum stage { STAGE_RUN, STAGE_IDLE, STAGE_CLOSE };

struct worker {
	zklock_session_t *session;
	int locks, rare;	   /* locks in all; of these, seldom used ones at the end */
	int64_t think_ms, hold_ms; /* means */
	int64_t session_ms;
	_Atomic int stage;
	_Atomic int parked; /* threads that have nothing under way */
	_Atomic int64_t attempts;
};

/* A thread that locks: handles bound to it, or handles of nobody, which it polls. */
struct locker {
	struct worker *worker;
	pthread_t thread;
	int number;
	uint64_t dice;
	zklock_t *bound[WORKER_LOCKS];
	zklock_t *unbound[WORKER_LOCKS];
	_Atomic int waiting; /* index of the lock it waits for by a bound handle, or -1 */
};

void locker_start(struct locker *locker, struct worker *worker, int number, uint64_t seed);
void locker_join(struct locker *locker);
void locker_free_handles(struct locker *locker);

#endif
