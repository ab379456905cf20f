/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - one ZooKeeper session after another, and the proof that the present one lives.
 *
 *	  open             CONNECTED                  close
 *	--------> OPENING ------------> CONNECTED ----------> CLOSED
 *	             ^                   |    ^
 *	             |         SUSPENDED v    | CONNECTED
 *	             +------------- SUSPENDED-+
 *	  expired, by the servers or (silence of three session timeouts) by our own clock
 *
 * Clients of a session (the contenders) are known by id: an answer for one that has gone is
 * dropped. Everything here is called, and calls back, inside the loop's monitor.
 */
#ifndef ZKL_RUN_SESSION_H
#define ZKL_RUN_SESSION_H

#include <zklock/zklock.h>

#include "core/lease.h"
#include "port/transport.h"
#include "run/loop.h"
#include "run/record.h"

struct zkl_session;
struct zkl_client;

struct zkl_session_config {
	char *servers, *chroot, *root, *label;
	char *scheme, *secret; /* user's credentials, or NULL */
	char *acl, *read_acl;
	zkl_time timeout, interval, margin; /* interval: h; 0: T/6; ZKL_NEVER: no proofs */
	int hops;
	int64_t token_base;
	bool seal;
};

void zkl_session_config_free(struct zkl_session_config *config);

/* What a client needs of the proof. */
enum zkl_need {
	ZKL_NEED_NOTHING,
	ZKL_NEED_FAR,  /* waits, far from its turn */
	ZKL_NEED_NEAR, /* its turn may be near: prove ahead */
	ZKL_NEED_HELD,
	ZKL_NEED_RELEASE, /* gives back, and is not confirmed yet */
};

/* NULL: the client does not care. What is about its watches, its node or its need is only called
 * for one that has them. */
struct zkl_client_ops {
	void (*reply)(struct zkl_client *c, uint32_t what, const struct zkl_message *m);
	void (*watch)(struct zkl_client *c, const char *path, enum zkl_watch_type type);
	void (*online)(struct zkl_client *c);
	void (*offline)(struct zkl_client *c);
	/* cause: EXPIRED, or why it was given up, and then its nodes may stand for a while */
	void (*expired)(struct zkl_client *c, enum zklock_cause cause);
	void (*refused)(struct zkl_client *c, int error); /* credentials: nothing will work */
	void (*unsure)(struct zkl_client *c);  /* a proof is late and nothing can be done */
	void (*proven)(struct zkl_client *c);  /* a write was acknowledged */
	void (*missing)(struct zkl_client *c); /* a proof found its node gone */
	void (*check)(struct zkl_client *c);   /* a proof may have run out: look at the clock */
	void (*closing)(struct zkl_client *c); /* the program closes the session: let go */
	/* path of the node to be proven, NULL: none; and the far name to ask for, NULL: none */
	const char *(*node)(struct zkl_client *c);
	const char *(*far)(struct zkl_client *c);
	void (*near)(struct zkl_client *c); /* the far one is gone */
};

/* Watches of one session, in bytes, before the next one is opened: a server drops whoever sets more
 * than 1 MiB of them again. */
#define ZKL_SESSION_WATCH_BYTES (900 * 1024)

struct zkl_client {
	uint64_t id; /* first: in the table of clients each is its own key */
	const struct zkl_client_ops *ops;
	enum zkl_need need;
	GList far; /* its link among those that wait far from their turn: thousands leave at once */
	uint32_t watch_bytes; /* of the watches that it may come to set, in a SetWatches */
	uint32_t age;	      /* of its node: answers about an older one do not count */
	bool stuck;	      /* may not delete its node, which nobody wants any more */
	bool alone;	/* holds, but would not hear of its node's end: only its own proof counts */
	zkl_time proof; /* acknowledged writes about this very node prove it until then */
};

typedef void (*zkl_session_fn)(void *owner, enum zklock_session_state state, int error);

/* config must outlive the session. fn (may be NULL): told of state changes. */
struct zkl_session *zkl_session_new(struct zkl_loop *loop, const struct zkl_transport_ops *ops,
	const struct zkl_session_config *config, zkl_session_fn fn, void *owner);

/* End it; clients that are still there are told that it expired. `done` is called when the last
 * trace of it is gone; it may free the loop only later (it runs inside). */
void zkl_session_end(struct zkl_session *s, void (*done)(void *arg), void *arg);

const struct zkl_session_config *zkl_session_config(const struct zkl_session *s);
struct zkl_loop *zkl_session_loop(const struct zkl_session *s);
enum zklock_session_state zkl_session_state(const struct zkl_session *s);
int zkl_session_error(const struct zkl_session *s); /* why it cannot connect, as far as known */
int64_t zkl_session_id(const struct zkl_session *s);
zkl_time zkl_session_least(const struct zkl_session *s); /* of proof, to begin a hold with */
struct zkl_record_terms zkl_session_terms(const struct zkl_session *s); /* as negotiated */
/* While it is connected: do the settings, and T as the servers have it, leave time for a proof? */
bool zkl_session_can_prove(const struct zkl_session *s);
bool zkl_session_sealed(const struct zkl_session *s);
void zkl_session_info(const struct zkl_session *s, zklock_session_info_t *info);
struct zkl_session_metrics *zkl_session_metrics(struct zkl_session *s); /* to be counted up */

void zkl_session_add(struct zkl_session *s, struct zkl_client *c);
void zkl_session_remove(struct zkl_session *s, struct zkl_client *c);
size_t zkl_session_clients(const struct zkl_session *s);

/* Tell all clients that the program closes the session; `empty` is called when the last has gone.
 */
void zkl_session_drain(struct zkl_session *s, void (*empty)(void *arg), void *arg);

/* Size of what would have to be sent to set all watches again; servers refuse 1 MiB and more. */
uint32_t zkl_session_watch_size(const struct zkl_session *s, const char *dir); /* of one below */
size_t zkl_session_watch_bytes(const struct zkl_session *s);

/* Was the last proof refused by an ACL? */
bool zkl_session_denied(const struct zkl_session *s);

/* Send for a client (c NULL: answer is not wanted). `what` comes back in reply(). request->client
 * and ->cookie are set here. false: not connected, no reply will come. */
bool zkl_session_send(
	struct zkl_session *s, struct zkl_client *c, uint32_t what, struct zkl_request *request);

/* Say which node names (last path component) c wants watch events of. */
void zkl_session_watch(struct zkl_session *s, struct zkl_client *c, const char *node);
/* bytes: what its watch takes up in a SetWatches, since it has not fired; 0: it has, or was not
 * set. */
void zkl_session_unwatch(
	struct zkl_session *s, struct zkl_client *c, const char *node, uint32_t bytes);

/* Look at the clock (check()) at `until`: somebody relies on a proof till then. */
void zkl_session_rely(struct zkl_session *s, zkl_time until);

void zkl_session_need(struct zkl_session *s, struct zkl_client *c, enum zkl_need need);
void zkl_session_alone(struct zkl_session *s, struct zkl_client *c, bool alone);
void zkl_session_new_node(struct zkl_session *s, struct zkl_client *c); /* nothing proves it yet */
void zkl_session_prove(struct zkl_session *s); /* now, unless one is under way */

/* c may not delete its node (row 20, R): end the session as soon as nothing is held on it, since
 * that deletes the node whatever its ACL says. Waiters queue again in the next one. */
void zkl_session_stuck(struct zkl_session *s, struct zkl_client *c);
bool zkl_session_is_stuck(const struct zkl_session *s);

/* Until when the session is proven; a client whose own node is watched may rely on it. */
zkl_time zkl_session_until(const struct zkl_session *s);

/* The servers refuse our seal: go on without, told once. */
void zkl_session_unseal(struct zkl_session *s);

/* Children of a parent that are no contenders, as last counted; -1: never. */
int zkl_session_strangers(struct zkl_session *s, const char *dir, int64_t pzxid);
void zkl_session_set_strangers(struct zkl_session *s, const char *dir, int64_t pzxid, int count);

/* Containers are refused by old servers: persistent parents from now on. */
enum zkl_mode zkl_session_parent_mode(const struct zkl_session *s);
void zkl_session_no_containers(struct zkl_session *s);

#endif
