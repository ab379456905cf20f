/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - small texts: durations in and out, nearest words, and bytes made safe for a terminal.
 */
#include "text.h"

#include <string.h>

#define MAX_DURATION_MS (INT64_C(10000) * 24 * 3600 * 1000)

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {"", 1000}};

/* ---- durations ------------------------------------------------------------------------------ */

static const struct unit *unit_at(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz");

	for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
		if (strlen(units[i].name) == len && strncmp(units[i].name, text, len) == 0)
			return &units[i];
	}
	return NULL;
}

bool zkl_text_duration(const char *text, int64_t *ret_ms)
{
	double total = 0;

	if (!g_ascii_isdigit(*text) && *text != '.')
		return false;
	while (*text) {
		const struct unit *unit;
		char *end;
		double number;

		if (!g_ascii_isdigit(*text) && *text != '.')
			return false;
		number = g_ascii_strtod(text, &end);
		unit = end == text ? NULL : unit_at(end);
		/* strtod() would also take "0x1", "1e3" and "inf" */
		if (!unit || strspn(text, "0123456789.") != (size_t)(end - text))
			return false;
		text = end + strlen(unit->name);
		total += number * (double)unit->ms;
	}
	if (!(total <= (double)MAX_DURATION_MS))
		return false;
	*ret_ms = (int64_t)total;
	*ret_ms += total > (double)*ret_ms; /* up: 0.1 ms is not nothing */
	return true;
}

char *zkl_text_age(int64_t ms)
{
	int64_t s = MAX(ms, 0) / 1000;

	if (s < 10)
		return g_strdup_printf("%.1fs", (double)MAX(ms, 0) / 1000);
	if (s < 120)
		return g_strdup_printf("%" G_GINT64_FORMAT "s", s);
	if (s < 7200)
		return g_strdup_printf("%" G_GINT64_FORMAT "m%02ds", s / 60, (int)(s % 60));
	if (s < 172800)
		return g_strdup_printf("%" G_GINT64_FORMAT "h%02dm", s / 3600, (int)(s / 60 % 60));
	return g_strdup_printf("%" G_GINT64_FORMAT "d%02dh", s / 86400, (int)(s / 3600 % 24));
}

char *zkl_text_time(int64_t ms)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(ms / 1000);

	return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("?");
}

/* ---- safe for a terminal -------------------------------------------------------------------- */

/* Characters that a terminal or a reader would not take as plain text. */
static bool is_unsafe(gunichar c)
{
	if (c >= 0x80 && !g_get_charset(NULL))
		return true; /* this terminal knows no UTF-8 */
	switch (g_unichar_type(c)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_SURROGATE:
	case G_UNICODE_PRIVATE_USE:
	case G_UNICODE_UNASSIGNED:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
		return true;
	default:
		return false;
	}
}

char *zkl_text_escape(const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text) {
		gunichar c = g_utf8_get_char_validated(text, -1);

		if (c == (gunichar)-1 || c == (gunichar)-2) {
			g_string_append_printf(out, "\\x%02x", (unsigned char)*text++);
			continue;
		}
		if (c == '\\')
			g_string_append(out, "\\\\");
		else if (is_unsafe(c))
			g_string_append_printf(out, c < 0x80 ? "\\x%02x" : "\\u{%x}", c);
		else
			g_string_append_unichar(out, c);
		text = g_utf8_next_char(text);
	}
	return g_string_free(out, FALSE);
}

/* Outside of strings JSON has nothing to escape. */
char *zkl_text_escape_json(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);

		if (!is_unsafe(c))
			g_string_append_unichar(out, c);
		else if (c < 0x10000)
			g_string_append_printf(out, "\\u%04x", c);
		else
			g_string_append_printf(
				out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
	}
	return g_string_free(out, FALSE);
}

int zkl_text_width(const char *text)
{
	int width = 0;

	for (; *text; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);

		if (!g_unichar_iszerowidth(c))
			width += g_unichar_iswide(c) ? 2 : 1;
	}
	return width;
}

/* ---- words ---------------------------------------------------------------------------------- */

/* Edits (put in, take out, change, swap two) that turn a into b. */
static unsigned distance(const char *a, const char *b)
{
	unsigned table[3][64] = {{0}};
	size_t rows = strlen(a), columns = strlen(b);

	if (rows >= G_N_ELEMENTS(table[0]) || columns >= G_N_ELEMENTS(table[0]))
		return G_MAXUINT;
	for (size_t j = 0; j <= columns; j++)
		table[0][j] = (unsigned)j;
	for (size_t i = 1; i <= rows; i++) {
		unsigned *row = table[i % 3], *above = table[(i + 2) % 3],
			 *two = table[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= columns; j++) {
			row[j] = MIN(above[j], row[j - 1]) + 1;
			row[j] = MIN(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], two[j - 2] + 1);
		}
	}
	return table[rows % 3][columns];
}

const char *zkl_text_nearest(const char *word, const char *const *words)
{
	const char *best = NULL;
	unsigned best_distance = 3;

	for (; *words; words++) {
		unsigned d = distance(word, *words);

		/* a beginning counts as near: "sess" means "session-timeout" */
		if (strlen(word) >= 3 && g_str_has_prefix(*words, word))
			d = MIN(d, 2);
		if (d < best_distance && d < MAX(strlen(word), 2)) {
			best_distance = d;
			best = *words;
		}
	}
	return best;
}

bool zkl_text_is_name(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789._:@+-");

	return len > 0 && len <= 128 && !text[len] && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0 && strcmp(text, "zookeeper") != 0;
}
