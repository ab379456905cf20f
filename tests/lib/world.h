/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - clients that run the shipped code of src/run on a fake ensemble, in virtual time.
 *
 * Each client is a process on a host of its own: one loop without a thread, one session, and
 * contenders for one lock, one after another. Everything that happens becomes a line of the story:
 *
 *	[  12] A > JOINING -> HELD: first in order
 *
 * The promises of docs/guarantees.md are checked on the way: P1 and P3 after every event, P2 to P5
 * and P7 at a grant, P4 whenever something is told, P6 and P9 by world_check_end(); what that means
 * is in docs/faults.md. The first thing that breaks one is kept: world_violation().
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "core/recipe.h"
#include "lib/fake_zk.h"
#include "run/contender.h"
#include "run/lock.h"
#include "run/pool.h"

#define WORLD_CLIENTS 8
#define WORLD_LOCK    "/locks/x"

struct world_config {
	struct fake_config fake;
	int clients;	    /* named A, B, C... */
	int64_t timeout_ms; /* T; default 6000 */
	const char *chroot; /* of all clients; default none */
	int64_t proof_ms;   /* between proofs; 0: T/6, -1: none are made */
	bool no_seal;
	bool wire;     /* the story has every request and reply, too */
	bool no_check; /* of the promises */
};

enum world_phase {
	WORLD_IDLE,
	WORLD_WAITING,
	WORLD_HOLDING,
	WORLD_RELEASING,
	WORLD_DONE, /* the session is closed, or the process killed */
};

struct world_client {
	struct world *world;
	int number;
	char name[8];
	struct fake_host *host;
	struct zkl_loop *loop;
	zklock_session_t *pool;
	struct zkl_contender *contender; /* NULL: no attempt that concerns the caller */
	enum world_phase phase;
	bool closing;
	int64_t token;
	char *path; /* of the node held */
	int ends;   /* of this attempt: failed, lost or released; at most one */
	/* all attempts */
	unsigned queued, granted, failed, lost, released, suspended, resumed;
	int last_error;
	enum zklock_cause last_cause;
	size_t ahead;
	/* what it does by itself, see world_program() */
	unsigned rounds;
	int64_t hold_ms, pause_ms, patience_ms;
	void (*on_granted)(struct world_client *client);
	void *user;
};

struct world {
	struct world_config config;
	struct fake_world *fake;
	struct world_client clients[WORLD_CLIENTS];
	GString *story;
	char *violation;
	zkl_time begin;
	uint64_t hash; /* of the history */
	int64_t highest_token;
	bool wiped, silent, echo;  /* echo: every line goes to standard output at once */
	unsigned cancels, trouble; /* leavers, and faults that touch nodes */
};

struct world *world_new(const struct world_config *config);
void world_free(struct world *world);

/* Let time pass. */
void world_run(struct world *world, int64_t ms);
/* Let time pass until the condition holds; false: it did not within ms. */
bool world_run_until(struct world *world, bool (*met)(struct world *world), int64_t ms);
bool world_wait(struct world_client *client, enum world_phase phase, int64_t ms);

/* What callers do. Waits have deadlines of the lock call itself; -1: none, 0: a trylock. */
/* An unbound handle of the library's own; zkl_lock_free() it. */
zklock_t *world_handle(
	struct world_client *client, const char *name, zklock_event_fn fn, void *user);

void world_lock(struct world_client *client, int64_t timeout_ms);
void world_cancel(struct world_client *client);
void world_release(struct world_client *client);
void world_abandon(struct world_client *client); /* the handle is freed */
void world_close(struct world_client *client);	 /* gracefully, as zklock_session_close() does */
void world_kill(struct world_client *client);
/* Take the lock `rounds` times, hold it, pause; each wait ends after patience_ms (-1: never). */
void world_program(struct world_client *client, int64_t start_ms, unsigned rounds, int64_t hold_ms,
	int64_t pause_ms, int64_t patience_ms);

bool world_believes(const struct world_client *client); /* holds, proven now */
size_t world_contenders(const struct world *world);	/* that stand in the lock's directory */
/* Path of the client's newest node there, or NULL. g_free() it. */
char *world_node(const struct world_client *client);
/* All is over: every promise that ends with "and nothing is left". */
void world_check_end(struct world *world);
const char *world_violation(const struct world *world);
void world_violate(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Add a line of the test's own. */
void world_tell(struct world *world, const char *who, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Moves of all recipes so far, [from][to], of this process. */
extern uint64_t world_moves[ZKL_RECIPE_STATES][ZKL_RECIPE_STATES];
/* Lines since the last call. g_free() it. */
char *world_story(struct world *world);

#endif
