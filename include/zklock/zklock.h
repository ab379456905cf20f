/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zklock.h - fair, fenced locks for processes on many hosts, on Apache ZooKeeper.
 *
 *	zklock_session_t *session;
 *	zklock_t *lock;
 *
 *	if (zklock_session_open("zk1,zk2,zk3", NULL, &session) == ZKLOCK_OK &&
 *	    zklock_new(session, "reports", NULL, &lock) == ZKLOCK_OK &&
 *	    zklock_timedlock(lock, 5000) == ZKLOCK_OK) {
 *		... work, as long as zklock_remaining_ms(lock) > 0 ...
 *		zklock_unlock(lock);
 *	}
 *
 * Rules that hold for every call here, so that each note need not repeat them:
 *
 *   Results    Every int result is ZKLOCK_OK (0) or a positive code of enum zklock_error.
 *              zklock_strerror() gives its text. Outputs named ret_* are written on success only.
 *   Threads    Every call may be made from any thread, unless its note says otherwise.
 *   Callbacks  Run on a thread of the library, one at a time per session, with no library lock
 *              held. They may call anything here, also free and close, but for calls that would
 *              have to wait for that very thread: those return ZKLOCK_ERR_IN_CALLBACK.
 *              A call that returns an error never calls back. A cancelled one calls back too.
 *   Time       Milliseconds in int64_t. A timeout below 0 waits for ever, 0 does not wait.
 *              Clock: CLOCK_BOOTTIME, which goes on while the machine is suspended.
 *   Memory     Strings passed in are copied. Strings handed out belong to the object named.
 *   fork       In a fork()ed child every call on an inherited object returns
 *              ZKLOCK_ERR_FORKED (or 0/false), and the parent is unharmed.
 *   Signals    Threads of the library block all signals.
 */
#ifndef ZKLOCK_ZKLOCK_H
#define ZKLOCK_ZKLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ZKLOCK_VERSION_MAJOR 0
#define ZKLOCK_VERSION_MINOR 1
#define ZKLOCK_VERSION_MICRO 0

#if defined(__GNUC__)
#define ZKLOCK_EXPORT __attribute__((visibility("default")))
#else
#define ZKLOCK_EXPORT
#endif

/** A connection to a ZooKeeper ensemble that keeps itself alive and re-opens when it expires. */
typedef struct zklock_session zklock_session_t;
/** A handle on one named lock. Each locking thread (or each unbound handle) is one contender. */
typedef struct zklock zklock_t;
/** A picture of one lock's holder and queue, see zklock_owners(). */
typedef struct zklock_owners zklock_owners_t;

/* ---- errors ------------------------------------------------------------------------------- */

enum zklock_error {
	ZKLOCK_OK = 0,
	ZKLOCK_ERR_INVALID = 1,	 /* an argument is NULL or out of range */
	ZKLOCK_ERR_NAME = 2,	 /* the lock's name or the root is not allowed */
	ZKLOCK_ERR_SERVERS = 3,	 /* the servers string cannot be parsed */
	ZKLOCK_ERR_SETTINGS = 4, /* these settings would leave no time in which a lock is proven */
	ZKLOCK_ERR_NOMEM = 5,	 /* out of memory */
	ZKLOCK_ERR_BUSY = 6,	 /* held by someone else (trylock) */
	ZKLOCK_ERR_TIMEOUT = 7,	 /* the deadline passed while others held the lock */
	ZKLOCK_ERR_UNAVAILABLE = 8, /* the deadline passed and no server, or no quorum, answered */
	ZKLOCK_ERR_CANCELLED = 9,   /* zklock_cancel(), free or close ended the wait */
	ZKLOCK_ERR_DEADLOCK = 10,   /* this thread holds the same lock through another handle */
	ZKLOCK_ERR_NOT_OWNER = 11,  /* held, but by another thread */
	ZKLOCK_ERR_NOT_HELD = 12,   /* not held at all */
	ZKLOCK_ERR_LOST = 13,	    /* was held and lost before this call */
	ZKLOCK_ERR_PENDING = 14,    /* the release is sent but not confirmed; the library goes on */
	ZKLOCK_ERR_CLOSED = 15,	    /* the session is closed, or the handle is being freed */
	ZKLOCK_ERR_FORKED = 16,	    /* the object was made before fork() */
	ZKLOCK_ERR_IN_CALLBACK = 17, /* would wait for the callback it is called from */
	ZKLOCK_ERR_ACCESS = 18,	     /* ZooKeeper denies access (ACL or credentials) */
	ZKLOCK_ERR_TOKEN_BASE = 19,  /* the token is below one seen before: the data was reset */
	ZKLOCK_ERR_LIMIT = 20,	/* a limit was reached (sequence, packet, descriptors, threads) */
	ZKLOCK_ERR_IN_USE = 21, /* the handle already waits or holds in this mode */
	ZKLOCK_ERR_NO_CHROOT = 22, /* the chroot of the servers string does not exist */
	ZKLOCK_ERR_EXISTS = 23,	   /* znode.h: the znode exists already */
	ZKLOCK_ERR_NO_NODE = 24,   /* znode.h: the znode does not exist */
	ZKLOCK_ERR_VERSION = 25,   /* znode.h: the znode has another version */
	ZKLOCK_ERR_UNKNOWN = 26,   /* znode.h: the result is unknown; look before you try again */
	ZKLOCK_ERR_INTERNAL = 27,  /* an answer from ZooKeeper that should not be possible */
};

/** Text of an error code, for people. Static; never NULL, also for unknown codes. */
ZKLOCK_EXPORT const char *zklock_strerror(int error);

/** Name of an error code, as "ZKLOCK_ERR_BUSY". Static; never NULL. */
ZKLOCK_EXPORT const char *zklock_error_name(int error);

/** Version of the library at run time, as "0.1.0". Static. */
ZKLOCK_EXPORT const char *zklock_version(void);

/* ---- log ---------------------------------------------------------------------------------- */

enum zklock_log_level {
	ZKLOCK_LOG_ERROR = 1,
	ZKLOCK_LOG_WARNING = 2,
	ZKLOCK_LOG_INFO = 3,
	ZKLOCK_LOG_DEBUG = 4,
};

/** Receives one line without a newline. May run on any thread, at any time, so it must not call
 *  the library and must not block. The C client's own log arrives here too. */
typedef void (*zklock_log_fn)(int level, const char *text, void *user);

/**
 * Set where log lines of this process go.
 * level: the most talkative level wanted. fn NULL: standard error (the default, warnings and up).
 * Threads: any; lines under way on other threads may still reach the old function.
 */
ZKLOCK_EXPORT void zklock_set_log(zklock_log_fn fn, int level, void *user);

/* ---- session ------------------------------------------------------------------------------ */

enum zklock_acl {
	ZKLOCK_ACL_OPEN = 0,	/* anyone may queue; nobody else may write into our nodes */
	ZKLOCK_ACL_CREATOR = 1, /* only the identity of auth_scheme/auth_secret (digest) */
	ZKLOCK_ACL_GIVEN = 2,	/* the list in `acl` */
};

/** Proof interval that switches proofs off: remaining is then the weaker promise of other lock
 *  libraries (silence for less than the session timeout), and the log says so once. */
#define ZKLOCK_NO_PROOF (-1)

/**
 * Options of a session. Fill with ZKLOCK_SESSION_OPTIONS_INIT, then change what you need; fields
 * may be added in later versions without breaking programs, which is what `size` is for.
 */
typedef struct zklock_session_options {
	size_t size;
	const char *root;  /* parent of all locks; default "/locks" */
	const char *label; /* shown to others beside our nodes; default: the program's name */
	int64_t session_timeout_ms; /* T; default 10000. The servers may clamp it. */
	int64_t proof_interval_ms;  /* h; 0: T/6; ZKLOCK_NO_PROOF: none */
	int64_t margin_ms;	    /* safety margin of the proof; 0: 300 */
	int observer_hops; /* 1 behind an observer master, see docs/guarantees.md; default 0 */
	enum zklock_acl acl_mode;
	const char *acl;	 /* ACL_GIVEN: "scheme:id:perms,...", perms of "cdrwa" */
	const char *auth_scheme; /* e.g. "digest"; NULL: none */
	const char *auth_secret; /* e.g. "user:password" */
	int64_t token_base;	 /* added to every token, see docs/guarantees.md; default 0 */
	bool no_seal;		 /* do not protect our nodes by an identity of the session */
} zklock_session_options_t;

#define ZKLOCK_SESSION_OPTIONS_INIT                                                                \
	{                                                                                          \
		.size = sizeof(zklock_session_options_t)                                           \
	}

enum zklock_session_state {
	ZKLOCK_SESSION_CONNECTING = 0, /* never connected yet, or between two ZooKeeper sessions */
	ZKLOCK_SESSION_CONNECTED = 1,
	ZKLOCK_SESSION_SUSPENDED = 2, /* the connection is lost; the ZooKeeper session may live */
	ZKLOCK_SESSION_CLOSED = 3,
};

/** Called after each change of the state. error says why, where there is a reason to tell. */
typedef void (*zklock_session_fn)(
	zklock_session_t *session, enum zklock_session_state state, int error, void *user);

/**
 * Open a session. Returns at once; connecting goes on in the background, with backoff, for ever.
 * servers: "host[:port],host[:port],...[/chroot]", default port 2181, IPv6 as [addr] or
 *          [addr]:port. Names are resolved by the library, and again every few seconds while no
 *          server answers.
 * options: NULL for the defaults.
 * Ownership: close with zklock_session_close().
 * Errors: INVALID, SERVERS, NAME (root), SETTINGS (no time would be proven: see the log for the
 *         numbers), LIMIT (no descriptor or thread to be had), NOMEM.
 */
ZKLOCK_EXPORT int zklock_session_open(const char *servers, const zklock_session_options_t *options,
	zklock_session_t **ret_session);

/**
 * Close a session: waits end with CANCELLED, held locks are released, then the ZooKeeper session
 * is ended, which also removes whatever could not be released. Handles stay valid for
 * zklock_free(): nothing is held by them any more, and whoever asks for a lock gets CLOSED.
 * Blocks up to timeout_ms for the releases to be confirmed, and then briefly for the goodbye and
 * for callbacks under way: none is called after OK. From a callback it returns at once and goes on
 * in the background.
 * Errors: PENDING (not all confirmed in time, and the servers remove the rest when the session
 *         expires; or a callback still runs). The session is gone in any case: never use it again.
 */
ZKLOCK_EXPORT int zklock_session_close(zklock_session_t *session, int64_t timeout_ms);

/** State of the session, at this moment. */
ZKLOCK_EXPORT enum zklock_session_state zklock_session_state(zklock_session_t *session);

/**
 * Wait until the session is connected.
 * Errors: UNAVAILABLE (deadline), ACCESS (credentials refused), CLOSED, FORKED, IN_CALLBACK.
 */
ZKLOCK_EXPORT int zklock_session_wait_connected(zklock_session_t *session, int64_t timeout_ms);

/** Be told of state changes; NULL: no more. At most one function; the new one replaces it. */
ZKLOCK_EXPORT int zklock_session_set_event_callback(
	zklock_session_t *session, zklock_session_fn fn, void *user);

/** What is known of the session, for people and for `zklock doctor`. */
typedef struct zklock_session_info {
	size_t size;
	int64_t session_id;	    /* ZooKeeper's id, 0 while there is none */
	int64_t session_timeout_ms; /* as negotiated; as asked for while there is none */
	int64_t validity_ms;	    /* V right after a proof; 0 with ZKLOCK_NO_PROOF */
	int64_t proof_interval_ms;  /* h; -1 with ZKLOCK_NO_PROOF */
	bool sealed;		    /* our nodes are protected by an identity of the session */
	char server[64];	    /* "address:port" we are connected to, or "" */
	int64_t sessions;	    /* ZooKeeper sessions opened so far */
	int64_t moves;		    /* times we left a silent server on our own */
	int64_t writes, reads;	    /* requests sent so far (a transaction is one write) */
	int64_t proofs;		    /* check-only transactions among the writes */
} zklock_session_info_t;

#define ZKLOCK_SESSION_INFO_INIT                                                                   \
	{                                                                                          \
		.size = sizeof(zklock_session_info_t)                                              \
	}

ZKLOCK_EXPORT int zklock_session_info(zklock_session_t *session, zklock_session_info_t *ret_info);

/* ---- lock --------------------------------------------------------------------------------- */

enum zklock_flags {
	/* Not bound to a thread: any thread may unlock, and the handle takes the lock at most once
	 * (no reentrancy). For event loops and job runners. */
	ZKLOCK_UNBOUND = 1 << 0,
	/* zklock_unlock() returns once the release is on its way. ZooKeeper keeps the order, and
	 * the library sees to it that it happens. */
	ZKLOCK_UNLOCK_NOWAIT = 1 << 1,
};

typedef struct zklock_options {
	size_t size;
	unsigned flags;	   /* of enum zklock_flags */
	const char *label; /* shown to others beside this lock's nodes; default: the session's */
	int64_t unlock_timeout_ms; /* how long unlock waits for confirmation; 0: session timeout */
} zklock_options_t;

#define ZKLOCK_OPTIONS_INIT                                                                        \
	{                                                                                          \
		.size = sizeof(zklock_options_t)                                                   \
	}

/**
 * Make a handle on the lock `name`. No I/O.
 * name: [A-Za-z0-9._:@+-]{1,128}, not ".", ".." or "zookeeper".
 * The process remembers the highest token of each name it was granted, so that a token that falls
 * is found out, and forgets none: some 200 bytes a name. A service that would lock ever new names
 * (one an order) takes one of a fixed number instead, by a hash.
 * Ownership: free with zklock_free().
 * Errors: INVALID, NAME, CLOSED, FORKED, NOMEM.
 */
ZKLOCK_EXPORT int zklock_new(zklock_session_t *session, const char *name,
	const zklock_options_t *options, zklock_t **ret_lock);

/**
 * Free a handle. What it still holds is released and what waits is cancelled, in the background.
 * Never blocks, so it is fine in a callback. Using the handle afterwards is an error of the
 * program, which a library configured with --enable-debug reports (INVALID).
 * Errors: INVALID, FORKED.
 */
ZKLOCK_EXPORT int zklock_free(zklock_t *lock);

/** Name of the lock. Belongs to the handle. */
ZKLOCK_EXPORT const char *zklock_name(zklock_t *lock);

/**
 * Take the lock; wait for it as long as it takes, first come first served.
 * The same thread may take it again through the same handle and must then unlock as often.
 * zklock_lock() waits for ever, zklock_timedlock() until the deadline, which covers everything:
 * connecting, creating parents, queueing and waiting. zklock_trylock() takes it only if nobody
 * has it and nobody waits; it answers in one round trip (two when it is new to this session which
 * children of the lock's node are contenders) and joins no queue; while there is no connection it
 * gives up after the session timeout.
 * On ZKLOCK_OK the lock is proven to be ours for zklock_remaining_ms().
 * Blocks; can be ended by zklock_cancel(). Not ended by signals.
 * Errors: BUSY (trylock), TIMEOUT, UNAVAILABLE, CANCELLED, DEADLOCK, IN_USE (unbound), ACCESS,
 *         LOST (this thread had it, lost it, and has not unlocked yet), TOKEN_BASE, LIMIT,
 *         SETTINGS (the servers cut the session timeout, and now nothing can be proven),
 *         NO_CHROOT, CLOSED, FORKED, IN_CALLBACK, LOST
 *         (it was granted, and lost again before the call returned; nothing is held).
 */
ZKLOCK_EXPORT int zklock_lock(zklock_t *lock);
ZKLOCK_EXPORT int zklock_trylock(zklock_t *lock);
ZKLOCK_EXPORT int zklock_timedlock(zklock_t *lock, int64_t timeout_ms);

/**
 * Give the lock back, or one level of it.
 * Blocks until ZooKeeper has confirmed it, but no longer than unlock_timeout_ms (with
 * ZKLOCK_UNLOCK_NOWAIT: not at all). Belief ends when the call begins, in any case.
 * Errors: LOST (it was lost before; nothing was released by this call), PENDING (not confirmed
 *         yet), ACCESS (ZooKeeper denies the delete; the library ends the session for it as soon
 *         as nothing else is held), NOT_OWNER, NOT_HELD, FORKED. After LOST, PENDING and ACCESS
 *         the lock is not held, whatever the level. A thread that took it several times is told
 * LOST at each level; the last of its unlocks makes the handle ready to be taken again, and until
 * then taking it says LOST.
 */
ZKLOCK_EXPORT int zklock_unlock(zklock_t *lock);

/**
 * End every wait on this handle, in all threads; they return CANCELLED and leave the queue.
 * Does not touch a lock that is held. Never blocks. Async-signal-unsafe.
 */
ZKLOCK_EXPORT int zklock_cancel(zklock_t *lock);

/**
 * Run fn under the lock, and release it whatever fn does (but for longjmp out of it).
 * fn's result goes to *ret_result (may be NULL).
 * Errors: those of zklock_timedlock(), then fn was not run; those of zklock_unlock(), then it was:
 *         LOST says that the lock was lost while fn ran.
 */
ZKLOCK_EXPORT int zklock_with(zklock_t *lock, int64_t timeout_ms,
	int (*fn)(zklock_t *lock, void *user), void *user, int *ret_result);

/* ---- what a holder knows ------------------------------------------------------------------- */

/** Does the calling thread (unbound: the handle) hold the lock, proven at this moment? */
ZKLOCK_EXPORT bool zklock_is_held(zklock_t *lock);

/**
 * How long the lock is proven to be ours from now, without further contact to any server.
 * 0 when not held, lost or not proven. After a pause of the process (SIGSTOP, suspend) the first
 * call already tells the truth. Cheap: no I/O; call it before every step that matters.
 * With ZKLOCK_NO_PROOF it is only "less silence than the session timeout".
 */
ZKLOCK_EXPORT int64_t zklock_remaining_ms(zklock_t *lock);

/**
 * Fencing token of the current hold: grows with every grant of the lock. Hand it to the resource
 * and let that refuse a smaller one than it has seen.
 * Errors: NOT_HELD, LOST.
 */
ZKLOCK_EXPORT int zklock_token(zklock_t *lock, int64_t *ret_token);

/**
 * Absolute path (under the chroot) of the znode of the current hold, for a check in your own
 * transaction; see zklock/guard.h. Errors: NOT_HELD, LOST, LIMIT (buffer too small).
 */
ZKLOCK_EXPORT int zklock_node(zklock_t *lock, char *ret_path, size_t size);

enum zklock_event_type {
	ZKLOCK_EVENT_QUEUED = 1,    /* in the queue; `ahead` contenders stand before us */
	ZKLOCK_EVENT_GRANTED = 2,   /* the lock is ours (once per grant) */
	ZKLOCK_EVENT_FAILED = 3,    /* an async attempt ended without the lock; `error` says why */
	ZKLOCK_EVENT_SUSPENDED = 4, /* unsure: no contact; still proven for remaining_ms */
	ZKLOCK_EVENT_RESUMED = 5,   /* sure again */
	ZKLOCK_EVENT_LOST = 6,	    /* the hold has ended; exactly once, and nothing after it */
	ZKLOCK_EVENT_RELEASED = 7,  /* an async release was confirmed, or `error` says why not */
};

enum zklock_cause {
	ZKLOCK_CAUSE_NONE = 0,
	ZKLOCK_CAUSE_UNPROVEN = 1, /* the proof ran out by our own clock */
	ZKLOCK_CAUSE_EXPIRED = 2,  /* the servers ended the session */
	ZKLOCK_CAUSE_DELETED = 3,  /* somebody deleted our node */
	ZKLOCK_CAUSE_DENIED = 4,   /* ZooKeeper denies us access */
	/* The servers ended, or have forgotten, a session that was proven to live: other data, or
	 * somebody closed it in our name. Known only while the proof stands: servers that have lost
	 * their data mostly refuse us without a word, and the cause is then UNPROVEN. */
	ZKLOCK_CAUSE_RESET = 5,
	ZKLOCK_CAUSE_CLOSED = 6, /* the session was closed by the program */
};

typedef struct zklock_event {
	enum zklock_event_type type;
	int error;		 /* FAILED, RELEASED */
	enum zklock_cause cause; /* LOST */
	int64_t token;		 /* of the hold this is about; 0 before the grant */
	int64_t remaining_ms;	 /* at the time the event was made */
	int64_t ahead;		 /* QUEUED */
} zklock_event_t;

/** Name of a cause or an event type, as "unproven" or "lost". Static; never NULL. */
ZKLOCK_EXPORT const char *zklock_cause_name(enum zklock_cause cause);
ZKLOCK_EXPORT const char *zklock_event_name(enum zklock_event_type type);

/** Called for the events of a handle, on a library thread, one at a time, no lock held. */
typedef void (*zklock_event_fn)(zklock_t *lock, const zklock_event_t *event, void *user);

/**
 * Be told of the events of this handle; NULL: no more. Set it before the first lock call. Another
 * thread's call of this, or of zklock_free(), does not wait for a callback that runs at that
 * moment: `user` must live until zklock_session_close() has returned.
 */
ZKLOCK_EXPORT int zklock_set_event_callback(zklock_t *lock, zklock_event_fn fn, void *user);

/**
 * A descriptor for poll(2): readable while zklock_next_event() has something to give. For
 * programs with an event loop of their own; events are queued from this call on.
 * Ownership: the handle's; closed by zklock_free(). Result: the descriptor, or -1 (errno is set).
 */
ZKLOCK_EXPORT int zklock_fd(zklock_t *lock);

/** Take the next event. Never blocks. Result: true when there was one. */
ZKLOCK_EXPORT bool zklock_next_event(zklock_t *lock, zklock_event_t *ret_event);

/* ---- without a thread ----------------------------------------------------------------------- */

/**
 * As zklock_timedlock(), without waiting: GRANTED or FAILED comes as an event, exactly once.
 * For unbound handles only. timeout_ms as above; 0 is a trylock.
 * Errors: INVALID (not unbound), IN_USE, LOST (after the LOST event it must be unlocked first),
 *         CLOSED, FORKED: then no event follows.
 */
ZKLOCK_EXPORT int zklock_lock_async(zklock_t *lock, int64_t timeout_ms);

/** As zklock_unlock(), without waiting: RELEASED comes as an event. Errors: as zklock_unlock(). */
ZKLOCK_EXPORT int zklock_unlock_async(zklock_t *lock);

/* ---- who holds, who waits -------------------------------------------------------------------- */

enum zklock_make {
	ZKLOCK_MAKE_UNKNOWN = 0,
	ZKLOCK_MAKE_ZKLOCK = 1,
	ZKLOCK_MAKE_CURATOR = 2, /* or go-zookeeper, which uses the same names */
	ZKLOCK_MAKE_KAZOO = 3,
};

/** One contender. Absent texts are "", absent numbers 0; times in ms of the wall clock. */
typedef struct zklock_owner {
	const char *node; /* name of the znode */
	enum zklock_make make;
	bool holds;	    /* first in order */
	int64_t token;	    /* czxid of the znode (without token_base) */
	int64_t session_id; /* its ephemeralOwner */
	int64_t queued_ms;  /* when the znode was made, by the server's clock */
	int record_version; /* of our owner record; 0: none or unreadable */
	bool sealed;
	const char *guid, *host, *ip, *label;
	int64_t pid, tid, start_ms; /* start of the process */
	int64_t session_timeout_ms;
	int64_t validity_ms; /* V, as it says: what it holds is proven for so long at a time */
	int64_t proof_interval_ms; /* h, as it says; -1: it makes no proofs (ZKLOCK_NO_PROOF) */
} zklock_owner_t;

/**
 * List holder and queue of a lock, in order. Reads only; joins nothing.
 * max: at most that many from the front, 0 for all. Of the rest only the count is known.
 * Blocks up to timeout_ms. Ownership: free with zklock_owners_free().
 * Errors: NAME, UNAVAILABLE, ACCESS, NO_CHROOT, CLOSED, FORKED, IN_CALLBACK. A lock nobody knows is
 * no error: the list is empty.
 */
ZKLOCK_EXPORT int zklock_owners(zklock_session_t *session, const char *name, size_t max,
	int64_t timeout_ms, zklock_owners_t **ret_owners);
ZKLOCK_EXPORT size_t zklock_owners_count(const zklock_owners_t *owners);     /* those listed */
ZKLOCK_EXPORT size_t zklock_owners_total(const zklock_owners_t *owners);     /* all contenders */
ZKLOCK_EXPORT size_t zklock_owners_strangers(const zklock_owners_t *owners); /* other children */
ZKLOCK_EXPORT const zklock_owner_t *zklock_owners_get(const zklock_owners_t *owners, size_t i);
ZKLOCK_EXPORT void zklock_owners_free(zklock_owners_t *owners);

/**
 * Wait until everybody who holds or awaits the lock now is done; who joins later is not waited for.
 * Reads and watches only: takes nothing, joins nothing, and wakes up for the last in line alone.
 * timeout_ms 0 does not wait, it only looks, for no longer than the session timeout.
 * Blocks. Not ended by signals.
 * Errors: BUSY (timeout_ms 0), TIMEOUT, UNAVAILABLE, NAME, ACCESS, NO_CHROOT, CLOSED, FORKED,
 *         IN_CALLBACK. A lock nobody knows is no error: there is nobody to wait for.
 */
ZKLOCK_EXPORT int zklock_wait_done(zklock_session_t *session, const char *name, int64_t timeout_ms);

/**
 * Write the counters and histograms of this session in Prometheus text format 0.0.4.
 * write gets pieces of text, returns 0 to go on; labels: a "name=\"value\",..." list put into
 * every line, or NULL. Errors: INVALID, FORKED, LIMIT (write asked to stop).
 */
ZKLOCK_EXPORT int zklock_metrics_write(zklock_session_t *session, const char *labels,
	int (*write)(const char *text, size_t len, void *user), void *user);

#ifdef __cplusplus
}
#endif
#endif
