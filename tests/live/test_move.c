/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_move.c - leaving a silent server (P11), on three servers of its own: the session, its
 * node and its watch stay, and no connection but ours is ever touched.
 */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live_case.h"
#include "own_ensemble.h"
#include "port/pollset.h"
#include "port/socket.h"
#include "talk.h"

static struct stage *stage;
static const struct cast ann = {.name = "ann", .seal = TALK_SEAL};
static const struct cast bob = {.name = "bob"};

/* A test that failed may have left a server frozen. */
static void setup(void)
{
	zkl_pollset_blind = false;
	for (int i = 1; i <= OWN_SERVERS; i++)
		own_ensemble_do("resume", i);
	stage = stage_new(REAL);
}

static void teardown(void)
{
	stage_free(stage);
}

static const struct note *request(struct party *p, struct zkl_request q, enum zkl_class result)
{
	const struct note *n = party_ask(p, &q);
	ck_assert_msg(n->m.result == result, "%s %s: class %d, %s", zkl_op_name(q.op), q.path,
		n->m.result, zkl_rc_name(n->m.rc));
	return n;
}

/* A node of `p` below the root; its path is the caller's to free. */
static char *contend(struct party *p)
{
	struct zkl_request q =
		ask_create("/own-lock-", ZKL_MODE_EPHEMERAL_SEQUENTIAL, ZKL_ACL_SEALED);
	return strdup(request(p, q, ZKL_DONE)->path);
}

static int server_of(struct party *p)
{
	char peer[80];
	party_peer(p, peer, sizeof peer);
	return own_ensemble_number(peer);
}

/* To a server that neither leads nor is `avoided`. */
static void attach(struct party *p, int avoided)
{
	int leader = own_ensemble_leader();
	for (int i = 0; server_of(p) == leader || server_of(p) == avoided; i++) {
		ck_assert_int_lt(i, 50);
		ck_assert_int_eq(party_move(p), ZKL_MOVED);
		party_skip_to_event(p, ZKL_SESSION_CONNECTED);
	}
}

static void attach_other_than(struct party *p, int avoided)
{
	for (int i = 0; server_of(p) == avoided; i++) {
		ck_assert_int_lt(i, 50);
		ck_assert_int_eq(party_move(p), ZKL_MOVED);
		party_skip_to_event(p, ZKL_SESSION_CONNECTED);
	}
}

static zkl_time now(void)
{
	return zkl_clock_real()->now(NULL);
}

static int stranger(int server)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0), port;
	char host[32];
	ck_assert_int_eq(sscanf(own_ensemble_address(server), "%31[^:]:%d", host, &port), 2);
	inet_pton(AF_INET, host, &to.sin_addr);
	to.sin_port = htons((uint16_t)port);
	ck_assert_int_eq(connect(fd, (void *)&to, sizeof to), 0);
	return fd;
}

static bool is_open(int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	return poll(&wait, 1, 0) == 0;
}

/* ---- what a move keeps ---- */

START_TEST(a_frozen_server_is_left_for_the_next)
{
	struct party *p = party_join(stage, &ann), *other = party_join(stage, &bob);
	attach(p, 0);
	int frozen = server_of(p);
	attach(other, frozen);
	char *mine = contend(p), *its = contend(other);
	request(p, ask(ZKL_OP_SYNC, its), ZKL_DONE);
	request(p, ask_watch(its, 5), ZKL_DONE);
	int64_t session = party_session(p);
	own_ensemble_do("pause", frozen);
	struct zkl_request q = ask(ZKL_OP_SYNC, mine);
	q.cookie = 1;
	ck_assert(party_send(p, &q));
	zkl_time start = now();
	ck_assert_int_eq(party_move(p), ZKL_MOVED);
	party_next_event(p, ZKL_SESSION_SUSPENDED);
	const struct note *n = party_next_reply(p, 1);
	ck_assert(n->m.result == ZKL_UNKNOWN && n->m.rc == ZKL_RC_CONNECTION);
	n = party_next_event(p, ZKL_SESSION_CONNECTED);
	/* The client alone would have noticed after two thirds of the session's time. */
	ck_assert_int_lt(n->m.received - start, n->m.timeout_ms * ZKL_MS / 3);
	printf("moved in %.1f ms\n", (double)(n->m.received - start) / ZKL_MS);
	ck_assert_int_eq(n->m.session_id, session);
	ck_assert_int_ne(server_of(p), frozen);
	n = request(p, ask(ZKL_OP_GET, mine), ZKL_DONE);
	ck_assert_int_eq(n->m.stat.ephemeral_owner, session);
	request(other, ask(ZKL_OP_DELETE, its), ZKL_DONE);
	n = party_next_watch(p, 5);
	ck_assert_int_eq(n->m.watch, ZKL_WATCH_DELETED);
	own_ensemble_do("resume", frozen);
	free(mine);
	free(its);
	party_leave(other);
	party_leave(p);
}
END_TEST

/* The C client by itself tries one and the same of two servers again and again. */
START_TEST(both_of_two_servers_are_tried)
{
	char two[200];
	bool seen[OWN_SERVERS + 1] = {false};
	snprintf(two, sizeof two, "%s,%s", own_ensemble_address(1), own_ensemble_address(2));
	struct cast cast = ann;
	cast.servers = two;
	struct party *p = party_join(stage, &cast);
	for (int i = 0; i < 6; i++) { /* the first steps of the client are irregular */
		ck_assert_int_eq(party_move(p), ZKL_MOVED);
		party_skip_to_event(p, ZKL_SESSION_CONNECTED);
		seen[server_of(p)] = seen[server_of(p)] || i >= 3;
	}
	ck_assert(seen[1] && seen[2]);
	party_leave(p);
}
END_TEST

/* Moves until the client sits in its greeting of a server that does not answer. */
static void move_to_silence(struct party *p)
{
	ck_assert_int_eq(party_move(p), ZKL_MOVED);
	party_skip_to_event(p, ZKL_SESSION_SUSPENDED);
	for (int i = 0; i < 500; i++) {
		usleep(1000);
		if (party_unread(p) == 0)
			continue;
		party_next_event(p, ZKL_SESSION_CONNECTED); /* the other one, once more */
		move_to_silence(p);
		return;
	}
}

/* The kernel of a frozen server goes on taking connections: the client sits in its greeting. */
START_TEST(a_frozen_server_is_left_while_it_is_greeted)
{
	struct party *witness = party_join(stage, &bob);
	attach(witness, 0);
	int frozen = server_of(witness);
	char two[200];
	snprintf(two, sizeof two, "%s,%s", own_ensemble_address(frozen),
		own_ensemble_address(own_ensemble_leader()));
	struct cast cast = ann;
	cast.servers = two;
	struct party *p = party_join(stage, &cast);
	attach_other_than(p, frozen);
	int64_t session = party_session(p);
	attach(witness, frozen);
	own_ensemble_do("pause", frozen);
	move_to_silence(p);
	ck_assert(party_greeting(p));
	zkl_time start = now();
	while (party_unread(p) == 0) { /* the list may hold it twice in a row */
		ck_assert_int_ne(party_move(p), ZKL_IN_DOUBT);
		ck_assert(party_greeting(p)); /* what was sent may still be read */
		for (int i = 0; i < 300 && party_unread(p) == 0; i++)
			usleep(1000);
	}
	const struct note *n = party_skip_to_event(p, ZKL_SESSION_CONNECTED);
	printf("moved on in %.1f ms\n", (double)(n->m.received - start) / ZKL_MS);
	ck_assert_int_eq(n->m.session_id, session);
	own_ensemble_do("resume", frozen);
	party_leave(p);
	party_leave(witness);
}
END_TEST

START_TEST(a_killed_server_is_left_by_itself)
{
	struct party *p = party_join(stage, &ann);
	attach(p, 0);
	int killed = server_of(p);
	char *mine = contend(p);
	own_ensemble_do("kill", killed);
	party_next_event(p, ZKL_SESSION_SUSPENDED);
	party_next_event(p, ZKL_SESSION_CONNECTED);
	request(p, ask(ZKL_OP_SIGNOFF, mine), ZKL_DONE);
	own_ensemble_do("restart", killed);
	free(mine);
	party_leave(p);
}
END_TEST

/* ---- whose socket it is ---- */

START_TEST(strangers_before_and_after_are_left_alone)
{
	int before[OWN_SERVERS], after[OWN_SERVERS];
	for (int i = 0; i < OWN_SERVERS; i++)
		before[i] = stranger(i + 1);
	struct party *p = party_join(stage, &ann), *q = party_join(stage, &bob);
	for (int i = 0; i < OWN_SERVERS; i++)
		after[i] = stranger(i + 1);
	ck_assert_int_eq(party_move(p), ZKL_MOVED);
	party_next_event(p, ZKL_SESSION_SUSPENDED);
	party_next_event(p, ZKL_SESSION_CONNECTED);
	for (int i = 0; i < OWN_SERVERS; i++)
		ck_assert(is_open(before[i]) && is_open(after[i]));
	request(q, ask(ZKL_OP_SYNC, "/"), ZKL_DONE); /* the sibling was not cut either */
	party_leave(q);
	party_leave(p);
}
END_TEST

START_TEST(ours_is_told_from_any_number_of_strangers)
{
	int strangers[OWN_SERVERS];
	struct party *first = party_join(stage, &bob);
	for (int i = 0; i < OWN_SERVERS; i++)
		strangers[i] = stranger(i + 1);
	struct party *p = party_join(stage, &ann);
	ck_assert_int_eq(party_move(p), ZKL_MOVED);
	party_next_event(p, ZKL_SESSION_SUSPENDED);
	party_next_event(p, ZKL_SESSION_CONNECTED);
	for (int i = 0; i < OWN_SERVERS; i++) {
		ck_assert(is_open(strangers[i]));
		close(strangers[i]);
	}
	ck_assert_uint_eq(party_unread(first), 0);
	request(first, ask(ZKL_OP_SYNC, "/"), ZKL_DONE);
	party_leave(p);
	party_leave(first);
}
END_TEST

START_TEST(in_doubt_nothing_is_touched)
{
	zkl_pollset_blind = true;
	int strangers[OWN_SERVERS];
	struct party *first = party_join(stage, &bob);
	for (int i = 0; i < OWN_SERVERS; i++)
		strangers[i] = stranger(i + 1);
	struct party *p = party_join(stage, &ann);
	ck_assert_int_eq(party_move(p), ZKL_IN_DOUBT);
	for (int i = 0; i < OWN_SERVERS; i++)
		ck_assert(is_open(strangers[i]));
	request(p, ask(ZKL_OP_SYNC, "/"), ZKL_DONE);
	request(first, ask(ZKL_OP_SYNC, "/"), ZKL_DONE);
	for (int i = 0; i < OWN_SERVERS; i++)
		close(strangers[i]);
	ck_assert_int_eq(party_move(p), ZKL_MOVED); /* no doubt any more */
	party_next_event(p, ZKL_SESSION_SUSPENDED);
	party_next_event(p, ZKL_SESSION_CONNECTED);
	request(first, ask(ZKL_OP_SYNC, "/"), ZKL_DONE);
	party_leave(p);
	party_leave(first);
}
END_TEST

START_TEST(nothing_to_leave)
{
	struct cast lost = {.name = "lost", .servers = "no-such-host.invalid"};
	struct party *p = party_open(stage, &lost);
	char peer[80] = "?";
	ck_assert_int_eq(party_move(p), ZKL_NOT_CONNECTED);
	ck_assert(!party_greeting(p));
	party_peer(p, peer, sizeof peer);
	ck_assert_str_eq(peer, "");
	party_leave(p);
}
END_TEST

/* traps.md 21: a program that we start must not hold our connection open. */
START_TEST(no_descriptor_is_inherited)
{
	struct zkl_pipes before, after;
	struct zkl_sockets all;
	ck_assert(zkl_pipes_list(&before));
	struct party *p = party_join(stage, &ann), *q = party_join(stage, &bob);
	ck_assert(zkl_pipes_list(&after) && zkl_sockets_list(&all));
	ck_assert_uint_eq(after.n, before.n + 4);
	ck_assert_uint_eq(all.n, 2);
	for (size_t i = 0; i < all.n; i++)
		ck_assert_int_eq(fcntl(all.list[i].fd, F_GETFD), FD_CLOEXEC);
	for (size_t i = 0; i < after.n; i++)
		ck_assert_int_eq(fcntl(after.list[i].fd, F_GETFD), FD_CLOEXEC);
	zkl_sockets_clear(&all);
	zkl_pipes_clear(&before);
	zkl_pipes_clear(&after);
	party_leave(q);
	party_leave(p);
}
END_TEST

/* Nobody is told, or it is cut short: what is left goes with the session at the latest. */
START_TEST(leaving_without_a_word)
{
	struct party *witness = party_join(stage, &bob), *p = party_join(stage, &ann);
	char *mine = contend(p);
	party_close(p, false);
	party_leave(p);
	request(witness, ask(ZKL_OP_SYNC, mine), ZKL_DONE);
	struct zkl_request q = ask_watch(mine, 6);
	const struct note *n = party_ask(witness, &q);
	if (n->m.result == ZKL_DONE)
		ck_assert_int_eq(party_next_watch(witness, 6)->m.watch, ZKL_WATCH_DELETED);
	else
		ck_assert_int_eq(n->m.rc, ZKL_RC_NO_NODE);
	free(mine);
	party_leave(witness);
}
END_TEST

/* Rules 2 and 6 with a server that answers nothing: all is told, and nobody waits for ever. */
START_TEST(leaving_a_frozen_server)
{
	struct party *p = party_join(stage, &ann);
	attach(p, 0);
	int frozen = server_of(p);
	own_ensemble_do("pause", frozen);
	for (uint32_t i = 0; i < 10; i++) {
		const char *checks[] = {"/", "/zookeeper"};
		struct zkl_request q = {
			.op = ZKL_OP_CHECK, .checks = checks, .n_checks = 2, .cookie = i};
		ck_assert(party_send(p, &q));
	}
	party_close(p, true);
	for (uint32_t i = 0; i < 10; i++) {
		const struct note *n = party_next_reply(p, i);
		ck_assert(n->m.result == ZKL_UNKNOWN && n->m.rc == ZKL_RC_SESSION_ENDED);
	}
	party_next_event(p, ZKL_SESSION_CLOSED);
	party_free(p);
	own_ensemble_do("resume", frozen);
}
END_TEST

/* One that has to wait for its end does not keep another from its own. */
START_TEST(an_end_waits_for_no_other)
{
	struct party *slow = party_join(stage, &ann), *quick = party_join(stage, &bob),
		     *witness = party_join(stage, &bob);
	attach(slow, 0);
	int frozen = server_of(slow);
	attach_other_than(quick, frozen);
	attach_other_than(witness, frozen);
	own_ensemble_do("pause", frozen);
	struct zkl_request q = ask(ZKL_OP_SYNC, "/");
	ck_assert(party_send(slow, &q));
	party_close(slow, true);
	party_close(quick, true);
	party_next_event(quick, ZKL_SESSION_CLOSED);
	ck_assert_uint_eq(party_unread(slow), 0);
	party_free(quick);
	own_ensemble_do("resume", frozen);
	party_skip_to_event(slow, ZKL_SESSION_CLOSED);
	party_free(slow);
	party_leave(witness);
}
END_TEST

static Suite *moves(void)
{
	TCase *tc = live_case("move", CHECK_HANG);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_frozen_server_is_left_for_the_next);
	tcase_add_test(tc, both_of_two_servers_are_tried);
	tcase_add_test(tc, a_frozen_server_is_left_while_it_is_greeted);
	tcase_add_test(tc, a_killed_server_is_left_by_itself);
	tcase_add_test(tc, strangers_before_and_after_are_left_alone);
	tcase_add_test(tc, ours_is_told_from_any_number_of_strangers);
	tcase_add_test(tc, in_doubt_nothing_is_touched);
	tcase_add_test(tc, nothing_to_leave);
	tcase_add_test(tc, no_descriptor_is_inherited);
	tcase_add_test(tc, leaving_without_a_word);
	tcase_add_test(tc, leaving_a_frozen_server);
	tcase_add_test(tc, an_end_waits_for_no_other);
	Suite *suite = suite_create("move");
	suite_add_tcase(suite, tc);
	return suite;
}

int main(void)
{
	return own_ensemble_run("--tick 1000 --jvm -Xmx128m", moves);
}
