/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - small texts: durations in and out, nearest words, and bytes made safe for a terminal.
 */
#ifndef ZKLOCK_TOOLS_TEXT_H
#define ZKLOCK_TOOLS_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** "5", "0.5", "500ms", "2m", "1h30m" -> ms; a bare number is seconds. false: not a duration. */
bool zkl_text_duration(const char *text, int64_t *ret_ms);

/** A duration for people, as "3.2s" or "2h05m". Free with g_free(). */
char *zkl_text_age(int64_t ms);

/** A time of the wall clock (ms) in UTC, as "2026-11-21T13:40:00Z". Free with g_free(). */
char *zkl_text_time(int64_t ms);

/** Make untrusted bytes safe to print: control characters, invalid UTF-8 and characters that turn
 *  the writing direction become \xNN or \u{N}. Free with g_free(). */
char *zkl_text_escape(const char *text);

/** The same in JSON, whose own escapes are used; text is valid JSON. Free with g_free(). */
char *zkl_text_escape_json(const char *text);

/** Columns that a safe text takes on a terminal. */
int zkl_text_width(const char *text);

/** The word of the NULL-terminated list that is nearest to `word`, or NULL when none is near. */
const char *zkl_text_nearest(const char *word, const char *const *words);

/** Is `text` a name that a lock or a tick may have: [A-Za-z0-9._:@+-]{1,128}, no dots alone? */
bool zkl_text_is_name(const char *text);

#endif
