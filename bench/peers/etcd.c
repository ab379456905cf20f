/* SPDX-License-Identifier: Apache-2.0 */
/*
 * etcd.c - etcd's own lock service, over its JSON gateway: a lease, then Lock and Unlock. The
 * gateway costs a little over gRPC, on the server; the quorum round is the same.
 */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <json-glib/json-glib.h>

#define LEASE_SECONDS 600 /* longer than a turn, so nobody has to keep it alive */

struct link {
	CURL *curl;
	struct curl_slist *headers;
	char *base;
	char *lease;
	char *key; /* of the lock held, as base64 */
	GString *answer;
};

static size_t collect(char *part, size_t size, size_t count, void *user)
{
	g_string_append_len(user, part, (gssize)(size * count));
	return size * count;
}

/* POST; the answer's top-level text member `wanted`, or "" where it has none. NULL on failure. */
static char *post(
	struct link *link, const char *path, const char *body, const char *wanted, GError **error)
{
	char *url = g_strconcat(link->base, path, NULL), *value = NULL;
	JsonParser *parser = json_parser_new();
	JsonObject *object = NULL;
	CURLcode rc;

	g_string_truncate(link->answer, 0);
	curl_easy_setopt(link->curl, CURLOPT_URL, url);
	curl_easy_setopt(link->curl, CURLOPT_POSTFIELDS, body);
	rc = curl_easy_perform(link->curl);
	if (rc != CURLE_OK)
		store_fail(error, "etcd", curl_easy_strerror(rc));
	else if (json_parser_load_from_data(parser, link->answer->str, -1, error))
		object = json_node_get_object(json_parser_get_root(parser));
	if (object != NULL && json_object_has_member(object, "error"))
		store_fail(error, "etcd", link->answer->str);
	else if (object != NULL)
		value = g_strdup(json_object_get_string_member_with_default(object, wanted, ""));
	g_object_unref(parser);
	g_free(url);
	return value;
}

static bool grant_lease(struct link *link, GError **error)
{
	char *body = g_strdup_printf("{\"TTL\":%d}", LEASE_SECONDS);

	link->lease = post(link, "/v3/lease/grant", body, "ID", error);
	g_free(body);
	return link->lease != NULL;
}

/* Ends what is held, too. */
static void revoke_lease(struct link *link)
{
	char *body = g_strdup_printf("{\"ID\":\"%s\"}", link->lease);

	g_free(post(link, "/v3/lease/revoke", body, "", NULL));
	g_free(body);
}

static void link_close(void *connection)
{
	struct link *link = connection;

	if (link->lease != NULL)
		revoke_lease(link);
	curl_easy_cleanup(link->curl);
	curl_slist_free_all(link->headers);
	g_string_free(link->answer, TRUE);
	g_free(link->lease);
	g_free(link->base);
	g_free(link->key);
	g_free(link);
}

static void *link_open(const struct store *store, GError **error)
{
	static gsize once;
	struct link *link = g_new0(struct link, 1);

	if (g_once_init_enter(&once)) {
		curl_global_init(CURL_GLOBAL_DEFAULT);
		g_once_init_leave(&once, 1);
	}
	link->base = g_strconcat("http://", store->server, NULL);
	link->answer = g_string_new(NULL);
	link->headers = curl_slist_append(NULL, "Content-Type: application/json");
	link->curl = curl_easy_init();
	curl_easy_setopt(link->curl, CURLOPT_HTTPHEADER, link->headers);
	curl_easy_setopt(link->curl, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(link->curl, CURLOPT_WRITEDATA, link->answer);
	curl_easy_setopt(link->curl, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(link->curl, CURLOPT_NOSIGNAL, 1L);
	if (grant_lease(link, error))
		return link;
	link_close(link);
	return NULL;
}

static char *base64(const char *text)
{
	return g_base64_encode((const guchar *)text, strlen(text));
}

static enum store_taken link_take(void *connection, const char *name, bool wait, GError **error)
{
	struct link *link = connection;
	char *encoded, *body;

	if (!wait)
		return STORE_NO_TRY;
	encoded = base64(name);
	body = g_strdup_printf("{\"name\":\"%s\",\"lease\":\"%s\"}", encoded, link->lease);
	g_free(link->key);
	link->key = post(link, "/v3/lock/lock", body, "key", error);
	g_free(body);
	g_free(encoded);
	return link->key != NULL ? STORE_TAKEN : STORE_FAILED;
}

static bool link_release(void *connection, const char *name, GError **error)
{
	struct link *link = connection;
	char *body = g_strdup_printf("{\"key\":\"%s\"}", link->key);
	char *answer = post(link, "/v3/lock/unlock", body, "", error);
	bool ok = answer != NULL;

	(void)name;
	g_free(answer);
	g_free(body);
	return ok;
}

/* How many keys there are under "NAME/". */
static int count_keys(struct link *link, const char *name)
{
	char *from = g_strconcat(name, "/", NULL), *to = g_strconcat(name, "0", NULL);
	char *from64 = base64(from), *to64 = base64(to);
	char *body = g_strdup_printf(
		"{\"key\":\"%s\",\"range_end\":\"%s\",\"count_only\":true}", from64, to64);
	char *count = post(link, "/v3/kv/range", body, "count", NULL);
	int keys = count == NULL ? 0 : atoi(count);

	g_free(count);
	g_free(body);
	g_free(from64);
	g_free(to64);
	g_free(from);
	g_free(to);
	return keys;
}

/* A number of the server's metrics page, which has been read into link->answer. */
static int metric(const struct link *link, const char *name)
{
	char *line = g_strdup_printf("\n%s ", name);
	char *found = strstr(link->answer->str, line);
	int value = found == NULL ? 0 : (int)g_ascii_strtod(found + strlen(line), NULL);

	g_free(line);
	return value;
}

static void read_metrics(struct link *link)
{
	char *url = g_strconcat(link->base, "/metrics", NULL);

	g_string_truncate(link->answer, 0);
	curl_easy_setopt(link->curl, CURLOPT_URL, url);
	curl_easy_setopt(link->curl, CURLOPT_HTTPGET, 1L);
	curl_easy_perform(link->curl);
	curl_easy_setopt(link->curl, CURLOPT_POST, 1L);
	g_free(url);
}

/* Keys but the holder's, and no more than watches that have caught up: before that, an event waits
 * for a loop that runs ten times a second, which would be measured instead of the hand-over. */
static int link_waiting(void *connection, const char *name)
{
	struct link *link = connection;
	int keys = count_keys(link, name) - 1;

	read_metrics(link);
	return CLAMP(metric(link, "etcd_debugging_mvcc_watcher_total") -
			     metric(link, "etcd_debugging_mvcc_slow_watcher_total"),
		0, MAX(keys, 0));
}

int main(int argc, char **argv)
{
	struct store store = {
		.open = link_open,
		.close = link_close,
		.take = link_take,
		.release = link_release,
		.waiting = link_waiting,
	};

	return store_main(&store, argc, argv);
}
