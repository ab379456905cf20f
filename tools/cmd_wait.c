/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_wait.c - zklock wait: until all who hold or wait now are done. Takes nothing, joins nothing;
 * the library watches the last in line, so nothing is polled. A signal ends it as it ends anything.
 */
#include "commands.h"
#include "contender.h"
#include "tenure.h"

#define GLANCE_MS 2000 /* for a look at the queue that only serves a message */

/* -v: whom we wait for. Only a message, so trouble is not worth an error. */
static void say_queue(const struct cli *cli, const char *name)
{
	zklock_owners_t *owners = NULL;

	if (!cli->verbose)
		return;
	if (zklock_owners(cli->session, name, 1, GLANCE_MS, &owners) == ZKLOCK_OK &&
		zklock_owners_count(owners) > 0) {
		g_autofree char *who = zkl_contender_who(zklock_owners_get(owners, 0));

		zkl_cli_say(cli, "waiting until %zu are done with '%s'; held by %s",
			zklock_owners_total(owners), name, who);
	}
	zklock_owners_free(owners);
}

static int wait_done(struct cli *cli, const struct tenure_options *options)
{
	int error, status;

	say_queue(cli, options->name);
	error = zklock_wait_done(cli->session, options->name, options->wait_ms);
	if (error == ZKLOCK_OK)
		return STATUS_OK;
	status = zkl_cli_status(cli, error);
	if (status == STATUS_BUSY)
		status = options->busy_status;
	if (!(cli->quiet && status == options->busy_status))
		zkl_cli_failed(cli, error, "cannot wait for '%s'", options->name);
	return status;
}

int zkl_cmd_wait(struct cli *cli, int argc, char **argv)
{
	struct tenure_options options = {.busy_status = STATUS_BUSY};
	int status = zkl_tenure_options(cli, NULL, "NAME",
		"Wait until everybody who holds or awaits the lock NAME now is done. Takes "
		"nothing.",
		&argc, &argv, &options);

	if (status == STATUS_OK)
		status = zkl_cli_open(cli);
	return status == STATUS_OK ? wait_done(cli, &options) : status;
}
