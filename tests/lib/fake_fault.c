/* SPDX-License-Identifier: Apache-2.0 */
/* fake_fault.c - faults as values: what is planned to go wrong, and when. */
#include <string.h>

#include "lib/fake_private.h"

static const char *const names[FAKE_FAULT_KINDS] = {
	[FAKE_LOSE] = "lose",
	[FAKE_LATE] = "late",
	[FAKE_REFUSE] = "refuse",
	[FAKE_EXPIRE] = "expire",
	[FAKE_CUT] = "cut",
	[FAKE_SILENCE] = "silence",
	[FAKE_STOP] = "stop",
	[FAKE_DELETE_NODE] = "delete-node",
	[FAKE_WRITE_NODE] = "write-node",
	[FAKE_TAKE_ACL] = "take-acl",
	[FAKE_PAUSE_SERVER] = "pause-server",
	[FAKE_CUT_SERVER] = "cut-server",
	[FAKE_KILL_LEADER] = "kill-leader",
	[FAKE_CALL] = "call",
};

const char *fake_fault_name(enum fake_fault_kind kind)
{
	return names[kind];
}

void fake_plan(struct fake_world *world, const struct fake_fault *fault)
{
	struct fake_plan_entry entry = {.fault = *fault};

	g_array_append_val(world->plan, entry);
}

size_t fake_plan_hits(const struct fake_world *world)
{
	return world->hits;
}

static bool fits(struct fake_plan_entry *entry, const struct fake_step_info *info)
{
	const struct fake_fault *fault = &entry->fault;

	if (entry->done)
		return false;
	if (fault->step)
		return fault->step == info->step;
	if ((fault->place != FAKE_AT_ANY && fault->place != info->place) ||
		(fault->from != FAKE_ANY && fault->from != info->host) ||
		(fault->op != FAKE_ANY && fault->op != info->op))
		return false;
	return ++entry->seen == MAX(fault->nth, 1);
}

/* The newest contender of a host: a child of any node, made by its present session. */
static char *node_of(struct fake_host *host)
{
	int64_t session = fake_host_session(host);
	int64_t newest = 0;
	GHashTableIter iter;
	struct fake_node *node, *found = NULL;

	if (!session)
		return NULL;
	g_hash_table_iter_init(&iter, host->world->tree.nodes);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&node)) {
		if (node->stat.ephemeral_owner == session && node->stat.czxid > newest) {
			newest = node->stat.czxid;
			found = node;
		}
	}
	return found ? g_strdup(found->path) : NULL;
}

static void give_acl(void *world, void *path, void *unused);

/* Until it is done: there may have been no leader. */
static void see_acl(void *world, void *path, void *unused)
{
	struct fake_fact fact;

	if (!fake_look(world, path, &fact) || strcmp(fact.acl, "world:anyone:cdrwa") != 0)
		give_acl(world, path, NULL);
}

/* Without looking first, since the taking itself may still be on its way. */
static void give_acl(void *world, void *path, void *unused)
{
	fake_set_acl(world, path, "world:anyone:cdrwa");
	fake_later(world, fake_now(world) + 500 * ZKL_MS, see_acl, path, NULL);
}

static bool take_acl(struct fake_world *world, const char *path, int64_t ms)
{
	if (!fake_set_acl(world, path, "digest:nobody:x:cdrwa"))
		return false;
	if (ms)
		fake_later(world, world->now + ms * ZKL_MS, give_acl, (void *)g_intern_string(path),
			NULL);
	return true;
}

static bool hit_node(struct fake_host *host, const struct fake_fault *fault)
{
	g_autofree char *path = node_of(host);
	g_autofree char *parent = path ? g_path_get_dirname(path) : NULL;

	if (!path)
		return false;
	if (fault->kind == FAKE_DELETE_NODE)
		return fake_delete(host->world, path);
	if (fault->kind == FAKE_TAKE_ACL)
		return take_acl(host->world, parent, fault->ms);
	fake_write(host->world, path, "not a record");
	return true;
}

static void continue_host(void *world, void *host, void *unused)
{
	fake_continue_host(host);
}

static void resume_server(void *world, void *number, void *unused)
{
	fake_resume(world, (int)(intptr_t)number);
}

static void heal_server(void *world, void *number, void *unused)
{
	fake_heal_link(world, (int)(intptr_t)number);
}

static void start_server(void *world, void *number, void *unused)
{
	fake_start(world, (int)(intptr_t)number);
}

static bool hit_server(struct fake_world *world, const struct fake_fault *fault, int server)
{
	void *number = (void *)(intptr_t)server;
	zkl_time end = world->now + fault->ms * ZKL_MS;

	if (server < 0)
		return false;
	if (fault->kind == FAKE_PAUSE_SERVER) {
		fake_pause(world, server);
		fake_later(world, end, resume_server, number, NULL);
	} else if (fault->kind == FAKE_CUT_SERVER) {
		fake_cut_link(world, server);
		fake_later(world, end, heal_server, number, NULL);
	} else {
		fake_kill(world, server);
		fake_later(world, end, start_server, number, NULL);
	}
	return true;
}

static bool hit_host(
	struct fake_world *world, const struct fake_fault *fault, struct fake_host *host)
{
	switch (fault->kind) {
	case FAKE_EXPIRE:
		if (!fake_host_session(host))
			return false;
		fake_expire(host);
		return true;
	case FAKE_CUT:
		fake_cut(host);
		return true;
	case FAKE_SILENCE:
		fake_silence(host);
		return true;
	case FAKE_STOP:
		if (host->stopped)
			return false;
		fake_stop_host(host);
		fake_later(world, world->now + fault->ms * ZKL_MS, continue_host, host, NULL);
		return true;
	case FAKE_DELETE_NODE:
	case FAKE_WRITE_NODE:
	case FAKE_TAKE_ACL:
		return hit_node(host, fault);
	case FAKE_KILL_LEADER:
		return hit_server(world, fault, fake_leader(world));
	default:
		return hit_server(world, fault, fake_host_server(host));
	}
}

static bool hit(
	struct fake_world *world, const struct fake_fault *fault, const struct fake_step_info *info)
{
	int number = fault->host == FAKE_ANY ? info->host : fault->host;
	struct fake_host *host = g_ptr_array_index(world->hosts, number);
	struct fake_host *sender = g_ptr_array_index(world->hosts, info->host);

	if (fault->kind == FAKE_LOSE)
		return world->lose = true;
	if (fault->kind == FAKE_LATE) {
		struct fake_conn *conn = fake_client_conn(sender->transport);

		if (!conn || info->place == FAKE_AT_LEADER)
			return false;
		conn->hold[info->place == FAKE_AT_CLIENT] = world->now + fault->ms * ZKL_MS;
		return true;
	}
	if (fault->kind == FAKE_REFUSE) {
		world->refusal = fault->rc;
		return world->refuse = info->place == FAKE_AT_SERVER && info->op != FAKE_ANY;
	}
	if (fault->kind == FAKE_CALL) {
		fault->call(fault->ctx);
		return true;
	}
	return hit_host(world, fault, host);
}

void fake_fault_apply(struct fake_world *world, const struct fake_step_info *info)
{
	for (guint i = 0; i < world->plan->len; i++) {
		struct fake_plan_entry *entry =
			&g_array_index(world->plan, struct fake_plan_entry, i);

		if (!fits(entry, info))
			continue;
		entry->done = true;
		/* a copy: the array may grow in a call */
		struct fake_fault fault = entry->fault;

		fake_note(world, "fault", "%s at step %" G_GUINT64_FORMAT, names[fault.kind],
			info->step);
		world->hits += hit(world, &fault, info);
	}
}
