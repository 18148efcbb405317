/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/base/news.h"

#include "policy/base/hash.h"

#include <string.h>

/* Never 0. */
static uint64_t hash_text(const char *text)
{
	return hash_mix(hash_octets(HASH_FNV_OFFSET, text, strlen(text))) | 1;
}

static struct news_place *place_of(struct news *news, uint64_t key)
{
	for (size_t i = 0; i < NEWS_PLACES; i++)
		if (news->places[i].key == key)
			return &news->places[i];
	return NULL;
}

/* One that nobody holds any more.  NULL: there is none. */
static struct news_place *free_place(struct news *news, int64_t now_ms)
{
	for (size_t i = 0; i < NEWS_PLACES; i++) {
		struct news_place *at = &news->places[i];

		if (at->key == 0 || now_ms - at->last_ms >= NEWS_HELD_MS)
			return at;
	}
	return NULL;
}

bool news_of(struct news *news, const char *key, const char *trouble,
	     int64_t now_ms)
{
	uint64_t of = hash_text(key), what = hash_text(trouble);
	struct news_place *at = place_of(news, of);

	if (at != NULL) {
		at->last_ms = now_ms;
		if (at->trouble == what || now_ms - at->told_ms < NEWS_REST_MS)
			return false;
	} else {
		at = free_place(news, now_ms);
		if (at == NULL)
			return false;
	}
	*at = (struct news_place){ of, what, now_ms, now_ms };
	return true;
}

void news_over(struct news *news, const char *key)
{
	struct news_place *at = place_of(news, hash_text(key));

	if (at != NULL)
		*at = (struct news_place){ 0 };
}
