/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire -- reads and writes DNS messages without ever leaving the buffer.
 *
 * Both cursors carry their own error.  A writer drops what does not fit and
 * remembers it: the caller writes a whole RRset without checking each field,
 * asks wire_ok() once, and takes back what does not fit with wire_rewind().
 * That is what truncation needs: RFC 2181, 9 wants TC set when an RRset is
 * left out, never half an RRset on the wire.  A reader that was once asked for
 * more than there is yields zeroes from then on; the caller asks reader_ok()
 * once.  Pure.
 *
 * Inline, because each query does some twenty of these and nothing else.
 */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include "dns/octets.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
	uint8_t *octets; /* borrowed; at least cap octets */
	size_t cap;
	size_t len; /* octets written; len <= cap always holds */
	bool full;  /* a write was dropped since the last rewind */
};

static inline struct wire wire_over(uint8_t *octets, size_t cap)
{
	return (struct wire){ .octets = octets, .cap = cap };
}

static inline bool wire_ok(const struct wire *w)
{
	return !w->full;
}

/*
 * Room for count octets, for the caller to fill; NULL when it does not fit.
 * The one place that moves len, hence the one bounds check to get right.
 */
static inline uint8_t *wire_claim(struct wire *w, size_t count)
{
	if (w->full || count > w->cap - w->len) {
		w->full = true;
		return NULL;
	}
	w->len += count;
	return w->octets + w->len - count;
}

static inline void wire_put(struct wire *w, const void *octets, size_t count)
{
	uint8_t *at = wire_claim(w, count);

	if (at != NULL)
		octets_copy(at, octets, count);
}

static inline void wire_put_u8(struct wire *w, uint8_t value)
{
	uint8_t *at = wire_claim(w, 1);

	if (at != NULL)
		*at = value;
}

/* Network order, as everything below. */
static inline void wire_put_u16(struct wire *w, uint16_t value)
{
	uint8_t *at = wire_claim(w, 2);

	if (at != NULL)
		octets_put_u16(at, value);
}

static inline void wire_put_u32(struct wire *w, uint32_t value)
{
	uint8_t *at = wire_claim(w, 4);

	if (at != NULL)
		octets_put_u32(at, value);
}

/* Overwrites octets written earlier: counts, owner pointers, TTLs. */
static inline void wire_patch_u16(struct wire *w, size_t offset, uint16_t value)
{
	assert(offset + 2 <= w->len);
	octets_put_u16(w->octets + offset, value);
}

static inline void wire_patch_u32(struct wire *w, size_t offset, uint32_t value)
{
	assert(offset + 4 <= w->len);
	octets_put_u32(w->octets + offset, value);
}

/* Forgets everything from mark on, and that it did not fit. */
static inline void wire_rewind(struct wire *w, size_t mark)
{
	assert(mark <= w->len);
	w->len = mark;
	w->full = false;
}

struct reader {
	const uint8_t *octets; /* borrowed */
	size_t len;
	size_t at;   /* at <= len always holds */
	bool failed; /* more was asked for than there is */
};

static inline struct reader reader_over(const uint8_t *octets, size_t len)
{
	return (struct reader){ .octets = octets, .len = len };
}

static inline bool reader_ok(const struct reader *r)
{
	return !r->failed;
}

static inline size_t reader_left(const struct reader *r)
{
	return r->len - r->at;
}

/* The next count octets, passed over; NULL when there are not as many. */
static inline const uint8_t *reader_take(struct reader *r, size_t count)
{
	if (r->failed || count > r->len - r->at) {
		r->failed = true;
		return NULL;
	}
	r->at += count;
	return r->octets + r->at - count;
}

static inline uint8_t reader_u8(struct reader *r)
{
	const uint8_t *at = reader_take(r, 1);

	return at == NULL ? 0 : at[0];
}

static inline uint16_t reader_u16(struct reader *r)
{
	const uint8_t *at = reader_take(r, 2);

	return at == NULL ? 0 : octets_u16(at);
}

static inline uint32_t reader_u32(struct reader *r)
{
	const uint8_t *at = reader_take(r, 4);

	return at == NULL ? 0 : octets_u32(at);
}

/*
 * Where what follows the name at octets[at] begins; more than len when the name
 * is cut short or has a label of type 01 or 10.
 */
size_t wire_after_name(const uint8_t *octets, size_t len, size_t at);

/*
 * Passes over a domain name that may end in a compression pointer, without
 * following it (RFC 1035, 4.1.4).  Fails on label types 01 and 10, and then
 * stays where it is.  The root, which owns every OPT, is passed over inline.
 */
static inline void reader_skip_name(struct reader *r)
{
	size_t after = r->at + 1;

	if (r->at >= r->len || r->octets[r->at] != 0)
		after = wire_after_name(r->octets, r->len, r->at);
	if (r->failed || after > r->len)
		r->failed = true;
	else
		r->at = after;
}

#endif
