/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.c - names of servers into addresses.
 *
 * The C client resolves inside its I/O loop, over and over; a dead name server stops its pings and
 * its timeouts, and the session ends without a word (traps.md 1, faults.md row 16). So
 * it never sees a name from us. A look-up can block for half a minute and cannot be cancelled: it
 * runs on a detached thread, and whoever no longer wants the answer walks away.
 */
#include "port/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct zkl_resolve {
	pthread_mutex_t lock;
	int users;		 /* the thread and the one who asked */
	void (*tell)(void *ctx); /* NULL once nobody wants to know */
	void *ctx;
	struct zkl_addresses found;
	size_t n;
	struct zkl_server servers[];
};

/* --- addresses ---------------------------------------------------------------------------------
 */

bool zkl_address_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET) {
		const struct sockaddr_in *x = (const void *)a, *y = (const void *)b;
		return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
	}
	const struct sockaddr_in6 *x = (const void *)a, *y = (const void *)b;
	return a->ss_family == AF_INET6 && x->sin6_port == y->sin6_port &&
	       memcmp(&x->sin6_addr, &y->sin6_addr, sizeof x->sin6_addr) == 0;
}

bool zkl_addresses_have(const struct zkl_addresses *addresses, const struct sockaddr_storage *one)
{
	for (size_t i = 0; i < addresses->n; i++)
		if (zkl_address_equal(&addresses->list[i], one))
			return true;
	return false;
}

void zkl_addresses_clear(struct zkl_addresses *addresses)
{
	free(addresses->list);
	*addresses = (struct zkl_addresses){0};
}

/* A name may stand twice, or two names for one machine: one entry each. */
static void add(struct zkl_addresses *to, const struct addrinfo *ai)
{
	struct sockaddr_storage one = {0};
	if (ai->ai_addrlen > sizeof one)
		return;
	memcpy(&one, ai->ai_addr, ai->ai_addrlen);
	if (zkl_addresses_have(to, &one))
		return;
	struct sockaddr_storage *more = reallocarray(to->list, to->n + 1, sizeof *more);
	if (!more)
		return;
	to->list = more;
	to->list[to->n++] = one;
}

static void write_address(FILE *out, const struct sockaddr_storage *one)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];
	if (getnameinfo((const void *)one, sizeof *one, host, sizeof host, port, sizeof port,
		    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		fprintf(out, "%s:%s", host, port);
}

/* After a failure the client goes on by two places in its list, not by one (measured: of two
 * servers it tries the same one for ever, of four it sees two). An odd length makes it visit all,
 * so that a list of even length has its first entry once more. */
char *zkl_addresses_text(const struct zkl_addresses *addresses, const char *chroot)
{
	char *text = NULL;
	size_t len, entries = addresses->n + (addresses->n > 0 && addresses->n % 2 == 0);
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	for (size_t i = 0; i < entries; i++) {
		fputs(i > 0 ? "," : "", out);
		write_address(out, &addresses->list[i % addresses->n]);
	}
	fputs(chroot, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* --- one round ---------------------------------------------------------------------------------
 */

static int look_up(const struct zkl_server *server, int flags, struct addrinfo **all)
{
	char port[8];
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = flags | AI_NUMERICSERV};
	snprintf(port, sizeof port, "%u", server->port);
	return getaddrinfo(server->host, port, &hints, all);
}

static void resolve_one(const struct zkl_server *server, struct zkl_addresses *to)
{
	struct addrinfo *all = NULL;
	/* Only families that this machine has; on a machine with nothing but loopback, any. */
	if (look_up(server, AI_ADDRCONFIG, &all) != 0 && look_up(server, 0, &all) != 0)
		return;
	for (const struct addrinfo *ai = all; ai; ai = ai->ai_next)
		add(to, ai);
	freeaddrinfo(all);
}

static void let_go(struct zkl_resolve *round)
{
	pthread_mutex_lock(&round->lock);
	bool last = --round->users == 0;
	pthread_mutex_unlock(&round->lock);
	if (!last)
		return;
	for (size_t i = 0; i < round->n; i++)
		free(round->servers[i].host);
	zkl_addresses_clear(&round->found);
	pthread_mutex_destroy(&round->lock);
	free(round);
}

static void *run(void *arg)
{
	struct zkl_resolve *round = arg;
	struct zkl_addresses found = {0};
	for (size_t i = 0; i < round->n; i++)
		resolve_one(&round->servers[i], &found);
	pthread_mutex_lock(&round->lock);
	round->found = found;
	if (round->tell)
		round->tell(round->ctx);
	pthread_mutex_unlock(&round->lock);
	let_go(round);
	return NULL;
}

static struct zkl_resolve *new_round(const struct zkl_servers *servers)
{
	struct zkl_resolve *round =
		calloc(1, sizeof *round + servers->n * sizeof round->servers[0]);
	if (!round)
		return NULL;
	pthread_mutex_init(&round->lock, NULL);
	round->users = 1;
	for (; round->n < servers->n; round->n++) {
		round->servers[round->n].port = servers->list[round->n].port;
		round->servers[round->n].host = strdup(servers->list[round->n].host);
		if (round->servers[round->n].host)
			continue;
		let_go(round);
		return NULL;
	}
	return round;
}

static bool start_detached(struct zkl_resolve *round)
{
	pthread_t thread;
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	int error = pthread_create(&thread, &attr, run, round);
	pthread_attr_destroy(&attr);
	return error == 0;
}

/* Signals are the caller's: our caller blocks them all, and a new thread inherits that. */
struct zkl_resolve *zkl_resolve_start(
	const struct zkl_servers *servers, void (*ready)(void *ctx), void *ctx)
{
	struct zkl_resolve *round = new_round(servers);
	if (!round)
		return NULL;
	round->tell = ready;
	round->ctx = ctx;
	round->users = 2;
	if (start_detached(round))
		return round;
	round->users = 1;
	let_go(round);
	return NULL;
}

void zkl_resolve_end(struct zkl_resolve *round, struct zkl_addresses *found)
{
	pthread_mutex_lock(&round->lock);
	round->tell = NULL;
	*found = round->found;
	round->found = (struct zkl_addresses){0};
	pthread_mutex_unlock(&round->lock);
	let_go(round);
}
