/* SPDX-License-Identifier: Apache-2.0 */
/* socket.h - the descriptors of this process that belong to the C client, found from outside. */
#ifndef ZKL_PORT_SOCKET_H
#define ZKL_PORT_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* A TCP socket of this process that is connected, or on its way (SYN sent). */
struct zkl_socket {
	int fd;
	uint64_t inode; /* who it is: numbers of descriptors are used again */
	uint16_t local_port;
	struct sockaddr_storage peer;
};

struct zkl_sockets {
	struct zkl_socket *list;
	size_t n;
};

/* All of them. False: cannot be told (no /proc, no memory); `out` is then empty. */
bool zkl_sockets_list(struct zkl_sockets *out);
void zkl_sockets_clear(struct zkl_sockets *sockets);

/* The one behind `fd`, without looking at any other; a peer that is not connected yet is not looked
 * up (AF_UNSPEC). False: it is no such socket. Clear what comes out. */
bool zkl_sockets_one(int fd, struct zkl_sockets *out);

/* Shut the connection down, for everyone who has it open. False: that socket is no more there. */
bool zkl_socket_cut(const struct zkl_socket *socket);
void zkl_socket_close_on_exec(const struct zkl_socket *socket);

/* Ends of pipes that do not block: what the C client uses to wake its own thread. */
struct zkl_pipes {
	struct zkl_pipe_end {
		int fd;
		uint64_t inode;
	} * list;
	size_t n;
};
bool zkl_pipes_list(struct zkl_pipes *out);
void zkl_pipes_clear(struct zkl_pipes *pipes);
/* The pipe that is in `after` and not in `before`, if there is exactly one. Result: the end that is
 * read, -1: there is not exactly one. */
int zkl_pipes_close_on_exec_new(const struct zkl_pipes *before, const struct zkl_pipes *after);

#endif
