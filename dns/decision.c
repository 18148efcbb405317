/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/decision.h"

#include "dns/division.h"
#include "dns/model.h"
#include "policy/base/hash.h"
#include "policy/decide/geo.h"
#include "policy/decide/vicinity.h"
#include "policy/decide/view.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Octets of a row up to its last entry: what is stored and compared. */
static size_t row_octets(const struct row *row)
{
	return offsetof(struct row, entries) +
	       row->count * sizeof(row->entries[0]);
}

static const struct row *row_at(const struct decision *d, size_t i)
{
	const void *at = d->row_octets + d->rows[i].at;

	return at;
}

/* The distinct rows while they are found: a hash set of row numbers. */
struct rows {
	struct decision *decision;
	uint16_t *slots; /* row number + 1; 0: empty */
	size_t mask;
	size_t row_cap, octet_cap, octet_used;
};

static_assert(offsetof(struct row, entries) % sizeof(uint32_t) == 0 &&
		      sizeof(struct row_entry) % sizeof(uint32_t) == 0,
	      "a row is whole words");

static uint64_t row_hash(const struct row *row)
{
	const char *octets = (const void *)row;
	uint64_t hash = HASH_FNV_OFFSET;

	/* A row is whole words; four octets a step instead of one. */
	for (size_t i = 0; i < row_octets(row); i += sizeof(uint32_t)) {
		uint32_t word;

		memcpy(&word, octets + i, sizeof(word));
		hash = (hash ^ word) * HASH_FNV_PRIME;
	}
	return hash_mix(hash);
}

static void slot_put(struct rows *rows, const struct row *row, size_t number)
{
	size_t i = row_hash(row) & rows->mask;

	while (rows->slots[i] != 0)
		i = (i + 1) & rows->mask;
	rows->slots[i] = (uint16_t)(number + 1);
}

/* Twice the rows, and slots of which at most half will be taken. */
static bool grow_rows(struct rows *rows)
{
	struct decision *d = rows->decision;
	size_t cap = rows->row_cap == 0 ? 16 : rows->row_cap * 2;
	void *grown = realloc(d->rows, cap * sizeof(d->rows[0]));

	if (grown == NULL)
		return false;
	d->rows = grown;
	rows->row_cap = cap;
	free(rows->slots);
	rows->slots = calloc(cap * 2, sizeof(rows->slots[0]));
	if (rows->slots == NULL)
		return false;
	rows->mask = cap * 2 - 1;
	for (size_t i = 0; i < d->row_count; i++)
		slot_put(rows, row_at(d, i), i);
	return true;
}

static bool grow_octets(struct rows *rows, size_t more)
{
	size_t cap = rows->octet_cap == 0 ? 1024 : rows->octet_cap;
	void *grown;

	while (cap < rows->octet_used + more)
		cap *= 2;
	grown = realloc(rows->decision->row_octets, cap);
	if (grown == NULL)
		return false;
	rows->decision->row_octets = grown;
	rows->octet_cap = cap;
	return true;
}

static bool add_row(struct rows *rows, const struct row *row)
{
	struct decision *d = rows->decision;
	uint32_t answers = d->service->answers;
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	struct decision_row *added;

	if ((rows->slots == NULL || d->row_count == rows->row_cap) &&
	    !grow_rows(rows))
		return false;
	if (rows->octet_used + row_octets(row) > rows->octet_cap &&
	    !grow_octets(rows, row_octets(row)))
		return false;
	memcpy(d->row_octets + rows->octet_used, row, row_octets(row));
	added = &d->rows[d->row_count];
	*added = (struct decision_row){
		.at = (uint32_t)rows->octet_used,
		.draw = row_is_draw(row, answers),
		.even = answers == 1 && share_is_even(row),
		.only = ROW_NONE,
	};
	if (!added->draw && share_pick(row, d->keys, 0, answers, picks) == 1)
		added->only = picks[0];
	rows->octet_used += row_octets(row);
	slot_put(rows, row, d->row_count++);
	return true;
}

/* The number of row, added if it is new; SIZE_MAX when memory runs out. */
static size_t row_number(struct rows *rows, const struct row *row)
{
	struct decision *d = rows->decision;

	if (rows->slots != NULL)
		for (size_t i = row_hash(row) & rows->mask; rows->slots[i] != 0;
		     i = (i + 1) & rows->mask)
			if (row_equal(row, row_at(d, rows->slots[i] - 1u)))
				return rows->slots[i] - 1u;
	return add_row(rows, row) ? d->row_count - 1 : SIZE_MAX;
}

/* Of a place from which some endpoint is away: most often the neighbours'
 * choice is the same. */
struct apart {
	uint64_t away;
	struct chain_choice choice;
};

/* What find_rows() works with; all is scratch. */
struct work {
	const struct vicinity *vicinity;
	struct chain chain;
	struct chain_choice *choices; /* by realm, of no place */
	struct apart *apart;          /* by realm: the last one */
	size_t *unplaced; /* by realm: the number of the row from no place;
			   * SIZE_MAX: not asked for yet */
	size_t *of_kind;  /* row numbers */
	struct rows rows;
	bool by_sets; /* some clients are pinned */
};

static size_t row_from(struct work *w, const struct chain_choice *choice,
		       const struct latency_ways *ways)
{
	struct row row; /* only its entries up to the count are filled */

	chain_place(&w->chain, choice, ways, &row, NULL);
	return row_number(&w->rows, &row);
}

static const struct chain_choice *choice_from(struct work *w, uint16_t realm,
					      const struct latency_ways *ways)
{
	uint64_t away = locality_away(&w->chain.locality, ways);
	struct apart *apart = &w->apart[realm];

	if (away == 0)
		return &w->choices[realm];
	if (apart->away != away)
		*apart =
			(struct apart){ away,
					chain_choose(&w->chain,
						     w->vicinity->realms[realm],
						     away, NULL) };
	return &apart->choice;
}

/* False when memory runs out. */
static bool find_row(struct work *w, size_t kind)
{
	const struct vicinity_kind *k = &w->vicinity->kinds[kind];
	size_t *unplaced = &w->unplaced[k->realm];
	bool by_way = tiers_by_way(w->chain.service);
	struct latency_ways ways;

	if (!w->by_sets && k->like != kind) {
		w->of_kind[kind] = w->of_kind[k->like];
		return true;
	}
	if (k->spot != VICINITY_NOWHERE &&
	    (by_way || w->chain.locality.split != 0)) {
		ways = vicinity_ways(w->vicinity, k->spot);
		w->of_kind[kind] = row_from(w, choice_from(w, k->realm, &ways),
					    by_way ? &ways : NULL);
	} else {
		if (*unplaced == SIZE_MAX)
			*unplaced = row_from(w, &w->choices[k->realm], NULL);
		w->of_kind[kind] = *unplaced;
	}
	return w->of_kind[kind] != SIZE_MAX;
}

/* A step per realm, then one per kind; a class has its kind's row. */
static bool find_rows(struct decision *d, struct work *w)
{
	const struct vicinity *v = w->vicinity;

	for (size_t i = 0; i < v->realm_count; i++) {
		uint16_t like = v->realm_like[i];

		w->choices[i] =
			w->by_sets || like == i
				? chain_choose(&w->chain, v->realms[i], 0, NULL)
				: w->choices[like];
		w->unplaced[i] = SIZE_MAX;
	}
	for (size_t i = 0; i < v->kind_count; i++)
		if (!find_row(w, i))
			return false;
	for (size_t i = 0; i < v->class_count; i++)
		d->division->row_of_class[i].row =
			(uint16_t)w->of_kind[v->kind_of_class[i]];
	division_seal(d->division);
	d->row_of_class = d->division->row_of_class;
	return true;
}

/* Gives back what was taken for more rows; it stays if that fails. */
static void trim(struct rows *rows)
{
	struct decision *d = rows->decision;
	void *less = realloc(d->rows, d->row_count * sizeof(d->rows[0]));

	if (less != NULL)
		d->rows = less;
	less = realloc(d->row_octets, rows->octet_used);
	if (less != NULL)
		d->row_octets = less;
}

static bool work_out(struct decision *d, const struct model *model,
		     const struct view *view, size_t service)
{
	const struct vicinity *v = model->grounds->vicinity;
	struct work w = {
		.vicinity = v,
		.choices = calloc(v->realm_count + 1, sizeof(w.choices[0])),
		.apart = calloc(v->realm_count + 1, sizeof(w.apart[0])),
		.unplaced = calloc(v->realm_count + 1, sizeof(w.unplaced[0])),
		.of_kind = calloc(v->kind_count + 1, sizeof(w.of_kind[0])),
		.rows = { .decision = d },
		.by_sets = view->services[service].pin_count > 0,
	};
	bool ok;

	d->division = division_new(v->class_count);
	chain_init(&w.chain, model->policy, view, service);
	ok = d->division != NULL && w.choices != NULL && w.apart != NULL &&
	     w.unplaced != NULL && w.of_kind != NULL && find_rows(d, &w);
	if (ok && d->row_count > 0)
		trim(&w.rows);
	free(w.choices);
	free(w.apart);
	free(w.unplaced);
	free(w.of_kind);
	free(w.rows.slots);
	return ok;
}

struct decision *decision_build(const struct model *model,
				const struct view *view, size_t service)
{
	const struct policy_service *s = &model->policy->services[service];
	const struct view_service *v = &view->services[service];
	struct decision *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	atomic_init(&d->refs, 1);
	d->service = s;
	d->keys = calloc(s->endpoint_count + 1, sizeof(d->keys[0]));
	if (d->keys == NULL)
		goto fail;
	for (size_t i = 0; i < s->endpoint_count; i++)
		d->stale = d->stale || v->endpoints[i].health.held;
	share_keys(model->policy, service, d->keys);
	if (work_out(d, model, view, service))
		return d;
fail:
	decision_unref(d);
	return NULL;
}

bool decision_share(struct decision *decision, const struct decision *like)
{
	struct division *own = decision->division;

	if (!division_equal(own, like->division))
		return false;
	decision->division = division_ref(like->division);
	decision->row_of_class = like->row_of_class;
	division_unref(own);
	return true;
}

struct decision *decision_ref(struct decision *decision)
{
	atomic_fetch_add_explicit(&decision->refs, 1, memory_order_relaxed);
	return decision;
}

void decision_unref(struct decision *decision)
{
	if (decision == NULL ||
	    atomic_fetch_sub_explicit(&decision->refs, 1,
				      memory_order_acq_rel) != 1)
		return;
	free(decision->keys);
	division_unref(decision->division);
	free(decision->rows);
	free(decision->row_octets);
	free(decision);
}

static unsigned sticky_bits(const struct policy_service *s,
			    enum net_family family)
{
	return family == NET_V4 ? s->sticky_v4_bits : s->sticky_v6_bits;
}

/* What the client's draws go by. */
static uint64_t turn_of(const struct policy_service *s,
			const struct asking *asking)
{
	const struct net_addr *client = asking->client;

	return s->sticky == STICKY_NONE
		       ? hash_mix(asking->random)
		       : hash_client(client, sticky_bits(s, client->family));
}

static void pick_by_turn(const struct decision *decision,
			 const struct asking *asking, struct pick *out)
{
	const struct policy_service *s = decision->service;
	const struct share_want want = { s->answers, asking->having };
	uint64_t turn = out->row->draw ? turn_of(s, asking) : 0;

	out->count = share_pick_having(out->entries, decision->keys, turn,
				       &want, out->endpoints);
}

void decision_pick(const struct decision *decision, const struct geo *geo,
		   const struct asking *asking, struct pick *out)
{
	uint16_t class_id = geo_class_of(geo, asking->client);
	size_t number = decision->row_of_class[class_id].row;

	out->class_id = class_id;
	out->row = &decision->rows[number];
	out->entries = row_at(decision, number);
	if (out->row->only != ROW_NONE) {
		out->endpoints[0] = out->row->only;
		out->count = asking->having >> out->row->only & 1;
	} else if (out->row->even) {
		out->endpoints[0] =
			share_pick_even(out->entries, decision->keys,
					turn_of(decision->service, asking),
					asking->having);
		out->count = out->endpoints[0] != ROW_NONE;
	} else {
		pick_by_turn(decision, asking, out);
	}
}

uint8_t decision_scope(const struct decision *decision, const struct geo *geo,
		       const struct net_addr *client,
		       const struct decision_row *row)
{
	const struct policy_service *s = decision->service;
	uint8_t scope = geo_scope_in(geo, client, decision->row_of_class,
				     (uint16_t)(row - decision->rows));
	unsigned least = sticky_bits(s, client->family);

	if (row->draw && s->sticky == STICKY_CLIENT && scope < least)
		return (uint8_t)least;
	return scope;
}
