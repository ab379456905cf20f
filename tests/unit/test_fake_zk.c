/* SPDX-License-Identifier: Apache-2.0 */
/* test_fake_zk.c - the fake ensemble keeps the rules of port/transport.h and those of ZooKeeper. */
#include "lib/fake_zk.h"

#include <glib.h>

#include "lib/check_main.h"

/* A client that writes down what is delivered: one line each. */
struct client {
	struct fake_host *host;
	const struct zkl_transport_ops *ops;
	struct zkl_transport *t;
	GString *seen;
	char *made;
	struct zkl_stat stat;
	char *data;
	int64_t session;
	bool busy; /* inside deliver() */
};

static struct fake_world *world;
static struct client a, b;

static void see_reply(struct client *client, const struct zkl_message *m)
{
	g_string_append_printf(client->seen, "%s %s", zkl_op_name(m->op),
		m->result == ZKL_UNKNOWN ? "unknown" : zkl_rc_name(m->rc));
	if (m->result == ZKL_REFUSED && m->failed)
		g_string_append_printf(client->seen, " (%zu)", m->failed);
	for (size_t i = 0; i < m->n_children; i++)
		g_string_append_printf(client->seen, " %s", m->children[i]);
	if (m->path) {
		g_free(client->made);
		client->made = g_strdup(m->path);
	}
	if (m->has_stat)
		client->stat = m->stat;
	if (m->data) {
		g_free(client->data);
		client->data = g_strndup(m->data, m->len);
	}
}

static void see(void *owner, const struct zkl_message *m)
{
	static const char *const session[] = {
		"connected", "suspended", "expired", "auth-failed", "failed", "closed"};
	static const char *const watch[] = {"changed", "deleted", "other"};
	struct client *client = owner;

	ck_assert(!client->busy);
	client->busy = true;
	if (client->seen->len)
		g_string_append(client->seen, "; ");
	if (m->kind == ZKL_MSG_REPLY)
		see_reply(client, m);
	else if (m->kind == ZKL_MSG_WATCH)
		g_string_append_printf(
			client->seen, "%" G_GUINT64_FORMAT " %s", m->client, watch[m->watch]);
	else
		g_string_append(client->seen, session[m->event]);
	if (m->kind == ZKL_MSG_SESSION && m->event == ZKL_SESSION_CONNECTED)
		client->session = m->session_id;
	client->busy = false;
}

static void client_open(struct client *client, const char *name, const char *seal)
{
	client->host = fake_host_new(world, name);
	client->ops = fake_host_transport(client->host);
	client->seen = g_string_new("");
	client->t = client->ops->open(
		client->ops->ctx, &(struct zkl_open){.servers = "fake",
					  .chroot = "",
					  .timeout_ms = 4000,
					  .seal = seal,
					  .acl = "world:anyone:cdrwa",
					  .read_acl = "world:anyone:r",
					  .deliver = see,
					  .owner = client,
					  .clock = fake_host_clock(client->host)});
}

static void ask(struct client *client, struct zkl_request request)
{
	ck_assert(client->ops->send(client->t, &request));
}

static void run(int ms)
{
	fake_run_until(world, fake_now(world) + ms * ZKL_MS);
}

/* What the client has seen since the last time. */
static void saw(struct client *client, const char *expected)
{
	ck_assert_str_eq(client->seen->str, expected);
	g_string_truncate(client->seen, 0);
}

static void begin(const struct fake_config *config)
{
	world = fake_new(config);
	client_open(&a, "A", NULL);
	client_open(&b, "B", NULL);
	run(1000);
	saw(&a, "connected");
	saw(&b, "connected");
	ck_assert(fake_create(world, "/q", "", ZKL_MODE_CONTAINER, NULL, NULL));
	run(500);
}

static void client_clear(struct client *client)
{
	g_string_free(client->seen, TRUE);
	g_free(client->made);
	g_free(client->data);
	*client = (struct client){0};
}

static void end(void)
{
	fake_free(world);
	client_clear(&a);
	client_clear(&b);
}

#define JOIN                                                                                       \
	((struct zkl_request){.op = ZKL_OP_CREATE,                                                 \
		.mode = ZKL_MODE_EPHEMERAL_SEQUENTIAL,                                             \
		.path = "/q/x-lock-",                                                              \
		.data = "me",                                                                      \
		.len = 2})
#define REQUEST(o, p) ((struct zkl_request){.op = (o), .path = (p), .version = -1})
#define WATCH(p, who)                                                                              \
	((struct zkl_request){.op = ZKL_OP_GET, .path = (p), .watch = true, .client = (who)})

START_TEST(sequence_and_stats)
{
	begin(NULL);
	ask(&a, JOIN);
	ask(&a, JOIN);
	ask(&a, REQUEST(ZKL_OP_LIST, "/q"));
	run(100);
	saw(&a, "create ok; create ok; list ok x-lock-0000000000 x-lock-0000000001");
	ck_assert_str_eq(a.made, "/q/x-lock-0000000001");
	ck_assert_int_eq(a.stat.ephemeral_owner, a.session);
	ck_assert_int_eq(a.stat.czxid, a.stat.mzxid);
	ck_assert_int_eq(a.stat.version, 0);
	ask(&a, REQUEST(ZKL_OP_DELETE, "/q/x-lock-0000000000"));
	ask(&a, REQUEST(ZKL_OP_EXISTS, "/q"));
	run(100);
	saw(&a, "delete ok; exists ok");
	ck_assert_int_eq(a.stat.num_children, 1);
	ck_assert_int_eq(a.stat.cversion, 3);
	ck_assert_int_gt(a.stat.pzxid, a.stat.czxid);
	end();
}
END_TEST

START_TEST(refusals)
{
	begin(NULL);
	ask(&a, REQUEST(ZKL_OP_GET, "/none"));
	ask(&a, REQUEST(ZKL_OP_DELETE, "/none"));
	ask(&a, REQUEST(ZKL_OP_CREATE, "/none/x"));
	ask(&a, REQUEST(ZKL_OP_CREATE, "/q"));
	ask(&a, JOIN);
	run(100);
	ask(&a, REQUEST(ZKL_OP_DELETE, "/q"));
	ask(&a, REQUEST(ZKL_OP_CREATE, "/q/x-lock-0000000000/y"));
	ask(&a, ((struct zkl_request){.op = ZKL_OP_SET, .path = "/q", .version = 5}));
	run(100);
	saw(&a, "get no-node; delete no-node; create no-node; create node-exists; create ok; "
		"delete not-empty; create no-children-of-ephemerals; set bad-version");
	end();
}
END_TEST

/* The type of the event is the message: a hand-off is a change, anything else a deletion. */
START_TEST(signoff_fires_changed_alone)
{
	begin(NULL);
	ask(&a, JOIN);
	run(50);
	ask(&b, WATCH("/q/x-lock-0000000000", 7));
	run(50);
	saw(&b, "get ok");
	ck_assert_uint_eq(fake_watch_count(world), 1);
	ask(&a, REQUEST(ZKL_OP_SIGNOFF, "/q/x-lock-0000000000"));
	run(50);
	saw(&a, "create ok; signoff ok");
	saw(&b, "7 changed");
	ck_assert(!fake_look(world, "/q/x-lock-0000000000", NULL));
	ck_assert_uint_eq(fake_watch_count(world), 0);
	end();
}
END_TEST

START_TEST(delete_fires_deleted)
{
	begin(NULL);
	ask(&a, JOIN);
	run(50);
	ask(&b, WATCH("/q/x-lock-0000000000", 7));
	ask(&b, WATCH("/q/x-lock-0000000000", 7));
	ask(&b, WATCH("/q/x-lock-0000000000", 8));
	run(50);
	g_string_truncate(b.seen, 0);
	ask(&a, REQUEST(ZKL_OP_DELETE, "/q/x-lock-0000000000"));
	run(50);
	saw(&b, "7 deleted; 8 deleted");
	end();
}
END_TEST

START_TEST(signoff_after_a_foreign_write_changes_nothing)
{
	begin(NULL);
	ask(&a, JOIN);
	run(50);
	ck_assert_int_eq(fake_write(world, "/q/x-lock-0000000000", "revoke"), ZKL_RC_OK);
	ask(&a, REQUEST(ZKL_OP_SIGNOFF, "/q/x-lock-0000000000"));
	run(50);
	saw(&a, "create ok; signoff bad-version");
	ck_assert(fake_look(world, "/q/x-lock-0000000000", NULL));
	end();
}
END_TEST

START_TEST(check_names_the_one_that_fails)
{
	const char *const nodes[] = {"/q", "/q/gone"};

	begin(NULL);
	ask(&a, ((struct zkl_request){.op = ZKL_OP_CHECK, .checks = nodes, .n_checks = 1}));
	ask(&a, ((struct zkl_request){.op = ZKL_OP_CHECK, .checks = nodes, .n_checks = 2}));
	ask(&a, ((struct zkl_request){
			.op = ZKL_OP_SET, .path = "/q", .version = -1, .guard = "/q/gone"}));
	ask(&a, ((struct zkl_request){
			.op = ZKL_OP_SET, .path = "/q", .version = 9, .guard = "/q"}));
	run(50);
	saw(&a, "check ok; check no-node (1); set no-node; set bad-version (1)");
	end();
}
END_TEST

static void open_sealed(void)
{
	client_open(&a, "A", "seal:secret");
	client_open(&b, "B", NULL);
	ck_assert(fake_create(world, "/q", "", ZKL_MODE_CONTAINER, NULL, NULL));
	run(100);
	ask(&a, ((struct zkl_request){.op = ZKL_OP_CREATE,
			.mode = ZKL_MODE_EPHEMERAL_SEQUENTIAL,
			.path = "/q/x-lock-",
			.acl = ZKL_ACL_SEALED}));
	run(50);
}

START_TEST(a_seal_keeps_writers_out)
{
	world = fake_new(NULL);
	open_sealed();
	ask(&b, ((struct zkl_request){
			.op = ZKL_OP_SET, .path = "/q/x-lock-0000000000", .version = -1}));
	ask(&b, REQUEST(ZKL_OP_GET, "/q/x-lock-0000000000"));
	ask(&a, REQUEST(ZKL_OP_GET_ACL, "/q/x-lock-0000000000"));
	ask(&b, REQUEST(ZKL_OP_GET_ACL, "/q/x-lock-0000000000"));
	run(50);
	saw(&b, "connected; set no-auth; get ok; get-acl ok");
	ck_assert_str_eq(b.data, "world:anyone:r,digest:seal:x:cdrwa");
	ck_assert_str_eq(a.data, "world:anyone:r,digest:seal:MPwYRna+ztNp1vfWhiG94P+jJlM=:cdrwa");
	ask(&a, REQUEST(ZKL_OP_SIGNOFF, "/q/x-lock-0000000000"));
	run(50);
	saw(&a, "connected; create ok; get-acl ok; signoff ok");
	end();
}
END_TEST

/* What decides who may delete is the parent. */
START_TEST(a_seal_does_not_keep_deleters_out)
{
	world = fake_new(NULL);
	open_sealed();
	ask(&b, REQUEST(ZKL_OP_DELETE, "/q/x-lock-0000000000"));
	run(50);
	saw(&b, "connected; delete ok");
	end();
}
END_TEST

START_TEST(another_digest_algorithm_breaks_the_seal)
{
	world = fake_new(&(struct fake_config){.digest_differs = true});
	open_sealed();
	ask(&a, REQUEST(ZKL_OP_SIGNOFF, "/q/x-lock-0000000000"));
	run(50);
	saw(&a, "connected; create ok; signoff no-auth");
	end();
}
END_TEST

START_TEST(a_lagging_server_reads_stale_and_sync_cures_it)
{
	begin(&(struct fake_config){.lag = {0, 200 * ZKL_MS}});
	/* B talks to server 1, which lags; its own writes wait for it, so its reads see them */
	ask(&a, JOIN);
	run(50);
	ask(&b, REQUEST(ZKL_OP_LIST, "/q"));
	run(20);
	saw(&b, "list ok");
	ask(&b, REQUEST(ZKL_OP_SYNC, "/q"));
	ask(&b, REQUEST(ZKL_OP_LIST, "/q"));
	run(20);
	saw(&b, "");
	run(400);
	saw(&b, "sync ok; list ok x-lock-0000000000");
	end();
}
END_TEST

START_TEST(a_read_waits_behind_our_own_write)
{
	begin(&(struct fake_config){.lag = {0, 200 * ZKL_MS}});
	ask(&b, JOIN);
	ask(&b, REQUEST(ZKL_OP_LIST, "/q"));
	run(1000);
	saw(&b, "create ok; list ok x-lock-0000000000");
	end();
}
END_TEST

START_TEST(lost_before_and_after_the_effect)
{
	begin(NULL);
	fake_plan(world, &(struct fake_fault){.kind = FAKE_LOSE,
				 .place = FAKE_AT_SERVER,
				 .from = 0,
				 .op = ZKL_OP_CREATE});
	ask(&a, JOIN);
	run(100);
	saw(&a, "suspended; create unknown; connected");
	ask(&a, REQUEST(ZKL_OP_LIST, "/q"));
	run(100);
	saw(&a, "list ok");
	fake_plan(world, &(struct fake_fault){.kind = FAKE_LOSE,
				 .place = FAKE_AT_CLIENT,
				 .from = 0,
				 .op = ZKL_OP_CREATE});
	ask(&a, JOIN);
	run(100);
	ask(&a, REQUEST(ZKL_OP_LIST, "/q"));
	run(100);
	saw(&a, "suspended; create unknown; connected; list ok x-lock-0000000000");
	ck_assert_uint_eq(fake_plan_hits(world), 2);
	end();
}
END_TEST

START_TEST(a_late_reply_keeps_its_place)
{
	begin(NULL);
	fake_plan(world, &(struct fake_fault){.kind = FAKE_LATE,
				 .ms = 500,
				 .place = FAKE_AT_CLIENT,
				 .from = 0,
				 .op = ZKL_OP_CREATE});
	ask(&a, JOIN);
	ask(&a, REQUEST(ZKL_OP_LIST, "/q"));
	run(300);
	saw(&a, "");
	run(300);
	saw(&a, "create ok; list ok x-lock-0000000000");
	end();
}
END_TEST

START_TEST(watches_outlive_a_connection)
{
	begin(NULL);
	ask(&a, JOIN);
	ask(&a, JOIN);
	ask(&a, JOIN);
	run(50);
	/* asked for in another order than they are told in: it is that of the paths */
	ask(&b, WATCH("/q/x-lock-0000000002", 3));
	ask(&b, WATCH("/q/x-lock-0000000001", 2));
	ask(&b, WATCH("/q/x-lock-0000000000", 1));
	run(50);
	g_string_truncate(b.seen, 0);
	fake_offline(b.host, true);
	ask(&a, REQUEST(ZKL_OP_SIGNOFF, "/q/x-lock-0000000000"));
	ck_assert_int_eq(fake_write(world, "/q/x-lock-0000000001", "x"), ZKL_RC_OK);
	run(100);
	saw(&b, "suspended");
	fake_offline(b.host, false);
	run(1000);
	/* what happened while away: gone is gone, whatever came before */
	saw(&b, "connected; 1 deleted; 2 changed");
	ck_assert_uint_eq(fake_watch_count(world), 1);
	ask(&a, REQUEST(ZKL_OP_DELETE, "/q/x-lock-0000000002"));
	run(100);
	saw(&b, "3 deleted");
	end();
}
END_TEST

START_TEST(no_read_right_no_event)
{
	begin(NULL);
	ask(&a, JOIN);
	run(50);
	ask(&b, WATCH("/q/x-lock-0000000000", 1));
	run(50);
	ck_assert(fake_set_acl(world, "/q/x-lock-0000000000", "digest:someone:x:cdrwa"));
	ck_assert(fake_delete(world, "/q/x-lock-0000000000"));
	run(100);
	saw(&b, "get ok");
	end();
}
END_TEST

START_TEST(a_silent_session_expires_and_not_early)
{
	zkl_time silent;

	begin(NULL);
	ask(&a, JOIN);
	run(1000);
	saw(&a, "create ok");
	silent = fake_now(world);
	fake_offline(a.host, true);
	while (fake_look(world, "/q/x-lock-0000000000", NULL))
		run(10);
	/* A's last ping was up to T/3 = 1.33 s before */
	ck_assert_int_ge(fake_now(world) - silent, 4000 * ZKL_MS - 1334 * ZKL_MS);
	ck_assert_int_le(fake_now(world) - silent, 5000 * ZKL_MS);
	fake_offline(a.host, false);
	run(1000);
	saw(&a, "suspended; expired");
	a.ops->close(a.t, true);
	run(100);
	saw(&a, "closed");
	end();
}
END_TEST

START_TEST(pings_keep_an_idle_session)
{
	begin(NULL);
	ask(&b, JOIN);
	run(60000);
	saw(&b, "create ok");
	ck_assert(fake_look(world, "/q/x-lock-0000000000", NULL));
	end();
}
END_TEST

/* Reads prove nothing (docs/guarantees.md). */
START_TEST(a_cut_follower_reads_on_while_the_leader_expires)
{
	begin(&(struct fake_config){.sync_limit = 20});
	ask(&b, JOIN);
	run(1000);
	fake_cut_link(world, 1);
	for (int i = 0; i < 80; i++) {
		ask(&b, REQUEST(ZKL_OP_EXISTS, "/q/x-lock-0000000000"));
		run(100);
	}
	ck_assert(!fake_look(world, "/q/x-lock-0000000000", NULL));
	ck_assert(!strstr(b.seen->str, "no-node"));
	ck_assert(!strstr(b.seen->str, "suspended"));
	fake_heal_link(world, 1);
	run(1000);
	ck_assert(g_str_has_suffix(b.seen->str, "suspended; expired"));
	end();
}
END_TEST

START_TEST(a_write_of_the_old_connection_is_not_run_after_the_move)
{
	begin(NULL);
	fake_pause(world, 1);
	ask(&b, JOIN);
	run(10);
	ck_assert_int_eq(b.ops->move(b.t), ZKL_MOVED);
	saw(&b, "");
	run(100);
	saw(&b, "suspended; create unknown; connected");
	ck_assert_int_eq(fake_host_server(b.host), 2);
	fake_resume(world, 1);
	run(100);
	ask(&b, REQUEST(ZKL_OP_LIST, "/q"));
	run(100);
	saw(&b, "list ok");
	end();
}
END_TEST

START_TEST(failover_keeps_sessions_and_what_is_committed)
{
	begin(NULL);
	ask(&a, JOIN);
	run(50);
	fake_kill(world, 0);
	run(2000);
	saw(&a, "create ok; suspended; connected");
	saw(&b, "suspended; connected");
	ck_assert_int_eq(fake_leader(world), 1);
	ask(&a, REQUEST(ZKL_OP_LIST, "/q"));
	ask(&b, JOIN);
	run(100);
	saw(&a, "list ok x-lock-0000000000");
	ck_assert_str_eq(b.made, "/q/x-lock-0000000001");
	ck_assert_int_eq(b.stat.czxid >> 32, 2);
	end();
}
END_TEST

START_TEST(no_quorum_no_write)
{
	begin(NULL);
	fake_kill(world, 1);
	fake_kill(world, 2);
	run(100);
	g_string_truncate(a.seen, 0);
	ask(&a, JOIN);
	ask(&a, REQUEST(ZKL_OP_LIST, "/q"));
	run(500);
	saw(&a, "");
	fake_start(world, 1);
	run(2000);
	saw(&a, "create ok; list ok x-lock-0000000000");
	end();
}
END_TEST

START_TEST(empty_data_refuses_old_clients_for_ever)
{
	begin(NULL);
	ask(&a, JOIN);
	run(100);
	fake_wipe(world);
	run(30000);
	saw(&a, "create ok; suspended");
	ck_assert(!fake_look(world, "/q", NULL));
	end();
}
END_TEST

START_TEST(containers_are_reaped_when_empty_again)
{
	begin(NULL);
	run(61000);
	ck_assert(fake_look(world, "/q", NULL));
	ask(&a, JOIN);
	run(61000);
	ck_assert(fake_look(world, "/q", NULL));
	ask(&a, REQUEST(ZKL_OP_DELETE, "/q/x-lock-0000000000"));
	run(61000);
	ck_assert(!fake_look(world, "/q", NULL));
	end();
}
END_TEST

START_TEST(close_ends_the_session_and_answers_all)
{
	begin(NULL);
	ask(&a, JOIN);
	run(50);
	ask(&a, REQUEST(ZKL_OP_LIST, "/q"));
	a.ops->close(a.t, true);
	ck_assert(!a.ops->send(a.t, &REQUEST(ZKL_OP_LIST, "/q")));
	saw(&a, "create ok");
	run(50);
	saw(&a, "list unknown; closed");
	ck_assert(!fake_look(world, "/q/x-lock-0000000000", NULL));
	end();
}
END_TEST

START_TEST(a_stopped_process_sees_all_of_it_late)
{
	begin(NULL);
	ask(&a, JOIN);
	run(50);
	g_string_truncate(a.seen, 0);
	fake_stop_host(a.host);
	run(10000);
	saw(&a, "");
	ck_assert(!fake_look(world, "/q/x-lock-0000000000", NULL));
	fake_continue_host(a.host);
	run(1000);
	saw(&a, "suspended; expired");
	end();
}
END_TEST

static char *history(uint64_t seed)
{
	g_autoptr(GString) all = g_string_new("");

	begin(&(struct fake_config){.seed = seed, .jitter = 5 * ZKL_MS, .lag = {0, 0, 3 * ZKL_MS}});
	for (int i = 0; i < 20; i++) {
		ask(&a, JOIN);
		ask(&b, REQUEST(ZKL_OP_LIST, "/q"));
		run(5);
		g_string_append_printf(all, "%s|%s|", a.seen->str, b.seen->str);
	}
	end();
	return g_string_free(g_steal_pointer(&all), FALSE);
}

START_TEST(a_seed_is_a_history)
{
	g_autofree char *one = history(1), *again = history(1), *other = history(2);

	ck_assert_str_eq(one, again);
	ck_assert_str_ne(one, other);
}
END_TEST

START_TEST(the_counter_sticks_at_its_end)
{
	begin(NULL);
	fake_set_counter(world, "/q", INT32_MAX - 1);
	for (int i = 0; i < 3; i++)
		ask(&a, ((struct zkl_request){.op = ZKL_OP_CREATE,
				.mode = ZKL_MODE_EPHEMERAL_SEQUENTIAL,
				.path = (const char *[]){
					"/q/a-lock-", "/q/b-lock-", "/q/c-lock-"}[i]}));
	ask(&a, REQUEST(ZKL_OP_LIST, "/q"));
	run(100);
	ck_assert(strstr(a.seen->str, "a-lock-2147483646 b-lock-2147483647 c-lock-2147483647"));
	end();
}
END_TEST

CHECK_MAIN("fake_zk", sequence_and_stats, refusals, signoff_fires_changed_alone,
	delete_fires_deleted, signoff_after_a_foreign_write_changes_nothing,
	check_names_the_one_that_fails, a_seal_keeps_writers_out, a_seal_does_not_keep_deleters_out,
	another_digest_algorithm_breaks_the_seal, a_lagging_server_reads_stale_and_sync_cures_it,
	a_read_waits_behind_our_own_write, lost_before_and_after_the_effect,
	a_late_reply_keeps_its_place, watches_outlive_a_connection, no_read_right_no_event,
	a_silent_session_expires_and_not_early, pings_keep_an_idle_session,
	a_cut_follower_reads_on_while_the_leader_expires,
	a_write_of_the_old_connection_is_not_run_after_the_move,
	failover_keeps_sessions_and_what_is_committed, no_quorum_no_write,
	empty_data_refuses_old_clients_for_ever, containers_are_reaped_when_empty_again,
	close_ends_the_session_and_answers_all, a_stopped_process_sees_all_of_it_late,
	a_seed_is_a_history, the_counter_sticks_at_its_end)
