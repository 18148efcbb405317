/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/division.h"

#include "policy/base/hash.h"

#include <stdlib.h>
#include <string.h>

struct division *division_new(size_t count)
{
	struct division *d =
		calloc(1, sizeof(*d) + count * sizeof(d->row_of_class[0]));

	if (d == NULL)
		return NULL;
	atomic_init(&d->refs, 1);
	d->count = count;
	return d;
}

void division_seal(struct division *division)
{
	uint64_t hash = HASH_FNV_OFFSET;

	for (size_t i = 0; i < division->count; i++)
		hash = (hash ^ division->row_of_class[i].row) * HASH_FNV_PRIME;
	division->hash = hash_mix(hash);
	lpm_rows_span(division->row_of_class, division->count);
}

bool division_equal(const struct division *a, const struct division *b)
{
	if (a->hash != b->hash || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->row_of_class[i].row != b->row_of_class[i].row)
			return false;
	return true;
}

struct division *division_ref(struct division *division)
{
	atomic_fetch_add_explicit(&division->refs, 1, memory_order_relaxed);
	return division;
}

void division_unref(struct division *division)
{
	if (division != NULL &&
	    atomic_fetch_sub_explicit(&division->refs, 1,
				      memory_order_acq_rel) == 1)
		free(division);
}
