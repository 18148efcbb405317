/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/intern.h"

#include "policy/base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1024 };

/* Open addressing with linear probing, at most half full. */
struct intern {
	size_t words;
	uint64_t *keys; /* count keys of words, room for slots / 2 */
	/* Number + 1 below, other bits of the hash above, so that a key is
	 * hardly ever read in vain; 0: free. */
	uint64_t *slots;
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

static uint32_t slot_number(uint64_t slot)
{
	return (uint32_t)slot - 1;
}

static bool key_is(const struct intern *t, uint32_t number, const uint64_t *key)
{
	const uint64_t *own = &t->keys[number * t->words];

	for (size_t i = 0; i < t->words; i++)
		if (own[i] != key[i])
			return false;
	return true;
}

/* The slot that holds key, or the free one where it belongs. */
static size_t slot_of(const struct intern *t, const uint64_t *key,
		      uint64_t hash)
{
	size_t at = (size_t)hash & (t->slot_count - 1);

	while (t->slots[at] != 0 &&
	       ((t->slots[at] ^ hash) >> 32 != 0 ||
		!key_is(t, slot_number(t->slots[at]), key)))
		at = (at + 1) & (t->slot_count - 1);
	return at;
}

static uint64_t slot_value(uint64_t hash, size_t number)
{
	return (hash & ~(uint64_t)UINT32_MAX) | (number + 1);
}

static bool grow(struct intern *t)
{
	uint64_t *slots = calloc(t->slot_count * 2, sizeof(*slots));
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
	for (size_t i = 0; i < t->count; i++) {
		const uint64_t *key = &keys[i * t->words];
		uint64_t hash = key_hash(t, key);

		t->slots[slot_of(t, key, hash)] = slot_value(hash, i);
	}
	return true;
}

uint32_t intern_number(struct intern *t, const uint64_t *key, bool *added)
{
	uint64_t hash = key_hash(t, key);
	size_t at = slot_of(t, key, hash);

	if (added != NULL)
		*added = t->slots[at] == 0;
	if (t->slots[at] != 0)
		return slot_number(t->slots[at]);
	if (t->count == t->slot_count / 2) {
		if (t->count >= UINT32_MAX / 4 || !grow(t))
			return UINT32_MAX;
		at = slot_of(t, key, hash);
	}
	memcpy(&t->keys[t->count * t->words], key, t->words * sizeof(*key));
	t->slots[at] = slot_value(hash, t->count);
	return (uint32_t)t->count++;
}

size_t intern_count(const struct intern *t)
{
	return t->count;
}

const uint64_t *intern_key(const struct intern *t, uint32_t number)
{
	return &t->keys[number * t->words];
}
