/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socket.c - the descriptors of this process, from /proc.
 *
 * The C client keeps its descriptors to itself. To cut a connection, and to keep children from
 * inheriting it (traps.md 21: the client sets no CLOEXEC), we look for them from outside.
 * A descriptor is known by its inode; before anything is done to it, a duplicate is checked again,
 * so that a number that was closed and given away in between is never touched.
 */
#include "port/socket.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYN_SENT 2 /* as /proc/net/tcp writes it */

/* --- all descriptors ---------------------------------------------------------------------------
 */

/* What descriptor `fd` leads to: the number behind `kind` ("socket:[" or "pipe:["), else 0. Read
 * from its link, without a call on the descriptor: it is another thread's, and may be closed right
 * now. */
static uint64_t inode_of(int fd, const char *kind)
{
	char name[32], target[64];
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	ssize_t len = readlink(name, target, sizeof target - 1);
	if (len < 0)
		return 0;
	target[len] = '\0';
	return strncmp(target, kind, strlen(kind)) == 0 ? strtoull(target + strlen(kind), NULL, 10)
							: 0;
}

#define SOCKET "socket:["
#define PIPE   "pipe:["

/* Calls `visit` for each of that kind; false from it stops. */
static bool each_descriptor(
	const char *kind, bool (*visit)(void *ctx, int fd, uint64_t inode), void *ctx)
{
	DIR *dir = opendir("/proc/self/fd");
	if (!dir)
		return false;
	bool going = true;
	for (struct dirent *e; going && (e = readdir(dir));) {
		int fd = atoi(e->d_name);
		uint64_t inode = isdigit((unsigned char)e->d_name[0]) ? inode_of(fd, kind) : 0;
		if (inode != 0)
			going = visit(ctx, fd, inode);
	}
	closedir(dir);
	return going;
}

static bool has_option(int fd, int option, int wanted)
{
	int value = -1;
	socklen_t len = sizeof value;
	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == wanted;
}

static uint16_t local_port(int fd)
{
	struct sockaddr_storage own = {0};
	socklen_t len = sizeof own;
	if (getsockname(fd, (void *)&own, &len) != 0)
		return 0;
	return own.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&own)->sin6_port)
					 : ntohs(((struct sockaddr_in *)&own)->sin_port);
}

/* --- sockets -----------------------------------------------------------------------------------
 */

/* One that has no peer yet gets AF_UNSPEC: the kernel's table says where it is heading. */
static bool add_socket(void *ctx, int fd, uint64_t inode)
{
	struct zkl_sockets *out = ctx;
	struct zkl_socket one = {.fd = fd, .inode = inode};
	socklen_t len = sizeof one.peer;
	if (!has_option(fd, SO_PROTOCOL, IPPROTO_TCP) || has_option(fd, SO_ACCEPTCONN, 1))
		return true;
	if (getpeername(fd, (void *)&one.peer, &len) != 0)
		one.peer.ss_family = AF_UNSPEC;
	one.local_port = local_port(fd);
	struct zkl_socket *more = reallocarray(out->list, out->n + 1, sizeof *more);
	if (!more)
		return false;
	out->list = more;
	out->list[out->n++] = one;
	return true;
}

/* The table prints an address as words in this machine's byte order. */
static bool read_peer(const char *host, unsigned port, struct sockaddr_storage *peer)
{
	uint32_t words[4] = {0};
	size_t n = strlen(host) / 8;
	for (size_t i = 0; i < n && i < 4; i++) {
		char word[9] = {0};
		memcpy(word, host + 8 * i, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	*peer = (struct sockaddr_storage){.ss_family = n == 4 ? AF_INET6 : AF_INET};
	if (n == 4) {
		struct sockaddr_in6 *v6 = (void *)peer;
		v6->sin6_port = htons((uint16_t)port);
		memcpy(&v6->sin6_addr, words, sizeof v6->sin6_addr);
	} else {
		struct sockaddr_in *v4 = (void *)peer;
		v4->sin_port = htons((uint16_t)port);
		v4->sin_addr.s_addr = words[0];
	}
	return n == 1 || n == 4;
}

static void learn_peer(struct zkl_sockets *sockets, const char *line)
{
	char host[33];
	unsigned port, state;
	unsigned long long inode;
	if (sscanf(line,
		    "%*d: %*[0-9A-Fa-f]:%*x %32[0-9A-Fa-f]:%x %x %*x:%*x %*x:%*x %*x %*u %*u %llu",
		    host, &port, &state, &inode) != 4 ||
		state != SYN_SENT)
		return;
	for (size_t i = 0; i < sockets->n; i++)
		if (sockets->list[i].inode == inode && sockets->list[i].peer.ss_family == AF_UNSPEC)
			read_peer(host, port, &sockets->list[i].peer);
}

static void learn_peers(struct zkl_sockets *sockets, const char *table)
{
	FILE *in = fopen(table, "re");
	char line[512];
	while (in && fgets(line, sizeof line, in))
		learn_peer(sockets, line);
	if (in)
		fclose(in);
}

static size_t without_peer(const struct zkl_sockets *sockets)
{
	size_t n = 0;
	for (size_t i = 0; i < sockets->n; i++)
		n += sockets->list[i].peer.ss_family == AF_UNSPEC;
	return n;
}

/* Neither connected nor connecting: nobody's connection. */
static void drop_idle(struct zkl_sockets *sockets)
{
	size_t kept = 0;
	for (size_t i = 0; i < sockets->n; i++)
		if (sockets->list[i].peer.ss_family != AF_UNSPEC)
			sockets->list[kept++] = sockets->list[i];
	sockets->n = kept;
}

bool zkl_sockets_list(struct zkl_sockets *out)
{
	*out = (struct zkl_sockets){0};
	if (!each_descriptor(SOCKET, add_socket, out)) {
		zkl_sockets_clear(out);
		return false;
	}
	if (without_peer(out) > 0) {
		learn_peers(out, "/proc/thread-self/net/tcp");
		learn_peers(out, "/proc/thread-self/net/tcp6");
	}
	drop_idle(out);
	return true;
}

bool zkl_sockets_one(int fd, struct zkl_sockets *out)
{
	uint64_t inode = inode_of(fd, SOCKET);
	*out = (struct zkl_sockets){0};
	return inode != 0 && add_socket(out, fd, inode) && out->n == 1;
}

void zkl_sockets_clear(struct zkl_sockets *sockets)
{
	free(sockets->list);
	*sockets = (struct zkl_sockets){0};
}

bool zkl_socket_cut(const struct zkl_socket *socket)
{
	int copy = fcntl(socket->fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return false;
	bool cut = inode_of(copy, SOCKET) == socket->inode &&
		   local_port(copy) == socket->local_port && shutdown(copy, SHUT_RDWR) == 0;
	close(copy);
	return cut;
}

/* The flag is the descriptor's, not the socket's, so no duplicate helps: set, look again, undo. */
static void close_on_exec(int fd, const char *kind, uint64_t inode)
{
	int flags = fcntl(fd, F_GETFD);
	if (flags < 0 || (flags & FD_CLOEXEC) || inode_of(fd, kind) != inode)
		return;
	fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
	uint64_t now = inode_of(fd, kind);
	if (now != inode)
		fcntl(fd, F_SETFD, flags);
}

void zkl_socket_close_on_exec(const struct zkl_socket *socket)
{
	close_on_exec(socket->fd, SOCKET, socket->inode);
}

/* --- pipes -------------------------------------------------------------------------------------
 */

static bool add_pipe(void *ctx, int fd, uint64_t inode)
{
	struct zkl_pipes *out = ctx;
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || !(flags & O_NONBLOCK))
		return true;
	struct zkl_pipe_end *more = reallocarray(out->list, out->n + 1, sizeof *more);
	if (!more)
		return false;
	out->list = more;
	out->list[out->n++] = (struct zkl_pipe_end){.fd = fd, .inode = inode};
	return true;
}

bool zkl_pipes_list(struct zkl_pipes *out)
{
	*out = (struct zkl_pipes){0};
	if (each_descriptor(PIPE, add_pipe, out))
		return true;
	zkl_pipes_clear(out);
	return false;
}

void zkl_pipes_clear(struct zkl_pipes *pipes)
{
	free(pipes->list);
	*pipes = (struct zkl_pipes){0};
}

static size_t ends_of(const struct zkl_pipes *pipes, uint64_t inode)
{
	size_t n = 0;
	for (size_t i = 0; i < pipes->n; i++)
		n += pipes->list[i].inode == inode;
	return n;
}

/* Another thread may have made a pipe meanwhile, for a child to inherit: then we leave both alone.
 */
int zkl_pipes_close_on_exec_new(const struct zkl_pipes *before, const struct zkl_pipes *after)
{
	uint64_t found = 0;
	int read_end = -1;
	for (size_t i = 0; i < after->n; i++) {
		uint64_t inode = after->list[i].inode;
		if (ends_of(before, inode) > 0 || ends_of(after, inode) != 2 || inode == found)
			continue;
		if (found != 0)
			return -1;
		found = inode;
	}
	for (size_t i = 0; found != 0 && i < after->n; i++) {
		int fd = after->list[i].fd;
		if (after->list[i].inode != found)
			continue;
		if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
			read_end = fd;
		close_on_exec(fd, PIPE, found);
	}
	return read_end;
}
