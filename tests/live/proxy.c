/* SPDX-License-Identifier: Apache-2.0 */
/* proxy.c - a process with one poll() loop; the test asks it through a socket pair. */
#include "live/proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "live/live.h"

#define CONNECTIONS 16
#define REQUESTS    4096
#define FRAME	    (1 << 20)

/* Requests of the client itself, which come when they like. */
#define XID_PING  (-2)
#define XID_EVENT (-1)
#define OP_MULTI  14

/* One direction of a connection: what was read and is not yet a whole frame, or not yet written. */
struct pipe {
	char *data;
	size_t len, room;
};

/* Frames wait for their answers: which request is number what. */
struct pending {
	int32_t xid;
	int number;
};

struct link {
	int client, server; /* -1: no such connection */
	bool greeted[2];    /* the first frame of each direction has passed */
	bool silent;
	bool ended; /* by the server, behind what is held back */
	struct pipe up, down, held;
	struct pending *pending;
	size_t pendings;
};

enum verb { LOSE, LOST, COUNT, OP, HOLD, AWAIT, GO, CUT, REFUSE };
struct order {
	enum verb verb;
	int value;
	unsigned loss;
};

/* The state of the proxy's own process. */
static struct link links[CONNECTIONS];
static struct sockaddr_in upstream;
static int listener, boss, ops[REQUESTS], requests, lose_number, hold_op;
static unsigned lose_how;
static bool holding, awaited, refusing;

struct proxy {
	pid_t pid;
	int fd;
	char address[32];
};

/* ---- bytes ----------------------------------------------------------------------------------- */

static int32_t number_at(const char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return (int32_t)ntohl(value);
}

static void append(struct pipe *pipe, const char *data, size_t len)
{
	if (pipe->len + len > pipe->room) {
		pipe->room = 2 * (pipe->len + len);
		pipe->data = realloc(pipe->data, pipe->room);
	}
	memcpy(pipe->data + pipe->len, data, len);
	pipe->len += len;
}

static void drop(struct pipe *pipe, size_t len)
{
	memmove(pipe->data, pipe->data + len, pipe->len - len);
	pipe->len -= len;
}

/* The length of the first frame with its header, 0: not whole yet. */
static size_t whole(const struct pipe *pipe)
{
	size_t len;

	if (pipe->len < 4)
		return 0;
	len = 4 + (size_t)number_at(pipe->data);
	return len <= pipe->len ? len : 0;
}

/* Loopback buffers are larger than what a test has under way. */
static void pass(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0)
			return; /* the other side will be read as closed */
		data += n;
		len -= (size_t)n;
	}
}

/* ---- connections ----------------------------------------------------------------------------- */

static void end_link(struct link *link)
{
	close(link->client);
	close(link->server);
	free(link->up.data);
	free(link->down.data);
	free(link->held.data);
	free(link->pending);
	*link = (struct link){.client = -1, .server = -1};
}

static void accept_link(void)
{
	int client = accept(listener, NULL, NULL), server;
	struct link *link = links;

	if (client < 0)
		return;
	server = socket(AF_INET, SOCK_STREAM, 0);
	while (link < links + CONNECTIONS && link->client >= 0)
		link++;
	if (refusing || link == links + CONNECTIONS ||
		connect(server, (struct sockaddr *)&upstream, sizeof(upstream)) != 0) {
		close(client);
		close(server);
		return;
	}
	link->client = client;
	link->server = server;
}

/* ---- frames ---------------------------------------------------------------------------------- */

static int op_of(const char *frame, size_t len)
{
	int op = number_at(frame + 8);

	return op == OP_MULTI && len >= 16 ? OP_MULTI * 100 + number_at(frame + 12) : op;
}

/* Lost: the message goes no further, and neither does anything else on its connection. */
static void lose(struct link *link)
{
	lose_number = 0;
	link->silent = (lose_how & PROXY_SILENT) != 0;
	if (!link->silent)
		end_link(link);
}

/* Note a request; false: it is lost. */
static bool request(struct link *link, const char *frame, size_t len)
{
	struct pending pending = {0, 0};
	int op = PROXY_CONNECT;

	if (link->greeted[0]) {
		pending.xid = number_at(frame + 4);
		op = op_of(frame, len);
	}
	link->greeted[0] = true;
	if (pending.xid == XID_PING)
		return true;
	ops[++requests % REQUESTS] = op;
	pending.number = requests;
	link->pending = realloc(link->pending, ++link->pendings * sizeof(pending));
	link->pending[link->pendings - 1] = pending;
	if (requests != lose_number || !(lose_how & PROXY_REQUEST))
		return true;
	lose(link);
	return false;
}

/* Which request this answers; 0: none. */
static int answered(struct link *link, const char *frame)
{
	int32_t xid = link->greeted[1] ? number_at(frame + 4) : 0;

	link->greeted[1] = true;
	if (xid == XID_PING || xid == XID_EVENT)
		return 0;
	for (size_t i = 0; i < link->pendings; i++) {
		if (link->pending[i].xid == xid) {
			int number = link->pending[i].number;

			link->pending[i] = link->pending[--link->pendings];
			return number;
		}
	}
	return 0;
}

static void tell(int value)
{
	pass(boss, (const char *)&value, sizeof(value));
}

/* A reply came; false: it is lost. */
static bool reply(struct link *link, const char *frame)
{
	int number = answered(link, frame);

	if (number && number == lose_number && !(lose_how & PROXY_REQUEST)) {
		lose(link);
		return false;
	}
	if (number && hold_op >= 0 && ops[number % REQUESTS] == hold_op) {
		hold_op = -1;
		holding = true;
		if (awaited)
			tell(0);
		awaited = false;
	}
	return true;
}

static void pass_requests(struct link *link)
{
	size_t len;

	while (link->client >= 0 && !link->silent && (len = whole(&link->up)) > 0) {
		if (!request(link, link->up.data, len))
			return;
		pass(link->server, link->up.data, len);
		drop(&link->up, len);
	}
}

static void pass_replies(struct link *link)
{
	size_t len;

	while (link->client >= 0 && !link->silent && (len = whole(&link->down)) > 0) {
		if (!reply(link, link->down.data))
			return;
		if (holding)
			append(&link->held, link->down.data, len);
		else
			pass(link->client, link->down.data, len);
		drop(&link->down, len);
	}
}

static void take(struct link *link, bool from_client)
{
	static char data[65536];
	ssize_t n = recv(from_client ? link->client : link->server, data, sizeof(data), 0);

	if (n <= 0) {
		if (link->silent && !from_client) { /* the client must not hear of it */
			close(link->server);
			link->server = open("/dev/null", 0);
			return;
		}
		if (holding && !from_client && link->held.len > 0)
			link->ended = true;
		else
			end_link(link);
		return;
	}
	if (link->silent)
		return;
	append(from_client ? &link->up : &link->down, data, (size_t)n);
	if (from_client)
		pass_requests(link);
	else
		pass_replies(link);
}

/* ---- orders ---------------------------------------------------------------------------------- */

static void let_go(void)
{
	holding = false;
	hold_op = -1;
	for (struct link *link = links; link < links + CONNECTIONS; link++) {
		if (link->client < 0)
			continue;
		pass(link->client, link->held.data, link->held.len);
		link->held.len = 0;
		if (link->ended)
			end_link(link);
	}
}

static void cut_all(void)
{
	for (struct link *link = links; link < links + CONNECTIONS; link++)
		if (link->client >= 0)
			end_link(link);
}

static void obey(void)
{
	struct order order;
	int answer = 0;

	if (recv(boss, &order, sizeof(order), MSG_WAITALL) != sizeof(order))
		_exit(0);
	if (order.verb == LOSE) {
		lose_number = order.value;
		lose_how = order.loss;
	} else if (order.verb == LOST) {
		answer = lose_number == 0;
	} else if (order.verb == COUNT) {
		answer = requests;
	} else if (order.verb == OP) {
		answer = ops[order.value % REQUESTS];
	} else if (order.verb == HOLD) {
		hold_op = order.value;
	} else if (order.verb == GO) {
		let_go();
	} else if (order.verb == CUT) {
		cut_all();
	} else if (order.verb == REFUSE) {
		refusing = order.value;
	} else if (!holding) {
		awaited = true;
		return;
	}
	tell(answer);
}

static void add(struct pollfd *fds, nfds_t *n, int fd)
{
	fds[(*n)++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void serve(void)
{
	for (;;) {
		struct pollfd fds[2 + 2 * CONNECTIONS];
		nfds_t n = 0;

		add(fds, &n, boss);
		add(fds, &n, listener);
		for (int i = 0; i < CONNECTIONS; i++) {
			add(fds, &n, links[i].client);
			add(fds, &n, links[i].silent || links[i].ended ? -1 : links[i].server);
		}
		poll(fds, n, -1);
		if (fds[0].revents)
			obey();
		if (fds[1].revents)
			accept_link();
		for (int i = 0; i < CONNECTIONS; i++) {
			struct pollfd *fd = fds + 2 + 2 * i;

			if (fd[0].revents && links[i].client == fd[0].fd)
				take(&links[i], true);
			if (fd[1].revents && links[i].server == fd[1].fd)
				take(&links[i], false);
		}
	}
}

/* ---- the test's side ------------------------------------------------------------------------- */

static int order(struct proxy *p, enum verb verb, int value, unsigned loss)
{
	struct order order = {verb, value, loss};
	int answer;

	ck_assert_int_eq(send(p->fd, &order, sizeof(order), MSG_NOSIGNAL), sizeof(order));
	ck_assert_int_eq(recv(p->fd, &answer, sizeof(answer), MSG_WAITALL), sizeof(answer));
	return answer;
}

static void listen_anywhere(struct proxy *p)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(listener, CONNECTIONS), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
	snprintf(p->address, sizeof(p->address), "127.0.0.1:%d", ntohs(at.sin_port));
}

struct proxy *proxy_start(const char *address)
{
	struct proxy *p = calloc(1, sizeof(*p));
	int ends[2];

	upstream = live_address(address);
	listen_anywhere(p);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	p->pid = fork();
	ck_assert_int_ge(p->pid, 0);
	if (p->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		boss = ends[1];
		close(ends[0]);
		hold_op = -1;
		for (int i = 0; i < CONNECTIONS; i++)
			links[i].client = links[i].server = -1;
		serve();
	}
	close(ends[1]);
	close(listener);
	p->fd = ends[0];
	return p;
}

void proxy_stop(struct proxy *p)
{
	/* others, started later, have our end of its socket, too: it would wait for theirs */
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->fd);
	free(p);
}

const char *proxy_address(const struct proxy *p)
{
	return p->address;
}

void proxy_lose(struct proxy *p, int n, unsigned loss)
{
	order(p, LOSE, n, loss);
}

bool proxy_has_lost(struct proxy *p)
{
	return order(p, LOST, 0, 0) != 0;
}

int proxy_requests(struct proxy *p)
{
	return order(p, COUNT, 0, 0);
}

int proxy_op(struct proxy *p, int n)
{
	return order(p, OP, n, 0);
}

void proxy_hold(struct proxy *p, enum proxy_op op)
{
	order(p, HOLD, (int)op, 0);
}

void proxy_await(struct proxy *p)
{
	order(p, AWAIT, 0, 0);
}

void proxy_go(struct proxy *p)
{
	order(p, GO, 0, 0);
}

void proxy_cut(struct proxy *p)
{
	order(p, CUT, 0, 0);
}

void proxy_refuse(struct proxy *p, bool yes)
{
	order(p, REFUSE, yes, 0);
}
