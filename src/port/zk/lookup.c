/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup.c - names into addresses, for a handle.
 *
 * A connection that is lost may have been lost because its server lives elsewhere now (faults.md
 * row 32), so the names are looked up again until one of the servers answers. The client is told
 * while it has no connection only: it would end one (update_addrs()), and its own look-ups stay off
 * (traps.md 1).
 */
#include "port/zk/lookup.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <time.h>

#include "port/resolve.h"
#include "port/zk/bell.h"
#include "port/zk/connection.h"
#include "port/zk/zhandle.h"

#define LOOK_AGAIN_MS  2000
#define TELL_AGAIN_MS  50
#define TELL_WITHIN_MS 1000 /* of the answer; then also in the middle of an attempt */

static void tell_resolved(void *ctx)
{
	struct zkl_transport *t = ctx;
	pthread_mutex_lock(&t->lock);
	t->resolved = true;
	pthread_cond_broadcast(&t->wake);
	pthread_mutex_unlock(&t->lock);
	zkl_bell_ring();
}

bool zkl_lookup_first(struct zkl_transport *t)
{
	t->resolved = false;
	struct zkl_resolve *round = zkl_resolve_start(&t->servers, tell_resolved, t);
	if (!round)
		return false;
	pthread_mutex_lock(&t->lock);
	while (!t->resolved && !t->closing)
		pthread_cond_wait(&t->wake, &t->lock);
	pthread_mutex_unlock(&t->lock);
	struct zkl_addresses found;
	zkl_resolve_end(round, &found);
	zkl_addresses_clear(&t->addresses);
	t->addresses = found;
	return found.n > 0;
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool has_names(const struct zkl_servers *servers)
{
	struct in6_addr any;
	for (size_t i = 0; i < servers->n; i++)
		if (inet_pton(AF_INET, servers->list[i].host, &any) != 1 &&
			inet_pton(AF_INET6, servers->list[i].host, &any) != 1)
			return true;
	return false;
}

static bool is_apart(struct zkl_transport *t)
{
	pthread_mutex_lock(&t->lock);
	bool is = t->usable && !t->connected && !t->ended;
	pthread_mutex_unlock(&t->lock);
	return is;
}

static bool is_resolved(struct zkl_transport *t)
{
	pthread_mutex_lock(&t->lock);
	bool is = t->resolved;
	pthread_mutex_unlock(&t->lock);
	return is;
}

static void end_look(struct zkl_transport *t)
{
	zkl_addresses_clear(&t->news);
	if (t->look)
		zkl_resolve_end(t->look, &t->news);
	t->look = NULL;
	t->news_at = now_ms();
}

/* The client is best told between two attempts, when it has no socket. */
static bool tell_news(struct zkl_transport *t)
{
	bool hurry = now_ms() >= t->news_at + TELL_WITHIN_MS;
	if (!zkl_connection_lead_to(t, &t->news, hurry))
		return false;
	zkl_addresses_clear(&t->news);
	return true;
}

static int64_t look_again(struct zkl_transport *t)
{
	int64_t now = now_ms();
	if (now < t->look_at)
		return t->look_at - now;
	t->look_at = now + LOOK_AGAIN_MS / 2 +
		     (int64_t)(t->clock->random(t->clock->ctx) % LOOK_AGAIN_MS);
	t->resolved = false;
	t->look = zkl_resolve_start(&t->servers, tell_resolved, t);
	return t->look ? -1 : LOOK_AGAIN_MS;
}

/* In how many ms `t` needs the keeper again; -1: the bell will ring. */
int64_t zkl_lookup_after(struct zkl_transport *t)
{
	if (t->look && is_resolved(t))
		end_look(t);
	if (t->look || !has_names(&t->servers))
		return -1;
	if (!is_apart(t))
		return zkl_addresses_clear(&t->news), -1;
	if (t->news.n > 0 && !tell_news(t))
		return TELL_AGAIN_MS;
	return look_again(t);
}

void zkl_lookup_end(struct zkl_transport *t)
{
	end_look(t);
	zkl_addresses_clear(&t->news);
}
