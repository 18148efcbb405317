/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle: what is read is written back octet for octet, and its names stay
 * inside a folder. */
#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/bus/bundle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void check_name(const char *name)
{
	if (name[0] == '/' || name[0] == '.' || name[0] == '\0' ||
	    strstr(name, "/.") != NULL || strstr(name, "//") != NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct sources s = { .arena = arena_new() };
	char digest[BUNDLE_DIGEST_SIZE], again[BUNDLE_DIGEST_SIZE];
	struct error err;
	size_t back_len;
	char *back;

	if (s.arena == NULL || !bundle_parse(octets, len, &s, digest, &err)) {
		arena_free(s.arena);
		return 0;
	}
	for (size_t i = 0; i < s.count; i++)
		check_name(s.list[i].name);
	back = bundle_write(&s, &back_len, &err);
	if (back == NULL || back_len != len || memcmp(back, octets, len) != 0)
		abort();
	if (!sources_digest(&s, again) || strcmp(digest, again) != 0)
		abort();
	free(back);
	arena_free(s.arena);
	return 0;
}
