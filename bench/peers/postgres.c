/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres.c - the four ways in which users of PostgreSQL lock: an advisory lock, a row FOR UPDATE
 * in an open transaction, a row that must be unique, and a row with a version column. In the last
 * two a waiter asks again and again.
 */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

struct link {
	PGconn *pg;
	char *made; /* the row of this name is there */
};

static const char schema[] =
	"SET client_min_messages TO error;"
	"CREATE TABLE IF NOT EXISTS zkbench_row (name text PRIMARY KEY);"
	"CREATE TABLE IF NOT EXISTS zkbench_unique (name text PRIMARY KEY, owner int);"
	"CREATE TABLE IF NOT EXISTS zkbench_version (name text PRIMARY KEY, owner int, version "
	"int)";

static void link_close(void *connection)
{
	struct link *link = connection;

	PQfinish(link->pg);
	g_free(link->made);
	g_free(link);
}

/* Runs SQL with at most one parameter; rows touched or found, -1 and *error on failure. */
static int run(struct link *link, const char *sql, const char *name, GError **error)
{
	PGresult *result = name == NULL
				   ? PQexec(link->pg, sql)
				   : PQexecParams(link->pg, sql, 1, NULL, &name, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);
	int rows = -1;

	if (status == PGRES_TUPLES_OK)
		rows = PQntuples(result);
	else if (status == PGRES_COMMAND_OK)
		rows = atoi(PQcmdTuples(result));
	else
		store_fail(error, "postgres", PQerrorMessage(link->pg));
	PQclear(result);
	return rows;
}

/* The first field of the first row as a number; or -1. */
static int number(struct link *link, const char *sql, const char *name)
{
	PGresult *result =
		PQexecParams(link->pg, sql, name == NULL ? 0 : 1, NULL, &name, NULL, NULL, 0);
	int value = -1;

	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0)
		value = strcmp(PQgetvalue(result, 0, 0), "t") == 0 ? 1
								   : atoi(PQgetvalue(result, 0, 0));
	PQclear(result);
	return value;
}

/* Tables are made by the first connection, under a lock, as IF NOT EXISTS is not enough. */
static bool make_tables(struct link *link, GError **error)
{
	return run(link, "SELECT pg_advisory_lock(1)", NULL, error) >= 0 &&
	       run(link, schema, NULL, error) >= 0 &&
	       run(link, "SELECT pg_advisory_unlock(1)", NULL, error) >= 0;
}

static void *link_open(const struct store *store, GError **error)
{
	struct link *link = g_new0(struct link, 1);

	link->pg = PQconnectdb(store->server);
	if (PQstatus(link->pg) != CONNECTION_OK)
		store_fail(error, "postgres", PQerrorMessage(link->pg));
	else if (make_tables(link, error))
		return link;
	link_close(link);
	return NULL;
}

/* The row stays for ever; made once for each connection, which is not part of a cycle. */
static bool need_row(struct link *link, const char *sql, const char *name, GError **error)
{
	if (link->made != NULL && strcmp(link->made, name) == 0)
		return true;
	if (run(link, sql, name, error) < 0)
		return false;
	g_free(link->made);
	link->made = g_strdup(name);
	return true;
}

/* ---- advisory lock ------------------------------------------------------------------------- */

static enum store_taken advisory_take(void *connection, const char *name, bool wait, GError **error)
{
	struct link *link = connection;

	if (!wait)
		return number(link, "SELECT pg_try_advisory_lock(2, hashtext($1))", name) == 1
			       ? STORE_TAKEN
			       : STORE_BUSY;
	return run(link, "SELECT pg_advisory_lock(2, hashtext($1))", name, error) == 1
		       ? STORE_TAKEN
		       : STORE_FAILED;
}

static bool advisory_release(void *connection, const char *name, GError **error)
{
	return number(connection, "SELECT pg_advisory_unlock(2, hashtext($1))", name) == 1
		       ? true
		       : store_fail(error, "pg_advisory_unlock", "not the holder");
}

static int advisory_waiting(void *connection, const char *name)
{
	return number(connection,
		"SELECT count(*) FROM pg_locks WHERE locktype='advisory' AND classid=2 AND NOT "
		"granted "
		"AND objid::bigint = hashtext($1)::bigint & 4294967295",
		name);
}

/* ---- SELECT FOR UPDATE --------------------------------------------------------------------- */

static enum store_taken row_take(void *connection, const char *name, bool wait, GError **error)
{
	struct link *link = connection;
	GError *why = NULL;
	const char *sql = wait ? "SELECT 1 FROM zkbench_row WHERE name=$1 FOR UPDATE"
			       : "SELECT 1 FROM zkbench_row WHERE name=$1 FOR UPDATE SKIP LOCKED";
	int rows;

	if (!need_row(link, "INSERT INTO zkbench_row VALUES ($1) ON CONFLICT DO NOTHING", name,
		    error) ||
		run(link, "BEGIN", NULL, error) < 0)
		return STORE_FAILED;
	rows = run(link, sql, name, &why);
	if (rows == 1)
		return STORE_TAKEN;
	run(link, "ROLLBACK", NULL, NULL);
	if (why == NULL)
		return STORE_BUSY;
	g_propagate_error(error, why);
	return STORE_FAILED;
}

static bool row_release(void *connection, const char *name, GError **error)
{
	(void)name;
	return run(connection, "COMMIT", NULL, error) >= 0;
}

static int row_waiting(void *connection, const char *name)
{
	(void)name;
	return number(connection,
		"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type='Lock'", NULL);
}

/* ---- unique row ---------------------------------------------------------------------------- */

static enum store_taken unique_take(void *connection, const char *name, bool wait, GError **error)
{
	int rows = run(connection,
		"INSERT INTO zkbench_unique VALUES ($1, pg_backend_pid()) ON CONFLICT DO NOTHING",
		name, error);

	(void)wait;
	return rows < 0 ? STORE_FAILED : rows == 1 ? STORE_TAKEN : STORE_BUSY;
}

static bool unique_release(void *connection, const char *name, GError **error)
{
	int rows = run(connection,
		"DELETE FROM zkbench_unique WHERE name=$1 AND owner=pg_backend_pid()", name, error);

	return rows == 1 ? true : rows < 0 ? false : store_fail(error, "DELETE", "not the holder");
}

/* ---- version column ------------------------------------------------------------------------ */

static enum store_taken version_take(void *connection, const char *name, bool wait, GError **error)
{
	struct link *link = connection;
	char *sql;
	int version, rows;

	(void)wait;
	if (!need_row(link, "INSERT INTO zkbench_version VALUES ($1, 0, 0) ON CONFLICT DO NOTHING",
		    name, error))
		return STORE_FAILED;
	version =
		number(link, "SELECT version FROM zkbench_version WHERE name=$1 AND owner=0", name);
	if (version < 0)
		return STORE_BUSY;
	sql = g_strdup_printf("UPDATE zkbench_version SET owner=pg_backend_pid(), "
			      "version=version+1 WHERE name=$1 AND owner=0 AND version=%d",
		version);
	rows = run(link, sql, name, error);
	g_free(sql);
	return rows < 0 ? STORE_FAILED : rows == 1 ? STORE_TAKEN : STORE_BUSY;
}

static bool version_release(void *connection, const char *name, GError **error)
{
	int rows = run(connection,
		"UPDATE zkbench_version SET owner=0 WHERE name=$1 AND owner=pg_backend_pid()", name,
		error);

	return rows == 1 ? true : rows < 0 ? false : store_fail(error, "UPDATE", "not the holder");
}

/* ---- which --------------------------------------------------------------------------------- */

static const struct store ways[] = {
	{.variant = "advisory",
		.take = advisory_take,
		.release = advisory_release,
		.waiting = advisory_waiting},
	{.variant = "for update", .take = row_take, .release = row_release, .waiting = row_waiting},
	{.variant = "unique row", .take = unique_take, .release = unique_release, .poll = true},
	{.variant = "version", .take = version_take, .release = version_release, .poll = true},
};

static bool select_way(struct store *store)
{
	for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
		if (g_strcmp0(ways[i].variant, store->variant) != 0)
			continue;
		store->take = ways[i].take;
		store->release = ways[i].release;
		store->waiting = ways[i].waiting;
		store->poll = ways[i].poll;
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct store store = {.open = link_open, .close = link_close, .select = select_way};

	return store_main(&store, argc, argv);
}
