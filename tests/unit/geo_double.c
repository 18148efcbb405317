/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/geo_double.h"

#include "policy/base/error.h"
#include "policy/decide/geo.h"

#include <stdlib.h>
#include <string.h>

static uint16_t class_of(const struct geo *geo, const struct net_addr *addr)
{
	const struct geo_double_network *best = NULL;

	for (size_t i = 0; i < geo->network_count; i++) {
		const struct geo_double_network *n = &geo->networks[i];

		if (net_within(&n->prefix, addr) &&
		    (best == NULL || n->prefix.bits >= best->prefix.bits))
			best = n;
	}
	return best == NULL ? 0 : best->class_id;
}

static uint16_t row_of(const struct geo *geo, const struct net_addr *addr,
		       const struct lpm_row *row_of_class)
{
	uint16_t class_id = class_of(geo, addr);

	return row_of_class == NULL ? class_id : row_of_class[class_id].row;
}

/* The first address behind a network; false when there is none. */
static bool behind(const struct net_prefix *prefix, struct net_addr *out)
{
	*out = prefix->addr;
	for (int bit = prefix->bits - 1; bit >= 0; bit--) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		out->octets[bit / 8] ^= mask;
		if (out->octets[bit / 8] & mask)
			return true;
	}
	return false;
}

/*
 * Classes change only where a network begins and behind where one ends: if
 * all those places inside prefix have one row, all of prefix has.
 */
static bool is_uniform(const struct geo *geo, const struct net_prefix *prefix,
		       const struct lpm_row *row_of_class)
{
	uint16_t row = row_of(geo, &prefix->addr, row_of_class);

	for (size_t i = 0; i < geo->network_count; i++) {
		const struct net_prefix *n = &geo->networks[i].prefix;
		struct net_addr end;

		if (net_within(prefix, &n->addr) &&
		    row_of(geo, &n->addr, row_of_class) != row)
			return false;
		if (behind(n, &end) && net_within(prefix, &end) &&
		    row_of(geo, &end, row_of_class) != row)
			return false;
	}
	return true;
}

uint8_t geo_scope(const struct geo *geo, const struct net_addr *addr,
		  const struct lpm_row *row_of_class)
{
	for (uint8_t bits = 0; bits < net_bits(addr->family); bits++) {
		struct net_prefix prefix = { net_mask(addr, bits), bits };

		if (is_uniform(geo, &prefix, row_of_class))
			return bits;
	}
	return (uint8_t)net_bits(addr->family);
}

void geo_fetch(const struct geo *geo, const struct net_addr *addr)
{
	(void)geo;
	(void)addr;
}

void geo_fetch_next(const struct geo *geo, const struct net_addr *addr)
{
	(void)geo;
	(void)addr;
}

uint8_t geo_scope_in(const struct geo *geo, const struct net_addr *addr,
		     const struct lpm_row *row_of_class, uint16_t row)
{
	(void)row;
	return geo_scope(geo, addr, row_of_class);
}

uint16_t geo_class_of(const struct geo *geo, const struct net_addr *addr)
{
	return class_of(geo, addr);
}

struct geo_match geo_find(const struct geo *geo, const struct net_addr *addr)
{
	return (struct geo_match){
		.class_id = class_of(geo, addr),
		.bits = geo_scope(geo, addr, NULL),
	};
}

size_t geo_class_count(const struct geo *geo)
{
	return geo->class_count;
}

const struct client_class *geo_class(const struct geo *geo, uint16_t class_id)
{
	return &geo->classes[class_id];
}

struct geo_size geo_size(const struct geo *geo)
{
	return (struct geo_size){ .networks_read = geo->network_count };
}

void geo_free(struct geo *geo)
{
	free(geo);
}

struct geo *geo_open(const struct policy *policy, struct errors *errs)
{
	(void)policy;
	errors_add(errs, 0, (struct place){ 0 },
		   "no geo databases in this test");
	return NULL;
}
