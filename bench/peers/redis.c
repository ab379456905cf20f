/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis.c - a lock as most users of Redis take it: SET NX PX with a token of one's own, and a
 * script that deletes the key only while it holds that token. Waiters ask again and again.
 */
#include "store.h"

#include <stdlib.h>

#include <hiredis/hiredis.h>

#define TTL_MS "30000"

static const char release_script[] = "if redis.call('get',KEYS[1])==ARGV[1] then "
				     "return redis.call('del',KEYS[1]) else return 0 end";

struct link {
	redisContext *redis;
	char *token;
};

static void link_close(void *connection)
{
	struct link *link = connection;

	if (link->redis != NULL)
		redisFree(link->redis);
	g_free(link->token);
	g_free(link);
}

static void *link_open(const struct store *store, GError **error)
{
	struct link *link = g_new0(struct link, 1);
	char **part = g_strsplit(store->server, ":", 2);

	link->token = g_uuid_string_random();
	link->redis = redisConnect(part[0], part[1] == NULL ? 6379 : atoi(part[1]));
	g_strfreev(part);
	if (link->redis != NULL && link->redis->err == 0)
		return link;
	store_fail(error, "redis", link->redis == NULL ? "out of memory" : link->redis->errstr);
	link_close(link);
	return NULL;
}

static enum store_taken link_take(void *connection, const char *name, bool wait, GError **error)
{
	struct link *link = connection;
	redisReply *reply = redisCommand(link->redis, "SET %s %s NX PX " TTL_MS, name, link->token);
	enum store_taken taken = STORE_BUSY;

	(void)wait;
	if (reply == NULL || reply->type == REDIS_REPLY_ERROR) {
		store_fail(error, "SET", reply == NULL ? link->redis->errstr : reply->str);
		taken = STORE_FAILED;
	} else if (reply->type == REDIS_REPLY_STATUS) {
		taken = STORE_TAKEN;
	}
	if (reply != NULL)
		freeReplyObject(reply);
	return taken;
}

static bool link_release(void *connection, const char *name, GError **error)
{
	struct link *link = connection;
	redisReply *reply =
		redisCommand(link->redis, "EVAL %s 1 %s %s", release_script, name, link->token);
	bool ok = reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;

	if (reply == NULL)
		store_fail(error, "EVAL", link->redis->errstr);
	else if (!ok)
		store_fail(error, "EVAL",
			reply->type == REDIS_REPLY_ERROR ? reply->str : "not the holder");
	if (reply != NULL)
		freeReplyObject(reply);
	return ok;
}

int main(int argc, char **argv)
{
	struct store store = {
		.open = link_open,
		.close = link_close,
		.take = link_take,
		.release = link_release,
		.poll = true,
	};

	return store_main(&store, argc, argv);
}
