/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c - the exposition. */
#include "run/metrics.h"

#include "base/error.h"
#include "run/pool.h"

#define STRING(x) #x
#define TEXT(x)	  STRING(x)
#define VERSION_TEXT                                                                               \
	TEXT(ZKLOCK_VERSION_MAJOR) "." TEXT(ZKLOCK_VERSION_MINOR) "." TEXT(ZKLOCK_VERSION_MICRO)

static const double bounds[ZKL_BUCKETS] = {
	0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5, 30, 120, 600, 3600};

void zkl_metrics_observe(struct zkl_histogram *histogram, zkl_time span)
{
	double seconds = (double)span / (double)ZKL_SEC;

	histogram->count++;
	histogram->sum += seconds;
	for (int i = 0; i < ZKL_BUCKETS; i++)
		histogram->buckets[i] += seconds <= bounds[i];
}

static void add_histogram(struct zkl_histogram *sum, const struct zkl_histogram *more)
{
	sum->count += more->count;
	sum->sum += more->sum;
	for (int i = 0; i < ZKL_BUCKETS; i++)
		sum->buckets[i] += more->buckets[i];
}

void zkl_metrics_add(struct zkl_session_metrics *sum, const struct zkl_session_metrics *more)
{
	for (int op = 0; op < ZKL_OPS; op++)
		for (int rc = 0; rc < ZKL_RCS; rc++)
			sum->retries[op][rc] += more->retries[op][rc];
	sum->ghosts += more->ghosts;
	add_histogram(&sum->heartbeat, &more->heartbeat);
}

static void head(GString *out, const char *name, const char *type, const char *help)
{
	g_string_append_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* One line. key may be NULL; labels are the caller's, or "". */
static void line(GString *out, const char *name, const char *labels, const char *key,
	const char *value, double number)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	g_string_append(out, name);
	if (labels[0] || key)
		g_string_append_printf(out, "{%s%s", labels, labels[0] && key ? "," : "");
	if (key)
		g_string_append_printf(out, "%s=\"%s\"", key, value);
	if (labels[0] || key)
		g_string_append_c(out, '}');
	g_string_append_printf(out, " %s\n", g_ascii_dtostr(text, sizeof(text), number));
}

static void gauge(
	GString *out, const char *name, const char *labels, const char *help, double number)
{
	head(out, name, "gauge", help);
	line(out, name, labels, NULL, NULL, number);
}

static void counter(
	GString *out, const char *name, const char *labels, const char *help, double number)
{
	head(out, name, "counter", help);
	line(out, name, labels, NULL, NULL, number);
}

/* "ZKLOCK_ERR_BUSY" -> "busy". */
static char *result_name(int error)
{
	const char *name = zkl_error_name(error);

	return g_ascii_strdown(g_str_has_prefix(name, "ZKLOCK_ERR_") ? name + 11 : name + 7, -1);
}

static void results(GString *out, const char *name, const char *labels, const char *help,
	const uint64_t *counts)
{
	head(out, name, "counter", help);
	for (int i = 0; i <= ZKLOCK_ERR_INTERNAL; i++) {
		char *result = result_name(i);

		if (counts[i] || i == ZKLOCK_OK)
			line(out, name, labels, "result", result, (double)counts[i]);
		g_free(result);
	}
}

static void histogram(GString *out, const char *name, const char *labels, const char *help,
	const struct zkl_histogram *h)
{
	char bound[G_ASCII_DTOSTR_BUF_SIZE], *series = g_strconcat(name, "_bucket", NULL);

	head(out, name, "histogram", help);
	for (int i = 0; i < ZKL_BUCKETS; i++)
		line(out, series, labels, "le",
			g_ascii_formatd(bound, sizeof(bound), "%g", bounds[i]),
			(double)h->buckets[i]);
	line(out, series, labels, "le", "+Inf", (double)h->count);
	g_free(series);
	series = g_strconcat(name, "_sum", NULL);
	line(out, series, labels, NULL, NULL, h->sum);
	g_free(series);
	series = g_strconcat(name, "_count", NULL);
	line(out, series, labels, NULL, NULL, (double)h->count);
	g_free(series);
}

static void locks(GString *out, const char *labels, const struct zkl_metrics *m)
{
	char *modes = g_strconcat(labels, labels[0] ? "," : "", "mode=\"exclusive\"", NULL);

	results(out, "zklock_acquire_total", modes, "Attempts to take a lock, by result.",
		m->acquired);
	g_free(modes);
	results(out, "zklock_release_total", labels, "Releases, by result.", m->released);
	head(out, "zklock_lost_total", "counter", "Holds that were lost, by cause.");
	for (unsigned i = ZKLOCK_CAUSE_UNPROVEN; i <= ZKLOCK_CAUSE_CLOSED; i++)
		line(out, "zklock_lost_total", labels, "cause",
			zkl_cause_name((enum zklock_cause)i), (double)m->lost[i]);
	histogram(out, "zklock_wait_seconds", labels, "From the call to the grant.", &m->wait);
	histogram(out, "zklock_hold_seconds", labels, "From the grant to the release or loss.",
		&m->hold);
	histogram(out, "zklock_release_seconds", labels, "From the release to its confirmation.",
		&m->release);
	gauge(out, "zklock_held", labels, "Locks held now.", (double)m->held);
	gauge(out, "zklock_waiters", labels, "Contenders waiting now.", (double)m->waiting);
}

/* Only what there was: a line for each pair of operation and cause. */
static void retries(GString *out, const char *labels, const struct zkl_session_metrics *m)
{
	head(out, "zklock_retries_total", "counter",
		"Requests of contenders to be sent again, by operation and what came back.");
	for (int op = 0; op < ZKL_OPS; op++)
		for (int rc = 0; rc < ZKL_RCS; rc++) {
			char *pair;

			if (!m->retries[op][rc])
				continue;
			pair = g_strdup_printf("%s%sop=\"%s\"", labels, labels[0] ? "," : "",
				zkl_op_name((enum zkl_op)op));
			line(out, "zklock_retries_total", pair, "code",
				zkl_rc_name((enum zkl_rc)rc), (double)m->retries[op][rc]);
			g_free(pair);
		}
}

static void wire(GString *out, const char *labels, const struct zkl_session_metrics *m)
{
	retries(out, labels, m);
	counter(out, "zklock_ghost_cleanups_total", labels,
		"Nodes that came to light when nobody wanted them any more, and were deleted.",
		(double)m->ghosts);
	histogram(out, "zklock_heartbeat_seconds", labels,
		"From the sending of a proof to its acknowledgement.", &m->heartbeat);
}

static void session_lines(GString *out, const char *labels, const struct zkl_metrics *m,
	const zklock_session_info_t *info, double validity)
{
	static const char *const states[] = {"connecting", "connected", "suspended", "closed"};

	head(out, "zklock_session_events_total", "counter", "Changes of the session's state.");
	for (int i = 0; i <= ZKLOCK_SESSION_CLOSED; i++)
		line(out, "zklock_session_events_total", labels, "state", states[i],
			(double)m->states[i]);
	counter(out, "zklock_sessions_total", labels, "ZooKeeper sessions opened.",
		(double)info->sessions);
	counter(out, "zklock_moves_total", labels, "Silent servers left.", (double)info->moves);
	counter(out, "zklock_writes_total", labels, "Write requests sent.", (double)info->writes);
	counter(out, "zklock_reads_total", labels, "Read requests sent.", (double)info->reads);
	counter(out, "zklock_proofs_total", labels, "Proof transactions sent.",
		(double)info->proofs);
	gauge(out, "zklock_validity_seconds", labels, "Time that the session is proven from now.",
		validity);
	gauge(out, "zklock_session_timeout_seconds", labels, "Session timeout, as negotiated.",
		(double)info->session_timeout_ms / 1000);
	head(out, "zklock_build_info", "gauge", "The library.");
	line(out, "zklock_build_info", labels, "version", VERSION_TEXT, 1);
}

int zkl_metrics_write(zklock_session_t *session, const char *labels,
	int (*write)(const char *text, size_t len, void *user), void *user)
{
	struct zkl_loop *loop = zkl_pool_loop(session);
	zklock_session_info_t info = {.size = sizeof(info)};
	struct zkl_metrics metrics;
	struct zkl_session_metrics sum = {0};
	GString *out = g_string_new(NULL);
	zkl_time left = 0;
	int stop;

	zkl_loop_enter(loop);
	metrics = *zkl_pool_metrics(session);
	zkl_pool_info(session, &info);
	zkl_pool_session_metrics(session, &sum);
	if (!zkl_pool_closing(session))
		left = zkl_session_until(zkl_pool_first(session)) - zkl_loop_now(loop);
	zkl_loop_leave(loop);
	locks(out, labels ? labels : "", &metrics);
	wire(out, labels ? labels : "", &sum);
	session_lines(
		out, labels ? labels : "", &metrics, &info, (double)MAX(left, 0) / (double)ZKL_SEC);
	stop = write(out->str, out->len, user);
	g_string_free(out, TRUE);
	return stop ? ZKLOCK_ERR_LIMIT : ZKLOCK_OK;
}
