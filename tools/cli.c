/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.c - what all subcommands share: parsing, one-line errors, exit statuses, the session.
 */
#include "cli.h"

#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOODBYE_MS 3000
#define SECRET_MAX 4096

/* ---- words ---------------------------------------------------------------------------------- */

/* One write, so that lines of several processes do not mix. */
static G_GNUC_PRINTF(1, 0) void say_line(const char *format, va_list args)
{
	g_autofree char *text = g_strdup_vprintf(format, args);
	g_autofree char *line = g_strdup_printf("zklock: %s\n", text);

	fputs(line, stderr);
}

void zkl_cli_error(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_line(format, args);
	va_end(args);
}

void zkl_cli_say(const struct cli *cli, const char *format, ...)
{
	va_list args;

	if (!cli->verbose)
		return;
	va_start(args, format);
	say_line(format, args);
	va_end(args);
}

void zkl_cli_note(const struct cli *cli, const char *format, ...)
{
	va_list args;

	if (cli->quiet)
		return;
	va_start(args, format);
	say_line(format, args);
	va_end(args);
}

int zkl_cli_usage(const struct cli *cli, const char *format, ...)
{
	va_list args;
	g_autofree char *text = NULL;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	zkl_cli_error(cli, "%s: %s (see: zklock %s --help)", cli->command, text, cli->command);
	return STATUS_USAGE;
}

/* ---- errors of the library ------------------------------------------------------------------ */

static const struct failure {
	int error, status;
	const char *cure;
} failures[] = {
	{ZKLOCK_ERR_NAME, STATUS_USAGE, "use 1 to 128 of the characters A-Z a-z 0-9 . _ : @ + -"},
	{ZKLOCK_ERR_SERVERS, STATUS_CONFIG,
		"write --servers HOST[:PORT],HOST[:PORT][/chroot], or set ZKLOCK_SERVERS"},
	{ZKLOCK_ERR_SETTINGS, STATUS_CONFIG,
		"see --session-timeout and --proof-interval; zklock doctor shows what the servers "
		"allow"},
	{ZKLOCK_ERR_BUSY, STATUS_BUSY, "try later, or wait with -w; zklock who shows the holder"},
	{ZKLOCK_ERR_TIMEOUT, STATUS_BUSY, "try later, or wait longer; zklock who shows the queue"},
	{ZKLOCK_ERR_UNAVAILABLE, STATUS_UNAVAILABLE,
		"check --servers and the network; zklock doctor looks at each server"},
	{ZKLOCK_ERR_LOST, STATUS_LOST, "see the log above for the cause"},
	{ZKLOCK_ERR_ACCESS, STATUS_ACCESS,
		"check --auth-file and the ACL of the root; zklock doctor shows it"},
	{ZKLOCK_ERR_NO_CHROOT, STATUS_CONFIG, "create the chroot, or correct --servers"},
	{ZKLOCK_ERR_TOKEN_BASE, STATUS_CONFIG,
		"the ensemble's data was reset: see zklock(7), section TOKENS"},
	{ZKLOCK_ERR_LIMIT, STATUS_UNAVAILABLE,
		"see ulimit -n and -u here; zklock doctor shows the limits of the servers"},
};

static const struct failure *failure_of(int error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(failures); i++) {
		if (failures[i].error == error)
			return &failures[i];
	}
	return NULL;
}

/* The same mistake is one of usage when it was typed, one of configuration when it was stored. */
static int status_of_setting(const struct cli *cli, enum setting key, int status)
{
	return cli->settings.of[key].source == SOURCE_OPTION ? STATUS_USAGE : status;
}

int zkl_cli_status(const struct cli *cli, int error)
{
	const struct failure *failure = failure_of(error);

	if (error == ZKLOCK_OK)
		return STATUS_OK;
	if (error == ZKLOCK_ERR_SERVERS)
		return status_of_setting(cli, SET_SERVERS, STATUS_CONFIG);
	if (error == ZKLOCK_ERR_SETTINGS)
		return status_of_setting(cli, SET_SESSION_TIMEOUT, STATUS_CONFIG);
	return failure ? failure->status : STATUS_INTERNAL;
}

int zkl_cli_failed(const struct cli *cli, int error, const char *format, ...)
{
	const struct failure *failure = failure_of(error);
	va_list args;
	g_autofree char *what = NULL;

	va_start(args, format);
	what = g_strdup_vprintf(format, args);
	va_end(args);
	zkl_cli_error(cli, "%s: %s%s%s", what, zklock_strerror(error), failure ? "; " : "",
		failure ? failure->cure : "");
	return zkl_cli_status(cli, error);
}

/* ---- options -------------------------------------------------------------------------------- */

static void add_names(GPtrArray *names, const GOptionEntry *entries)
{
	for (; entries && entries->long_name; entries++)
		g_ptr_array_add(names, (char *)entries->long_name);
}

/* "Unknown option --tiemout=3" -> "--timeout", or NULL. */
static const char *nearest_option(const char *message, GPtrArray *names)
{
	const char *dashes = strstr(message, "--");
	g_autofree char *word = NULL;

	if (!dashes)
		return NULL;
	word = g_strndup(dashes + 2, strcspn(dashes + 2, "= "));
	return zkl_text_nearest(word, (const char *const *)names->pdata);
}

static int option_error(const struct cli *cli, const GError *error, GPtrArray *names)
{
	const char *near = g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION)
				   ? nearest_option(error->message, names)
				   : NULL;
	g_autofree char *safe = zkl_text_escape(error->message);

	if (near)
		return zkl_cli_usage(cli, "%s; did you mean --%s?", safe, near);
	return zkl_cli_usage(cli, "%s", safe);
}

static void add_entries(GOptionContext *context, GPtrArray *names, const GOptionEntry *entries)
{
	if (!entries)
		return;
	g_option_context_add_main_entries(context, entries, NULL);
	add_names(names, entries);
}

static void add_settings(GOptionContext *context, GPtrArray *names, struct settings *settings,
	enum setting first, enum setting end)
{
	g_autofree GOptionEntry *entries = zkl_settings_entries(settings, first, end);

	add_entries(context, names, entries);
}

static void add_talk(GOptionContext *context, GPtrArray *names, struct cli *cli)
{
	GOptionEntry entries[] = {
		{"verbose", 'v', 0, G_OPTION_ARG_NONE, &cli->verbose, "say what goes on", NULL},
		{"quiet", 'q', 0, G_OPTION_ARG_NONE, &cli->quiet, "say nothing but errors", NULL},
		G_OPTION_ENTRY_NULL};

	add_entries(context, names, entries);
}

static void add_json(GOptionContext *context, GPtrArray *names, struct cli *cli)
{
	GOptionEntry entries[] = {{"json", 0, 0, G_OPTION_ARG_NONE, &cli->json, "print JSON", NULL},
		G_OPTION_ENTRY_NULL};

	add_entries(context, names, entries);
}

static int settings_error(const struct cli *cli, const GError *error)
{
	if (error->code == SOURCE_OPTION)
		return zkl_cli_usage(cli, "%s", error->message);
	zkl_cli_error(cli, "configuration: %s", error->message);
	return STATUS_CONFIG;
}

static int take_settings(struct cli *cli)
{
	g_autoptr(GError) error = NULL;

	if (!zkl_settings_load(&cli->settings, &error) ||
		!zkl_settings_take_options(&cli->settings, &error))
		return settings_error(cli, error);
	return STATUS_OK;
}

int zkl_cli_parse(struct cli *cli, unsigned parts, const GOptionEntry *own, const char *usage,
	const char *about, int *argc, char ***argv)
{
	g_autofree char *words = g_strdup_printf("%s", usage);
	g_autoptr(GOptionContext) context = g_option_context_new(words);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	g_autofree char *program = g_strdup_printf("zklock %s", cli->command);

	g_set_prgname(program);
	g_option_context_set_strict_posix(context, TRUE);
	g_option_context_set_summary(context, about);
	add_entries(context, names, own);
	if (parts & CLI_CHILD)
		add_settings(context, names, &cli->settings, SET_KILL_AFTER, N_SETTINGS);
	if (parts & CLI_JSON)
		add_json(context, names, cli);
	if (parts & CLI_SERVERS)
		add_settings(context, names, &cli->settings, SET_SERVERS, SET_KILL_AFTER);
	add_talk(context, names, cli);
	g_ptr_array_add(names, NULL);
	if (!g_option_context_parse(context, argc, argv, &error))
		return option_error(cli, error, names);
	return take_settings(cli);
}

GOptionEntry *zkl_cli_join_entries(const GOptionEntry *a, const GOptionEntry *b)
{
	GArray *all = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));

	for (; a->long_name; a++)
		g_array_append_val(all, *a);
	for (; b && b->long_name; b++)
		g_array_append_val(all, *b);
	return (GOptionEntry *)(void *)g_array_free(all, FALSE);
}

bool zkl_cli_duration(const struct cli *cli, const char *option, const char *text, int64_t *ret_ms)
{
	if (!text || zkl_text_duration(text, ret_ms))
		return true;
	g_autofree char *safe = zkl_text_escape(text);

	zkl_cli_usage(cli, "%s '%s' is no time; write 5, 0.5, 500ms, 2m or 1h", option, safe);
	return false;
}

bool zkl_cli_exit_code(const struct cli *cli, const char *option, int code)
{
	if (code >= 0 && code <= 255)
		return true;
	zkl_cli_usage(cli, "%s %d: exit statuses go from 0 to 255", option, code);
	return false;
}

const char *zkl_cli_name(const struct cli *cli, int argc, char **argv)
{
	if (argc < 2) {
		zkl_cli_usage(cli, "the lock's name is missing");
		return NULL;
	}
	if (argc > 2) {
		g_autofree char *safe = zkl_text_escape(argv[2]);

		zkl_cli_usage(cli, "one name is enough, what is '%s'? Options come before the name",
			safe);
		return NULL;
	}
	if (!zkl_text_is_name(argv[1])) {
		g_autofree char *safe = zkl_text_escape(argv[1]);
		g_autofree char *encoded = g_uri_escape_string(argv[1], ":@+", FALSE);

		g_strdelimit(encoded, "%", '+');
		zkl_cli_usage(cli,
			"'%s' is no name for a lock: use 1 to 128 of A-Z a-z 0-9 . _ : @ + -, "
			"for example '%.128s'",
			safe, zkl_text_is_name(encoded) ? encoded : "my-job");
		return NULL;
	}
	return argv[1];
}

/* ---- session -------------------------------------------------------------------------------- */

static void log_line(int level, const char *text, void *user)
{
	g_autofree char *safe = zkl_text_escape(text);
	g_autofree char *line = g_strdup_printf("zklock: %s\n", safe);

	fputs(line, stderr);
}

static void set_log(const struct cli *cli)
{
	int level = zkl_settings_word(&cli->settings, SET_LOG_LEVEL) + ZKLOCK_LOG_ERROR;

	if (cli->settings.of[SET_LOG_LEVEL].source == SOURCE_BUILT_IN && cli->quiet)
		level = ZKLOCK_LOG_ERROR;
	zklock_set_log(log_line, level, NULL);
}

/* Others must not be able to read the secret: then it is none. */
static bool secret_file_is_private(const struct cli *cli, const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		zkl_cli_error(cli, "%s: not a regular file; --auth-file wants one", path);
		return false;
	}
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		zkl_cli_error(cli, "%s: belongs to another user; chown it to yourself", path);
		return false;
	}
	if (st.st_mode & (S_IRWXG | S_IRWXO)) {
		zkl_cli_error(cli, "%s: mode %03o lets others at the secret; chmod 600 it", path,
			st.st_mode & 0777);
		return false;
	}
	return true;
}

/* "digest:user:password\n" -> scheme, secret. */
static bool split_secret(
	const struct cli *cli, const char *path, char *text, char **ret_scheme, char **ret_secret)
{
	char *colon;

	g_strchomp(text);
	colon = strchr(text, ':');
	if (!colon || colon == text || !colon[1] || strchr(text, '\n')) {
		zkl_cli_error(cli,
			"%s: must be one line SCHEME:SECRET, such as digest:user:password", path);
		return false;
	}
	*ret_scheme = g_strndup(text, (gsize)(colon - text));
	*ret_secret = g_strdup(colon + 1);
	return true;
}

static bool read_secret(
	const struct cli *cli, const char *path, char **ret_scheme, char **ret_secret)
{
	char text[SECRET_MAX] = "";
	FILE *file = fopen(path, "re");
	bool good;

	if (!file) {
		zkl_cli_error(cli, "%s: %s; --auth-file must name a file that you can read", path,
			g_strerror(errno));
		return false;
	}
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	good = secret_file_is_private(cli, path, fileno(file)) &&
	       split_secret(cli, path, text, ret_scheme, ret_secret);
	fclose(file);
	explicit_bzero(text, sizeof(text));
	return good;
}

static int64_t proof_interval(const struct settings *settings)
{
	const char *text = zkl_settings_text(settings, SET_PROOF_INTERVAL);

	if (g_str_equal(text, "auto"))
		return 0;
	if (g_str_equal(text, "none"))
		return ZKLOCK_NO_PROOF;
	return zkl_settings_ms(settings, SET_PROOF_INTERVAL);
}

static void set_acl(const struct settings *settings, zklock_session_options_t *options)
{
	const char *acl = zkl_settings_text(settings, SET_ACL);

	if (g_str_equal(acl, "creator")) {
		options->acl_mode = ZKLOCK_ACL_CREATOR;
	} else if (!g_str_equal(acl, "open")) {
		options->acl_mode = ZKLOCK_ACL_GIVEN;
		options->acl = acl;
	}
}

int zkl_cli_open(struct cli *cli)
{
	zklock_session_options_t options = ZKLOCK_SESSION_OPTIONS_INIT;
	const char *servers = zkl_settings_text(&cli->settings, SET_SERVERS);
	const char *auth_file = zkl_settings_text(&cli->settings, SET_AUTH_FILE);
	g_autofree char *scheme = NULL, *secret = NULL;
	int error;

	set_log(cli);
	if (!servers) {
		zkl_cli_error(cli, "no servers given; use --servers, ZKLOCK_SERVERS or "
				   "/etc/zklock.conf");
		return STATUS_USAGE;
	}
	if (auth_file && !read_secret(cli, auth_file, &scheme, &secret))
		return STATUS_CONFIG;
	options.root = zkl_settings_text(&cli->settings, SET_ROOT);
	options.label = zkl_settings_text(&cli->settings, SET_WHY);
	options.session_timeout_ms = zkl_settings_ms(&cli->settings, SET_SESSION_TIMEOUT);
	options.proof_interval_ms = proof_interval(&cli->settings);
	options.auth_scheme = scheme;
	options.auth_secret = secret;
	set_acl(&cli->settings, &options);
	error = zklock_session_open(servers, &options, &cli->session);
	if (secret)
		explicit_bzero(secret, strlen(secret));
	if (error != ZKLOCK_OK)
		return zkl_cli_failed(cli, error, "cannot open a session to '%s'", servers);
	return STATUS_OK;
}

int zkl_cli_connect(struct cli *cli)
{
	int status = zkl_cli_open(cli), error;

	if (status != STATUS_OK)
		return status;
	error = zklock_session_wait_connected(
		cli->session, zkl_settings_ms(&cli->settings, SET_SESSION_TIMEOUT));
	if (error != ZKLOCK_OK)
		return zkl_cli_failed(cli, error, "cannot connect to '%s'",
			zkl_settings_text(&cli->settings, SET_SERVERS));
	return STATUS_OK;
}

int zkl_cli_close(struct cli *cli)
{
	int error = ZKLOCK_OK;

	if (cli->session)
		error = zklock_session_close(cli->session, GOODBYE_MS);
	cli->session = NULL;
	return error;
}

/* ---- output --------------------------------------------------------------------------------- */

int zkl_cli_print(const struct cli *cli, const char *text)
{
	if (fputs(text, stdout) < 0 || fflush(stdout) != 0) {
		zkl_cli_error(cli, "cannot write the output: %s", g_strerror(errno));
		return STATUS_INTERNAL;
	}
	return STATUS_OK;
}

char *zkl_cli_path(const struct cli *cli, const char *name, const char *node)
{
	return g_strjoin("/", zkl_settings_text(&cli->settings, SET_ROOT), name, node, NULL);
}

bool zkl_cli_color(const struct cli *cli, int fd)
{
	const char *no_color = g_getenv("NO_COLOR"), *term = g_getenv("TERM");

	switch (zkl_settings_word(&cli->settings, SET_COLOR)) {
	case COLOR_ALWAYS:
		return true;
	case COLOR_NEVER:
		return false;
	default:
		return !(no_color && *no_color) && term && !g_str_equal(term, "dumb") && isatty(fd);
	}
}
