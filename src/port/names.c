/* SPDX-License-Identifier: Apache-2.0 */
/* names.c - what operations and results are called in logs and stories. */
#include "port/transport.h"

static const char *const op_names[ZKL_OPS] = {
	[ZKL_OP_CREATE] = "create",
	[ZKL_OP_LIST] = "list",
	[ZKL_OP_GET] = "get",
	[ZKL_OP_EXISTS] = "exists",
	[ZKL_OP_GET_ACL] = "get-acl",
	[ZKL_OP_SET] = "set",
	[ZKL_OP_DELETE] = "delete",
	[ZKL_OP_SYNC] = "sync",
	[ZKL_OP_SIGNOFF] = "signoff",
	[ZKL_OP_CHECK] = "check",
};

static const char *const rc_names[ZKL_RCS] = {
	[ZKL_RC_OK] = "ok",
	[ZKL_RC_NO_NODE] = "no-node",
	[ZKL_RC_NODE_EXISTS] = "node-exists",
	[ZKL_RC_BAD_VERSION] = "bad-version",
	[ZKL_RC_NOT_EMPTY] = "not-empty",
	[ZKL_RC_NO_AUTH] = "no-auth",
	[ZKL_RC_NO_CHILDREN_OF_EPHEMERALS] = "no-children-of-ephemerals",
	[ZKL_RC_UNIMPLEMENTED] = "unimplemented",
	[ZKL_RC_INVALID_ACL] = "invalid-acl",
	[ZKL_RC_THROTTLED] = "throttled",
	[ZKL_RC_LIMIT] = "limit",
	[ZKL_RC_SESSION_ENDED] = "session-ended",
	[ZKL_RC_CONNECTION] = "connection",
	[ZKL_RC_OTHER] = "other",
};

const char *zkl_op_name(enum zkl_op op)
{
	return (unsigned)op < ZKL_OPS ? op_names[op] : "?";
}

const char *zkl_rc_name(enum zkl_rc rc)
{
	return (unsigned)rc < ZKL_RCS ? rc_names[rc] : "?";
}
