/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/ecs.h"

#include "dns/wire.h"

#include <string.h>

static size_t address_octets(uint8_t source_bits)
{
	return (source_bits + 7u) / 8u;
}

static bool family_of(uint16_t family, enum net_family *out)
{
	if (family > 2)
		return false;
	*out = family == 0 ? NET_NONE : family == 1 ? NET_V4 : NET_V6;
	return true;
}

static bool bits_beyond(const uint8_t *address, uint8_t source_bits)
{
	unsigned in_last = source_bits % 8u;

	return in_last != 0 &&
	       (address[source_bits / 8] & (0xffu >> in_last)) != 0;
}

bool ecs_parse(const uint8_t *octets, size_t len, struct ecs *out)
{
	struct reader r = reader_over(octets, len);
	uint8_t scope_bits;
	unsigned width;

	out->family = reader_u16(&r);
	out->source_bits = reader_u8(&r);
	scope_bits = reader_u8(&r);
	out->addr = (struct net_addr){ 0 };
	if (!reader_ok(&r) || scope_bits != 0 ||
	    !family_of(out->family, &out->addr.family))
		return false;
	width = out->addr.family == NET_NONE ? 0 : net_bits(out->addr.family);
	if (out->source_bits > width ||
	    reader_left(&r) != address_octets(out->source_bits))
		return false;
	if (out->source_bits == 0)
		return true;
	memcpy(out->addr.octets, octets + r.at, reader_left(&r));
	return !bits_beyond(out->addr.octets, out->source_bits);
}

size_t ecs_octets(const struct ecs *ecs)
{
	return 8 + address_octets(ecs->source_bits);
}

void ecs_write(struct wire *w, const struct ecs *ecs, uint8_t scope_bits)
{
	size_t address = address_octets(ecs->source_bits);

	wire_put_u16(w, ECS_OPTION);
	wire_put_u16(w, (uint16_t)(4 + address));
	wire_put_u16(w, ecs->family);
	wire_put_u8(w, ecs->source_bits);
	wire_put_u8(w, scope_bits);
	wire_put(w, ecs->addr.octets, address);
}
