/* SPDX-License-Identifier: Apache-2.0 */
/* fake_private.h - what the files of the fake ensemble share. */
#ifndef FAKE_PRIVATE_H
#define FAKE_PRIVATE_H

#include <glib.h>

#include "lib/fake_event.h"
#include "lib/fake_tree.h"
#include "lib/fake_zk.h"

/* A request, from send() to its reply. Counted (g_rc_box): client, packets and servers share it. */
struct fake_request {
	struct zkl_request in; /* with copies of all that it points to */
	struct fake_host *host;
	struct fake_conn *conn;
	GBytes *body;
	char **checks;
	char *acl;	/* CREATE: the text of its choice */
	bool super;	/* may do anything */
	bool hello;	/* opens or revives the session; `version` is the timeout wanted */
	bool closes;	/* the session */
	bool completed; /* a server has the answer */
	/* the answer */
	enum zkl_rc rc;
	size_t failed;
	int64_t zxid;
	struct zkl_stat stat;
	bool has_stat;
	char *made; /* CREATE */
	GBytes *data;
	GPtrArray *children; /* of GRefString */
};

enum fake_packet_kind {
	FAKE_P_HELLO,
	FAKE_P_REQUEST,
	FAKE_P_PING,
	FAKE_P_SET_WATCHES,
	FAKE_P_CLOSE,
	FAKE_P_FIN, /* both ways */
	FAKE_P_WELCOME,
	FAKE_P_REPLY,
	FAKE_P_PONG,
	FAKE_P_WATCH,
	FAKE_P_GOODBYE,
};

struct fake_packet {
	enum fake_packet_kind kind;
	struct fake_request *request;
	char *path;
	char **paths;
	enum zkl_watch_type watch;
	int64_t zxid, session;
	zkl_time timeout;
};

struct fake_conn {
	struct fake_world *world;
	struct fake_host *host;
	struct zkl_transport *transport;
	struct fake_server *server;
	int64_t session;
	bool client_gone, server_gone; /* this end has closed it */
	bool silent;		       /* nothing passes any more, nobody is told */
	zkl_time to_server, to_client; /* when the last message under way arrives */
	zkl_time hold[2];	       /* messages to server [0], client [1] wait until then */
	GQueue pending;		       /* of struct fake_request, at the server */
};

struct fake_session {
	int64_t id;
	struct fake_host *host;
	zkl_time timeout;
	zkl_time expires;
	zkl_time told; /* when the leader will hear of the last touch; 0: nothing to hear */
	struct fake_server *owner;
	bool closing;
};

struct fake_server {
	struct fake_world *world;
	int number;
	bool up, paused, cut, serving;
	unsigned life, link_life, pause_stamp, cut_stamp;
	struct fake_tree tree;
	size_t applied; /* of the world's log */
	zkl_time pipe;	/* when the last message from the leader arrives */
	zkl_time uplink;
	GHashTable *watches; /* path -> GPtrArray of struct fake_conn */
};

/* Waits at the leader for a quorum, or is a sync that waits for those before it. */
struct fake_proposal {
	struct fake_txn *txn;
	struct fake_request *sync;
	zkl_time ready;
};

struct fake_plan_entry {
	struct fake_fault fault;
	int seen;
	bool done;
};

struct fake_world {
	struct fake_config config;
	zkl_time now;
	struct fake_queue queue;
	struct fake_queue held; /* by somebody who sleeps */
	uint64_t rng, steps;
	struct fake_server servers[FAKE_SERVERS];
	int leader;
	unsigned reign, quorum_stamp;
	bool electing, keep_proposals;
	int64_t epoch, counter, next_session;
	struct fake_tree tree;	/* the leader's, with what is proposed */
	struct fake_tree truth; /* with what is committed */
	GHashTable *robbed;	/* paths that somebody else deleted */
	GPtrArray *log;		/* committed */
	GQueue proposals;
	zkl_time last_commit;
	GHashTable *sessions; /* &id -> struct fake_session */
	GHashTable *makers;   /* guid -> host */
	GPtrArray *hosts, *conns, *transports;
	GArray *plan;
	size_t hits;
	bool lose, refuse; /* the message of this step */
	enum zkl_rc refusal;
	void (*log_fn)(void *ctx, const char *who, const char *text);
	void *log_ctx;
	void (*hook)(void *ctx, const struct fake_step_info *info);
	void *hook_ctx;
};

struct fake_host {
	struct fake_world *world;
	int number;
	char *name;
	bool stopped, dead, offline, in_doubt, exhausted;
	int prefer;
	uint64_t rng;
	struct zkl_clock clock;
	struct zkl_transport_ops ops;
	struct fake_counts counts;
	struct zkl_transport *transport; /* the newest */
};

/* fake_zk.c */
enum fake_event_kind {
	FAKE_K_PLAIN,
	FAKE_K_TO_SERVER, /* b is a packet */
	FAKE_K_TO_CLIENT, /* b is a packet */
	FAKE_K_TO_LEADER, /* b is a request, counted */
	FAKE_K_ANSWER,	  /* from the leader; b is a request, counted */
};
typedef void (*fake_event_fn)(void *world, void *a, void *b);
void fake_later(struct fake_world *world, zkl_time time, fake_event_fn fn, void *a, void *b);
/* ... if the server is awake, or when it is again; not if it was killed meanwhile. */
void fake_later_at_server(
	struct fake_server *server, zkl_time time, fake_event_fn fn, void *a, void *b);
void fake_later_at_host(struct fake_host *host, zkl_time time, fake_event_fn fn, void *a, void *b);
/* Over the link of server with its leader. */
void fake_up(struct fake_server *server, struct fake_request *request);
void fake_down(
	struct fake_server *server, fake_event_fn fn, struct fake_request *request, size_t n);
void fake_wake_held(struct fake_world *world);
void fake_note(struct fake_world *world, const char *who, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void fake_packet_free(struct fake_packet *packet);
void fake_to_server(struct fake_conn *conn, struct fake_packet *packet);
void fake_to_client(struct fake_conn *conn, struct fake_packet *packet);

/* fake_ensemble.c */
void fake_ensemble_init(struct fake_world *world);
void fake_ensemble_clear(struct fake_world *world);
void fake_ensemble_receive(struct fake_conn *conn, struct fake_packet *packet);
void fake_ensemble_at_leader(struct fake_world *world, struct fake_request *request);
void fake_ensemble_drop(struct fake_conn *conn); /* the server closes it */
bool fake_propose(struct fake_world *world, struct fake_txn *txn);
struct fake_session *fake_session_find(const struct fake_world *world, int64_t id);
struct fake_txn *fake_txn_new(struct fake_world *world, struct fake_request *request);
void fake_txn_free(void *txn);
void fake_end_session(
	struct fake_world *world, int64_t id, struct fake_request *request, bool robs);

/* fake_prepare.c */
enum zkl_rc fake_prepare(struct fake_world *world, struct fake_request *request,
	const GPtrArray *identities, int64_t session, struct fake_txn *txn);

/* fake_client.c */
void fake_client_receive(struct fake_conn *conn, struct fake_packet *packet);
void fake_client_reset(struct fake_conn *conn); /* the network tells the client */
const GPtrArray *fake_client_identities(const struct zkl_transport *transport);
struct fake_conn *fake_client_conn(const struct zkl_transport *transport);
int64_t fake_client_session(const struct zkl_transport *transport);
bool fake_client_closed(const struct zkl_transport *transport);
struct fake_host *fake_client_host(const struct zkl_transport *transport);
void fake_client_free(void *transport);
struct fake_request *fake_request_new(const struct zkl_request *in, const char *chroot);
void fake_request_unref(struct fake_request *request);
struct zkl_transport *fake_client_open(void *host, const struct zkl_open *params);
void fake_host_table(struct fake_host *host);

/* fake_fault.c */
void fake_fault_apply(struct fake_world *world, const struct fake_step_info *info);

#endif
