/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/news.h"

#include "policy/base/hash.h"

#include <string.h>

static uint64_t hash_text(uint64_t seed, const char *text)
{
	return hash_octets(seed, text, strlen(text) + 1);
}

static uint64_t *place_of(struct news *news, const char *key)
{
	uint64_t hash = hash_mix(hash_text(HASH_FNV_OFFSET, key));

	return &news->told[hash % NEWS_PLACES];
}

bool news_of(struct news *news, const char *key, const char *trouble)
{
	uint64_t *place = place_of(news, key);
	uint64_t hash = hash_text(hash_text(HASH_FNV_OFFSET, key), trouble);
	bool is_new = *place != hash;

	*place = hash;
	return is_new;
}

void news_over(struct news *news, const char *key)
{
	*place_of(news, key) = 0;
}
