/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A keep's file: what is read must come back from what is written.  The input
 * is what stands below the first line, which is made to fit it: else hardly
 * anything would get past the checksum.  And the input as a whole file.
 */
#include "policy/bus/keep.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static char *with_checksum(const uint8_t *octets, size_t len, size_t *file_len)
{
	static const char magic[] = "windrose-keep 1 ";
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char *file = malloc(sizeof(magic) + 2 * sizeof(digest) + 1 + len);
	size_t at = sizeof(magic) - 1;

	if (file == NULL)
		abort();
	SHA256(octets, len, digest);
	memcpy(file, magic, at);
	for (size_t i = 0; i < sizeof(digest); i++, at += 2)
		snprintf(file + at, 3, "%02x", digest[i]);
	file[at++] = '\n';
	memcpy(file + at, octets, len);
	*file_len = at + len;
	return file;
}

static void must_have(void *arg, const char *name, const char *octets,
		      size_t len)
{
	const struct keep *back = arg;
	size_t back_len;
	const char *value = keep_get(back, name, &back_len);

	if (value == NULL || back_len != len || memcmp(value, octets, len) != 0)
		abort();
}

static void read_back(const char *file, size_t len)
{
	struct keep *keep = keep_parse(file, len), *back;
	char *text;

	if (keep == NULL)
		return;
	text = keep_write(keep, &len);
	back = text == NULL ? NULL : keep_parse(text, len);
	if (back == NULL || keep_count(back) != keep_count(keep))
		abort();
	keep_each(keep, must_have, back);
	free(text);
	keep_free(back);
	keep_free(keep);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	size_t file_len;
	char *file = with_checksum(octets, len, &file_len);

	read_back(file, file_len);
	free(file);
	read_back((const char *)octets, len);
	return 0;
}
