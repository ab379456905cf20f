/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_top.c - zklock top: locks, holders and queues as they are now, on a screen of their own.
 *
 * Two views: all locks, and the queue of one. Each look at the servers is a few reads, made between
 * two keys; when they do not answer, the last picture stays and the top line says so.
 */
#include "commands.h"

#ifdef HAVE_NCURSESW

#include "census.h"
#include "contender.h"
#include "text.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS	   5000
#define FIRST_ROW  3 /* above: title, keys, column titles */
#define KEY_ESC	   27
#define KEY_CTRL_C 3

enum order { BY_NAME, BY_WAITING, BY_AGE };
static const char *const order_names[] = {"name", "waiting", "age"};

struct screen {
	struct cli *cli;
	GPtrArray *locks; /* the last picture; NULL before the first */
	int error;	  /* of the last look */
	enum order order;
	GString *filter;
	bool typing; /* the filter */
	char *shown; /* the lock whose queue is shown, or NULL */
	int selected;
	GPtrArray *visible; /* of struct census_lock, filtered and sorted; not owned */
	bool done;
};

/* ---- what is seen --------------------------------------------------------------------------- */

static int64_t since(const struct census_lock *lock)
{
	const zklock_owner_t *holder = zkl_census_holder(lock);

	return holder ? holder->queued_ms : INT64_MAX;
}

static gint compare(gconstpointer a, gconstpointer b, gpointer user)
{
	const struct census_lock *x = *(struct census_lock *const *)a;
	const struct census_lock *y = *(struct census_lock *const *)b;
	const struct screen *screen = user;

	if (screen->order == BY_WAITING && zkl_census_waiting(x) != zkl_census_waiting(y))
		return zkl_census_waiting(x) > zkl_census_waiting(y) ? -1 : 1;
	if (screen->order == BY_AGE && since(x) != since(y))
		return since(x) < since(y) ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void choose_visible(struct screen *screen)
{
	g_ptr_array_set_size(screen->visible, 0);
	for (guint i = 0; screen->locks && i < screen->locks->len; i++) {
		struct census_lock *lock = screen->locks->pdata[i];

		if (zkl_census_holder(lock) && strstr(lock->name, screen->filter->str))
			g_ptr_array_add(screen->visible, lock);
	}
	g_ptr_array_sort_with_data(screen->visible, compare, screen);
	screen->selected = CLAMP(screen->selected, 0, MAX((int)screen->visible->len - 1, 0));
}

static void look(struct screen *screen)
{
	GPtrArray *locks = NULL;

	screen->error = zkl_census_take(screen->cli, 0, LOOK_MS, &locks);
	if (screen->error == ZKLOCK_OK) {
		g_clear_pointer(&screen->locks, g_ptr_array_unref);
		screen->locks = locks;
	}
	choose_visible(screen);
}

/* ---- drawing -------------------------------------------------------------------------------- */

/* mvaddnstr counts bytes; cutting at the screen's edge is curses' own work. */
static void put(int row, int attributes, const char *text)
{
	if (row >= LINES)
		return;
	attrset(attributes);
	mvaddstr(row, 0, text);
	clrtoeol();
	attrset(A_NORMAL);
}

static void put_head(const struct screen *screen)
{
	g_autofree char *now = zkl_text_time(g_get_real_time() / 1000);
	g_autofree char *title = g_strdup_printf("zklock top  %s  root %s  %u locks held%s%s", now,
		zkl_settings_text(&screen->cli->settings, SET_ROOT), screen->visible->len,
		screen->error ? "  NOT CURRENT: " : "",
		screen->error ? zklock_strerror(screen->error) : "");
	g_autofree char *keys = g_strdup_printf(
		"sorted by %s  [n]ame [w]aiting [a]ge  [/]filter: %s%s  [Enter] queue  [q]uit",
		order_names[screen->order], screen->filter->str, screen->typing ? "_" : "");

	put(0, A_BOLD, title);
	if (!screen->shown)
		put(1, A_NORMAL, keys);
}

static void put_lock(const struct screen *screen, guint i, int row)
{
	const struct census_lock *lock = screen->visible->pdata[i];
	const zklock_owner_t *holder = zkl_census_holder(lock);
	g_autofree char *age = zkl_contender_age(holder);
	g_autofree char *who = zkl_contender_who(holder);
	g_autofree char *line = g_strdup_printf("%-32s %7zu %9s %20" G_GINT64_FORMAT "  %s",
		lock->name, zkl_census_waiting(lock), age, holder->token, who);

	put(row, (int)i == screen->selected ? A_REVERSE : A_NORMAL, line);
}

static void put_locks(const struct screen *screen)
{
	int room = MAX(LINES - FIRST_ROW, 1);
	int first = MAX(screen->selected - room + 1, 0);
	g_autofree char *titles = g_strdup_printf(
		"%-32s %7s %9s %20s  %s", "LOCK", "WAITING", "SINCE", "TOKEN", "HOLDER");

	put(2, A_UNDERLINE, titles);
	for (int i = first; i < (int)screen->visible->len && i - first < room; i++)
		put_lock(screen, (guint)i, FIRST_ROW + i - first);
}

static void put_contender(const zklock_owner_t *owner, size_t place, int row)
{
	g_autofree char *position =
		owner->holds ? g_strdup("holds") : g_strdup_printf("%zu", place);
	g_autofree char *age = zkl_contender_age(owner);
	g_autofree char *who = zkl_contender_who(owner);
	g_autofree char *line = g_strdup_printf("%-6s %9s %20" G_GINT64_FORMAT "  %-8s %s",
		position, age, owner->token, zkl_contender_make(owner->make), who);

	put(row, owner->holds ? A_BOLD : A_NORMAL, line);
}

static const struct census_lock *find(const struct screen *screen, const char *name)
{
	for (guint i = 0; screen->locks && i < screen->locks->len; i++) {
		const struct census_lock *lock = screen->locks->pdata[i];

		if (g_str_equal(lock->name, name))
			return lock;
	}
	return NULL;
}

static void put_queue(const struct screen *screen)
{
	const struct census_lock *lock = find(screen, screen->shown);
	size_t count = lock ? zklock_owners_count(lock->owners) : 0;
	g_autofree char *titles =
		g_strdup_printf("%-6s %9s %20s  %-8s %s", "PLACE", "SINCE", "TOKEN", "MAKE", "WHO");
	g_autofree char *about =
		g_strdup_printf("queue of %s: %s  [Backspace] all locks  [r]efresh  [q]uit",
			screen->shown, count > 0 ? "holder first" : "nobody, it is free");

	put(1, A_NORMAL, about);
	put(2, A_UNDERLINE, titles);
	for (size_t i = 0; i < count && FIRST_ROW + (int)i < LINES; i++)
		put_contender(zklock_owners_get(lock->owners, i), i, FIRST_ROW + (int)i);
}

static void draw(const struct screen *screen)
{
	erase();
	put_head(screen);
	if (screen->shown)
		put_queue(screen);
	else
		put_locks(screen);
	refresh();
}

/* ---- keys ----------------------------------------------------------------------------------- */

static void type_filter(struct screen *screen, int key)
{
	if (key == '\n' || key == KEY_ENTER || key == KEY_ESC)
		screen->typing = false;
	if (key == KEY_ESC)
		g_string_truncate(screen->filter, 0);
	else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && screen->filter->len > 0)
		g_string_truncate(screen->filter, screen->filter->len - 1);
	else if (key > ' ' && key < 127)
		g_string_append_c(screen->filter, (char)key);
}

static void open_queue(struct screen *screen)
{
	const struct census_lock *lock;

	if (screen->shown || screen->visible->len == 0)
		return;
	lock = screen->visible->pdata[screen->selected];
	screen->shown = g_strdup(lock->name);
}

static void obey(struct screen *screen, int key)
{
	switch (key) {
	case 'q':
	case KEY_CTRL_C:
		screen->done = true;
		break;
	case 'n':
		screen->order = BY_NAME;
		break;
	case 'w':
		screen->order = BY_WAITING;
		break;
	case 'a':
		screen->order = BY_AGE;
		break;
	case '/':
		screen->typing = !screen->shown;
		break;
	case KEY_UP:
	case 'k':
		screen->selected--;
		break;
	case KEY_DOWN:
	case 'j':
		screen->selected++;
		break;
	case '\n':
	case KEY_ENTER:
		open_queue(screen);
		break;
	case KEY_BACKSPACE:
	case KEY_LEFT:
	case KEY_ESC:
	case 127:
	case '\b':
		g_clear_pointer(&screen->shown, g_free);
		break;
	default:
		break; /* resize and 'r': the next picture is drawn in any case */
	}
}

static void watch(struct screen *screen, int interval_ms)
{
	int64_t next = 0;
	int key;

	while (!screen->done) {
		int64_t now = g_get_monotonic_time() / 1000;

		if (now >= next) {
			look(screen);
			next = g_get_monotonic_time() / 1000 + interval_ms;
		}
		draw(screen);
		timeout((int)MAX(next - g_get_monotonic_time() / 1000, 0));
		key = getch();
		if (key == 'r' && !screen->typing)
			next = 0;
		if (key != ERR && screen->typing)
			type_filter(screen, key);
		else if (key != ERR)
			obey(screen, key);
		choose_visible(screen);
	}
}

static int show(struct cli *cli, int64_t interval_ms)
{
	struct screen screen = {
		.cli = cli, .filter = g_string_new(NULL), .visible = g_ptr_array_new()};

	/* lines of a log would tear the picture; the top line tells what is wrong */
	zklock_set_log(NULL, 0, NULL);
	if (!initscr())
		return STATUS_INTERNAL;
	raw();
	noecho();
	keypad(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	watch(&screen, (int)interval_ms);
	endwin();
	g_clear_pointer(&screen.locks, g_ptr_array_unref);
	g_ptr_array_unref(screen.visible);
	g_string_free(screen.filter, TRUE);
	g_free(screen.shown);
	return STATUS_OK;
}

static int top(struct cli *cli, int64_t interval_ms)
{
	const char *term = g_getenv("TERM");
	int status;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !term)
		return zkl_cli_usage(cli, "needs a terminal; zklock ls prints the same once");
	status = zkl_cli_connect(cli);
	return status == STATUS_OK ? show(cli, interval_ms) : status;
}

#else

static int top(struct cli *cli, int64_t interval_ms)
{
	zkl_cli_error(cli, "top: built without ncursesw; zklock ls prints the same once");
	return STATUS_INTERNAL;
}

#endif

int zkl_cmd_top(struct cli *cli, int argc, char **argv)
{
	g_autofree char *delay = NULL;
	int64_t interval_ms = 2000;
	const GOptionEntry own[] = {{"delay", 'd', 0, G_OPTION_ARG_STRING, &delay,
					    "time between two looks (2s)", "TIME"},
		G_OPTION_ENTRY_NULL};
	int status = zkl_cli_parse(cli, CLI_SERVERS, own, "",
		"Watch locks, holders and queues. Keys are shown on the screen.", &argc, &argv);

	if (status != STATUS_OK)
		return status;
	if (argc > 1)
		return zkl_cli_usage(cli, "takes no argument");
	if (!zkl_cli_duration(cli, "--delay", delay, &interval_ms))
		return STATUS_USAGE;
	if (interval_ms < 100 || interval_ms > 3600000)
		return zkl_cli_usage(cli, "--delay must be from 100ms to 1h");
	return top(cli, interval_ms);
}
