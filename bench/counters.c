/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters.c - what an operation costs besides time.
 *
 * The servers tell requests and transactions by their four-letter word `srvr`, which every release
 * allows by default. Bytes come from TCP_INFO of the sockets of this process, so they need no help
 * of the library under test. Allocations are counted by wrapping the allocator of this program.
 */
#include "counters.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "contest.h"

#define QUIET_US    50000
#define QUIET_PINGS 3 /* so many sessions may ping in that time */

/* ---- allocations --------------------------------------------------------------------------- */

static gint64 allocations;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they wrap it themselves */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static void count_allocation(void)
{
	__atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
}

__attribute__((visibility("default"))) void *malloc(size_t size)
{
	count_allocation();
	return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
	count_allocation();
	return __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t size)
{
	count_allocation();
	return __libc_realloc(old, size);
}
#endif

/* ---- the servers' side --------------------------------------------------------------------- */

/* The answer to one four-letter word; free with g_free(). */
static char *ask(const char *server, const char *word, GError **error)
{
	GSocketClient *client = g_socket_client_new();
	GSocketConnection *link =
		g_socket_client_connect_to_host(client, server, 2181, NULL, error);
	GString *answer = g_string_new(NULL);
	char part[1024];
	gssize got = 0;

	if (link != NULL) {
		GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(link));
		GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(link));

		g_output_stream_write_all(out, word, strlen(word), NULL, NULL, NULL);
		while ((got = g_input_stream_read(in, part, sizeof(part), NULL, NULL)) > 0)
			g_string_append_len(answer, part, got);
		g_object_unref(link);
	}
	g_object_unref(client);
	return g_string_free(answer, link == NULL);
}

static gint64 number_after(const char *text, const char *name)
{
	const char *found = strstr(text, name);

	return found == NULL ? 0 : g_ascii_strtoll(found + strlen(name), NULL, 0);
}

static bool read_servers(const char *servers, struct counters *ret, GError **error)
{
	char **list = bench_servers(servers);
	bool ok = true;

	for (char **server = list; ok && *server != NULL; server++) {
		char *answer = ask(*server, "srvr", error);

		ok = answer != NULL;
		if (!ok)
			break;
		ret->requests += number_after(answer, "Received: ");
		ret->writes = MAX(ret->writes, number_after(answer, "Zxid: "));
		g_free(answer);
	}
	g_strfreev(list);
	return ok;
}

/* ---- this process's side ------------------------------------------------------------------- */

static bool is_server_port(const char *servers, int port)
{
	char *suffix = g_strdup_printf(":%d", port);
	char **list = bench_servers(servers);
	bool found = false;

	for (char **server = list; *server != NULL; server++)
		found = found || g_str_has_suffix(*server, suffix);
	g_strfreev(list);
	g_free(suffix);
	return found;
}

static int peer_port(int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0)
		return -1;
	if (peer.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&peer)->sin_port);
	if (peer.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&peer)->sin6_port);
	return -1;
}

static void add_socket(const char *servers, int fd, struct counters *ret)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);
	int port = peer_port(fd);

	if (port < 0 || !is_server_port(servers, port))
		return;
	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
		return;
	ret->bytes_in += (gint64)info.tcpi_bytes_received;
	ret->bytes_out += (gint64)info.tcpi_bytes_acked;
}

/* Calls fn for each name in a folder of /proc/self. */
static void each_name(const char *folder, void (*fn)(const char *name, void *user), void *user)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (g_ascii_isdigit(entry->d_name[0]))
			fn(entry->d_name, user);
	closedir(dir);
}

struct socket_sum {
	const char *servers;
	struct counters *counters;
};

static void add_descriptor(const char *name, void *user)
{
	struct socket_sum *sum = user;

	add_socket(sum->servers, atoi(name), sum->counters);
}

static void read_self(const char *servers, struct counters *ret)
{
	struct socket_sum sum = {.servers = servers, .counters = ret};
	struct rusage usage;

	each_name("/proc/self/fd", add_descriptor, &sum);
	getrusage(RUSAGE_SELF, &usage);
	ret->switches = usage.ru_nvcsw + usage.ru_nivcsw;
	ret->cpu_us = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC +
		      usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	ret->allocs = __atomic_load_n(&allocations, __ATOMIC_RELAXED);
}

bool counters_start(const char *servers, struct counters *ret, GError **error)
{
	memset(ret, 0, sizeof(*ret));
	if (!read_servers(servers, ret, error))
		return false;
	read_self(servers, ret);
	return true;
}

/*
 * Cleaning up may go on after the caller has been told: read until nothing moves but a ping or so.
 * Each `srvr` is a packet to the server that answers it, counted before its answer is made.
 */
static bool read_when_quiet(const char *servers, struct counters *ret, GError **error)
{
	char **list = bench_servers(servers);
	gint64 own = g_strv_length(list), asked = 0, requests, writes;

	g_strfreev(list);
	do {
		requests = ret->requests;
		writes = ret->writes;
		g_usleep(QUIET_US);
		ret->requests = ret->writes = 0;
		if (!read_servers(servers, ret, error))
			return false;
		asked += own;
	} while (ret->writes != writes || ret->requests > requests + own + QUIET_PINGS);
	ret->requests -= asked;
	return true;
}

bool counters_stop(
	const char *servers, const struct counters *start, struct counters *ret, GError **error)
{
	struct counters self, sockets;

	memset(ret, 0, sizeof(*ret));
	memset(&self, 0, sizeof(self));
	memset(&sockets, 0, sizeof(sockets));
	read_self(servers, &self); /* before our own questions cost something */
	if (!read_when_quiet(servers, ret, error))
		return false;
	read_self(servers, &sockets);
	ret->requests -= start->requests;
	ret->writes -= start->writes;
	ret->bytes_in = sockets.bytes_in - start->bytes_in;
	ret->bytes_out = sockets.bytes_out - start->bytes_out;
	ret->switches = self.switches - start->switches;
	ret->cpu_us = self.cpu_us - start->cpu_us;
	ret->allocs = self.allocs - start->allocs;
	return true;
}

static long status_number(const char *name)
{
	char *text = NULL;
	long number = -1;

	if (g_file_get_contents("/proc/self/status", &text, NULL, NULL))
		number = (long)number_after(text, name);
	g_free(text);
	return number;
}

long self_rss_kib(void)
{
	return status_number("VmRSS:");
}

long self_threads(void)
{
	return status_number("Threads:");
}
