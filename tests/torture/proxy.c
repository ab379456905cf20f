/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proxy HOST:PORT...: stands before each of these servers, on a port of 127.0.0.1 of its own, and
 * does to the connections what bad networks do. Needs no root. Prints "ready PORT...", then obeys
 * lines on standard input; N counts the servers from 1, PERCENT of the connections there are now
 * (all of them):
 *
 *   reset N [PERCENT]        end them with a TCP reset
 *   freeze N WAY [PERCENT]   nothing passes any more, nobody is told; WAY: up (requests), down,
 * both silence N WAY            the same for those that come later as well delay N MS each piece is
 * held back for so long heal N                   what was held back goes on, as TCP would send it
 * again
 *
 * Ends with its standard input.
 */
#include "torture/history.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINKS	    8
#define CONNECTIONS 1024
#define PIECE	    65536

enum { UP = 1, DOWN = 2 };

struct link {
	struct sockaddr_in target;
	int listener;
	int silent; /* of UP, DOWN */
	int64_t delay_ms;
};

/* Side 0 is the client, side 1 the server; data[i] came from side i. */
struct connection {
	int fd[2]; /* -1: a free place */
	int link;
	int frozen;
	char *data[2];
	size_t len[2];
	int64_t due[2];
};

static struct link links[LINKS];
static int link_count;
static struct connection connections[CONNECTIONS];
static uint64_t state = 1;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void end_connection(struct connection *c, bool reset)
{
	struct linger hard = {1, 0};
	int i;

	for (i = 0; i < 2; i++) {
		if (reset)
			setsockopt(c->fd[i], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(c->fd[i]);
		free(c->data[i]);
		c->data[i] = NULL;
		c->fd[i] = -1;
	}
}

static void prepare(int fd)
{
	int on = 1;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static struct connection *free_place(void)
{
	int i;

	for (i = 0; i < CONNECTIONS; i++)
		if (connections[i].fd[0] < 0)
			return &connections[i];
	return NULL;
}

static void take_connection(int number)
{
	struct link *link = &links[number];
	struct connection *c = free_place();
	int client = accept4(link->listener, NULL, NULL, SOCK_CLOEXEC), server;

	if (client < 0)
		return;
	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c == NULL || server < 0)
		fail("no place for one more connection");
	prepare(client);
	prepare(server);
	*c = (struct connection){.fd = {client, server}, .link = number, .frozen = link->silent};
	c->data[0] = malloc(PIECE);
	c->data[1] = malloc(PIECE);
	if (c->data[0] == NULL || c->data[1] == NULL)
		fail("malloc");
	if (connect(server, (struct sockaddr *)&link->target, sizeof(link->target)) != 0 &&
		errno != EINPROGRESS)
		end_connection(c, true);
}

/* ---- moving data -------------------------------------------------------------------------------
 */

static bool passes(const struct connection *c, int side)
{
	return !(c->frozen & (side == 0 ? UP : DOWN));
}

static short wanted(const struct connection *c, int side, int64_t now)
{
	int other = 1 - side;
	short events = 0;

	if (passes(c, side) && c->len[side] == 0)
		events |= POLLIN;
	if (passes(c, other) && c->len[other] > 0 && now >= c->due[other])
		events |= POLLOUT;
	return events;
}

static bool receive(struct connection *c, int side, int64_t now)
{
	ssize_t n = read(c->fd[side], c->data[side], PIECE);

	if (n > 0) {
		c->len[side] = (size_t)n;
		c->due[side] = now + links[c->link].delay_ms * 1000000;
	}
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static bool send_on(struct connection *c, int from)
{
	ssize_t n = send(c->fd[1 - from], c->data[from], c->len[from], MSG_NOSIGNAL);

	if (n > 0) {
		c->len[from] -= (size_t)n;
		memmove(c->data[from], c->data[from] + n, c->len[from]);
	}
	return n >= 0 || errno == EAGAIN;
}

static void serve(struct connection *c, int side, short events, int64_t now)
{
	bool good = true;

	if (c->fd[0] < 0)
		return;
	if (events & POLLOUT)
		good = send_on(c, 1 - side);
	if (good && (events & POLLIN))
		good = receive(c, side, now);
	else if (events & (POLLERR | POLLHUP | POLLNVAL))
		good = false;
	if (!good)
		end_connection(c, true);
}

/* ---- commands ----------------------------------------------------------------------------------
 */

static int ways(const char *text)
{
	return strcmp(text, "up") == 0 ? UP : strcmp(text, "down") == 0 ? DOWN : UP | DOWN;
}

static void each(int number, int percent, int freeze)
{
	int i;

	for (i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &connections[i];

		if (c->fd[0] < 0 || c->link != number || dice_between(&state, 1, 100) > percent)
			continue;
		if (freeze)
			c->frozen |= freeze;
		else
			end_connection(c, true);
	}
}

static void heal(int number)
{
	int i;

	links[number].silent = 0;
	links[number].delay_ms = 0;
	for (i = 0; i < CONNECTIONS; i++)
		if (connections[i].link == number)
			connections[i].frozen = 0;
}

static void obey(char *line)
{
	char word[3][16] = {"", "", ""};
	int number = 0;

	if (sscanf(line, "%15s %d %15s %15s", word[0], &number, word[1], word[2]) < 2 ||
		number < 1 || number > link_count) {
		fprintf(stderr, "proxy: what is '%s'?\n", line);
		exit(64);
	}
	number--;
	if (strcmp(word[0], "reset") == 0) {
		each(number, *word[1] ? atoi(word[1]) : 100, 0);
	} else if (strcmp(word[0], "freeze") == 0) {
		each(number, *word[2] ? atoi(word[2]) : 100, ways(word[1]));
	} else if (strcmp(word[0], "silence") == 0) {
		links[number].silent = ways(word[1]);
		each(number, 100, links[number].silent);
	} else if (strcmp(word[0], "delay") == 0) {
		links[number].delay_ms = atoll(word[1]);
	} else if (strcmp(word[0], "heal") == 0) {
		heal(number);
	}
	puts("done");
	fflush(stdout);
}

static void take_commands(void)
{
	static char text[4096];
	static size_t len;
	ssize_t n = read(STDIN_FILENO, text + len, sizeof(text) - 1 - len);
	char *end;

	if (n <= 0)
		exit(0);
	len += (size_t)n;
	text[len] = '\0';
	while ((end = strchr(text, '\n')) != NULL) {
		*end = '\0';
		obey(text);
		len -= (size_t)(end + 1 - text);
		memmove(text, end + 1, len + 1);
	}
}

/* ---- the loop ----------------------------------------------------------------------------------
 */

static struct pollfd polled[1 + LINKS + 2 * CONNECTIONS];

/* Result: how many; the place of connection i, side s is given by order[]. */
static int order[1 + LINKS + 2 * CONNECTIONS];

static int prepare_poll(int64_t now, bool *ret_delayed)
{
	int n = 0, i, side;

	polled[n++] = (struct pollfd){STDIN_FILENO, POLLIN, 0};
	for (i = 0; i < link_count; i++)
		polled[n++] = (struct pollfd){links[i].listener, POLLIN, 0};
	*ret_delayed = false;
	for (i = 0; i < CONNECTIONS; i++) {
		for (side = 0; side < 2 && connections[i].fd[0] >= 0; side++) {
			short events = wanted(&connections[i], side, now);

			*ret_delayed |=
				connections[i].len[side] > 0 && now < connections[i].due[side];
			if (events == 0)
				continue;
			order[n] = 2 * i + side;
			polled[n++] = (struct pollfd){connections[i].fd[side], events, 0};
		}
	}
	return n;
}

static void turn(void)
{
	bool delayed;
	int n = prepare_poll(history_now(), &delayed), i;
	int64_t now;

	if (poll(polled, (nfds_t)n, delayed ? 2 : -1) < 0 && errno != EINTR)
		fail("poll");
	now = history_now();
	for (i = 1 + link_count; i < n; i++) {
		struct connection *c = &connections[order[i] / 2];

		if (polled[i].revents != 0 && c->fd[order[i] % 2] == polled[i].fd)
			serve(c, order[i] % 2, polled[i].revents, now);
	}
	if (polled[0].revents != 0)
		take_commands();
	for (i = 0; i < link_count; i++)
		if (polled[1 + i].revents != 0)
			take_connection(i);
}

static int add_link(const char *target)
{
	struct link *link = &links[link_count++];
	struct sockaddr_in own = {.sin_family = AF_INET};
	socklen_t size = sizeof(own);
	char host[64];
	int port;

	if (sscanf(target, "%63[^:]:%d", host, &port) != 2)
		exit(64);
	link->target.sin_family = AF_INET;
	link->target.sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, host, &link->target.sin_addr);
	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	link->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (link->listener < 0 || bind(link->listener, (struct sockaddr *)&own, size) != 0 ||
		listen(link->listener, 512) != 0 ||
		getsockname(link->listener, (struct sockaddr *)&own, &size) != 0)
		fail("listen");
	return ntohs(own.sin_port);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 0; i < CONNECTIONS; i++)
		connections[i].fd[0] = connections[i].fd[1] = -1;
	if (argc < 2 || argc > 1 + LINKS)
		return 64;
	printf("ready");
	for (i = 1; i < argc; i++)
		printf(" %d", add_link(argv[i]));
	printf("\n");
	fflush(stdout);
	for (;;)
		turn();
}
