/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - what the command is set to, and where each value comes from.
 */
#include "settings.h"

#include "text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define GROUP	    "zklock"
#define SYSTEM_FILE "/etc/zklock.conf"

enum kind {
	KIND_TEXT,
	KIND_PATH,
	KIND_DURATION,
	KIND_TIMEOUT,
	KIND_INTERVAL,
	KIND_WORD,
	KIND_ROOT
};

static const char *const colors[] = {"auto", "always", "never", NULL};
static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const losses[] = {"term", "kill", "hup", "ignore", NULL};
static const char *const suspends[] = {"none", "stop", "term", NULL};
static const char *const downs[] = {"fail", "run", NULL};

static const struct row {
	const char *name, *env;
	enum kind kind;
	const char *built_in;
	const char *const *words;
	const char *argument, *help;
} rows[N_SETTINGS] = {
	[SET_SERVERS] = {"servers", "ZKLOCK_SERVERS", KIND_TEXT, NULL, NULL, "HOST[:PORT],...",
		"ZooKeeper servers, with /chroot at the end if there is one"},
	[SET_ROOT] = {"root", "ZKLOCK_ROOT", KIND_ROOT, "/locks", NULL, "PATH",
		"parent of all locks (/locks)"},
	[SET_SESSION_TIMEOUT] = {"session-timeout", "ZKLOCK_SESSION_TIMEOUT", KIND_TIMEOUT, "10s",
		NULL, "TIME", "session timeout to ask for (10s)"},
	[SET_PROOF_INTERVAL] = {"proof-interval", "ZKLOCK_PROOF_INTERVAL", KIND_INTERVAL, "auto",
		NULL, "TIME", "time between proofs of the lock: auto, none or a time"},
	[SET_AUTH_FILE] = {"auth-file", "ZKLOCK_AUTH_FILE", KIND_PATH, NULL, NULL, "FILE",
		"file with one line SCHEME:SECRET, as digest:user:password"},
	[SET_ACL] = {"acl", "ZKLOCK_ACL", KIND_TEXT, "open", NULL, "ACL",
		"who may queue: open, creator or SCHEME:ID:PERMS,..."},
	[SET_WHY] = {"why", "ZKLOCK_WHY", KIND_TEXT, NULL, NULL, "TEXT",
		"text that others see beside our place in the queue"},
	[SET_COLOR] = {"color", "ZKLOCK_COLOR", KIND_WORD, "auto", colors, "WHEN",
		"auto, always or never"},
	[SET_LOG_LEVEL] = {"log-level", "ZKLOCK_LOG_LEVEL", KIND_WORD, "warning", levels, "LEVEL",
		"error, warning, info or debug"},
	[SET_KILL_AFTER] = {"kill-after", "ZKLOCK_KILL_AFTER", KIND_DURATION, "5s", NULL, "TIME",
		"at most that long between the first signal and SIGKILL (5s)"},
	[SET_ON_LOST] = {"on-lost", "ZKLOCK_ON_LOST", KIND_WORD, "term", losses, "WHAT",
		"when the lock is lost: term, kill, hup or ignore"},
	[SET_ON_SUSPEND] = {"on-suspend", "ZKLOCK_ON_SUSPEND", KIND_WORD, "none", suspends, "WHAT",
		"while contact is lost: none, stop or term"},
	[SET_IF_DOWN] = {"if-down", "ZKLOCK_IF_DOWN", KIND_WORD, "fail", downs, "WHAT",
		"when no server answers in time: fail or run (unlocked)"},
	[SET_METRICS_FILE] = {"metrics-file", "ZKLOCK_METRICS_FILE", KIND_PATH, NULL, NULL, "FILE",
		"write counters there at the end, in Prometheus text format"},
};

/* ---- checks --------------------------------------------------------------------------------- */

static bool word_is_known(const struct row *row, const char *value)
{
	return g_strv_contains(row->words, value);
}

static bool is_root(const char *value)
{
	return value[0] == '/' && value[1] && !g_str_has_suffix(value, "/") &&
	       !strstr(value, "//") && !g_str_equal(value, "/zookeeper") &&
	       !g_str_has_prefix(value, "/zookeeper/");
}

/* What the value should have been, or NULL when it is fine. Free with g_free(). */
static char *complaint(const struct row *row, const char *value)
{
	int64_t ms;

	switch (row->kind) {
	case KIND_TEXT:
	case KIND_PATH:
		return *value ? NULL : g_strdup("is empty");
	case KIND_ROOT:
		return is_root(value) ? NULL
				      : g_strdup("must be an absolute path, not under /zookeeper");
	case KIND_INTERVAL:
		if (g_str_equal(value, "auto") || g_str_equal(value, "none"))
			return NULL;
		return zkl_text_duration(value, &ms) && ms > 0
			       ? NULL
			       : g_strdup("must be auto, none or a time such as 2s");
	case KIND_TIMEOUT:
		return zkl_text_duration(value, &ms) && ms > 0
			       ? NULL
			       : g_strdup("must be a time such as 10s, and more than none");
	case KIND_DURATION:
		return zkl_text_duration(value, &ms) ? NULL
						     : g_strdup("must be a time such as 10s");
	case KIND_WORD:
		break;
	}
	if (word_is_known(row, value))
		return NULL;
	g_autofree char *list = g_strjoinv(", ", (char **)row->words);

	return g_strdup_printf("must be one of: %s", list);
}

static bool set(struct settings *settings, enum setting key, const char *value, enum source source,
	GError **error)
{
	g_autofree char *wrong = complaint(&rows[key], value);

	g_free(settings->of[key].value);
	settings->of[key].value = g_strdup(value);
	settings->of[key].source = source;
	if (!wrong)
		return true;
	g_autofree char *where = zkl_settings_source(settings, key);
	g_autofree char *safe = zkl_text_escape(value);

	g_set_error(error, SETTINGS_ERROR, (int)source, "%s '%s' (from %s) %s", rows[key].name,
		safe, where, wrong);
	return false;
}

/* ---- files ---------------------------------------------------------------------------------- */

static const char *const *row_names(void)
{
	static const char *names[N_SETTINGS + 1];

	for (int i = 0; i < N_SETTINGS; i++)
		names[i] = rows[i].name;
	return names;
}

static int row_of(const char *name)
{
	for (int i = 0; i < N_SETTINGS; i++) {
		if (g_str_equal(rows[i].name, name))
			return i;
	}
	return -1;
}

static bool unknown_key(const char *path, const char *key, enum source source, GError **error)
{
	const char *near = zkl_text_nearest(key, row_names());
	g_autofree char *safe = zkl_text_escape(key);

	g_set_error(error, SETTINGS_ERROR, (int)source, "%s: unknown key '%s'%s%s%s", path, safe,
		near ? "; did you mean '" : ": see zklock.conf(5)", near ? near : "",
		near ? "'?" : "");
	return false;
}

static bool take_key(struct settings *settings, GKeyFile *file, const char *path, const char *key,
	enum source source, GError **error)
{
	int row = row_of(key);
	g_autofree char *value = NULL;

	if (row < 0)
		return unknown_key(path, key, source, error);
	value = g_key_file_get_string(file, GROUP, key, error);
	return value && set(settings, (enum setting)row, g_strstrip(value), source, error);
}

static bool check_groups(GKeyFile *file, const char *path, enum source source, GError **error)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

	for (char **group = groups; *group; group++) {
		if (!g_str_equal(*group, GROUP)) {
			g_autofree char *safe = zkl_text_escape(*group);

			g_set_error(error, SETTINGS_ERROR, (int)source,
				"%s: unknown group [%s]: settings belong in [" GROUP "]", path,
				safe);
			return false;
		}
	}
	return true;
}

/* A file that is not there is fine; one that cannot be read or understood is not. */
static bool take_file(
	struct settings *settings, const char *path, bool must, enum source source, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) problem = NULL;
	g_auto(GStrv) keys = NULL;

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &problem)) {
		if (!must && g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
			return true;
		g_set_error(error, SETTINGS_ERROR, (int)source, "%s: %s", path, problem->message);
		return false;
	}
	if (!check_groups(file, path, source, error))
		return false;
	keys = g_key_file_get_keys(file, GROUP, NULL, NULL);
	for (char **key = keys; key && *key; key++) {
		if (!take_key(settings, file, path, *key, source, error))
			return false;
	}
	return true;
}

static bool take_environment(struct settings *settings, GError **error)
{
	for (int i = 0; i < N_SETTINGS; i++) {
		const char *value = g_getenv(rows[i].env);

		if (value && *value &&
			!set(settings, (enum setting)i, value, SOURCE_ENVIRONMENT, error))
			return false;
	}
	return true;
}

/* A program that runs with other rights than its caller must not read the caller's files. */
static bool rights_are_borrowed(void)
{
	return getuid() != geteuid() || getgid() != getegid();
}

/* ---- life cycle ----------------------------------------------------------------------------- */

bool zkl_settings_load(struct settings *settings, GError **error)
{
	const char *given = g_getenv("ZKLOCK_CONFIG");

	for (int i = 0; i < N_SETTINGS; i++)
		settings->of[i].value = g_strdup(rows[i].built_in);
	settings->system_file = g_strdup(SYSTEM_FILE);
	if (!rights_are_borrowed())
		settings->user_file = given && *given ? g_strdup(given)
						      : g_build_filename(g_get_user_config_dir(),
								"zklock.conf", NULL);
	return take_file(settings, settings->system_file, false, SOURCE_SYSTEM, error) &&
	       (!settings->user_file || take_file(settings, settings->user_file, given && *given,
						SOURCE_USER, error)) &&
	       take_environment(settings, error);
}

bool zkl_settings_take_options(struct settings *settings, GError **error)
{
	for (int i = 0; i < N_SETTINGS; i++) {
		if (settings->option[i] &&
			!set(settings, (enum setting)i, settings->option[i], SOURCE_OPTION, error))
			return false;
	}
	return true;
}

void zkl_settings_clear(struct settings *settings)
{
	for (int i = 0; i < N_SETTINGS; i++) {
		g_free(settings->of[i].value);
		g_free(settings->option[i]);
	}
	g_free(settings->system_file);
	g_free(settings->user_file);
	memset(settings, 0, sizeof(*settings));
}

GOptionEntry *zkl_settings_entries(struct settings *settings, enum setting first, enum setting end)
{
	GOptionEntry *entries = g_new0(GOptionEntry, end - first + 1);

	for (enum setting key = first; key < end; key++) {
		GOptionEntry *entry = &entries[key - first];

		entry->long_name = rows[key].name;
		entry->arg =
			rows[key].kind == KIND_PATH ? G_OPTION_ARG_FILENAME : G_OPTION_ARG_STRING;
		entry->arg_data = &settings->option[key];
		entry->description = rows[key].help;
		entry->arg_description = rows[key].argument;
	}
	return entries;
}

/* ---- queries -------------------------------------------------------------------------------- */

const char *zkl_settings_name(enum setting key)
{
	return rows[key].name;
}

const char *zkl_settings_text(const struct settings *settings, enum setting key)
{
	return settings->of[key].value;
}

int64_t zkl_settings_ms(const struct settings *settings, enum setting key)
{
	int64_t ms = 0;

	zkl_text_duration(settings->of[key].value, &ms);
	return ms;
}

int zkl_settings_word(const struct settings *settings, enum setting key)
{
	for (int i = 0; rows[key].words[i]; i++) {
		if (g_str_equal(rows[key].words[i], settings->of[key].value))
			return i;
	}
	g_assert_not_reached();
}

char *zkl_settings_source(const struct settings *settings, enum setting key)
{
	switch (settings->of[key].source) {
	case SOURCE_SYSTEM:
		return g_strdup(settings->system_file);
	case SOURCE_USER:
		return g_strdup(settings->user_file);
	case SOURCE_ENVIRONMENT:
		return g_strdup(rows[key].env);
	case SOURCE_OPTION:
		return g_strdup_printf("--%s", rows[key].name);
	case SOURCE_BUILT_IN:
		break;
	}
	return g_strdup("built in");
}
