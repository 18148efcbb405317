/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/cuts.h"

#include <stdlib.h>

struct cut {
	uint32_t below[2]; /* index; 0: nothing */
	uint32_t value;
	uint32_t longest; /* value, or that of the prefix around */
};

/* Nodes 0 and 1 are the roots of IPv4 and IPv6: an index of 0 below another
 * node hence means none. */
struct cuts {
	struct cut *nodes;
	uint32_t count, cap;
};

static uint32_t root_of(enum net_family family)
{
	return family == NET_V6;
}

struct cuts *cuts_new(void)
{
	struct cuts *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->count = 2;
	c->cap = 256;
	c->nodes = calloc(c->cap, sizeof(*c->nodes));
	if (c->nodes != NULL)
		return c;
	free(c);
	return NULL;
}

void cuts_free(struct cuts *c)
{
	if (c == NULL)
		return;
	free(c->nodes);
	free(c);
}

static unsigned bit_of(const struct net_addr *addr, unsigned index)
{
	return addr->octets[index / 8] >> (7 - index % 8) & 1;
}

/* The index of a new node; 0 when memory runs out. */
static uint32_t grow(struct cuts *c)
{
	if (c->count == c->cap) {
		struct cut *more =
			c->cap > CUTS_FINAL / 4
				? NULL
				: realloc(c->nodes,
					  (size_t)c->cap * 2 * sizeof(*more));

		if (more == NULL)
			return 0;
		c->nodes = more;
		c->cap *= 2;
	}
	c->nodes[c->count] = (struct cut){ 0 };
	return c->count++;
}

uint32_t *cuts_at(struct cuts *c, const struct net_prefix *prefix)
{
	uint32_t at = root_of(prefix->addr.family);

	for (unsigned i = 0; i < prefix->bits; i++) {
		unsigned bit = bit_of(&prefix->addr, i);
		uint32_t below = c->nodes[at].below[bit];

		if (below == 0) {
			below = grow(c);
			if (below == 0)
				return NULL;
			c->nodes[at].below[bit] = below;
		}
		at = below;
	}
	return &c->nodes[at].value;
}

uint32_t cuts_longest(const struct cuts *c, const struct net_prefix *prefix)
{
	uint32_t at = root_of(prefix->addr.family);
	uint32_t longest = c->nodes[at].value;

	for (unsigned i = 0; i < prefix->bits; i++) {
		at = c->nodes[at].below[bit_of(&prefix->addr, i)];
		if (at == 0)
			break;
		if (c->nodes[at].value != 0)
			longest = c->nodes[at].value;
	}
	return longest;
}

static uint32_t reference(const struct cuts *c, uint32_t at)
{
	const struct cut *node = &c->nodes[at];

	if (node->below[0] == 0 && node->below[1] == 0)
		return CUTS_FINAL | node->longest;
	return at;
}

void cuts_close(struct cuts *c)
{
	/* Nodes come after those around them, so one pass hands all down. */
	for (uint32_t i = 0; i < c->count; i++) {
		struct cut *node = &c->nodes[i];

		if (node->value != 0 || i < 2)
			node->longest = node->value;
		for (unsigned bit = 0; bit < 2; bit++)
			if (node->below[bit] != 0)
				c->nodes[node->below[bit]].longest =
					node->longest;
	}
}

uint32_t cuts_root(const struct cuts *c, enum net_family family)
{
	return reference(c, root_of(family));
}

void cuts_halves(const struct cuts *c, uint32_t ref, uint32_t halves[2])
{
	const struct cut *node = &c->nodes[ref];

	for (unsigned bit = 0; bit < 2; bit++)
		halves[bit] = node->below[bit] == 0
				      ? CUTS_FINAL | node->longest
				      : reference(c, node->below[bit]);
}
