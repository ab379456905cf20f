/* SPDX-License-Identifier: Apache-2.0 */
/* alone.c - a lock of each file, held by its descriptor. */
#include "alone.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <glib.h>

#define HOLD                                                                                       \
	(5 * 60 * G_TIME_SPAN_SECOND) /* a repeat begins within that, and goes on to its end       \
				       */
#define GAP (G_TIME_SPAN_SECOND / 2)  /* flock() is not fair: let a waiter wake */

static GArray *held; /* of descriptors */
static gint64 since;

void alone_end(void)
{
	for (guint i = 0; held != NULL && i < held->len; i++)
		close(g_array_index(held, int, i));
	g_clear_pointer(&held, g_array_unref);
}

void alone_begin(char **files)
{
	if (files == NULL || (held != NULL && g_get_monotonic_time() < since + HOLD))
		return;
	if (held != NULL) {
		alone_end();
		g_usleep(GAP);
	}
	held = g_array_new(FALSE, FALSE, sizeof(int));
	for (; *files != NULL; files++) {
		int fd = open(*files, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

		if (fd < 0 || flock(fd, LOCK_EX) != 0)
			g_error("cannot lock %s: %s", *files, g_strerror(errno));
		g_array_append_val(held, fd);
	}
	since = g_get_monotonic_time();
}
