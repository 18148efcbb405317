/* SPDX-License-Identifier: Apache-2.0 */
/*
 * small_world -- geo databases made for one test program, and gone with it.
 */
#ifndef TESTS_UNIT_SMALL_WORLD_H
#define TESTS_UNIT_SMALL_WORLD_H

#include <stddef.h>

enum { WORLD_PATH_SIZE = 256 };

struct small_world {
	char folder[WORLD_PATH_SIZE];
};

/* Makes a scratch folder below the current one; fails the test if it cannot. */
void small_world_init(struct small_world *world);

/* Removes it and all in it. */
void small_world_fini(struct small_world *world);

/* folder/name into out, which is returned. */
const char *small_world_path(const struct small_world *world, const char *name,
			     char out[WORLD_PATH_SIZE]);

/* Writes a file there. */
void small_world_write(const struct small_world *world, const char *name,
		       const void *octets, size_t len);

/*
 * Makes folder/name with contrib/geo/make-mmdb from text, or from
 * contrib/geo/small.txt when text is NULL.  options: "--schema flat --v4".
 */
void small_world_database(const struct small_world *world, const char *name,
			  const char *options, const char *text);

#endif
