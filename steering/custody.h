/* SPDX-License-Identifier: Apache-2.0 */
/*
 * custody -- lines of JSON that each name the hash of the line before, so that
 * none can be altered, taken out or put in unseen.
 *
 *   {"n":N,"prev":"HASH","event":{...},"sum":"HASH"}
 *
 * n counts from 1, over all files.  prev is the SHA-256 in hex of the line
 * before without its newline, 64 zeros before the first; sum that of this line
 * up to there.  The first line of a file names the last of the file before.
 *
 * Source: S. Haber, W. S. Stornetta, How to time-stamp a digital document,
 * 1991.  Pure.
 */
#ifndef STEERING_CUSTODY_H
#define STEERING_CUSTODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_t;

enum {
	CUSTODY_LINE_MAX = 65536,
	CUSTODY_HASH_SIZE = 65,
	CUSTODY_HEAD_LEN = 20 + 1 + 64 + 1,
};

/* Where a chain has come to. */
struct custody {
	uint64_t n; /* of its last line; 0: it has none */
	char hash[CUSTODY_HASH_SIZE];
};

/* One line of it. */
struct custody_line {
	uint64_t n;
	char prev[CUSTODY_HASH_SIZE], hash[CUSTODY_HASH_SIZE];
};

struct custody custody_start(void);

/*
 * The line after last, without a newline; the caller frees it.  next is where
 * the chain is with it.  NULL with err set: out of memory, or too long.
 */
char *custody_write(const struct custody *last, const struct json_t *event,
		    size_t *len, struct custody *next, struct error *err);

/* A line by itself.  False with err set: it is not as it was written. */
bool custody_parse(const char *line, size_t len, struct custody_line *out,
		   struct error *err);

/* What a line hashes to that may be of any kind.  False: out of memory. */
bool custody_hash(const char *line, size_t len, char hash[CUSTODY_HASH_SIZE]);

/*
 * The next line of a chain that is being walked; the first may be any.  False
 * with err set: it does not follow.
 */
bool custody_follow(struct custody *custody, const struct custody_line *line,
		    struct error *err);

/* A head as text of CUSTODY_HEAD_LEN, and back; false: it is none. */
void custody_write_head(const struct custody *head,
			char text[CUSTODY_HEAD_LEN + 1]);
bool custody_parse_head(const char *text, size_t len, struct custody *out);

#endif
