/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table as octets, to be kept in a file, and back without copying them.
 *
 * The octets are those of this machine: a file of another is refused by its
 * key (policy/decide/geo_cache).  They are not believed: every index is looked
 * at before the table is, so that no lookup leaves it.
 */
#include "policy/decide/lpm_table.h"

#include <stdlib.h>

struct image_head {
	uint64_t family, block_count, field_count, cover_count, pool_count,
		leaf_count;
	uint16_t block_of[LPM_HEAP];
	uint32_t heap[LPM_HEAP];
};

struct checking {
	const struct lpm *lpm;
	size_t class_count;
	size_t nodes_left; /* parts may be shared, but not without end */
};

/* Every part begins where anything may. */
static size_t padded(size_t octets)
{
	return (octets + 15) & ~(size_t)15;
}

/* The parts behind the head: where each is kept, and its octets. */
struct part {
	void **items;
	size_t octets;
};

enum { PARTS = 5 };

static void list_parts(struct lpm *l, struct part parts[PARTS])
{
	const struct part all[PARTS] = {
		{ (void **)&l->blocks, l->block_count * sizeof(*l->blocks) },
		{ (void **)&l->fields, l->field_count * sizeof(*l->fields) },
		{ (void **)&l->field_covers,
		  l->field_count / LPM_NODE_WORDS * sizeof(*l->field_covers) },
		{ (void **)&l->covers, l->cover_count * sizeof(*l->covers) },
		{ (void **)&l->pool, l->pool_count * sizeof(*l->pool) },
	};

	memcpy(parts, all, sizeof(all));
}

size_t lpm_image_octets(const struct lpm *lpm)
{
	struct lpm copy = *lpm;
	struct part parts[PARTS];
	size_t octets = padded(sizeof(struct image_head));

	list_parts(&copy, parts);
	for (size_t i = 0; i < PARTS; i++)
		octets += padded(parts[i].octets);
	return octets;
}

void lpm_image_write(const struct lpm *lpm, uint8_t *out)
{
	struct lpm copy = *lpm;
	struct part parts[PARTS];
	struct image_head head = {
		.family = lpm->family,
		.block_count = lpm->block_count,
		.field_count = lpm->field_count,
		.cover_count = lpm->cover_count,
		.pool_count = lpm->pool_count,
		.leaf_count = lpm->leaf_count,
	};

	memcpy(head.block_of, lpm->block_of, sizeof(head.block_of));
	memcpy(head.heap, lpm->heap, sizeof(head.heap));
	memset(out, 0, lpm_image_octets(lpm));
	memcpy(out, &head, sizeof(head));
	out += padded(sizeof(head));
	list_parts(&copy, parts);
	for (size_t i = 0; i < PARTS; i++) {
		if (parts[i].octets > 0)
			memcpy(out, *parts[i].items, parts[i].octets);
		out += padded(parts[i].octets);
	}
}

static bool check_node(struct checking *c, uint32_t place, unsigned index);

/* Values that begin at a place in the pool, and the nodes behind them; index
 * is of the octet that tells which value. */
static bool check_values(struct checking *c, size_t at, unsigned count,
			 unsigned index)
{
	const struct lpm *l = c->lpm;
	size_t end = l->pool_count - LPM_POOL_SPARE;
	unsigned children = 0;

	if (count > end || at > end - count)
		return false;
	for (unsigned i = 0; i < count; i++) {
		uint16_t value = l->pool[at + i];

		if (value >= LPM_CLASSES_MAX
			    ? value != LPM_CLASSES_MAX + children++
			    : value >= c->class_count)
			return false;
	}
	if (2 * (size_t)children > end - count - at)
		return false;
	for (unsigned i = 0; i < children; i++)
		if (!check_node(c, lpm_number(l->pool + at + count + 2 * i),
				index + 1))
			return false;
	return true;
}

static bool check_word(struct checking *c, const struct lpm_word *word,
		       unsigned index)
{
	return (word->starts & 1) != 0 && word->cover < c->lpm->cover_count &&
	       check_values(c, word->base, lpm_ones(word->starts), index);
}

static bool check_field(struct checking *c, size_t first, unsigned index)
{
	const struct lpm *l = c->lpm;

	if (first % LPM_NODE_WORDS != 0 || first >= l->field_count ||
	    l->field_covers[first / LPM_NODE_WORDS] >= l->cover_count)
		return false;
	for (size_t i = first; i < first + LPM_NODE_WORDS; i++)
		if (!check_word(c, &l->fields[i], index))
			return false;
	return true;
}

static bool check_list(struct checking *c, size_t place, unsigned index)
{
	const struct lpm *l = c->lpm;
	size_t end = l->pool_count - LPM_POOL_SPARE;
	const uint16_t *list;
	const uint8_t *octets;

	if (place >= end)
		return false;
	list = l->pool + place;
	if (list[0] == 0 || list[0] > LPM_LIST_MAX ||
	    lpm_list_values(list[0]) > end - place ||
	    (list[0] > LPM_LIST_BARE && lpm_number(list + 1) >= l->cover_count))
		return false;
	octets = lpm_list_octets(list);
	if (octets[0] != 0)
		return false;
	for (unsigned i = 1; i < list[0]; i++)
		if (octets[i] <= octets[i - 1])
			return false;
	return check_values(c, place + lpm_list_values(list[0]), list[0],
			    index);
}

/* Goes no deeper than an address has octets. */
static bool check_node(struct checking *c, uint32_t place, unsigned index)
{
	if (index >= net_octets(c->lpm->family) || c->nodes_left-- == 0)
		return false;
	return place & LPM_FIELD ? check_field(c, place & ~LPM_FIELD, index)
				 : check_list(c, place, index);
}

static bool check_block(struct checking *c, const struct lpm_block *block)
{
	for (size_t i = 1; i < LPM_BLOCK_WORDS; i++)
		if (block->heap[i] >= c->lpm->cover_count)
			return false;
	for (size_t i = 0; i < LPM_BLOCK_WORDS; i++)
		if (!check_word(c, &block->words[i], LPM_UNIT_DEPTH / 8 - 1))
			return false;
	return true;
}

static bool check_covers(const struct lpm *l, size_t class_count)
{
	for (size_t i = 0; i < l->cover_count; i++)
		for (unsigned j = 0; j < LPM_SPANS; j++)
			if (l->covers[i].spans[j].first >= class_count ||
			    l->covers[i].spans[j].last >= class_count)
				return false;
	return true;
}

static bool check_table(const struct lpm *l, size_t class_count)
{
	struct checking c = { l, class_count, l->pool_count };

	for (unsigned i = 0; i < LPM_HEAP; i++)
		if (l->block_of[i] >= l->block_count ||
		    l->heap[i] >= l->cover_count)
			return false;
	for (size_t i = 0; i < l->block_count; i++)
		if (!check_block(&c, &l->blocks[i]))
			return false;
	return check_covers(l, class_count);
}

/* The parts' places in len octets; false when they do not fill them. */
static bool place_parts(struct lpm *l, uint8_t *octets, size_t len)
{
	struct part parts[PARTS];
	size_t at = padded(sizeof(struct image_head));

	if (l->block_count > LPM_HEAP || l->field_count > INT32_MAX ||
	    l->field_count % LPM_NODE_WORDS != 0 ||
	    l->cover_count > INT32_MAX || l->pool_count > INT32_MAX ||
	    l->pool_count <= LPM_POOL_SPARE || lpm_image_octets(l) != len)
		return false;
	list_parts(l, parts);
	for (size_t i = 0; i < PARTS; i++) {
		*parts[i].items = octets + at;
		at += padded(parts[i].octets);
	}
	return true;
}

struct lpm *lpm_image_open(uint8_t *octets, size_t len, size_t class_count)
{
	struct lpm *l = calloc(1, sizeof(*l));
	struct image_head head;

	if (l == NULL || len < sizeof(head))
		goto fail;
	memcpy(&head, octets, sizeof(head));
	l->family = head.family == NET_V4 ? NET_V4 : NET_V6;
	l->reader = lpm_reader();
	l->borrowed = true;
	l->block_count = head.block_count;
	l->field_count = head.field_count;
	l->cover_count = head.cover_count;
	l->pool_count = head.pool_count;
	l->leaf_count = head.leaf_count;
	memcpy(l->block_of, head.block_of, sizeof(head.block_of));
	memcpy(l->heap, head.heap, sizeof(head.heap));
	if (place_parts(l, octets, len) && head.family == l->family &&
	    check_table(l, class_count))
		return l;
fail:
	free(l);
	return NULL;
}
