/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recipe.h - one contender for one lock, as a step function: an event with its time goes in,
 * actions come out. No I/O, no clock, no thread, no allocation but for names.
 *
 * The rules, cited in recipe.c (docs/recipe.md tells why, with what goes wrong without each):
 *
 *  R1  Join: create and list in one flight. First in order: mine.
 *  R2  Otherwise watch my own node first, then the nearest contender before me.
 *  R3  CHANGED on a trusted predecessor is its sign-off: nobody can stand before me, so it is mine.
 *      Trusted: sealed, known record, version 0 when the watch was set, and my own node watched.
 *  R4  Any other event only means: look again. Walk down the nearest names, then list.
 *  R5  Only a holder signs off; all others leave by a plain delete.
 *  R6  My own node is gone: I forfeit my place, whatever comes later.
 *  R7  A create with unknown result: sync, list, find my GUID, check the owner. Never a second
 * node. R8  A delete with unknown result is repeated until the node or the session is gone. R9
 * Granted only with a living proof. Unproven means lost, by our own clock. R10 A sign-off refused
 * (written into, or sealed in vain): plain delete, and all look again.
 */
#ifndef ZKL_CORE_RECIPE_H
#define ZKL_CORE_RECIPE_H

#include "core/event.h"
#include "core/name.h"
#include "base/sm.h"

enum zkl_recipe_state {
	ZKL_IDLE,    /* wants the lock; nothing of it is in ZooKeeper */
	ZKL_PEEKING, /* trylock: does anyone stand there? */
	ZKL_JOINING, /* create and list are under way */
	ZKL_FINDING, /* the create's result is unknown: looking for our node */
	ZKL_LISTING, /* our node stands; the list is under way */
	ZKL_ARMING,  /* setting the watches */
	ZKL_WAITING, /* both watches are set */
	ZKL_PROVING, /* our turn, but the proof is too old */
	ZKL_HELD,
	ZKL_RELEASING, /* the caller gave it back; sign-off or delete is under way */
	ZKL_LEAVING,   /* nobody wants it any more; the plain delete must still happen */
	ZKL_ENDED,
};
#define ZKL_RECIPE_STATES (ZKL_ENDED + 1)

#define ZKL_KEEP_FIRST 8     /* nearest names kept after the first list */
#define ZKL_KEEP_MOST  16384 /* eight times more after each list that came to nothing */
#define ZKL_NODE_MAX   (ZKL_GUID_LEN + sizeof("-lock--2147483648"))

struct zkl_recipe {
	uint8_t state;
	uint8_t share;
	bool online, trying, sealed;
	bool leaving;	  /* the caller has been told; only clean-up is left */
	bool own_watched; /* our own node is watched in this session */
	bool trusted;	  /* R3, of nearest[at] */
	bool told_queued;
	uint16_t slots;
	uint16_t attempt; /* failures in a row, for the backoff */
	uint32_t asked;	  /* cookie of the last request */
	uint32_t await[ZKL_SLOTS];
	int64_t session, czxid;
	char guid[ZKL_GUID_LEN + 1];
	char node[ZKL_NODE_MAX]; /* "": we know of no node of ours */
	uint32_t n_nearest, at, keep;
	size_t ahead;	 /* at the last list */
	char **nearest;	 /* one block; nearest[at] is watched */
	const char *who; /* for the trace */
};

extern const struct zkl_sm_table zkl_recipe_table;

/* who: lives as long as the recipe. slots: 1 for a mutex. */
void zkl_recipe_init(struct zkl_recipe *r, enum zkl_share share, unsigned slots, const char *who);
void zkl_recipe_clear(struct zkl_recipe *r);
void zkl_recipe_step(struct zkl_recipe *r, const struct zkl_event *event, struct zkl_actions *out);

/* The farthest of the kept names that may still stand before us, or NULL: while it stands, our
 * turn is not near. */
const char *zkl_recipe_far(const struct zkl_recipe *r);

#endif
