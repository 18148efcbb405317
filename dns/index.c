/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/index.h"

#include "dns/name.h"
#include "dns/zone.h"

#include <stdlib.h>

enum { SLOTS_AT_FIRST = 64 };

static inline struct zone_node *find(const struct index *index,
				     const struct name *name, unsigned label)
{
	uint64_t hash = name_hash(name, label);

	for (size_t i = hash & index->mask;; i = (i + 1) & index->mask) {
		const struct index_slot *slot = &index->slots[i];

		if (slot->node == NULL)
			return NULL;
		if (slot->hash == hash &&
		    name_suffix_is(name, label, slot->node->octets,
				   slot->node->len))
			return slot->node;
	}
}

struct zone_node *index_find(const struct index *index, const struct name *name,
			     unsigned label)
{
	return index->count == 0 ? NULL : find(index, name, label);
}

struct index_match index_longest(const struct index *index,
				 const struct name *name)
{
	unsigned deepest = index->labels_max, labels = name->labels;
	struct index_match match = { NULL, 0 };

	if (index->count == 0)
		return match;
	if (labels > deepest)
		match.label = labels - deepest;
	for (; match.label <= labels; match.label++) {
		match.node = find(index, name, match.label);
		if (match.node != NULL)
			break;
	}
	return match;
}

static void place(struct index *index, struct index_slot slot)
{
	size_t i = slot.hash & index->mask;

	while (index->slots[i].node != NULL)
		i = (i + 1) & index->mask;
	index->slots[i] = slot;
}

static bool grow(struct index *index)
{
	size_t had = index->slots == NULL ? 0 : index->mask + 1;
	size_t slots = had == 0 ? SLOTS_AT_FIRST : had * 2;
	struct index next = *index;

	next.slots = calloc(slots, sizeof(next.slots[0]));
	if (next.slots == NULL)
		return false;
	next.mask = slots - 1;
	for (size_t i = 0; i < had; i++)
		if (index->slots[i].node != NULL)
			place(&next, index->slots[i]);
	free(index->slots);
	*index = next;
	return true;
}

bool index_add(struct index *index, const struct name *name, unsigned label,
	       struct zone_node *node)
{
	if ((index->slots == NULL || index->count * 2 > index->mask) &&
	    !grow(index))
		return false;
	place(index, (struct index_slot){ name_hash(name, label), node });
	index->count++;
	if ((unsigned)(name->labels - label) > index->labels_max)
		index->labels_max = (unsigned)(name->labels - label);
	return true;
}

void index_fini(struct index *index)
{
	free(index->slots);
	*index = (struct index){ 0 };
}
