/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/sign/shelf.h"

#include <stdlib.h>
#include <string.h>

enum { SHELF_CAP_MIN = 256 };

/* An id is a digest, so that any of its octets are a good hash. */
static size_t first_slot(const struct shelf *shelf, const uint8_t *id)
{
	uint64_t hash;

	memcpy(&hash, id, sizeof(hash));
	return (size_t)hash & shelf->mask;
}

/* The slot that has id, or the empty one where it would be. */
static uint32_t *slot_of(const struct shelf *shelf, const uint8_t *id)
{
	size_t at = first_slot(shelf, id);

	while (shelf->slots[at] != 0 &&
	       memcmp(shelf->items[shelf->slots[at] - 1].id, id,
		      SHELF_ID_OCTETS) != 0)
		at = (at + 1) & shelf->mask;
	return &shelf->slots[at];
}

static void fill_slots(struct shelf *shelf)
{
	memset(shelf->slots, 0, (shelf->mask + 1) * sizeof(shelf->slots[0]));
	for (size_t i = 0; i < shelf->count; i++)
		*slot_of(shelf, shelf->items[i].id) = (uint32_t)i + 1;
}

/* Slots are twice as many as items, so that a search ends soon. */
static bool grow(struct shelf *shelf)
{
	size_t cap = shelf->cap == 0 ? SHELF_CAP_MIN : 2 * shelf->cap;
	struct shelf_item *items;
	uint32_t *slots;

	if (cap > UINT32_MAX / 2)
		return false;
	items = realloc(shelf->items, cap * sizeof(items[0]));
	if (items == NULL)
		return false;
	shelf->items = items;
	slots = realloc(shelf->slots, 2 * cap * sizeof(slots[0]));
	if (slots == NULL)
		return false;
	shelf->slots = slots;
	shelf->cap = cap;
	shelf->mask = 2 * cap - 1;
	fill_slots(shelf);
	return true;
}

struct shelf_item *shelf_find(const struct shelf *shelf,
			      const uint8_t id[SHELF_ID_OCTETS])
{
	uint32_t slot = shelf->count == 0 ? 0 : *slot_of(shelf, id);

	return slot == 0 ? NULL : &shelf->items[slot - 1];
}

struct shelf_item *shelf_add(struct shelf *shelf,
			     const uint8_t id[SHELF_ID_OCTETS])
{
	struct shelf_item *item;

	if (shelf->count == shelf->cap && !grow(shelf))
		return NULL;
	item = &shelf->items[shelf->count++];
	*item = (struct shelf_item){ 0 };
	memcpy(item->id, id, SHELF_ID_OCTETS);
	*slot_of(shelf, id) = (uint32_t)shelf->count;
	return item;
}

void shelf_forget(struct shelf *shelf)
{
	size_t kept = 0;

	for (size_t i = 0; i < shelf->count; i++)
		if (shelf->items[i].used) {
			shelf->items[kept] = shelf->items[i];
			shelf->items[kept++].used = false;
		}
	shelf->count = kept;
	if (shelf->slots != NULL)
		fill_slots(shelf);
}

void shelf_fini(struct shelf *shelf)
{
	free(shelf->items);
	free(shelf->slots);
	*shelf = (struct shelf){ 0 };
}
