/* SPDX-License-Identifier: Apache-2.0 */
/*
 * movement -- invariant 5: when one number of a row changes, only clients of
 * that endpoint move, and only the way the number went.
 */
#include "fleet.h"

#include "policy/base/hash.h"
#include "policy/decide/share.h"

#include <string.h>

enum { SAME, WEIGHT, ACCEPT, CANARY, MANY };

/* Which one number differs, of which entry; MANY when the rows are not alike
 * enough to say who may move. */
static int differs(const struct row *a, const struct row *b, unsigned *entry)
{
	int found = SAME;

	if (a->count != b->count)
		return MANY;
	for (unsigned i = 0; i < a->count; i++) {
		const struct row_entry *x = &a->entries[i];
		const struct row_entry *y = &b->entries[i];
		int here = x->weight != y->weight                 ? WEIGHT
			   : x->accept != y->accept               ? ACCEPT
			   : x->canary_accept != y->canary_accept ? CANARY
								  : SAME;
		struct row_entry z = *y;

		z.weight = x->weight;
		z.accept = x->accept;
		z.canary_accept = x->canary_accept;
		if (memcmp(&z, x, sizeof(z)) != 0 ||
		    (x->weight != y->weight) + (x->accept != y->accept) +
				    (x->canary_accept != y->canary_accept) >
			    1 ||
		    (here != SAME && found != SAME))
			return MANY;
		if (here != SAME) {
			found = here;
			*entry = i;
		}
	}
	return found;
}

static bool rose(int what, const struct row_entry *x, const struct row_entry *y)
{
	if (what == WEIGHT)
		return y->weight > x->weight;
	if (what == ACCEPT)
		return y->accept > x->accept;
	return y->canary_accept > x->canary_accept;
}

/* May a client move so, where what changed in e and rose, or fell? */
static bool may_move(int what, bool up, const struct row_entry *e, uint8_t from,
		     uint8_t to)
{
	uint8_t gains = up ? to : from, loses = up ? from : to;

	if (what == CANARY)
		return gains == e->canary && loses == e->endpoint;
	return gains == e->endpoint ||
	       (e->canary != ROW_NONE && gains == e->canary);
}

static uint64_t client(size_t i)
{
	return hash_mix(UINT64_C(0x51ab) + i);
}

static void pick_all(const struct fleet *f, const struct row *row,
		     size_t service, uint8_t out[FLEET_CLIENTS])
{
	struct share_key keys[POLICY_ENDPOINTS_MAX];
	uint8_t picks[POLICY_ENDPOINTS_MAX];

	share_keys(f->policy, service, keys);
	for (size_t i = 0; i < FLEET_CLIENTS; i++)
		out[i] = share_pick(row, keys, client(i), 1, picks) == 0
				 ? ROW_NONE
				 : picks[0];
}

bool movement_check(struct fleet *f, size_t r, size_t service, size_t class,
		    const struct row *row)
{
	struct notes *w = &f->responders[r].notes;
	struct row *old = &w->rows[service][class];
	uint8_t *was = w->picks[service][class], is[FLEET_CLIENTS];
	unsigned at = 0;
	int what = w->seen ? differs(old, row, &at) : MANY;
	bool up = what != MANY && what != SAME &&
		  rose(what, &old->entries[at], &row->entries[at]);

	if (what == SAME)
		return true;
	pick_all(f, row, service, is);
	f->totals.moves += what != MANY;
	for (size_t i = 0; i < FLEET_CLIENTS; i++)
		if (what != MANY && is[i] != was[i] &&
		    !may_move(what, up, &row->entries[at], was[i], is[i]))
			return fleet_broken(
				f,
				"movement: responder %zu, service %s, class "
				"%zu: client %zu went from %u to %u when "
				"endpoint %u %s",
				r, f->policy->services[service].name, class, i,
				was[i], is[i], row->entries[at].endpoint,
				up ? "rose" : "fell");
	*old = *row;
	memcpy(was, is, sizeof(is));
	return true;
}

/* The share that its canary asked for, of the entry that took a client; 0:
 * there is none. */
static uint32_t asked_for(const struct row *row, uint8_t pick, bool *taken)
{
	for (unsigned i = 0; i < row->count; i++) {
		const struct row_entry *e = &row->entries[i];

		*taken = e->canary == pick;
		if (e->canary != ROW_NONE && (*taken || e->endpoint == pick))
			return e->canary_accept;
	}
	return 0;
}

bool movement_check_canary(struct fleet *f, size_t r, size_t service)
{
	const struct notes *w = &f->responders[r].notes;

	for (size_t i = 0; i < FLEET_CLIENTS; i++) {
		uint32_t in = ACCEPT_ALL, out = ACCEPT_NONE;

		for (size_t c = 0; c < FLEET_CLASSES; c++) {
			bool taken = false;
			uint32_t share =
				asked_for(&w->rows[service][c],
					  w->picks[service][c][i], &taken);

			if (share != 0 && taken && share < in)
				in = share;
			if (share != 0 && !taken && share > out)
				out = share;
		}
		if (out != ACCEPT_NONE && in <= out)
			return fleet_broken(f,
					    "service %s: client %zu is in the "
					    "canary here and out of it there",
					    f->policy->services[service].name,
					    i);
	}
	return true;
}
