/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - what the command is set to, and where each value comes from.
 *
 * One table (settings.c) makes the keys of zklock.conf(5), the ZKLOCK_* variables, the shared
 * options and the output of `zklock config`. A later source wins:
 * built-in < /etc/zklock.conf < the user's file < environment < option.
 */
#ifndef ZKLOCK_TOOLS_SETTINGS_H
#define ZKLOCK_TOOLS_SETTINGS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum setting {
	SET_SERVERS,
	SET_ROOT,
	SET_SESSION_TIMEOUT,
	SET_PROOF_INTERVAL,
	SET_AUTH_FILE,
	SET_ACL,
	SET_WHY,
	SET_COLOR,
	SET_LOG_LEVEL,
	SET_KILL_AFTER,
	SET_ON_LOST,
	SET_ON_SUSPEND,
	SET_IF_DOWN,
	SET_METRICS_FILE,
	N_SETTINGS
};

enum source { SOURCE_BUILT_IN, SOURCE_SYSTEM, SOURCE_USER, SOURCE_ENVIRONMENT, SOURCE_OPTION };

struct settings {
	struct {
		char *value; /* NULL: not set */
		enum source source;
	} of[N_SETTINGS];
	char *system_file, *user_file; /* user_file NULL: none is read */
	char *option[N_SETTINGS];      /* where GOption puts what it finds */
};

/** Read files and environment. false: *error has one line that says where and what is wrong. */
bool zkl_settings_load(struct settings *settings, GError **error);

/** Take over what GOption found in settings->option. */
bool zkl_settings_take_options(struct settings *settings, GError **error);
void zkl_settings_clear(struct settings *settings);

/** Shared options, as GOption entries that write to settings->option, from `first` up to and
 *  without `end`. Free with g_free(). */
GOptionEntry *zkl_settings_entries(struct settings *settings, enum setting first, enum setting end);

const char *zkl_settings_name(enum setting key);
const char *zkl_settings_text(const struct settings *settings, enum setting key);
/** A duration in ms. The value was checked when it was read. */
int64_t zkl_settings_ms(const struct settings *settings, enum setting key);
/** Place of the value among the words that the key allows. */
int zkl_settings_word(const struct settings *settings, enum setting key);
/** Where the value comes from, as "/etc/zklock.conf" or "ZKLOCK_ROOT". Free with g_free(). */
char *zkl_settings_source(const struct settings *settings, enum setting key);

/* places of the words, in the order of settings.c */
enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum { LOST_TERM, LOST_KILL, LOST_HUP, LOST_IGNORE };
enum { SUSPEND_NONE, SUSPEND_STOP, SUSPEND_TERM };
enum { DOWN_FAIL, DOWN_RUN };

#define SETTINGS_ERROR (g_quark_from_static_string("zklock-settings"))

#endif
