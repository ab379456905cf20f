/* SPDX-License-Identifier: Apache-2.0 */
/* servers.h - the connect string: "host[:port],[v6]:port,.../chroot". */
#ifndef ZKL_BASE_SERVERS_H
#define ZKL_BASE_SERVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZKL_SERVERS_PORT 2181 /* when none is given */

struct zkl_server {
	char *host; /* name or address, brackets taken off */
	uint16_t port;
};

struct zkl_servers {
	struct zkl_server *list;
	size_t n;
	char *chroot; /* "" or "/path" */
};

/* False when `text` is no connect string: `why` then names cause and cure, and `out` is empty. */
bool zkl_servers_parse(const char *text, struct zkl_servers *out, char *why, size_t size);
void zkl_servers_clear(struct zkl_servers *servers);

#endif
