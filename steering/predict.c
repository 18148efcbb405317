/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/predict.h"

#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/decide/capacity.h"
#include "policy/decide/chain.h"
#include "policy/decide/share.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* Rows that some classes have before and after, and how many clients. */
struct row_pair {
	struct row before, after;
	uint64_t hash;
	double weight_v4, weight_v6;
};

struct work {
	const struct view *before, *after;
	const struct policy *policy;
	struct demand_classes classes;    /* heaviest first */
	const struct demand_rates *rates; /* by service; NULL: none */
	double *v4, *v6;                  /* what each class weighs; owned */
	double whole_v4, whole_v6;        /* all of them */
	size_t service;
	struct row_pair *pairs; /* distinct; owned */
	size_t count, cap;
	size_t *slots; /* open addressing by hash: index + 1; 0 free */
	size_t slot_count;
};

static uint64_t row_hash(uint64_t seed, const struct row *row)
{
	return hash_octets(seed, row,
			   offsetof(struct row, entries) +
				   row->count * sizeof(row->entries[0]));
}

static void place_pair(struct work *w, size_t index)
{
	size_t at = hash_mix(w->pairs[index].hash) % w->slot_count;

	while (w->slots[at] != 0)
		at = (at + 1) % w->slot_count;
	w->slots[at] = index + 1;
}

static bool grow_pairs(struct work *w)
{
	size_t cap = w->cap == 0 ? 64 : w->cap * 2;
	struct row_pair *pairs;
	size_t *slots;

	if (w->count < w->cap)
		return true;
	pairs = realloc(w->pairs, cap * sizeof(*pairs));
	if (pairs == NULL)
		return false;
	w->pairs = pairs;
	slots = calloc(2 * cap, sizeof(*slots));
	if (slots == NULL)
		return false;
	free(w->slots);
	w->slots = slots;
	w->slot_count = 2 * cap;
	w->cap = cap;
	for (size_t i = 0; i < w->count; i++)
		place_pair(w, i);
	return true;
}

static struct row_pair *find_pair(struct work *w, const struct row_pair *pair)
{
	size_t at = hash_mix(pair->hash) % w->slot_count;

	assert(w->slots != NULL); /* of grow_pairs() */
	for (; w->slots[at] != 0; at = (at + 1) % w->slot_count) {
		struct row_pair *p = &w->pairs[w->slots[at] - 1];

		if (p->hash == pair->hash &&
		    row_equal(&p->before, &pair->before) &&
		    row_equal(&p->after, &pair->after))
			return p;
	}
	return NULL;
}

/* The counts of this service; NULL: none. */
static const struct demand_rates *rates_of(const struct work *w)
{
	return w->rates == NULL || !demand_is_counted(&w->rates[w->service])
		       ? NULL
		       : &w->rates[w->service];
}

static double sum_of(const double *weights, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += weights[i];
	return sum;
}

/* Where no address space is known, a class is 1. */
static double weigh_family(const struct work *w, double *weights)
{
	const struct demand_rates *rates = rates_of(w);
	size_t count = w->classes.count;

	if (!(sum_of(weights, count) > 0))
		for (size_t i = 0; i < count; i++)
			weights[i] = 1;
	if (rates != NULL)
		demand_share(w->policy, w->classes, rates, weights);
	return sum_of(weights, count);
}

static void weigh(struct work *w)
{
	for (size_t i = 0; i < w->classes.count; i++) {
		w->v4[i] = w->classes.list[i]->weight_v4;
		w->v6[i] = w->classes.list[i]->weight_v6;
	}
	w->whole_v4 = weigh_family(w, w->v4);
	w->whole_v6 = weigh_family(w, w->v6);
}

static bool add_class(struct work *w, size_t number)
{
	const struct client_class *class = w->classes.list[number];
	struct row_pair pair = {
		.before = chain_row(w->policy, w->before, w->service, class,
				    NULL),
		.after =
			chain_row(w->policy, w->after, w->service, class, NULL),
	};
	struct row_pair *found;

	if (!grow_pairs(w))
		return false;
	pair.hash =
		row_hash(row_hash(HASH_FNV_OFFSET, &pair.before), &pair.after);
	found = find_pair(w, &pair);
	if (found == NULL) {
		found = &w->pairs[w->count];
		*found = pair;
		place_pair(w, w->count++);
	}
	found->weight_v4 += w->v4[number];
	found->weight_v6 += w->v6[number];
	return true;
}

/* What the drawn clients of one pair of rows get, in parts of 1. */
struct drawn {
	double before[POLICY_REGIONS_MAX], after[POLICY_REGIONS_MAX];
	double none_before, none_after, moved;
};

/* The first pick's endpoint, or ROW_NONE. */
static uint8_t pick_one(const struct row *row, const struct share_key *keys,
			uint64_t client)
{
	uint8_t picks[POLICY_ENDPOINTS_MAX];

	return share_pick(row, keys, client, 1, picks) == 0 ? ROW_NONE
							    : picks[0];
}

static void count_pick(const struct policy_service *s, uint8_t pick,
		       double part, double *regions, double *none)
{
	if (pick == ROW_NONE)
		*none += part;
	else
		regions[s->endpoints[pick].region] += part;
}

static void draw_pair(const struct work *w, const struct row_pair *pair,
		      const struct share_key *keys, struct drawn *out)
{
	const struct policy_service *s = &w->policy->services[w->service];
	bool draw =
		row_is_draw(&pair->before, 1) || row_is_draw(&pair->after, 1);
	unsigned draws = draw ? PREDICT_DRAWS : 1;
	double part = 1.0 / draws;

	*out = (struct drawn){ .none_before = 0 };
	for (unsigned i = 0; i < draws; i++) {
		uint64_t client = hash_mix(pair->hash + i);
		uint8_t a = pick_one(&pair->before, keys, client);
		uint8_t b = pick_one(&pair->after, keys, client);

		count_pick(s, a, part, out->before, &out->none_before);
		count_pick(s, b, part, out->after, &out->none_after);
		out->moved += a != b ? part : 0;
	}
}

static void add_drawn(struct predict_family *f, const struct drawn *d,
		      double weight, size_t regions)
{
	for (size_t i = 0; i < regions; i++) {
		f->before[i] += d->before[i] * weight;
		f->after[i] += d->after[i] * weight;
	}
	f->none_before += d->none_before * weight;
	f->none_after += d->none_after * weight;
	f->moved += d->moved * weight;
	f->covered += weight;
}

/* From weights to percent. */
static void to_percent(struct predict_family *f, double whole, size_t regions)
{
	double scale = f->covered > 0 ? 100 / f->covered : 0;

	for (size_t i = 0; i < regions; i++) {
		f->before[i] *= scale;
		f->after[i] *= scale;
	}
	f->none_before *= scale;
	f->none_after *= scale;
	f->moved *= scale;
	f->covered = whole > 0 ? 100 * f->covered / whole : 0;
}

static bool predict_service(struct work *w, size_t take,
			    struct predict_service *out)
{
	struct share_key keys[POLICY_ENDPOINTS_MAX];
	size_t regions = w->policy->region_count;

	*out = (struct predict_service){
		.service = w->service,
		.counted = rates_of(w) != NULL,
	};
	weigh(w);
	w->count = 0;
	if (w->slots != NULL)
		memset(w->slots, 0, w->slot_count * sizeof(*w->slots));
	share_keys(w->policy, w->service, keys);
	for (size_t i = 0; i < w->classes.count && i < take; i++)
		if (!add_class(w, i))
			return false;
	for (size_t i = 0; i < w->count; i++) {
		struct drawn d;

		draw_pair(w, &w->pairs[i], keys, &d);
		add_drawn(&out->v4, &d, w->pairs[i].weight_v4, regions);
		add_drawn(&out->v6, &d, w->pairs[i].weight_v6, regions);
	}
	to_percent(&out->v4, w->whole_v4, regions);
	to_percent(&out->v6, w->whole_v6, regions);
	return true;
}

static int compare_weights(const void *a, const void *b)
{
	const struct client_class *const *x = a, *const *y = b;
	double p = (*x)->weight_v4, q = (*y)->weight_v4;

	return (p < q) - (p > q);
}

/* The classes, heaviest first; owned by the caller. */
static const struct client_class **sorted_classes(struct demand_classes classes)
{
	const struct client_class **list =
		calloc(classes.count + 1, sizeof(*list));

	if (list == NULL)
		return NULL;
	if (classes.count > 0)
		memcpy(list, classes.list, classes.count * sizeof(*list));
	qsort(list, classes.count, sizeof(*list), compare_weights);
	return list;
}

static size_t count_touched(const struct view *a, const struct view *b)
{
	size_t touched = 0;

	for (size_t i = 0; i < a->policy->service_count; i++)
		touched += !view_same(a, b, i);
	return touched;
}

static bool predict_all(struct work *w, size_t touched, struct prediction *out)
{
	size_t take = touched == 0 ? 0 : PREDICT_ROWS_MAX / 2 / touched;

	for (size_t i = 0; i < w->policy->service_count; i++) {
		if (view_same(w->before, w->after, i))
			continue;
		w->service = i;
		if (!predict_service(w, take, &out->services[out->count]))
			return false;
		out->count++;
	}
	return true;
}

bool predict_of(const struct burden_case *before,
		const struct burden_case *after, struct prediction *out,
		struct error *err)
{
	size_t count = before->classes.count;
	const struct client_class **sorted = sorted_classes(before->classes);
	size_t touched = count_touched(before->view, after->view);
	struct prediction p = {
		.policy = before->policy,
		.services = calloc(touched + 1, sizeof(*p.services)),
	};
	struct work w = {
		.before = before->view,
		.after = after->view,
		.policy = before->policy,
		.classes = { sorted, count },
		.rates = before->rates,
		.v4 = calloc(count + 1, sizeof(*w.v4)),
		.v6 = calloc(count + 1, sizeof(*w.v6)),
	};
	bool ok = sorted != NULL && p.services != NULL && w.v4 != NULL &&
		  w.v6 != NULL && predict_all(&w, touched, &p);

	free(sorted);
	free(w.v4);
	free(w.v6);
	free(w.pairs);
	free(w.slots);
	if (ok) {
		*out = p;
		return true;
	}
	prediction_fini(&p);
	error_set(err, "prediction: out of memory");
	return false;
}

bool predict_loads(struct prediction *prediction,
		   const struct burden_case *before,
		   const struct burden_case *after, struct error *err)
{
	for (size_t i = 0; i < prediction->count; i++) {
		struct predict_service *s = &prediction->services[i];

		if (burden_of(before, s->service, &s->before) &&
		    burden_of(after, s->service, &s->after))
			continue;
		error_set(err, "prediction: out of memory");
		return false;
	}
	return true;
}

void prediction_fini(struct prediction *prediction)
{
	free(prediction->services);
	*prediction = (struct prediction){ .services = NULL };
}

/* Hundredths of a percent are finer than what was drawn. */
static json_t *percent(double value)
{
	return json_real(floor(value * 100 + 0.5) / 100);
}

/* What a region's endpoints carry. */
static double load_in(const struct policy_service *service,
		      const struct burden *burden, size_t region)
{
	double load = 0;

	for (size_t i = 0; i < service->endpoint_count; i++)
		if (service->endpoints[i].region == (int)region)
			load += burden->load[i];
	return load;
}

/* Where demand is known: what comes to a region, and what it can carry. */
static bool put_load(json_t *json, const struct policy *policy,
		     const struct predict_service *s, size_t region)
{
	const struct policy_service *service = &policy->services[s->service];

	if (!s->before.known || !s->after.known)
		return true;
	return json_object_set_new(json, "load_before",
				   json_real(load_in(service, &s->before,
						     region))) == 0 &&
	       json_object_set_new(json, "load_after",
				   json_real(load_in(service, &s->after,
						     region))) == 0 &&
	       json_object_set_new(json, "capacity",
				   json_real(capacity_of(policy,
							 (int)region))) == 0;
}

static json_t *write_region(const struct policy *policy,
			    const struct predict_service *s, size_t i)
{
	json_t *json = json_pack("{s:s, s:o, s:o, s:o, s:o}", "region",
				 policy->regions[i].name, "before_pct",
				 percent(s->v4.before[i]), "after_pct",
				 percent(s->v4.after[i]), "before_v6_pct",
				 percent(s->v6.before[i]), "after_v6_pct",
				 percent(s->v6.after[i]));

	if (json != NULL && put_load(json, policy, s, i))
		return json;
	json_decref(json);
	return NULL;
}

static bool serves(const struct policy_service *s, size_t region)
{
	for (size_t i = 0; i < s->endpoint_count; i++)
		if (s->endpoints[i].region == (int)region)
			return true;
	return false;
}

static json_t *write_service(const struct policy *policy,
			     const struct predict_service *s)
{
	const struct policy_service *service = &policy->services[s->service];
	json_t *regions = json_array();

	for (size_t i = 0; i < policy->region_count; i++)
		if (serves(service, i) &&
		    json_array_append_new(regions,
					  write_region(policy, s, i)) != 0) {
			json_decref(regions);
			return NULL;
		}
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o}",
			 "service", service->name, "by", demand_by(s->counted),
			 "moved_pct", percent(s->v4.moved), "moved_v6_pct",
			 percent(s->v6.moved), "none_before_pct",
			 percent(s->v4.none_before), "none_after_pct",
			 percent(s->v4.none_after), "none_before_v6_pct",
			 percent(s->v6.none_before), "none_after_v6_pct",
			 percent(s->v6.none_after), "covered_pct",
			 percent(s->v4.covered), "covered_v6_pct",
			 percent(s->v6.covered), "regions", regions);
}

struct json_t *prediction_write(const struct prediction *prediction)
{
	json_t *services = json_array();

	for (size_t i = 0; i < prediction->count; i++)
		if (json_array_append_new(
			    services,
			    write_service(prediction->policy,
					  &prediction->services[i])) != 0) {
			json_decref(services);
			return NULL;
		}
	return json_pack("{s:o}", "services", services);
}
