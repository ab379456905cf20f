/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_client.c - the client's side: the table of transport.h, behaving as the C client does.
 *
 * A session is kept over connections: servers are tried in turn; a silent one is given up after
 * 2/3 of the timeout (1/3 while connecting); pings go out after 1/3 without a request, and only
 * when no request waits. Watches are kept here by (path, client) and set again after a reconnect.
 */
#include <string.h>

#include "lib/fake_acl.h"
#include "lib/fake_private.h"

#define NEXT_SERVER (ZKL_MS)

enum state {
	TRYING,
	CONNECTED,
	ENDED,	 /* the owner must close */
	CLOSING, /* CLOSED will be delivered */
	CLOSED,
};

struct zkl_transport {
	struct fake_world *world;
	struct fake_host *host;
	struct zkl_open params;
	char *chroot, *acl, *sealed_acl;
	GPtrArray *identities;
	enum state state;
	struct fake_conn *conn;
	int64_t session, last_zxid;
	zkl_time timeout, sent, received;
	unsigned stamp; /* of the timers that count */
	unsigned tries;
	bool greeted;
	GQueue outstanding;  /* of struct fake_request */
	GHashTable *watches; /* path -> GArray of client ids */
};

static void lost(struct zkl_transport *t, const char *why);
static void try_next(struct zkl_transport *t, zkl_time delay);

/* ---- requests ---- */

static const char *copy_path(const char *chroot, const char *path)
{
	if (path && !strcmp(path, "/") && *chroot)
		return g_strdup(chroot);
	return path ? g_strconcat(chroot, path, NULL) : NULL;
}

struct fake_request *fake_request_new(const struct zkl_request *in, const char *chroot)
{
	struct fake_request *request = g_rc_box_new0(struct fake_request);

	request->in = *in;
	request->in.path = copy_path(chroot, in->path);
	request->in.guard = copy_path(chroot, in->guard);
	request->body = in->data ? g_bytes_new(in->data, in->len) : NULL;
	request->in.data = NULL;
	request->checks = g_new0(char *, in->n_checks + 1);
	for (size_t i = 0; i < in->n_checks; i++)
		request->checks[i] = (char *)copy_path(chroot, in->checks[i]);
	request->in.checks = (const char *const *)request->checks;
	return request;
}

static void request_clear(gpointer data)
{
	struct fake_request *request = data;

	g_free((char *)request->in.path);
	g_free((char *)request->in.guard);
	g_strfreev(request->checks);
	g_clear_pointer(&request->body, g_bytes_unref);
	g_clear_pointer(&request->data, g_bytes_unref);
	g_clear_pointer(&request->children, g_ptr_array_unref);
	g_free(request->made);
	g_free(request->acl);
}

void fake_request_unref(struct fake_request *request)
{
	g_rc_box_release_full(request, request_clear);
}

static const char *acl_of(const struct zkl_transport *t, enum zkl_acl_kind kind)
{
	return kind == ZKL_ACL_SEALED && t->sealed_acl ? t->sealed_acl : t->acl;
}

static void send_packet(
	struct zkl_transport *t, enum fake_packet_kind kind, struct fake_request *request)
{
	struct fake_packet *packet = g_new0(struct fake_packet, 1);

	packet->kind = kind;
	packet->request = request ? g_rc_box_acquire(request) : NULL;
	packet->session = t->session;
	packet->zxid = t->last_zxid;
	t->sent = t->world->now;
	fake_to_server(t->conn, packet);
}

/* Contenders are told apart in stories by who made them. */
static void remember_maker(struct zkl_transport *t, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	const char *end = strstr(name, "lock-");

	if (end)
		g_hash_table_insert(
			t->world->makers, g_strndup(name, (gsize)(end - name)), t->host);
}

static bool is_usable(const struct zkl_transport *t)
{
	return t->conn && !t->conn->client_gone;
}

static bool transport_send(struct zkl_transport *t, const struct zkl_request *in)
{
	struct fake_request *request;

	if (t->state != CONNECTED)
		return false;
	request = fake_request_new(in, t->chroot);
	request->host = t->host;
	request->conn = t->conn;
	request->acl = g_strdup(acl_of(t, in->acl));
	if (in->op == ZKL_OP_CREATE)
		remember_maker(t, in->path);
	t->host->counts.ops[in->op]++;
	t->host->counts.in_flight++;
	fake_note(
		t->world, t->host->name, "-> %s %s", zkl_op_name(in->op), in->path ? in->path : "");
	g_queue_push_tail(&t->outstanding, request);
	if (is_usable(t))
		send_packet(t, FAKE_P_REQUEST, request);
	return true;
}

/* ---- deliveries ---- */

static void deliver(struct zkl_transport *t, struct zkl_message *message)
{
	message->received = t->world->now;
	t->params.deliver(t->params.owner, message);
}

static void deliver_session(struct zkl_transport *t, enum zkl_session_event event)
{
	struct zkl_message message = {.kind = ZKL_MSG_SESSION,
		.event = event,
		.session_id = t->session,
		.timeout_ms = t->timeout / ZKL_MS};
	static const char *const names[] = {
		"connected", "suspended", "expired", "auth failed", "failed", "closed"};

	fake_note(t->world, t->host->name, "<- session %s", names[event]);
	deliver(t, &message);
}

static int native_code(enum zkl_rc rc)
{
	static const int codes[] = {[ZKL_RC_OK] = 0,
		[ZKL_RC_NO_NODE] = -101,
		[ZKL_RC_NODE_EXISTS] = -110,
		[ZKL_RC_BAD_VERSION] = -103,
		[ZKL_RC_NOT_EMPTY] = -111,
		[ZKL_RC_NO_AUTH] = -102,
		[ZKL_RC_NO_CHILDREN_OF_EPHEMERALS] = -108,
		[ZKL_RC_UNIMPLEMENTED] = -6,
		[ZKL_RC_INVALID_ACL] = -114,
		[ZKL_RC_THROTTLED] = -127,
		[ZKL_RC_LIMIT] = -125,
		[ZKL_RC_SESSION_ENDED] = -112,
		[ZKL_RC_CONNECTION] = -4,
		[ZKL_RC_OTHER] = -1};

	return codes[rc];
}

static const char *strip(const struct zkl_transport *t, const char *path)
{
	return path ? path + strlen(t->chroot) : NULL;
}

static void count_bytes(struct zkl_transport *t, const struct zkl_message *message)
{
	t->host->counts.in_flight--;
	t->host->counts.bytes_in += message->len;
	for (size_t i = 0; i < message->n_children; i++)
		t->host->counts.bytes_in += strlen(message->children[i]);
}

static void deliver_reply(struct zkl_transport *t, struct fake_request *request,
	enum zkl_class result, enum zkl_rc rc)
{
	struct zkl_message message = {.kind = ZKL_MSG_REPLY,
		.op = request->in.op,
		.client = request->in.client,
		.cookie = request->in.cookie,
		.result = result,
		.rc = rc,
		.native = native_code(rc),
		.failed = request->failed};

	if (result != ZKL_UNKNOWN) {
		message.path = strip(t, request->made);
		message.stat = request->stat;
		message.has_stat = request->has_stat;
	}
	if (result != ZKL_UNKNOWN && request->data)
		message.data = g_bytes_get_data(request->data, &message.len);
	if (result != ZKL_UNKNOWN && request->children) {
		message.children = (char *const *)request->children->pdata;
		message.n_children = request->children->len;
	}
	count_bytes(t, &message);
	fake_note(t->world, t->host->name, "<- %s %s %s", zkl_op_name(request->in.op),
		result == ZKL_UNKNOWN ? "unknown" : zkl_rc_name(rc),
		request->made && result != ZKL_UNKNOWN ? request->made : "");
	deliver(t, &message);
	fake_request_unref(request);
}

static void fail_outstanding(struct zkl_transport *t, enum zkl_rc rc)
{
	struct fake_request *request;

	while ((request = g_queue_pop_head(&t->outstanding)))
		deliver_reply(t, request, ZKL_UNKNOWN, rc);
}

static void receive_reply(struct zkl_transport *t, struct fake_request *request)
{
	struct fake_request *first = g_queue_pop_head(&t->outstanding);

	g_assert(first == request);
	if (request->in.op == ZKL_OP_GET && request->in.watch && request->rc == ZKL_RC_OK) {
		GArray *clients = g_hash_table_lookup(t->watches, request->in.path);
		bool known = false;

		if (!clients) {
			clients = g_array_new(FALSE, FALSE, sizeof(uint64_t));
			g_hash_table_insert(t->watches, g_strdup(request->in.path), clients);
		}
		for (guint i = 0; i < clients->len; i++)
			known |= g_array_index(clients, uint64_t, i) == request->in.client;
		if (!known)
			g_array_append_val(clients, request->in.client);
	}
	deliver_reply(t, request, request->rc == ZKL_RC_OK ? ZKL_DONE : ZKL_REFUSED, request->rc);
}

static void receive_watch(struct zkl_transport *t, const char *path, enum zkl_watch_type type)
{
	g_autofree char *key = NULL;
	g_autoptr(GArray) clients = NULL;

	g_assert(path);
	if (!g_hash_table_steal_extended(t->watches, path, (gpointer *)&key, (gpointer *)&clients))
		return;
	for (guint i = 0; i < clients->len; i++) {
		struct zkl_message message = {.kind = ZKL_MSG_WATCH,
			.client = g_array_index(clients, uint64_t, i),
			.path = strip(t, path),
			.watch = type};

		if (t->state == CLOSING || t->state == CLOSED)
			return;
		t->host->counts.watches++;
		fake_note(t->world, t->host->name, "<- watch %s %s", path,
			type == ZKL_WATCH_CHANGED ? "changed" : "deleted");
		deliver(t, &message);
	}
}

/* ---- connection ---- */

static gint by_path(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* One list, which the server goes through as it stands. The C client has it in the order of its
 * hash table, so nothing may hang on which comes first; here it is that of the paths, which our
 * GUIDs have shuffled: own node before predecessor in one run, behind it in another. */
static void set_watches(struct zkl_transport *t)
{
	struct fake_packet *packet;
	GPtrArray *paths;
	GHashTableIter iter;
	const char *path;

	if (!g_hash_table_size(t->watches))
		return;
	paths = g_ptr_array_new();
	g_hash_table_iter_init(&iter, t->watches);
	while (g_hash_table_iter_next(&iter, (gpointer *)&path, NULL))
		g_ptr_array_add(paths, g_strdup(path));
	g_ptr_array_sort(paths, by_path);
	g_ptr_array_add(paths, NULL);
	packet = g_new0(struct fake_packet, 1);
	packet->kind = FAKE_P_SET_WATCHES;
	packet->paths = (char **)g_ptr_array_free(paths, FALSE);
	packet->zxid = t->last_zxid;
	fake_to_server(t->conn, packet);
}

static void timer(void *world, void *data, void *stamp);

static zkl_time timer_due(const struct zkl_transport *t)
{
	zkl_time silence = t->received + t->timeout * 2 / 3;

	if (t->state == TRYING)
		return t->received + t->timeout / 3;
	return !t->outstanding.length ? MIN(silence, t->sent + t->timeout / 3) : silence;
}

static void start_timer(struct zkl_transport *t)
{
	fake_later_at_host(t->host, timer_due(t), timer, t, (void *)(uintptr_t)t->stamp);
}

static void timer(void *world, void *data, void *stamp)
{
	struct zkl_transport *t = data;

	if ((uintptr_t)stamp != t->stamp || (t->state != TRYING && t->state != CONNECTED))
		return;
	if (timer_due(t) > t->world->now) {
		start_timer(t);
		return;
	}
	if (t->state == CONNECTED && t->received + t->timeout * 2 / 3 > t->world->now) {
		if (is_usable(t))
			send_packet(t, FAKE_P_PING, NULL);
		t->sent = t->world->now;
		start_timer(t);
		return;
	}
	lost(t, "no answer");
}

static void receive_welcome(struct zkl_transport *t, const struct fake_packet *packet)
{
	if (!packet->session) {
		t->state = ENDED;
		t->conn->client_gone = true;
		deliver_session(t, ZKL_SESSION_EXPIRED);
		return;
	}
	t->session = packet->session;
	t->timeout = packet->timeout;
	t->state = CONNECTED;
	t->tries = 0;
	t->host->counts.connects++;
	t->stamp++;
	start_timer(t);
	set_watches(t);
	deliver_session(t, ZKL_SESSION_CONNECTED);
}

static void closed(struct zkl_transport *t)
{
	if (t->state == CLOSED)
		return;
	fail_outstanding(t, ZKL_RC_SESSION_ENDED);
	t->state = CLOSED;
	if (t->conn)
		t->conn->client_gone = true;
	deliver_session(t, ZKL_SESSION_CLOSED);
}

void fake_client_receive(struct fake_conn *conn, struct fake_packet *packet)
{
	struct zkl_transport *t = conn->transport;

	if (conn->client_gone || conn != t->conn || t->state == CLOSED || t->state == ENDED)
		return;
	t->received = t->world->now;
	if (t->state == CLOSING) {
		if (packet->kind == FAKE_P_GOODBYE || packet->kind == FAKE_P_FIN)
			closed(t);
		return;
	}
	t->last_zxid = MAX(t->last_zxid, packet->zxid);
	if (packet->kind == FAKE_P_WELCOME)
		receive_welcome(t, packet);
	else if (packet->kind == FAKE_P_REPLY)
		receive_reply(t, packet->request);
	else if (packet->kind == FAKE_P_WATCH)
		receive_watch(t, packet->path, packet->watch);
	else if (packet->kind != FAKE_P_PONG)
		lost(t, "closed by the server");
}

/* Leave this connection behind; the session goes on. */
static void lost(struct zkl_transport *t, const char *why)
{
	bool was_connected = t->state == CONNECTED;

	if (t->state == CLOSING) {
		closed(t);
		return;
	}
	if (t->state != CONNECTED && t->state != TRYING)
		return;
	if (t->conn && !t->conn->client_gone) {
		send_packet(t, FAKE_P_FIN, NULL);
		t->conn->client_gone = true;
	}
	t->stamp++;
	t->conn = NULL;
	t->state = TRYING;
	t->greeted = false;
	if (was_connected) {
		fake_note(t->world, t->host->name, "connection is lost: %s", why);
		deliver_session(t, ZKL_SESSION_SUSPENDED);
		fail_outstanding(t, ZKL_RC_CONNECTION);
	}
	/* the owner may have closed */
	if (t->state == TRYING)
		try_next(t, ++t->tries % (unsigned)t->world->config.servers ? NEXT_SERVER
									    : t->timeout / 60);
}

void fake_client_reset(struct fake_conn *conn)
{
	if (conn->transport->conn == conn)
		lost(conn->transport, "reset");
}

static void refused(void *world, void *data, void *stamp)
{
	struct zkl_transport *t = data;

	if ((uintptr_t)stamp == t->stamp && t->state == TRYING)
		lost(t, "refused");
}

static struct fake_conn *conn_new(struct zkl_transport *t, struct fake_server *server)
{
	struct fake_conn *conn = g_new0(struct fake_conn, 1);

	conn->world = t->world;
	conn->host = t->host;
	conn->transport = t;
	conn->server = server;
	g_queue_init(&conn->pending);
	g_ptr_array_add(t->world->conns, conn);
	return conn;
}

static void greet(struct zkl_transport *t)
{
	struct fake_request *hello = fake_request_new(
		&(struct zkl_request){.version = (int32_t)(t->params.timeout_ms)}, "");

	hello->host = t->host;
	hello->conn = t->conn;
	hello->hello = true;
	t->greeted = true;
	send_packet(t, FAKE_P_HELLO, hello);
	fake_request_unref(hello);
}

static void try_server(void *world, void *data, void *stamp)
{
	struct zkl_transport *t = data;
	struct fake_server *server;

	if ((uintptr_t)stamp != t->stamp || t->state != TRYING)
		return;
	if (t->world->config.refuse_auth && t->params.scheme) {
		t->state = ENDED;
		deliver_session(t, ZKL_SESSION_AUTH_FAILED);
		return;
	}
	server = &t->world->servers[((unsigned)t->host->prefer + t->tries) %
				    (unsigned)t->world->config.servers];
	t->received = t->world->now;
	if (!server->up || t->host->offline) {
		fake_later_at_host(
			t->host, t->world->now + t->world->config.latency, refused, t, stamp);
		return;
	}
	t->conn = conn_new(t, server);
	greet(t);
	start_timer(t);
}

static void try_next(struct zkl_transport *t, zkl_time delay)
{
	fake_later_at_host(
		t->host, t->world->now + delay, try_server, t, (void *)(uintptr_t)++t->stamp);
}

/* ---- the table ---- */

static void add_identity(struct zkl_transport *t, const char *scheme, const char *secret)
{
	GChecksumType algorithm =
		t->world->config.digest_differs ? G_CHECKSUM_SHA256 : G_CHECKSUM_SHA1;

	if (!strcmp(scheme, "digest")) {
		g_autofree char *id = fake_acl_digest(secret, algorithm);

		g_ptr_array_add(t->identities, g_strconcat("digest:", id, NULL));
	} else {
		g_ptr_array_add(t->identities, g_strconcat(scheme, ":", secret, NULL));
	}
}

/* All who queue may read, this session may do all. */
static void make_sealed_acl(struct zkl_transport *t, const struct zkl_open *params)
{
	g_autofree char *id = fake_acl_digest(params->seal, G_CHECKSUM_SHA1);

	t->sealed_acl =
		g_strdup_printf("%s%sdigest:%s:cdrwa", params->read_acl ? params->read_acl : "",
			params->read_acl && *params->read_acl ? "," : "", id);
}

static void watchers_free(void *clients)
{
	g_array_unref(clients);
}

struct zkl_transport *fake_client_open(void *ctx, const struct zkl_open *params)
{
	struct fake_host *host = ctx;
	struct zkl_transport *t;

	if (host->exhausted)
		return NULL;
	t = g_new0(struct zkl_transport, 1);
	t->host = host;
	t->world = host->world;
	t->params = *params;
	t->chroot = g_strdup(params->chroot ? params->chroot : "");
	t->acl = g_strdup(params->acl ? params->acl : "world:anyone:cdrwa");
	t->identities = g_ptr_array_new_with_free_func(g_free);
	t->timeout = params->timeout_ms * ZKL_MS;
	t->watches = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, watchers_free);
	g_queue_init(&t->outstanding);
	if (params->scheme)
		add_identity(t, params->scheme, params->secret);
	if (params->seal) {
		add_identity(t, "digest", params->seal);
		make_sealed_acl(t, params);
	}
	g_ptr_array_add(t->world->transports, t);
	host->transport = t;
	try_next(t, NEXT_SERVER);
	return t;
}

static void cut_by_us(void *world, void *data, void *stamp)
{
	struct zkl_transport *t = data;

	if ((uintptr_t)stamp == t->stamp && (t->state == CONNECTED || t->state == TRYING))
		lost(t, "we left it");
}

static enum zkl_moved transport_move(struct zkl_transport *t)
{
	if ((t->state != CONNECTED && t->state != TRYING) || !is_usable(t))
		return ZKL_NOT_CONNECTED;
	if (t->host->in_doubt)
		return ZKL_IN_DOUBT;
	t->host->counts.moves++;
	send_packet(t, FAKE_P_FIN, NULL);
	t->conn->client_gone = true;
	fake_later_at_host(t->host, t->world->now, cut_by_us, t, (void *)(uintptr_t)t->stamp);
	return ZKL_MOVED;
}

static bool transport_greeting(struct zkl_transport *t)
{
	return t->greeted;
}

static void transport_peer(struct zkl_transport *t, char *buf, size_t size)
{
	if (t->state == CONNECTED)
		g_snprintf(buf, size, "10.0.0.%d:2181", t->conn->server->number + 1);
	else
		g_strlcpy(buf, "", size);
}

static void give_up_closing(void *world, void *data, void *stamp)
{
	closed(data);
}

static void closing(void *world, void *data, void *told)
{
	struct zkl_transport *t = data;

	fail_outstanding(t, ZKL_RC_SESSION_ENDED);
	if (!told)
		closed(t);
}

static void transport_close(struct zkl_transport *t, bool linger)
{
	bool tell = t->state == CONNECTED && linger && is_usable(t);

	g_assert(t->state != CLOSING && t->state != CLOSED);
	t->state = CLOSING;
	t->stamp++;
	if (tell) {
		struct fake_request *bye = fake_request_new(&(struct zkl_request){0}, "");

		bye->host = t->host;
		bye->conn = t->conn;
		bye->closes = true;
		send_packet(t, FAKE_P_CLOSE, bye);
		fake_request_unref(bye);
		fake_later_at_host(t->host, t->world->now + 3 * ZKL_SEC, give_up_closing, t, NULL);
	} else if (is_usable(t)) {
		send_packet(t, FAKE_P_FIN, NULL);
		t->conn->client_gone = true;
	}
	fake_later_at_host(t->host, t->world->now, closing, t, tell ? t : NULL);
}

void fake_host_table(struct fake_host *host)
{
	host->ops = (struct zkl_transport_ops){
		.open = fake_client_open,
		.send = transport_send,
		.move = transport_move,
		.greeting = transport_greeting,
		.peer = transport_peer,
		.close = transport_close,
		.ctx = host,
	};
}

/* ---- queries ---- */

const GPtrArray *fake_client_identities(const struct zkl_transport *t)
{
	return t->identities;
}

struct fake_conn *fake_client_conn(const struct zkl_transport *t)
{
	return t->conn;
}

int64_t fake_client_session(const struct zkl_transport *t)
{
	return t->session;
}

bool fake_client_closed(const struct zkl_transport *t)
{
	return t->state == CLOSED;
}

struct fake_host *fake_client_host(const struct zkl_transport *t)
{
	return t->host;
}

void fake_client_free(void *data)
{
	struct zkl_transport *t = data;

	g_queue_clear_full(&t->outstanding, (GDestroyNotify)fake_request_unref);
	g_hash_table_unref(t->watches);
	g_ptr_array_unref(t->identities);
	g_free(t->chroot);
	g_free(t->acl);
	g_free(t->sealed_acl);
	g_free(t);
}

struct fake_host *fake_maker(const struct fake_world *world, const char *name)
{
	const char *end = strstr(name, "lock-");
	g_autofree char *key = end ? g_strndup(name, (gsize)(end - name)) : NULL;

	return key ? g_hash_table_lookup(world->makers, key) : NULL;
}
