/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.c - the sockets of all handles of the process, told apart.
 *
 * A handle's socket is what its I/O thread waits for beside its pipe (port/pollset.h). Where that
 * cannot be seen, handles and sockets are matched by counting: of the sockets that lead to a
 * server, those that are older than our first handle or known to be another handle's are set aside;
 * when as many are left as handles of ours hold one for sure, each of them is ours. Any doubt, and
 * nothing is touched: the program may have a connection of its own to the same server.
 */
#include "port/zk/connection.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/log.h"
#include "port/pollset.h"
#include "port/resolve.h"
#include "port/socket.h"
#include "port/zk/client_log.h"
#include "port/zk/zhandle.h"

/* All handles of the process. */
static struct {
	pthread_mutex_t lock;
	TAILQ_HEAD(, zkl_transport) all;
	struct zkl_sockets before; /* sockets older than the first of our handles */
	size_t handles;
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER, .all = TAILQ_HEAD_INITIALIZER(registry.all)};

/* What a handle is at, at one moment. */
struct sight {
	bool connected, connecting;
	struct sockaddr_storage peer;
};

/* Between two attempts there is no socket. */
static bool is_connecting(int state)
{
	return state == ZOO_CONNECTING_STATE || state == ZOO_ASSOCIATING_STATE;
}

static struct sight look(struct zkl_transport *t)
{
	struct sight s = {0};
	socklen_t len = sizeof s.peer;
	pthread_mutex_lock(&t->lock);
	if (t->usable) {
		s.connecting = is_connecting(zoo_state(t->zh));
		s.connected = zookeeper_get_connected_host(t->zh, (void *)&s.peer, &len) != NULL;
		t->greeted = t->greeted || zoo_state(t->zh) == ZOO_ASSOCIATING_STATE;
	}
	pthread_mutex_unlock(&t->lock);
	return s;
}

static bool same_sight(const struct sight *a, const struct sight *b)
{
	return a->connected == b->connected && a->connecting == b->connecting &&
	       (!a->connected || zkl_address_equal(&a->peer, &b->peer));
}

/* May a socket to `peer` be what we look for? */
static bool leads(
	const struct zkl_transport *t, const struct sight *s, const struct sockaddr_storage *peer)
{
	return s->connected ? zkl_address_equal(&s->peer, peer)
			    : zkl_addresses_have(&t->addresses, peer);
}

static bool known(const struct zkl_transport *t, uint64_t inode)
{
	for (size_t i = 0; i < registry.before.n; i++)
		if (registry.before.list[i].inode == inode)
			return true;
	const struct zkl_transport *other;
	TAILQ_FOREACH(other, &registry.all, link)
	if (other != t && other->claim == inode)
		return true;
	return false;
}

static void keep_candidates(
	struct zkl_sockets *s, const struct zkl_transport *t, const struct sight *mine)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->n; i++)
		if (leads(t, mine, &s->list[i].peer) && !known(t, s->list[i].inode))
			s->list[kept++] = s->list[i];
	s->n = kept;
}

static bool within(const struct zkl_addresses *some, const struct zkl_addresses *all)
{
	for (size_t i = 0; i < some->n; i++)
		if (!zkl_addresses_have(all, &some->list[i]))
			return false;
	return true;
}

/* Does the socket of `other` surely lie among our candidates? */
static bool surely_among(
	struct zkl_transport *other, const struct zkl_transport *t, const struct sight *mine)
{
	struct sight its = look(other);
	if (its.connected)
		return leads(t, mine, &its.peer);
	return its.connecting && !mine->connected && within(&other->addresses, &t->addresses);
}

static size_t count_ours(const struct zkl_transport *t, const struct sight *mine)
{
	size_t n = 1;
	struct zkl_transport *other;
	TAILQ_FOREACH(other, &registry.all, link)
	n += other != t && other->claim == 0 && surely_among(other, t, mine);
	return n;
}

static bool find_claimed(
	const struct zkl_transport *t, struct zkl_sockets *s, const struct sight *mine)
{
	for (size_t i = 0; t->claim != 0 && i < s->n; i++) {
		if (s->list[i].inode != t->claim || !leads(t, mine, &s->list[i].peer))
			continue;
		s->list[0] = s->list[i];
		s->n = 1;
		return true;
	}
	return false;
}

/* Before and after the socket was looked at, the client has waited for that descriptor; and its
 * inode is checked once more before it is cut. */
static bool find_polled(struct zkl_transport *t, const struct sight *mine, struct zkl_sockets *out)
{
	int fd = zkl_pollset_partner(t->pipe, &t->thread);
	if (fd < 0)
		return false;
	if (zkl_sockets_one(fd, out) &&
		(out->list[0].peer.ss_family == AF_UNSPEC || leads(t, mine, &out->list[0].peer)) &&
		zkl_pollset_partner(t->pipe, &t->thread) == fd)
		return true;
	zkl_sockets_clear(out);
	return false;
}

/* Connections that are being made are not counted: to end those of our siblings, too, would keep
 * all of them from ever getting through. */
static bool counts_up(const struct zkl_sockets *s, const struct sight *mine, size_t ours)
{
	return s->n == ours && (ours == 1 || mine->connected);
}

/* The sockets that are ours for sure; with several, one each belongs to `t` and to its siblings.
 * Under registry.lock. */
static bool find_sockets(struct zkl_transport *t, const struct sight *mine, struct zkl_sockets *out)
{
	if (find_polled(t, mine, out))
		return true;
	size_t ours = count_ours(t, mine);
	if (!zkl_sockets_list(out))
		return false;
	if (find_claimed(t, out, mine))
		return true;
	keep_candidates(out, t, mine);
	struct sight now = look(t);
	if (counts_up(out, mine, ours) && same_sight(mine, &now) && count_ours(t, mine) == ours)
		return true;
	zkl_sockets_clear(out);
	return false;
}

void zkl_connection_claim(struct zkl_transport *t)
{
	struct zkl_sockets mine;
	struct sight s = look(t);
	pthread_mutex_lock(&registry.lock);
	t->claim = 0;
	if (s.connected && find_sockets(t, &s, &mine)) {
		if (mine.n == 1)
			t->claim = mine.list[0].inode;
		for (size_t i = 0; i < mine.n; i++)
			zkl_socket_close_on_exec(&mine.list[i]);
		zkl_sockets_clear(&mine);
	}
	pthread_mutex_unlock(&registry.lock);
}

void zkl_connection_disclaim(struct zkl_transport *t)
{
	pthread_mutex_lock(&registry.lock);
	t->claim = 0;
	pthread_mutex_unlock(&registry.lock);
}

static enum zkl_moved cut(struct zkl_transport *t)
{
	struct zkl_sockets mine;
	struct sight s = look(t);
	if (!s.connected && !s.connecting)
		return ZKL_NOT_CONNECTED;
	if (!find_sockets(t, &s, &mine))
		return ZKL_IN_DOUBT;
	size_t done = 0;
	for (size_t i = 0; i < mine.n; i++)
		done += zkl_socket_cut(&mine.list[i]);
	bool all = done == mine.n;
	zkl_sockets_clear(&mine);
	return all ? ZKL_MOVED : ZKL_IN_DOUBT;
}

/* The client sees its socket end and takes the next server of its list, in the same session. */
enum zkl_moved zkl_connection_move(struct zkl_transport *t)
{
	pthread_mutex_lock(&registry.lock);
	enum zkl_moved moved = cut(t);
	pthread_mutex_unlock(&registry.lock);
	return moved;
}

/* A request for our session is the first thing a connection carries: it has left once the client
 * waits for the answer. An attempt that came and went between two questions is not seen here; what
 * it sent was answered by the end of its connection. One that we ended ourselves is remembered. */
bool zkl_connection_greeting(struct zkl_transport *t)
{
	struct sight s = look(t);
	pthread_mutex_lock(&t->lock);
	bool greeting = s.connected || t->connected || t->greeted;
	pthread_mutex_unlock(&t->lock);
	return greeting;
}

void zkl_connection_peer(struct zkl_transport *t, char *buf, size_t size)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	struct sight s = look(t);
	snprintf(buf, size, "%s", "");
	if (!s.connected || getnameinfo((void *)&s.peer, sizeof s.peer, host, sizeof host, port,
				    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(buf, size, s.peer.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

/* Under registry.lock, so that no other handle of ours opens its pipe meanwhile. */
static zhandle_t *init_handle(struct zkl_transport *t, const char *hosts, watcher_fn watcher)
{
	struct zkl_pipes before, after;
	bool seen = zkl_pipes_list(&before);
	zhandle_t *zh = zookeeper_init2(hosts, watcher, t->timeout_ms, NULL, t, 0, zkl_client_log);
	t->pipe = -1;
	if (seen && zh && zkl_pipes_list(&after)) {
		t->pipe = zkl_pipes_close_on_exec_new(&before, &after);
		zkl_pipes_clear(&after);
	}
	zkl_pipes_clear(&before);
	return zh;
}

zhandle_t *zkl_connection_begin(struct zkl_transport *t, const char *hosts, watcher_fn watcher)
{
	pthread_mutex_lock(&registry.lock);
	if (registry.handles == 0)
		zkl_sockets_list(&registry.before);
	zkl_client_log_quieten();
	zhandle_t *zh = init_handle(t, hosts, watcher);
	if (zh) {
		registry.handles++;
		TAILQ_INSERT_TAIL(&registry.all, t, link);
	} else if (registry.handles == 0) {
		zkl_sockets_clear(&registry.before);
	}
	pthread_mutex_unlock(&registry.lock);
	return zh;
}

void zkl_connection_end(struct zkl_transport *t)
{
	pthread_mutex_lock(&registry.lock);
	TAILQ_REMOVE(&registry.all, t, link);
	if (--registry.handles == 0)
		zkl_sockets_clear(&registry.before);
	pthread_mutex_unlock(&registry.lock);
}

static bool same_addresses(const struct zkl_addresses *a, const struct zkl_addresses *b)
{
	return within(a, b) && within(b, a);
}

static void set_servers(struct zkl_transport *t, struct zkl_addresses *found)
{
	char *text = zkl_addresses_text(found, "");
	if (text && zoo_set_servers(t->zh, text) == ZOK) {
		struct zkl_addresses before = t->addresses;
		t->addresses = *found;
		*found = before;
		zkl_log(ZKLOCK_LOG_INFO, "the servers' names lead to %s now", text);
	}
	free(text);
}

bool zkl_connection_lead_to(struct zkl_transport *t, struct zkl_addresses *found, bool hurry)
{
	bool done = true;
	pthread_mutex_lock(&registry.lock);
	pthread_mutex_lock(&t->lock);
	if (t->usable && !t->connected && !same_addresses(found, &t->addresses)) {
		done = hurry || !is_connecting(zoo_state(t->zh));
		if (done)
			set_servers(t, found);
	}
	pthread_mutex_unlock(&t->lock);
	pthread_mutex_unlock(&registry.lock);
	return done;
}

void zkl_connection_forget_all(void)
{
	pthread_mutex_init(&registry.lock, NULL);
	TAILQ_INIT(&registry.all);
	registry.handles = 0;
	zkl_sockets_clear(&registry.before);
}
