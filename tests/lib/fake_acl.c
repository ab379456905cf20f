/* SPDX-License-Identifier: Apache-2.0 */
/* fake_acl.c - access control lists as texts. */
#include "lib/fake_acl.h"

#include <string.h>

struct entry {
	const char *who; /* "scheme:id" */
	size_t who_len;
	const char *perms;
	size_t perms_len;
};

char *fake_acl_digest(const char *name_and_password, GChecksumType algorithm)
{
	GChecksum *sum = g_checksum_new(algorithm);
	guint8 bytes[64];
	gsize len = sizeof(bytes);
	const char *colon = strchr(name_and_password, ':');

	g_assert(colon);
	g_checksum_update(sum, (const guchar *)name_and_password, -1);
	g_checksum_get_digest(sum, bytes, &len);
	g_checksum_free(sum);
	g_autofree char *base64 = g_base64_encode(bytes, len);

	return g_strdup_printf(
		"%.*s:%s", (int)(colon - name_and_password), name_and_password, base64);
}

/* The next entry of *text, which moves behind it. false: none, or not an entry. */
static bool next_entry(const char **text, struct entry *ret)
{
	const char *end = strchrnul(*text, ',');
	const char *colon = memrchr(*text, ':', (size_t)(end - *text));

	if (!colon || !memchr(*text, ':', (size_t)(colon - *text)))
		return false;
	*ret = (struct entry){*text, (size_t)(colon - *text), colon + 1, (size_t)(end - colon - 1)};
	*text = *end ? end + 1 : end;
	return true;
}

static bool is_who(const struct entry *entry, const char *who)
{
	return strlen(who) == entry->who_len && !memcmp(entry->who, who, entry->who_len);
}

static bool applies(const struct entry *entry, const GPtrArray *identities)
{
	if (is_who(entry, "world:anyone"))
		return true;
	for (guint i = 0; identities && i < identities->len; i++) {
		if (is_who(entry, g_ptr_array_index(identities, i)))
			return true;
	}
	return false;
}

bool fake_acl_allows(const char *acl, const GPtrArray *identities, char perm)
{
	struct entry entry;

	for (const char *text = acl; *text && next_entry(&text, &entry);) {
		if (memchr(entry.perms, perm, entry.perms_len) && applies(&entry, identities))
			return true;
	}
	return false;
}

static bool is_valid(const struct entry *entry)
{
	if (strspn(entry->perms, "cdrwa") < entry->perms_len)
		return false;
	return is_who(entry, "world:anyone") || g_str_has_prefix(entry->who, "digest:") ||
	       g_str_has_prefix(entry->who, "ip:") || is_who(entry, "auth:");
}

static void append(GString *out, const char *who, size_t who_len, const struct entry *entry)
{
	g_string_append_printf(out, "%s%.*s:%.*s", out->len ? "," : "", (int)who_len, who,
		(int)entry->perms_len, entry->perms);
}

char *fake_acl_fix(const char *acl, const GPtrArray *identities)
{
	g_autoptr(GString) out = g_string_new("");
	struct entry entry;
	const char *text = acl;

	while (*text) {
		if (!next_entry(&text, &entry) || !is_valid(&entry))
			return NULL;
		if (!is_who(&entry, "auth:")) {
			append(out, entry.who, entry.who_len, &entry);
			continue;
		}
		for (guint i = 0; identities && i < identities->len; i++) {
			const char *who = g_ptr_array_index(identities, i);

			append(out, who, strlen(who), &entry);
		}
	}
	return out->len ? g_strdup(out->str) : NULL;
}

char *fake_acl_mask(const char *acl)
{
	GString *out = g_string_new("");
	struct entry entry;

	for (const char *text = acl; *text && next_entry(&text, &entry);) {
		g_autofree char *who = g_strndup(entry.who, entry.who_len);

		if (g_str_has_prefix(who, "digest:")) {
			char *colon = strrchr(who, ':');

			strcpy(colon + 1, "x");
		}
		append(out, who, strlen(who), &entry);
	}
	return g_string_free(out, FALSE);
}
