/* SPDX-License-Identifier: Apache-2.0 */
/* result.c - the one table of the client's codes (bugs.md 51). */
#include "port/zk/result.h"

#include <zookeeper/zookeeper.h>

/* Definite is what a server says of a request it has read. What the client makes up when a
 * connection or a handle ends is unknown, whatever its name (bugs.md 51); so is the code that a
 * server gives when it stumbled, perhaps after the deed (ZMARSHALLINGERROR). */
static const struct {
	int native;
	enum zkl_class result;
	enum zkl_rc rc;
} classes[] = {
	{ZOK, ZKL_DONE, ZKL_RC_OK},
	{ZNONODE, ZKL_REFUSED, ZKL_RC_NO_NODE},
	{ZNODEEXISTS, ZKL_REFUSED, ZKL_RC_NODE_EXISTS},
	{ZBADVERSION, ZKL_REFUSED, ZKL_RC_BAD_VERSION},
	{ZNOTEMPTY, ZKL_REFUSED, ZKL_RC_NOT_EMPTY},
	{ZNOAUTH, ZKL_REFUSED, ZKL_RC_NO_AUTH},
	{ZNOCHILDRENFOREPHEMERALS, ZKL_REFUSED, ZKL_RC_NO_CHILDREN_OF_EPHEMERALS},
	{ZUNIMPLEMENTED, ZKL_REFUSED, ZKL_RC_UNIMPLEMENTED},
	{ZINVALIDACL, ZKL_REFUSED, ZKL_RC_INVALID_ACL},
	{ZTHROTTLEDOP, ZKL_REFUSED, ZKL_RC_THROTTLED},
	{ZKL_QUOTA_EXCEEDED, ZKL_REFUSED, ZKL_RC_LIMIT},
	{ZBADARGUMENTS, ZKL_REFUSED, ZKL_RC_OTHER},
	{ZNOTREADONLY, ZKL_REFUSED, ZKL_RC_OTHER},
	{ZEPHEMERALONLOCALSESSION, ZKL_REFUSED, ZKL_RC_OTHER},
	{ZSESSIONMOVED, ZKL_REFUSED, ZKL_RC_SESSION_ENDED},
	{ZSESSIONEXPIRED, ZKL_UNKNOWN, ZKL_RC_SESSION_ENDED},
	{ZAUTHFAILED, ZKL_UNKNOWN, ZKL_RC_SESSION_ENDED},
	{ZCLOSING, ZKL_UNKNOWN, ZKL_RC_SESSION_ENDED},
	{ZCONNECTIONLOSS, ZKL_UNKNOWN, ZKL_RC_CONNECTION},
	{ZOPERATIONTIMEOUT, ZKL_UNKNOWN, ZKL_RC_CONNECTION},
	{ZRUNTIMEINCONSISTENCY, ZKL_UNKNOWN, ZKL_RC_CONNECTION},
	{ZSYSTEMERROR, ZKL_UNKNOWN, ZKL_RC_CONNECTION},
	{ZINVALIDSTATE, ZKL_UNKNOWN, ZKL_RC_CONNECTION},
	{ZMARSHALLINGERROR, ZKL_UNKNOWN, ZKL_RC_OTHER},
};

void zkl_result_classify(struct zkl_message *m, int native)
{
	m->native = native;
	m->result = ZKL_UNKNOWN;
	m->rc = ZKL_RC_OTHER;
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
		if (classes[i].native != native)
			continue;
		m->result = classes[i].result;
		m->rc = classes[i].rc;
	}
}
