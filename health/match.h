/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match -- is a text inside octets that arrive in pieces?
 *
 * Keeps no octet of what it was fed, so a large body costs nothing, and a text
 * cut apart by packets is found.  Pure.
 *
 * Source: Knuth, Morris, Pratt, "Fast pattern matching in strings", SIAM J.
 * Comput. 6 (1977).
 */
#ifndef HEALTH_MATCH_H
#define HEALTH_MATCH_H

#include <stdbool.h>
#include <stddef.h>

struct match {
	const char *text; /* borrowed */
	size_t len;
	size_t *border; /* owned: longest proper border of each prefix */
	size_t at;      /* octets of text matched so far */
	bool found;
};

/* Looks for text, which outlives m; "" is found at once.  False: no memory. */
bool match_init(struct match *m, const char *text);

/* Goes on with the next octets; found, now or before. */
bool match_feed(struct match *m, const void *octets, size_t len);

/* From the beginning, in other octets. */
void match_again(struct match *m);

/* Accepts what match_init() refused. */
void match_fini(struct match *m);

#endif
