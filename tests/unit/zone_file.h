/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_file -- time zones of tests/data/zoneinfo.
 */
#ifndef TESTS_UNIT_ZONE_FILE_H
#define TESTS_UNIT_ZONE_FILE_H

#include <stddef.h>

struct arena;
struct tzif;

/* The one of that name ("UTC" needs no file); arena's.  The test fails where it
 * cannot be read. */
const struct tzif *zone_file(struct arena *arena, const char *name);

void zone_file_path(const char *name, char *path, size_t size);

#endif
