/* SPDX-License-Identifier: Apache-2.0 */
/* servers.c - the connect string: what is taken is whole, what is refused is explained. */
#include "base/servers.h"

#include "target.h"

const char fuzz_name[] = "servers";

/* As the C client gets it: taken again, it means the same. */
static char *print(const struct zkl_servers *servers)
{
	size_t size = strlen(servers->chroot) + 1, at = 0;
	char *text;

	for (size_t i = 0; i < servers->n; i++)
		size += strlen(servers->list[i].host) + sizeof("[]:65535,");
	text = malloc(size);
	MUST(text);
	for (size_t i = 0; i < servers->n; i++) {
		const struct zkl_server *server = &servers->list[i];
		bool v6 = strchr(server->host, ':');

		at += (size_t)snprintf(text + at, size - at, "%s%s%s%s:%u", i ? "," : "",
			v6 ? "[" : "", server->host, v6 ? "]" : "", server->port);
	}
	snprintf(text + at, size - at, "%s", servers->chroot);
	return text;
}

static void check_chroot(const char *chroot)
{
	size_t n = strlen(chroot);

	MUST(n == 0 || (n > 1 && chroot[0] == '/' && chroot[n - 1] != '/'));
	MUST(!strstr(chroot, "//") && !strstr(chroot, "/./") && !strstr(chroot, "/../"));
}

static void check(const struct zkl_servers *servers)
{
	struct zkl_servers again;
	char why[256], *text = print(servers);

	MUST(servers->n > 0);
	check_chroot(servers->chroot);
	for (size_t i = 0; i < servers->n; i++) {
		MUST(servers->list[i].port > 0);
		MUST(servers->list[i].host[0] && !strpbrk(servers->list[i].host, ",/[] \t\n"));
	}
	MUST(zkl_servers_parse(text, &again, why, sizeof(why)));
	MUST(again.n == servers->n && strcmp(again.chroot, servers->chroot) == 0);
	for (size_t i = 0; i < again.n; i++)
		MUST(strcmp(again.list[i].host, servers->list[i].host) == 0 &&
			again.list[i].port == servers->list[i].port);
	zkl_servers_clear(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	char *text = take_rest(&in), why[256] = "", brief[8];
	struct zkl_servers servers;

	if (zkl_servers_parse(text, &servers, why, sizeof(why))) {
		check(&servers);
		zkl_servers_clear(&servers);
	} else {
		MUST(why[0] && memchr(why, '\0', sizeof(why)));
		MUST(!servers.list && !servers.n && !servers.chroot);
		MUST(!zkl_servers_parse(text, &servers, brief, sizeof(brief)));
		MUST(memchr(brief, '\0', sizeof(brief)));
	}
	free(text);
	return 0;
}
