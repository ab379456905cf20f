/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holder.c - the same as CuratorHolder.java, with libzklock:
 *
 *	holder SERVERS ADDRESS SESSION_MS NAME
 *
 * "held TOKEN", then "MS EVENT" for each event of the hold, until a line comes on standard input.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zklock/zklock.h>

static void check(int error, const char *what)
{
	if (error == ZKLOCK_OK)
		return;
	fprintf(stderr, "holder: %s: %s\n", what, zklock_strerror(error));
	exit(1);
}

/* A client takes the servers in an order of its own: try until it has taken this one. */
static zklock_session_t *attach(const char *servers, const char *address, int64_t timeout_ms)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;
	zklock_session_t *session;

	options.session_timeout_ms = timeout_ms;
	for (;;) {
		check(zklock_session_open(servers, &options, &session), "open");
		check(zklock_session_wait_connected(session, 30000), "connect");
		check(zklock_session_info(session, &info), "info");
		if (strcmp(info.server, address) == 0)
			return session;
		zklock_session_close(session, 1000);
	}
}

static long long wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void tell_events(zklock_t *lock)
{
	zklock_event_t event;

	while (zklock_next_event(lock, &event))
		if (event.type != ZKLOCK_EVENT_GRANTED)
			printf("%lld %s\n", wall_ms(), zklock_event_name(event.type));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	zklock_session_t *session;
	zklock_t *lock;
	struct pollfd fds[2] = {{.fd = 0, .events = POLLIN}, {.events = POLLIN}};
	int64_t token;

	if (argc != 5)
		return 64;
	session = attach(argv[1], argv[2], atoll(argv[3]));
	check(zklock_new(session, argv[4], NULL, &lock), "new");
	fds[1].fd = zklock_fd(lock);
	check(zklock_timedlock(lock, 30000), "lock");
	check(zklock_token(lock, &token), "token");
	printf("held %lld\n", (long long)token);
	fflush(stdout);
	while (poll(fds, 2, -1) >= 0 && !fds[0].revents)
		tell_events(lock);
	tell_events(lock);
	zklock_unlock(lock);
	zklock_free(lock);
	return zklock_session_close(session, 10000) != ZKLOCK_OK;
}
