/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.c - the part of the command line that run and once share: NAME [--] COMMAND and how to run
 * it.
 */
#include "job.h"

#include "text.h"

GOptionEntry *zkl_job_entries(struct job *job)
{
	const GOptionEntry entries[] = {{"nonblock", 'n', 0, G_OPTION_ARG_NONE, &job->nonblock,
						"do not wait: fail when the lock is taken", NULL},
		{"timeout", 'w', 0, G_OPTION_ARG_STRING, &job->timeout,
			"wait at most that long (0: as -n)", "TIME"},
		{"conflict-exit-code", 'E', 0, G_OPTION_ARG_INT, &job->busy_status,
			"exit status when the lock was not free in time (75)", "CODE"},
		{"lost-exit-code", 0, 0, G_OPTION_ARG_INT, &job->lost_status,
			"exit status when the lock was lost (76)", "CODE"},
		{"command", 'c', 0, G_OPTION_ARG_STRING, &job->shell, "a command line for /bin/sh",
			"STRING"},
		{"at-least", 0, 0, G_OPTION_ARG_STRING, &job->at_least,
			"hold the lock at least that long", "TIME"},
		{"at-most", 0, 0, G_OPTION_ARG_STRING, &job->at_most,
			"end the command after that long (status 124)", "TIME"},
		{"exclusive", 'x', 0, G_OPTION_ARG_NONE, &job->exclusive,
			"one holder at a time (the default)", NULL},
		G_OPTION_ENTRY_NULL};

	job->busy_status = STATUS_BUSY;
	job->lost_status = STATUS_LOST;
	return g_memdup2(entries, sizeof(entries));
}

static int use_shell(struct job *job, struct tenure_options *options, const char *line)
{
	job->shell_argv[0] = (char *)"/bin/sh";
	job->shell_argv[1] = (char *)"-c";
	job->shell_argv[2] = (char *)line;
	options->argv = job->shell_argv;
	return STATUS_OK;
}

/* What stands behind the name: nothing (-c came before), "-c STRING" as flock's users write it,
 * or the command, with or without "--". */
static int find_command(
	struct job *job, const struct cli *cli, char **rest, struct tenure_options *options)
{
	if (job->shell && *rest)
		return zkl_cli_usage(cli, "either -c STRING or a command, not both");
	if (job->shell)
		return use_shell(job, options, job->shell);
	if (*rest && g_str_equal(*rest, "-c") && rest[1] && !rest[2])
		return use_shell(job, options, rest[1]);
	if (*rest && g_str_equal(*rest, "--"))
		rest++;
	else if (*rest && **rest == '-') {
		g_autofree char *safe = zkl_text_escape(*rest);

		return zkl_cli_usage(cli,
			"'%s' stands behind the name; options come before it, and a command that "
			"begins with '-' needs -- before it",
			safe);
	}
	if (!*rest)
		return zkl_cli_usage(cli, "the command is missing; write NAME -- COMMAND");
	options->argv = rest;
	return STATUS_OK;
}

static bool read_times(const struct job *job, const struct cli *cli, struct tenure_options *options)
{
	options->wait_ms = -1;
	return zkl_cli_duration(cli, "--timeout", job->timeout, &options->wait_ms) &&
	       zkl_cli_duration(cli, "--at-least", job->at_least, &options->at_least_ms) &&
	       zkl_cli_duration(cli, "--at-most", job->at_most, &options->at_most_ms) &&
	       zkl_cli_exit_code(cli, "--conflict-exit-code", job->busy_status) &&
	       zkl_cli_exit_code(cli, "--lost-exit-code", job->lost_status);
}

static int check_times(
	const struct job *job, const struct cli *cli, const struct tenure_options *options)
{
	if (job->nonblock && job->timeout)
		return zkl_cli_usage(cli, "either -n or -w TIME, not both");
	if (job->at_most && options->at_most_ms == 0)
		return zkl_cli_usage(cli, "--at-most 0 leaves the command no time");
	/* in a file it stands for the jobs that do have a limit */
	if (cli->settings.of[SET_IF_DOWN].source == SOURCE_OPTION &&
		zkl_settings_word(&cli->settings, SET_IF_DOWN) == DOWN_RUN && options->wait_ms < 0)
		return zkl_cli_usage(cli, "--if-down=run needs -n or -w TIME: without a limit "
					  "there is no moment at which the servers count as down");
	return STATUS_OK;
}

int zkl_job_options(struct job *job, const struct cli *cli, int argc, char **argv,
	struct tenure_options *ret_options)
{
	int status;

	if (!read_times(job, cli, ret_options))
		return STATUS_USAGE;
	if (job->nonblock)
		ret_options->wait_ms = job->timeout ? ret_options->wait_ms : 0;
	status = check_times(job, cli, ret_options);
	if (status != STATUS_OK)
		return status;
	ret_options->name = zkl_cli_name(cli, MIN(argc, 2), argv);
	if (!ret_options->name)
		return STATUS_USAGE;
	ret_options->busy_status = job->busy_status;
	ret_options->lost_status = job->lost_status;
	return find_command(job, cli, argv + 2, ret_options);
}

void zkl_job_clear(struct job *job)
{
	g_free(job->timeout);
	g_free(job->shell);
	g_free(job->at_least);
	g_free(job->at_most);
}
