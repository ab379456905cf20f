/* SPDX-License-Identifier: Apache-2.0 */
/* own_ensemble.c - scripts/ensemble, called from a test. */
#include "own_ensemble.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SKIPPED 77 /* as automake has it */

static char dir[512], list[256], addresses[OWN_SERVERS][80];
static FILE *guardian;

/* Runs the script and keeps what it prints. */
__attribute__((format(printf, 3, 4))) static bool run(
	char *out, size_t size, const char *format, ...)
{
	char line[1200], words[600];
	va_list args;
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	const char *root = getenv("top_srcdir");
	snprintf(line, sizeof line, "'%s/scripts/ensemble' %s", root ? root : ".", words);
	FILE *in = popen(line, "re");
	size_t len = fread(out, 1, size - 1, in);
	out[len] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return pclose(in) == 0;
}

/* Waits for our end, in a session of its own, so that what interrupts us does not end it too. */
static void set_guardian(void)
{
	char line[1400];
	const char *root = getenv("top_srcdir");
	snprintf(line, sizeof line,
		"exec setsid sh -c 'cat >/dev/null; exec \"%s/scripts/ensemble\" stop --dir "
		"\"%s\"'",
		root ? root : ".", dir);
	guardian = popen(line, "we");
}

/* No ck_assert() in here: no test runs yet. */
static bool read_addresses(void)
{
	char line[1024], copy[256], *rest = copy;
	if (!run(line, sizeof line, "env --dir '%s'", dir) ||
		sscanf(line, "export ZKLOCK_SERVERS=%255s", list) != 1)
		return false;
	strcpy(copy, list);
	for (int i = 0; i < OWN_SERVERS; i++)
		snprintf(addresses[i], sizeof addresses[i], "%s", strtok_r(rest, ",", &rest));
	return true;
}

static bool to_be_had(void)
{
	return !getenv("ZKLOCK_NO_LIVE") &&
	       (getenv("ZOOKEEPER_CLASSPATH") ||
		       access("/usr/share/java/zookeeper.jar", R_OK) == 0);
}

static bool start(const char *options)
{
	if (!run(dir, sizeof dir, "start --servers %d %s", OWN_SERVERS, options))
		return false;
	set_guardian();
	return read_addresses();
}

static void stop(void)
{
	if (guardian)
		pclose(guardian);
	guardian = NULL;
}

const char *own_ensemble_address(int number)
{
	return addresses[number - 1];
}

const char *own_ensemble_list(void)
{
	return list;
}

int own_ensemble_number(const char *address)
{
	for (int i = 0; i < OWN_SERVERS; i++)
		if (strcmp(addresses[i], address) == 0)
			return i + 1;
	ck_abort_msg("'%s' is none of %s", address, list);
}

int own_ensemble_leader(void)
{
	char number[16];
	ck_assert(run(number, sizeof number, "leader --dir '%s'", dir));
	return atoi(number);
}

void own_ensemble_do(const char *verb, int number)
{
	char out[256];
	ck_assert_msg(run(out, sizeof out, "%s %d --dir '%s'", verb, number, dir), "%s %d: %s",
		verb, number, out);
}

/* They serve only together, so none can be awaited before the last is started. */
void own_ensemble_restart_all(bool empty)
{
	char line[2048], remove[600];
	const char *root = getenv("top_srcdir");

	snprintf(remove, sizeof remove, "rm -rf '%s'/?/data/version-2;", dir);
	for (int i = 1; i <= OWN_SERVERS; i++)
		own_ensemble_do("kill", i);
	snprintf(line, sizeof line,
		"%s for n in 1 2 3; do '%s/scripts/ensemble' restart $n --dir '%s' & pids=\"$pids "
		"$!\"; done; for pid in $pids; do wait $pid || exit 1; done",
		empty ? remove : "", root ? root : ".", dir);
	ck_assert_int_eq(system(line), 0);
}

const char *own_ensemble_dir(void)
{
	return dir;
}

int own_ensemble_run(const char *options, Suite *(*make)(void))
{
	SRunner *runner;
	int failed;

	if (!to_be_had())
		return SKIPPED;
	if (!start(options))
		return 1;
	setenv("ZKLOCK_SERVERS", own_ensemble_list(), 1);
	runner = srunner_create(make());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	stop();
	return failed > 0;
}
