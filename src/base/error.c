/* SPDX-License-Identifier: Apache-2.0 */
/* error.c - the error table, expanded. */
#include "base/error.h"

#include <stddef.h>

struct row {
	const char *name;
	enum zkl_retry retry;
	int exit_status;
	const char *text;
};

static const struct row rows[] = {
#define X(name, retry, status, text)                                                               \
	[ZKLOCK_##name] = {"ZKLOCK_" #name, ZKL_RETRY_##retry, status, text},
#include "base/error.def"
#undef X
};

static const struct row unknown = {
	"ZKLOCK_ERR_?", ZKL_RETRY_NEVER, 70, "an error code this library does not know"};

static const struct row *find(int error)
{
	if (error < 0 || (size_t)error >= sizeof(rows) / sizeof(rows[0]) || !rows[error].name)
		return &unknown;
	return &rows[error];
}

const char *zkl_error_text(int error)
{
	return find(error)->text;
}

const char *zkl_error_name(int error)
{
	return find(error)->name;
}

enum zkl_retry zkl_error_retry(int error)
{
	return find(error)->retry;
}

int zkl_error_exit_status(int error)
{
	return find(error)->exit_status;
}

static const char *name_of(const char *const *names, size_t n, unsigned i)
{
	return i < n && names[i] ? names[i] : "?";
}

const char *zkl_cause_name(enum zklock_cause cause)
{
	static const char *const names[] = {
		[ZKLOCK_CAUSE_NONE] = "none",
		[ZKLOCK_CAUSE_UNPROVEN] = "unproven",
		[ZKLOCK_CAUSE_EXPIRED] = "expired",
		[ZKLOCK_CAUSE_DELETED] = "deleted",
		[ZKLOCK_CAUSE_DENIED] = "denied",
		[ZKLOCK_CAUSE_RESET] = "reset",
		[ZKLOCK_CAUSE_CLOSED] = "closed",
	};

	return name_of(names, sizeof(names) / sizeof(names[0]), (unsigned)cause);
}

const char *zkl_event_name(enum zklock_event_type type)
{
	static const char *const names[] = {
		[ZKLOCK_EVENT_QUEUED] = "queued",
		[ZKLOCK_EVENT_GRANTED] = "granted",
		[ZKLOCK_EVENT_FAILED] = "failed",
		[ZKLOCK_EVENT_SUSPENDED] = "suspended",
		[ZKLOCK_EVENT_RESUMED] = "resumed",
		[ZKLOCK_EVENT_LOST] = "lost",
		[ZKLOCK_EVENT_RELEASED] = "released",
	};

	return name_of(names, sizeof(names) / sizeof(names[0]), (unsigned)type);
}
