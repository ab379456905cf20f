/* SPDX-License-Identifier: Apache-2.0 */
/*
 * servers.c - the connect string, read by ourselves.
 *
 * The C client's own reading has traps (traps.md 25): the port is required, brackets round
 * an IPv6 address are refused while "::1:2181" is taken, and an error shows up late. Here a port
 * may be left out, brackets are the way to write IPv6, and what is wrong is said at once.
 */
#include "base/servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_MAX 253 /* of a DNS name; an address is shorter */

struct reader {
	struct zkl_servers *out;
	char *why;
	size_t size;
};

/* A stretch of the text. */
struct span {
	const char *at;
	size_t len;
};

static bool say(struct reader *r, const char *text)
{
	snprintf(r->why, r->size, "%s", text);
	return false;
}

static bool refuse(struct reader *r, struct span what, const char *fault, const char *cure)
{
	snprintf(r->why, r->size, "'%.*s' %s: %s", (int)what.len, what.at, fault, cure);
	return false;
}

static struct span trim(struct span s)
{
	while (s.len > 0 && strchr(" \t\n", s.at[0]))
		s.at++, s.len--;
	while (s.len > 0 && strchr(" \t\n", s.at[s.len - 1]))
		s.len--;
	return s;
}

static bool only_of(struct span s, const char *alphabet)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] == '\0' || !strchr(alphabet, s.at[i]))
			return false;
	return true;
}

static size_t count(struct span s, char c)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++)
		n += s.at[i] == c;
	return n;
}

/* --- one server --------------------------------------------------------------------------------
 */

static bool read_port(struct reader *r, struct span text, uint16_t *port)
{
	unsigned long value = 0;
	for (size_t i = 0; i < text.len && text.at[i] >= '0' && text.at[i] <= '9' && value <= 65535;
		i++)
		value = value * 10 + (unsigned long)(text.at[i] - '0');
	if (text.len == 0 || !only_of(text, "0123456789") || value < 1 || value > 65535)
		return refuse(r, text, "is no port",
			"give a number from 1 to 65535, or leave the colon out for 2181");
	*port = (uint16_t)value;
	return true;
}

static bool good_name(struct span host)
{
	return only_of(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
}

/* What stands in brackets; a zone ("%eth0") may follow the address. */
static bool good_v6(struct span host)
{
	const char *zone = memchr(host.at, '%', host.len);
	struct span digits = {host.at, zone ? (size_t)(zone - host.at) : host.len};
	struct span name = {zone ? zone + 1 : "", zone ? host.len - digits.len - 1 : 0};
	return only_of(digits, "0123456789abcdefABCDEF:.") && count(digits, ':') >= 2 &&
	       good_name(name) && (!zone || name.len > 0);
}

static bool add(struct reader *r, struct span host, uint16_t port)
{
	struct zkl_server *more = reallocarray(r->out->list, r->out->n + 1, sizeof *more);
	if (!more)
		return say(r, "out of memory");
	r->out->list = more;
	more[r->out->n] = (struct zkl_server){.host = strndup(host.at, host.len), .port = port};
	if (!more[r->out->n].host)
		return say(r, "out of memory");
	r->out->n++;
	return true;
}

static bool read_bracketed(struct reader *r, struct span text)
{
	const char *end = memchr(text.at, ']', text.len);
	if (!end)
		return refuse(r, text, "has no closing bracket", "write [::1]:2181");
	struct span host = {text.at + 1, (size_t)(end - text.at) - 1};
	struct span rest = {end + 1, text.len - host.len - 2};
	uint16_t port = ZKL_SERVERS_PORT;
	if (!good_v6(host))
		return refuse(r, host, "is no IPv6 address", "write [::1]:2181");
	if (rest.len > 0 && rest.at[0] != ':')
		return refuse(r, rest, "cannot stand behind a bracket", "write [::1]:2181");
	if (rest.len > 0 && !read_port(r, (struct span){rest.at + 1, rest.len - 1}, &port))
		return false;
	return add(r, host, port);
}

static bool read_named(struct reader *r, struct span text)
{
	if (count(text, ':') > 1)
		return refuse(
			r, text, "is ambiguous", "put an IPv6 address in brackets, [::1]:2181");
	const char *colon = memchr(text.at, ':', text.len);
	struct span host = {text.at, colon ? (size_t)(colon - text.at) : text.len};
	uint16_t port = ZKL_SERVERS_PORT;
	if (host.len == 0)
		return refuse(r, text, "names no host", "write host:port");
	if (host.len > HOST_MAX || !good_name(host))
		return refuse(r, host, "is no host name",
			"only letters, digits, '.', '-' and '_', at most 253 bytes");
	if (colon && !read_port(r, (struct span){colon + 1, text.len - host.len - 1}, &port))
		return false;
	return add(r, host, port);
}

static bool read_server(struct reader *r, struct span text)
{
	text = trim(text);
	if (text.len == 0)
		return say(r, "a server is missing beside a comma: write host:port,host:port");
	return text.at[0] == '[' ? read_bracketed(r, text) : read_named(r, text);
}

/* --- the chroot --------------------------------------------------------------------------------
 */

static bool good_component(struct span part)
{
	if (part.len == 0 || (part.len == 1 && part.at[0] == '.') ||
		(part.len == 2 && memcmp(part.at, "..", 2) == 0))
		return false;
	for (size_t i = 0; i < part.len; i++)
		if ((unsigned char)part.at[i] <= 0x1f || part.at[i] == 0x7f)
			return false;
	return true;
}

static bool good_chroot(struct span path)
{
	const char *end = path.at + path.len;
	for (const char *p = path.at; p < end;) {
		const char *slash = memchr(p + 1, '/', (size_t)(end - p - 1));
		const char *stop = slash ? slash : end;
		if (!good_component((struct span){p + 1, (size_t)(stop - p) - 1}))
			return false;
		p = stop;
	}
	return true;
}

static bool read_chroot(struct reader *r, struct span path)
{
	path = trim(path);
	if (memchr(path.at, ',', path.len))
		return refuse(
			r, path, "has a comma", "give the chroot once, behind the last server");
	if (path.len == 1)
		path.len = 0; /* "/" is where everyone starts */
	if (!good_chroot(path))
		return refuse(r, path, "is no chroot",
			"write /a/b, without '.', '..', empty parts or a slash at the end");
	r->out->chroot = strndup(path.at, path.len);
	return r->out->chroot || say(r, "out of memory");
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static bool read_list(struct reader *r, struct span list)
{
	const char *end = list.at + list.len;
	for (const char *p = list.at;; p++) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		const char *stop = comma ? comma : end;
		if (!read_server(r, (struct span){p, (size_t)(stop - p)}))
			return false;
		if (!comma)
			return true;
		p = comma;
	}
}

static bool read_all(struct reader *r, const char *text)
{
	const char *scheme = strstr(text, "://");
	if (scheme)
		return refuse(r, (struct span){text, (size_t)(scheme - text) + 3},
			"does not belong here", "write host:port,host:port/chroot");
	size_t hosts = strcspn(text, "/");
	struct span list = {text, hosts};
	if (trim(list).len == 0)
		return say(r, "no server is named: write host:port,host:port");
	return read_list(r, list) &&
	       read_chroot(r, (struct span){text + hosts, strlen(text + hosts)});
}

bool zkl_servers_parse(const char *text, struct zkl_servers *out, char *why, size_t size)
{
	*out = (struct zkl_servers){0};
	struct reader r = {.out = out, .why = why, .size = size};
	if (read_all(&r, text))
		return true;
	zkl_servers_clear(out);
	return false;
}

void zkl_servers_clear(struct zkl_servers *servers)
{
	for (size_t i = 0; i < servers->n; i++)
		free(servers->list[i].host);
	free(servers->list);
	free(servers->chroot);
	*servers = (struct zkl_servers){0};
}
