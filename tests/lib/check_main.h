/* SPDX-License-Identifier: Apache-2.0 */
/* check_main.h - a test program of one suite: what every main() would say again. */
#ifndef CHECK_MAIN_H
#define CHECK_MAIN_H

#include <stdlib.h>

#include <check.h>

/* Seconds for one test under sanitizers and valgrind; a hang guard, not a measure. */
#define CHECK_HANG 300

#define CHECK_MAIN(title, ...)                                                                     \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const tests[] = {__VA_ARGS__};                                        \
		Suite *suite = suite_create(title);                                                \
		TCase *tcase = tcase_create(title);                                                \
		SRunner *runner = srunner_create(suite);                                           \
		int failed;                                                                        \
                                                                                                   \
		for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)                      \
			tcase_add_test(tcase, tests[i]);                                           \
		tcase_set_timeout(tcase, CHECK_HANG);                                              \
		suite_add_tcase(suite, tcase);                                                     \
		srunner_run_all(runner, CK_ENV);                                                   \
		failed = srunner_ntests_failed(runner);                                            \
		srunner_free(runner);                                                              \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                       \
	}

#endif
