/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slow_callback.c - row 36 of docs/faults.md: a callback of the user that does not come back for
 * longer than a proof lasts harms no hold and no wait of its session. slow_callback SERVERS ROOT
 */
#include <poll.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zklock/zklock.h>

static sem_t inside, go_on;
static atomic_int lost;

static void expect(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "slow_callback: %s\n", what);
	exit(1);
}

static void on_event(zklock_t *lock, const zklock_event_t *event, void *user)
{
	(void)lock;
	(void)user;
	lost += event->type == ZKLOCK_EVENT_LOST;
	if (event->type != ZKLOCK_EVENT_GRANTED)
		return;
	sem_post(&inside);
	sem_wait(&go_on);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	zklock_session_options_t session_options = ZKLOCK_SESSION_OPTIONS_INIT;
	zklock_options_t options = {.size = sizeof(options), .flags = ZKLOCK_UNBOUND};
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;
	zklock_session_t *session;
	zklock_t *slow, *other;
	int64_t end;
	int rounds = 0;

	expect(argc == 3, "usage: slow_callback SERVERS ROOT");
	sem_init(&inside, 0, 0);
	sem_init(&go_on, 0, 0);
	session_options.root = argv[2];
	session_options.session_timeout_ms = 4000;
	expect(!zklock_session_open(argv[1], &session_options, &session), "session");
	expect(!zklock_new(session, "slow", &options, &slow), "lock");
	expect(!zklock_new(session, "other", &options, &other), "other lock");
	zklock_set_event_callback(slow, on_event, NULL);
	expect(!zklock_lock_async(slow, 60000), "lock");
	sem_wait(&inside);
	zklock_session_info(session, &info);
	for (end = now_ms() + 2 * info.validity_ms; now_ms() < end; rounds++) {
		expect(zklock_remaining_ms(slow) > 0, "the hold of the slow one is not proven");
		expect(!zklock_timedlock(other, 60000), "another lock cannot be taken");
		expect(!zklock_unlock(other), "another lock cannot be released");
		poll(NULL, 0, 20);
	}
	sem_post(&go_on);
	expect(!zklock_unlock(slow), "the hold was lost");
	expect(lost == 0, "LOST was told");
	zklock_free(slow);
	zklock_free(other);
	expect(!zklock_session_close(session, 10000), "close");
	printf("%d locks taken and released within one callback\n", rounds);
	return 0;
}
