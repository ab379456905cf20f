/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkup.h - the list of verdicts that zklock doctor gives.
 */
#ifndef ZKLOCK_TOOLS_CHECKUP_H
#define ZKLOCK_TOOLS_CHECKUP_H

#include "cli.h"

enum verdict { VERDICT_OK, VERDICT_NOTE, VERDICT_BAD };

struct checkup;

struct checkup *zkl_checkup_new(void);
/** Add a verdict. subject: what was looked at. Texts may be untrusted. */
void zkl_checkup_add(struct checkup *checkup, enum verdict verdict, const char *subject,
	const char *format, ...) G_GNUC_PRINTF(4, 5);
/** Print as table or JSON, and free. Result: STATUS_FOUND when something was bad. */
int zkl_checkup_print(const struct cli *cli, struct checkup *checkup);

#endif
