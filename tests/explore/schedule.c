/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.c - scenarios, and how one of them is run with its faults. */
#include "explore/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/world.h"

#define CLIENTS	   3
#define SETTLE_MS  120000
#define LATE_MS	   700
#define NAP_MS	   1500
#define SLEEP_MS   15000
#define FAULT_MS   9000
#define RESTART_MS 800

struct program {
	int start_ms;
	unsigned rounds;
	int hold_ms, pause_ms, patience_ms;
};

struct scenario {
	const char *name;
	struct world_config world;
	struct program programs[CLIENTS];
};

static const struct scenario scenarios[] = {
	{"queue of three", {.clients = CLIENTS},
		{{1, 1, 50, 10, -1}, {20, 1, 50, 10, -1}, {30, 1, 50, 10, -1}}},
	{"all at once, twice", {.clients = CLIENTS},
		{{1, 2, 20, 5, -1}, {1, 2, 20, 5, -1}, {1, 2, 20, 5, -1}}},
	{"impatient", {.clients = CLIENTS},
		{{1, 1, 200, 10, -1}, {20, 2, 50, 10, 60}, {30, 2, 50, 10, 300}}},
	{"unsealed", {.clients = CLIENTS, .no_seal = true},
		{{1, 1, 50, 10, -1}, {20, 1, 50, 10, -1}, {30, 1, 50, 10, -1}}},
	{"seal refused", {.clients = CLIENTS, .fake = {.digest_differs = true}},
		{{1, 1, 50, 10, -1}, {20, 1, 50, 10, -1}, {30, 1, 50, 10, -1}}},
	{"followers lag", {.clients = CLIENTS, .fake = {.lag = {0, 30 * ZKL_MS, 80 * ZKL_MS}}},
		{{1, 1, 50, 10, -1}, {20, 1, 50, 10, -1}, {30, 1, 50, 10, -1}}},
	{"long hold", {.clients = CLIENTS},
		{{1, 1, 8000, 10, -1}, {20, 1, 50, 10, -1}, {30, 1, 50, 10, -1}}},
	{"trylocks", {.clients = CLIENTS},
		{{1, 1, 60, 10, -1}, {20, 4, 20, 30, 0}, {30, 4, 20, 30, 0}}},
	/* followers that go on answering reads for long after they have lost their leader */
	{"patient followers", {.clients = CLIENTS, .fake = {.sync_limit = 60}},
		{{1, 1, 12000, 10, -1}, {20, 1, 50, 10, -1}, {30, 1, 50, 10, -1}}},
};

static const char *const names[ACTS] = {
	[ACT_LOSE] = "lose",
	[ACT_LATE] = "late",
	[ACT_THROTTLE] = "throttle",
	[ACT_EXPIRE] = "expire",
	[ACT_CUT] = "cut",
	[ACT_DELETE] = "delete",
	[ACT_WRITE] = "write",
	[ACT_CANCEL] = "cancel",
	[ACT_KILL] = "kill",
	[ACT_NAP] = "nap",
	[ACT_SLEEP] = "sleep",
	[ACT_SILENT] = "silent",
	[ACT_PAUSE_SERVER] = "pause-server",
	[ACT_CUT_SERVER] = "cut-server",
	[ACT_KILL_LEADER] = "kill-leader",
	[ACT_REAP] = "reap",
	[ACT_WIPE] = "wipe",
	[ACT_CLOSE] = "close",
	[ACT_ACL] = "acl",
};

int schedule_scenarios(void)
{
	return (int)G_N_ELEMENTS(scenarios);
}

const char *schedule_scenario_name(int scenario)
{
	return scenarios[scenario].name;
}

bool act_has_host(enum act act)
{
	return (act >= ACT_EXPIRE && act < ACT_KILL_LEADER) || act == ACT_CLOSE;
}

const char *act_name(enum act act)
{
	return names[act];
}

/* ---- texts ---- */

char *schedule_text(const struct schedule *schedule)
{
	GString *text = g_string_new("");

	g_string_printf(text, "%d/%" G_GUINT64_FORMAT "/", schedule->scenario, schedule->seed);
	for (size_t i = 0; i < schedule->n; i++) {
		const struct schedule_fault *fault = &schedule->faults[i];

		g_string_append_printf(text, "%s%" G_GUINT64_FORMAT ":%s:%d", i ? "," : "",
			fault->step, names[fault->act], fault->host);
	}
	return g_string_free(text, FALSE);
}

static bool parse_fault(const char *text, struct schedule_fault *ret)
{
	g_auto(GStrv) part = g_strsplit(text, ":", 3);

	if (g_strv_length(part) != 3)
		return false;
	ret->step = g_ascii_strtoull(part[0], NULL, 10);
	ret->host = atoi(part[2]);
	for (int i = 0; i < ACTS; i++) {
		ret->act = (enum act)i;
		if (!strcmp(part[1], names[i]))
			return ret->step > 0 && ret->host >= 0 && ret->host < CLIENTS;
	}
	return false;
}

bool schedule_parse(const char *text, struct schedule *ret)
{
	g_auto(GStrv) part = g_strsplit(text, "/", 3);
	g_auto(GStrv) faults = g_strsplit(g_strv_length(part) == 3 ? part[2] : "", ",", 0);

	*ret = (struct schedule){0};
	if (g_strv_length(part) != 3 || g_strv_length(faults) > SCHEDULE_FAULTS)
		return false;
	ret->scenario = atoi(part[0]);
	ret->seed = g_ascii_strtoull(part[1], NULL, 10);
	for (char **fault = faults; *fault && **fault; fault++) {
		if (!parse_fault(*fault, &ret->faults[ret->n++]))
			return false;
	}
	return ret->scenario >= 0 && ret->scenario < schedule_scenarios();
}

/* ---- random schedules ---- */

static uint64_t draw(uint64_t *state, uint64_t below)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % below;
}

struct schedule schedule_random(uint64_t seed)
{
	uint64_t state = seed;
	struct schedule schedule = {.seed = seed};

	schedule.scenario = (int)draw(&state, (uint64_t)schedule_scenarios());
	schedule.n = 1 + draw(&state, SCHEDULE_FAULTS);
	for (size_t i = 0; i < schedule.n; i++) {
		schedule.faults[i].step = 1 + draw(&state, 120);
		schedule.faults[i].act = (enum act)draw(&state, ACTS);
		schedule.faults[i].host = (int)draw(&state, CLIENTS);
	}
	return schedule;
}

/* A seed has its own timing, too. */
static struct world_config config_of(const struct schedule *schedule)
{
	struct world_config config = scenarios[schedule->scenario].world;
	uint64_t state = schedule->seed + 1;

	if (!schedule->seed)
		return config;
	config.fake.seed = schedule->seed;
	config.fake.servers = (int[]){1, 3, 3, 3, 5}[draw(&state, 5)];
	config.fake.jitter = (zkl_time)draw(&state, 12) * ZKL_MS;
	for (int i = 1; i < FAKE_SERVERS; i++)
		config.fake.lag[i] = draw(&state, 2) ? (zkl_time)draw(&state, 150) * ZKL_MS : 0;
	config.timeout_ms = (int64_t[]){4000, 6000, 10000}[draw(&state, 3)];
	return config;
}

/* ---- one run ---- */

struct doing {
	struct world *world;
	enum act act;
	int host;
};

static void cancel(struct world_client *client)
{
	client->rounds = 0;
	world_cancel(client);
}

static void wipe(struct world *world)
{
	world->wiped = true;
	fake_wipe(world->fake);
}

/* What the fake ensemble has no fault for. */
static void do_act(void *data)
{
	struct doing *doing = data;
	struct world_client *client = &doing->world->clients[doing->host];

	if (doing->act == ACT_REAP)
		fake_reap(doing->world->fake);
	else if (doing->act == ACT_WIPE)
		wipe(doing->world);
	else if (doing->act == ACT_CLOSE && client->phase != WORLD_DONE &&
		 !fake_host_sleeps(client->host))
		world_close(client);
	else if (doing->act == ACT_CANCEL && !fake_host_sleeps(client->host))
		cancel(client);
	else if (doing->act == ACT_KILL && client->phase != WORLD_DONE)
		world_kill(client);
}

static const struct fake_fault templates[ACTS] = {
	[ACT_LOSE] = {.kind = FAKE_LOSE},
	[ACT_LATE] = {.kind = FAKE_LATE, .ms = LATE_MS},
	[ACT_THROTTLE] = {.kind = FAKE_REFUSE, .rc = ZKL_RC_THROTTLED},
	[ACT_EXPIRE] = {.kind = FAKE_EXPIRE},
	[ACT_CUT] = {.kind = FAKE_CUT},
	[ACT_DELETE] = {.kind = FAKE_DELETE_NODE},
	[ACT_WRITE] = {.kind = FAKE_WRITE_NODE},
	[ACT_ACL] = {.kind = FAKE_TAKE_ACL, .ms = FAULT_MS},
	[ACT_CANCEL] = {.kind = FAKE_CALL},
	[ACT_KILL] = {.kind = FAKE_CALL},
	[ACT_NAP] = {.kind = FAKE_STOP, .ms = NAP_MS},
	[ACT_SLEEP] = {.kind = FAKE_STOP, .ms = SLEEP_MS},
	[ACT_SILENT] = {.kind = FAKE_SILENCE},
	[ACT_PAUSE_SERVER] = {.kind = FAKE_PAUSE_SERVER, .ms = FAULT_MS},
	[ACT_CUT_SERVER] = {.kind = FAKE_CUT_SERVER, .ms = FAULT_MS},
	[ACT_KILL_LEADER] = {.kind = FAKE_KILL_LEADER, .ms = RESTART_MS},
	[ACT_REAP] = {.kind = FAKE_CALL},
	[ACT_WIPE] = {.kind = FAKE_CALL},
	[ACT_CLOSE] = {.kind = FAKE_CALL},
};

static void plan(struct world *world, const struct schedule_fault *fault, struct doing *doing)
{
	struct fake_fault value = templates[fault->act];

	*doing = (struct doing){world, fault->act, fault->host};
	value.step = fault->step;
	value.host = fault->host;
	value.call = do_act;
	value.ctx = doing;
	fake_plan(world->fake, &value);
}

/* Everybody has had enough, and cleaned up. */
static bool is_quiet(struct world *world)
{
	for (int i = 0; i < world->config.clients; i++) {
		struct world_client *client = &world->clients[i];

		if (client->phase == WORLD_DONE)
			continue;
		if (fake_host_sleeps(client->host) || client->phase != WORLD_IDLE ||
			client->rounds || zkl_session_clients(zkl_pool_first(client->pool)))
			return false;
	}
	return !world_contenders(world) && !fake_watch_count(world->fake);
}

static void collect(struct world *world, struct schedule_result *ret)
{
	ret->steps = fake_steps(world->fake);
	ret->hash = world->hash;
	ret->hits = fake_plan_hits(world->fake);
	ret->violation = g_strdup(world_violation(world));
	for (int i = 0; i < world->config.clients; i++) {
		ret->granted += world->clients[i].granted;
		ret->lost += world->clients[i].lost;
	}
}

struct schedule_result schedule_run(const struct schedule *schedule, bool tell)
{
	struct world_config config = config_of(schedule);
	struct doing doings[SCHEDULE_FAULTS];
	struct schedule_result result = {0};
	struct world *world;

	config.wire = tell;
	world = world_new(&config);
	world->silent = !tell;
	world->echo = tell;
	for (int i = 0; i < CLIENTS; i++) {
		const struct program *p = &scenarios[schedule->scenario].programs[i];

		world_program(&world->clients[i], p->start_ms, p->rounds, p->hold_ms, p->pause_ms,
			p->patience_ms);
	}
	for (size_t i = 0; i < schedule->n; i++)
		plan(world, &schedule->faults[i], &doings[i]);
	if (!world_run_until(world, is_quiet, SETTLE_MS))
		world_check_end(world);
	collect(world, &result);
	world_free(world);
	return result;
}

void schedule_result_clear(struct schedule_result *result)
{
	g_clear_pointer(&result->violation, g_free);
}
