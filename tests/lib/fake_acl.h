/* SPDX-License-Identifier: Apache-2.0 */
/* fake_acl.h - access control lists as texts: "scheme:id:perms,scheme:id:perms". */
#ifndef FAKE_ACL_H
#define FAKE_ACL_H

#include <stdbool.h>

#include <glib.h>

/* The id that the digest scheme makes of "name:password". Free with g_free(). A server with
 * another algorithm makes another id. */
char *fake_acl_digest(const char *name_and_password, GChecksumType algorithm);

/* May someone with these identities ("scheme:id" each) do what `perm`, one of "cdrwa", means? */
bool fake_acl_allows(const char *acl, const GPtrArray *identities, char perm);

/* The list with "auth::perms" replaced by the identities, as a server does; NULL: not valid. */
char *fake_acl_fix(const char *acl, const GPtrArray *identities);

/* As shown to one who may not administer the node: without the digests. */
char *fake_acl_mask(const char *acl);

#endif
