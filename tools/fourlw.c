/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fourlw.c - ZooKeeper's four-letter words, asked of one server.
 */
#include "fourlw.h"

#include <gio/gio.h>
#include <string.h>

#define DEFAULT_PORT 2181
#define LIMIT_S	     5
#define ANSWER_MAX   (4 * 1024 * 1024) /* "cons" of a busy server is long */

char **zkl_fourlw_servers(const char *servers)
{
	g_autofree char *hosts = g_strndup(servers, strcspn(servers, "/"));
	g_auto(GStrv) words = g_strsplit(hosts, ",", -1);
	GPtrArray *list = g_ptr_array_new();

	for (char **word = words; *word; word++) {
		g_strstrip(*word);
		if (**word)
			g_ptr_array_add(list, g_strdup(*word));
	}
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(list, FALSE);
}

/* The server closes when all is said. */
static char *read_answer(GInputStream *input, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	char piece[4096];
	gssize len;

	while ((len = g_input_stream_read(input, piece, sizeof(piece), NULL, error)) > 0 &&
		text->len < ANSWER_MAX)
		g_string_append_len(text, piece, len);
	if (len < 0)
		return NULL;
	return g_strdup(text->str);
}

char *zkl_fourlw_ask(const char *server, const char *word, GError **error)
{
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GSocketConnection) connection = NULL;
	GOutputStream *output;

	g_socket_client_set_timeout(client, LIMIT_S);
	g_socket_client_set_enable_proxy(client, FALSE);
	connection = g_socket_client_connect_to_host(client, server, DEFAULT_PORT, NULL, error);
	if (!connection)
		return NULL;
	output = g_io_stream_get_output_stream(G_IO_STREAM(connection));
	if (!g_output_stream_write_all(output, word, strlen(word), NULL, NULL, error))
		return NULL;
	return read_answer(g_io_stream_get_input_stream(G_IO_STREAM(connection)), error);
}

bool zkl_fourlw_refused(const char *answer)
{
	return strstr(answer, "not in the whitelist") || !*answer;
}

char *zkl_fourlw_value(const char *answer, const char *key)
{
	g_auto(GStrv) lines = g_strsplit(answer, "\n", -1);
	size_t len = strlen(key);

	for (char **line = lines; *line; line++) {
		if (g_str_has_prefix(*line, key) && ((*line)[len] == '=' || (*line)[len] == ':'))
			return g_strdup(g_strstrip(*line + len + 1));
	}
	return NULL;
}

int64_t zkl_fourlw_number(const char *answer, const char *key)
{
	g_autofree char *value = zkl_fourlw_value(answer, key);

	return value && *value ? g_ascii_strtoll(value, NULL, 10) : -1;
}
