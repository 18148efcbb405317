/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/index.h"

#include "dns/name.h"
#include "dns/zone.h"

#include <stdlib.h>

enum { SLOTS_AT_FIRST = 64 };

static inline struct zone_node *find(const struct index *index,
				     const struct name *name, unsigned label,
				     uint64_t hash)
{
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
	return index->count == 0
		       ? NULL
		       : find(index, name, label, name_hash(name, label));
}

struct index_start index_begin(const struct index *index,
			       const struct name *name)
{
	unsigned deepest = index->labels_max, labels = name->labels;
	struct index_start start = { 0,
				     labels > deepest ? labels - deepest : 0 };

	if (index->count == 0)
		return start;
	start.hash = name_hash(name, start.label);
	__builtin_prefetch(&index->slots[start.hash & index->mask]);
	return start;
}

/*
 * A node, its name, its RRsets and their octets were allocated one behind the
 * other (dns/zone_build): three more lines hold all that most answers need.
 */
void index_fetch(const struct index *index, struct index_start start)
{
	const struct index_slot *slot;
	const char *node;

	if (index->count == 0)
		return;
	slot = &index->slots[start.hash & index->mask];
	if (slot->hash != start.hash)
		return;
	node = (const char *)slot->node;
	for (size_t line = 0; line < 4; line++)
		__builtin_prefetch(node + 64 * line);
}

struct index_match index_longest(const struct index *index,
				 const struct name *name,
				 struct index_start start)
{
	unsigned labels = name->labels;
	struct index_match match = { NULL, start.label };
	uint64_t hash = start.hash;

	if (index->count == 0)
		return match;
	for (;;) {
		match.node = find(index, name, match.label, hash);
		if (match.node != NULL || match.label == labels)
			return match;
		hash = name_hash(name, ++match.label);
	}
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
