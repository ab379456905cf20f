/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.c - what is alive in the heaps of Java servers.
 */
#include "heap.h"

#include <stdio.h>
#include <string.h>

#include "contest.h"

/* A class histogram comes after a full collection; its last line is "Total OBJECTS BYTES". */
static bool add_heap(const char *pid, double *kib, GError **error)
{
	const char *argv[] = {"jcmd", pid, "GC.class_histogram", NULL};
	char *text = NULL, *total;
	long long bytes = 0;
	int status;
	bool ok = g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &text,
			  NULL, &status, error) &&
		  g_spawn_check_wait_status(status, error);

	total = ok ? g_strrstr(text, "Total") : NULL;
	if (total != NULL && sscanf(total, "Total %*d %lld", &bytes) == 1)
		*kib += (double)bytes / 1024;
	else if (ok)
		ok = bench_fail(error, "jcmd", "no total in its histogram");
	g_free(text);
	return ok;
}

bool heap_live_kib(const char *pids, double *ret_kib, GError **error)
{
	char **list = g_strsplit(pids, ",", -1);
	bool ok = true;

	*ret_kib = 0;
	for (char **pid = list; ok && *pid != NULL; pid++)
		ok = add_heap(*pid, ret_kib, error);
	g_strfreev(list);
	return ok;
}
