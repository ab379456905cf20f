/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_keeper.c - the threads of transports: two of the client for each, one of ours for all, none
 * when all are closed, and new ones in a fork()ed child.
 */
#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "live_case.h"
#include "talk.h"

#define PARTIES	   4
#define HANG_GUARD 60 /* seconds; only a failure takes as long */

/* ThreadSanitizer has a thread of its own from the first of ours on, and ends a child of many
 * threads that starts some itself. */
#ifdef __SANITIZE_THREAD__
#define TOOLS 1
#else
#define TOOLS 0
#endif

static struct stage *stage;
static const struct cast ann = {.name = "ann", .seal = TALK_SEAL};

static void setup(void)
{
	stage = stage_new(REAL);
}

static void teardown(void)
{
	stage_free(stage);
}

static int count_threads(void)
{
	int n = 0;
	DIR *tasks = opendir("/proc/self/task");
	ck_assert_ptr_nonnull(tasks);
	for (const struct dirent *e; (e = readdir(tasks));)
		n += e->d_name[0] != '.';
	closedir(tasks);
	return n;
}

/* A thread that has done its work may take a moment to be gone, and tells nobody. */
static void expect_threads(int wanted)
{
	time_t end = time(NULL) + HANG_GUARD;
	const struct timespec moment = {.tv_nsec = 1000000};
	while (count_threads() != wanted && time(NULL) < end)
		nanosleep(&moment, NULL);
	ck_assert_int_eq(count_threads(), wanted);
}

START_TEST(one_keeper_for_all)
{
	struct party *parties[PARTIES];
	int before = count_threads() + TOOLS;
	party_leave(party_join(stage, &ann));
	expect_threads(before);
	for (int i = 0; i < PARTIES; i++)
		parties[i] = party_join(stage, &ann);
	expect_threads(before + 2 * PARTIES + 1);
	/* from the middle, where the first keeper's own is not */
	party_leave(parties[2]);
	party_leave(parties[0]);
	expect_threads(before + 2 * (PARTIES - 2) + 1);
	party_leave(parties[1]);
	party_leave(parties[3]);
	expect_threads(before);
	party_leave(party_join(stage, &ann));
	expect_threads(before);
}
END_TEST

/* faults.md row 24: the keeper stayed behind in the parent, and what it kept is not the child's.
 */
START_TEST(a_child_keeps_its_own)
{
	struct party *parent = party_join(stage, &ann);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		alarm(HANG_GUARD);
		party_leave(party_join(stage, &ann));
		_exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(
		WIFEXITED(status) && WEXITSTATUS(status) == 0, "child ended with %#x", status);
	struct zkl_request q = ask(ZKL_OP_SYNC, "/");
	ck_assert_int_eq(party_ask(parent, &q)->m.result, ZKL_DONE);
	party_leave(parent);
}
END_TEST

int main(void)
{
	TCase *tc = live_case("keeper", 2 * HANG_GUARD);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_keeper_for_all);
	if (TOOLS == 0)
		tcase_add_test(tc, a_child_keeps_its_own);
	Suite *suite = suite_create("keeper");
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
