/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guarded_write.c - a write to ZooKeeper itself that succeeds only while its writer holds the lock.
 *
 * For data that lives in the same ensemble no token is needed: the write goes into one transaction
 * with a check of the lock's znode, and the servers refuse both when that is gone. Run it: one
 * holder is stopped (SIGSTOP) with the lock in its hands, another one writes when its turn has
 * come, then the first wakes up and writes too.
 *
 *	guarded_write SERVERS PATH [ROOT]      SERVERS with ports, PATH: the znode that is written
 */
#define THREADED /* zoo_multi() and the other blocking calls of the C client */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zklock/guard.h>
#include <zklock/zklock.h>

#include "two_holders.h"

static const char *servers, *path, *root = "/locks";

static void must(int error, const char *what)
{
	if (error == ZKLOCK_OK)
		return;
	fprintf(stderr, "guarded_write: %s: %s\n", what, zklock_strerror(error));
	exit(2);
}

static void zoo(int rc, const char *what)
{
	if (rc == ZOK)
		return;
	fprintf(stderr, "guarded_write: %s: %s\n", what, zerror(rc));
	exit(2);
}

/* The program's own handle, as it may have had before it came to need a lock. */
static zhandle_t *connect_to_zookeeper(void)
{
	zhandle_t *zh;
	int rc;

	zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
	zh = zookeeper_init(servers, NULL, 20000, NULL, NULL, 0);
	if (!zh)
		zoo(ZSYSTEMERROR, servers);
	rc = zoo_create(zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
	zoo(rc == ZNODEEXISTS ? ZOK : rc, path);
	return zh;
}

/* A lost reply: once more. The same value, under the same guard, does no harm twice. */
static int guarded_set(zhandle_t *zh, zklock_t *lock, const char *value, bool stop)
{
	char node[ZKLOCK_GUARD_PATH];
	zoo_op_result_t results[2];
	struct zoo_op ops[2];
	int rc;

	must(zklock_guard_op(lock, &ops[0], node, sizeof(node)), "guard");
	zoo_set_op_init(&ops[1], path, value, (int)strlen(value), -1, NULL);
	if (stop)
		raise(SIGSTOP); /* the worst moment: all is looked at, nothing is written */
	do
		rc = zoo_multi(zh, 2, ops, results);
	while (rc == ZCONNECTIONLOSS || rc == ZOPERATIONTIMEOUT);
	return rc;
}

/* Take the lock and write. 0: written, 1: refused. */
static int hold_and_write(const char *who, bool stop)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	zhandle_t *zh = connect_to_zookeeper();
	zklock_session_t *session;
	zklock_t *lock;
	int rc;

	options.root = root;
	options.session_timeout_ms = 4000;
	must(zklock_session_open(servers, &options, &session), servers);
	must(zklock_new(session, "guarded", NULL, &lock), "guarded");
	must(zklock_timedlock(lock, 60000), "lock");
	rc = guarded_set(zh, lock, who, stop);
	printf("%s: %s\n", who, rc == ZOK ? "has written" : zerror(rc));
	zklock_unlock(lock);
	zklock_free(lock);
	zklock_session_close(session, 5000);
	zookeeper_close(zh);
	return rc == ZOK ? 0 : 1;
}

int main(int argc, char **argv)
{
	bool stands;

	if (argc < 3 || argc > 4) {
		fputs("usage: guarded_write SERVERS PATH [ROOT]\n", stderr);
		return 64;
	}
	servers = argv[1];
	path = argv[2];
	root = argc > 3 ? argv[3] : root;
	stands = play_two_holders(hold_and_write);
	puts(stands ? "the znode stands" : "the znode was harmed");
	return !stands;
}
