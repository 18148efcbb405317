/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file -- whole files, read with a limit and replaced without a gap.
 *
 * Shell: the only place below the programs that opens files for reading
 * whole or replacing.
 */
#ifndef POLICY_BASE_FILE_H
#define POLICY_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/*
 * The whole of path, NUL-terminated beyond *len octets; the caller frees it.
 * NULL with err set when it cannot be read or has more than max octets.
 */
char *file_read(const char *path, size_t max, size_t *len, struct error *err);

/*
 * Replaces path: written beside it, fsynced, renamed over it, the directory
 * fsynced.  Readers see the old or the new, never a part (rename(2)).
 */
bool file_replace(const char *path, const void *octets, size_t len,
		  struct error *err);

/* Moves a damaged file to path.damaged, so that it is kept and not read. */
bool file_set_aside(const char *path, struct error *err);

/* Removes path and fsyncs the directory; one that is not there is removed. */
bool file_remove(const char *path, struct error *err);

#endif
