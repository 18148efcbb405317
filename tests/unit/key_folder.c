/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/key_folder.h"

#include "policy/base/error.h"
#include "policy/keys/keyfile.h"
#include "policy/keys/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_SIZE = 300 };

char key_folder[] = "/tmp/windrose-keys-XXXXXX";

void key_folder_write(const char *name, const char *text, mode_t mode)
{
	char path[PATH_SIZE];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", key_folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

void key_folder_empty(void)
{
	char command[PATH_SIZE];

	snprintf(command, sizeof(command), "rm -f %s/*", key_folder);
	assert_int_equal(system(command), 0);
}

struct dnskey key_folder_make_key(const char *algorithm, uint16_t flags,
				  const int64_t *times_s)
{
	const struct keyfile_wish wish = {
		.directory = key_folder,
		.zone = ZONE,
		.algorithm = secret_algorithm_of(algorithm),
		.flags = flags,
		.times_s = times_s,
	};
	struct errors errs = { 0 };
	struct dnskey key;
	struct error err;
	char *path = keyfile_make(&wish, &err);

	assert_non_null(path);
	assert_true(dnskey_read(&key, path, ZONE, &errs));
	assert_int_equal(errs.count, 0);
	free(path);
	return key;
}

int key_folder_set_up(void **state)
{
	(void)state;
	return mkdtemp(key_folder) == NULL;
}

int key_folder_tear_down(void **state)
{
	(void)state;
	return rmdir(key_folder);
}
