/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c - the session's counters in a file, for the textfile collector of node_exporter.
 * A new file takes the old one's place by rename, so no reader sees half of it.
 */
#include "metrics.h"

static int append(const char *text, size_t len, void *user)
{
	g_string_append_len(user, text, (gssize)len);
	return 0;
}

void zkl_metrics_save(const struct cli *cli)
{
	const char *path = zkl_settings_text(&cli->settings, SET_METRICS_FILE);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	int failed;

	if (!path)
		return;
	failed = zklock_metrics_write(cli->session, NULL, append, text);
	if (failed != ZKLOCK_OK)
		zkl_cli_failed(cli, failed, "cannot collect the metrics");
	else if (!g_file_set_contents_full(path, text->str, (gssize)text->len,
			 G_FILE_SET_CONTENTS_CONSISTENT, 0644, &error))
		zkl_cli_error(cli, "cannot write --metrics-file: %s", error->message);
}
