/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_zk.h - a ZooKeeper ensemble in memory and virtual time, behind the table of transport.h.
 *
 * One thread, one queue of events, one seed: the same calls give the same run. Servers have their
 * own state and lag behind the leader; writes go through the leader and are answered when the
 * session's server has applied them; reads come from that server's own, perhaps stale, state.
 * Watches, sessions, touches and their expiry follow the Java servers, the client's side follows
 * the C client (tests/live/test_conversation.c holds both makes to the same replies).
 *
 * Faults are calls, made from outside between two events, or values in a plan: "at step n" or "at
 * the nth CREATE of host A". A step is one message that reaches a server, the leader or a client.
 */
#ifndef FAKE_ZK_H
#define FAKE_ZK_H

#include <stdbool.h>
#include <stdint.h>

#include "port/clock.h"
#include "port/transport.h"

#define FAKE_SERVERS 5
#define FAKE_ANY     (-1)

struct fake_world;
struct fake_host; /* a machine with one client process on it */

struct fake_config {
	int servers;		     /* default 3; server 0 leads first */
	zkl_time latency;	     /* client to server, one way; default 1 ms */
	zkl_time link;		     /* server to leader, one way; default 1 ms */
	zkl_time commit;	     /* from proposal to quorum; default 1 ms */
	zkl_time lag[FAKE_SERVERS];  /* more, before this server has applied a commit */
	zkl_time tick;		     /* default 500 ms; T is clamped to 2..20 ticks */
	zkl_time most[FAKE_SERVERS]; /* the longest T that this server allows; default 20 ticks */
	int sync_limit;	   /* ticks without its leader before a server gives up; default 5 */
	zkl_time election; /* default 200 ms */
	zkl_time reap;	   /* containers are looked through this often; default 60 s */
	zkl_time jitter;   /* up to this much more latency, by the seed; default 0 */
	uint64_t seed;
	bool no_containers;  /* servers that do not know containers */
	bool digest_differs; /* servers with another digest algorithm than the client */
	bool refuse_auth;    /* the user's credentials are refused */
};

/* ---- the world ---- */
struct fake_world *fake_new(const struct fake_config *config);
void fake_free(struct fake_world *world);
zkl_time fake_now(const struct fake_world *world);
/* When something happens next; ZKL_NEVER: nothing ever will. */
zkl_time fake_next(const struct fake_world *world);
/* Let the next event happen, at its time. false: there is none. */
bool fake_step(struct fake_world *world);
/* Nothing may be due before. */
void fake_advance(struct fake_world *world, zkl_time time);
void fake_run_until(struct fake_world *world, zkl_time time);
/* Call fn at that time, between two events. */
void fake_at(struct fake_world *world, zkl_time time, void (*fn)(void *ctx), void *ctx);
uint64_t fake_random(struct fake_world *world);
/* Messages that arrived so far. */
uint64_t fake_steps(const struct fake_world *world);
/* Facts of the network, one a line. */
void fake_set_log(struct fake_world *world,
	void (*log)(void *ctx, const char *who, const char *text), void *ctx);

/* ---- hosts ---- */
struct fake_host *fake_host_new(struct fake_world *world, const char *name);
const struct zkl_transport_ops *fake_host_transport(struct fake_host *host);
const struct zkl_clock *fake_host_clock(struct fake_host *host);
/* Stopped or killed? */
bool fake_host_sleeps(const struct fake_host *host);
const char *fake_host_name(const struct fake_host *host);
/* The session it has now, as a server knows it; 0: none. */
int64_t fake_host_session(const struct fake_host *host);
/* Server its connection leads to, or -1. */
int fake_host_server(const struct fake_host *host);
/* Has every transport that it opened delivered CLOSED? */
bool fake_host_closed(const struct fake_host *host);
/* A killed process comes back to life, for the tests' own cleaning up. */
void fake_host_revive(struct fake_host *host);
/* Which server it tries first from now on. */
void fake_host_prefer(struct fake_host *host, int server);

struct fake_counts {
	uint64_t ops[ZKL_OPS];
	uint64_t watches;  /* watch events received */
	uint64_t bytes_in; /* names and data received, roughly */
	uint64_t connects, moves, in_flight;
};
struct fake_counts fake_host_counts(const struct fake_host *host);
void fake_host_counts_reset(struct fake_host *host);

/* ---- the truth ---- */
/* What is committed: what every server will have applied once it has caught up. */
struct fake_fact {
	const char *path;
	struct zkl_stat stat;
	const char *acl;
	struct fake_host *host; /* of its session, NULL: nobody's */
};
bool fake_look(const struct fake_world *world, const char *path, struct fake_fact *ret);
/* Children of path in order of their making. Calls fn for each, until it returns false. */
void fake_look_below(const struct fake_world *world, const char *path,
	bool (*fn)(void *ctx, const struct fake_fact *fact), void *ctx);
/* Was this znode ended neither by its maker nor by its maker's silence? */
bool fake_robbed(const struct fake_world *world, const char *path);
/* Watches that servers keep for living connections. */
size_t fake_watch_count(const struct fake_world *world);
size_t fake_sessions(const struct fake_world *world);
/* Host that made the contender with this name, also when it is gone; NULL: nobody we know. */
struct fake_host *fake_maker(const struct fake_world *world, const char *name);

/* ---- what strangers do: at once, at the leader, as a super user ---- */
bool fake_create(struct fake_world *world, const char *path, const char *data, enum zkl_mode mode,
	const char *acl, char **ret_path);
bool fake_delete(struct fake_world *world, const char *path);
/* As anyone, so that a sealed node refuses it. */
enum zkl_rc fake_write(struct fake_world *world, const char *path, const char *data);
/* As the one who made it would, when it held the lock. */
bool fake_signoff(struct fake_world *world, const char *path);
bool fake_set_acl(struct fake_world *world, const char *path, const char *acl);
/* Numbering of path's sequential children goes on from here. */
void fake_set_counter(struct fake_world *world, const char *path, int32_t creates);
void fake_reap(struct fake_world *world);

/* ---- faults ---- */
void fake_cut(struct fake_host *host);	   /* connection reset; what is under way is lost */
void fake_silence(struct fake_host *host); /* as cut, but nobody is told */
void fake_offline(struct fake_host *host, bool yes);	/* no server can be reached */
void fake_hold(struct fake_host *host, zkl_time until); /* replies and events come late */
void fake_expire(struct fake_host *host);		/* the leader ends its session now */
void fake_stop_host(struct fake_host *host);		/* SIGSTOP, SIGCONT */
void fake_continue_host(struct fake_host *host);
void fake_kill_host(struct fake_host *host);	       /* SIGKILL: its session is left to expire */
void fake_exhaust(struct fake_host *host, bool yes);   /* no thread for another transport */
void fake_in_doubt(struct fake_host *host, bool yes);  /* move() cannot tell its socket */
void fake_pause(struct fake_world *world, int server); /* SIGSTOP of a server */
void fake_resume(struct fake_world *world, int server);
void fake_kill(struct fake_world *world, int server);
void fake_start(struct fake_world *world, int server);
void fake_cut_link(struct fake_world *world, int server); /* follower from its leader */
void fake_heal_link(struct fake_world *world, int server);
void fake_wipe(struct fake_world *world); /* all servers start again with empty data */
int fake_leader(const struct fake_world *world);
/* Uncommitted proposals survive an election, or die with it (the default). */
void fake_keep_proposals(struct fake_world *world, bool yes);

enum fake_fault_kind {
	FAKE_LOSE,   /* the message of this step, and the connection with it */
	FAKE_LATE,   /* the message comes `ms` later, and so does what follows it */
	FAKE_REFUSE, /* the request is answered with `rc`, without an effect */
	FAKE_EXPIRE, /* from here on: something happens to `host` just before this step */
	FAKE_CUT,
	FAKE_SILENCE,
	FAKE_STOP,	   /* for `ms` */
	FAKE_DELETE_NODE,  /* an operator deletes the contender of `host` */
	FAKE_WRITE_NODE,   /* a foreigner writes into it */
	FAKE_TAKE_ACL,	   /* for `ms`: nobody may do anything in the parent of its contender */
	FAKE_PAUSE_SERVER, /* for `ms`: the server of `host` */
	FAKE_CUT_SERVER,   /* for `ms`: the server of `host` from its leader */
	FAKE_KILL_LEADER,  /* started again after `ms` */
	FAKE_CALL,	   /* `call(ctx)`: the test's own */
};
#define FAKE_FAULT_KINDS (FAKE_CALL + 1)

enum fake_place { FAKE_AT_ANY, FAKE_AT_SERVER, FAKE_AT_LEADER, FAKE_AT_CLIENT };

struct fake_fault {
	enum fake_fault_kind kind;
	uint64_t step;	       /* this one; 0: the one that fits what follows */
	enum fake_place place; /* where the message arrives */
	int from;	       /* whose message: number of the host, or FAKE_ANY */
	int op;		       /* of the request, or FAKE_ANY */
	int nth;	       /* the nth that fits, from 1 */
	int host;	       /* whom it hits; FAKE_ANY: the one whose message it is */
	int64_t ms;
	enum zkl_rc rc;
	void (*call)(void *ctx);
	void *ctx;
};

void fake_plan(struct fake_world *world, const struct fake_fault *fault);
/* How many planned faults have hit something. */
size_t fake_plan_hits(const struct fake_world *world);
const char *fake_fault_name(enum fake_fault_kind kind);

/* What the step that is about to be done is; for explorers, asked from a hook. */
struct fake_step_info {
	uint64_t step;
	enum fake_place place;
	int host;
	int op; /* FAKE_ANY: not a request or its reply */
};
void fake_set_hook(struct fake_world *world,
	void (*hook)(void *ctx, const struct fake_step_info *info), void *ctx);

#endif
