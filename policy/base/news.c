/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/news.h"

#include "policy/base/hash.h"

#include <string.h>

/* Never 0. */
static uint64_t hash_text(const char *text)
{
	return hash_mix(hash_octets(HASH_FNV_OFFSET, text, strlen(text))) | 1;
}

/* The low bit of a hash is taken. */
static struct news_place *place_of(struct news *news, uint64_t key)
{
	return &news->places[(key >> 1) % NEWS_PLACES];
}

static bool is_held(const struct news_place *at, uint64_t key, int64_t now_ms)
{
	if (at->key == 0)
		return false;
	if (at->key != key)
		return now_ms - at->last_ms < NEWS_HELD_MS;
	return now_ms - at->told_ms < NEWS_REST_MS;
}

bool news_of(struct news *news, const char *key, const char *trouble,
	     int64_t now_ms)
{
	uint64_t of = hash_text(key), what = hash_text(trouble);
	struct news_place *at = place_of(news, of);
	bool is_told = at->key == of && at->trouble == what;

	if (at->key == of)
		at->last_ms = now_ms;
	if (is_told || is_held(at, of, now_ms))
		return false;
	*at = (struct news_place){ of, what, now_ms, now_ms };
	return true;
}

void news_over(struct news *news, const char *key)
{
	uint64_t of = hash_text(key);
	struct news_place *at = place_of(news, of);

	if (at->key == of)
		*at = (struct news_place){ 0 };
}
