/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - write and read owner records. */
#include "run/record.h"

#include <arpa/inet.h>
#include <glib.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GROUP "zklock"
/* Hostile data must not cost us memory: a record of ours is below 1 KiB. */
#define RECORD_MAX 4096

/* The address that others would most likely know us by: the first that is up and not loopback. */
static char *find_ip(void)
{
	struct ifaddrs *all = NULL;
	char text[INET_ADDRSTRLEN] = "127.0.0.1";

	if (getifaddrs(&all) != 0)
		return g_strdup(text);
	for (struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP) ||
			(i->ifa_flags & IFF_LOOPBACK))
			continue;
		inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr, text,
			sizeof(text));
		break;
	}
	freeifaddrs(all);
	return g_strdup(text);
}

/* When this process began, in ms of the wall clock. */
static int64_t find_start(void)
{
	char *stat = NULL, *at;
	unsigned long long ticks = 0;
	struct timespec boot, wall;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &wall);
	if (g_file_get_contents("/proc/self/stat", &stat, NULL, NULL) && (at = strrchr(stat, ')')))
		sscanf(at + 1,
			" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			"%*d %*d %llu",
			&ticks);
	g_free(stat);
	return (int64_t)(wall.tv_sec - boot.tv_sec) * 1000 +
	       (wall.tv_nsec - boot.tv_nsec) / 1000000 +
	       (int64_t)(ticks * 1000 / (unsigned long long)sysconf(_SC_CLK_TCK));
}

char *zkl_record_text(
	bool sealed, const char *label, const struct zkl_record_terms *terms, int64_t tid)
{
	static gsize once;
	static char *ip;
	static int64_t start_ms;
	GKeyFile *file = g_key_file_new();
	char *text;

	if (g_once_init_enter(&once)) {
		ip = find_ip();
		start_ms = find_start();
		g_once_init_leave(&once, 1);
	}
	g_key_file_set_integer(file, GROUP, "version", ZKL_RECORD_VERSION);
	g_key_file_set_boolean(file, GROUP, "sealed", sealed);
	g_key_file_set_string(file, GROUP, "host", g_get_host_name());
	g_key_file_set_string(file, GROUP, "ip", ip);
	g_key_file_set_int64(file, GROUP, "pid", getpid());
	g_key_file_set_int64(file, GROUP, "tid", tid);
	g_key_file_set_int64(file, GROUP, "start", start_ms);
	g_key_file_set_int64(file, GROUP, "timeout", terms->timeout_ms);
	g_key_file_set_int64(file, GROUP, "validity", terms->validity_ms);
	g_key_file_set_int64(file, GROUP, "interval", terms->interval_ms);
	g_key_file_set_string(file, GROUP, "label", label);
	text = g_key_file_to_data(file, NULL, NULL);
	g_key_file_free(file);
	return text;
}

static char *get_text(GKeyFile *file, const char *key)
{
	char *text = g_key_file_get_string(file, GROUP, key, NULL);

	return text ? text : g_strdup("");
}

void zkl_record_parse(const void *data, size_t len, struct zkl_record *ret)
{
	GKeyFile *file = g_key_file_new();

	memset(ret, 0, sizeof(*ret));
	if (data && len > 0 && len <= RECORD_MAX &&
		g_key_file_load_from_data(file, data, len, G_KEY_FILE_NONE, NULL)) {
		ret->version = g_key_file_get_integer(file, GROUP, "version", NULL);
		ret->sealed = g_key_file_get_boolean(file, GROUP, "sealed", NULL);
		ret->pid = g_key_file_get_int64(file, GROUP, "pid", NULL);
		ret->tid = g_key_file_get_int64(file, GROUP, "tid", NULL);
		ret->start_ms = g_key_file_get_int64(file, GROUP, "start", NULL);
		ret->terms.timeout_ms = g_key_file_get_int64(file, GROUP, "timeout", NULL);
		ret->terms.validity_ms = g_key_file_get_int64(file, GROUP, "validity", NULL);
		ret->terms.interval_ms = g_key_file_get_int64(file, GROUP, "interval", NULL);
	}
	ret->host = get_text(file, "host");
	ret->ip = get_text(file, "ip");
	ret->label = get_text(file, "label");
	g_key_file_free(file);
}

void zkl_record_clear(struct zkl_record *record)
{
	g_free(record->host);
	g_free(record->ip);
	g_free(record->label);
}

bool zkl_record_trusted(const void *data, size_t len)
{
	struct zkl_record record;
	bool trusted;

	zkl_record_parse(data, len, &record);
	trusted = record.version == ZKL_RECORD_VERSION && record.sealed;
	zkl_record_clear(&record);
	return trusted;
}
