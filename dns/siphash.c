/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/siphash.h"

enum { WORD = 8, ROUNDS_PER_WORD = 2, ROUNDS_AT_END = 4 };

struct state {
	uint64_t v[4];
};

/* count octets, at most eight, lowest first. */
static uint64_t word_of(const uint8_t *octets, size_t count)
{
	uint64_t word = 0;

	for (size_t i = 0; i < count; i++)
		word |= (uint64_t)octets[i] << (8 * i);
	return word;
}

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

/* One half round of the paper's figure 2.1: add, rotate, xor, twice. */
static inline void mix(struct state *s, unsigned odd, unsigned left,
		       unsigned right)
{
	uint64_t *a = &s->v[0], *b = &s->v[odd ? 3 : 1];
	uint64_t *c = &s->v[2], *d = &s->v[odd ? 1 : 3];

	*a += *b;
	*b = rotate(*b, left) ^ *a;
	*c += *d;
	*d = rotate(*d, right) ^ *c;
}

static void rounds(struct state *s, unsigned count)
{
	while (count-- > 0) {
		mix(s, 0, 13, 16);
		s->v[0] = rotate(s->v[0], 32);
		mix(s, 1, 21, 17);
		s->v[2] = rotate(s->v[2], 32);
	}
}

static void take(struct state *s, uint64_t word)
{
	s->v[3] ^= word;
	rounds(s, ROUNDS_PER_WORD);
	s->v[0] ^= word;
}

struct siphash_key
siphash_key_of(const uint8_t octets[static SIPHASH_KEY_OCTETS])
{
	return (struct siphash_key){ word_of(octets, WORD),
				     word_of(octets + WORD, WORD) };
}

uint64_t siphash(struct siphash_key key, const uint8_t *octets, size_t len)
{
	struct state s = { {
		key.k0 ^ UINT64_C(0x736f6d6570736575),
		key.k1 ^ UINT64_C(0x646f72616e646f6d),
		key.k0 ^ UINT64_C(0x6c7967656e657261),
		key.k1 ^ UINT64_C(0x7465646279746573),
	} };
	size_t at = 0;

	for (; len - at >= WORD; at += WORD)
		take(&s, word_of(octets + at, WORD));
	/* The rest, and in the highest octet the length modulo 256. */
	take(&s, word_of(octets + at, len - at) | (uint64_t)len << 56);
	s.v[2] ^= 0xff;
	rounds(&s, ROUNDS_AT_END);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}
