/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pollset.h - which descriptors a thread of this process waits for, as the kernel tells it.
 *
 * The C client's I/O thread waits for its own pipe and for its connection, and nothing else.
 * Whoever knows the pipe is told the connection, however many others the process has to the same
 * server.
 */
#ifndef ZKL_PORT_POLLSET_H
#define ZKL_PORT_POLLSET_H

#include <stdbool.h>

/* The descriptor that a thread waits for in poll(2) together with `fd`, and with no third one.
 * -1: nobody does at this moment, or this system does not tell. *thread is that thread, so that it
 * need not be looked for again; 0: not known yet. */
int zkl_pollset_partner(int fd, int *thread);

/* Tests may look away. */
extern bool zkl_pollset_blind;

#endif
