/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/movement.h"

#include "policy/base/hash.h"
#include "policy/decide/chain.h"
#include "policy/decide/geo.h"
#include "policy/decide/intern.h"
#include "policy/decide/vicinity.h"
#include "policy/review/carriage.h"
#include "policy/review/rows.h"

#include <stdlib.h>
#include <string.h>

enum { NO_ENDPOINT = POLICY_ENDPOINTS_MAX, ENDPOINTS = NO_ENDPOINT + 1 };

/* Rows that some clients have before and after. */
struct pair {
	const struct row *before, *after;
	uint16_t class_before, class_after; /* of some of them */
	double v4, v6;                      /* weight of all */
	double moves;                       /* part of them, of 1 */
};

struct finding_out {
	const struct movement_ground *ground;
	struct movement *out;
	struct rows before, after;
	struct intern *pair_numbers, *flow_numbers;
	struct pair *pairs; /* owned; room for the overlay's cells */
	uint32_t *pair_of;  /* owned; by cell: UINT32_MAX: nothing is known */
	/* How the clients of one pair part: endpoint before, after, part of 1.
	 */
	struct way {
		uint8_t from, to;
		double part;
		enum movement_cause cause;
		int rule;
	} ways[ENDPOINTS * 4];
	size_t way_count;
	uint16_t way_at[ENDPOINTS][ENDPOINTS]; /* index + 1; 0: none */
};

static const struct client_class *class_at(const struct rows_side *side,
					   uint16_t id)
{
	return geo_class(side->subject->geo, id);
}

static bool find_pairs(struct finding_out *f)
{
	const struct overlay *o = f->ground->overlay;
	const struct vicinity *before = f->ground->before.vicinity;
	const struct vicinity *after = f->ground->after.vicinity;

	for (size_t i = 0; i < o->count; i++) {
		const struct overlay_cell *c = &o->cells[i];
		uint16_t a = before->kind_of_class[c->before];
		uint16_t b = after->kind_of_class[c->after];
		uint64_t key = (uint64_t)f->before.numbers[a] << 32 |
			       f->after.numbers[b];
		uint32_t number;
		bool added;

		f->pair_of[i] = UINT32_MAX;
		if (!overlay_is_known(c))
			continue;
		number = intern_number(f->pair_numbers, &key, &added);
		if (number == UINT32_MAX)
			return false;
		if (added)
			f->pairs[number] = (struct pair){
				&f->before.list[a],
				&f->after.list[b],
				c->before,
				c->after,
				0,
				0,
				0,
			};
		f->pairs[number].v4 += c->weight_v4;
		f->pairs[number].v6 += c->weight_v6;
		f->pair_of[i] = number;
	}
	return true;
}

static uint8_t pick_one(const struct rows *rows, const struct row *row,
			uint64_t client)
{
	uint8_t picks[POLICY_ENDPOINTS_MAX];

	return share_pick(row, rows->keys, client, 1, picks) == 0 ? NO_ENDPOINT
								  : picks[0];
}

static int region_of(const struct rows *rows, uint8_t endpoint)
{
	return endpoint == NO_ENDPOINT
		       ? MOVEMENT_NOBODY
		       : rows->service->endpoints[endpoint].region;
}

static int named_alike(const struct rows *rows, const struct rows *other,
		       uint8_t endpoint)
{
	return policy_find_endpoint(other->service,
				    rows->service->endpoints[endpoint].name);
}

static bool is_same_endpoint(const struct finding_out *f, const struct way *w)
{
	if (w->from == NO_ENDPOINT || w->to == NO_ENDPOINT)
		return w->from == w->to;
	return strcmp(f->before.service->endpoints[w->from].name,
		      f->after.service->endpoints[w->to].name) == 0;
}

/* The rule that takes an endpoint from a class, or POLICY_NONE. */
static int wall(const struct rows *rows, uint16_t class_id, int endpoint)
{
	struct chain_trace trace;

	chain_row(rows->side->subject->policy, rows->side->subject->view,
		  (size_t)rows->index, class_at(rows->side, class_id), &trace);
	if (trace.endpoints[endpoint].step != STEP_ELIGIBLE)
		return POLICY_NONE;
	return trace.endpoints[endpoint].residency;
}

static bool weights_differ(const struct finding_out *f)
{
	const struct policy_service *a = f->before.service;
	const struct policy_service *b = f->after.service;

	for (size_t i = 0; i < a->endpoint_count; i++) {
		int same = policy_find_endpoint(b, a->endpoints[i].name);

		if (same >= 0 &&
		    b->endpoints[same].weight != a->endpoints[i].weight)
			return true;
	}
	return a->answers != b->answers || a->sticky != b->sticky ||
	       a->sticky_v4_bits != b->sticky_v4_bits ||
	       a->sticky_v6_bits != b->sticky_v6_bits;
}

static enum movement_cause find_cause(const struct finding_out *f,
				      const struct pair *pair, struct way *w)
{
	int there = w->from == NO_ENDPOINT
			    ? POLICY_NONE
			    : named_alike(&f->before, &f->after, w->from);
	int was = w->to == NO_ENDPOINT
			  ? POLICY_NONE
			  : named_alike(&f->after, &f->before, w->to);

	w->rule = POLICY_NONE;
	if (w->from != NO_ENDPOINT && there < 0)
		return MOVEMENT_GONE;
	if (there >= 0)
		w->rule = wall(&f->after, pair->class_after, there);
	if (w->rule != POLICY_NONE)
		return MOVEMENT_WALLED;
	if (w->to != NO_ENDPOINT && was < 0)
		return MOVEMENT_NEW;
	if (was >= 0)
		w->rule = wall(&f->before, pair->class_before, was);
	if (w->rule != POLICY_NONE)
		return MOVEMENT_UNWALLED;
	if (f->before.service->steer != f->after.service->steer ||
	    f->before.service->within_ms != f->after.service->within_ms)
		return MOVEMENT_STEERED;
	return weights_differ(f) ? MOVEMENT_WEIGHED : MOVEMENT_PLACED;
}

/* Parts smaller than one in as many as there is room for are left out. */
static void add_way(struct finding_out *f, uint8_t from, uint8_t to,
		    double part)
{
	uint16_t *at = &f->way_at[from][to];

	if (*at == 0) {
		if (f->way_count == sizeof(f->ways) / sizeof(f->ways[0]))
			return;
		f->ways[f->way_count] = (struct way){ from, to, 0, 0, 0 };
		*at = (uint16_t)++f->way_count;
	}
	f->ways[*at - 1].part += part;
}

static void part_clients(struct finding_out *f, const struct pair *pair)
{
	bool draw = row_is_draw(pair->before, 1) || row_is_draw(pair->after, 1);
	unsigned draws = draw ? MOVEMENT_DRAWS : 1;

	while (f->way_count > 0) {
		const struct way *w = &f->ways[--f->way_count];

		f->way_at[w->from][w->to] = 0;
	}
	for (unsigned i = 0; i < draws; i++) {
		uint64_t client = hash_mix(i + UINT64_C(1));

		add_way(f, pick_one(&f->before, pair->before, client),
			pick_one(&f->after, pair->after, client), 1.0 / draws);
	}
	for (size_t i = 0; i < f->way_count; i++)
		if (!is_same_endpoint(f, &f->ways[i]))
			f->ways[i].cause = find_cause(f, pair, &f->ways[i]);
}

static size_t place_of(int region)
{
	return region == MOVEMENT_NOBODY ? POLICY_REGIONS_MAX : (size_t)region;
}

static void add_load(struct finding_out *f, const struct pair *pair)
{
	struct movement *m = f->out;

	for (size_t i = 0; i < f->way_count; i++) {
		const struct way *w = &f->ways[i];
		size_t from = place_of(region_of(&f->before, w->from));
		size_t to = place_of(region_of(&f->after, w->to));

		m->load_before_v4[from] += w->part * pair->v4;
		m->load_before_v6[from] += w->part * pair->v6;
		m->load_after_v4[to] += w->part * pair->v4;
		m->load_after_v6[to] += w->part * pair->v6;
	}
}

static struct movement_flow *find_flow(struct finding_out *f,
				       const struct movement_flow *like)
{
	struct movement *m = f->out;
	uint64_t key = (uint64_t)place_of(like->from) << 56 |
		       (uint64_t)place_of(like->to) << 48 |
		       (uint64_t)like->cause << 40 |
		       (uint64_t)(like->rule + 1) << 16 |
		       (uint64_t)(uint8_t)like->country[0] << 8 |
		       (uint8_t)like->country[1];
	bool added;
	uint32_t number = intern_number(f->flow_numbers, &key, &added);
	size_t cap = m->cap == 0 ? 64 : 2 * m->cap;
	struct movement_flow *list = m->flows;

	if (number == UINT32_MAX)
		return NULL;
	if (added && m->count == m->cap) {
		list = realloc(list, cap * sizeof(*list));
		if (list == NULL)
			return NULL;
		m->flows = list;
		m->cap = cap;
	}
	if (added)
		list[m->count++] = *like;
	return &list[number];
}

static bool add_flow(struct finding_out *f, const struct overlay_cell *cell,
		     const struct way *w)
{
	const struct client_class *before =
		class_at(&f->ground->before, cell->before);
	const struct client_class *after =
		class_at(&f->ground->after, cell->after);
	struct movement_flow like = {
		.from = region_of(&f->before, w->from),
		.to = region_of(&f->after, w->to),
		.cause = w->cause,
		.rule = w->rule,
	};
	struct movement_flow *flow;

	memcpy(like.country,
	       after->country[0] != '\0' ? after->country : before->country,
	       sizeof(like.country));
	flow = find_flow(f, &like);
	if (flow == NULL)
		return false;
	flow->v4 += w->part * cell->weight_v4;
	flow->v6 += w->part * cell->weight_v6;
	f->out->moved_v4 += w->part * cell->weight_v4;
	f->out->moved_v6 += w->part * cell->weight_v6;
	return true;
}

/* One pair at a time, and then its cells. */
static bool find_flows(struct finding_out *f)
{
	const struct overlay *o = f->ground->overlay;
	size_t pairs = intern_count(f->pair_numbers);

	for (uint32_t p = 0; p < pairs; p++) {
		bool moves = false;

		part_clients(f, &f->pairs[p]);
		add_load(f, &f->pairs[p]);
		for (size_t i = 0; i < f->way_count; i++) {
			if (is_same_endpoint(f, &f->ways[i]))
				continue;
			moves = true;
			f->pairs[p].moves += f->ways[i].part;
		}
		for (size_t i = 0; moves && i < o->count; i++)
			for (size_t k = 0;
			     f->pair_of[i] == p && k < f->way_count; k++)
				if (!is_same_endpoint(f, &f->ways[k]) &&
				    !add_flow(f, &o->cells[i], &f->ways[k]))
					return false;
	}
	return true;
}

static void scale(double *list, size_t count, double whole)
{
	for (size_t i = 0; i < count; i++)
		list[i] = whole > 0 ? 100 * list[i] / whole : 0;
}

/* Into its place among the greatest, where there is one. */
static void keep_asn(struct movement *m, const struct movement_asn *one)
{
	size_t at = m->asn_count;

	while (at > 0 &&
	       m->asns[at - 1].v4 + m->asns[at - 1].v6 < one->v4 + one->v6)
		at--;
	if (at == MOVEMENT_ASNS)
		return;
	if (m->asn_count < MOVEMENT_ASNS)
		m->asn_count++;
	memmove(&m->asns[at + 1], &m->asns[at],
		(m->asn_count - 1 - at) * sizeof(m->asns[0]));
	m->asns[at] = *one;
}

static bool find_asns(struct finding_out *f)
{
	const struct carriage *c = f->ground->carriage;
	struct movement_asn *all;

	if (c == NULL)
		return true;
	all = calloc(c->asn_count + 1, sizeof(*all));
	for (size_t i = 0; all != NULL && i < c->count; i++) {
		const struct carriage_part *part = &c->parts[i];
		uint32_t pair = f->pair_of[part->cell];

		if (pair == UINT32_MAX)
			continue;
		all[part->number].v4 += f->pairs[pair].moves * part->v4;
		all[part->number].v6 += f->pairs[pair].moves * part->v6;
	}
	for (size_t i = 0; all != NULL && i < c->asn_count; i++) {
		all[i].asn = c->asns[i];
		scale(&all[i].v4, 1, f->ground->overlay->whole_v4);
		scale(&all[i].v6, 1, f->ground->overlay->whole_v6);
		if (all[i].v4 > 0 || all[i].v6 > 0)
			keep_asn(f->out, &all[i]);
	}
	free(all);
	return all != NULL;
}

static int compare_flows(const void *a, const void *b)
{
	const struct movement_flow *x = a, *y = b;
	double p = x->v4 + x->v6, q = y->v4 + y->v6;

	if (p != q)
		return p < q ? 1 : -1;
	return memcmp(x->country, y->country, sizeof(x->country));
}

static void to_percent(struct movement *m, const struct overlay *o)
{
	for (size_t i = 0; i < m->count; i++) {
		scale(&m->flows[i].v4, 1, o->whole_v4);
		scale(&m->flows[i].v6, 1, o->whole_v6);
	}
	scale(&m->moved_v4, 1, o->whole_v4);
	scale(&m->moved_v6, 1, o->whole_v6);
	scale(m->load_before_v4, POLICY_REGIONS_MAX + 1, o->whole_v4);
	scale(m->load_after_v4, POLICY_REGIONS_MAX + 1, o->whole_v4);
	scale(m->load_before_v6, POLICY_REGIONS_MAX + 1, o->whole_v6);
	scale(m->load_after_v6, POLICY_REGIONS_MAX + 1, o->whole_v6);
	if (m->count > 0)
		qsort(m->flows, m->count, sizeof(*m->flows), compare_flows);
}

static bool find_out(struct finding_out *f)
{
	size_t cells = f->ground->overlay->count;

	f->pair_numbers = intern_new(1);
	f->flow_numbers = intern_new(1);
	f->pairs = calloc(cells, sizeof(*f->pairs));
	f->pair_of = calloc(cells, sizeof(*f->pair_of));
	if (f->pair_numbers == NULL || f->flow_numbers == NULL ||
	    f->pairs == NULL || f->pair_of == NULL ||
	    !rows_open(&f->before, &f->ground->before, f->out->before) ||
	    !rows_open(&f->after, &f->ground->after, f->out->after))
		return false;
	return find_pairs(f) && find_flows(f) && find_asns(f);
}

bool movement_find(const struct movement_ground *ground, int before, int after,
		   struct movement *out)
{
	struct finding_out *f = calloc(1, sizeof(*f));
	bool ok;

	*out = (struct movement){ .before = before, .after = after };
	if (f == NULL)
		return false;
	f->ground = ground;
	f->out = out;
	ok = find_out(f);
	rows_fini(&f->before);
	rows_fini(&f->after);
	intern_free(f->pair_numbers);
	intern_free(f->flow_numbers);
	free(f->pairs);
	free(f->pair_of);
	free(f);
	if (ok)
		to_percent(out, ground->overlay);
	else
		movement_fini(out);
	return ok;
}

void movement_fini(struct movement *movement)
{
	free(movement->flows);
	movement->flows = NULL;
	movement->count = 0;
}
