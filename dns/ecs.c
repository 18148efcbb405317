/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/ecs.h"

#include "dns/wire.h"

enum { ECS_FIXED_OCTETS = 4 }; /* FAMILY, SOURCE and SCOPE PREFIX-LENGTH */

static bool bits_beyond(const uint8_t *address, uint8_t source_bits)
{
	unsigned in_last = source_bits % 8u;

	return in_last != 0 &&
	       (address[source_bits / 8] & (0xffu >> in_last)) != 0;
}

bool ecs_parse(const uint8_t *octets, size_t len, struct ecs *out)
{
	static const struct {
		enum net_family family;
		uint8_t width;
	} families[] = { { NET_NONE, 0 }, { NET_V4, 32 }, { NET_V6, 128 } };
	size_t address = len - ECS_FIXED_OCTETS;

	if (len < ECS_FIXED_OCTETS || octets_u16(octets) > 2 || octets[3] != 0)
		return false;
	out->family = octets_u16(octets);
	out->source_bits = octets[2];
	if (out->source_bits > families[out->family].width ||
	    address != (out->source_bits + 7u) / 8u)
		return false;
	out->addr = (struct net_addr){ families[out->family].family, { 0 } };
	octets_copy(out->addr.octets, octets + ECS_FIXED_OCTETS, address);
	return !bits_beyond(out->addr.octets, out->source_bits);
}

void ecs_write(struct wire *w, const struct ecs *ecs, uint8_t scope_bits)
{
	uint8_t *at = wire_claim(w, ecs_octets(ecs));

	if (at != NULL)
		ecs_put(at, ecs, scope_bits);
}
