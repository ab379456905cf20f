/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - a peer in C: locks kept in some server, one connection for each contender.
 *
 * A store says how to connect, take and give back; store.c does the rest: the questions of
 * bench/peer.h, and the threads, of which each waiter has one.
 */
#ifndef BENCH_STORE_H
#define BENCH_STORE_H

#include <stdbool.h>

#include <glib.h>

enum store_taken {
	STORE_TAKEN,
	STORE_BUSY,
	STORE_FAILED,
	STORE_NO_TRY, /* this store can only wait */
};

struct store {
	const char *server;  /* as given by --server */
	const char *variant; /* as given by --variant, or NULL */
	/* A connection, or NULL and *error. */
	void *(*open)(const struct store *store, GError **error);
	void (*close)(void *connection);
	/* Take the lock; wait: until it is ours. For a store that cannot wait: see poll. */
	enum store_taken (*take)(void *connection, const char *name, bool wait, GError **error);
	bool (*release)(void *connection, const char *name, GError **error);
	/* How many wait in the server, or -1 where it cannot know. May be NULL. */
	int (*waiting)(void *connection, const char *name);
	bool poll; /* take never waits: ask again every STORE_POLL_MS */
	bool (*select)(struct store
			*store); /* fit to the variant; false: there is none such. May be NULL */
};

#define STORE_POLL_MS 10

/* Parses the arguments, then answers questions until the end of input. The exit status. */
int store_main(struct store *store, int argc, char **argv);

/* Sets *error to "PLACE: REASON"; false, so that it can be returned. */
bool store_fail(GError **error, const char *place, const char *reason);

#endif
