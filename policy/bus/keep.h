/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep -- what a daemon knows, on disk: what one that starts without a bus
 * goes on from.  Several of them make a ring: see policy/bus/ring.
 *
 * One file: a line "windrose-keep 1 SHA256-HEX\n", then named values
 * ("NAME LENGTH\n" octets "\n").  Replaced whole; a file whose checksum is
 * wrong is set aside as *.damaged, named in the error and never trusted.
 * Shell.
 */
#ifndef POLICY_BUS_KEEP_H
#define POLICY_BUS_KEEP_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct keep;

struct keep *keep_new(void);
void keep_free(struct keep *keep);

/*
 * Copies the value; replaces one of the same name.  Names are up to 200
 * visible ASCII characters.  False: another name, out of memory, or 1 GiB.
 */
bool keep_set(struct keep *keep, const char *name, const void *octets,
	      size_t len);
/* One of the same values; NULL when memory runs out. */
struct keep *keep_copy(const struct keep *keep);
size_t keep_count(const struct keep *keep);
/* NULL when there is none; borrowed until the next keep_set(). */
const char *keep_get(const struct keep *keep, const char *name, size_t *len);

/* Calls each(arg, name, octets, len) for all. */
void keep_each(const struct keep *keep,
	       void (*each)(void *arg, const char *name, const char *octets,
			    size_t len),
	       void *arg);

/* A file's octets, which the caller frees; NULL when memory runs out. */
char *keep_write(const struct keep *keep, size_t *len);
/* NULL when they are damaged or memory runs out. */
struct keep *keep_parse(const char *octets, size_t len);

bool keep_save(const struct keep *keep, const char *path, struct error *err);

/* NULL with err set when damaged; an absent file gives an empty keep. */
struct keep *keep_load(const char *path, struct error *err);

#endif
