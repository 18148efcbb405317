/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/partition.h"

#include "dns/answer.h"
#include "dns/ecs.h"
#include "dns/name.h"
#include "dns/wire.h"
#include "policy/base/hash.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one client got: the sections' octets, and its scope. */
struct told {
	uint8_t octets[ANSWER_UDP_MAX];
	size_t begin, end; /* of answer and authority in octets */
	uint8_t scope_bits;
	uint8_t rcode;
};

uint64_t partition_draw(struct partition *p)
{
	p->draw += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix(p->draw);
}

static size_t write_query(const struct partition *p, const struct ecs *ecs,
			  uint8_t *octets, size_t *question_end)
{
	struct wire w = wire_over(octets, 512);
	struct name name;

	if (!name_from_text(p->qname, &name))
		abort();
	wire_put_u32(&w, 0);
	wire_put_u32(&w, 0x00010000);
	wire_put_u32(&w, 0x00000001);
	wire_put(&w, name.octets, name.len);
	wire_put_u32(&w, 0x00010001);
	*question_end = w.len;
	wire_put_u8(&w, 0);
	wire_put_u16(&w, 41);
	wire_put_u16(&w, 1232);
	wire_put_u32(&w, 0);
	wire_put_u16(&w, (uint16_t)ecs_octets(ecs));
	ecs_write(&w, ecs, 0);
	return w.len;
}

/* Passes the records of answer and authority, then reads OPT's scope. */
static bool find_scope(struct told *t, size_t len)
{
	struct reader r = reader_over(t->octets, len);
	unsigned records;

	r.at = 6;
	records = reader_u16(&r);
	records += reader_u16(&r);
	r.at = t->begin;
	for (unsigned i = 0; i < records; i++) {
		reader_skip_name(&r);
		reader_take(&r, 8);
		reader_take(&r, reader_u16(&r));
	}
	t->end = r.at;
	reader_take(&r, 11);
	if (reader_u16(&r) != ECS_OPTION)
		return false;
	reader_take(&r, 5);
	t->scope_bits = reader_u8(&r);
	t->rcode = t->octets[3] & 0xf;
	return reader_ok(&r);
}

static bool tell(const struct partition *p, const struct net_addr *client,
		 uint8_t source_bits, struct told *out)
{
	struct ecs ecs = {
		.family = client->family == NET_V4 ? 1 : 2,
		.source_bits = source_bits,
		.addr = net_mask(client, source_bits),
	};
	uint8_t query[512];
	struct answer_input input = {
		.query = query,
		.len = write_query(p, &ecs, query, &out->begin),
		.peer = net_from_v4(0x7f000001),
	};
	struct answer_outcome outcome;
	size_t len = answer_query(p->table, &input, out->octets,
				  sizeof(out->octets), &outcome);

	return len > 0 && find_scope(out, len);
}

struct net_addr partition_client(struct partition *p,
				 const struct net_addr *around, uint8_t bits)
{
	struct net_addr drawn = { .family = around->family };
	uint64_t draw[2] = { partition_draw(p), partition_draw(p) };

	memcpy(drawn.octets, draw, net_octets(drawn.family));
	for (unsigned i = 0; i < bits; i++) {
		uint8_t mask = (uint8_t)(0x80 >> i % 8);

		drawn.octets[i / 8] = (uint8_t)((drawn.octets[i / 8] & ~mask) |
						(around->octets[i / 8] & mask));
	}
	return drawn;
}

struct net_prefix partition_entry(struct partition *p,
				  const struct net_addr *client,
				  uint8_t source_bits)
{
	struct net_prefix entry = { .bits = source_bits };
	struct told told;

	if (!tell(p, client, source_bits, &told))
		abort();
	if (told.scope_bits < source_bits)
		entry.bits = told.scope_bits;
	entry.addr = net_mask(client, entry.bits);
	return entry;
}

static bool same(const struct told *a, const struct told *b)
{
	return a->rcode == b->rcode && a->scope_bits == b->scope_bits &&
	       a->end - a->begin == b->end - b->begin &&
	       memcmp(a->octets + a->begin, b->octets + b->begin,
		      a->end - a->begin) == 0;
}

bool partition_holds(struct partition *p, const struct net_addr *client,
		     uint8_t source_bits, unsigned count)
{
	struct net_addr base = net_mask(client, source_bits);
	char first[NET_TEXT_SIZE], second[NET_TEXT_SIZE];
	struct told one, other;

	if (!tell(p, client, source_bits, &one)) {
		printf("# %s: no answer with a scope\n", p->qname);
		return false;
	}
	p->scopes++;
	p->scope_bits += one.scope_bits;
	p->source_widened += one.scope_bits < source_bits;
	for (unsigned i = 0; i < count; i++) {
		struct net_addr neighbour =
			partition_client(p, &base, one.scope_bits);

		p->clients++;
		if (tell(p, &neighbour, (uint8_t)net_bits(base.family),
			 &other) &&
		    same(&one, &other))
			continue;
		printf("# %s: %s/%u has scope %u, but %s inside it has scope "
		       "%u or another answer\n",
		       p->qname, net_addr_text(&base, first), source_bits,
		       one.scope_bits, net_addr_text(&neighbour, second),
		       other.scope_bits);
		return false;
	}
	return true;
}
