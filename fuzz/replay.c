/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - run a fuzz target over files, with any compiler: those named, or its whole corpus.
 */
#include "target.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	long size = -1;

	if (file && fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	if (size >= 0 && (data = malloc((size_t)size + 1)) && fseek(file, 0, SEEK_SET) == 0 &&
		fread(data, 1, (size_t)size, file) == (size_t)size)
		LLVMFuzzerTestOneInput(data, (size_t)size);
	else
		size = -1;
	if (size < 0)
		fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
	if (file)
		fclose(file);
	free(data);
	return size < 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay_corpus(void)
{
	const char *top = getenv("top_srcdir");
	struct dirent **entries = NULL;
	char folder[PATH_MAX / 2], path[PATH_MAX];
	int failed = 0, n;

	snprintf(folder, sizeof(folder), "%s/fuzz/corpus/%s", top ? top : ".", fuzz_name);
	n = scandir(folder, &entries, is_file, by_name);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		printf("%s\n", path); /* the last one is the one to blame */
		fflush(stdout);
		failed += replay(path);
		free(entries[i]);
	}
	free(entries);
	if (n <= 0)
		fprintf(stderr, "%s: no corpus here\n", folder);
	return failed || n <= 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 2)
		return replay_corpus() ? EXIT_FAILURE : EXIT_SUCCESS;
	for (int i = 1; i < argc; i++)
		failed += replay(argv[i]);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
