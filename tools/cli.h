/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.h - what all subcommands share: parsing, one-line errors, exit statuses, the session.
 */
#ifndef ZKLOCK_TOOLS_CLI_H
#define ZKLOCK_TOOLS_CLI_H

#include "settings.h"
#include "status.h"

#include <zklock/zklock.h>

/** Limit of a question to the servers that nobody set a limit for. */
#define CLI_ASK_MS 10000

struct cli {
	const char *command; /* name of the subcommand */
	struct settings settings;
	gboolean json, verbose, quiet;
	zklock_session_t *session;
};

enum cli_parts {
	CLI_SERVERS = 1 << 0, /* options of a session */
	CLI_JSON = 1 << 1,    /* --json */
	CLI_CHILD = 1 << 2,   /* options of a command that runs under a lock */
};

/**
 * Parse the options of a subcommand; what is left over stays in argc and argv.
 * own: its own entries, or NULL. usage: what follows the options, as "NAME [--] COMMAND...".
 * about: a sentence for --help.
 * Result: STATUS_OK, or the status to exit with; the error was told. --help ends the program.
 */
int zkl_cli_parse(struct cli *cli, unsigned parts, const GOptionEntry *own, const char *usage,
	const char *about, int *argc, char ***argv);

/** Exactly one argument, the lock's name, checked; NULL: the error was told (STATUS_USAGE). */
const char *zkl_cli_name(const struct cli *cli, int argc, char **argv);

/** a, then b (may be NULL), as one list. Free with g_free(). */
GOptionEntry *zkl_cli_join_entries(const GOptionEntry *a, const GOptionEntry *b);

/** An option's duration. text NULL: ret_ms stays. false: the error was told. */
bool zkl_cli_duration(const struct cli *cli, const char *option, const char *text, int64_t *ret_ms);
/** Is it an exit status that a program may choose? false: the error was told. */
bool zkl_cli_exit_code(const struct cli *cli, const char *option, int code);

/** Open the session that the settings describe. Does not wait for a connection. */
int zkl_cli_open(struct cli *cli);
/** Open it and wait until it is connected. */
int zkl_cli_connect(struct cli *cli);
/** Close it, if there is one, and wait a moment for the goodbye. Result: as the library's. */
int zkl_cli_close(struct cli *cli);

/** Say what is wrong, on one line of standard error. */
void zkl_cli_error(const struct cli *cli, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** Say what goes on, when -v was given. */
void zkl_cli_say(const struct cli *cli, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** The same unless -q was given. */
void zkl_cli_note(const struct cli *cli, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** Say a usage error with the way to help. Result: STATUS_USAGE. */
int zkl_cli_usage(const struct cli *cli, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** Say an error of the library: what we did, why it failed, what to do. Result: exit status. */
int zkl_cli_failed(const struct cli *cli, int error, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** The exit status for an error of the library. */
int zkl_cli_status(const struct cli *cli, int error);

/** Print to standard output, and find out whether that worked. Result: exit status. */
int zkl_cli_print(const struct cli *cli, const char *text);

/** Path of something below the root. Free with g_free(). */
char *zkl_cli_path(const struct cli *cli, const char *name, const char *node);

/** May colours be used on this descriptor? */
bool zkl_cli_color(const struct cli *cli, int fd);

#endif
