/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over its seed corpus, for builds without libFuzzer: what
 * a fuzzer once found stays found.  The corpus of fuzz_NOUN is
 * $SRCDIR/tests/fuzz/corpus/NOUN; an empty one is a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	static uint8_t octets[1 << 20];
	uint8_t *copy;
	size_t len;

	if (f == NULL)
		return -1;
	len = fread(octets, 1, sizeof(octets), f);
	fclose(f);
	/* A copy of exact size, so that a sanitizer sees the end. */
	copy = malloc(len == 0 ? 1 : len);
	if (copy == NULL)
		return -1;
	memcpy(copy, octets, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	return 0;
}

static int run_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int count = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char path[4096 + 256 + 2];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (run_file(path) == 0)
			count++;
	}
	if (dir != NULL)
		closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("SRCDIR");
	const char *noun = strstr(argv[0], "fuzz_");
	char folder[4096];
	int count;

	while (noun != NULL && strstr(noun + 1, "fuzz_") != NULL)
		noun = strstr(noun + 1, "fuzz_");
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s",
		 srcdir == NULL ? "." : srcdir,
		 noun == NULL ? "" : noun + strlen("fuzz_"));
	count = run_folder(argc > 1 ? argv[1] : folder);
	printf("1..1\n%s 1 - %d inputs of %s\n", count > 0 ? "ok" : "not ok",
	       count, folder);
	return count > 0 ? 0 : 1;
}
