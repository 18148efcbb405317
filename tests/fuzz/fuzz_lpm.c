/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any octets over those of a small table's image: a table in which every
 * address has a class and a scope, or none.  Five octets of input are where
 * and what.
 */
#include "policy/decide/lpm_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

enum { CLASSES = 7, PATCH = 5 };

/* Deep ends, lists short and long, and nodes of four words. */
static struct lpm *small_table(enum net_family family)
{
	struct lpm_builder *b = lpm_builder_new(family);
	unsigned deepest = family == NET_V4 ? 32 : 44;

	if (b == NULL)
		abort();
	for (unsigned bits = 1; bits <= 24; bits++)
		lpm_add(b, bits, (uint16_t)(bits % 3));
	for (unsigned i = 0; i < 40; i++)
		lpm_add(b, 30, (uint16_t)(i % CLASSES));
	for (unsigned i = 0; i < 8; i++)
		lpm_add(b, 29, 1);
	for (unsigned bits = 28; bits <= deepest; bits++)
		lpm_add(b, bits, (uint16_t)(bits % 4));
	lpm_add(b, deepest, 2);
	return lpm_freeze(b, NULL);
}

static void look_up(const struct lpm *l)
{
	struct lpm_row rows[CLASSES];
	struct net_addr addr = { .family = l->family };

	for (unsigned i = 0; i < CLASSES; i++)
		rows[i].row = (uint16_t)(i % 2);
	lpm_rows_span(rows, CLASSES);
	for (unsigned i = 0; i < 512; i++) {
		memset(addr.octets, i % 2 == 0 ? 0 : 255, sizeof(addr.octets));
		addr.octets[i / 2 % 5] = (uint8_t)(i * 37);
		uint16_t class_id = lpm_find(l, &addr);

		if (class_id >= CLASSES ||
		    lpm_scope(l, &addr, rows, rows[class_id].row) >
			    net_bits(l->family))
			abort();
	}
}

static void try(enum net_family family, const uint8_t *patches, size_t len)
{
	struct lpm *l = small_table(family), *again;
	size_t size;
	uint8_t *image;

	if (l == NULL)
		abort();
	size = lpm_image_octets(l);
	image = aligned_alloc(16, size);
	if (image == NULL)
		abort();
	lpm_image_write(l, image);
	lpm_free(l);
	for (; len >= PATCH; len -= PATCH, patches += PATCH) {
		uint32_t at;

		memcpy(&at, patches, sizeof(at));
		image[at % size] = patches[4];
	}
	again = lpm_image_open(image, size, CLASSES);
	if (again != NULL)
		look_up(again);
	lpm_free(again);
	free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	try(NET_V4, octets, len);
	try(NET_V6, octets, len);
	return 0;
}
