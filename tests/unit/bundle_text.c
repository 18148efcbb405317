/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/bundle_text.h"

#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/bus/bus.h"
#include "policy/language/sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BUNDLE_TTL_MS = 60000 };

void bundle_text_put(struct bus *bus, const char *text,
		     char digest[BUNDLE_DIGEST_SIZE])
{
	struct sources sources = { .arena = arena_new() };
	struct error err;
	char *octets;
	size_t len;

	assert_true(sources_add(&sources, "policy.yaml", text, strlen(text)));
	assert_true(sources_digest(&sources, digest));
	octets = bundle_write(&sources, &len, &err);
	assert_non_null(octets);
	if (bus != NULL)
		bus_put(bus, BUS_BUNDLES, digest, octets, len, BUNDLE_TTL_MS);
	free(octets);
	arena_free(sources.arena);
}
