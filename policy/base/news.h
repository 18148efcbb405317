/* SPDX-License-Identifier: Apache-2.0 */
/*
 * news -- tells a trouble that is new from one that was told already, so that
 * what comes every second is logged once.
 *
 * Of each key the last trouble is known by its hash; keys that share a place
 * are told again more often than needed, never less.  Pure.
 */
#ifndef POLICY_BASE_NEWS_H
#define POLICY_BASE_NEWS_H

#include <stdbool.h>
#include <stdint.h>

enum { NEWS_PLACES = 64 };

/* Zeroed memory has told nothing. */
struct news {
	uint64_t told[NEWS_PLACES];
};

/* Is this trouble of key another than the last?  It is told from now on. */
bool news_of(struct news *news, const char *key, const char *trouble);

/* All is well with key: the next trouble is news. */
void news_over(struct news *news, const char *key);

#endif
