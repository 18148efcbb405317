/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/file.h"

#include "policy/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void *fail_errno(struct error *err, const char *verb, const char *path)
{
	error_set(err, "%s: cannot %s: %s", path, verb, strerror(errno));
	return NULL;
}

/* Reads up to max + 1 octets, so that a longer file shows. */
static char *slurp(int fd, size_t max, size_t *len)
{
	size_t cap = 4096, used = 0;
	char *octets = malloc(cap + 1);

	while (octets != NULL) {
		size_t want = cap < max + 1 ? cap : max + 1;
		ssize_t got = read(fd, octets + used, want - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		used += (size_t)got;
		if (got == 0 || used > max) {
			octets[used] = '\0';
			*len = used;
			return octets;
		}
		if (used == cap) {
			char *more = realloc(octets, cap * 2 + 1);

			if (more == NULL)
				break;
			octets = more;
			cap *= 2;
		}
	}
	free(octets);
	return NULL;
}

char *file_read(const char *path, size_t max, size_t *len, struct error *err)
{
	/* A pipe that nobody writes to is refused, and not waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *octets;

	if (fd < 0)
		return fail_errno(err, "read", path);
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		error_set(err, "%s: is not a regular file", path);
		return NULL;
	}
	octets = slurp(fd, max, len);
	if (octets == NULL)
		fail_errno(err, "read", path);
	close(fd);
	if (octets != NULL && *len > max) {
		free(octets);
		error_set(err, "%s: is larger than %zu octets", path, max);
		return NULL;
	}
	return octets;
}

static bool write_all(int fd, const char *octets, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, octets, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		octets += put;
		len -= (size_t)put;
	}
	return true;
}

static void sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

bool file_replace(const char *path, const void *octets, size_t len,
		  struct error *err)
{
	char beside[PATH_MAX];
	bool ok;
	int fd;

	if (snprintf(beside, sizeof(beside), "%s.new", path) >=
	    (int)sizeof(beside)) {
		error_set(err, "%s: path is too long", path);
		return false;
	}
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail_errno(err, "write", beside) != NULL;
	ok = write_all(fd, octets, len) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	if (!ok || rename(beside, path) != 0) {
		fail_errno(err, "replace", path);
		unlink(beside);
		return false;
	}
	sync_directory(path);
	return true;
}

bool file_set_aside(const char *path, struct error *err)
{
	char aside[PATH_MAX];

	if (snprintf(aside, sizeof(aside), "%s.damaged", path) >=
	    (int)sizeof(aside)) {
		error_set(err, "%s: path is too long", path);
		return false;
	}
	if (rename(path, aside) != 0)
		return fail_errno(err, "set aside", path) != NULL;
	return true;
}

bool file_remove(const char *path, struct error *err)
{
	if (unlink(path) != 0 && errno != ENOENT)
		return fail_errno(err, "remove", path) != NULL;
	sync_directory(path);
	return true;
}
