/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/intern.h"

#include "policy/base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1024 };

/* Open addressing with linear probing, at most half full. */
struct intern {
	size_t words;
	uint64_t *keys;    /* count keys of words, room for slots / 2 */
	uint32_t *slots;   /* number + 1; 0: free */
	size_t slot_count; /* a power of two */
	size_t count;
};

struct intern *intern_new(size_t words)
{
	struct intern *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->words = words;
	t->slot_count = FIRST_SLOTS;
	t->keys = calloc(FIRST_SLOTS / 2, words * sizeof(*t->keys));
	t->slots = calloc(FIRST_SLOTS, sizeof(*t->slots));
	if (t->keys != NULL && t->slots != NULL)
		return t;
	intern_free(t);
	return NULL;
}

void intern_free(struct intern *t)
{
	if (t == NULL)
		return;
	free(t->keys);
	free(t->slots);
	free(t);
}

static uint64_t key_hash(const struct intern *t, const uint64_t *key)
{
	uint64_t h = 0;

	for (size_t i = 0; i < t->words; i++)
		h = hash_mix(h * HASH_FNV_PRIME + key[i] + 1);
	return h;
}

/* The slot that holds key, or the free one where it belongs. */
static size_t slot_of(const struct intern *t, const uint64_t *key)
{
	size_t at = (size_t)key_hash(t, key) & (t->slot_count - 1);

	while (t->slots[at] != 0 &&
	       memcmp(&t->keys[(t->slots[at] - 1) * t->words], key,
		      t->words * sizeof(*key)) != 0)
		at = (at + 1) & (t->slot_count - 1);
	return at;
}

static bool grow(struct intern *t)
{
	uint32_t *slots = calloc(t->slot_count * 2, sizeof(*slots));
	uint64_t *keys = slots == NULL
				 ? NULL
				 : realloc(t->keys, t->slot_count * t->words *
							    sizeof(*keys));

	if (keys == NULL) {
		free(slots);
		return false;
	}
	free(t->slots);
	t->keys = keys;
	t->slots = slots;
	t->slot_count *= 2;
	for (size_t i = 0; i < t->count; i++)
		t->slots[slot_of(t, &keys[i * t->words])] = (uint32_t)i + 1;
	return true;
}

uint32_t intern_number(struct intern *t, const uint64_t *key, bool *added)
{
	size_t at = slot_of(t, key);

	if (added != NULL)
		*added = t->slots[at] == 0;
	if (t->slots[at] != 0)
		return t->slots[at] - 1;
	if (t->count == t->slot_count / 2) {
		if (t->count >= UINT32_MAX / 4 || !grow(t))
			return UINT32_MAX;
		at = slot_of(t, key);
	}
	memcpy(&t->keys[t->count * t->words], key, t->words * sizeof(*key));
	t->slots[at] = (uint32_t)++t->count;
	return t->slots[at] - 1;
}

size_t intern_count(const struct intern *t)
{
	return t->count;
}

const uint64_t *intern_key(const struct intern *t, uint32_t number)
{
	return &t->keys[number * t->words];
}
