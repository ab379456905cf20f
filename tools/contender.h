/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contender.h - one who holds or waits, as text for people and as JSON.
 * Everything in an owner record was written by somebody else, so all of it is escaped.
 */
#ifndef ZKLOCK_TOOLS_CONTENDER_H
#define ZKLOCK_TOOLS_CONTENDER_H

#include <json-glib/json-glib.h>
#include <zklock/zklock.h>

/** Between the label of a zklock run and the session of the one whose command it is part of. */
#define ZKL_CONTENDER_UNDER " under "

/** That session, or 0. It is only what the label says. */
int64_t zkl_contender_outer(const zklock_owner_t *owner);

/** Who it is: "label (pid 17 on host)", or what is known. Safe. Free with g_free(). */
char *zkl_contender_who(const zklock_owner_t *owner);

/** How long it has been in the queue, by our wall clock. Free with g_free(). */
char *zkl_contender_age(const zklock_owner_t *owner);

/** How long each proof of it lasts: "5.5s", "none" or "-", as it has said. Free with g_free(). */
char *zkl_contender_proof(const zklock_owner_t *owner);

const char *zkl_contender_make(enum zklock_make make);

/** Add it as an object to an array or behind a member name. */
void zkl_contender_json(JsonBuilder *builder, const zklock_owner_t *owner);

#endif
