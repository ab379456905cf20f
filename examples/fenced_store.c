/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fenced_store.c - a store that refuses a holder who slept through the end of its lock.
 *
 * A lock cannot stop a process that was frozen between looking and writing. The store can: it keeps
 * the highest token it has seen and refuses a smaller one, in the very SQL statement that writes.
 * Here one holder is stopped (SIGSTOP) with the lock in its hands, another one writes once the
 * servers have given up on it, then the first wakes up and writes too.
 *
 *	fenced_store SERVERS DATABASE [ROOT]
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zklock/zklock.h>

#include "two_holders.h"

#define TABLE "CREATE TABLE IF NOT EXISTS store (key TEXT PRIMARY KEY, value TEXT, token INTEGER)"
#define WRITE                                                                                      \
	"INSERT INTO store VALUES ('leader', ?1, ?2) ON CONFLICT (key) DO UPDATE "                 \
	"SET value = ?1, token = ?2 WHERE token <= ?2"

static const char *servers, *database, *root = "/locks";

static void must(int error, const char *what)
{
	if (error == ZKLOCK_OK)
		return;
	fprintf(stderr, "fenced_store: %s: %s\n", what, zklock_strerror(error));
	exit(2);
}

static void sql(int rc, sqlite3 *db)
{
	if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
		return;
	fprintf(stderr, "fenced_store: %s: %s\n", database, sqlite3_errmsg(db));
	exit(2);
}

static sqlite3 *open_store(void)
{
	sqlite3 *db;

	sql(sqlite3_open(database, &db), db);
	sqlite3_busy_timeout(db, 10000);
	sql(sqlite3_exec(db, TABLE, NULL, NULL, NULL), db);
	return db;
}

/* Look and write are one statement: nobody comes between. False: the store has seen a newer token.
 */
static bool store_write(sqlite3 *db, const char *value, int64_t token)
{
	sqlite3_stmt *statement;

	sql(sqlite3_prepare_v2(db, WRITE, -1, &statement, NULL), db);
	sql(sqlite3_bind_text(statement, 1, value, -1, SQLITE_STATIC), db);
	sql(sqlite3_bind_int64(statement, 2, token), db);
	sql(sqlite3_step(statement), db);
	sqlite3_finalize(statement);
	return sqlite3_changes(db) == 1;
}

static void report(const char *who, const char *what, zklock_t *lock, int64_t token)
{
	printf("%s: %s, token %" PRId64 ", proven for %" PRId64 " ms\n", who, what, token,
		zklock_remaining_ms(lock));
	fflush(stdout);
}

/* Take the lock and write; the one that is to be stopped stops between the two. */
static int hold_and_write(const char *who, bool stop)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	sqlite3 *db = open_store();
	zklock_session_t *session;
	zklock_t *lock;
	int64_t token;
	bool written;

	options.root = root;
	options.session_timeout_ms = 4000;
	must(zklock_session_open(servers, &options, &session), servers);
	must(zklock_new(session, "store", NULL, &lock), "store");
	must(zklock_timedlock(lock, 60000), "lock");
	must(zklock_token(lock, &token), "token");
	report(who, "has the lock", lock, token);
	if (stop) {
		raise(SIGSTOP);
		/* A careful program stops here. This one does not look, to show the store's part.
		 */
		report(who, "is awake", lock, token);
	}
	written = store_write(db, who, token);
	report(who, written ? "has written" : "was refused", lock, token);
	zklock_unlock(lock);
	zklock_free(lock);
	zklock_session_close(session, 5000);
	sqlite3_close(db);
	return written ? 0 : 1;
}

int main(int argc, char **argv)
{
	bool stands;

	if (argc < 3 || argc > 4) {
		fputs("usage: fenced_store SERVERS DATABASE [ROOT]\n", stderr);
		return 64;
	}
	servers = argv[1];
	database = argv[2];
	root = argc > 3 ? argv[3] : root;
	stands = play_two_holders(hold_and_write);
	puts(stands ? "the store stands" : "the store was harmed");
	return !stands;
}
