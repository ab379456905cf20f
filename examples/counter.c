/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counter.c - processes that add one to a number in a file: wrong without a lock, exact with it.
 *
 *	counter --no-lock                        -> 57 of 400: wrong
 *	counter --servers zk1:2181,zk2:2181      -> 400 of 400: exact
 *
 * Here the processes are children of one program; on different hosts, with the file on a network
 * file system, each would do the same. Status: 0 exact, 1 wrong, 2 something failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zklock/zklock.h>

static const char *servers = "localhost", *root = "/locks", *name = "counter";
static gint processes = 8, times = 50;
static gboolean no_lock;

static void must(int error, const char *what)
{
	if (error == ZKLOCK_OK)
		return;
	fprintf(stderr, "counter: %s: %s\n", what, zklock_strerror(error));
	_exit(2);
}

static void check(gboolean good, const char *what)
{
	if (good)
		return;
	perror(what);
	_exit(2);
}

static long read_number(int fd)
{
	char text[32] = "";

	check(pread(fd, text, sizeof(text) - 1, 0) >= 0, "cannot read the number");
	return strtol(text, NULL, 10);
}

/* Read, think, write: the thinking is what another process may fall into. */
static void add_one(int fd)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld\n", read_number(fd) + 1);

	g_usleep(500);
	check(pwrite(fd, text, (size_t)len, 0) == len, "cannot write the number");
}

static void add_all_locked(int fd)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	zklock_session_t *session;
	zklock_t *lock;

	options.root = root;
	must(zklock_session_open(servers, &options, &session), servers);
	must(zklock_new(session, name, NULL, &lock), name);
	for (int i = 0; i < times; i++) {
		must(zklock_timedlock(lock, 60000), "lock");
		add_one(fd);
		must(zklock_unlock(lock), "unlock"); /* says so if we lost it meanwhile */
	}
	zklock_free(lock);
	zklock_session_close(session, 5000);
}

/* A child opens its own session: sessions and locks do not survive fork(). */
static void be_child(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	check(fd >= 0, path);
	if (!no_lock)
		add_all_locked(fd);
	for (int i = 0; no_lock && i < times; i++)
		add_one(fd);
	_exit(0);
}

static void run_children(const char *path)
{
	int status, failed = 0;

	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();

		check(pid >= 0, "fork");
		if (pid == 0)
			be_child(path);
	}
	while (wait(&status) > 0 || errno == EINTR)
		failed += status != 0;
	if (failed)
		exit(2);
}

int main(int argc, char **argv)
{
	const GOptionEntry entries[] = {
		{"servers", 0, 0, G_OPTION_ARG_STRING, &servers, "ZooKeeper", "HOST[:PORT],..."},
		{"root", 0, 0, G_OPTION_ARG_STRING, &root, "parent of the lock", "PATH"},
		{"name", 0, 0, G_OPTION_ARG_STRING, &name, "of the lock", "NAME"},
		{"processes", 0, 0, G_OPTION_ARG_INT, &processes, "how many", "N"},
		{"times", 0, 0, G_OPTION_ARG_INT, &times, "that each adds one", "N"},
		{"no-lock", 0, 0, G_OPTION_ARG_NONE, &no_lock, "show why it is needed", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL}};
	g_autoptr(GOptionContext) context = g_option_context_new("- add one, many times over");
	g_autoptr(GError) error = NULL;
	char path[] = "/tmp/counter-XXXXXX";
	long found;
	int fd;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "counter: %s (see --help)\n", error->message);
		return 2;
	}
	g_clear_pointer(&context, g_option_context_free);
	fd = mkstemp(path);
	check(fd >= 0, path);
	run_children(path);
	found = read_number(fd);
	printf("%ld of %d: %s\n", found, processes * times,
		found == processes * times ? "exact" : "wrong");
	close(fd);
	unlink(path);
	return found != processes * times;
}
