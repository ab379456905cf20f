/* SPDX-License-Identifier: Apache-2.0 */
/* test_port.c - what the transport stands on: sockets of this process, access lists, addresses. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/acl.h"
#include "port/clock.h"
#include "port/pollset.h"
#include "port/resolve.h"
#include "port/socket.h"
#include "port/transport.h"

/* ---- sockets ---- */

static struct sockaddr_storage loopback(int family)
{
	struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
	if (family == AF_INET6)
		((struct sockaddr_in6 *)&any)->sin6_addr = in6addr_loopback;
	else
		((struct sockaddr_in *)&any)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return any;
}

static int listen_on(int family, int backlog, struct sockaddr_storage *at)
{
	socklen_t len = sizeof *at;
	int fd = socket(family, SOCK_STREAM, 0);
	*at = loopback(family);
	if (fd < 0 || bind(fd, (void *)at, len) != 0)
		return -1; /* a machine without IPv6 */
	ck_assert_int_eq(listen(fd, backlog), 0);
	ck_assert_int_eq(getsockname(fd, (void *)at, &len), 0);
	return fd;
}

static int connect_to(const struct sockaddr_storage *at, int flags)
{
	int fd = socket(at->ss_family, SOCK_STREAM | flags, 0);
	int rc = connect(fd, (const void *)at, sizeof *at);
	ck_assert(rc == 0 || errno == EINPROGRESS);
	return fd;
}

/* NULL: not listed. */
static const struct zkl_socket *find(const struct zkl_sockets *s, int fd)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].fd == fd)
			return &s->list[i];
	return NULL;
}

static const int families[] = {AF_INET, AF_INET6};

START_TEST(a_connection_is_found_and_cut)
{
	struct sockaddr_storage at;
	struct zkl_sockets all;
	char byte;
	int listener = listen_on(families[_i], 5, &at);
	if (listener < 0)
		return;
	int fd = connect_to(&at, 0), served = accept(listener, NULL, NULL);
	ck_assert(zkl_sockets_list(&all));
	ck_assert_ptr_null(find(&all, listener));
	ck_assert_ptr_null(find(&all, 0));
	const struct zkl_socket *mine = find(&all, fd), *its = find(&all, served);
	ck_assert(mine && its && mine->inode != its->inode);
	ck_assert(zkl_address_equal(&mine->peer, &at));
	ck_assert(!zkl_address_equal(&its->peer, &at));
	zkl_socket_close_on_exec(mine);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(served, F_GETFD), 0);
	ck_assert(zkl_socket_cut(mine));
	ck_assert_int_eq(read(fd, &byte, 1), 0);
	ck_assert_int_eq(read(served, &byte, 1), 0);
	zkl_sockets_clear(&all);
}
END_TEST

/* The number was closed and given to a stranger between the look and the deed. */
START_TEST(a_number_used_again_is_left_alone)
{
	struct sockaddr_storage at;
	struct zkl_sockets all;
	int listener = listen_on(AF_INET, 5, &at), fd = connect_to(&at, 0);
	ck_assert(zkl_sockets_list(&all));
	struct zkl_socket old = *find(&all, fd);
	int stranger = connect_to(&at, 0);
	ck_assert_int_eq(dup2(stranger, fd), fd);
	ck_assert(!zkl_socket_cut(&old));
	zkl_socket_close_on_exec(&old);
	ck_assert_int_eq(fcntl(fd, F_GETFD), 0);
	ck_assert_int_eq(write(stranger, "x", 1), 1);
	close(fd);
	ck_assert(!zkl_socket_cut(&old));
	zkl_sockets_clear(&all);
	close(listener);
}
END_TEST

/* A listener whose queue is full answers no SYN: getpeername() fails, and the kernel's table tells.
 */
START_TEST(a_connection_on_its_way_is_found_and_cut)
{
	struct sockaddr_storage at;
	struct zkl_sockets all;
	if (listen_on(families[_i], 0, &at) < 0)
		return;
	connect_to(&at, SOCK_NONBLOCK);
	connect_to(&at, SOCK_NONBLOCK);
	int fd = connect_to(&at, SOCK_NONBLOCK);
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	ck_assert_int_eq(poll(&wait, 1, 100), 0);
	ck_assert(zkl_sockets_list(&all));
	const struct zkl_socket *mine = find(&all, fd);
	ck_assert(mine && zkl_address_equal(&mine->peer, &at));
	ck_assert(zkl_socket_cut(mine));
	ck_assert_int_eq(poll(&wait, 1, 10000), 1);
	ck_assert(wait.revents & (POLLHUP | POLLERR));
	zkl_sockets_clear(&all);
}
END_TEST

static int set[3][2];

static void *wait_for_all(void *arg)
{
	struct pollfd fds[3];
	for (int i = 0; i < 3; i++)
		fds[i] = (struct pollfd){.fd = set[i][0], .events = POLLIN};
	poll(fds, *(nfds_t *)arg, -1);
	return NULL;
}

/* The partner of the first pipe while a thread waits for `n`; -1 is also what is seen too early. */
static int partner_among(nfds_t n, int expected)
{
	pthread_t thread;
	int found = -1, number = 0;
	ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_all, &n), 0);
	for (int i = 0; i < (expected < 0 ? 100 : 10000) && found < 0; i++) {
		poll(NULL, 0, 1);
		found = zkl_pollset_partner(set[0][0], &number);
	}
	ck_assert_int_eq(number > 0, found >= 0);
	if (found >= 0) /* this time without a search */
		ck_assert_int_eq(zkl_pollset_partner(set[0][0], &number), found);
	ck_assert_int_eq(write(set[0][1], "x", 1), 1);
	pthread_join(thread, NULL);
	ck_assert_int_eq(read(set[0][0], &n, 1), 1);
	return found;
}

START_TEST(who_is_waited_for_beside_a_pipe)
{
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pipe2(set[i], O_NONBLOCK), 0);
	int nobody = 0;
	ck_assert_int_eq(zkl_pollset_partner(set[0][0], &nobody), -1);
	ck_assert_int_eq(partner_among(1, -1), -1);
	ck_assert_int_eq(partner_among(2, set[1][0]), set[1][0]);
	ck_assert_int_eq(partner_among(3, -1), -1); /* whose is the third? */
	zkl_pollset_blind = true;
	ck_assert_int_eq(partner_among(2, -1), -1);
	zkl_pollset_blind = false;
}
END_TEST

START_TEST(one_new_pipe_is_marked_and_two_are_not)
{
	struct zkl_pipes before, one, two;
	int first[2], second[2];
	ck_assert(zkl_pipes_list(&before));
	ck_assert_int_eq(pipe2(first, O_NONBLOCK), 0);
	ck_assert(zkl_pipes_list(&one));
	ck_assert_int_eq(pipe2(second, O_NONBLOCK), 0);
	ck_assert(zkl_pipes_list(&two));
	ck_assert_int_eq(zkl_pipes_close_on_exec_new(&before, &two), -1);
	ck_assert_int_eq(fcntl(first[0], F_GETFD) | fcntl(second[1], F_GETFD), 0);
	ck_assert_int_eq(zkl_pipes_close_on_exec_new(&before, &one), first[0]);
	ck_assert_int_eq(fcntl(first[0], F_GETFD) & fcntl(first[1], F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(second[0], F_GETFD) | fcntl(second[1], F_GETFD), 0);
	zkl_pipes_clear(&before);
	zkl_pipes_clear(&one);
	zkl_pipes_clear(&two);
}
END_TEST

/* ---- access lists ---- */

static const char *const round_trips[] = {
	"world:anyone:cdrwa",
	"auth::cdrwa",
	"digest:ann:6Fg3TN5b7NDvRvq7m5wMUmkMlqc=:r",
	"ip:10.0.0.0/8:r,world:anyone:w",
	"ip:fe80::1:rw",
	"x509:CN=ann,O=acme:cr,world:anyone:r",
	"sasl:ann/host@REALM:cdrwa",
};

START_TEST(lists_are_read_and_written)
{
	struct zkl_acl acl = {0};
	ck_assert(zkl_acl_parse(&acl, round_trips[_i]));
	char *text = zkl_acl_text(&acl);
	ck_assert_str_eq(text, round_trips[_i]);
	free(text);
	zkl_acl_clear(&acl);
}
END_TEST

static const char *const no_lists[] = {"world", "world:anyone", "world:anyone:", "world:anyone:x",
	"world:anyone:r,", ",", "r", "::"};

START_TEST(what_is_no_list_is_refused)
{
	struct zkl_acl acl = {0};
	ck_assert_msg(!zkl_acl_parse(&acl, no_lists[_i]), "%s", no_lists[_i]);
	zkl_acl_clear(&acl);
}
END_TEST

START_TEST(a_list_may_be_empty)
{
	struct zkl_acl acl = {0};
	ck_assert(zkl_acl_parse(&acl, NULL) && zkl_acl_parse(&acl, ""));
	ck_assert_uint_eq(acl.n, 0);
}
END_TEST

/* The pair of ZooKeeper's own documentation of `super`. */
START_TEST(a_digest_is_the_servers_own)
{
	char *id = zkl_acl_digest("super:superpw");
	ck_assert_str_eq(id, "super:g9oN2HttPfn8MMWJZ2r45Np/LIA=");
	free(id);
}
END_TEST

/* ---- addresses ---- */

struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	bool done;
};

static void ring(void *ctx)
{
	struct bell *bell = ctx;
	pthread_mutex_lock(&bell->lock);
	bell->done = true;
	pthread_cond_signal(&bell->rung);
	pthread_mutex_unlock(&bell->lock);
}

static char *resolve(const char *servers, const char *chroot)
{
	struct zkl_servers list;
	struct bell bell = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
	char why[256];
	ck_assert(zkl_servers_parse(servers, &list, why, sizeof why));
	struct zkl_resolve *round = zkl_resolve_start(&list, ring, &bell);
	pthread_mutex_lock(&bell.lock);
	while (!bell.done)
		pthread_cond_wait(&bell.rung, &bell.lock);
	pthread_mutex_unlock(&bell.lock);
	struct zkl_addresses found;
	zkl_resolve_end(round, &found);
	char *text = zkl_addresses_text(&found, chroot);
	zkl_addresses_clear(&found);
	zkl_servers_clear(&list);
	return text;
}

START_TEST(names_become_addresses_once_each)
{
	char *text = resolve("127.0.0.1:7,[::1]:8,127.0.0.1:7,no-such-host.invalid:9", "/a");
	ck_assert_str_eq(text, "127.0.0.1:7,::1:8,127.0.0.1:7/a"); /* odd */
	free(text);
	text = resolve("no-such-host.invalid", "");
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

/* Whoever leaves is not told afterwards: the bell is gone by then. */
START_TEST(nobody_has_to_wait)
{
	struct zkl_servers list;
	struct zkl_addresses found;
	char why[256];
	ck_assert(zkl_servers_parse("no-such-host.invalid,localhost", &list, why, sizeof why));
	for (int i = 0; i < 50; i++) {
		struct bell *bell = calloc(1, sizeof *bell);
		pthread_mutex_init(&bell->lock, NULL);
		pthread_cond_init(&bell->rung, NULL);
		zkl_resolve_end(zkl_resolve_start(&list, ring, bell), &found);
		zkl_addresses_clear(&found);
		free(bell);
	}
	zkl_servers_clear(&list);
}
END_TEST

/* ---- the rest ---- */

START_TEST(the_clock_goes_on_and_dice_differ)
{
	const struct zkl_clock *clock = zkl_clock_real();
	zkl_time before = clock->now(clock->ctx);
	ck_assert_int_gt(before, 0);
	ck_assert_int_ge(clock->now(clock->ctx), before);
	ck_assert(clock->random(clock->ctx) != clock->random(clock->ctx));
}
END_TEST

/* GUIDs are thrown with them, so that a cloned machine makes others (row 37). A child has all the
 * memory of its parent, as a clone has. */
START_TEST(a_copied_process_has_dice_of_its_own)
{
	const struct zkl_clock *clock = zkl_clock_real();
	uint64_t copys;
	int ends[2];
	clock->random(clock->ctx);
	ck_assert_int_eq(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		uint64_t mine = clock->random(clock->ctx);
		_exit(write(ends[1], &mine, sizeof mine) != sizeof mine);
	}
	ck_assert_int_eq(read(ends[0], &copys, sizeof copys), sizeof copys);
	ck_assert(copys != clock->random(clock->ctx));
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(everything_has_a_name)
{
	for (int i = 0; i < ZKL_OPS; i++)
		ck_assert_str_ne(zkl_op_name(i), "?");
	for (int i = 0; i <= ZKL_RC_OTHER; i++)
		ck_assert_str_ne(zkl_rc_name(i), "?");
	ck_assert_str_eq(zkl_op_name(ZKL_OPS), "?");
	ck_assert_str_eq(zkl_rc_name(ZKL_RC_OTHER + 1), "?");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("port");
	TCase *tc = tcase_create("port");
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_connection_is_found_and_cut, 0, 2);
	tcase_add_test(tc, a_number_used_again_is_left_alone);
	tcase_add_loop_test(tc, a_connection_on_its_way_is_found_and_cut, 0, 2);
	tcase_add_test(tc, who_is_waited_for_beside_a_pipe);
	tcase_add_test(tc, one_new_pipe_is_marked_and_two_are_not);
	tcase_add_loop_test(
		tc, lists_are_read_and_written, 0, sizeof round_trips / sizeof round_trips[0]);
	tcase_add_loop_test(
		tc, what_is_no_list_is_refused, 0, sizeof no_lists / sizeof no_lists[0]);
	tcase_add_test(tc, a_list_may_be_empty);
	tcase_add_test(tc, a_digest_is_the_servers_own);
	tcase_add_test(tc, names_become_addresses_once_each);
	tcase_add_test(tc, nobody_has_to_wait);
	tcase_add_test(tc, the_clock_goes_on_and_dice_differ);
	tcase_add_test(tc, a_copied_process_has_dice_of_its_own);
	tcase_add_test(tc, everything_has_a_name);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
