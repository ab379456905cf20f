/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the zklock command: a table of subcommands.
 */
#include "commands.h"
#include "text.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

static const struct command {
	const char *name, *summary;
	int (*run)(struct cli *cli, int argc, char **argv);
} commands[] = {
	{"run", "run a command under a lock", zkl_cmd_run},
	{"once", "run a command at most once per tick, over all hosts", zkl_cmd_once},
	{"hold", "hold a lock until end of file or a signal", zkl_cmd_hold},
	{"wait", "wait until all who hold or await a lock now are done", zkl_cmd_wait},
	{"test", "ask whether a lock is free", zkl_cmd_test},
	{"ls", "list the locks that are held", zkl_cmd_ls},
	{"who", "show holder and queue of a lock", zkl_cmd_who},
	{"top", "watch locks, holders and queues", zkl_cmd_top},
	{"graph", "who waits for whom, as DOT; finds deadlocks", zkl_cmd_graph},
	{"break", "remove a holder or a waiter", zkl_cmd_break},
	{"doctor", "check servers, limits and access", zkl_cmd_doctor},
	{"config", "show each setting and where it comes from", zkl_cmd_config},
	{"version", "show the version", zkl_cmd_version},
};

static int help(FILE *out)
{
	fputs("usage: zklock SUBCOMMAND [OPTION...] [NAME] [ARGUMENT...]\n\n", out);
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		fprintf(out, "  %-8s  %s\n", commands[i].name, commands[i].summary);
	fputs("\nzklock SUBCOMMAND --help shows its options; zklock(1) is the manual.\n"
	      "example: zklock run --servers zk1,zk2,zk3 nightly-report -- /usr/bin/report\n",
		out);
	return STATUS_OK;
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (g_str_equal(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static int unknown(const char *word)
{
	const char *names[G_N_ELEMENTS(commands) + 1] = {NULL};
	g_autofree char *safe = zkl_text_escape(word);
	const char *near;

	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		names[i] = commands[i].name;
	near = zkl_text_nearest(word, names);
	fprintf(stderr, "zklock: unknown subcommand '%s'%s%s%s (see: zklock help)\n", safe,
		near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return STATUS_USAGE;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct cli cli = {.command = command->name};
	int status = command->run(&cli, argc, argv);

	zkl_cli_close(&cli);
	zkl_settings_clear(&cli.settings);
	return status;
}

/* What we open must not become somebody's output: a standard descriptor that is closed gets one
 * that can neither be read nor written, which fails as a closed one does. */
static void occupy_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 &&
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			_exit(STATUS_INTERNAL);
	}
}

int main(int argc, char **argv)
{
	const struct command *command;
	const char *word = argc > 1 ? argv[1] : NULL;

	occupy_standard_descriptors();
	setlocale(LC_CTYPE, "");
	if (!word) {
		fputs("zklock: the subcommand is missing (see: zklock help)\n", stderr);
		return STATUS_USAGE;
	}
	if (g_str_equal(word, "help") || g_str_equal(word, "--help") || g_str_equal(word, "-h"))
		return help(stdout);
	if (g_str_equal(word, "--version") || g_str_equal(word, "-V"))
		word = "version";
	command = find(word);
	return command ? run(command, argc - 1, argv + 1) : unknown(word);
}
