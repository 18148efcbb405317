/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/ecs.h"

#include "dns/wire.h"

enum { ECS_FIXED_OCTETS = 4 }; /* FAMILY, SOURCE and SCOPE PREFIX-LENGTH */

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
	unsigned width;

	if (len < ECS_FIXED_OCTETS || octets[3] != 0)
		return false;
	out->family = octets_u16(octets);
	out->source_bits = octets[2];
	out->addr = (struct net_addr){ 0 };
	if (!family_of(out->family, &out->addr.family))
		return false;
	width = out->addr.family == NET_NONE ? 0 : net_bits(out->addr.family);
	if (out->source_bits > width ||
	    len - ECS_FIXED_OCTETS != address_octets(out->source_bits))
		return false;
	octets_copy(out->addr.octets, octets + ECS_FIXED_OCTETS,
		    len - ECS_FIXED_OCTETS);
	return !bits_beyond(out->addr.octets, out->source_bits);
}

void ecs_write(struct wire *w, const struct ecs *ecs, uint8_t scope_bits)
{
	uint8_t *at = wire_claim(w, ecs_octets(ecs));

	if (at != NULL)
		ecs_put(at, ecs, scope_bits);
}
