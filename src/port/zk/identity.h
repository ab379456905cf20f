/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h - who a session is, and who may touch its nodes. */
#ifndef ZKL_PORT_ZK_IDENTITY_H
#define ZKL_PORT_ZK_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include <zookeeper/zookeeper.h>

#include "port/acl.h"
#include "port/transport.h"

struct zkl_identity {
	struct {
		const char *scheme;
		char *secret;
	} credentials[2];
	size_t n_credentials, given;
	char *scheme;
	struct ACL_vector acl[3]; /* by enum zkl_acl_kind */
	struct zkl_acl acl_text[3];
};

/* False: no such access list (it is logged), or no memory; clear it all the same. */
bool zkl_identity_take(struct zkl_identity *who, const struct zkl_open *o);
/* What `zh` lacks yet. False: while a connection is down the client takes none (traps.md 5). */
bool zkl_identity_give(struct zkl_identity *who, zhandle_t *zh);
void zkl_identity_clear(struct zkl_identity *who);

#endif
