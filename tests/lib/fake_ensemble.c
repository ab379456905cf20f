/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_ensemble.c - the servers: leader, followers that lag, sessions, watches, elections.
 *
 * A write: its server passes it up; the leader judges it against all that is proposed, numbers it,
 * and commits it when a quorum is awake; each server applies commits in order, fires its watches,
 * and the one that the session talks to answers. A read waits behind its session's own writes and
 * is then answered from the server's own state.
 */
#include <string.h>

#include "lib/fake_acl.h"
#include "lib/fake_private.h"

static void drain(struct fake_conn *conn);
static void try_commit(void *data, void *a, void *b);
static void health(struct fake_world *world);

static struct fake_server *leader_of(struct fake_world *world)
{
	return world->leader < 0 ? NULL : &world->servers[world->leader];
}

static struct fake_packet *packet_new(enum fake_packet_kind kind)
{
	struct fake_packet *packet = g_new0(struct fake_packet, 1);

	packet->kind = kind;
	return packet;
}

/* ---- transactions ---- */

struct fake_txn *fake_txn_new(struct fake_world *world, struct fake_request *request)
{
	struct fake_txn *txn = g_new0(struct fake_txn, 1);

	txn->time = world->now;
	txn->request = request ? g_rc_box_acquire(request) : NULL;
	return txn;
}

void fake_txn_free(void *data)
{
	struct fake_txn *txn = data;

	for (size_t i = 0; i < txn->n_ops; i++) {
		g_free(txn->ops[i].path);
		g_clear_pointer(&txn->ops[i].data, g_bytes_unref);
		g_clear_pointer(&txn->ops[i].acl, g_ref_string_release);
	}
	g_free(txn->ops);
	if (txn->request)
		fake_request_unref(txn->request);
	g_free(txn);
}

static bool awake(const struct fake_server *server)
{
	return server->up && !server->paused;
}

static int electors(const struct fake_world *world)
{
	int n = 0;

	for (int i = 0; i < world->config.servers; i++)
		n += awake(&world->servers[i]) && (!world->servers[i].cut || i == world->leader);
	return n;
}

static bool has_quorum(const struct fake_world *world)
{
	return world->leader >= 0 && awake(&world->servers[world->leader]) &&
	       !world->servers[world->leader].cut && 2 * electors(world) > world->config.servers;
}

static void propose(struct fake_world *world, struct fake_txn *txn, struct fake_request *sync)
{
	struct fake_proposal *proposal = g_new0(struct fake_proposal, 1);

	proposal->txn = txn;
	proposal->sync = sync ? g_rc_box_acquire(sync) : NULL;
	proposal->ready = world->now + (txn ? world->config.commit : 0);
	g_queue_push_tail(&world->proposals, proposal);
	fake_later_at_server(leader_of(world), proposal->ready, try_commit, world, NULL);
}

/* false: nobody leads, and nothing happens. Takes txn. */
bool fake_propose(struct fake_world *world, struct fake_txn *txn)
{
	if (world->leader < 0) {
		fake_txn_free(txn);
		return false;
	}
	txn->zxid = world->epoch << 32 | ++world->counter;
	fake_tree_apply(&world->tree, txn, NULL, NULL);
	propose(world, txn, NULL);
	return true;
}

static void send_watch(struct fake_conn *conn, const char *path, enum zkl_watch_type type)
{
	struct fake_packet *packet = packet_new(FAKE_P_WATCH);

	packet->path = g_strdup(path);
	packet->watch = type;
	fake_to_client(conn, packet);
}

static bool may_read(const struct fake_conn *conn, const struct fake_node *node)
{
	return fake_acl_allows(node->acl, fake_client_identities(conn->transport), 'r');
}

/* One change of one server's tree: its watches on that node fire, once. Those who may not read
 * the node are not told (servers with CVE-2024-23944 fixed). */
static void fire(void *data, enum fake_change change, const struct fake_node *node)
{
	struct fake_server *server = data;
	g_autofree char *key = NULL;
	GPtrArray *watchers;

	if (change != FAKE_SET && change != FAKE_DELETE)
		return;
	if (!g_hash_table_steal_extended(
		    server->watches, node->path, (gpointer *)&key, (gpointer *)&watchers))
		return;
	for (guint i = 0; i < watchers->len; i++) {
		if (may_read(g_ptr_array_index(watchers, i), node))
			send_watch(g_ptr_array_index(watchers, i), node->path,
				change == FAKE_SET ? ZKL_WATCH_CHANGED : ZKL_WATCH_DELETED);
	}
	g_ptr_array_unref(watchers);
}

static bool is_at(const struct fake_request *request, const struct fake_server *server)
{
	return request->conn && request->conn->server == server && !request->conn->server_gone;
}

static void fill_stat(struct fake_request *request, const struct fake_node *node)
{
	if (!node)
		return;
	request->stat = fake_node_stat(node);
	request->has_stat = true;
}

static void answer_write(struct fake_server *server, const struct fake_txn *txn)
{
	struct fake_request *request = txn->request;

	request->rc = txn->rc;
	request->failed = txn->failed;
	request->zxid = txn->zxid;
	if (txn->rc == ZKL_RC_OK && request->in.op == ZKL_OP_CREATE &&
		request->in.mode == ZKL_MODE_EPHEMERAL_SEQUENTIAL)
		fill_stat(request, fake_tree_find(&server->tree, request->made));
	if (txn->rc == ZKL_RC_OK && request->in.op == ZKL_OP_SET && !request->in.guard)
		fill_stat(request, fake_tree_find(&server->tree, request->in.path));
	request->completed = true;
	drain(request->conn);
}

static void welcome(struct fake_conn *conn, int64_t session, zkl_time timeout)
{
	struct fake_packet *packet = packet_new(FAKE_P_WELCOME);

	packet->session = session;
	packet->timeout = timeout;
	conn->session = session;
	fake_to_client(conn, packet);
}

static zkl_time negotiate(const struct fake_server *server, zkl_time wanted)
{
	const struct fake_config *config = &server->world->config;
	zkl_time most = config->most[server->number];

	return CLAMP(wanted, 2 * config->tick, most ? most : 20 * config->tick);
}

static void close_conns_of(struct fake_server *server, int64_t session)
{
	for (guint i = 0; i < server->world->conns->len; i++) {
		struct fake_conn *conn = g_ptr_array_index(server->world->conns, i);

		if (conn->server == server && conn->session == session && !conn->server_gone) {
			fake_to_client(conn, packet_new(FAKE_P_FIN));
			fake_ensemble_drop(conn);
		}
	}
}

static void apply_one(struct fake_server *server, const struct fake_txn *txn)
{
	struct fake_request *request = txn->request;

	fake_tree_apply(&server->tree, txn, fire, server);
	if (request && is_at(request, server)) {
		if (txn->opens)
			welcome(request->conn, txn->session,
				negotiate(server, request->in.version * ZKL_MS));
		else
			answer_write(server, txn);
	}
	if (txn->closes)
		close_conns_of(server, txn->session);
}

static void apply_up_to(struct fake_server *server, size_t n)
{
	while (server->applied < n)
		apply_one(server, g_ptr_array_index(server->world->log, server->applied++));
}

static void apply(void *world, void *server, void *n)
{
	apply_up_to(server, (size_t)n);
}

static void answer_sync(void *world, void *server, void *data)
{
	struct fake_request *request = data;

	if (is_at(request, server)) {
		request->rc = ZKL_RC_OK;
		request->zxid = ((struct fake_server *)server)->tree.zxid;
		request->completed = true;
		drain(request->conn);
	}
	fake_request_unref(request);
}

static void enter_log(struct fake_world *world, struct fake_txn *txn)
{
	g_ptr_array_add(world->log, txn);
	fake_tree_apply(&world->truth, txn, NULL, NULL);
	for (size_t i = 0; i < txn->n_ops && txn->robs; i++) {
		if (txn->ops[i].change == FAKE_DELETE)
			g_hash_table_add(world->robbed, g_strdup(txn->ops[i].path));
	}
	if (txn->closes)
		g_hash_table_remove(world->sessions, &txn->session);
}

static void commit(struct fake_world *world, struct fake_txn *txn)
{
	enter_log(world, txn);
	for (int i = 0; i < world->config.servers; i++) {
		if (world->servers[i].up)
			fake_down(&world->servers[i], apply, NULL, world->log->len);
	}
}

static void try_commit(void *data, void *a, void *b)
{
	struct fake_world *world = data;
	struct fake_proposal *proposal;

	while ((proposal = g_queue_peek_head(&world->proposals)) && proposal->ready <= world->now) {
		if (proposal->txn && !has_quorum(world))
			return;
		g_queue_pop_head(&world->proposals);
		if (proposal->txn) {
			commit(world, proposal->txn);
		} else {
			if (is_at(proposal->sync, proposal->sync->conn->server))
				fake_down(proposal->sync->conn->server, answer_sync, proposal->sync,
					0);
			fake_request_unref(proposal->sync);
		}
		g_free(proposal);
	}
}

/* ---- sessions ---- */

struct fake_session *fake_session_find(const struct fake_world *world, int64_t id)
{
	return g_hash_table_lookup(world->sessions, &id);
}

static zkl_time round_up(zkl_time time, zkl_time step)
{
	return (time + step - 1) / step * step;
}

static zkl_time expiry(const struct fake_world *world, zkl_time heard, zkl_time timeout)
{
	return round_up(heard + timeout, world->config.tick);
}

/* What the leader has heard by now of a touch at its server. */
static void settle_touch(struct fake_world *world, struct fake_session *session, zkl_time by)
{
	if (!session->told || session->told > by)
		return;
	session->expires = MAX(session->expires, expiry(world, session->told, session->timeout));
	session->told = 0;
}

/* Servers tell the leader whom they heard when it asks, every half tick. */
static void touch(struct fake_server *server, int64_t id)
{
	struct fake_world *world = server->world;
	struct fake_session *session = fake_session_find(world, id);

	if (!session || session->closing)
		return;
	settle_touch(world, session, world->now);
	if (server->number == world->leader)
		session->expires =
			MAX(session->expires, expiry(world, world->now, session->timeout));
	else if (!server->cut && !session->told)
		session->told = round_up(world->now + 1, world->config.tick / 2);
}

void fake_end_session(struct fake_world *world, int64_t id, struct fake_request *request, bool robs)
{
	struct fake_session *session = fake_session_find(world, id);
	struct fake_txn *txn;
	GHashTableIter iter;
	struct fake_node *node;
	size_t n = 0;

	if (!session || session->closing || world->leader < 0)
		return;
	session->closing = true;
	txn = fake_txn_new(world, request);
	txn->session = id;
	txn->closes = true;
	txn->robs = robs;
	txn->ops = g_new0(struct fake_op, g_hash_table_size(world->tree.nodes));
	g_hash_table_iter_init(&iter, world->tree.nodes);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&node)) {
		if (node->stat.ephemeral_owner == id)
			txn->ops[n++] = (struct fake_op){
				.change = FAKE_DELETE, .path = g_strdup(node->path)};
	}
	txn->n_ops = n;
	fake_propose(world, txn);
}

static void session_timer(void *data, void *id, void *unused)
{
	struct fake_world *world = data;
	struct fake_session *session = fake_session_find(world, (int64_t)(intptr_t)id);

	if (!session)
		return;
	settle_touch(world, session, world->now);
	/* again later, whatever comes now: an election may undo it */
	fake_later(world, MAX(session->expires, world->now + world->config.tick), session_timer, id,
		NULL);
	if (session->closing || world->leader < 0 || !awake(leader_of(world)) ||
		session->expires > world->now)
		return;
	fake_note(world, session->host->name, "session runs out at the leader");
	fake_end_session(world, session->id, NULL, false);
}

static void open_session(struct fake_world *world, struct fake_request *request)
{
	struct fake_session *session = g_new0(struct fake_session, 1);
	struct fake_txn *txn = fake_txn_new(world, request);

	session->id = ++world->next_session;
	session->host = request->host;
	session->timeout = negotiate(request->conn->server, request->in.version * ZKL_MS);
	session->expires = expiry(world, world->now, session->timeout);
	session->owner = request->conn->server;
	g_hash_table_insert(world->sessions, &session->id, session);
	fake_later(world, session->expires, session_timer, (void *)(intptr_t)session->id, NULL);
	txn->session = session->id;
	txn->opens = true;
	fake_propose(world, txn);
}

static void answer_hello(void *data, void *server, void *box)
{
	struct fake_request *request = box;
	struct fake_session *session = fake_session_find(data, request->conn->session);

	if (is_at(request, server))
		welcome(request->conn, request->completed ? request->conn->session : 0,
			session ? session->timeout : 0);
	fake_request_unref(request);
}

/* The leader takes over what the server that asks allows, and may then end the session earlier. */
static void revive(struct fake_world *world, struct fake_session *session, zkl_time timeout)
{
	zkl_time expires = expiry(world, world->now, timeout);

	if (timeout >= session->timeout) {
		session->expires = MAX(session->expires, expires);
	} else {
		session->expires = expires;
		fake_later(world, expires, session_timer, (void *)(intptr_t)session->id, NULL);
	}
	session->timeout = timeout;
}

/* A session that comes back: the leader knows whether it lives, and who serves it from now on. */
static void revalidate(struct fake_world *world, struct fake_request *request)
{
	struct fake_session *session = fake_session_find(world, request->conn->session);

	request->completed = session && !session->closing;
	if (request->completed) {
		session->owner = request->conn->server;
		revive(world, session,
			negotiate(request->conn->server, request->in.version * ZKL_MS));
	}
	fake_down(request->conn->server, answer_hello, request, 0);
}

/* ---- leader ---- */

static void judge(struct fake_world *world, struct fake_request *request)
{
	struct fake_txn *txn = fake_txn_new(world, request);

	txn->session = request->conn->session;
	txn->rc = fake_prepare(world, request, fake_client_identities(request->conn->transport),
		request->conn->session, txn);
	fake_propose(world, txn);
}

void fake_ensemble_at_leader(struct fake_world *world, struct fake_request *request)
{
	struct fake_session *session = fake_session_find(world, request->conn->session);

	if (world->leader < 0) {
		return;
	} else if (request->closes && session && session->owner == request->conn->server) {
		fake_end_session(world, session->id, request, false);
	} else if (request->hello && !request->conn->session) {
		open_session(world, request);
	} else if (request->hello) {
		revalidate(world, request);
	} else if (!session || session->closing || session->owner != request->conn->server) {
		/* moved or over: surely not run, and its connection is of no use any more */
		fake_to_client(request->conn, packet_new(FAKE_P_FIN));
		fake_ensemble_drop(request->conn);
	} else if (request->in.op == ZKL_OP_SYNC) {
		propose(world, NULL, request);
	} else {
		judge(world, request);
	}
}

/* ---- a server and its clients ---- */

static void add_watch(struct fake_server *server, const char *path, struct fake_conn *conn)
{
	GPtrArray *watchers = g_hash_table_lookup(server->watches, path);

	if (!watchers) {
		watchers = g_ptr_array_new();
		g_hash_table_insert(server->watches, g_strdup(path), watchers);
	}
	if (!g_ptr_array_find(watchers, conn, NULL))
		g_ptr_array_add(watchers, conn);
}

static enum zkl_rc read_list(struct fake_request *request, const struct fake_node *node)
{
	if (!may_read(request->conn, node))
		return ZKL_RC_NO_AUTH;
	request->children = g_ptr_array_new_with_free_func((GDestroyNotify)g_ref_string_release);
	for (guint i = 0; node->children && i < node->children->len; i++) {
		const struct fake_node *child = g_ptr_array_index(node->children, i);

		g_ptr_array_add(request->children, g_ref_string_acquire(child->name));
	}
	return ZKL_RC_OK;
}

static enum zkl_rc read_data(struct fake_request *request, const struct fake_node *node)
{
	if (!may_read(request->conn, node))
		return ZKL_RC_NO_AUTH;
	request->data = node->data ? g_bytes_ref(node->data) : NULL;
	fill_stat(request, node);
	if (request->in.watch)
		add_watch(request->conn->server, node->path, request->conn);
	return ZKL_RC_OK;
}

static enum zkl_rc read_acl(struct fake_request *request, const struct fake_node *node)
{
	const GPtrArray *identities = fake_client_identities(request->conn->transport);
	bool administers = fake_acl_allows(node->acl, identities, 'a');
	char *text;

	if (!administers && !fake_acl_allows(node->acl, identities, 'r'))
		return ZKL_RC_NO_AUTH;
	text = administers ? g_strdup(node->acl) : fake_acl_mask(node->acl);
	request->data = g_bytes_new_take(text, strlen(text));
	return ZKL_RC_OK;
}

static void answer_read(struct fake_request *request)
{
	struct fake_tree *tree = &request->conn->server->tree;
	struct fake_node *node = fake_tree_find(tree, request->in.path);

	request->zxid = tree->zxid;
	if (!node)
		request->rc = ZKL_RC_NO_NODE;
	else if (request->in.op == ZKL_OP_LIST)
		request->rc = read_list(request, node);
	else if (request->in.op == ZKL_OP_GET)
		request->rc = read_data(request, node);
	else if (request->in.op == ZKL_OP_GET_ACL)
		request->rc = read_acl(request, node);
	else
		fill_stat(request, node);
}

static bool is_read(enum zkl_op op)
{
	return op == ZKL_OP_LIST || op == ZKL_OP_GET || op == ZKL_OP_EXISTS || op == ZKL_OP_GET_ACL;
}

static void reply(struct fake_conn *conn, struct fake_request *request)
{
	struct fake_packet *packet = packet_new(request->closes ? FAKE_P_GOODBYE : FAKE_P_REPLY);

	packet->request = request;
	packet->zxid = request->zxid;
	fake_to_client(conn, packet);
}

/* Answer what can be answered, in the order asked. */
static void drain(struct fake_conn *conn)
{
	struct fake_request *request;

	while (!conn->server_gone && (request = g_queue_peek_head(&conn->pending))) {
		if (!request->completed && !is_read(request->in.op))
			return;
		if (!request->completed)
			answer_read(request);
		g_queue_pop_head(&conn->pending);
		reply(conn, request);
	}
}

static void take_request(struct fake_conn *conn, struct fake_request *request)
{
	struct fake_world *world = conn->world;

	g_queue_push_tail(&conn->pending, g_rc_box_acquire(request));
	if (world->refuse) {
		request->rc = world->refusal;
		request->zxid = conn->server->tree.zxid;
		request->completed = true;
	} else if (!is_read(request->in.op)) {
		fake_up(conn->server, request);
	}
	drain(conn);
}

/* What the client's watches missed while it was away, in the order of its list, as
 * DataTree.setWatches() has it: at most one event for each, and gone is gone, also when it was
 * written into before. The read right is not asked for, as in 3.8; the newest servers do. */
static void set_watches(struct fake_conn *conn, const struct fake_packet *packet)
{
	for (char **path = packet->paths; *path; path++) {
		struct fake_node *node = fake_tree_find(&conn->server->tree, *path);

		if (!node)
			send_watch(conn, *path, ZKL_WATCH_DELETED);
		else if (node->stat.mzxid > packet->zxid)
			send_watch(conn, *path, ZKL_WATCH_CHANGED);
		else
			add_watch(conn->server, *path, conn);
	}
}

static void hello(struct fake_conn *conn, const struct fake_packet *packet)
{
	if (!conn->server->serving || packet->zxid > conn->server->tree.zxid) {
		fake_to_client(conn, packet_new(FAKE_P_FIN));
		fake_ensemble_drop(conn);
		return;
	}
	/* what is still under way on an older connection of this session is not read any more */
	if (packet->session)
		close_conns_of(conn->server, packet->session);
	conn->session = packet->session;
	fake_up(conn->server, packet->request);
}

static void pong(struct fake_conn *conn)
{
	struct fake_packet *packet = packet_new(FAKE_P_PONG);

	packet->zxid = conn->server->tree.zxid;
	fake_to_client(conn, packet);
}

void fake_ensemble_receive(struct fake_conn *conn, struct fake_packet *packet)
{
	if (conn->server_gone)
		return;
	touch(conn->server, conn->session);
	switch (packet->kind) {
	case FAKE_P_HELLO:
		hello(conn, packet);
		break;
	case FAKE_P_REQUEST:
	case FAKE_P_CLOSE:
		take_request(conn, packet->request);
		break;
	case FAKE_P_PING:
		pong(conn);
		break;
	case FAKE_P_SET_WATCHES:
		set_watches(conn, packet);
		break;
	default:
		fake_ensemble_drop(conn);
	}
}

static gboolean forget_conn(gpointer path, gpointer watchers, gpointer conn)
{
	g_ptr_array_remove_fast(watchers, conn);
	return ((GPtrArray *)watchers)->len == 0;
}

void fake_ensemble_drop(struct fake_conn *conn)
{
	if (conn->server_gone)
		return;
	conn->server_gone = true;
	g_hash_table_foreach_remove(conn->server->watches, forget_conn, conn);
}

/* ---- servers come and go ---- */

static void drop_all(struct fake_server *server)
{
	for (guint i = 0; i < server->world->conns->len; i++) {
		struct fake_conn *conn = g_ptr_array_index(server->world->conns, i);

		if (conn->server != server || conn->server_gone)
			continue;
		fake_ensemble_drop(conn);
		fake_to_client(conn, packet_new(FAKE_P_FIN));
	}
}

static void stop_serving(struct fake_server *server)
{
	server->serving = false;
	if (!server->paused)
		drop_all(server);
}

static void rejoin(struct fake_server *server)
{
	if (server->world->leader < 0 || !awake(server) ||
		(server->cut && server->number != server->world->leader))
		return;
	apply_up_to(server, server->world->log->len);
	server->serving = true;
}

static void drop_proposals(struct fake_world *world)
{
	struct fake_proposal *proposal;

	while ((proposal = g_queue_pop_head(&world->proposals))) {
		if (proposal->sync)
			fake_request_unref(proposal->sync);
		if (proposal->txn && world->keep_proposals) {
			enter_log(world, proposal->txn);
		} else if (proposal->txn) {
			struct fake_session *session =
				fake_session_find(world, proposal->txn->session);

			if (session && proposal->txn->closes)
				session->closing = false;
			if (session && proposal->txn->opens)
				g_hash_table_remove(world->sessions, &proposal->txn->session);
			fake_txn_free(proposal->txn);
		}
		g_free(proposal);
	}
}

static void elect(void *data, void *a, void *b)
{
	struct fake_world *world = data;
	GHashTableIter iter;
	struct fake_session *session;

	world->electing = false;
	if (world->leader >= 0 || 2 * electors(world) <= world->config.servers)
		return;
	for (int i = 0; i < world->config.servers && world->leader < 0; i++) {
		if (awake(&world->servers[i]) && !world->servers[i].cut)
			world->leader = i;
	}
	world->reign++;
	world->epoch++;
	world->counter = 0;
	fake_note(world, "zk", "server %d leads", world->leader);
	for (int i = 0; i < world->config.servers; i++)
		rejoin(&world->servers[i]);
	fake_tree_copy(&world->tree, &world->servers[world->leader].tree);
	g_hash_table_iter_init(&iter, world->sessions);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&session)) {
		session->told = 0;
		session->closing = false;
		session->expires = expiry(world, world->now, session->timeout);
	}
}

/* Nobody leads any more: every server drops its clients until somebody does. */
static void depose(struct fake_world *world)
{
	if (world->leader < 0)
		return;
	fake_note(world, "zk", "server %d does not lead any more", world->leader);
	world->leader = -1;
	world->reign++;
	drop_proposals(world);
	for (int i = 0; i < world->config.servers; i++)
		stop_serving(&world->servers[i]);
}

static void quorum_check(void *data, void *stamp, void *unused)
{
	struct fake_world *world = data;

	if ((unsigned)(uintptr_t)stamp != world->quorum_stamp || has_quorum(world))
		return;
	depose(world);
	health(world);
}

static zkl_time patience(const struct fake_world *world)
{
	return world->config.sync_limit * world->config.tick;
}

/* After every change of who is awake. */
static void health(struct fake_world *world)
{
	world->quorum_stamp++;
	if (world->leader >= 0 && !world->servers[world->leader].up)
		depose(world);
	if (world->leader >= 0 && has_quorum(world)) {
		fake_later_at_server(leader_of(world), world->now, try_commit, world, NULL);
	} else if (world->leader >= 0) {
		fake_later(world, world->now + patience(world), quorum_check,
			(void *)(uintptr_t)world->quorum_stamp, NULL);
	} else if (!world->electing && 2 * electors(world) > world->config.servers) {
		world->electing = true;
		fake_later(world, world->now + world->config.election, elect, NULL, NULL);
	}
}

/* A follower that has not heard from its leader for too long gives up. */
static void follower_check(void *data, void *number, void *stamp)
{
	struct fake_world *world = data;
	struct fake_server *server = &world->servers[(uintptr_t)number];

	if ((uintptr_t)stamp != server->cut_stamp || !server->cut)
		return;
	fake_note(world, "zk", "server %d has lost its leader", server->number);
	server->link_life++;
	stop_serving(server);
}

static void out_of_touch(struct fake_server *server)
{
	fake_later(server->world, server->world->now + patience(server->world), follower_check,
		(void *)(uintptr_t)server->number, (void *)(uintptr_t)++server->cut_stamp);
}

void fake_cut_link(struct fake_world *world, int number)
{
	struct fake_server *server = &world->servers[number];
	GHashTableIter iter;
	struct fake_session *session;

	if (server->cut)
		return;
	fake_note(world, "zk", "server %d is cut from the others", number);
	server->cut = true;
	g_hash_table_iter_init(&iter, world->sessions);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&session)) {
		if (session->owner != server)
			continue;
		settle_touch(world, session, world->now);
		session->told = 0;
	}
	if (number != world->leader)
		out_of_touch(server);
	health(world);
}

void fake_heal_link(struct fake_world *world, int number)
{
	struct fake_server *server = &world->servers[number];

	if (!server->cut)
		return;
	fake_note(world, "zk", "server %d is not cut any more", number);
	server->cut = false;
	server->cut_stamp++;
	fake_wake_held(world);
	rejoin(server);
	health(world);
}

static void pause_check(void *data, void *number, void *stamp)
{
	struct fake_world *world = data;
	struct fake_server *server = &world->servers[(uintptr_t)number];

	if ((uintptr_t)stamp == server->pause_stamp && server->paused) {
		/* the leader has let it go; it finds out on waking */
		server->serving = false;
		server->link_life++;
	}
}

void fake_pause(struct fake_world *world, int number)
{
	struct fake_server *server = &world->servers[number];

	if (server->paused || !server->up)
		return;
	fake_note(world, "zk", "server %d is stopped", number);
	server->paused = true;
	if (number != world->leader)
		fake_later(world, world->now + patience(world), pause_check,
			(void *)(uintptr_t)number, (void *)(uintptr_t)++server->pause_stamp);
	health(world);
}

void fake_resume(struct fake_world *world, int number)
{
	struct fake_server *server = &world->servers[number];

	if (!server->paused)
		return;
	fake_note(world, "zk", "server %d goes on", number);
	server->paused = false;
	server->pause_stamp++;
	if (!server->serving)
		drop_all(server);
	fake_wake_held(world);
	rejoin(server);
	health(world);
}

void fake_kill(struct fake_world *world, int number)
{
	struct fake_server *server = &world->servers[number];

	if (!server->up)
		return;
	fake_note(world, "zk", "server %d is killed", number);
	server->up = server->paused = false;
	server->life++;
	stop_serving(server);
	health(world);
}

void fake_start(struct fake_world *world, int number)
{
	struct fake_server *server = &world->servers[number];

	if (server->up)
		return;
	fake_note(world, "zk", "server %d starts", number);
	server->up = true;
	server->pipe = server->uplink = 0;
	rejoin(server);
	health(world);
}

static void forget_everything(struct fake_world *world)
{
	for (int i = 0; i < world->config.servers; i++) {
		fake_tree_clear(&world->servers[i].tree);
		fake_tree_init(&world->servers[i].tree);
		world->servers[i].applied = 0;
	}
	fake_tree_clear(&world->tree);
	fake_tree_init(&world->tree);
	fake_tree_clear(&world->truth);
	fake_tree_init(&world->truth);
	g_ptr_array_set_size(world->log, 0);
	g_hash_table_remove_all(world->sessions);
	/* ids are made of the time of the start, so that no old one is given again */
	world->next_session += 1000;
	world->epoch = 0;
}

void fake_wipe(struct fake_world *world)
{
	fake_note(world, "zk", "all servers start again with empty data");
	world->keep_proposals = false;
	for (int i = 0; i < world->config.servers; i++)
		fake_kill(world, i);
	forget_everything(world);
	for (int i = 0; i < world->config.servers; i++)
		fake_start(world, i);
}

void fake_keep_proposals(struct fake_world *world, bool yes)
{
	world->keep_proposals = yes;
}

int fake_leader(const struct fake_world *world)
{
	return world->leader;
}

void fake_expire(struct fake_host *host)
{
	int64_t id = fake_host_session(host);

	if (!id)
		return;
	fake_note(host->world, host->name, "session is ended at the leader");
	fake_end_session(host->world, id, NULL, true);
}

/* ---- strangers ---- */

static enum zkl_rc stranger(struct fake_world *world, const struct zkl_request *in, bool super,
	const char *acl, int64_t session, char **ret_path)
{
	struct fake_request *request = fake_request_new(in, "");
	struct fake_txn *txn = fake_txn_new(world, NULL);
	enum zkl_rc rc;

	txn->robs = true;
	request->super = super;
	request->acl = g_strdup(acl);
	rc = txn->rc = fake_prepare(world, request, NULL, session, txn);
	if (ret_path)
		*ret_path = g_steal_pointer(&request->made);
	fake_request_unref(request);
	return fake_propose(world, txn) ? rc : ZKL_RC_CONNECTION;
}

bool fake_create(struct fake_world *world, const char *path, const char *data, enum zkl_mode mode,
	const char *acl, char **ret_path)
{
	/* a stranger's ephemeral belongs to a session that nobody here ends */
	return stranger(world,
		       &(struct zkl_request){.op = ZKL_OP_CREATE,
			       .mode = mode,
			       .path = path,
			       .data = data,
			       .len = data ? strlen(data) : 0},
		       true, acl ? acl : "world:anyone:cdrwa", -7, ret_path) == ZKL_RC_OK;
}

bool fake_delete(struct fake_world *world, const char *path)
{
	fake_note(world, "operator", "deletes %s", path);
	return stranger(world,
		       &(struct zkl_request){.op = ZKL_OP_DELETE, .path = path, .version = -1},
		       true, NULL, 0, NULL) == ZKL_RC_OK;
}

enum zkl_rc fake_write(struct fake_world *world, const char *path, const char *data)
{
	fake_note(world, "stranger", "writes into %s", path);
	return stranger(world,
		&(struct zkl_request){.op = ZKL_OP_SET,
			.path = path,
			.version = -1,
			.data = data,
			.len = strlen(data)},
		false, NULL, 0, NULL);
}

bool fake_signoff(struct fake_world *world, const char *path)
{
	return stranger(world, &(struct zkl_request){.op = ZKL_OP_SIGNOFF, .path = path}, true,
		       NULL, 0, NULL) == ZKL_RC_OK;
}

bool fake_set_acl(struct fake_world *world, const char *path, const char *acl)
{
	struct fake_txn *txn;

	if (!fake_tree_find(&world->tree, path))
		return false;
	fake_note(world, "operator", "sets the ACL of %s to %s", path, acl);
	txn = fake_txn_new(world, NULL);
	txn->ops = g_new0(struct fake_op, 1);
	txn->ops[txn->n_ops++] = (struct fake_op){
		.change = FAKE_SET_ACL, .path = g_strdup(path), .acl = g_ref_string_new(acl)};
	return fake_propose(world, txn);
}

void fake_set_counter(struct fake_world *world, const char *path, int32_t creates)
{
	fake_tree_find(&world->tree, path)->creates = creates;
	fake_tree_find(&world->truth, path)->creates = creates;
	for (int i = 0; i < world->config.servers; i++) {
		struct fake_node *node = fake_tree_find(&world->servers[i].tree, path);

		if (node)
			node->creates = creates;
	}
}

static bool is_reapable(const struct fake_node *node)
{
	return node->container && node->creates && !(node->children && node->children->len);
}

void fake_reap(struct fake_world *world)
{
	GHashTableIter iter;
	struct fake_node *node;
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

	g_hash_table_iter_init(&iter, world->tree.nodes);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&node)) {
		if (is_reapable(node))
			g_ptr_array_add(paths, g_strdup(node->path));
	}
	for (guint i = 0; i < paths->len; i++) {
		fake_note(world, "zk", "reaps %s", (char *)g_ptr_array_index(paths, i));
		stranger(world,
			&(struct zkl_request){.op = ZKL_OP_DELETE,
				.path = g_ptr_array_index(paths, i),
				.version = -1},
			true, NULL, 0, NULL);
	}
}

static void reap_timer(void *data, void *a, void *b)
{
	struct fake_world *world = data;

	if (world->leader >= 0)
		fake_reap(world);
	fake_later(world, world->now + world->config.reap, reap_timer, NULL, NULL);
}

/* ---- the truth ---- */

static struct fake_fact fact_of(const struct fake_world *world, const struct fake_node *node)
{
	struct fake_session *session = fake_session_find(world, node->stat.ephemeral_owner);

	return (struct fake_fact){
		node->path, fake_node_stat(node), node->acl, session ? session->host : NULL};
}

bool fake_look(const struct fake_world *world, const char *path, struct fake_fact *ret)
{
	struct fake_node *node = fake_tree_find(&world->truth, path);

	if (node && ret)
		*ret = fact_of(world, node);
	return node;
}

void fake_look_below(const struct fake_world *world, const char *path,
	bool (*fn)(void *ctx, const struct fake_fact *fact), void *ctx)
{
	struct fake_node *node = fake_tree_find(&world->truth, path);

	for (guint i = 0; node && node->children && i < node->children->len; i++) {
		struct fake_fact fact = fact_of(world, g_ptr_array_index(node->children, i));

		if (!fn(ctx, &fact))
			return;
	}
}

bool fake_robbed(const struct fake_world *world, const char *path)
{
	return g_hash_table_contains(world->robbed, path);
}

size_t fake_watch_count(const struct fake_world *world)
{
	GHashTableIter iter;
	GPtrArray *watchers;
	size_t n = 0;

	for (int i = 0; i < world->config.servers; i++) {
		g_hash_table_iter_init(&iter, world->servers[i].watches);
		while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&watchers))
			n += watchers->len;
	}
	return n;
}

size_t fake_sessions(const struct fake_world *world)
{
	return g_hash_table_size(world->sessions);
}

/* ---- life cycle ---- */

void fake_ensemble_init(struct fake_world *world)
{
	world->log = g_ptr_array_new_with_free_func(fake_txn_free);
	world->sessions = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	world->epoch = 1;
	world->next_session = 100;
	world->robbed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	fake_tree_init(&world->tree);
	fake_tree_init(&world->truth);
	for (int i = 0; i < world->config.servers; i++) {
		struct fake_server *server = &world->servers[i];

		*server = (struct fake_server){
			.world = world, .number = i, .up = true, .serving = true};
		fake_tree_init(&server->tree);
		server->watches = g_hash_table_new_full(
			g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
	}
	fake_later(world, world->config.reap, reap_timer, NULL, NULL);
}

void fake_ensemble_clear(struct fake_world *world)
{
	world->keep_proposals = false;
	drop_proposals(world);
	for (int i = 0; i < world->config.servers; i++) {
		fake_tree_clear(&world->servers[i].tree);
		g_hash_table_unref(world->servers[i].watches);
	}
	fake_tree_clear(&world->tree);
	fake_tree_clear(&world->truth);
	g_hash_table_unref(world->robbed);
	g_ptr_array_unref(world->log);
	g_hash_table_unref(world->sessions);
}
