/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.c - the command's settings file, environment and options, as `zklock run` reads them.
 * The first lines of the input, up to an empty one, are the file; then one line for the
 * environment; each line behind it is an argument.
 */
#include "job.h"
#include "text.h"

#include <sys/mman.h>
#include <unistd.h>

#include "target.h"

#define ARGUMENTS 16

const char fuzz_name[] = "command";

static int file = -1;

/* The settings file lives in memory; GKeyFile reads it by its path. */
static void write_file(struct bytes *in)
{
	char path[64];

	if (file < 0) {
		file = memfd_create("zklock.conf", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
		setenv("ZKLOCK_CONFIG", path, 1);
	}
	MUST(file >= 0 && ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0);
	while (in->left) {
		char *line = take_line(in);
		bool last = !line[0];

		MUST(dprintf(file, "%s\n", line) >= 0);
		free(line);
		if (last)
			break;
	}
}

static void set_environment(struct bytes *in)
{
	static const char *const names[] = {
		"ZKLOCK_SERVERS", "ZKLOCK_ROOT", "ZKLOCK_SESSION_TIMEOUT", "ZKLOCK_ON_LOST"};
	uint8_t which = take(in);
	char *line = take_line(in);

	for (size_t i = 0; i < 4; i++) {
		if (which % 8 == i)
			setenv(names[i], line, 1);
		else
			unsetenv(names[i]);
	}
	free(line);
}

/* GOption prints the help and ends the process. */
static bool asks_for_help(const char *word)
{
	return strstr(word, "--help") == word ||
	       (word[0] == '-' && word[1] != '-' && strpbrk(word, "h?"));
}

static int take_arguments(struct bytes *in, char **argv)
{
	int argc = 0;

	argv[argc++] = strdup("run");
	while (in->left && argc < ARGUMENTS) {
		argv[argc++] = take_line(in);
		if (asks_for_help(argv[argc - 1]))
			strcpy(argv[argc - 1], "");
	}
	argv[argc] = NULL;
	return argc;
}

/* What was taken can be acted on without another look. */
static void check_settings(const struct settings *settings)
{
	static const enum setting times[] = {SET_SESSION_TIMEOUT, SET_KILL_AFTER};
	static const enum setting words[] = {
		SET_COLOR, SET_LOG_LEVEL, SET_ON_LOST, SET_ON_SUSPEND, SET_IF_DOWN};

	for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
		MUST(zkl_settings_ms(settings, times[i]) >= 0);
	for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
		MUST(zkl_settings_word(settings, words[i]) >= 0);
	for (enum setting key = 0; key < N_SETTINGS; key++) {
		char *source = zkl_settings_source(settings, key);

		MUST(source && source[0]);
		g_free(source);
	}
}

static void check_options(const struct tenure_options *options)
{
	MUST(options->name && zkl_text_is_name(options->name));
	MUST(options->argv && options->argv[0]);
	MUST(options->wait_ms >= -1 && options->at_least_ms >= 0 && options->at_most_ms >= 0);
	MUST(options->busy_status >= 0 && options->busy_status <= 255);
	MUST(options->lost_status >= 0 && options->lost_status <= 255);
}

static void parse(int argc, char **argv)
{
	struct cli cli = {.command = "run"};
	struct job job = {0};
	struct tenure_options options = {0};
	GOptionEntry *entries = zkl_job_entries(&job);
	int status = zkl_cli_parse(
		&cli, CLI_SERVERS | CLI_CHILD, entries, "NAME", "About.", &argc, &argv);

	if (status == STATUS_OK) {
		check_settings(&cli.settings);
		status = zkl_job_options(&job, &cli, argc, argv, &options);
		if (status == STATUS_OK)
			check_options(&options);
	}
	MUST(status == STATUS_OK || status == STATUS_USAGE || status == STATUS_CONFIG);
	zkl_job_clear(&job);
	zkl_settings_clear(&cli.settings);
	g_free(entries);
}

static void check_texts(const char *text)
{
	char *safe = zkl_text_escape(text);
	int64_t ms = -1;

	for (const char *c = safe; *c; c++)
		MUST((unsigned char)*c >= 0x20 && *c != 0x7f);
	MUST(zkl_text_width(safe) >= 0);
	MUST(!zkl_text_duration(text, &ms) || ms >= 0);
	g_free(safe);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	char *argv[ARGUMENTS + 1], *all[ARGUMENTS + 1];
	int argc;

	write_file(&in);
	set_environment(&in);
	argc = take_arguments(&in, argv);
	memcpy(all, argv, sizeof(all)); /* GOption takes some out */
	for (int i = 0; i < argc; i++)
		check_texts(argv[i]);
	parse(argc, argv);
	for (int i = 0; i < argc; i++)
		free(all[i]);
	return 0;
}
