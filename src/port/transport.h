/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transport.h - the few ZooKeeper operations that we use, as a table.
 *
 * Two makes: port/zk.c on the C client, tests/lib/fake_zk.c in memory and virtual time. Rules that
 * both keep, and that tests/live/test_conversation.c holds them to:
 *
 *  1. Requests of one transport are executed in the order of send(). Replies, watch events and
 *     session events arrive through deliver() in the order in which the server sent them, one at a
 *     time. A watch event for a change precedes every reply that shows the change or a later one.
 *  2. Each send() that returned true gets exactly one reply; also when the connection is lost
 *     (ZKL_UNKNOWN), also at close() (before `closed`). send() never calls deliver() itself.
 *  3. After a lost connection: first the session event SUSPENDED, then the replies of all that was
 *     under way, as ZKL_UNKNOWN; then CONNECTED again or EXPIRED. Watches survive: the transport
 *     sets them again, and what they missed is delivered as an event after CONNECTED.
 *  4. Pointers in a message live until deliver() returns. Pointers in a request are copied.
 *  5. deliver() runs on a thread of the transport. It may call send(), move() and close().
 *  6. After EXPIRED, AUTH_FAILED or FAILED nothing but replies to what was under way follows; the
 *     owner must close(). close() returns at once; the CLOSED event is the very last delivery.
 */
#ifndef ZKL_PORT_TRANSPORT_H
#define ZKL_PORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/clock.h"

struct zkl_transport;

enum zkl_op {
	ZKL_OP_CREATE,	/* create path; `mode`, `acl`; reply: path, and stat for SEQUENTIAL */
	ZKL_OP_LIST,	/* children of path; reply: children */
	ZKL_OP_GET,	/* data and stat of path; `watch` sets a data watch */
	ZKL_OP_EXISTS,	/* stat of path, never a watch (one would stay behind: bugs.md 26) */
	ZKL_OP_GET_ACL, /* reply: data = "scheme:id:perms,..." */
	ZKL_OP_SET,	/* write `data` if `version` fits (-1: any) */
	ZKL_OP_DELETE,	/* delete if `version` fits (-1: any) */
	ZKL_OP_SYNC,	/* bring this server up to the leader's state as of now */
	ZKL_OP_SIGNOFF, /* one transaction: set path (version 0, empty data), delete path */
	ZKL_OP_CHECK,	/* one transaction: check that each of `checks` exists */
};
#define ZKL_OPS (ZKL_OP_CHECK + 1)

enum zkl_mode {
	ZKL_MODE_PERSISTENT,
	ZKL_MODE_CONTAINER,
	ZKL_MODE_EPHEMERAL,
	ZKL_MODE_EPHEMERAL_SEQUENTIAL, /* reply carries path and stat (create2) */
};

/* What a result says of the request, which is all that most callers need (bugs.md 51). */
enum zkl_class {
	ZKL_DONE,    /* executed */
	ZKL_REFUSED, /* surely not executed; rc says why */
	ZKL_UNKNOWN, /* may have been executed, or may still be */
};

/* The few reasons that we tell apart. */
enum zkl_rc {
	ZKL_RC_OK = 0,
	ZKL_RC_NO_NODE,
	ZKL_RC_NODE_EXISTS,
	ZKL_RC_BAD_VERSION,
	ZKL_RC_NOT_EMPTY,
	ZKL_RC_NO_AUTH,
	ZKL_RC_NO_CHILDREN_OF_EPHEMERALS,
	ZKL_RC_UNIMPLEMENTED, /* the server or the client does not know the operation */
	ZKL_RC_INVALID_ACL,
	ZKL_RC_THROTTLED,     /* surely not run; try later */
	ZKL_RC_LIMIT,	      /* quota, packet size */
	ZKL_RC_SESSION_ENDED, /* expired, moved away, closed */
	ZKL_RC_CONNECTION,    /* connection lost, timeout: UNKNOWN for what was sent */
	ZKL_RC_OTHER,
};
#define ZKL_RCS (ZKL_RC_OTHER + 1)

struct zkl_stat {
	int64_t czxid, mzxid, pzxid, ctime, mtime, ephemeral_owner;
	int32_t version, cversion, num_children, data_length;
};

enum zkl_acl_kind {
	ZKL_ACL_PARENT,	  /* for parents and plain nodes: what the user chose */
	ZKL_ACL_SEALED,	  /* contender: all who queue may read, only this session may write */
	ZKL_ACL_UNSEALED, /* contender without a seal: what the user chose */
};

struct zkl_request {
	enum zkl_op op;
	enum zkl_mode mode;
	enum zkl_acl_kind acl;
	uint64_t client; /* whose it is; comes back in the reply */
	uint32_t cookie; /* which of its requests; comes back in the reply */
	bool watch;	 /* GET: set a data watch for `client` */
	const char *path;
	const void *data;
	size_t len;
	int32_t version;
	const char *guard; /* CREATE, SET, DELETE: path to check in the same transaction, or NULL */
	const char *const *checks;
	size_t n_checks;
};

enum zkl_message_kind {
	ZKL_MSG_REPLY,
	ZKL_MSG_WATCH,	 /* the data watch of `client` on `path` fired */
	ZKL_MSG_SESSION, /* the session changed */
};

enum zkl_watch_type {
	ZKL_WATCH_CHANGED,
	ZKL_WATCH_DELETED,
	ZKL_WATCH_OTHER, /* created, child, not watching: look again */
};

enum zkl_session_event {
	ZKL_SESSION_CONNECTED, /* session_id and timeout are valid */
	ZKL_SESSION_SUSPENDED, /* connection lost; the client looks for another server */
	ZKL_SESSION_EXPIRED,
	ZKL_SESSION_AUTH_FAILED,
	ZKL_SESSION_FAILED, /* could not start (no address resolves, out of descriptors) */
	ZKL_SESSION_CLOSED, /* the answer to close(); nothing follows */
};

struct zkl_message {
	enum zkl_message_kind kind;
	zkl_time received; /* when the transport got it */

	/* REPLY */
	enum zkl_op op;
	uint64_t client;
	uint32_t cookie;
	enum zkl_class result;
	enum zkl_rc rc;
	int native;	  /* the C client's code, for logs */
	const char *path; /* CREATE: name made. WATCH: path that changed */
	struct zkl_stat stat;
	bool has_stat;
	const void *data;
	size_t len;
	char *const *children;
	size_t n_children;
	size_t failed; /* CHECK, SIGNOFF, guarded writes: index of the operation that failed */

	/* WATCH (with client and path) */
	enum zkl_watch_type watch;

	/* SESSION */
	enum zkl_session_event event;
	int64_t session_id;
	int64_t timeout_ms; /* as negotiated */
};

typedef void (*zkl_deliver_fn)(void *owner, const struct zkl_message *message);

struct zkl_open {
	const char *servers; /* as the user gave them, checked: names are resolved in here */
	const char *chroot;  /* "" or "/path" */
	int64_t timeout_ms;  /* wanted session timeout */
	const char *scheme;  /* user's credentials or NULL */
	const char *secret;
	const char *seal;     /* digest identity "name:password" of this session, or NULL */
	const char *acl;      /* ACL text for PARENT and UNSEALED, "scheme:id:perms,..." */
	const char *read_acl; /* who may read sealed nodes, "scheme:id:perms,..." (READ only) */
	zkl_deliver_fn deliver;
	void *owner;
	const struct zkl_clock *clock;
};

enum zkl_moved {
	ZKL_MOVED,	   /* the connection was cut; SUSPENDED follows */
	ZKL_NOT_CONNECTED, /* there is none to cut */
	ZKL_IN_DOUBT,	   /* our descriptor cannot be told from others: nothing was touched */
};

struct zkl_transport_ops {
	/* Start. Never blocks; what cannot start delivers FAILED. NULL only when there is no memory
	 * or no thread even for that. */
	struct zkl_transport *(*open)(void *ctx, const struct zkl_open *params);
	/* Queue a request. false: not connected (or closing); no reply will come. */
	bool (*send)(struct zkl_transport *t, const struct zkl_request *request);
	/* Leave the server we are connected to, or trying, for the next one; the session stays. */
	enum zkl_moved (*move)(struct zkl_transport *t);
	/* Has a request for a session left for a server since the connection was lost? While it is
	 * false no server can have heard of us later than now (docs/guarantees.md). */
	bool (*greeting)(struct zkl_transport *t);
	/* "address:port" of the server, "" when not connected. */
	void (*peer)(struct zkl_transport *t, char *buf, size_t size);
	/* End the session (when connected) and free everything. `linger`: try to tell the server.
	 */
	void (*close)(struct zkl_transport *t, bool linger);
	void *ctx;
};

/* Names for logs and stories. Static. */
const char *zkl_op_name(enum zkl_op op);
const char *zkl_rc_name(enum zkl_rc rc);

#endif
