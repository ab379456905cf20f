/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c - owner records: those of strangers are read without harm, and ours say what we meant,
 * whatever label the user gave. Whether a change may grant the lock (R3) hangs on it.
 */
#include "run/record.h"

#include <glib.h>

#include "target.h"

const char fuzz_name[] = "record";

/* Anything, as it may stand in a znode. */
static void check_strange(const uint8_t *data, size_t size)
{
	struct zkl_record record;

	zkl_record_parse(data, size, &record);
	MUST(record.host && record.ip && record.label);
	MUST(zkl_record_trusted(data, size) ==
		(record.version == ZKL_RECORD_VERSION && record.sealed));
	zkl_record_clear(&record);
}

/* Alike, but for white space at the ends, some of which GKeyFile takes off. */
static bool same_label(const char *a, const char *b)
{
	char *left = g_strstrip(g_strdup(a)), *right = g_strstrip(g_strdup(b));
	bool same = strcmp(left, right) == 0;

	g_free(left);
	g_free(right);
	return same;
}

static void check_own(bool sealed, const struct zkl_record_terms *terms, const char *label)
{
	char *text = zkl_record_text(sealed, label, terms, 77);
	struct zkl_record record;

	zkl_record_parse(text, strlen(text), &record);
	/* a label that makes it too large to be read costs the hand-over its shortcut, no more */
	if (strlen(text) <= 4096) {
		MUST(record.version == ZKL_RECORD_VERSION && record.sealed == sealed);
		MUST(record.tid == 77 && record.terms.timeout_ms == terms->timeout_ms);
		MUST(record.terms.validity_ms == terms->validity_ms);
		MUST(record.terms.interval_ms == terms->interval_ms);
		MUST(!g_utf8_validate(label, -1, NULL) || same_label(record.label, label));
	} else {
		MUST(record.version == 0);
	}
	MUST(zkl_record_trusted(text, strlen(text)) == (record.version && sealed));
	zkl_record_clear(&record);
	g_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct zkl_record_terms terms;
	bool sealed;
	char *label;

	check_strange(data, size);
	sealed = take(&in) & 1;
	terms.timeout_ms = take32(&in);
	terms.validity_ms = take32(&in);
	terms.interval_ms = (int64_t)take32(&in) - 1;
	label = take_rest(&in);
	check_own(sealed, &terms, label);
	free(label);
	return 0;
}
