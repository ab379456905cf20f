/* SPDX-License-Identifier: Apache-2.0 */
/*
 * election.c - holds 100 locks in a session for each session timeout named, says "ready", and, a
 * line on standard input later, watches what an election does to them. Driven by election.sh.
 * Prints: T, V, locks kept, the least that remained, in ms.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include <zklock/zklock.h>

#define LOCKS	 100
#define TIMEOUTS 16

struct group {
	int64_t timeout, validity, least;
	zklock_session_t *session;
	zklock_t *locks[LOCKS];
};

static void check(int error, const char *what)
{
	if (error == ZKLOCK_OK)
		return;
	fprintf(stderr, "election: %s: %s\n", what, zklock_strerror(error));
	exit(1);
}

static void open_group(struct group *g)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;
	zklock_options_t unbound = ZKLOCK_OPTIONS_INIT;
	char name[64];

	options.session_timeout_ms = g->timeout;
	unbound.flags = ZKLOCK_UNBOUND;
	check(zklock_session_open(getenv("ZKLOCK_SERVERS"), &options, &g->session), "open");
	for (int i = 0; i < LOCKS; i++) {
		snprintf(name, sizeof(name), "election-%lld-%d", (long long)g->timeout, i);
		check(zklock_new(g->session, name, &unbound, &g->locks[i]), "new");
		check(zklock_timedlock(g->locks[i], 60000), "lock");
	}
	check(zklock_session_info(g->session, &info), "info");
	g->validity = info.validity_ms;
	g->least = info.validity_ms;
}

static void look(struct group *g)
{
	int64_t left = zklock_remaining_ms(g->locks[0]);

	if (left < g->least)
		g->least = left;
}

/* A lost hold stays lost, so the end tells. */
static void report(struct group *g)
{
	int kept = 0;

	for (int i = 0; i < LOCKS; i++)
		kept += zklock_unlock(g->locks[i]) == ZKLOCK_OK;
	printf("%lld %lld %d %lld\n", (long long)g->timeout, (long long)g->validity, kept,
		(long long)g->least);
	for (int i = 0; i < LOCKS; i++)
		zklock_free(g->locks[i]);
	zklock_session_close(g->session, 10000);
}

int main(int argc, char **argv)
{
	static struct group groups[TIMEOUTS];
	int n = argc - 1 < TIMEOUTS ? argc - 1 : TIMEOUTS;

	if (n == 0 || !getenv("ZKLOCK_SERVERS")) {
		fprintf(stderr, "usage: ZKLOCK_SERVERS=... election TIMEOUT_MS...\n");
		return 64;
	}
	for (int i = 0; i < n; i++) {
		groups[i].timeout = atoll(argv[i + 1]);
		open_group(&groups[i]);
	}
	puts("ready");
	fflush(stdout);
	for (struct pollfd in = {0, POLLIN, 0}; poll(&in, 1, 5) == 0;)
		for (int i = 0; i < n; i++)
			look(&groups[i]);
	for (int i = 0; i < n; i++)
		report(&groups[i]);
	return 0;
}
