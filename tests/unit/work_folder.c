/* SPDX-License-Identifier: Apache-2.0 */
#include "work_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *work_source(const char *path, char buf[WORK_PATH_SIZE])
{
	const char *srcdir = getenv("SRCDIR");

	snprintf(buf, WORK_PATH_SIZE, "%s/%s", srcdir == NULL ? "." : srcdir,
		 path);
	return buf;
}

bool work_enter(char *template)
{
	return mkdtemp(template) != NULL && chdir(template) == 0;
}

bool work_make_networks(const char *path)
{
	char make[WORK_PATH_SIZE], networks[WORK_PATH_SIZE];
	char command[3 * WORK_PATH_SIZE];

	snprintf(command, sizeof(command),
		 "perl '%s' '%s' networks.mmdb 2>make-mmdb.out",
		 work_source("contrib/geo/make-mmdb", make),
		 work_source(path, networks));
	return system(command) == 0;
}

bool work_leave(const char *folder)
{
	char command[WORK_PATH_SIZE];

	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return chdir("..") == 0 && system(command) == 0;
}
