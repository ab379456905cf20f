/* SPDX-License-Identifier: Apache-2.0 */
/* zhandle.c - made, told of, freed. */
#include "port/zk/zhandle.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

void zkl_zhandle_deliver(struct zkl_transport *t, struct zkl_message *m)
{
	m->received = t->clock->now(t->clock->ctx);
	t->deliver(t->owner, m);
}

void zkl_zhandle_tell(struct zkl_transport *t, enum zkl_session_event event)
{
	struct zkl_message m = {.kind = ZKL_MSG_SESSION, .event = event};
	zkl_zhandle_deliver(t, &m);
}

void zkl_zhandle_take(struct zkl_transport *t, zhandle_t *zh)
{
	if (t->zh)
		return;
	t->zh = zh;
	t->usable = true;
}

void zkl_zhandle_free(struct zkl_transport *t)
{
	zkl_identity_clear(&t->identity);
	zkl_addresses_clear(&t->addresses);
	zkl_servers_clear(&t->servers);
	free(t->chroot);
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static bool take_servers(struct zkl_transport *t, const struct zkl_open *o)
{
	char why[256];
	if (!zkl_servers_parse(o->servers ? o->servers : "", &t->servers, why, sizeof why)) {
		zkl_log(ZKLOCK_LOG_ERROR, "servers: %s", why);
		return false;
	}
	t->chroot = strdup(o->chroot && o->chroot[0] ? o->chroot : t->servers.chroot);
	return t->chroot;
}

struct zkl_transport *zkl_zhandle_new(const struct zkl_open *o)
{
	struct zkl_transport *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->wake, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&t->lock, NULL);
	TAILQ_INIT(&t->pending);
	TAILQ_INIT(&t->answered);
	t->deliver = o->deliver;
	t->owner = o->owner;
	t->clock = o->clock ? o->clock : zkl_clock_real();
	t->timeout_ms = (int)o->timeout_ms;
	t->ended = !take_servers(t, o) || !zkl_identity_take(&t->identity, o);
	return t;
}
