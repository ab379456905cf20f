/* SPDX-License-Identifier: Apache-2.0 */
/* crew.c - processes that run schedules beside each other, and what they found. */
#include "explore/crew.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "lib/world.h"

#define HASHES	(UINT64_C(1) << 24)
#define PROBES	64
#define BATCH	512 /* schedules of one child */
#define WORKERS 2
#define TEXT	512

/* What the children share with us. */
struct shared {
	struct crew_findings found;
	char current[WORKERS][TEXT];  /* being run: the one to blame for a crash */
	char violated[WORKERS][TEXT]; /* the first one found */
	uint64_t hashes[HASHES];
};

struct batch {
	struct schedule list[BATCH];
	size_t n;
	int worker;
};

static struct shared *shared;
static struct batch pending;
static pid_t children[WORKERS];
static uint64_t submitted, bound;
static int64_t deadline;

int64_t crew_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

bool crew_open(void)
{
	void *map = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	shared = map;
	return map != MAP_FAILED;
}

void crew_bound(uint64_t count, int64_t until)
{
	bound = count;
	deadline = until;
}

static bool is_late(void)
{
	return deadline && crew_now() >= deadline;
}

/* ---- in a child ---- */

static void add(uint64_t *counter, uint64_t value)
{
	__atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

/* Open addressing, shared by all children. */
static void count_history(uint64_t hash)
{
	uint64_t at = hash % HASHES;

	hash = hash ? hash : 1;
	for (int probe = 0; probe < PROBES; probe++, at = (at + 1) % HASHES) {
		uint64_t empty = 0;

		if (__atomic_compare_exchange_n(&shared->hashes[at], &empty, hash, false,
			    __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			add(&shared->found.distinct, 1);
			return;
		}
		if (empty == hash)
			return;
	}
	shared->found.full = true;
}

static void add_moves(void)
{
	for (int i = 0; i < ZKL_RECIPE_STATES; i++) {
		for (int j = 0; j < ZKL_RECIPE_STATES; j++)
			add(&shared->found.moves[i][j], world_moves[i][j]);
	}
}

static void run_one(const struct schedule *schedule, int worker)
{
	g_autofree char *text = schedule_text(schedule);
	struct schedule_result result;

	g_strlcpy(shared->current[worker], text, TEXT);
	result = schedule_run(schedule, false);
	add(&shared->found.runs, 1);
	add(&shared->found.hits, result.hits);
	add(&shared->found.grants, result.granted);
	add(&shared->found.losses, result.lost);
	count_history(result.hash);
	if (result.violation && !shared->violated[worker][0])
		g_strlcpy(shared->violated[worker], text, TEXT);
	schedule_result_clear(&result);
}

static void run_batch(const struct batch *batch)
{
	for (size_t i = 0; i < batch->n && !shared->violated[batch->worker][0] && !is_late(); i++)
		run_one(&batch->list[i], batch->worker);
	add_moves();
}

/* ---- around them ---- */

/* A child that died found something, too. */
static void reap_worker(int worker)
{
	int status;

	if (!children[worker])
		return;
	if (waitpid(children[worker], &status, 0) > 0 &&
		(!WIFEXITED(status) || WEXITSTATUS(status)))
		g_strlcpy(shared->violated[worker], shared->current[worker], TEXT);
	children[worker] = 0;
}

const char *crew_violated(void)
{
	for (int i = 0; i < WORKERS; i++) {
		if (shared->violated[i][0])
			return shared->violated[i];
	}
	return NULL;
}

/* Give what is collected to the next worker. */
static void flush(void)
{
	reap_worker(pending.worker);
	if (pending.n && !crew_violated()) {
		fflush(NULL);
		children[pending.worker] = fork();
		if (children[pending.worker] == 0) {
			run_batch(&pending);
			_exit(0);
		}
	}
	pending.worker = (pending.worker + 1) % WORKERS;
	pending.n = 0;
}

bool crew_submit(const struct schedule *schedule)
{
	if (bound && submitted >= bound)
		return false;
	submitted++;
	pending.list[pending.n++] = *schedule;
	if (pending.n == BATCH)
		flush();
	return !crew_violated() && !is_late();
}

void crew_finish(void)
{
	flush();
	for (int i = 0; i < WORKERS; i++)
		reap_worker(i);
}

struct crew_findings crew_findings(void)
{
	return shared->found;
}
