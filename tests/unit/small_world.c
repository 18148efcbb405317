/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/small_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void small_world_init(struct small_world *world)
{
	strcpy(world->folder, "small_world.XXXXXX");
	assert_non_null(mkdtemp(world->folder));
}

void small_world_fini(struct small_world *world)
{
	char command[WORLD_PATH_SIZE + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", world->folder);
	assert_int_equal(system(command), 0);
}

const char *small_world_path(const struct small_world *world, const char *name,
			     char out[WORLD_PATH_SIZE])
{
	size_t used = strlen(world->folder);

	assert_true(used + strlen(name) + 2 <= WORLD_PATH_SIZE);
	memcpy(out, world->folder, used);
	out[used] = '/';
	strcpy(out + used + 1, name);
	return out;
}

void small_world_write(const struct small_world *world, const char *name,
		       const void *octets, size_t len)
{
	char path[WORLD_PATH_SIZE];
	FILE *f = fopen(small_world_path(world, name, path), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(octets, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

void small_world_database(const struct small_world *world, const char *name,
			  const char *options, const char *text)
{
	const char *srcdir = getenv("SRCDIR");
	char out[WORLD_PATH_SIZE], in[WORLD_PATH_SIZE + 64];
	char command[4 * WORLD_PATH_SIZE + 512];

	if (srcdir == NULL)
		srcdir = ".";
	snprintf(in, sizeof(in), "%.200s/contrib/geo/small.txt", srcdir);
	if (text != NULL) {
		small_world_write(world, "input.txt", text, strlen(text));
		small_world_path(world, "input.txt", in);
	}
	small_world_path(world, name, out);
	snprintf(command, sizeof(command),
		 "perl '%s/contrib/geo/make-mmdb' %s '%s' '%s'", srcdir,
		 options, in, out);
	if (system(command) != 0)
		fail_msg("%s failed: is libmaxmind-db-writer-perl installed?",
			 command);
}
