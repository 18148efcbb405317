/* SPDX-License-Identifier: Apache-2.0 */
/*
 * position -- where a name stands in the message being written, so that what
 * follows can point at it (RFC 1035, 4.1.4).
 *
 * A name stands in one piece, or its last labels stand elsewhere and a pointer
 * leads there.  It never begins with a pointer: at is where its labels are.
 * Pure.
 */
#ifndef DNS_POSITION_H
#define DNS_POSITION_H

#include <stddef.h>
#include <stdint.h>

enum { POSITION_MAX = 0x3fff }; /* what the 14 bits of a pointer reach */

struct position {
	uint16_t at;      /* where it begins */
	uint8_t len;      /* octets of the whole name */
	uint8_t tail_len; /* of it, those that stand elsewhere... */
	uint16_t tail_at; /* ...and where; none when tail_len is 0 */
};

/* Where the last len octets of the name begin, at a label. */
static inline uint16_t position_suffix(struct position p, size_t len)
{
	return len > p.tail_len ? (uint16_t)(p.at + p.len - len)
				: (uint16_t)(p.tail_at + p.tail_len - len);
}

#endif
