/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.c - a contestant in a process of its own.
 */
#include "peer.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

struct peer {
	char *command;
	GSubprocess *process;
	GDataInputStream *answers;
	GOutputStream *questions;
	char *refusal; /* why it cannot take part at all */
};

/* The numbers of an "ok" line; whatever else it is becomes an error. */
static bool parse_answer(const char *line, GArray *samples, GError **error)
{
	char *end;

	if (g_str_has_prefix(line, "skip "))
		return bench_skip(error, line + strlen("skip "));
	if (!g_str_has_prefix(line, "ok"))
		return bench_fail(error, "peer", line);
	for (const char *at = line + strlen("ok"); *at != '\0'; at = end) {
		double value = g_ascii_strtod(at, &end);

		if (end == at)
			return bench_fail(error, "peer: not a number", at);
		sample_add(samples, value);
	}
	return true;
}

static char *read_line(struct peer *peer, GError **error)
{
	char *line = g_data_input_stream_read_line(peer->answers, NULL, NULL, error);

	if (line == NULL && (error == NULL || *error == NULL))
		bench_fail(error, peer->command, "ended without an answer");
	return line;
}

static bool await_ready(struct peer *peer, GError **error)
{
	char *line = read_line(peer, error);

	if (line == NULL)
		peer->refusal = g_strdup("does not start");
	else if (!g_str_equal(line, "ready"))
		peer->refusal = g_strdup(g_str_has_prefix(line, "skip ") ? line + 5 : line);
	g_free(line);
	return peer->refusal == NULL || (error != NULL && *error != NULL)
		       ? peer->refusal == NULL
		       : bench_skip(error, peer->refusal);
}

static bool start(struct peer *peer, GError **error)
{
	char **argv;

	if (peer->refusal != NULL)
		return bench_skip(error, peer->refusal);
	if (peer->process != NULL)
		return true;
	if (!g_shell_parse_argv(peer->command, NULL, &argv, error))
		return false;
	peer->process = g_subprocess_newv((const char *const *)argv,
		G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, error);
	g_strfreev(argv);
	if (peer->process == NULL)
		return false;
	peer->questions = g_subprocess_get_stdin_pipe(peer->process);
	peer->answers = g_data_input_stream_new(g_subprocess_get_stdout_pipe(peer->process));
	return await_ready(peer, error);
}

static bool ask(struct peer *peer, const char *question, GArray *samples, GError **error)
{
	char *line;
	bool ok;

	if (!start(peer, error))
		return false;
	if (!g_output_stream_write_all(
		    peer->questions, question, strlen(question), NULL, NULL, error))
		return false;
	line = read_line(peer, error);
	ok = line != NULL && parse_answer(line, samples, error);
	g_free(line);
	return ok;
}

static bool peer_measure(
	struct contestant *c, const struct task *task, GArray *samples, GError **error)
{
	char *question = g_strdup_printf(
		"measure %s %u %u %u\n", task->what, task->n, task->count, task->turn);
	bool ok = ask(c->data, question, samples, error);

	g_free(question);
	return ok;
}

bool peer_waiters(struct contestant *c, unsigned n, GArray *samples, GError **error)
{
	char *question = g_strdup_printf("waiters %u\n", n);
	bool ok = ask(c->data, question, samples, error) && samples->len == 2;

	g_free(question);
	return ok;
}

static void peer_close(struct contestant *c)
{
	struct peer *peer = c->data;

	if (peer->process != NULL) {
		g_output_stream_close(peer->questions, NULL, NULL);
		g_subprocess_wait(peer->process, NULL, NULL);
		g_object_unref(peer->answers);
		g_object_unref(peer->process);
	}
	g_free(peer->command);
	g_free(peer->refusal);
	g_free(peer);
	g_free(c);
}

struct contestant *peer_contestant(
	const char *who, const char *variant, const char *note, const char *command)
{
	struct contestant *c = g_new0(struct contestant, 1);
	struct peer *peer = g_new0(struct peer, 1);

	peer->command = g_strdup(command);
	c->who = who;
	c->variant = variant;
	c->note = note;
	c->measure = peer_measure;
	c->close = peer_close;
	c->data = peer;
	return c;
}
