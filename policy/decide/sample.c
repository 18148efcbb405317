/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/sample.h"

#include "policy/decide/geo.h"

#include <stdlib.h>

enum { CLIENT_V4_BITS = 24, CLIENT_V6_BITS = 48 };

/* To the first address behind the network.  False: there is none. */
static bool step(struct net_addr *at, unsigned bits)
{
	unsigned carry = 1u << (7 - (bits + 7) % 8);

	if (bits == 0)
		return false;
	for (unsigned i = (bits - 1) / 8 + 1; i-- > 0 && carry != 0;) {
		carry += at->octets[i];
		at->octets[i] = (uint8_t)carry;
		carry >>= 8;
	}
	return carry == 0;
}

/* found has a place for each class, with family NET_NONE at first. */
static void walk(const struct geo *geo, enum net_family family,
		 struct sample *found)
{
	struct net_addr at = { .family = family };
	struct geo_match match;

	do {
		struct sample *s;

		match = geo_find(geo, &at);
		s = &found[match.class_id];
		if (s->within.addr.family == NET_NONE ||
		    s->within.bits > match.bits)
			*s = (struct sample){ { at, match.bits },
					      match.class_id };
	} while (step(&at, match.bits));
}

bool samples_find(const struct geo *geo, struct samples *out)
{
	size_t classes = geo_class_count(geo), count = 0;
	struct sample *found = calloc(2 * classes, sizeof(*found));

	if (found == NULL)
		return false;
	walk(geo, NET_V4, found);
	walk(geo, NET_V6, found + classes);
	for (size_t i = 0; i < 2 * classes; i++)
		if (found[i].within.addr.family != NET_NONE)
			found[count++] = found[i];
	*out = (struct samples){ found, count };
	return true;
}

void samples_fini(struct samples *samples)
{
	free(samples->list);
	*samples = (struct samples){ 0 };
}

struct net_prefix sample_client(const struct sample *sample, uint64_t draw)
{
	struct net_prefix client = sample->within;
	unsigned from = client.bits;
	unsigned to =
		client.addr.family == NET_V4 ? CLIENT_V4_BITS : CLIENT_V6_BITS;

	for (unsigned bit = from; bit < to; bit++, draw >>= 1)
		client.addr.octets[bit / 8] |=
			(uint8_t)((draw & 1) << (7 - bit % 8));
	if (client.bits < to)
		client.bits = (uint8_t)to;
	return client;
}
