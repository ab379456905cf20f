/* SPDX-License-Identifier: Apache-2.0 */
/* acl.h - access lists as text, "scheme:id:perms,...". */
#ifndef ZKL_PORT_ACL_H
#define ZKL_PORT_ACL_H

#include <stdbool.h>
#include <stddef.h>

/* The protocol's own bits. */
#define ZKL_PERM_READ  1
#define ZKL_PERM_WRITE 2

struct zkl_acl {
	struct zkl_acl_entry {
		int perms;
		char *scheme, *id;
	} * list;
	size_t n;
};

/* Both add to `acl`. False: no such text, or no memory. NULL or "" adds nothing. */
bool zkl_acl_parse(struct zkl_acl *acl, const char *text);
bool zkl_acl_add(struct zkl_acl *acl, const char *scheme, const char *id, int perms);
void zkl_acl_clear(struct zkl_acl *acl);
/* malloc'ed; NULL without memory. */
char *zkl_acl_text(const struct zkl_acl *acl);
/* What a server makes of the digest identity "name:password": "name:hash"; malloc'ed or NULL. */
char *zkl_acl_digest(const char *identity);

#endif
