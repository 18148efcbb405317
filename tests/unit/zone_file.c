/* SPDX-License-Identifier: Apache-2.0 */
#include "zone_file.h"

#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/base/tzif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void zone_file_path(const char *name, char *path, size_t size)
{
	const char *srcdir = getenv("SRCDIR");

	snprintf(path, size, "%s/tests/data/zoneinfo/%s",
		 srcdir == NULL ? "." : srcdir, name);
}

const struct tzif *zone_file(struct arena *arena, const char *name)
{
	struct tzif *zone = arena_alloc(arena, 1, sizeof(*zone));
	char path[4096], *octets;
	struct error err;
	size_t len;

	assert_non_null(zone);
	*zone = tzif_utc();
	if (strcmp(name, "UTC") == 0)
		return zone;
	zone_file_path(name, path, sizeof(path));
	octets = file_read(path, TZIF_OCTETS_MAX, &len, &err);
	if (octets == NULL ||
	    !tzif_parse(arena, (const uint8_t *)octets, len, zone, &err))
		fail_msg("%s: %s", name, err.text);
	free(octets);
	return zone;
}
