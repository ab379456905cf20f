/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - rows and columns on a terminal: as wide as it is, and never wider.
 * Elsewhere (pipes, files) nothing is cut.
 */
#include "table.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP	  "  "
#define NARROWEST 6
#define BOLD	  "\033[1m"
#define GREEN	  "\033[32m"
#define PLAIN	  "\033[0m"

struct row {
	char **cells;
	bool emphasized;
};

struct table {
	guint columns;
	GPtrArray *rows; /* of struct row; the first has the titles */
};

static void row_free(void *data)
{
	struct row *row = data;

	g_strfreev(row->cells);
	g_free(row);
}

/* No limit: INT_MAX. COLUMNS wins, as in ps(1). */
static int terminal_width(void)
{
	const char *columns = g_getenv("COLUMNS");
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return G_MAXINT;
	if (columns && atoi(columns) > 0)
		return atoi(columns);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

/* ---- widths --------------------------------------------------------------------------------- */

static int widest(const struct table *table, guint column)
{
	int width = 0;

	for (guint i = 0; i < table->rows->len; i++) {
		struct row *row = g_ptr_array_index(table->rows, i);

		width = MAX(width, zkl_text_width(row->cells[column]));
	}
	return width;
}

/* Take from the widest column until all fit. */
static void squeeze(int *widths, guint columns, int room)
{
	for (;;) {
		int sum = (int)(columns - 1) * (int)strlen(GAP);
		guint widest_column = 0;

		for (guint i = 0; i < columns; i++) {
			sum += widths[i];
			if (widths[i] > widths[widest_column])
				widest_column = i;
		}
		if (sum <= room || widths[widest_column] <= NARROWEST)
			return;
		widths[widest_column] -= 1;
	}
}

/* The beginning of a text that fits, with a mark where it was cut. */
static void append_cut(GString *out, const char *text, int width)
{
	int used = 0;
	const char *p = text;

	if (zkl_text_width(text) <= width) {
		g_string_append(out, text);
		return;
	}
	while (*p) {
		gunichar c = g_utf8_get_char(p);
		int wide = g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;

		if (used + wide > width - 1)
			break;
		used += wide;
		p = g_utf8_next_char(p);
	}
	g_string_append_len(out, text, p - text);
	g_string_append_c(out, '~');
}

static void append_cell(GString *out, const char *text, int width, bool last)
{
	size_t before = out->len;
	int used;

	append_cut(out, text, width);
	if (last)
		return;
	used = zkl_text_width(out->str + before);
	g_string_append_printf(out, "%*s%s", MAX(width - used, 0), "", GAP);
}

static void append_row(
	GString *out, const struct table *table, const struct row *row, const int *widths)
{
	for (guint i = 0; i < table->columns; i++)
		append_cell(out, row->cells[i], widths[i], i + 1 == table->columns);
	g_string_append_c(out, '\n');
}

/* ---- life cycle ----------------------------------------------------------------------------- */

static void add_row(struct table *table, char **cells)
{
	struct row *row = g_new0(struct row, 1);

	row->cells = cells;
	g_ptr_array_add(table->rows, row);
}

struct table *zkl_table_new(const char *const *titles)
{
	struct table *table = g_new0(struct table, 1);

	table->columns = g_strv_length((char **)titles);
	table->rows = g_ptr_array_new_with_free_func(row_free);
	add_row(table, g_strdupv((char **)titles));
	return table;
}

void zkl_table_add(struct table *table, ...)
{
	char **cells = g_new0(char *, table->columns + 1);
	va_list args;

	va_start(args, table);
	for (guint i = 0; i < table->columns; i++) {
		const char *text = va_arg(args, const char *);

		g_assert(text);
		cells[i] = g_strdup(text);
	}
	va_end(args);
	add_row(table, cells);
}

void zkl_table_emphasize(struct table *table)
{
	struct row *row = g_ptr_array_index(table->rows, table->rows->len - 1);

	row->emphasized = true;
}

int zkl_table_print(const struct cli *cli, struct table *table)
{
	g_autofree int *widths = g_new0(int, table->columns);
	g_autoptr(GString) out = g_string_new(NULL);
	bool color = zkl_cli_color(cli, STDOUT_FILENO);

	for (guint i = 0; i < table->columns; i++)
		widths[i] = widest(table, i);
	squeeze(widths, table->columns, terminal_width());
	for (guint i = 0; i < table->rows->len; i++) {
		const struct row *row = g_ptr_array_index(table->rows, i);
		const char *paint = i == 0 ? BOLD : row->emphasized ? GREEN : NULL;

		if (color && paint)
			g_string_append(out, paint);
		append_row(out, table, row, widths);
		if (color && paint)
			g_string_insert(out, (gssize)out->len - 1, PLAIN);
	}
	g_ptr_array_unref(table->rows);
	g_free(table);
	return zkl_cli_print(cli, out->str);
}
