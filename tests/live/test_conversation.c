/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_conversation.c - the rules of transport.h, as conversations that both makes have to hold.
 *
 * Each is run against the fake in virtual time and against real servers. What only the real one can
 * show (threads, bad input to the C client) comes at the end.
 */
#include <check.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "live_case.h"
#include "talk.h"

static struct stage *stage;
static const struct cast ann = {.name = "ann", .seal = TALK_SEAL};
static const struct cast bob = {.name = "bob", .seal = "zklock-test:anderes"};

static void expect(const struct note *n, enum zkl_class result, enum zkl_rc rc)
{
	ck_assert_msg(n->m.result == result && n->m.rc == rc,
		"%s: class %d, %s (native %d); wanted class %d, %s", zkl_op_name(n->m.op),
		n->m.result, zkl_rc_name(n->m.rc), n->m.native, result, zkl_rc_name(rc));
}

/* Below the stage's root; the last four live. */
static const char *below(const char *name)
{
	static char paths[4][160];
	static int next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", stage_root(stage), name);
	return path;
}

static const struct note *create(struct party *p, const char *path, enum zkl_mode mode)
{
	struct zkl_request q = ask_create(path, mode, ZKL_ACL_PARENT);
	const struct note *n = party_ask(p, &q);
	expect(n, ZKL_DONE, ZKL_RC_OK);
	return n;
}

/* A party, on a stage whose root exists. */
static struct party *set(int make)
{
	stage = stage_new(make);
	struct party *p = party_join(stage, &ann);
	create(p, stage_root(stage), ZKL_MODE_CONTAINER);
	return p;
}

static void request(struct party *p, struct zkl_request q, enum zkl_class result, enum zkl_rc rc)
{
	expect(party_ask(p, &q), result, rc);
}

/* A sequential contender; its path is the caller's to free. */
static char *contend(struct party *p, enum zkl_acl_kind acl)
{
	struct zkl_request q = ask_create(below("guid-lock-"), ZKL_MODE_EPHEMERAL_SEQUENTIAL, acl);
	const struct note *n = party_ask(p, &q);
	expect(n, ZKL_DONE, ZKL_RC_OK);
	return strdup(n->path);
}

static void strike(struct party *p)
{
	for (;;) { /* what a test leaves behind is taken away; ephemeral nodes go with their
		      sessions */
		struct zkl_request list = ask(ZKL_OP_LIST, stage_root(stage));
		const struct note *n = party_ask(p, &list);
		if (n->m.result != ZKL_DONE || n->m.n_children == 0)
			break;
		request(p, ask(ZKL_OP_DELETE, below(n->children[0])), ZKL_DONE, ZKL_RC_OK);
	}
	struct zkl_request drop = ask(ZKL_OP_DELETE, stage_root(stage));
	party_ask(p, &drop);
	party_leave(p);
	stage_free(stage);
}

/* ---- replies ---- */

START_TEST(connected_tells_the_session)
{
	stage = stage_new(_i);
	struct party *p = party_open(stage, &ann);
	struct zkl_request q = ask(ZKL_OP_SYNC, "/");
	ck_assert(!party_send(p, &q));
	const struct note *n = party_next_event(p, ZKL_SESSION_CONNECTED);
	ck_assert_int_ne(n->m.session_id, 0);
	ck_assert_int_eq(n->m.timeout_ms, 6000);
	ck_assert_int_gt(n->m.received, 0);
	party_leave(p);
	stage_free(stage);
}
END_TEST

START_TEST(a_node_lives)
{
	struct party *p = set(_i);
	struct zkl_request q = ask_create(below("n"), ZKL_MODE_PERSISTENT, ZKL_ACL_PARENT);
	q.data = "one";
	q.len = 3;
	ck_assert_str_eq(party_ask(p, &q)->path, below("n"));
	request(p, q, ZKL_REFUSED, ZKL_RC_NODE_EXISTS);
	struct zkl_request get = ask(ZKL_OP_GET, below("n"));
	const struct note *n = party_ask(p, &get);
	expect(n, ZKL_DONE, ZKL_RC_OK);
	ck_assert(n->m.has_stat && n->m.len == 3 && memcmp(n->data, "one", 3) == 0);
	ck_assert_int_eq(n->m.stat.version, 0);
	ck_assert_int_eq(n->m.stat.data_length, 3);
	ck_assert_int_eq(n->m.stat.ephemeral_owner, 0);
	q = ask(ZKL_OP_SET, below("n"));
	q.version = 5;
	request(p, q, ZKL_REFUSED, ZKL_RC_BAD_VERSION);
	q.version = 0;
	request(p, q, ZKL_DONE, ZKL_RC_OK);
	n = party_ask(p, &get);
	ck_assert(n->m.len == 0 && n->m.stat.version == 1);
	q = ask(ZKL_OP_DELETE, below("n"));
	q.version = 0;
	request(p, q, ZKL_REFUSED, ZKL_RC_BAD_VERSION);
	q.version = 1;
	request(p, q, ZKL_DONE, ZKL_RC_OK);
	request(p, q, ZKL_REFUSED, ZKL_RC_NO_NODE);
	request(p, get, ZKL_REFUSED, ZKL_RC_NO_NODE);
	strike(p);
}
END_TEST

START_TEST(a_contender_has_a_name_and_a_stat)
{
	struct party *p = set(_i);
	struct zkl_request q =
		ask_create(below("g-lock-"), ZKL_MODE_EPHEMERAL_SEQUENTIAL, ZKL_ACL_SEALED);
	const struct note *n = party_ask(p, &q);
	expect(n, ZKL_DONE, ZKL_RC_OK);
	ck_assert_str_eq(n->path, below("g-lock-0000000000"));
	ck_assert(n->m.has_stat && n->m.stat.czxid > 0 && n->m.stat.version == 0);
	ck_assert_int_eq(n->m.stat.ephemeral_owner, party_session(p));
	int64_t first = n->m.stat.czxid;
	n = party_ask(p, &q);
	ck_assert_str_eq(n->path, below("g-lock-0000000001"));
	ck_assert_int_gt(n->m.stat.czxid, first);
	strike(p);
}
END_TEST

START_TEST(lists_and_refusals)
{
	struct party *p = set(_i);
	create(p, below("a"), ZKL_MODE_EPHEMERAL);
	create(p, below("b"), ZKL_MODE_PERSISTENT);
	struct zkl_request q = ask(ZKL_OP_LIST, stage_root(stage));
	const struct note *n = party_ask(p, &q);
	expect(n, ZKL_DONE, ZKL_RC_OK);
	ck_assert_uint_eq(n->m.n_children, 2);
	ck_assert_int_eq(n->children[0][0] + n->children[1][0], 'a' + 'b');
	request(p, ask(ZKL_OP_DELETE, stage_root(stage)), ZKL_REFUSED, ZKL_RC_NOT_EMPTY);
	request(p, ask_create(below("a/c"), ZKL_MODE_PERSISTENT, ZKL_ACL_PARENT), ZKL_REFUSED,
		ZKL_RC_NO_CHILDREN_OF_EPHEMERALS);
	request(p, ask_create(below("x/y"), ZKL_MODE_PERSISTENT, ZKL_ACL_PARENT), ZKL_REFUSED,
		ZKL_RC_NO_NODE);
	request(p, ask(ZKL_OP_LIST, below("x")), ZKL_REFUSED, ZKL_RC_NO_NODE);
	request(p, ask(ZKL_OP_EXISTS, below("x")), ZKL_REFUSED, ZKL_RC_NO_NODE);
	request(p, ask(ZKL_OP_SYNC, stage_root(stage)), ZKL_DONE, ZKL_RC_OK);
	q = ask(ZKL_OP_EXISTS, stage_root(stage));
	n = party_ask(p, &q);
	ck_assert(n->m.has_stat && n->m.stat.num_children == 2);
	q = ask(ZKL_OP_GET_ACL, below("a"));
	n = party_ask(p, &q);
	ck_assert_str_eq(n->data, TALK_OPEN_ACL);
	ck_assert_uint_eq(n->m.len, strlen(TALK_OPEN_ACL));
	strike(p);
}
END_TEST

/* Rule 1: sent together, answered in order, and the list knows of the create before it. */
START_TEST(one_flight_keeps_its_order)
{
	struct party *p = set(_i);
	for (uint32_t i = 0; i < 100; i += 2) {
		char name[16];
		snprintf(name, sizeof name, "n%u", i);
		struct zkl_request q = ask_create(below(name), ZKL_MODE_EPHEMERAL, ZKL_ACL_PARENT);
		q.cookie = i;
		ck_assert(party_send(p, &q));
		q = ask(ZKL_OP_LIST, stage_root(stage));
		q.cookie = i + 1;
		ck_assert(party_send(p, &q));
	}
	for (uint32_t i = 0; i < 100; i += 2) {
		expect(party_next_reply(p, i), ZKL_DONE, ZKL_RC_OK);
		ck_assert_uint_eq(party_next_reply(p, i + 1)->m.n_children, i / 2 + 1);
	}
	strike(p);
}
END_TEST

/* ---- transactions ---- */

START_TEST(a_proof_names_what_is_gone)
{
	struct party *p = set(_i);
	char *one = contend(p, ZKL_ACL_SEALED), *two = contend(p, ZKL_ACL_SEALED);
	const char *checks[] = {one, two, one};
	struct zkl_request q = {.op = ZKL_OP_CHECK, .checks = checks, .n_checks = 3};
	request(p, q, ZKL_DONE, ZKL_RC_OK);
	request(p, ask(ZKL_OP_DELETE, two), ZKL_DONE, ZKL_RC_OK);
	const struct note *n = party_ask(p, &q);
	expect(n, ZKL_REFUSED, ZKL_RC_NO_NODE);
	ck_assert_uint_eq(n->m.failed, 1);
	q.n_checks = 1;
	request(p, q, ZKL_DONE, ZKL_RC_OK);
	free(one);
	free(two);
	strike(p);
}
END_TEST

START_TEST(a_guard_guards)
{
	struct party *p = set(_i);
	char *guard = contend(p, ZKL_ACL_SEALED);
	struct zkl_request q = ask_create(below("d"), ZKL_MODE_PERSISTENT, ZKL_ACL_PARENT);
	q.guard = guard;
	const struct note *n = party_ask(p, &q);
	expect(n, ZKL_DONE, ZKL_RC_OK);
	ck_assert_str_eq(n->path, below("d"));
	n = party_ask(p, &q);
	expect(n, ZKL_REFUSED, ZKL_RC_NODE_EXISTS);
	ck_assert_uint_eq(n->m.failed, 1);
	q = ask(ZKL_OP_SET, below("d"));
	q.guard = guard;
	request(p, q, ZKL_DONE, ZKL_RC_OK);
	request(p, ask(ZKL_OP_DELETE, guard), ZKL_DONE, ZKL_RC_OK);
	n = party_ask(p, &q);
	expect(n, ZKL_REFUSED, ZKL_RC_NO_NODE);
	ck_assert_uint_eq(n->m.failed, 0);
	q = ask(ZKL_OP_DELETE, below("d"));
	q.guard = guard;
	expect(party_ask(p, &q), ZKL_REFUSED, ZKL_RC_NO_NODE);
	q.guard = stage_root(stage);
	request(p, q, ZKL_DONE, ZKL_RC_OK);
	free(guard);
	strike(p);
}
END_TEST

START_TEST(a_sealed_node_is_for_all_to_read_and_for_one_to_write)
{
	struct party *p = set(_i), *other = party_join(stage, &bob);
	char *node = contend(p, ZKL_ACL_SEALED);
	request(other, ask(ZKL_OP_SYNC, node), ZKL_DONE, ZKL_RC_OK);
	request(other, ask(ZKL_OP_GET, node), ZKL_DONE, ZKL_RC_OK);
	request(other, ask(ZKL_OP_SET, node), ZKL_REFUSED, ZKL_RC_NO_AUTH);
	struct zkl_request q = ask(ZKL_OP_SIGNOFF, node);
	const struct note *n = party_ask(other, &q);
	expect(n, ZKL_REFUSED, ZKL_RC_NO_AUTH);
	ck_assert_uint_eq(n->m.failed, 0);
	request(p, q, ZKL_DONE, ZKL_RC_OK);
	request(p, q, ZKL_REFUSED, ZKL_RC_NO_NODE);
	free(node);
	node = contend(
		p, ZKL_ACL_UNSEALED); /* someone writes, and the holder's sign-off is refused */
	request(other, ask(ZKL_OP_SYNC, node), ZKL_DONE, ZKL_RC_OK);
	request(other, ask(ZKL_OP_SET, node), ZKL_DONE, ZKL_RC_OK);
	q = ask(ZKL_OP_SIGNOFF, node);
	n = party_ask(p, &q);
	expect(n, ZKL_REFUSED, ZKL_RC_BAD_VERSION);
	ck_assert_uint_eq(n->m.failed, 0);
	free(node);
	party_leave(other);
	strike(p);
}
END_TEST

/* ---- watches ---- */

static void watch(struct party *p, const char *path, uint64_t client)
{
	request(p, ask(ZKL_OP_SYNC, path), ZKL_DONE, ZKL_RC_OK);
	request(p, ask_watch(path, client), ZKL_DONE, ZKL_RC_OK);
}

/* The message of the hand-off: a sign-off is seen as CHANGED, once, and before anything that shows
 * its effect; every other end is seen as DELETED. */
START_TEST(a_sign_off_changes_and_an_end_deletes)
{
	struct party *p = set(_i), *other = party_join(stage, &bob);
	char *first = contend(p, ZKL_ACL_SEALED), *second = contend(p, ZKL_ACL_SEALED);
	watch(other, first, 7);
	watch(other, second, UINT32_MAX + (uint64_t)8);
	request(p, ask(ZKL_OP_SIGNOFF, first), ZKL_DONE, ZKL_RC_OK);
	const struct note *n = party_next_watch(other, 7);
	ck_assert_int_eq(n->m.watch, ZKL_WATCH_CHANGED);
	ck_assert_str_eq(n->path, first);
	request(other, ask(ZKL_OP_GET, first), ZKL_REFUSED, ZKL_RC_NO_NODE);
	request(p, ask(ZKL_OP_DELETE, second), ZKL_DONE, ZKL_RC_OK);
	n = party_next_watch(other, UINT32_MAX + (uint64_t)8);
	ck_assert_int_eq(n->m.watch, ZKL_WATCH_DELETED);
	ck_assert_str_eq(n->path, second);
	request(other, ask(ZKL_OP_SYNC, stage_root(stage)), ZKL_DONE,
		ZKL_RC_OK); /* nothing between */
	free(first);
	free(second);
	party_leave(other);
	strike(p);
}
END_TEST

START_TEST(two_watchers_of_one_node)
{
	struct party *p = set(_i), *other = party_join(stage, &bob);
	char *node = contend(p, ZKL_ACL_SEALED);
	watch(other, node, 1);
	watch(other, node, 2);
	watch(other, node, 2);
	request(p, ask(ZKL_OP_SIGNOFF, node), ZKL_DONE, ZKL_RC_OK);
	uint64_t one = party_next(other)->m.client, two = party_next(other)->m.client;
	ck_assert_uint_eq(one + two, 3);
	request(other, ask(ZKL_OP_SYNC, stage_root(stage)), ZKL_DONE, ZKL_RC_OK);
	request(other, ask_watch(node, 1), ZKL_REFUSED,
		ZKL_RC_NO_NODE); /* leaves no watch behind */
	create(p, node, ZKL_MODE_EPHEMERAL);
	request(other, ask(ZKL_OP_SYNC, stage_root(stage)), ZKL_DONE, ZKL_RC_OK);
	free(node);
	party_leave(other);
	strike(p);
}
END_TEST

/* Rule 1: asked over and over, no reply shows the node gone before the watch has told. */
START_TEST(a_watch_precedes_what_it_tells)
{
	struct party *p = set(_i), *other = party_join(stage, &bob);
	char *node = contend(p, ZKL_ACL_SEALED);
	watch(other, node, 3);
	struct zkl_request q = ask(ZKL_OP_SIGNOFF, node);
	ck_assert(party_send(p, &q));
	bool told = false;
	for (bool gone = false; !gone;) {
		struct zkl_request get = ask(ZKL_OP_GET, node);
		ck_assert(party_send(other, &get));
		const struct note *n = party_next(other);
		if (n->m.kind == ZKL_MSG_WATCH) {
			told = true;
			n = party_next(other);
		}
		gone = n->m.rc == ZKL_RC_NO_NODE;
		ck_assert(told || !gone);
	}
	expect(party_next(p), ZKL_DONE, ZKL_RC_OK);
	free(node);
	party_leave(other);
	strike(p);
}
END_TEST

/* ---- the session ---- */

/* Rule 3: SUSPENDED, then what was under way, then CONNECTED; session, node and watch are kept, and
 * what a watch missed is told after. */
START_TEST(a_move_keeps_session_node_and_watch)
{
	struct party *p = set(_i), *other = party_join(stage, &bob);
	char *mine = contend(p, ZKL_ACL_SEALED), *node = contend(other, ZKL_ACL_SEALED);
	watch(p, node, 9);
	int64_t session = party_session(p);
	struct zkl_request q = ask(ZKL_OP_SYNC, node);
	q.cookie = 1;
	ck_assert(party_send(p, &q));
	ck_assert_int_eq(party_move(p), ZKL_MOVED);
	const struct note *n = party_next(p);
	if (n->m.kind == ZKL_MSG_REPLY) {
		expect(n, ZKL_DONE, ZKL_RC_OK); /* it was faster */
		party_next_event(p, ZKL_SESSION_SUSPENDED);
	} else {
		ck_assert_int_eq(n->m.event, ZKL_SESSION_SUSPENDED);
		expect(party_next_reply(p, 1), ZKL_UNKNOWN, ZKL_RC_CONNECTION);
	}
	party_next_event(p, ZKL_SESSION_CONNECTED);
	ck_assert_int_eq(party_session(p), session);
	request(p, ask(ZKL_OP_EXISTS, mine), ZKL_DONE, ZKL_RC_OK);
	request(other, ask(ZKL_OP_SIGNOFF, node), ZKL_DONE, ZKL_RC_OK);
	n = party_next_watch(p, 9);
	ck_assert_int_eq(n->m.watch, ZKL_WATCH_CHANGED);
	request(p, ask(ZKL_OP_SIGNOFF, mine), ZKL_DONE, ZKL_RC_OK); /* the seal went along */
	free(mine);
	free(node);
	party_leave(other);
	strike(p);
}
END_TEST

START_TEST(a_watch_that_missed_the_end_is_told_after)
{
	struct party *p = set(_i), *other = party_join(stage, &bob);
	char *node = contend(other, ZKL_ACL_SEALED);
	watch(p, node, 9);
	ck_assert_int_eq(party_move(p), ZKL_MOVED);
	struct zkl_request q = ask(ZKL_OP_DELETE, node);
	expect(party_ask(other, &q), ZKL_DONE, ZKL_RC_OK);
	bool told = false, gone = false;
	for (bool up = true; !told || !gone;) { /* before, or after the new connection: but told */
		const struct note *n = party_next(p);
		if (n->m.kind == ZKL_MSG_WATCH) {
			ck_assert(up && n->m.client == 9 && n->m.watch == ZKL_WATCH_DELETED);
			told = true;
		} else if (n->m.kind == ZKL_MSG_SESSION) {
			up = n->m.event == ZKL_SESSION_CONNECTED;
			gone = gone || up;
		}
	}
	free(node);
	party_leave(other);
	strike(p);
}
END_TEST

/* Told once, whatever happened, before the connection was lost or after it stands again: a write
 * as changed, an end as deleted, a sign-off as either, what was left alone not at all. */
START_TEST(what_watches_missed_is_told_once)
{
	struct party *p = set(_i), *other = party_join(stage, &bob);
	char *nodes[4];
	unsigned changed[4] = {0}, deleted[4] = {0};
	for (uint64_t i = 0; i < 4; i++) {
		nodes[i] = contend(other, ZKL_ACL_PARENT);
		watch(p, nodes[i], i);
	}
	struct zkl_request write = ask(ZKL_OP_SET, nodes[0]);
	write.version = -1;
	ck_assert_int_eq(party_move(p), ZKL_MOVED);
	request(other, write, ZKL_DONE, ZKL_RC_OK);
	request(other, ask(ZKL_OP_DELETE, nodes[1]), ZKL_DONE, ZKL_RC_OK);
	request(other, ask(ZKL_OP_SIGNOFF, nodes[2]), ZKL_DONE, ZKL_RC_OK);
	for (bool back = false, up = true; !back;) {
		const struct note *n = party_next(p);
		if (n->m.kind == ZKL_MSG_WATCH) {
			ck_assert(up);
			(n->m.watch == ZKL_WATCH_CHANGED ? changed : deleted)[n->m.client]++;
			continue;
		}
		back = n->m.kind == ZKL_MSG_SESSION && n->m.event == ZKL_SESSION_CONNECTED;
		up = back;
	}
	struct zkl_request sync = ask(ZKL_OP_SYNC, stage_root(stage));
	sync.cookie = 1;
	ck_assert(party_send(p, &sync));
	for (bool all = false; !all;) {
		const struct note *n = party_next(p);
		if (n->m.kind == ZKL_MSG_WATCH)
			(n->m.watch == ZKL_WATCH_CHANGED ? changed : deleted)[n->m.client]++;
		else
			all = n->m.kind == ZKL_MSG_REPLY;
	}
	ck_assert(changed[0] == 1 && deleted[0] == 0);
	ck_assert(changed[1] == 0 && deleted[1] == 1);
	ck_assert(changed[2] + deleted[2] == 1);
	ck_assert(changed[3] == 0 && deleted[3] == 0);
	request(other, ask(ZKL_OP_DELETE, nodes[3]), ZKL_DONE, ZKL_RC_OK);
	ck_assert_int_eq(party_next_watch(p, 3)->m.watch, ZKL_WATCH_DELETED);
	for (int i = 0; i < 4; i++)
		free(nodes[i]);
	party_leave(other);
	strike(p);
}
END_TEST

/* Rules 2, 3 and 6: a process that slept too long. */
START_TEST(an_expired_session_says_so)
{
	struct cast brief = ann;
	brief.timeout_ms = 4000;
	struct party *witness = set(_i), *p = party_join(stage, &brief);
	char *node = contend(p, ZKL_ACL_SEALED);
	if (!stage_is_fake(stage)) { /* a stopped process takes all its sessions along */
		party_oversleep(p);
		party_skip_to_event(p, ZKL_SESSION_EXPIRED);
		struct zkl_request q = ask(ZKL_OP_SYNC, "/");
		ck_assert(!party_send(p, &q));
		party_leave(p);
		party_skip_to_event(witness, ZKL_SESSION_EXPIRED);
		party_leave(witness);
		free(node);
		return;
	}
	struct zkl_request q = ask(ZKL_OP_GET, node);
	q.cookie = 3;
	party_oversleep(p);
	if (party_send(p, &q)) {
		party_next_event(p, ZKL_SESSION_SUSPENDED);
		expect(party_next_reply(p, 3), ZKL_UNKNOWN, ZKL_RC_CONNECTION);
	}
	party_skip_to_event(p, ZKL_SESSION_EXPIRED);
	ck_assert(!party_send(p, &q));
	request(witness, ask(ZKL_OP_SYNC, node), ZKL_DONE, ZKL_RC_OK);
	request(witness, ask(ZKL_OP_EXISTS, node), ZKL_REFUSED, ZKL_RC_NO_NODE);
	party_leave(p);
	free(node);
	strike(witness);
}
END_TEST

/* Rules 2 and 6: each request has its one reply, then CLOSED, then nothing; nodes are gone at once.
 */
START_TEST(closing_answers_all_and_ends_the_session)
{
	struct party *witness = set(_i), *p = party_join(stage, &bob);
	char *node = contend(p, ZKL_ACL_SEALED);
	for (uint32_t i = 0; i < 200; i++) {
		struct zkl_request q = ask(ZKL_OP_EXISTS, node);
		q.cookie = i;
		ck_assert(party_send(p, &q));
	}
	party_close(p, true);
	struct zkl_request late = ask(ZKL_OP_SYNC, node);
	ck_assert(!party_send(p, &late));
	for (uint32_t i = 0; i < 200; i++)
		party_next_reply(p, i);
	party_leave(p);
	request(witness, ask(ZKL_OP_SYNC, node), ZKL_DONE, ZKL_RC_OK);
	request(witness, ask(ZKL_OP_EXISTS, node), ZKL_REFUSED, ZKL_RC_NO_NODE);
	free(node);
	strike(witness);
}
END_TEST

START_TEST(closing_at_once)
{
	stage = stage_new(_i);
	for (int i = 0; i < 20; i++) {
		struct party *p = party_open(stage, &ann);
		party_close(p, i % 2);
		party_leave(p);
	}
	stage_free(stage);
}
END_TEST

/* Rule 5: an owner that does everything inside deliver(). */
static void busy_owner(struct party *p, const struct zkl_message *m)
{
	int *left = party_ctx(p);
	struct zkl_request q = ask(ZKL_OP_SYNC, "/");
	if (m->kind == ZKL_MSG_REPLY && m->result == ZKL_DONE && *left > 0) {
		(*left)--;
		ck_assert(party_send(p, &q));
	} else if (m->kind == ZKL_MSG_SESSION && m->event == ZKL_SESSION_CONNECTED && *left == 50) {
		ck_assert(party_send(p, &q));
	} else if (*left == 0) {
		*left = -1;
		party_close(p, true);
	}
}

START_TEST(an_owner_works_inside_deliver)
{
	int left = 50;
	struct cast busy = {.name = "busy", .hook = busy_owner, .ctx = &left};
	stage = stage_new(_i);
	struct party *p = party_join(stage, &busy);
	for (int i = 0; i < 51; i++)
		ck_assert_int_eq(party_next(p)->m.kind, ZKL_MSG_REPLY);
	party_next_event(p, ZKL_SESSION_CLOSED);
	party_free(p);
	ck_assert_int_eq(left, -1);
	stage_free(stage);
}
END_TEST

/* ---- the real one only ---- */

START_TEST(bad_input_is_refused_in_its_turn)
{
	static const char *const bad[] = {"", "x", "/x/", "//", "/a//b", "/./a", "/a/..", "/a\n"};
	struct party *p = set(REAL);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		request(p, ask(ZKL_OP_GET, bad[i]), ZKL_REFUSED, ZKL_RC_OTHER);
		request(p, ask(ZKL_OP_SIGNOFF, bad[i]), ZKL_REFUSED, ZKL_RC_OTHER);
		struct zkl_request q = ask(ZKL_OP_SET, stage_root(stage));
		q.guard = bad[i];
		request(p, q, ZKL_REFUSED, ZKL_RC_OTHER);
	}
	struct zkl_request q = ask(ZKL_OP_SET, stage_root(stage));
	q.len = 2 << 20;
	char *much = calloc(1, q.len);
	q.data = much;
	request(p, q, ZKL_REFUSED, ZKL_RC_LIMIT);
	request(p, ask(ZKL_OP_SYNC, "/"), ZKL_DONE, ZKL_RC_OK);
	free(much);
	strike(p);
}
END_TEST

START_TEST(what_cannot_start_fails)
{
	struct cast lost = {.name = "lost", .servers = "a,,b"};
	stage = stage_new(REAL);
	struct party *p = party_open(stage, &lost);
	party_next_event(p, ZKL_SESSION_FAILED);
	party_leave(p);
	stage_free(stage);
}
END_TEST

/* Nothing is told while no name resolves, and leaving does not wait for the name server. */
START_TEST(a_name_that_does_not_resolve_is_tried_again)
{
	struct cast lost = {.name = "lost", .servers = "no-such-host.invalid:2181"};
	stage = stage_new(REAL);
	struct party *p = party_open(stage, &lost);
	party_close(p, true);
	party_next_event(p, ZKL_SESSION_CLOSED);
	party_free(p);
	stage_free(stage);
}
END_TEST

/* Out of descriptors: the client cannot start, and does once there are some. */
static bool told_of_trouble;
static pthread_mutex_t trouble_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t trouble = PTHREAD_COND_INITIALIZER;

static void note_trouble(int level, const char *text, void *user)
{
	if (level != ZKLOCK_LOG_WARNING || !strstr(text, "will try again"))
		return;
	pthread_mutex_lock(&trouble_lock);
	told_of_trouble = true;
	pthread_cond_signal(&trouble);
	pthread_mutex_unlock(&trouble_lock);
}

START_TEST(what_cannot_start_now_is_tried_again)
{
	struct rlimit limit;
	stage = stage_new(REAL);
	zkl_log_set(note_trouble, ZKLOCK_LOG_WARNING, NULL);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	struct party *p = party_open(stage, &ann);
	pthread_mutex_lock(&trouble_lock);
	while (!told_of_trouble)
		pthread_cond_wait(&trouble, &trouble_lock);
	pthread_mutex_unlock(&trouble_lock);
	ck_assert_uint_eq(party_unread(p), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	party_next_event(p, ZKL_SESSION_CONNECTED);
	party_leave(p);
	zkl_log_set(NULL, ZKLOCK_LOG_WARNING, NULL);
	stage_free(stage);
}
END_TEST

START_TEST(a_chroot_is_left_out_of_names)
{
	struct party *p = set(REAL);
	struct cast inside = bob;
	inside.chroot = stage_root(stage);
	struct party *q = party_join(stage, &inside);
	struct zkl_request make =
		ask_create("/g-lock-", ZKL_MODE_EPHEMERAL_SEQUENTIAL, ZKL_ACL_SEALED);
	ck_assert_str_eq(party_ask(q, &make)->path, "/g-lock-0000000000");
	request(q, ask_watch("/g-lock-0000000000", 4), ZKL_DONE, ZKL_RC_OK);
	const char *checks[] = {"/g-lock-0000000000", "/nothing"};
	struct zkl_request check = {.op = ZKL_OP_CHECK, .checks = checks, .n_checks = 2};
	const struct note *n = party_ask(q, &check);
	expect(n, ZKL_REFUSED, ZKL_RC_NO_NODE);
	ck_assert_uint_eq(n->m.failed, 1);
	struct zkl_request off = ask(ZKL_OP_SIGNOFF, "/g-lock-0000000000");
	ck_assert(party_send(q, &off));
	n = party_next_watch(q, 4);
	ck_assert_str_eq(n->path, "/g-lock-0000000000");
	expect(party_next(q), ZKL_DONE, ZKL_RC_OK);
	party_leave(q);
	strike(p);
}
END_TEST

START_TEST(refused_credentials_are_told)
{
	struct cast wrong = {.name = "wrong", .scheme = "no-such-scheme", .secret = "x"};
	stage = stage_new(REAL);
	struct party *p = party_open(stage, &wrong);
	party_skip_to_event(p, ZKL_SESSION_AUTH_FAILED);
	party_leave(p);
	stage_free(stage);
}
END_TEST

/* As run/session does it: one lock of the owner's, taken in deliver() and held while sending.
 * Threads send, move and ask while the transport is closed under them (bugs.md 45). */
struct owner {
	pthread_mutex_t lock;
	struct party *party;
	bool gone;
	size_t sent, answered;
};

static void locked_owner(struct party *p, const struct zkl_message *m)
{
	struct owner *o = party_ctx(p);
	pthread_mutex_lock(&o->lock);
	o->answered += m->kind == ZKL_MSG_REPLY;
	o->gone = m->kind == ZKL_MSG_SESSION && m->event == ZKL_SESSION_CLOSED;
	pthread_mutex_unlock(&o->lock);
}

static void *pester(void *arg)
{
	struct owner *o = arg;
	const char *checks[] = {"/", "/zookeeper"};
	struct zkl_request q = {.op = ZKL_OP_CHECK, .checks = checks, .n_checks = 2};
	for (int i = 0; i < 300; i++) {
		pthread_mutex_lock(&o->lock);
		if (!o->gone)
			o->sent += party_send(o->party, &q);
		if (!o->gone && i == 100)
			party_move(o->party);
		if (!o->gone && i == 250)
			party_close(o->party, true);
		pthread_mutex_unlock(&o->lock);
	}
	return NULL;
}

START_TEST(many_threads_and_an_end)
{
	stage = stage_new(REAL);
	for (int round = 0; round < 5; round++) {
		struct owner o = {.lock = PTHREAD_MUTEX_INITIALIZER};
		struct cast cast = {.name = "many", .hook = locked_owner, .ctx = &o};
		pthread_t threads[8];
		pthread_mutex_lock(&o.lock); /* the hook waits until `party` stands */
		o.party = party_open(stage, &cast);
		pthread_mutex_unlock(&o.lock);
		party_next_event(o.party, ZKL_SESSION_CONNECTED);
		for (int i = 0; i < 8; i++)
			ck_assert_int_eq(pthread_create(&threads[i], NULL, pester, &o), 0);
		for (int i = 0; i < 8; i++)
			pthread_join(threads[i], NULL);
		party_leave(o.party);
		ck_assert_uint_gt(o.sent, 0);
		ck_assert_uint_eq(o.sent, o.answered);
	}
	stage_free(stage);
}
END_TEST

static void add_conversations(TCase *tc)
{
	tcase_add_loop_test(tc, connected_tells_the_session, 0, MAKES);
	tcase_add_loop_test(tc, a_node_lives, 0, MAKES);
	tcase_add_loop_test(tc, a_contender_has_a_name_and_a_stat, 0, MAKES);
	tcase_add_loop_test(tc, lists_and_refusals, 0, MAKES);
	tcase_add_loop_test(tc, one_flight_keeps_its_order, 0, MAKES);
	tcase_add_loop_test(tc, a_proof_names_what_is_gone, 0, MAKES);
	tcase_add_loop_test(tc, a_guard_guards, 0, MAKES);
	tcase_add_loop_test(tc, a_sealed_node_is_for_all_to_read_and_for_one_to_write, 0, MAKES);
	tcase_add_loop_test(tc, a_sign_off_changes_and_an_end_deletes, 0, MAKES);
	tcase_add_loop_test(tc, two_watchers_of_one_node, 0, MAKES);
	tcase_add_loop_test(tc, a_watch_precedes_what_it_tells, 0, MAKES);
	tcase_add_loop_test(tc, a_move_keeps_session_node_and_watch, 0, MAKES);
	tcase_add_loop_test(tc, a_watch_that_missed_the_end_is_told_after, 0, MAKES);
	tcase_add_loop_test(tc, what_watches_missed_is_told_once, 0, MAKES);
	tcase_add_loop_test(tc, an_expired_session_says_so, 0, MAKES);
	tcase_add_loop_test(tc, closing_answers_all_and_ends_the_session, 0, MAKES);
	tcase_add_loop_test(tc, closing_at_once, 0, MAKES);
	tcase_add_loop_test(tc, an_owner_works_inside_deliver, 0, MAKES);
}

int main(void)
{
	Suite *suite = suite_create("conversation");
	TCase *both = live_case("both makes", CHECK_HANG), *real = live_case("real", CHECK_HANG);
	add_conversations(both);
	tcase_add_test(real, bad_input_is_refused_in_its_turn);
	tcase_add_test(real, what_cannot_start_fails);
	tcase_add_test(real, a_name_that_does_not_resolve_is_tried_again);
	tcase_add_test(real, what_cannot_start_now_is_tried_again);
	tcase_add_test(real, a_chroot_is_left_out_of_names);
	tcase_add_test(real, refused_credentials_are_told);
	tcase_add_test(real, many_threads_and_an_end);
	suite_add_tcase(suite, both);
	suite_add_tcase(suite, real);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
