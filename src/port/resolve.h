/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.h - names of servers into addresses, on a thread of its own that nobody has to wait for.
 */
#ifndef ZKL_PORT_RESOLVE_H
#define ZKL_PORT_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/servers.h"

struct zkl_addresses {
	struct sockaddr_storage *list;
	size_t n;
};

/* One round of look-ups. */
struct zkl_resolve;

/* NULL: no memory or no thread to be had now. `ready` is called once, from the round's thread,
 * unless zkl_resolve_end() came first. */
struct zkl_resolve *zkl_resolve_start(
	const struct zkl_servers *servers, void (*ready)(void *ctx), void *ctx);
/* Takes what was found (nothing when the round is not ready: it is then left to itself). */
void zkl_resolve_end(struct zkl_resolve *round, struct zkl_addresses *found);

void zkl_addresses_clear(struct zkl_addresses *addresses);
bool zkl_addresses_have(const struct zkl_addresses *addresses, const struct sockaddr_storage *one);
bool zkl_address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
/* "1.2.3.4:2181,::1:2181/chroot", as the C client wants it; malloc'ed, NULL without memory. */
char *zkl_addresses_text(const struct zkl_addresses *addresses, const char *chroot);

#endif
