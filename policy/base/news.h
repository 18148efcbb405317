/* SPDX-License-Identifier: Apache-2.0 */
/*
 * news -- tells a trouble that is new from one that was told already, so that
 * what comes every second is logged once.
 *
 * Each key has one of a few places.  A trouble is told when its key has the
 * place, and was not told of another trouble a moment ago; a key whose place
 * another holds, which was in trouble a short while ago, waits for it.  So the
 * troubles of a few keys are each told once, and of thousands, which somebody
 * has made up, no more than places.  Pure.
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
		int64_t told_ms, last_ms; /* monotonic; last_ms: in trouble */
	} places[NEWS_PLACES];
};

/* Is this trouble of key to be told?  It is, from now on. */
bool news_of(struct news *news, const char *key, const char *trouble,
	     int64_t now_ms);

/* All is well with key: the next trouble is news. */
void news_over(struct news *news, const char *key);

#endif
