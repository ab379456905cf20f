/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h - the part of the command line that run and once share: NAME [--] COMMAND and how to run
 * it.
 */
#ifndef ZKLOCK_TOOLS_JOB_H
#define ZKLOCK_TOOLS_JOB_H

#include "tenure.h"

struct job {
	gboolean nonblock, exclusive;
	char *timeout, *shell, *at_least, *at_most;
	int busy_status, lost_status;
	char *shell_argv[4];
};

/** What GOption needs to fill a job. Free with g_free(). */
GOptionEntry *zkl_job_entries(struct job *job);

/** Check what was found and turn it into the options of a tenure. Result: exit status. */
int zkl_job_options(struct job *job, const struct cli *cli, int argc, char **argv,
	struct tenure_options *ret_options);
void zkl_job_clear(struct job *job);

#endif
