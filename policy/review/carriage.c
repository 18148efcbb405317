/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/carriage.h"

#include "policy/decide/geo.h"
#include "policy/decide/intern.h"
#include "policy/review/carrier.h"
#include "policy/review/overlay.h"

#include <math.h>
#include <stdlib.h>

struct loading {
	const struct geo *before, *after;
	const struct overlay *overlay;
	const struct carriers *carriers;
	struct carriage *out;
	struct intern *cells, *asns, *parts; /* their numbers */
};

static bool grow(void **list, size_t *cap, size_t count, size_t size)
{
	size_t more = *cap == 0 ? 1024 : 2 * *cap;
	void *grown;

	if (count < *cap)
		return true;
	grown = realloc(*list, more * size);
	if (grown == NULL)
		return false;
	*list = grown;
	*cap = more;
	return true;
}

/* UINT32_MAX: out of memory. */
static uint32_t number_of(struct loading *l, uint32_t asn)
{
	struct carriage *out = l->out;
	uint64_t key = asn;
	bool added;
	uint32_t number = intern_number(l->asns, &key, &added);

	if (number == UINT32_MAX || !added)
		return number;
	if (!grow((void **)&out->asns, &out->asn_cap, out->asn_count,
		  sizeof(*out->asns)))
		return UINT32_MAX;
	out->asns[out->asn_count++] = asn;
	return number;
}

static struct carriage_part *find_part(struct loading *l, uint32_t cell,
				       uint32_t asn)
{
	struct carriage *out = l->out;
	uint32_t number = number_of(l, asn), place;
	uint64_t key = (uint64_t)cell << 32 | number;
	bool added;

	if (number == UINT32_MAX)
		return NULL;
	place = intern_number(l->parts, &key, &added);
	if (place == UINT32_MAX ||
	    (added && !grow((void **)&out->parts, &out->cap, out->count,
			    sizeof(*out->parts))))
		return NULL;
	if (added)
		out->parts[out->count++] = (struct carriage_part){
			.cell = cell,
			.number = number,
		};
	return &out->parts[place];
}

static uint64_t key_of(uint16_t before, uint16_t after)
{
	return (uint64_t)before << 16 | after;
}

static bool load_family(struct loading *l, enum net_family family)
{
	struct net_addr addr = { .family = family };
	int whole = family == NET_V4 ? 24 : 48;
	unsigned bits;

	do {
		struct geo_match before = geo_find(l->before, &addr);
		struct geo_match after = geo_find(l->after, &addr);
		struct carrier carrier = carriers_find(l->carriers, &addr);
		uint64_t key = key_of(before.class_id, after.class_id);
		struct carriage_part *part;
		bool added;

		bits = before.bits > after.bits ? before.bits : after.bits;
		bits = carrier.bits > bits ? carrier.bits : bits;
		/* Key 0: networks of nobody known, in either policy. */
		if (carrier.asn == 0 || key == 0)
			continue;
		part = find_part(l, intern_number(l->cells, &key, &added),
				 carrier.asn);
		if (part == NULL)
			return false;
		*(family == NET_V4 ? &part->v4 : &part->v6) +=
			ldexp(1, whole - (int)bits);
	} while (bits > 0 && net_step(&addr, bits));
	return true;
}

/* As the overlay numbers them. */
static bool number_cells(struct loading *l)
{
	for (size_t i = 0; i < l->overlay->count; i++) {
		const struct overlay_cell *c = &l->overlay->cells[i];
		uint64_t key = key_of(c->before, c->after);
		bool added;

		if (intern_number(l->cells, &key, &added) != i)
			return false;
	}
	return true;
}

bool carriage_make(const struct geo *before, const struct geo *after,
		   const struct overlay *overlay,
		   const struct carriers *carriers, struct carriage *out)
{
	struct loading l = {
		.before = before,
		.after = after,
		.overlay = overlay,
		.carriers = carriers,
		.out = out,
		.cells = intern_new(1),
		.asns = intern_new(1),
		.parts = intern_new(1),
	};
	bool ok;

	*out = (struct carriage){ .parts = NULL };
	ok = l.cells != NULL && l.asns != NULL && l.parts != NULL &&
	     number_cells(&l) && load_family(&l, NET_V4) &&
	     load_family(&l, NET_V6);
	intern_free(l.cells);
	intern_free(l.asns);
	intern_free(l.parts);
	if (!ok)
		carriage_fini(out);
	return ok;
}

void carriage_fini(struct carriage *carriage)
{
	free(carriage->parts);
	free(carriage->asns);
	*carriage = (struct carriage){ .parts = NULL };
}
