/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_hold.c - zklock hold: hold a lock for a script, and say on standard output what happens.
 * One JSON object a line: "held" when it is ours, "lost" when it was taken from us.
 */
#include "commands.h"
#include "json.h"
#include "tenure.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#define LOOK_AGAIN_MS 1000

struct hold {
	gboolean until_signal;
	guint input;
};

static JsonBuilder *begin_event(const struct tenure *tenure, const char *event)
{
	JsonBuilder *json = zkl_json_begin();

	zkl_json_text(json, "event", event);
	zkl_json_text(json, "name", tenure->options.name);
	zkl_json_number(json, "token", tenure->token);
	return json;
}

static void say_held(struct tenure *tenure)
{
	JsonBuilder *json = begin_event(tenure, "held");
	zklock_session_info_t info = ZKLOCK_SESSION_INFO_INIT;
	g_autofree char *session = NULL;
	char node[1200] = "";

	zklock_node(tenure->lock, node, sizeof(node));
	if (zklock_session_info(tenure->cli->session, &info) != ZKLOCK_OK)
		info.session_id = 0;
	session = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", (guint64)info.session_id);
	zkl_json_text(json, "node", node);
	zkl_json_text(json, "session", session);
	zkl_json_number(json, "remaining_ms", zklock_remaining_ms(tenure->lock));
	zkl_json_number(json, "pid", getpid());
	if (zkl_json_print(tenure->cli, json) != STATUS_OK)
		zkl_tenure_finish(tenure, STATUS_INTERNAL);
}

static gboolean on_input(int fd, GIOCondition condition, void *user);

static void listen(struct tenure *tenure)
{
	((struct hold *)tenure->user)->input =
		g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, tenure);
}

static gboolean on_look_again(void *user)
{
	listen(user);
	return G_SOURCE_REMOVE;
}

/* What is typed means nothing; its end means that we are done. */
static gboolean on_input(int fd, GIOCondition condition, void *user)
{
	struct tenure *tenure = user;
	struct hold *hold = tenure->user;
	char text[4096];
	ssize_t len = read(fd, text, sizeof(text));

	if (len > 0 || (len < 0 && (errno == EINTR || errno == EAGAIN)))
		return G_SOURCE_CONTINUE;
	hold->input = 0;
	/* what is typed on our terminal is for others now, and nobody tells us when that ends */
	if (len < 0 && errno == EIO && isatty(fd) && !zkl_tenure_in_foreground())
		hold->input = g_timeout_add(LOOK_AGAIN_MS, on_look_again, tenure);
	else
		zkl_tenure_finish(tenure, STATUS_OK);
	return G_SOURCE_REMOVE;
}

static void granted(struct tenure *tenure)
{
	struct hold *hold = tenure->user;

	say_held(tenure);
	if (!hold->until_signal)
		listen(tenure);
}

static void lost(struct tenure *tenure, enum zklock_cause cause)
{
	JsonBuilder *json = begin_event(tenure, "lost");

	zkl_json_text(json, "cause", zklock_cause_name(cause));
	zkl_json_print(tenure->cli, json);
}

static const struct tenure_hooks hooks = {.granted = granted, .lost = lost};

int zkl_cmd_hold(struct cli *cli, int argc, char **argv)
{
	struct hold hold = {0};
	struct tenure tenure = {.cli = cli,
		.hooks = &hooks,
		.user = &hold,
		.options = {
			.busy_status = STATUS_BUSY, .lost_status = STATUS_LOST, .ends_well = true}};
	const GOptionEntry until[] = {
		{"until-signal", 0, 0, G_OPTION_ARG_NONE, &hold.until_signal,
			"do not read standard input; a signal ends the hold", NULL},
		G_OPTION_ENTRY_NULL};
	int status = zkl_tenure_options(cli, until, "NAME",
		"Hold the lock NAME until standard input ends or a signal comes. A JSON line on "
		"standard output says when it is held.",
		&argc, &argv, &tenure.options);

	if (status == STATUS_OK)
		status = zkl_tenure_run(&tenure);
	return status;
}
