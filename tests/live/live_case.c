/* SPDX-License-Identifier: Apache-2.0 */
/* live_case.c - after each test the servers are asked, by their word mntr. */
#include "live/live_case.h"

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define GUARD_MS  60000 /* only a hang takes as long */
#define LOOK_MS	  10
#define SILENCE_S 1 /* of a server that is frozen */

struct sockaddr_in live_address(const char *address)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
	struct sockaddr_in to;
	char host[256], port[8];

	ck_assert_int_eq(sscanf(address, "%255[^:]:%7[0-9]", host, port), 2);
	ck_assert_int_eq(getaddrinfo(host, port, &hints, &found), 0);
	memcpy(&to, found->ai_addr, sizeof(to));
	freeaddrinfo(found);
	return to;
}

/* -1: it is dead. */
static int connect_to(const char *address)
{
	struct sockaddr_in to = live_address(address);
	const struct timeval limit = {.tv_sec = SILENCE_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int64_t ask_server(const char *address, const char *key)
{
	char reply[65536], line[80];
	const char *found;
	size_t len = 0;
	ssize_t got;
	int fd = connect_to(address);

	if (fd < 0)
		return 0;
	if (send(fd, "mntr", 4, MSG_NOSIGNAL) == 4)
		while (len < sizeof(reply) - 1 &&
			(got = read(fd, reply + len, sizeof(reply) - 1 - len)) > 0)
			len += (size_t)got;
	close(fd);
	reply[len] = '\0';
	if (strncmp(reply, "zk_", 3) != 0)
		return -1;
	snprintf(line, sizeof(line), "\n%s\t", key);
	found = strstr(reply, line);
	return found ? atoll(found + strlen(line)) : 0;
}

int64_t live_mntr(const char *key)
{
	const char *servers = getenv("ZKLOCK_SERVERS");
	char *list, *rest = NULL;
	int64_t sum = 0, n;

	ck_assert_msg(servers != NULL, "ZKLOCK_SERVERS is not set: run `make check-live`");
	list = strdup(servers);
	list[strcspn(list, "/")] = '\0';
	for (char *one = strtok_r(list, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
		n = ask_server(one, key);
		sum = n < 0 || sum < 0 ? -1 : sum + n;
	}
	free(list);
	return sum;
}

static void nothing_is_left(void)
{
	int64_t watches, nodes;

	for (int looks = 0;; looks++) {
		watches = live_mntr("zk_watch_count");
		nodes = live_mntr("zk_ephemerals_count");
		if (watches == 0 && nodes == 0)
			return;
		ck_assert_msg(looks < GUARD_MS / LOOK_MS,
			"still %d watches and %d ephemeral znodes (-1: a server does not answer "
			"mntr)",
			(int)watches, (int)nodes);
		poll(NULL, 0, LOOK_MS); /* nobody tells when it changes */
	}
}

/* A fixture that a test adds itself is torn down before. */
TCase *live_case(const char *name, int seconds)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, seconds);
	tcase_add_checked_fixture(tc, NULL, nothing_is_left);
	return tc;
}

int live_case_run(const char *title, const TTest *const *tests)
{
	Suite *suite = suite_create(title);
	TCase *tc = live_case(title, CHECK_HANG);
	SRunner *runner = srunner_create(suite);
	int failed;

	while (*tests)
		tcase_add_test(tc, *tests++);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
