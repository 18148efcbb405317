/* SPDX-License-Identifier: Apache-2.0 */
/*
 * news -- tells a trouble that is new from one that was told already, so that
 * what comes every second is logged once.
 *
 * A key in trouble has one of a few places, until that is over, or was not met
 * for a while.  Its trouble is told once, and another one not within a
 * moment of that; while all places are held, no further key's is.  So the
 * troubles of the keys that there are are each told, and of thousands, which
 * somebody has made up, no more than places.  Pure.
 */
#ifndef POLICY_BASE_NEWS_H
#define POLICY_BASE_NEWS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	NEWS_PLACES = 64,
	NEWS_HELD_MS = 30000, /* a place, since its key was last in trouble */
	NEWS_REST_MS = 5000,  /* between two troubles of a key */
};

/* Zeroed memory has told nothing. */
struct news {
	struct news_place {
		uint64_t key, trouble;    /* hashes; 0: none is told */
		int64_t told_ms, last_ms; /* monotonic; last_ms: it was met */
	} places[NEWS_PLACES];
};

/* Is this trouble of key to be told?  It is, from now on. */
bool news_of(struct news *news, const char *key, const char *trouble,
	     int64_t now_ms);

/* All is well with key: the next trouble is news. */
void news_over(struct news *news, const char *key);

#endif
