/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acl.c - access lists as text.
 *
 * An id may hold colons ("digest:ann:hash:r") and commas ("x509:CN=ann,O=acme:r"): an entry ends at
 * the first comma (or the end) that follows a colon and letters of permissions only.
 */
#include "port/acl.h"

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char letters[] = "rwcda"; /* bit 0 to bit 4 */

static int read_perms(const char *at, const char *end)
{
	int perms = 0;
	for (; at < end; at++) {
		const char *letter = strchr(letters, *at);
		if (!letter)
			return 0;
		perms |= 1 << (letter - letters);
	}
	return perms;
}

bool zkl_acl_add(struct zkl_acl *acl, const char *scheme, const char *id, int perms)
{
	struct zkl_acl_entry *more = reallocarray(acl->list, acl->n + 1, sizeof *more);
	if (!more)
		return false;
	acl->list = more;
	more[acl->n] = (struct zkl_acl_entry){perms, strdup(scheme), strdup(id)};
	acl->n++;
	return more[acl->n - 1].scheme && more[acl->n - 1].id;
}

static bool add_stretch(
	struct zkl_acl *acl, const char *at, const char *id, const char *id_end, int perms)
{
	char *scheme = strndup(at, (size_t)(id - at) - 1);
	char *name = strndup(id, (size_t)(id_end - id));
	bool added = scheme && name && zkl_acl_add(acl, scheme, name, perms);
	free(scheme);
	free(name);
	return added;
}

/* The end of the entry at `at`, NULL when there is none; `perms_at` is where its letters start. */
static const char *entry_end(const char *at, const char **perms_at)
{
	size_t scheme = strcspn(at, ":,");
	for (const char *p = scheme && at[scheme] == ':' ? at + scheme + 1 : ""; *p; p++) {
		if (*p == ':')
			*perms_at = p + 1;
		if (*perms_at && (p[1] == ',' || p[1] == '\0') && read_perms(*perms_at, p + 1) != 0)
			return p + 1;
	}
	return NULL;
}

bool zkl_acl_parse(struct zkl_acl *acl, const char *text)
{
	for (const char *at = text ? text : ""; *at != '\0';) {
		const char *perms_at = NULL;
		const char *end = entry_end(at, &perms_at);
		if (!end)
			return false;
		const char *id = strchr(at, ':') + 1;
		if (!add_stretch(acl, at, id, perms_at - 1, read_perms(perms_at, end)))
			return false;
		if (*end == ',' && end[1] == '\0')
			return false;
		at = *end == ',' ? end + 1 : end;
	}
	return true;
}

void zkl_acl_clear(struct zkl_acl *acl)
{
	for (size_t i = 0; i < acl->n; i++) {
		free(acl->list[i].scheme);
		free(acl->list[i].id);
	}
	free(acl->list);
	*acl = (struct zkl_acl){0};
}

/* In the order in which ZooKeeper's own tools print them. */
static void write_perms(FILE *out, int perms)
{
	for (const char *p = "cdrwa"; *p; p++)
		if (perms & (1 << (strchr(letters, *p) - letters)))
			fputc(*p, out);
}

char *zkl_acl_text(const struct zkl_acl *acl)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	for (size_t i = 0; i < acl->n; i++) {
		fprintf(out, "%s%s:%s:", i > 0 ? "," : "", acl->list[i].scheme, acl->list[i].id);
		write_perms(out, acl->list[i].perms);
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* Made here and not by the server ("auth" scheme), which would add the user's own credentials to
 * the list: then every program of that user could write into our node. */
char *zkl_acl_digest(const char *identity)
{
	uint8_t hash[20];
	gsize len = sizeof hash;
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA1);
	g_checksum_update(sum, (const guchar *)identity, -1);
	g_checksum_get_digest(sum, hash, &len);
	g_checksum_free(sum);
	char *base64 = g_base64_encode(hash, len), *text = NULL;
	if (asprintf(&text, "%.*s:%s", (int)strcspn(identity, ":"), identity, base64) < 0)
		text = NULL;
	g_free(base64);
	return text;
}
