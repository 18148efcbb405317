/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pcapng form of a trace: see policy/review/trace.h.
 *
 * Blocks that are no packets, interfaces or sections are passed over, each
 * section in its own order of octets.
 *
 * Source: draft-ietf-opsawg-pcapng, sections 3 and 4.
 */
#include "policy/base/error.h"
#include "policy/review/trace_impl.h"

#include <stdio.h>
#include <string.h>

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
	OPTION_END = 0,
	OPTION_RESOLUTION = 9, /* if_tsresol */
	OPTION_OFFSET = 14,    /* if_tsoffset */
	INTERFACES_MAX = 64,
	SECONDS_MAX_BITS = 40,
};

#define BLOCK_SECTION 0x0a0d0d0a /* in either order */
#define ORDER_MAGIC 0x1a2b3c4d

struct interface {
	uint32_t link;
	uint64_t ticks_of_s; /* the unit of its times */
	uint64_t offset_s; /* to be added, modulo 2^64: it may be less than 0 */
};

struct pcapng {
	struct trace *t;
	bool swapped; /* the section's low octets come first */
	struct interface list[INTERFACES_MAX];
	size_t count;
};

static uint32_t number(const struct pcapng *p, const uint8_t *at)
{
	uint32_t word = trace_u32(at);

	return p->swapped ? __builtin_bswap32(word) : word;
}

static uint16_t half(const struct pcapng *p, const uint8_t *at)
{
	uint16_t word = trace_u16(at);

	return p->swapped ? __builtin_bswap16(word) : word;
}

static uint64_t twice(const struct pcapng *p, const uint8_t *at)
{
	uint64_t first = number(p, at), second = number(p, at + 4);

	return p->swapped ? second << 32 | first : first << 32 | second;
}

static bool damaged(const struct pcapng *p, const char *what)
{
	error_set(p->t->err, "behind packet %llu %s: the file is damaged",
		  (unsigned long long)p->t->number, what);
	return false;
}

/* The unit as if_tsresol writes it; 0: too fine to be reckoned with. */
static uint64_t ticks_of(uint8_t resolution)
{
	unsigned power = resolution & 0x7f;
	uint64_t ticks = 1;

	if ((resolution & 0x80) != 0)
		return power > 53 ? 0 : UINT64_C(1) << power;
	for (unsigned i = 0; i < power && power <= 15; i++)
		ticks *= 10;
	return power > 15 ? 0 : ticks;
}

static bool add_interface(struct pcapng *p, const struct trace_part *body)
{
	struct interface one = { .ticks_of_s = 1000000 };
	size_t at = 8;

	if (body->len < 8)
		return damaged(p, "an interface is cut short");
	if (p->count == INTERFACES_MAX)
		return damaged(p, "are more than 64 interfaces");
	one.link = half(p, body->at);
	while (body->len - at >= 4) {
		unsigned code = half(p, body->at + at);
		size_t len = half(p, body->at + at + 2);
		size_t padded = (len + 3) / 4 * 4;

		at += 4;
		if (code == OPTION_END || padded > body->len - at)
			break;
		if (code == OPTION_RESOLUTION && len == 1)
			one.ticks_of_s = ticks_of(body->at[at]);
		if (code == OPTION_OFFSET && len == 8)
			one.offset_s = twice(p, body->at + at);
		at += padded;
	}
	p->list[p->count++] = one;
	return true;
}

static void put(struct pcapng *p, size_t interface, uint64_t ticks,
		const struct trace_part *packet)
{
	const struct interface *from = &p->list[interface];
	uint64_t unit = from->ticks_of_s;
	uint64_t s = unit == 0 ? 0 : ticks / unit + from->offset_s;
	char why[60];

	if (!trace_knows_link(from->link)) {
		snprintf(why, sizeof(why),
			 "packets of link type %u are not read",
			 (unsigned)from->link);
		trace_bad(p->t, why);
	} else if (unit == 0 || s >> SECONDS_MAX_BITS != 0) {
		trace_bad(p->t, "its time cannot be reckoned with");
	} else {
		trace_put_packet(p->t, from->link,
				 (int64_t)(s * 1000 +
					   ticks % unit * 1000 / unit),
				 packet);
	}
}

static void take_enhanced(struct pcapng *p, const struct trace_part *body)
{
	struct trace_part packet = { .len = 0 };
	uint32_t interface;

	p->t->number++;
	if (body->len >= 20) {
		packet.at = body->at + 20;
		packet.len = number(p, body->at + 12);
	}
	if (body->len < 20 || packet.len > body->len - 20) {
		trace_bad(p->t, "it is longer than its block");
		return;
	}
	interface = number(p, body->at);
	if (interface >= p->count)
		trace_bad(p->t, "its interface is not described");
	else
		put(p, interface,
		    (uint64_t)number(p, body->at + 4) << 32 |
			    number(p, body->at + 8),
		    &packet);
}

/* It tells no time. */
static void take_simple(struct pcapng *p, const struct trace_part *body)
{
	struct trace_part packet = { .len = 0 };

	p->t->number++;
	if (body->len < 4 || p->count == 0) {
		trace_bad(p->t, "its interface is not described");
		return;
	}
	packet.at = body->at + 4;
	packet.len = number(p, body->at);
	if (packet.len > body->len - 4) /* cut when it was written */
		packet.len = body->len - 4;
	put(p, 0, 0, &packet);
}

/* Behind the type of a section: 1; 0: its order is unknown; -1: it is cut
 * short. */
static int begin_section(struct pcapng *p, uint32_t *length)
{
	int got = trace_fill(p->t, 8);

	if (got != 1)
		return -1;
	p->swapped = trace_u32(p->t->record + 4) != ORDER_MAGIC;
	*length = number(p, p->t->record);
	p->count = 0;
	return number(p, p->t->record + 4) == ORDER_MAGIC ? 1 : 0;
}

/* The rest of a block and its length again, into the record. */
static bool fill_body(struct pcapng *p, uint32_t length, size_t had,
		      struct trace_part *body)
{
	if (length % 4 != 0 || length < had + 4 || length > TRACE_RECORD_MAX)
		return damaged(p, "a block has a length that cannot be");
	if (trace_fill(p->t, length - had) != 1) {
		p->t->number++;
		trace_bad(p->t, "the file ends in the midst of it");
		body->at = NULL;
		return true;
	}
	body->at = p->t->record;
	body->len = length - had - 4;
	return number(p, body->at + body->len) == length ||
	       damaged(p, "a block has two lengths");
}

static bool take_section(struct pcapng *p, struct trace_part *body)
{
	uint32_t length;
	int got = begin_section(p, &length);

	if (got == 0)
		return damaged(p, "a section is of no known order");
	if (got < 0)
		return damaged(p, "a section ends in its header");
	return fill_body(p, length, 12, body);
}

static bool take_block(struct pcapng *p, struct trace_part *body)
{
	uint32_t type = number(p, p->t->record);
	uint32_t length = number(p, p->t->record + 4);

	if (!fill_body(p, length, 8, body))
		return false;
	if (body->at == NULL)
		return true;
	if (type == BLOCK_INTERFACE)
		return add_interface(p, body);
	if (type == BLOCK_ENHANCED)
		take_enhanced(p, body);
	else if (type == BLOCK_SIMPLE)
		take_simple(p, body);
	return true;
}

/* The type of the next block: what its order is, only the section tells. */
static int next_is_section(struct trace *t)
{
	int got = trace_fill(t, 4);

	if (got != 1)
		return got;
	return trace_u32(t->record) == BLOCK_SECTION ? 2 : 1;
}

bool trace_read_pcapng(struct trace *t)
{
	struct pcapng p = { .t = t };
	struct trace_part body = { .at = t->record };
	uint8_t type[4];
	int got = 2;

	while (body.at != NULL && !t->out_of_room && got > 0) {
		if (got == 2) {
			if (!take_section(&p, &body))
				return false;
		} else {
			memcpy(type, t->record, sizeof(type));
			if (trace_fill(t, 4) != 1)
				return damaged(&p, "a block is cut short");
			memmove(t->record + 4, t->record, 4);
			memcpy(t->record, type, sizeof(type));
			if (!take_block(&p, &body))
				return false;
		}
		if (body.at != NULL)
			got = next_is_section(t);
	}
	return got >= 0 || damaged(&p, "a block is cut short");
}
