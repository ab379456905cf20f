/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_run.c - zklock run: a command under a lock.
 */
#include "commands.h"
#include "job.h"

static void granted(struct tenure *tenure)
{
	zkl_tenure_start(tenure, NULL);
}

static const struct tenure_hooks hooks = {.granted = granted};

int zkl_cmd_run(struct cli *cli, int argc, char **argv)
{
	struct job job = {0};
	struct tenure tenure = {.cli = cli, .hooks = &hooks};
	g_autofree GOptionEntry *entries = zkl_job_entries(&job);
	int status = zkl_cli_parse(cli, CLI_SERVERS | CLI_CHILD, entries,
		"NAME [--] COMMAND [ARGUMENT...]",
		"Wait for the lock NAME, run COMMAND while holding it, release it.", &argc, &argv);

	if (status == STATUS_OK)
		status = zkl_job_options(&job, cli, argc, argv, &tenure.options);
	if (status == STATUS_OK)
		status = zkl_tenure_run(&tenure);
	zkl_job_clear(&job);
	return status;
}
