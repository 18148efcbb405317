/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/overlay.h"

#include "policy/base/net.h"
#include "policy/decide/geo.h"
#include "policy/decide/intern.h"

#include <math.h>
#include <stdlib.h>

struct laying {
	const struct geo *before, *after;
	struct overlay *out;
	struct intern *numbers; /* of cells, by both classes */
	size_t cap;
	size_t last; /* neighbours are mostly alike */
};

static bool grow(struct laying *l)
{
	size_t cap = l->cap == 0 ? 1024 : 2 * l->cap;
	struct overlay_cell *cells;

	if (l->out->count < l->cap)
		return true;
	cells = realloc(l->out->cells, cap * sizeof(*cells));
	if (cells == NULL)
		return false;
	l->out->cells = cells;
	l->cap = cap;
	return true;
}

static struct overlay_cell *find_cell(struct laying *l, uint16_t before,
				      uint16_t after)
{
	struct overlay_cell *last =
		l->out->count == 0 ? NULL : &l->out->cells[l->last];
	uint64_t key = (uint64_t)before << 16 | after;
	uint32_t number;
	bool added;

	if (last != NULL && last->before == before && last->after == after)
		return last;
	number = intern_number(l->numbers, &key, &added);
	if (number == UINT32_MAX || !grow(l))
		return NULL;
	if (added)
		l->out->cells[l->out->count++] = (struct overlay_cell){
			.before = before,
			.after = after,
		};
	l->last = number;
	return &l->out->cells[number];
}

static bool lay_family(struct laying *l, enum net_family family)
{
	struct net_addr addr = { .family = family };
	int whole = family == NET_V4 ? 24 : 48;
	unsigned bits = 0;

	do {
		struct geo_match before = geo_find(l->before, &addr);
		struct geo_match after = geo_find(l->after, &addr);
		struct overlay_cell *cell =
			find_cell(l, before.class_id, after.class_id);
		double weight;

		if (cell == NULL)
			return false;
		bits = before.bits > after.bits ? before.bits : after.bits;
		weight = ldexp(1, whole - (int)bits);
		if (family == NET_V4)
			cell->weight_v4 += weight;
		else
			cell->weight_v6 += weight;
	} while (bits > 0 && net_step(&addr, bits));
	return true;
}

bool overlay_make(const struct geo *before, const struct geo *after,
		  struct overlay *out)
{
	struct laying l = {
		.before = before,
		.after = after,
		.out = out,
		.numbers = intern_new(1),
	};
	bool ok;

	*out = (struct overlay){ .cells = NULL };
	ok = l.numbers != NULL && lay_family(&l, NET_V4) &&
	     lay_family(&l, NET_V6);
	intern_free(l.numbers);
	for (size_t i = 0; ok && i < out->count; i++) {
		if (!overlay_is_known(&out->cells[i]))
			continue;
		out->whole_v4 += out->cells[i].weight_v4;
		out->whole_v6 += out->cells[i].weight_v6;
	}
	if (!ok)
		overlay_fini(out);
	return ok;
}

void overlay_fini(struct overlay *overlay)
{
	free(overlay->cells);
	*overlay = (struct overlay){ .cells = NULL };
}
