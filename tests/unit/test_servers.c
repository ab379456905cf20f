/* SPDX-License-Identifier: Apache-2.0 */
/* test_servers.c - connect strings: what is read, and what is refused with which words. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/servers.h"

static const struct {
	const char *text;
	size_t n;
	const char *host[3];
	unsigned port[3];
	const char *chroot;
} good[] = {
	{"zk1", 1, {"zk1"}, {2181}, ""},
	{"zk1:2182", 1, {"zk1"}, {2182}, ""},
	{"zk1:1,zk2,10.0.0.3:65535", 3, {"zk1", "zk2", "10.0.0.3"}, {1, 2181, 65535}, ""},
	{" zk1:1 ,\tzk2 ", 2, {"zk1", "zk2"}, {1, 2181}, ""},
	{"[::1]", 1, {"::1"}, {2181}, ""},
	{"[::1]:2182,[fe80::1%eth0]:2183", 2, {"::1", "fe80::1%eth0"}, {2182, 2183}, ""},
	{"[::ffff:10.0.0.1]:1/a", 1, {"::ffff:10.0.0.1"}, {1}, "/a"},
	{"zk_1.example.com./app/locks", 1, {"zk_1.example.com."}, {2181}, "/app/locks"},
	{"zk1/", 1, {"zk1"}, {2181}, ""},
	{"zk1:1/a.b/..c", 1, {"zk1"}, {1}, "/a.b/..c"},
	{"zk1/a ", 1, {"zk1"}, {2181}, "/a"},
};

static const struct {
	const char *text, *cause, *cure;
} bad[] = {
	{"", "no server", "host:port"},
	{"  ", "no server", "host:port"},
	{"/app", "no server", "host:port"},
	{",zk1", "missing beside a comma", "host:port"},
	{"zk1,", "missing beside a comma", "host:port"},
	{"zk1, ,zk2", "missing beside a comma", "host:port"},
	{"zk1:", "'' is no port", "1 to 65535"},
	{"zk1:0", "'0' is no port", "1 to 65535"},
	{"zk1:65536", "'65536' is no port", "1 to 65535"},
	{"zk1:18446744073709551617", "is no port", "1 to 65535"},
	{"zk1:-1", "'-1' is no port", "1 to 65535"},
	{"zk1:2181x", "'2181x' is no port", "1 to 65535"},
	{":2181", "names no host", "host:port"},
	{"::1:2181", "ambiguous", "[::1]:2181"},
	{"[::1", "no closing bracket", "[::1]:2181"},
	{"[]:1", "no IPv6", "[::1]:2181"},
	{"[zk1]:1", "no IPv6", "[::1]:2181"},
	{"[::1%]:1", "no IPv6", "[::1]:2181"},
	{"[::1]2181", "behind a bracket", "[::1]:2181"},
	{"[::1]:", "is no port", "1 to 65535"},
	{"zk 1", "'zk 1' is no host name", "letters"},
	{"zk1\n2", "is no host name", "letters"},
	{"zk1;zk2", "is no host name", "letters"},
	{"zk://zk1:2181/a", "does not belong here", "host:port"},
	{"zk1/a,zk2/a", "has a comma", "behind the last server"},
	{"zk1/a/", "is no chroot", "/a/b"},
	{"zk1//a", "is no chroot", "/a/b"},
	{"zk1/./a", "is no chroot", "/a/b"},
	{"zk1/a/..", "is no chroot", "/a/b"},
	{"zk1/a\x01", "is no chroot", "/a/b"},
};

START_TEST(reads)
{
	struct zkl_servers s;
	char why[256] = "";
	ck_assert_msg(zkl_servers_parse(good[_i].text, &s, why, sizeof why), "%s: %s",
		good[_i].text, why);
	ck_assert_uint_eq(s.n, good[_i].n);
	for (size_t i = 0; i < s.n; i++) {
		ck_assert_str_eq(s.list[i].host, good[_i].host[i]);
		ck_assert_uint_eq(s.list[i].port, good[_i].port[i]);
	}
	ck_assert_str_eq(s.chroot, good[_i].chroot);
	zkl_servers_clear(&s);
	ck_assert(s.n == 0 && !s.list && !s.chroot);
}
END_TEST

START_TEST(refuses)
{
	struct zkl_servers s;
	char why[256] = "";
	ck_assert_msg(!zkl_servers_parse(bad[_i].text, &s, why, sizeof why), "%s", bad[_i].text);
	ck_assert(s.n == 0 && !s.list && !s.chroot);
	ck_assert_msg(strstr(why, bad[_i].cause), "%s: %s", bad[_i].text, why);
	ck_assert_msg(strstr(why, bad[_i].cure), "%s: %s", bad[_i].text, why);
}
END_TEST

START_TEST(a_long_name_is_refused_and_a_short_buffer_is_kept_to)
{
	struct zkl_servers s;
	char text[300], why[16];
	memset(text, 'a', sizeof text);
	text[254] = '\0';
	ck_assert(!zkl_servers_parse(text, &s, why, sizeof why));
	ck_assert_uint_eq(strlen(why), sizeof why - 1);
	text[253] = '\0';
	ck_assert(zkl_servers_parse(text, &s, why, sizeof why));
	zkl_servers_clear(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("servers");
	TCase *tc = tcase_create("connect string");
	tcase_add_loop_test(tc, reads, 0, sizeof good / sizeof good[0]);
	tcase_add_loop_test(tc, refuses, 0, sizeof bad / sizeof bad[0]);
	tcase_add_test(tc, a_long_name_is_refused_and_a_short_buffer_is_kept_to);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
