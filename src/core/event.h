/* SPDX-License-Identifier: Apache-2.0 */
/* event.h - all that can happen to a contender, and all that it can ask for. */
#ifndef ZKL_CORE_EVENT_H
#define ZKL_CORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zklock/zklock.h>

enum zkl_event_type {
	/* from the caller */
	ZKL_EV_START,	/* join the queue (`trying`: only if nobody stands in it) */
	ZKL_EV_LEAVE,	/* deadline or cancel: tell the caller `error`, and leave nothing behind */
	ZKL_EV_RELEASE, /* give the lock back */
	/* from the session */
	ZKL_EV_ONLINE,	 /* connected, in ZooKeeper session `session` */
	ZKL_EV_OFFLINE,	 /* connection lost; every request under way will answer UNKNOWN */
	ZKL_EV_EXPIRED,	 /* the session has ended, and with it our node; `error`: not surely yet */
	ZKL_EV_PROVEN,	 /* a write was acknowledged: `until` has moved */
	ZKL_EV_UNPROVEN, /* `until` has passed */
	ZKL_EV_MISSING,	 /* a proof found our node gone */
	ZKL_EV_RETRY,	 /* the pause that ACT_RETRY asked for is over */
	/* answers; those with a stale cookie are ignored */
	ZKL_EV_PEEKED,	/* `busy`: contenders stand in the queue */
	ZKL_EV_PARENTS, /* a parent could not be made: `answer` */
	ZKL_EV_CREATED, /* node, czxid, session */
	ZKL_EV_SYNCED,	/* what is listed next is as new as the leader's state was */
	ZKL_EV_LISTED,	/* children */
	ZKL_EV_OWN,	/* czxid, session: own node, now watched */
	ZKL_EV_PRED,	/* trusted: predecessor, now watched */
	ZKL_EV_GONE,	/* of a delete or a sign-off */
	/* watches, by node name */
	ZKL_EV_CHANGED,
	ZKL_EV_DELETED,
};

/* What an answer says, as far as the recipe cares (bugs.md 51). */
enum zkl_answer {
	ZKL_ANS_OK,
	ZKL_ANS_NO_NODE,
	ZKL_ANS_BAD_VERSION,
	ZKL_ANS_DENIED,	 /* ACL */
	ZKL_ANS_LIMIT,	 /* quota, size */
	ZKL_ANS_LATER,	 /* surely not done; try again */
	ZKL_ANS_UNKNOWN, /* may have been done */
};

/* Which request an answer belongs to. */
enum zkl_slot {
	ZKL_SLOT_CREATE,
	ZKL_SLOT_LIST,
	ZKL_SLOT_OWN,
	ZKL_SLOT_PRED,
	ZKL_SLOT_GONE,
	ZKL_SLOT_SYNC
};
#define ZKL_SLOTS (ZKL_SLOT_SYNC + 1)

struct zkl_event {
	enum zkl_event_type type;
	int64_t now;	 /* ns, CLOCK_BOOTTIME */
	int64_t until;	 /* proof of this contender's node, as of now */
	uint32_t cookie; /* answers: of the action */
	enum zkl_answer answer;
	bool trying, busy, trusted;
	int error;
	int64_t session, czxid;
	const char *node; /* CREATED, CHANGED, DELETED */
	char *const *children;
	size_t n_children;
};

enum zkl_action_type {
	ZKL_ACT_PEEK,	  /* does anyone stand in the queue? -> PEEKED */
	ZKL_ACT_PARENTS,  /* make the parents; failures -> PARENTS */
	ZKL_ACT_CREATE,	  /* under a fresh GUID, put into recipe->guid -> CREATED */
	ZKL_ACT_LIST,	  /* -> LISTED */
	ZKL_ACT_SYNC,	  /* -> SYNCED */
	ZKL_ACT_GET_OWN,  /* with a watch -> OWN */
	ZKL_ACT_GET_PRED, /* `name`, with a watch -> PRED */
	ZKL_ACT_UNWATCH,  /* events of `name` do not interest us any more */
	ZKL_ACT_PROVE,	  /* a proof, now -> PROVEN */
	ZKL_ACT_SIGNOFF,  /* set and delete our node in one transaction -> GONE */
	ZKL_ACT_DELETE,	  /* plain delete of our node -> GONE */
	ZKL_ACT_RETRY,	  /* send RETRY after backoff(`attempt`) */
	/* to the caller */
	ZKL_ACT_QUEUED,	  /* `ahead` stand before us */
	ZKL_ACT_GRANT,	  /* ours; token is `czxid` */
	ZKL_ACT_FAIL,	  /* the attempt ended: `error`; cleaning up may go on */
	ZKL_ACT_LOST,	  /* the hold ended: `cause` */
	ZKL_ACT_RELEASED, /* the release is settled: `error` */
	ZKL_ACT_END,	  /* nothing is left of this contender: forget it */
};

struct zkl_action {
	enum zkl_action_type type;
	uint32_t cookie;
	const char *name;
	int error;
	enum zklock_cause cause;
	unsigned attempt;
	size_t ahead;
	int64_t czxid;
};

#define ZKL_ACTIONS_MAX 8

struct zkl_actions {
	int count;
	struct zkl_action list[ZKL_ACTIONS_MAX];
};

#endif
