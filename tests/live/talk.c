/* SPDX-License-Identifier: Apache-2.0 */
/* talk.c - the two makes of transport on one stage. */
#include "talk.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/servers.h"
#include "port/zk.h"
#include "lib/fake_zk.h"

#define HANG_GUARD_S 60 /* real time; only a hang takes as long */

struct entry {
	STAILQ_ENTRY(entry) link;
	struct note note;
};

struct stage {
	struct fake_world *world; /* NULL: the real servers */
	char root[64];
	size_t hosts;
};

struct party {
	struct stage *stage;
	struct cast cast;
	struct fake_host *host;
	const struct zkl_transport_ops *ops;
	struct zkl_transport *transport;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	STAILQ_HEAD(, entry) unread;
	struct entry *read; /* the last one handed out */
	int64_t session;
	bool closing;
};

/* --- notes -------------------------------------------------------------------------------------
 */

static struct entry *copy(const struct zkl_message *m)
{
	struct entry *e = calloc(1, sizeof *e);
	struct note *n = &e->note;
	n->m = *m;
	n->path = m->path ? strdup(m->path) : NULL;
	n->data = m->data ? strndup(m->data, m->len) : NULL;
	n->children = calloc(m->n_children + 1, sizeof *n->children);
	for (size_t i = 0; i < m->n_children; i++)
		n->children[i] = strdup(m->children[i]);
	n->m.path = n->path;
	n->m.data = n->data;
	n->m.children = n->children;
	return e;
}

static void free_entry(struct entry *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->note.m.n_children; i++)
		free(e->note.children[i]);
	free(e->note.children);
	free(e->note.path);
	free(e->note.data);
	free(e);
}

static void file_note(void *owner, const struct zkl_message *m)
{
	struct party *p = owner;
	if (p->cast.hook)
		p->cast.hook(p, m);
	pthread_mutex_lock(&p->lock);
	struct entry *e = copy(m);
	STAILQ_INSERT_TAIL(&p->unread, e, link);
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->lock);
}

static const char *const event_names[] = {[ZKL_SESSION_CONNECTED] = "CONNECTED",
	[ZKL_SESSION_SUSPENDED] = "SUSPENDED",
	[ZKL_SESSION_EXPIRED] = "EXPIRED",
	[ZKL_SESSION_AUTH_FAILED] = "AUTH_FAILED",
	[ZKL_SESSION_FAILED] = "FAILED",
	[ZKL_SESSION_CLOSED] = "CLOSED"};

/* For the message of a failed test; static. */
static const char *describe(const struct note *n)
{
	static char text[256];
	if (n->m.kind == ZKL_MSG_SESSION)
		return event_names[n->m.event];
	if (n->m.kind == ZKL_MSG_WATCH)
		snprintf(text, sizeof text, "watch %d of %ju on %s", n->m.watch,
			(uintmax_t)n->m.client, n->path);
	else
		snprintf(text, sizeof text, "reply %u to %s: class %d, %s, native %d", n->m.cookie,
			zkl_op_name(n->m.op), n->m.result, zkl_rc_name(n->m.rc), n->m.native);
	return text;
}

/* --- waiting -----------------------------------------------------------------------------------
 */

static void wait_virtual(struct party *p)
{
	while (STAILQ_EMPTY(&p->unread))
		ck_assert_msg(fake_step(p->stage->world), "%s waits for ever", p->cast.name);
}

static void wait_real(struct party *p)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += HANG_GUARD_S;
	int error = 0;
	while (STAILQ_EMPTY(&p->unread) && error == 0)
		error = pthread_cond_timedwait(&p->wake, &p->lock, &until);
	ck_assert_msg(error == 0, "%s waits for ever", p->cast.name);
}

const struct note *party_next(struct party *p)
{
	if (p->stage->world)
		wait_virtual(p);
	pthread_mutex_lock(&p->lock);
	if (!p->stage->world)
		wait_real(p);
	free_entry(p->read);
	p->read = STAILQ_FIRST(&p->unread);
	STAILQ_REMOVE_HEAD(&p->unread, link);
	pthread_mutex_unlock(&p->lock);
	const struct note *n = &p->read->note;
	if (n->m.kind == ZKL_MSG_SESSION && n->m.event == ZKL_SESSION_CONNECTED)
		p->session = n->m.session_id;
	return n;
}

size_t party_unread(struct party *p)
{
	size_t n = 0;
	struct entry *e;
	pthread_mutex_lock(&p->lock);
	STAILQ_FOREACH(e, &p->unread, link)
	{
		n++;
	}
	pthread_mutex_unlock(&p->lock);
	return n;
}

const struct note *party_next_event(struct party *p, enum zkl_session_event event)
{
	const struct note *n = party_next(p);
	ck_assert_msg(n->m.kind == ZKL_MSG_SESSION && n->m.event == event, "%s: %s, not %s",
		p->cast.name, describe(n), event_names[event]);
	return n;
}

const struct note *party_next_watch(struct party *p, uint64_t client)
{
	const struct note *n = party_next(p);
	ck_assert_msg(n->m.kind == ZKL_MSG_WATCH && n->m.client == client,
		"%s: %s, not the watch of %ju", p->cast.name, describe(n), (uintmax_t)client);
	return n;
}

const struct note *party_next_reply(struct party *p, uint32_t cookie)
{
	const struct note *n = party_next(p);
	ck_assert_msg(n->m.kind == ZKL_MSG_REPLY && n->m.cookie == cookie, "%s: %s, not reply %u",
		p->cast.name, describe(n), cookie);
	return n;
}

const struct note *party_ask(struct party *p, const struct zkl_request *q)
{
	static uint32_t cookies = 1000;
	struct zkl_request numbered = *q;
	numbered.cookie = ++cookies;
	ck_assert_msg(
		party_send(p, &numbered), "%s: %s was not sent", p->cast.name, zkl_op_name(q->op));
	return party_next_reply(p, numbered.cookie);
}

const struct note *party_skip_to_reply(struct party *p, uint32_t cookie)
{
	for (;;) {
		const struct note *n = party_next(p);
		if (n->m.kind == ZKL_MSG_REPLY && n->m.cookie == cookie)
			return n;
	}
}

const struct note *party_skip_to_event(struct party *p, enum zkl_session_event event)
{
	for (;;) {
		const struct note *n = party_next(p);
		if (n->m.kind == ZKL_MSG_SESSION && n->m.event == event)
			return n;
	}
}

/* --- parties -----------------------------------------------------------------------------------
 */

static void choose_make(struct party *p)
{
	if (p->stage->world) {
		p->host = fake_host_new(p->stage->world, p->cast.name);
		p->ops = fake_host_transport(p->host);
	} else {
		p->ops = zkl_zk_transport();
	}
}

struct party *party_open(struct stage *s, const struct cast *cast)
{
	struct party *p = calloc(1, sizeof *p);
	p->stage = s;
	p->cast = *cast;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->wake, NULL);
	STAILQ_INIT(&p->unread);
	choose_make(p);
	struct zkl_open o = {
		.servers = cast->servers ? cast->servers
			   : s->world	 ? "fake:2181"
					 : getenv("ZKLOCK_SERVERS"),
		.chroot = cast->chroot ? cast->chroot : "",
		.timeout_ms = cast->timeout_ms ? cast->timeout_ms : 6000,
		.seal = cast->seal,
		.scheme = cast->scheme,
		.secret = cast->secret,
		.acl = TALK_OPEN_ACL,
		.read_acl = "world:anyone:r",
		.deliver = file_note,
		.owner = p,
		.clock = p->host ? fake_host_clock(p->host) : zkl_clock_real(),
	};
	pthread_mutex_lock(&p->lock); /* a hook may want the transport before open() has returned */
	p->transport = p->ops->open(p->ops->ctx, &o);
	pthread_mutex_unlock(&p->lock);
	ck_assert_ptr_nonnull(p->transport);
	return p;
}

struct party *party_join(struct stage *s, const struct cast *cast)
{
	struct party *p = party_open(s, cast);
	party_next_event(p, ZKL_SESSION_CONNECTED);
	return p;
}

void party_leave(struct party *p)
{
	pthread_mutex_lock(&p->lock);
	bool closing = p->closing;
	pthread_mutex_unlock(&p->lock);
	if (!closing)
		party_close(p, true);
	party_skip_to_event(p, ZKL_SESSION_CLOSED);
	party_free(p);
}

void party_free(struct party *p)
{
	ck_assert_uint_eq(party_unread(p), 0);
	free_entry(p->read);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static struct zkl_transport *transport(struct party *p)
{
	pthread_mutex_lock(&p->lock);
	struct zkl_transport *t = p->transport;
	pthread_mutex_unlock(&p->lock);
	return t;
}

void *party_ctx(struct party *p)
{
	return p->cast.ctx;
}

void party_peer(struct party *p, char *buf, size_t size)
{
	p->ops->peer(transport(p), buf, size);
}

bool party_greeting(struct party *p)
{
	return p->ops->greeting(transport(p));
}

int64_t party_session(struct party *p)
{
	return p->session;
}

bool party_send(struct party *p, const struct zkl_request *q)
{
	return p->ops->send(transport(p), q);
}

enum zkl_moved party_move(struct party *p)
{
	return p->ops->move(transport(p));
}

void party_close(struct party *p, bool linger)
{
	struct zkl_transport *t = transport(p);
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_mutex_unlock(&p->lock);
	p->ops->close(t, linger);
}

/* A child stops this process, as an operator or a host would, and lets it go on. */
static void oversleep_really(int64_t ms)
{
	pid_t self = getpid(), child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		kill(self, SIGSTOP);
		usleep((useconds_t)(ms * 1000));
		kill(self, SIGCONT);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

/* Long enough for every session of this process, also those with the default timeout: expiry is
 * rounded up to ticks of the server. */
void party_oversleep(struct party *p)
{
	int64_t ms = 12000;
	if (!p->stage->world) {
		oversleep_really(ms);
		return;
	}
	fake_stop_host(p->host);
	fake_run_until(p->stage->world, fake_now(p->stage->world) + ms * ZKL_MS);
	fake_continue_host(p->host);
}

/* --- stage -------------------------------------------------------------------------------------
 */

struct stage *stage_new(enum make make)
{
	struct stage *s = calloc(1, sizeof *s);
	const struct fake_config config = {.seed = 1};
	if (make == FAKE)
		s->world = fake_new(&config);
	else
		ck_assert_msg(getenv("ZKLOCK_SERVERS"), "live tests need ZKLOCK_SERVERS");
	snprintf(s->root, sizeof s->root, "/talk-%016jx",
		(uintmax_t)zkl_clock_real()->random(zkl_clock_real()->ctx));
	return s;
}

void stage_free(struct stage *s)
{
	if (s->world)
		fake_free(s->world);
	free(s);
}

bool stage_is_fake(const struct stage *s)
{
	return s->world;
}

const char *stage_root(const struct stage *s)
{
	return s->root;
}

/* --- words -------------------------------------------------------------------------------------
 */

struct zkl_request ask_create(const char *path, enum zkl_mode mode, enum zkl_acl_kind acl)
{
	return (struct zkl_request){
		.op = ZKL_OP_CREATE, .mode = mode, .acl = acl, .path = path, .data = "", .len = 0};
}

struct zkl_request ask(enum zkl_op op, const char *path)
{
	return (struct zkl_request){.op = op, .path = path, .version = -1};
}

struct zkl_request ask_watch(const char *path, uint64_t client)
{
	return (struct zkl_request){
		.op = ZKL_OP_GET, .path = path, .client = client, .watch = true, .version = -1};
}
