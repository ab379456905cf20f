/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_stories.c - what the library does, told line by line. Each story is a file NAME.story beside
 * this one: read it to see what happens, and why. A run that tells it otherwise fails; with
 * STORY_WRITE=1 the files are written anew, to be read before they are committed.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "lib/world.h"
#include "run/record.h"

static struct world *world;
static struct world_client *a, *b, *c;

static void begin(struct world_config config)
{
	world = world_new(&config);
	a = &world->clients[0];
	b = &world->clients[1];
	c = &world->clients[2];
	world_run(world, 100);
	/* the parents, so that a story begins where it begins */
	ck_assert(fake_create(world->fake, "/locks", "", ZKL_MODE_CONTAINER, NULL, NULL));
	ck_assert(fake_create(world->fake, WORLD_LOCK, "", ZKL_MODE_CONTAINER, NULL, NULL));
	world_run(world, 100);
}

static void lock_and_wait(struct world_client *client)
{
	world_lock(client, -1);
	world_run(world, 30);
}

static void queue_of_three(struct world_config config)
{
	begin(config);
	lock_and_wait(a);
	lock_and_wait(b);
	lock_and_wait(c);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
	ck_assert_int_eq(b->phase, WORLD_WAITING);
	ck_assert_int_eq(c->phase, WORLD_WAITING);
}

static void fault(enum fake_fault_kind kind, enum fake_place place, int from, int op)
{
	fake_plan(world->fake, &(struct fake_fault){.kind = kind,
				       .place = place,
				       .from = from,
				       .op = op,
				       .host = FAKE_ANY,
				       .ms = 500});
}

static void unlock(struct world_client *client)
{
	world_release(client);
	world_run(world, 30);
}

static void delete_node_of(struct world_client *client)
{
	g_autofree char *path = world_node(client);

	ck_assert(path);
	ck_assert(fake_delete(world->fake, path));
}

/* ---- the stories ---- */

static void acquire(void)
{
	begin((struct world_config){.wire = true});
	lock_and_wait(a);
	unlock(a);
}

/* Missing parents are made on the way, once. */
static void first_ever(void)
{
	begin((struct world_config){.wire = true});
	ck_assert(fake_delete(world->fake, WORLD_LOCK));
	ck_assert(fake_delete(world->fake, "/locks"));
	world_run(world, 10);
	lock_and_wait(a);
	unlock(a);
}

static void hand_over(void)
{
	begin((struct world_config){.wire = true});
	lock_and_wait(a);
	lock_and_wait(b);
	unlock(a);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
	unlock(b);
}

/* The skip-ahead bug: B waits for A and dies; C watched B and must not take A's lock. */
static void abandoned_predecessor(void)
{
	queue_of_three((struct world_config){0});
	world_kill(b);
	world_run(world, 9000);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
	ck_assert_int_eq(c->phase, WORLD_WAITING);
	unlock(a);
	ck_assert_int_eq(c->phase, WORLD_HOLDING);
}

static void waiter_cancels(void)
{
	queue_of_three((struct world_config){0});
	world_cancel(b);
	world_run(world, 30);
	ck_assert_int_eq(c->phase, WORLD_WAITING);
	unlock(a);
	ck_assert_int_eq(c->phase, WORLD_HOLDING);
}

static void lost_create_reply(void)
{
	begin((struct world_config){.wire = true});
	fault(FAKE_LOSE, FAKE_AT_CLIENT, 0, ZKL_OP_CREATE);
	lock_and_wait(a);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
	ck_assert_uint_eq(world_contenders(world), 1);
	unlock(a);
}

static void lost_create_request(void)
{
	begin((struct world_config){.wire = true});
	fault(FAKE_LOSE, FAKE_AT_SERVER, 0, ZKL_OP_CREATE);
	lock_and_wait(a);
	world_run(world, 1000);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
	ck_assert_uint_eq(world_contenders(world), 1);
	unlock(a);
}

static void lost_signoff_reply(void)
{
	queue_of_three((struct world_config){0});
	fault(FAKE_LOSE, FAKE_AT_CLIENT, 0, ZKL_OP_SIGNOFF);
	unlock(a);
	world_run(world, 500);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
	ck_assert_uint_eq(a->released, 1);
}

static void expiry_while_waiting(void)
{
	queue_of_three((struct world_config){0});
	fake_expire(b->host);
	world_run(world, 500);
	/* B joins again, behind C */
	ck_assert_int_eq(b->phase, WORLD_WAITING);
	unlock(a);
	ck_assert_int_eq(c->phase, WORLD_HOLDING);
	unlock(c);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
}

static void expiry_while_holding(void)
{
	queue_of_three((struct world_config){0});
	fake_expire(a->host);
	world_run(world, 500);
	ck_assert_uint_eq(a->lost, 1);
	/* it was proven to live: these servers have forgotten it */
	ck_assert_int_eq(a->last_cause, ZKLOCK_CAUSE_RESET);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
}

static void holder_is_killed(void)
{
	queue_of_three((struct world_config){0});
	world_kill(a);
	world_run(world, 9000);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
}

static void parent_reaped(void)
{
	begin((struct world_config){.wire = true});
	lock_and_wait(a);
	unlock(a);
	fake_reap(world->fake);
	world_run(world, 50);
	ck_assert(!fake_look(world->fake, WORLD_LOCK, NULL));
	lock_and_wait(a);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
	ck_assert_uint_eq(a->granted, 2);
}

/* Sealed: the writer is refused, and nobody is harmed. */
static void foreign_write_sealed(void)
{
	g_autofree char *path = NULL;

	queue_of_three((struct world_config){0});
	path = world_node(a);
	ck_assert_int_eq(fake_write(world->fake, path, "revoke"), ZKL_RC_NO_AUTH);
	world_run(world, 50);
	ck_assert_int_eq(b->phase, WORLD_WAITING);
	unlock(a);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
}

/* Not sealed: CHANGED grants nothing, and so do later ones. */
static void foreign_write_unsealed(void)
{
	g_autofree char *path = NULL;

	queue_of_three((struct world_config){.no_seal = true});
	path = world_node(a);
	ck_assert_int_eq(fake_write(world->fake, path, "revoke"), ZKL_RC_OK);
	world_run(world, 50);
	ck_assert_int_eq(b->phase, WORLD_WAITING);
	ck_assert_int_eq(fake_write(world->fake, path, "again"), ZKL_RC_OK);
	world_run(world, 50);
	ck_assert_int_eq(b->phase, WORLD_WAITING);
	unlock(a);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
}

/* Sealed, and a super user writes all the same, before and after B has set its watch: what was
 * written into once is not trusted any more. */
static void foreign_write_by_a_super_user(void)
{
	const struct zkl_record_terms terms = {6000, 3000, 1000};
	g_autofree char *path = NULL, *record = zkl_record_text(true, "A", &terms, 1);

	begin((struct world_config){0});
	lock_and_wait(a);
	path = world_node(a);
	ck_assert(fake_set_acl(world->fake, path, "world:anyone:cdrwa"));
	ck_assert_int_eq(fake_write(world->fake, path, record), ZKL_RC_OK);
	lock_and_wait(b);
	ck_assert_int_eq(fake_write(world->fake, path, record), ZKL_RC_OK);
	world_run(world, 50);
	ck_assert_int_eq(b->phase, WORLD_WAITING);
	unlock(a);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
}

/* Written into by somebody whom no ACL stops: the sign-off fails, the plain delete follows. */
static void signoff_refused(void)
{
	queue_of_three((struct world_config){.fake = {.digest_differs = true}});
	unlock(a);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
	unlock(b);
	ck_assert_int_eq(c->phase, WORLD_HOLDING);
}

/* Queue A, B, C. An operator deletes B's node: C looks again and watches A, too. A signs off: B
 * must not take what C may take. */
static void own_node_of_a_waiter_deleted(void)
{
	queue_of_three((struct world_config){0});
	delete_node_of(b);
	world_run(world, 50);
	unlock(a);
	ck_assert_int_eq(c->phase, WORLD_HOLDING);
	ck_assert_int_eq(b->phase, WORLD_WAITING);
	unlock(c);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
}

/* The same, with the sign-off right behind: B hears of both at once, in order. */
static void own_node_deleted_just_before_the_hand_over(void)
{
	queue_of_three((struct world_config){0});
	delete_node_of(b);
	world_release(a);
	world_run(world, 50);
	ck_assert_int_eq(c->phase, WORLD_HOLDING);
	ck_assert_int_eq(b->phase, WORLD_WAITING);
}

static void operator_breaks_the_lock(void)
{
	queue_of_three((struct world_config){0});
	/* the holder watches its node with its first proof */
	world_run(world, 3000);
	delete_node_of(a);
	world_run(world, 50);
	ck_assert_uint_eq(a->lost, 1);
	ck_assert_int_eq(a->last_cause, ZKLOCK_CAUSE_DELETED);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
}

/* A follower cut from its leader goes on answering reads. Writes tell. */
static void server_cut_from_its_leader(void)
{
	begin((struct world_config){.timeout_ms = 10000, .fake = {.sync_limit = 40}});
	lock_and_wait(b);
	world_run(world, 5000);
	fake_cut_link(world->fake, fake_host_server(b->host));
	world_run(world, 20000);
	/* it moved to another server, in the same session, and holds the lock */
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
	ck_assert_uint_eq(b->lost, 0);
}

static void server_stopped(void)
{
	begin((struct world_config){.timeout_ms = 10000});
	lock_and_wait(b);
	world_run(world, 5000);
	fake_pause(world->fake, fake_host_server(b->host));
	world_run(world, 10000);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
	ck_assert_uint_eq(b->lost, 0);
	ck_assert_uint_eq(b->suspended, 1);
	ck_assert_uint_eq(b->resumed, 1);
}

/* No server at all: told by our own clock, once. */
static void no_server(void)
{
	queue_of_three((struct world_config){0});
	fake_offline(a->host, true);
	world_run(world, 12000);
	ck_assert_uint_eq(a->lost, 1);
	ck_assert_int_eq(a->last_cause, ZKLOCK_CAUSE_UNPROVEN);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
}

/* Stopped for longer than its session: when it wakes, it believes nothing, before any event. */
static void process_stopped(void)
{
	queue_of_three((struct world_config){0});
	fake_stop_host(a->host);
	world_run(world, 12000);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
	ck_assert(!world_believes(a));
	fake_continue_host(a->host);
	ck_assert(!world_believes(a));
	world_run(world, 1000);
	ck_assert_uint_eq(a->lost, 1);
}

/* Waited long, but stood near: the proof is fresh when the turn comes. */
static void long_wait(void)
{
	begin((struct world_config){.wire = true});
	lock_and_wait(a);
	lock_and_wait(b);
	world_run(world, 20000);
	g_free(world_story(world));
	unlock(a);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
}

static void try_free_and_held(void)
{
	begin((struct world_config){.wire = true});
	world_lock(a, 0);
	world_run(world, 50);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
	world_lock(b, 0);
	world_run(world, 50);
	ck_assert_int_eq(b->last_error, ZKLOCK_ERR_BUSY);
}

static void deadline_in_the_queue(void)
{
	begin((struct world_config){0});
	lock_and_wait(a);
	world_lock(b, 200);
	world_run(world, 300);
	ck_assert_int_eq(b->last_error, ZKLOCK_ERR_TIMEOUT);
	ck_assert_uint_eq(world_contenders(world), 1);
}

static void deadline_without_servers(void)
{
	begin((struct world_config){0});
	fake_offline(b->host, true);
	world_run(world, 50);
	world_lock(b, 200);
	world_run(world, 300);
	ck_assert_int_eq(b->last_error, ZKLOCK_ERR_UNAVAILABLE);
}

static void old_servers(void)
{
	world = world_new(&(struct world_config){
		.clients = 1, .fake = {.no_containers = true}, .wire = true});
	a = &world->clients[0];
	world_run(world, 100);
	world_lock(a, -1);
	world_run(world, 1000);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
}

static void access_denied(void)
{
	begin((struct world_config){0});
	ck_assert(fake_set_acl(world->fake, WORLD_LOCK, "digest:somebody:x:cdrwa"));
	world_run(world, 50);
	world_lock(a, -1);
	world_run(world, 1000);
	ck_assert_int_eq(a->last_error, ZKLOCK_ERR_ACCESS);
}

static void election(void)
{
	queue_of_three((struct world_config){.timeout_ms = 10000});
	fake_kill(world->fake, 0);
	world_run(world, 4000);
	ck_assert_uint_eq(a->lost, 0);
	unlock(a);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
}

static void empty_restart(void)
{
	queue_of_three((struct world_config){0});
	world->wiped = true;
	fake_wipe(world->fake);
	world_run(world, 60000);
	ck_assert_uint_eq(a->lost, 1);
	/* tokens would fall: a process that has seen a higher one refuses */
	ck_assert_int_ne(b->phase, WORLD_RELEASING);
}

/* They forget all while a release is under way: done, when our own clock says that it must be. */
static void empty_restart_while_releasing(void)
{
	begin((struct world_config){0});
	lock_and_wait(a);
	world->wiped = true;
	world_release(a);
	fake_wipe(world->fake);
	world_run(world, 60000);
	ck_assert_uint_eq(a->released, 1);
	ck_assert_uint_eq(a->lost, 0);
	ck_assert_uint_eq(world_contenders(world), 0);
}

/* The children are counted: Curator's and kazoo's stand in the same queue, others do not. */
static void neighbours(void)
{
	begin((struct world_config){0});
	ck_assert(fake_create(world->fake,
		WORLD_LOCK "/_c_5d0f9c0e-6b1f-4c5e-9d7a-0b1c2d3e4f50-lock-", "",
		ZKL_MODE_EPHEMERAL_SEQUENTIAL, NULL, NULL));
	ck_assert(fake_create(
		world->fake, WORLD_LOCK "/readme", "", ZKL_MODE_PERSISTENT, NULL, NULL));
	lock_and_wait(a);
	lock_and_wait(b);
	ck_assert_int_eq(a->phase, WORLD_WAITING);
	ck_assert(fake_delete(world->fake,
		WORLD_LOCK "/_c_5d0f9c0e-6b1f-4c5e-9d7a-0b1c2d3e4f50-lock-0000000000"));
	world_run(world, 50);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
	unlock(a);
	ck_assert_int_eq(b->phase, WORLD_HOLDING);
}

/* Servers do not wrap the number, they repeat the last one: nobody may stand on it. */
static void end_of_numbers(void)
{
	begin((struct world_config){0});
	fake_set_counter(world->fake, WORLD_LOCK, INT32_MAX - 1);
	lock_and_wait(a);
	lock_and_wait(b);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
	ck_assert_int_eq(b->last_error, ZKLOCK_ERR_LIMIT);
	unlock(a);
	lock_and_wait(c);
	ck_assert_int_eq(c->last_error, ZKLOCK_ERR_LIMIT);
	ck_assert_uint_eq(world_contenders(world), 0);
	/* empty, the directory is reaped, and the numbers begin again */
	fake_reap(world->fake);
	world_run(world, 50);
	lock_and_wait(c);
	ck_assert_int_eq(c->phase, WORLD_HOLDING);
}

/* However often it failed before, missing parents are made. */
static void parents_after_failures(void)
{
	world = world_new(&(struct world_config){.clients = 1});
	a = &world->clients[0];
	world_run(world, 100);
	for (int i = 1; i <= 6; i++)
		fake_plan(world->fake, &(struct fake_fault){.kind = FAKE_REFUSE,
					       .place = FAKE_AT_SERVER,
					       .from = 0,
					       .op = ZKL_OP_CREATE,
					       .nth = i,
					       .host = FAKE_ANY,
					       .rc = ZKL_RC_THROTTLED});
	world_lock(a, -1);
	world_run(world, 20000);
	ck_assert_int_eq(a->phase, WORLD_HOLDING);
}

/* Rights taken away while we hold: told, and cleaned up by the session's end, which needs none. */
static void release_denied(void)
{
	begin((struct world_config){0});
	lock_and_wait(a);
	ck_assert(fake_set_acl(world->fake, WORLD_LOCK, "digest:somebody:x:cdrwa"));
	unlock(a);
	ck_assert_int_eq(a->last_error, ZKLOCK_ERR_ACCESS);
	world_run(world, 100);
	ck_assert_uint_eq(world_contenders(world), 0);
	ck_assert_uint_eq(fake_sessions(world->fake), 3); /* the next one of A is there */
}

static void close_with_all(void)
{
	queue_of_three((struct world_config){0});
	world_close(b);
	world_close(a);
	world_run(world, 100);
	ck_assert_int_eq(c->phase, WORLD_HOLDING);
	ck_assert_uint_eq(world_contenders(world), 1);
	ck_assert_uint_eq(fake_sessions(world->fake), 1);
}

#define STORY(name)                                                                                \
	{                                                                                          \
#name, name                                                                        \
	}
static const struct {
	const char *name;
	void (*tell)(void);
} stories[] = {
	STORY(acquire),
	STORY(first_ever),
	STORY(hand_over),
	STORY(abandoned_predecessor),
	STORY(waiter_cancels),
	STORY(lost_create_reply),
	STORY(lost_create_request),
	STORY(lost_signoff_reply),
	STORY(expiry_while_waiting),
	STORY(expiry_while_holding),
	STORY(holder_is_killed),
	STORY(parent_reaped),
	STORY(foreign_write_sealed),
	STORY(foreign_write_unsealed),
	STORY(foreign_write_by_a_super_user),
	STORY(signoff_refused),
	STORY(own_node_of_a_waiter_deleted),
	STORY(own_node_deleted_just_before_the_hand_over),
	STORY(operator_breaks_the_lock),
	STORY(server_cut_from_its_leader),
	STORY(server_stopped),
	STORY(no_server),
	STORY(process_stopped),
	STORY(long_wait),
	STORY(try_free_and_held),
	STORY(deadline_in_the_queue),
	STORY(deadline_without_servers),
	STORY(old_servers),
	STORY(access_denied),
	STORY(election),
	STORY(empty_restart),
	STORY(empty_restart_while_releasing),
	STORY(neighbours),
	STORY(end_of_numbers),
	STORY(release_denied),
	STORY(parents_after_failures),
	STORY(close_with_all),
};

/* ---- telling them ---- */

static char *file_of(const char *name)
{
	const char *top = g_getenv("top_srcdir");

	return g_strdup_printf("%s/tests/story/%s.story", top ? top : ".", name);
}

static void compare(const char *name, const char *told)
{
	g_autofree char *file = file_of(name);
	g_autofree char *expected = NULL;

	if (g_getenv("STORY_WRITE")) {
		ck_assert_msg(g_file_set_contents(file, told, -1, NULL), "cannot write %s", file);
		return;
	}
	ck_assert_msg(g_file_get_contents(file, &expected, NULL, NULL), "cannot read %s", file);
	if (strcmp(told, expected) != 0)
		fprintf(stderr, "--- %s is told otherwise:\n%s---\n", name, told);
	ck_assert_msg(!strcmp(told, expected), "the story %s is told otherwise", name);
}

START_TEST(story)
{
	g_autofree char *told = NULL;

	stories[_i].tell();
	ck_assert_msg(!world_violation(world), "%s: %s", stories[_i].name, world_violation(world));
	told = world_story(world);
	world_free(world);
	compare(stories[_i].name, told);
}
END_TEST

/* ---- those without a text ---- */

static struct world_client *canceller;

static void cancel_now(void *unused)
{
	if (canceller->contender)
		world_cancel(canceller);
}

/* Whenever it is, nothing of it is left and nobody else is harmed. */
START_TEST(cancel_at_every_step)
{
	uint64_t last;

	queue_of_three((struct world_config){0});
	last = fake_steps(world->fake);
	world_free(world);
	for (uint64_t step = 1; step <= last + 5; step++) {
		begin((struct world_config){0});
		canceller = b;
		fake_plan(world->fake, &(struct fake_fault){.kind = FAKE_CALL,
					       .step = fake_steps(world->fake) + step,
					       .host = FAKE_ANY,
					       .call = cancel_now});
		lock_and_wait(a);
		lock_and_wait(b);
		lock_and_wait(c);
		world_run(world, 100);
		ck_assert(b->phase == WORLD_IDLE || b->phase == WORLD_WAITING);
		ck_assert_int_eq(b->failed, b->phase == WORLD_IDLE);
		ck_assert_uint_eq(world_contenders(world), b->phase == WORLD_IDLE ? 2 : 3);
		unlock(a);
		ck_assert_int_eq(b->phase == WORLD_IDLE ? c->phase : b->phase, WORLD_HOLDING);
		ck_assert_msg(
			!world_violation(world), "step %d: %s", (int)step, world_violation(world));
		world_free(world);
	}
}
END_TEST

START_TEST(a_thousand_timeouts_leave_no_node)
{
	begin((struct world_config){0});
	lock_and_wait(a);
	for (int i = 0; i < 1000; i++) {
		world_lock(b, 1 + i % 20);
		world_run(world, 60);
		ck_assert_int_eq(b->phase, WORLD_IDLE);
	}
	ck_assert_uint_eq(world_contenders(world), 1);
	ck_assert_uint_eq(b->failed, 1000);
	unlock(a);
	ck_assert_uint_eq(fake_watch_count(world->fake), 0);
	ck_assert(!world_violation(world));
	world_free(world);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stories");
	TCase *tcase = tcase_create("stories");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, story, 0, (int)G_N_ELEMENTS(stories));
	tcase_add_test(tcase, cancel_at_every_step);
	tcase_add_test(tcase, a_thousand_timeouts_leave_no_node);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
