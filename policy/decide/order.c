/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/order.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 256 }; /* of the curve, in cells */

struct ordered {
	const struct client_class *class;
	uint32_t along; /* the curve; 0: not on the map */
	uint16_t id;
};

/* How far along the curve the cell of a column and a row is. */
static uint32_t curve_at(unsigned column, unsigned row)
{
	uint32_t along = 0;

	for (unsigned side = SIDE / 2; side > 0; side /= 2) {
		unsigned right = (column & side) != 0, up = (row & side) != 0;

		along += side * side * ((3 * right) ^ up);
		if (!up) {
			unsigned swap = right ? SIDE - 1 - column : column;

			column = right ? SIDE - 1 - row : row;
			row = swap;
		}
	}
	return along;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
	const struct ordered *a = left, *b = right;
	const int orders[] = {
		compare_numbers(a->class->sets, b->class->sets),
		compare_numbers(a->class->residency, b->class->residency),
		compare_numbers(a->class->regions, b->class->regions),
		compare_numbers(a->along, b->along),
		strcmp(a->class->country, b->class->country),
		compare_numbers(a->id, b->id),
	};
	size_t i = 0;

	while (orders[i] == 0 && i + 1 < sizeof(orders) / sizeof(orders[0]))
		i++;
	return orders[i];
}

bool order_classes(const struct client_class *classes, size_t count,
		   uint16_t *place)
{
	struct ordered *list = calloc(count, sizeof(*list));

	if (list == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct client_class *c = &classes[i];

		list[i].class = c;
		list[i].id = (uint16_t)i;
		if (c->located)
			list[i].along = 1 + curve_at((unsigned)c->cell_lon,
						     (unsigned)c->cell_lat);
	}
	qsort(list + 1, count - 1, sizeof(*list), compare);
	for (size_t i = 0; i < count; i++)
		place[list[i].id] = (uint16_t)i;
	free(list);
	return true;
}
