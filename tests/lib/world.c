/* SPDX-License-Identifier: Apache-2.0 */
/* world.c - clients on a fake ensemble, their story, and the promises that are checked in it. */
#include "lib/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/trace.h"
#include "core/name.h"
#include "core/recipe.h"
#include "run/loop.h"
#include "run/session.h"

#define SPIN 100000 /* steps of one loop at one instant */

/* ---- the story ---- */

/* "0f8c...-lock-0000000003" becomes "A#3". */
static void append_named(struct world *world, GString *out, const char *text)
{
	while (*text) {
		const char *end = text + strcspn(text, " ,");
		const char *slash = memrchr(text, '/', (size_t)(end - text));
		g_autofree char *word = g_strndup(
			slash ? slash + 1 : text, (gsize)(end - (slash ? slash + 1 : text)));
		struct fake_host *maker = fake_maker(world->fake, word);
		struct zkl_name name;

		if (maker && zkl_name_parse(word, &name))
			g_string_append_printf(out, "%s#%d", fake_host_name(maker), name.seq);
		else if (maker)
			g_string_append_printf(out, "%s#", fake_host_name(maker));
		else
			g_string_append_len(out, text, end - text);
		text = end;
		if (*text)
			g_string_append_c(out, *text++);
	}
}

static void hash_in(struct world *world, const char *text)
{
	for (; *text; text++)
		world->hash = (world->hash ^ (unsigned char)*text) * 0x100000001b3u;
}

static void tell(struct world *world, const char *who, const char *text)
{
	gsize begin = world->story->len;

	g_string_append_printf(world->story, "[%4" G_GINT64_FORMAT "] %s > ",
		(fake_now(world->fake) - world->begin) / ZKL_MS, who);
	append_named(world, world->story, text);
	hash_in(world, world->story->str + begin + 7);
	g_string_append_c(world->story, '\n');
	if (world->echo)
		fputs(world->story->str + begin, stdout);
	if (world->silent || world->echo)
		g_string_truncate(world->story, 0);
}

void world_tell(struct world *world, const char *who, const char *format, ...)
{
	va_list args;
	char text[1024];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	tell(world, who, text);
}

static void on_trace(void *ctx, const char *who, const char *text)
{
	tell(ctx, who, text);
}

static void on_wire(void *ctx, const char *who, const char *text)
{
	struct world *world = ctx;
	bool traffic = text[0] == '-' || text[0] == '<';

	if (!traffic || world->config.wire)
		tell(world, who, text);
}

static void on_log(int level, const char *text, void *ctx)
{
	if (level <= ZKLOCK_LOG_WARNING)
		tell(ctx, "log", text);
}

char *world_story(struct world *world)
{
	char *story = g_strdup(world->story->str);

	g_string_truncate(world->story, 0);
	return story;
}

void world_violate(struct world *world, const char *format, ...)
{
	va_list args;

	if (world->violation)
		return;
	va_start(args, format);
	world->violation = g_strdup_vprintf(format, args);
	va_end(args);
	tell(world, "VIOLATION", world->violation);
}

const char *world_violation(const struct world *world)
{
	return world->violation;
}

/* ---- the promises ---- */

static struct zkl_session *session_of(const struct world_client *client)
{
	return zkl_pool_first(client->pool);
}

bool world_believes(const struct world_client *client)
{
	return client->phase == WORLD_HOLDING && client->contender &&
	       zkl_contender_until(client->contender) > fake_now(client->world->fake);
}

/* P3: whoever believes has a node that stands. Only a stranger can take it away unseen. */
static void check_believer(struct world *world, struct world_client *client)
{
	struct fake_fact fact;

	if (world->wiped || fake_robbed(world->fake, client->path))
		return;
	if (!fake_look(world->fake, client->path, &fact) || fact.stat.czxid != client->token)
		world_violate(world, "P3: %s believes in %s, which the servers have ended",
			client->name, client->path);
}

static void check_believers(struct world *world)
{
	struct world_client *first = NULL;

	for (int i = 0; i < world->config.clients; i++) {
		struct world_client *client = &world->clients[i];

		if (!world_believes(client))
			continue;
		check_believer(world, client);
		if (world->wiped || fake_robbed(world->fake, client->path))
			continue;
		if (first)
			world_violate(world, "P1: %s and %s both hold a proven lock", first->name,
				client->name);
		first = client;
	}
}

struct search {
	const struct world_client *client;
	struct fake_fact found;
	char *found_path;
	size_t count;
};

/* Contenders in order of their making: is there one before ours? */
static bool is_before(void *ctx, const struct fake_fact *fact)
{
	struct search *search = ctx;
	const char *name = strrchr(fact->path, '/') + 1;
	struct zkl_name parsed;

	if (!zkl_name_parse(name, &parsed))
		return true;
	if (fact->stat.czxid >= search->client->token)
		return false;
	search->found = *fact;
	search->count++;
	return false;
}

static void check_grant(struct world_client *client)
{
	struct world *world = client->world;
	struct search search = {.client = client};
	struct fake_fact fact;

	/* its end, which nobody could foresee, is on its way to the client */
	if (fake_robbed(world->fake, client->path) ||
		(world->wiped && !fake_look(world->fake, client->path, NULL)))
		return;
	fake_look_below(world->fake, WORLD_LOCK, is_before, &search);
	if (search.count)
		world_violate(world, "P2: %s is granted while %s stands before it", client->name,
			search.found.path);
	if (fake_look(world->fake, client->path, &fact) &&
		(fact.stat.ephemeral_owner != zkl_session_id(session_of(client)) ||
			fact.host != client->host))
		world_violate(world, "P7: %s is granted by a node of somebody else", client->name);
	if (client->token <= world->highest_token && !world->wiped)
		world_violate(world, "P5: the token of %s does not grow", client->name);
	world->highest_token = MAX(world->highest_token, client->token);
	if (!world_believes(client))
		world_violate(world, "P3: %s is granted without a living proof", client->name);
}

static bool count_contender(void *ctx, const struct fake_fact *fact)
{
	struct zkl_name parsed;

	((struct search *)ctx)->count += zkl_name_parse(strrchr(fact->path, '/') + 1, &parsed);
	return true;
}

size_t world_contenders(const struct world *world)
{
	struct search search = {0};

	fake_look_below(world->fake, WORLD_LOCK, count_contender, &search);
	return search.count;
}

static bool newest_of(void *ctx, const struct fake_fact *fact)
{
	struct search *search = ctx;

	if (fact->host == search->client->host) {
		g_free(search->found_path);
		search->found_path = g_strdup(fact->path);
	}
	return true;
}

char *world_node(const struct world_client *client)
{
	struct search search = {.client = client};

	fake_look_below(client->world->fake, WORLD_LOCK, newest_of, &search);
	return search.found_path;
}

void world_check_end(struct world *world)
{
	for (int i = 0; i < world->config.clients; i++) {
		struct world_client *client = &world->clients[i];

		if (client->phase == WORLD_WAITING || client->phase == WORLD_RELEASING)
			world_violate(world, "liveness: %s is stuck", client->name);
		else if (client->phase != WORLD_DONE && zkl_session_clients(session_of(client)))
			world_violate(world, "P6: %s still cleans up", client->name);
	}
	if (world_contenders(world))
		world_violate(world, "P6: %zu nodes are left behind", world_contenders(world));
	else if (fake_watch_count(world->fake))
		world_violate(
			world, "P9: %zu watches are left behind", fake_watch_count(world->fake));
}

/* ---- what the library tells ---- */

static const char *cause_name(enum zklock_cause cause)
{
	static const char *const names[] = {
		"none", "unproven", "expired", "deleted", "denied", "reset", "closed"};

	return names[cause];
}

static void ended(struct world_client *client)
{
	if (++client->ends > 1)
		world_violate(
			client->world, "P4: %s is told the end of one attempt twice", client->name);
	client->contender = NULL;
}

static void next_round(struct world_client *client);

static void on_queued(void *owner, size_t ahead)
{
	struct world_client *client = owner;

	client->queued++;
	client->ahead = ahead;
	world_tell(client->world, client->name, "is told: queued, %zu ahead", ahead);
}

/* A process that sleeps does it when it wakes. */
static bool put_off(struct world_client *client, void (*fn)(void *))
{
	if (client->phase == WORLD_DONE || !fake_host_sleeps(client->host))
		return false;
	fake_at(client->world->fake, fake_now(client->world->fake) + 50 * ZKL_MS, fn, client);
	return true;
}

static void release_later(void *data)
{
	struct world_client *client = data;

	if (!put_off(client, release_later) && client->phase == WORLD_HOLDING)
		world_release(client);
}

static void on_granted(void *owner)
{
	struct world_client *client = owner;

	if (client->phase != WORLD_WAITING)
		world_violate(
			client->world, "P4: %s is granted what it does not wait for", client->name);
	client->phase = WORLD_HOLDING;
	client->granted++;
	client->token = zkl_contender_token(client->contender);
	g_free(client->path);
	client->path = g_strdup(zkl_contender_path(client->contender));
	world_tell(client->world, client->name, "is told: granted %s", client->path);
	check_grant(client);
	if (client->on_granted)
		client->on_granted(client);
	else if (client->hold_ms)
		fake_at(client->world->fake,
			fake_now(client->world->fake) + client->hold_ms * ZKL_MS, release_later,
			client);
}

static void on_failed(void *owner, int error)
{
	struct world_client *client = owner;

	client->failed++;
	client->last_error = error;
	world_tell(client->world, client->name, "is told: failed, %s", zkl_error_name(error));
	ended(client);
	client->phase = WORLD_IDLE;
	next_round(client);
}

static void on_suspended(void *owner)
{
	struct world_client *client = owner;

	client->suspended++;
	world_tell(client->world, client->name, "is told: suspended");
}

static void on_resumed(void *owner)
{
	struct world_client *client = owner;

	client->resumed++;
	world_tell(client->world, client->name, "is told: resumed");
	if (!world_believes(client))
		world_violate(client->world, "P4: %s is resumed without a proof", client->name);
}

static void on_lost(void *owner, enum zklock_cause cause)
{
	struct world_client *client = owner;

	client->lost++;
	client->last_cause = cause;
	world_tell(client->world, client->name, "is told: lost, %s", cause_name(cause));
	ended(client);
	client->phase = WORLD_IDLE;
	next_round(client);
}

static void on_released(void *owner, int error)
{
	struct world_client *client = owner;

	client->released++;
	client->last_error = error;
	world_tell(client->world, client->name, "is told: released, %s", zkl_error_name(error));
	ended(client);
	client->phase = WORLD_IDLE;
	next_round(client);
}

static const struct zkl_contender_ops told = {
	.queued = on_queued,
	.granted = on_granted,
	.failed = on_failed,
	.suspended = on_suspended,
	.resumed = on_resumed,
	.lost = on_lost,
	.released = on_released,
};

/* ---- what callers do ---- */

static void start(struct world_client *client, int64_t timeout_ms)
{
	zkl_time now = fake_now(client->world->fake);

	client->ends = 0;
	client->phase = WORLD_WAITING;
	client->contender = zkl_contender_new(
		session_of(client), WORLD_LOCK, client->name, ZKL_EXCLUSIVE, 1, &told, client);
	/* a trylock gives up after the session timeout */
	zkl_contender_start(client->contender, timeout_ms == 0,
		timeout_ms < 0	  ? ZKL_NEVER
		: timeout_ms == 0 ? now + client->world->config.timeout_ms * ZKL_MS
				  : now + timeout_ms * ZKL_MS);
}

zklock_t *world_handle(
	struct world_client *client, const char *name, zklock_event_fn fn, void *user)
{
	zklock_options_t options = ZKLOCK_OPTIONS_INIT;
	zklock_t *lock;

	options.flags = ZKLOCK_UNBOUND;
	lock = zkl_lock_new(client->pool, name, &options);
	zkl_lock_set_callback(lock, fn, user);
	return lock;
}

void world_lock(struct world_client *client, int64_t timeout_ms)
{
	g_assert(client->phase == WORLD_IDLE);
	world_tell(client->world, client->name, timeout_ms ? "locks" : "tries to lock");
	zkl_loop_enter(client->loop);
	start(client, timeout_ms);
	zkl_loop_leave(client->loop);
}

void world_cancel(struct world_client *client)
{
	if (!client->contender || client->phase != WORLD_WAITING)
		return;
	client->world->cancels++;
	world_tell(client->world, client->name, "cancels");
	zkl_loop_enter(client->loop);
	zkl_contender_leave(client->contender, ZKLOCK_ERR_CANCELLED);
	zkl_loop_leave(client->loop);
}

void world_release(struct world_client *client)
{
	g_assert(client->phase == WORLD_HOLDING);
	world_tell(client->world, client->name, "unlocks");
	client->phase = WORLD_RELEASING;
	zkl_loop_enter(client->loop);
	zkl_contender_release(client->contender);
	zkl_loop_leave(client->loop);
}

void world_abandon(struct world_client *client)
{
	if (!client->contender)
		return;
	world_tell(client->world, client->name, "frees the handle");
	zkl_loop_enter(client->loop);
	zkl_contender_abandon(client->contender);
	zkl_loop_leave(client->loop);
	client->contender = NULL;
	client->rounds = 0;
	client->phase = WORLD_IDLE;
}

void world_close(struct world_client *client)
{
	world_abandon(client);
	world_tell(client->world, client->name, "closes");
	zkl_pool_ref(client->pool); /* ours, until world_free() */
	zkl_pool_close(client->pool, client->world->config.timeout_ms, false);
	client->phase = WORLD_DONE;
	client->closing = true;
}

void world_kill(struct world_client *client)
{
	fake_kill_host(client->host);
	client->phase = WORLD_DONE;
}

static void lock_again(void *data)
{
	struct world_client *client = data;

	if (put_off(client, lock_again) || client->phase != WORLD_IDLE || client->contender ||
		!client->rounds)
		return;
	client->rounds--;
	world_lock(client, client->patience_ms);
}

static void next_round(struct world_client *client)
{
	struct fake_world *fake = client->world->fake;

	if (client->rounds)
		fake_at(fake, fake_now(fake) + client->pause_ms * ZKL_MS, lock_again, client);
}

void world_program(struct world_client *client, int64_t start_ms, unsigned rounds, int64_t hold_ms,
	int64_t pause_ms, int64_t patience_ms)
{
	client->rounds = rounds;
	client->hold_ms = hold_ms;
	client->pause_ms = pause_ms;
	client->patience_ms = patience_ms;
	fake_at(client->world->fake, fake_now(client->world->fake) + start_ms * ZKL_MS, lock_again,
		client);
}

/* ---- time ---- */

static bool is_alive(const struct world_client *client)
{
	return client->loop && !fake_host_sleeps(client->host);
}

static void pump(struct world *world)
{
	for (int i = 0; i < world->config.clients; i++) {
		struct world_client *client = &world->clients[i];

		for (int spin = 0; is_alive(client) &&
				   zkl_loop_next_due(client->loop) <= fake_now(world->fake);
			spin++) {
			if (spin > SPIN) {
				world_violate(
					world, "liveness: the loop of %s spins", client->name);
				return;
			}
			zkl_loop_step(client->loop);
		}
	}
}

static zkl_time next_due(struct world *world)
{
	zkl_time due = ZKL_NEVER;

	for (int i = 0; i < world->config.clients; i++) {
		if (is_alive(&world->clients[i]))
			due = MIN(due, zkl_loop_next_due(world->clients[i].loop));
	}
	return due;
}

/* One thing that happens, up to `end`. false: nothing does. */
static bool advance(struct world *world, zkl_time end)
{
	zkl_time due = next_due(world), next = fake_next(world->fake);

	if (MIN(due, next) > end) {
		fake_advance(world->fake, end);
		return false;
	}
	if (next <= due)
		fake_step(world->fake);
	else
		fake_advance(world->fake, MAX(due, fake_now(world->fake)));
	pump(world);
	if (!world->config.no_check)
		check_believers(world);
	return true;
}

void world_run(struct world *world, int64_t ms)
{
	zkl_time end = fake_now(world->fake) + ms * ZKL_MS;

	pump(world);
	while (advance(world, end) && !world->violation)
		;
}

bool world_run_until(struct world *world, bool (*met)(struct world *world), int64_t ms)
{
	zkl_time end = fake_now(world->fake) + ms * ZKL_MS;

	pump(world);
	while (!met(world)) {
		if (world->violation || !advance(world, end))
			return false;
	}
	return true;
}

bool world_wait(struct world_client *client, enum world_phase phase, int64_t ms)
{
	struct world *world = client->world;
	zkl_time end = fake_now(world->fake) + ms * ZKL_MS;

	pump(world);
	while (client->phase != phase) {
		if (world->violation || !advance(world, end))
			return false;
	}
	return true;
}

/* ---- life cycle ---- */

uint64_t world_moves[ZKL_RECIPE_STATES][ZKL_RECIPE_STATES];

static void on_move(const struct zkl_sm_table *table, int from, int to)
{
	if (table == &zkl_recipe_table)
		world_moves[from][to]++;
}

/* The library keeps the highest token of each lock by process and servers: each client of each
 * world is a process of its own. */
static char *servers_text(void)
{
	static unsigned count;

	return g_strdup_printf("process-%u", ++count);
}

static struct zkl_session_config *session_config(const struct world *world)
{
	struct zkl_session_config *config = g_new0(struct zkl_session_config, 1);

	config->servers = servers_text();
	config->chroot = g_strdup(world->config.chroot ? world->config.chroot : "");
	config->root = g_strdup("/locks");
	config->label = g_strdup("test");
	config->acl = g_strdup("world:anyone:cdrwa");
	config->read_acl = g_strdup("world:anyone:r");
	config->timeout = world->config.timeout_ms * ZKL_MS;
	config->margin = 300 * ZKL_MS;
	config->interval = world->config.proof_ms < 0 ? ZKL_NEVER : world->config.proof_ms * ZKL_MS;
	config->seal = !world->config.no_seal;
	return config;
}

static void client_init(struct world *world, int number)
{
	struct world_client *client = &world->clients[number];

	client->world = world;
	client->number = number;
	client->name[0] = (char)('A' + number);
	client->host = fake_host_new(world->fake, client->name);
	client->pool = zkl_pool_new(fake_host_clock(client->host),
		fake_host_transport(client->host), session_config(world), false);
	client->loop = zkl_pool_loop(client->pool);
}

struct world *world_new(const struct world_config *config)
{
	struct world *world = g_new0(struct world, 1);

	if (config)
		world->config = *config;
	world->config.clients = world->config.clients ? world->config.clients : 3;
	world->config.timeout_ms = world->config.timeout_ms ? world->config.timeout_ms : 6000;
	world->hash = 0xcbf29ce484222325u;
	world->story = g_string_new("");
	world->fake = fake_new(&world->config.fake);
	world->begin = fake_now(world->fake);
	fake_set_log(world->fake, on_wire, world);
	zkl_trace_set(on_trace, world);
	zkl_log_set(on_log, ZKLOCK_LOG_WARNING, world);
	zkl_sm_watch = on_move;
	for (int i = 0; i < world->config.clients; i++)
		client_init(world, i);
	return world;
}

static bool all_closed(struct world *world)
{
	for (int i = 0; i < world->config.clients; i++) {
		if (!fake_host_closed(world->clients[i].host))
			return false;
	}
	return true;
}

/* Whatever happened, everybody goes home, so that a leak is a leak. */
static void send_home(struct world *world)
{
	world->config.no_check = true;
	g_clear_pointer(&world->violation, g_free);
	for (int i = 0; i < world->config.clients; i++) {
		struct world_client *client = &world->clients[i];

		client->rounds = 0;
		client->on_granted = NULL;
		client->hold_ms = 0;
		fake_host_revive(client->host);
		if (!client->closing)
			world_close(client);
	}
	world_run_until(world, all_closed, 60000);
	g_clear_pointer(&world->violation, g_free);
	world_run(world, 1);
}

void world_free(struct world *world)
{
	send_home(world);
	for (int i = 0; i < world->config.clients; i++) {
		zkl_pool_unref(world->clients[i].pool);
		g_free(world->clients[i].path);
	}
	zkl_trace_set(NULL, NULL);
	zkl_log_set(NULL, ZKLOCK_LOG_WARNING, NULL);
	fake_free(world->fake);
	g_string_free(world->story, TRUE);
	g_free(world->violation);
	g_free(world);
}
