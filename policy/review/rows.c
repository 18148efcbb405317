/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/rows.h"

#include "policy/base/hash.h"
#include "policy/decide/chain.h"
#include "policy/decide/intern.h"

#include <stdlib.h>

/* One choice a realm, then one row a kind: see policy/decide/vicinity.  Nobody
 * is pinned, so those that are like others have their rows. */
void rows_make(const struct view *view, const struct vicinity *v,
	       size_t service, struct row *list)
{
	bool by_way = tiers_by_way(&view->policy->services[service]);
	struct chain_choice choice = { .left = 0 };
	struct chain chain;

	chain_init(&chain, view->policy, view, service);
	for (size_t realm = 0; realm < v->realm_count; realm++) {
		if (v->realm_like[realm] != realm)
			continue;
		choice = chain_choose(&chain, v->realms[realm], 0, NULL);
		for (size_t i = 0; i < v->kind_count; i++) {
			uint16_t spot = v->kinds[i].spot;
			struct latency_ways ways;

			if (v->realm_like[v->kinds[i].realm] != realm ||
			    v->kinds[i].like != i)
				continue;
			if (spot != VICINITY_NOWHERE)
				ways = vicinity_ways(v, spot);
			chain_place(&chain, &choice,
				    by_way && spot != VICINITY_NOWHERE ? &ways
								       : NULL,
				    &list[i], NULL);
		}
	}
	for (size_t i = 0; i < v->kind_count; i++)
		if (v->kinds[i].like != i)
			list[i] = list[v->kinds[i].like];
}

/* By hash first: 64 bits, and compared whole where it is the same. */
bool rows_number(const struct row *list, size_t count, uint32_t *numbers)
{
	struct intern *hashes = intern_new(1);
	uint32_t *first = calloc(count, sizeof(*first));
	bool ok = hashes != NULL && first != NULL;

	for (uint32_t i = 0; ok && i < count; i++) {
		const struct row *row = &list[i];
		uint64_t hash =
			hash_octets(HASH_FNV_OFFSET, row,
				    offsetof(struct row, entries) +
					    row->count *
						    sizeof(row->entries[0]));
		uint32_t number;
		bool added;

		for (number = intern_number(hashes, &hash, &added);
		     number != UINT32_MAX && !added &&
		     !row_equal(row, &list[first[number]]);
		     number = intern_number(hashes, &hash, &added))
			hash++;
		ok = number != UINT32_MAX;
		if (ok && added)
			first[number] = i;
		numbers[i] = number;
	}
	intern_free(hashes);
	free(first);
	return ok;
}

bool rows_open(struct rows *rows, const struct rows_side *side, int service)
{
	size_t kinds = side->vicinity->kind_count;

	rows->side = side;
	rows->index = service;
	rows->service = &side->subject->policy->services[service];
	rows->list = calloc(kinds, sizeof(*rows->list));
	rows->numbers = calloc(kinds, sizeof(*rows->numbers));
	share_keys(side->subject->policy, (size_t)service, rows->keys);
	if (rows->list == NULL || rows->numbers == NULL)
		return false;
	rows_make(side->subject->view, side->vicinity, (size_t)service,
		  rows->list);
	return rows_number(rows->list, kinds, rows->numbers);
}

void rows_fini(struct rows *rows)
{
	free(rows->list);
	free(rows->numbers);
}
