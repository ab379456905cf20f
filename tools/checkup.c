/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkup.c - the list of verdicts that zklock doctor gives.
 */
#include "checkup.h"

#include "json.h"
#include "table.h"
#include "text.h"

struct finding {
	enum verdict verdict;
	char *subject, *text;
};

struct checkup {
	GPtrArray *findings;
	enum verdict worst;
};

static const char *const words[] = {"ok", "note", "BAD"};

static void finding_free(void *data)
{
	struct finding *finding = data;

	g_free(finding->subject);
	g_free(finding->text);
	g_free(finding);
}

struct checkup *zkl_checkup_new(void)
{
	struct checkup *checkup = g_new0(struct checkup, 1);

	checkup->findings = g_ptr_array_new_with_free_func(finding_free);
	return checkup;
}

void zkl_checkup_add(
	struct checkup *checkup, enum verdict verdict, const char *subject, const char *format, ...)
{
	struct finding *finding = g_new0(struct finding, 1);
	va_list args;

	va_start(args, format);
	finding->text = g_strdup_vprintf(format, args);
	va_end(args);
	finding->verdict = verdict;
	finding->subject = g_strdup(subject);
	checkup->worst = MAX(checkup->worst, verdict);
	g_ptr_array_add(checkup->findings, finding);
}

static int print_table(const struct cli *cli, const struct checkup *checkup)
{
	static const char *const titles[] = {"", "WHAT", "FOUND", NULL};
	struct table *table = zkl_table_new(titles);

	for (guint i = 0; i < checkup->findings->len; i++) {
		const struct finding *finding = checkup->findings->pdata[i];
		g_autofree char *subject = zkl_text_escape(finding->subject);
		g_autofree char *text = zkl_text_escape(finding->text);

		zkl_table_add(table, words[finding->verdict], subject, text, NULL);
	}
	return zkl_table_print(cli, table);
}

static int print_json(const struct cli *cli, const struct checkup *checkup)
{
	JsonBuilder *json = zkl_json_begin();

	zkl_json_text(json, "verdict", words[checkup->worst]);
	json_builder_set_member_name(json, "checks");
	json_builder_begin_array(json);
	for (guint i = 0; i < checkup->findings->len; i++) {
		const struct finding *finding = checkup->findings->pdata[i];

		json_builder_begin_object(json);
		zkl_json_text(json, "verdict", words[finding->verdict]);
		zkl_json_text(json, "subject", finding->subject);
		zkl_json_text(json, "text", finding->text);
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
	return zkl_json_print(cli, json);
}

int zkl_checkup_print(const struct cli *cli, struct checkup *checkup)
{
	int status = cli->json ? print_json(cli, checkup) : print_table(cli, checkup);
	bool bad = checkup->worst == VERDICT_BAD;

	g_ptr_array_unref(checkup->findings);
	g_free(checkup);
	if (status != STATUS_OK)
		return status;
	return bad ? STATUS_FOUND : STATUS_OK;
}
