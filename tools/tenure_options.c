/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenure_options.c - the command line of subcommands that wait for a lock and run nothing.
 */
#include "tenure.h"

int zkl_tenure_options(struct cli *cli, const GOptionEntry *own, const char *usage,
	const char *about, int *argc, char ***argv, struct tenure_options *options)
{
	gboolean nonblock = FALSE;
	g_autofree char *timeout = NULL;
	const GOptionEntry common[] = {
		{"nonblock", 'n', 0, G_OPTION_ARG_NONE, &nonblock, "do not wait", NULL},
		{"timeout", 'w', 0, G_OPTION_ARG_STRING, &timeout,
			"wait at most that long (0: as -n)", "TIME"},
		{"conflict-exit-code", 'E', 0, G_OPTION_ARG_INT, &options->busy_status,
			"exit status when the lock was not free in time (75)", "CODE"},
		G_OPTION_ENTRY_NULL};
	g_autofree GOptionEntry *entries = zkl_cli_join_entries(common, own);
	int status = zkl_cli_parse(cli, CLI_SERVERS, entries, usage, about, argc, argv);

	options->wait_ms = nonblock ? 0 : -1;
	if (status != STATUS_OK)
		return status;
	if (nonblock && timeout)
		return zkl_cli_usage(cli, "either -n or -w TIME, not both");
	if (!zkl_cli_duration(cli, "--timeout", timeout, &options->wait_ms) ||
		!zkl_cli_exit_code(cli, "--conflict-exit-code", options->busy_status))
		return STATUS_USAGE;
	options->name = zkl_cli_name(cli, *argc, *argv);
	return options->name ? STATUS_OK : STATUS_USAGE;
}
