/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_zk.c - the world: its time, its hosts and its network. The servers are in fake_ensemble.c,
 * the client's side in fake_client.c, planned faults in fake_fault.c.
 */
#include "lib/fake_zk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/fake_private.h"

/* ---- time ---- */

static struct fake_event event_make(
	struct fake_world *world, zkl_time time, int kind, fake_event_fn fn, void *a, void *b)
{
	return (struct fake_event){.time = MAX(time, world->now),
		.fn = fn,
		.ctx = world,
		.a = a,
		.b = b,
		.kind = kind,
		.server = -1,
		.host = -1,
		.link = -1};
}

void fake_later(struct fake_world *world, zkl_time time, fake_event_fn fn, void *a, void *b)
{
	fake_queue_push(&world->queue, event_make(world, time, FAKE_K_PLAIN, fn, a, b));
}

void fake_later_at_server(
	struct fake_server *server, zkl_time time, fake_event_fn fn, void *a, void *b)
{
	struct fake_event event = event_make(server->world, time, FAKE_K_PLAIN, fn, a, b);

	event.server = server->number;
	event.life = server->life;
	fake_queue_push(&server->world->queue, event);
}

void fake_later_at_host(struct fake_host *host, zkl_time time, fake_event_fn fn, void *a, void *b)
{
	struct fake_event event = event_make(host->world, time, FAKE_K_PLAIN, fn, a, b);

	event.host = host->number;
	fake_queue_push(&host->world->queue, event);
}

static void event_drop(const struct fake_event *event)
{
	if (event->kind == FAKE_K_TO_SERVER || event->kind == FAKE_K_TO_CLIENT)
		fake_packet_free(event->b);
	else if (event->kind != FAKE_K_PLAIN && event->b)
		fake_request_unref(event->b);
}

/* Between that server and its leader? A leader without its followers is cut from all of them. */
static bool is_cut(const struct fake_world *world, int server)
{
	if (world->leader == server)
		return false;
	return world->servers[server].cut ||
	       (world->leader >= 0 && world->servers[world->leader].cut);
}

/* Is the one it happens to asleep, or the link that it crosses cut? */
static bool must_wait(const struct fake_world *world, const struct fake_event *event)
{
	if (event->server >= 0 && world->servers[event->server].paused)
		return true;
	if (event->link >= 0 && is_cut(world, event->link))
		return true;
	return event->host >= 0 &&
	       ((const struct fake_host *)g_ptr_array_index(world->hosts, event->host))->stopped;
}

/* Has the one it was meant for died? */
static bool is_stale(const struct fake_world *world, const struct fake_event *event)
{
	if (event->kind == FAKE_K_TO_LEADER)
		return event->life != world->reign ||
		       event->link_life != world->servers[event->link].link_life;
	if (event->host >= 0 &&
		((const struct fake_host *)g_ptr_array_index(world->hosts, event->host))->dead)
		return true;
	return event->server >= 0 && world->servers[event->server].life != event->life;
}

void fake_wake_held(struct fake_world *world)
{
	struct fake_queue held = world->held;

	world->held = (struct fake_queue){0};
	while (held.n) {
		struct fake_event event = fake_queue_pop(&held);

		event.time = world->now;
		fake_queue_push(&world->queue, event);
	}
	fake_queue_clear(&held);
}

static bool step_info(const struct fake_event *event, struct fake_step_info *ret)
{
	const struct fake_request *request = NULL;

	ret->op = FAKE_ANY;
	if (event->kind == FAKE_K_TO_SERVER || event->kind == FAKE_K_TO_CLIENT) {
		const struct fake_packet *packet = event->b;

		if (packet->kind == FAKE_P_FIN || packet->kind == FAKE_P_PING ||
			packet->kind == FAKE_P_PONG)
			return false;
		ret->place = event->kind == FAKE_K_TO_SERVER ? FAKE_AT_SERVER : FAKE_AT_CLIENT;
		ret->host = ((const struct fake_conn *)event->a)->host->number;
		request = packet->request;
	} else if (event->kind == FAKE_K_TO_LEADER) {
		request = event->b;
		ret->place = FAKE_AT_LEADER;
		ret->host = request->host->number;
	} else {
		return false;
	}
	if (request && !request->hello && !request->closes)
		ret->op = (int)request->in.op;
	return true;
}

/* Messages that were told to come later: again then, in the same place in line. */
static bool put_off(struct fake_world *world, struct fake_event event)
{
	const struct fake_conn *conn = event.a;
	zkl_time until;

	if (event.kind != FAKE_K_TO_SERVER && event.kind != FAKE_K_TO_CLIENT)
		return false;
	until = conn->hold[event.kind == FAKE_K_TO_CLIENT];
	if (until <= world->now)
		return false;
	event.time = until;
	fake_queue_push(&world->queue, event);
	return true;
}

static bool is_lost(const struct fake_event *event)
{
	if (event->kind != FAKE_K_TO_SERVER && event->kind != FAKE_K_TO_CLIENT)
		return false;
	return ((const struct fake_conn *)event->a)->silent;
}

static void conn_reset(struct fake_conn *conn);

/* The faults of this step. false: the event does not happen now. */
static bool survive_faults(struct fake_world *world, const struct fake_event *event)
{
	struct fake_step_info info = {0};

	if (!step_info(event, &info))
		return true;
	info.step = ++world->steps;
	if (world->hook)
		world->hook(world->hook_ctx, &info);
	world->lose = world->refuse = false;
	fake_fault_apply(world, &info);
	if (world->lose && event->kind == FAKE_K_TO_LEADER) {
		/* the leader has it: it is the answer that is lost */
		conn_reset(((struct fake_request *)event->b)->conn);
	} else if (world->lose) {
		conn_reset(event->a);
		event_drop(event);
		return false;
	}
	return true;
}

static bool is_held_up(struct fake_world *world, const struct fake_event *event)
{
	if (is_stale(world, event) || is_lost(event)) {
		event_drop(event);
		return true;
	}
	if (must_wait(world, event)) {
		fake_queue_push(&world->held, *event);
		return true;
	}
	return put_off(world, *event);
}

bool fake_step(struct fake_world *world)
{
	struct fake_event event;

	if (!world->queue.n)
		return false;
	event = fake_queue_pop(&world->queue);
	world->now = MAX(world->now, event.time);
	if (is_held_up(world, &event) || !survive_faults(world, &event) ||
		is_held_up(world, &event))
		return true;
	event.fn(world, event.a, event.b);
	return true;
}

zkl_time fake_next(const struct fake_world *world)
{
	return fake_queue_next(&world->queue);
}

zkl_time fake_now(const struct fake_world *world)
{
	return world->now;
}

void fake_advance(struct fake_world *world, zkl_time time)
{
	g_assert(time >= world->now && time <= fake_next(world));
	world->now = time;
}

void fake_run_until(struct fake_world *world, zkl_time time)
{
	while (fake_next(world) <= time)
		fake_step(world);
	fake_advance(world, MAX(time, world->now));
}

static void call_test(void *world, void *fn, void *ctx)
{
	void (*call)(void *) = NULL;

	memcpy(&call, &fn, sizeof(call));
	call(ctx);
}

void fake_at(struct fake_world *world, zkl_time time, void (*fn)(void *ctx), void *ctx)
{
	void *data = NULL;

	memcpy(&data, &fn, sizeof(data));
	fake_later(world, time, call_test, data, ctx);
}

/* splitmix64: every seed is a good one */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t fake_random(struct fake_world *world)
{
	return random_next(&world->rng);
}

uint64_t fake_steps(const struct fake_world *world)
{
	return world->steps;
}

void fake_set_log(struct fake_world *world,
	void (*log)(void *ctx, const char *who, const char *text), void *ctx)
{
	world->log_fn = log;
	world->log_ctx = ctx;
}

void fake_set_hook(struct fake_world *world,
	void (*hook)(void *ctx, const struct fake_step_info *info), void *ctx)
{
	world->hook = hook;
	world->hook_ctx = ctx;
}

void fake_note(struct fake_world *world, const char *who, const char *format, ...)
{
	va_list args;
	char text[1024];

	if (!world->log_fn)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	world->log_fn(world->log_ctx, who, text);
}

/* ---- network ---- */

void fake_packet_free(struct fake_packet *packet)
{
	if (packet->request)
		fake_request_unref(packet->request);
	g_free(packet->path);
	g_strfreev(packet->paths);
	g_free(packet);
}

static zkl_time arrival(struct fake_world *world, zkl_time *last)
{
	zkl_time extra = 0;

	if (world->config.jitter)
		extra = (zkl_time)(fake_random(world) % (uint64_t)world->config.jitter);
	*last = MAX(*last, world->now + world->config.latency + extra);
	return *last;
}

static void at_server(void *world, void *conn, void *packet)
{
	fake_ensemble_receive(conn, packet);
	fake_packet_free(packet);
}

static void at_client(void *world, void *conn, void *packet)
{
	fake_client_receive(conn, packet);
	fake_packet_free(packet);
}

void fake_to_server(struct fake_conn *conn, struct fake_packet *packet)
{
	struct fake_event event = event_make(conn->world, arrival(conn->world, &conn->to_server),
		FAKE_K_TO_SERVER, at_server, conn, packet);

	event.server = conn->server->number;
	event.life = conn->server->life;
	fake_queue_push(&conn->world->queue, event);
}

void fake_to_client(struct fake_conn *conn, struct fake_packet *packet)
{
	struct fake_event event = event_make(conn->world, arrival(conn->world, &conn->to_client),
		FAKE_K_TO_CLIENT, at_client, conn, packet);

	event.host = conn->host->number;
	fake_queue_push(&conn->world->queue, event);
}

static void at_leader(void *world, void *server, void *request)
{
	fake_ensemble_at_leader(world, request);
	fake_request_unref(request);
}

void fake_up(struct fake_server *server, struct fake_request *request)
{
	struct fake_world *world = server->world;
	bool leads = server->number == world->leader;
	struct fake_event event;

	server->uplink = MAX(server->uplink, world->now + (leads ? 0 : world->config.link));
	event = event_make(world, server->uplink, FAKE_K_TO_LEADER, at_leader, server,
		g_rc_box_acquire(request));
	event.server = world->leader;
	event.link = server->number;
	event.life = world->reign;
	event.link_life = server->link_life;
	fake_queue_push(&world->queue, event);
}

void fake_down(struct fake_server *server, fake_event_fn fn, struct fake_request *request, size_t n)
{
	struct fake_world *world = server->world;
	bool leads = server->number == world->leader;
	struct fake_event event;

	server->pipe = MAX(server->pipe,
		world->now + world->config.lag[server->number] + (leads ? 0 : world->config.link));
	event = event_make(world, server->pipe, request ? FAKE_K_ANSWER : FAKE_K_PLAIN, fn, server,
		request ? g_rc_box_acquire(request) : (void *)n);
	event.server = event.link = server->number;
	event.life = server->life;
	fake_queue_push(&world->queue, event);
}

static void tell_client(void *world, void *conn, void *unused)
{
	fake_client_reset(conn);
}

static void tell_server(void *world, void *conn, void *unused)
{
	fake_ensemble_drop(conn);
}

static void conn_reset(struct fake_conn *conn)
{
	struct fake_world *world = conn->world;

	if (conn->silent)
		return;
	conn->silent = true;
	fake_note(world, conn->host->name, "connection is reset");
	fake_later_at_host(conn->host, world->now, tell_client, conn, NULL);
	fake_later_at_server(
		conn->server, world->now + world->config.latency, tell_server, conn, NULL);
}

static struct fake_conn *conn_of(const struct fake_host *host)
{
	return host->transport ? fake_client_conn(host->transport) : NULL;
}

void fake_cut(struct fake_host *host)
{
	struct fake_conn *conn = conn_of(host);

	if (conn)
		conn_reset(conn);
}

void fake_silence(struct fake_host *host)
{
	struct fake_conn *conn = conn_of(host);

	if (conn && !conn->silent) {
		conn->silent = true;
		fake_note(host->world, host->name, "connection goes silent");
	}
}

void fake_offline(struct fake_host *host, bool yes)
{
	host->offline = yes;
	if (yes)
		fake_cut(host);
}

void fake_exhaust(struct fake_host *host, bool yes)
{
	host->exhausted = yes;
}

void fake_hold(struct fake_host *host, zkl_time until)
{
	struct fake_conn *conn = conn_of(host);

	if (conn)
		conn->hold[1] = until;
}

/* ---- hosts ---- */

static zkl_time host_now(void *host)
{
	return ((struct fake_host *)host)->world->now;
}

static uint64_t host_random(void *host)
{
	return random_next(&((struct fake_host *)host)->rng);
}

struct fake_host *fake_host_new(struct fake_world *world, const char *name)
{
	struct fake_host *host = g_new0(struct fake_host, 1);

	host->world = world;
	host->name = g_strdup(name);
	host->number = (int)world->hosts->len;
	host->prefer = host->number % world->config.servers;
	host->rng = fake_random(world);
	host->clock = (struct zkl_clock){host_now, host_random, host};
	fake_host_table(host);
	g_ptr_array_add(world->hosts, host);
	return host;
}

const struct zkl_transport_ops *fake_host_transport(struct fake_host *host)
{
	return &host->ops;
}

const struct zkl_clock *fake_host_clock(struct fake_host *host)
{
	return &host->clock;
}

bool fake_host_sleeps(const struct fake_host *host)
{
	return host->stopped || host->dead;
}

const char *fake_host_name(const struct fake_host *host)
{
	return host->name;
}

int64_t fake_host_session(const struct fake_host *host)
{
	int64_t id = host->transport ? fake_client_session(host->transport) : 0;

	return id && fake_session_find(host->world, id) ? id : 0;
}

int fake_host_server(const struct fake_host *host)
{
	struct fake_conn *conn = conn_of(host);

	return conn ? conn->server->number : -1;
}

bool fake_host_closed(const struct fake_host *host)
{
	for (guint i = 0; i < host->world->transports->len; i++) {
		struct zkl_transport *t = g_ptr_array_index(host->world->transports, i);

		if (fake_client_host(t) == host && !fake_client_closed(t))
			return false;
	}
	return true;
}

void fake_host_revive(struct fake_host *host)
{
	host->dead = false;
	if (host->stopped)
		fake_continue_host(host);
}

void fake_host_prefer(struct fake_host *host, int server)
{
	host->prefer = server;
}

struct fake_counts fake_host_counts(const struct fake_host *host)
{
	return host->counts;
}

void fake_host_counts_reset(struct fake_host *host)
{
	host->counts = (struct fake_counts){.in_flight = host->counts.in_flight};
}

void fake_stop_host(struct fake_host *host)
{
	host->stopped = true;
	fake_note(host->world, host->name, "process is stopped");
}

void fake_continue_host(struct fake_host *host)
{
	host->stopped = false;
	fake_note(host->world, host->name, "process goes on");
	fake_wake_held(host->world);
}

void fake_kill_host(struct fake_host *host)
{
	fake_note(host->world, host->name, "process is killed");
	fake_cut(host);
	host->dead = true;
}

void fake_in_doubt(struct fake_host *host, bool yes)
{
	host->in_doubt = yes;
}

/* ---- life cycle ---- */

static void host_free(void *data)
{
	struct fake_host *host = data;

	g_free(host->name);
	g_free(host);
}

static void conn_free(void *data)
{
	struct fake_conn *conn = data;

	g_queue_clear_full(&conn->pending, (GDestroyNotify)fake_request_unref);
	g_free(conn);
}

static void set_defaults(struct fake_config *config)
{
	config->servers = config->servers ? config->servers : 3;
	config->latency = config->latency ? config->latency : ZKL_MS;
	config->link = config->link ? config->link : ZKL_MS;
	config->commit = config->commit ? config->commit : ZKL_MS;
	config->tick = config->tick ? config->tick : 500 * ZKL_MS;
	config->sync_limit = config->sync_limit ? config->sync_limit : 5;
	config->election = config->election ? config->election : 200 * ZKL_MS;
	config->reap = config->reap ? config->reap : 60 * ZKL_SEC;
}

struct fake_world *fake_new(const struct fake_config *config)
{
	struct fake_world *world = g_new0(struct fake_world, 1);

	if (config)
		world->config = *config;
	set_defaults(&world->config);
	world->rng = world->config.seed;
	/* far from 0, so that a time of 0 can be told from "never" */
	world->now = ZKL_SEC;
	world->hosts = g_ptr_array_new_with_free_func(host_free);
	world->conns = g_ptr_array_new_with_free_func(conn_free);
	world->transports = g_ptr_array_new_with_free_func(fake_client_free);
	world->makers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	world->plan = g_array_new(FALSE, FALSE, sizeof(struct fake_plan_entry));
	fake_ensemble_init(world);
	return world;
}

void fake_free(struct fake_world *world)
{
	while (world->queue.n) {
		struct fake_event event = fake_queue_pop(&world->queue);

		event_drop(&event);
	}
	while (world->held.n) {
		struct fake_event event = fake_queue_pop(&world->held);

		event_drop(&event);
	}
	fake_queue_clear(&world->queue);
	fake_queue_clear(&world->held);
	g_ptr_array_unref(world->transports);
	fake_ensemble_clear(world);
	g_ptr_array_unref(world->conns);
	g_ptr_array_unref(world->hosts);
	g_hash_table_unref(world->makers);
	g_array_unref(world->plan);
	g_free(world);
}
