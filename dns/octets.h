/* SPDX-License-Identifier: Apache-2.0 */
/*
 * octets -- short runs of octets, copied and compared inline, and read and
 * written as numbers in network order.
 *
 * A query makes a handful of copies and one comparison of some tens of octets
 * each: a call of memcpy() or memcmp() costs more than the work.  Runs of a
 * word or more end with a word that overlaps the one before, so nothing beyond
 * them is ever touched.  Under dns/wire, which knows the bounds.  Pure.
 */
#ifndef DNS_OCTETS_H
#define DNS_OCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { OCTETS_SHORT = 64 }; /* beyond it the library's copy is better */

static inline uint16_t octets_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t octets_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static inline void octets_put_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void octets_put_u32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 24);
	at[1] = (uint8_t)(value >> 16);
	at[2] = (uint8_t)(value >> 8);
	at[3] = (uint8_t)value;
}

/*
 * The two do not overlap; from may be NULL when count is 0.  Without a loop: of
 * one the compiler would make a call of memcpy() again.
 */
static inline void octets_copy(uint8_t *restrict to,
			       const uint8_t *restrict from, size_t count)
{
	if (count > OCTETS_SHORT) {
		memcpy(to, from, count);
	} else if (count >= 16) {
		memcpy(to, from, 16);
		if (count > 32) {
			memcpy(to + 16, from + 16, 16);
			memcpy(to + count - 32, from + count - 32, 16);
		}
		memcpy(to + count - 16, from + count - 16, 16);
	} else if (count >= 8) {
		memcpy(to, from, 8);
		memcpy(to + count - 8, from + count - 8, 8);
	} else if (count >= 4) {
		memcpy(to, from, 4);
		memcpy(to + count - 4, from + count - 4, 4);
	} else if (count > 0) {
		to[0] = from[0];
		to[count / 2] = from[count / 2];
		to[count - 1] = from[count - 1];
	}
}

static inline uint64_t octets_word(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline bool octets_equal(const uint8_t *a, const uint8_t *b,
				size_t count)
{
	if (count < 8) {
		for (size_t i = 0; i < count; i++)
			if (a[i] != b[i])
				return false;
		return true;
	}
	for (size_t i = 0; i < count - 8; i += 8)
		if (octets_word(a + i) != octets_word(b + i))
			return false;
	return octets_word(a + count - 8) == octets_word(b + count - 8);
}

#endif
