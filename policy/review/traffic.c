/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/traffic.h"

#include "policy/base/hash.h"
#include "policy/decide/geo.h"

#include <stdlib.h>
#include <string.h>

bool traffic_init(struct traffic *t, const struct rows_side *before,
		  const struct rows_side *after)
{
	bool ok;

	*t = (struct traffic){
		.before = before,
		.after = after,
		.carriers = carriers_open(after->subject->policy),
	};
	ok = signpost_init(&t->post, before->subject->policy,
			   after->subject->policy);
	t->services = calloc(t->post.pair_count + 1, sizeof(*t->services));
	ok = ok && t->carriers != NULL && t->services != NULL &&
	     sums_init(&t->countries) && sums_init(&t->asns);
	for (size_t i = 0; ok && i < t->post.pair_count; i++)
		t->services[t->count++].pair = t->post.pairs[i];
	return ok;
}

void traffic_fini(struct traffic *t)
{
	for (size_t i = 0; i < t->count; i++) {
		choices_fini(&t->services[i].choices_before);
		choices_fini(&t->services[i].choices_after);
	}
	free(t->services);
	signpost_fini(&t->post);
	sums_fini(&t->countries);
	sums_fini(&t->asns);
	carriers_free(t->carriers);
}

static bool open_service(struct traffic *t, struct traffic_service *s)
{
	s->open = true;
	if ((s->pair.before >= 0 &&
	     !choices_open(&s->choices_before, t->before, s->pair.before)) ||
	    (s->pair.after >= 0 &&
	     !choices_open(&s->choices_after, t->after, s->pair.after)))
		return false;
	for (size_t i = 0; s->pair.before >= 0 && s->pair.after >= 0 &&
			   i < s->choices_before.service->endpoint_count;
	     i++)
		s->after_of[i] = policy_find_endpoint(
			s->choices_after.service,
			s->choices_before.service->endpoints[i].name);
	return true;
}

/* What one of the two has; a service is in one at least. */
static const struct policy_service *declared(const struct traffic_service *s,
					     bool after)
{
	const struct choices *c =
		after ? &s->choices_after : &s->choices_before;

	return c->service != NULL ? c->service
	       : after            ? s->choices_before.service
				  : s->choices_after.service;
}

/* The most that one of the two needs. */
static unsigned draws_of(const struct traffic_service *s, double count)
{
	unsigned before = choices_draws(declared(s, false), count);
	unsigned after = choices_draws(declared(s, true), count);

	return before > after ? before : after;
}

static size_t region_of(const struct choices *c, int endpoint)
{
	return endpoint == CHOICES_NOBODY
		       ? TRAFFIC_NOBODY
		       : (size_t)c->service->endpoints[endpoint].region;
}

static uint32_t country_of(const struct traffic *t, const struct net_addr *addr)
{
	const struct rows_side *sides[2] = { t->after, t->before };

	for (size_t i = 0; i < 2; i++) {
		const struct geo *geo = sides[i]->subject->geo;
		const char *country =
			geo_class(geo, geo_class_of(geo, addr))->country;

		if (country[0] != '\0')
			return (uint32_t)(uint8_t)country[0] << 8 |
			       (uint8_t)country[1];
	}
	return 0;
}

static uint64_t key_of(size_t from, size_t to, uint32_t label)
{
	return (uint64_t)(from * TRAFFIC_REGIONS + to) << TRAFFIC_LABEL_BITS |
	       label;
}

static bool add(struct traffic *t, struct traffic_service *s,
		const struct trace_query *q, double count)
{
	const struct choices_query query = { &q->client, ++t->drawn, q->type };
	int old = choices_pick(&s->choices_before, &query);
	int new = choices_pick(&s->choices_after, &query);
	size_t from = region_of(&s->choices_before, old);
	size_t to = region_of(&s->choices_after, new);
	bool stays = old == CHOICES_NOBODY
			     ? new == CHOICES_NOBODY
			     : s->pair.after >= 0 && new != CHOICES_NOBODY &&
				       s->after_of[old] == new;

	s->before_in[from] += count;
	s->after_in[to] += count;
	if (stays)
		return true;
	t->moved += count;
	s->moved += count;
	return sums_add(&t->countries,
			key_of(from, to, country_of(t, &q->client)), count) &&
	       sums_add(&t->asns,
			key_of(from, to,
			       carriers_find(t->carriers, &q->client).asn),
			count);
}

static void note_time(struct traffic *t, int64_t wall_ms)
{
	if (wall_ms <= 0)
		return;
	if (t->wall_first_ms == 0 || wall_ms < t->wall_first_ms)
		t->wall_first_ms = wall_ms;
	if (wall_ms > t->wall_last_ms)
		t->wall_last_ms = wall_ms;
}

bool traffic_take(void *arg, const struct trace_query *q)
{
	struct traffic *t = arg;
	int index = signpost_find(&t->post, q->name);
	struct traffic_service *s;
	unsigned draws;

	note_time(t, q->wall_ms);
	s = index < 0 ? NULL : &t->services[index];
	if (s != NULL && !s->open && !open_service(t, s))
		return false;
	if (s == NULL || (!choices_answer(declared(s, false), q->type) &&
			  !choices_answer(declared(s, true), q->type))) {
		t->aside += q->count;
		return true;
	}
	t->queries += q->count;
	s->queries += q->count;
	draws = draws_of(s, q->count);
	for (unsigned i = 0; i < draws; i++)
		if (!add(t, s, q, q->count / draws))
			return false;
	return true;
}

struct traffic_load traffic_load(const struct traffic *t, bool after,
				 size_t region)
{
	struct traffic_load load = { .queries = 0 };

	for (size_t i = 0; i < t->count; i++) {
		const struct traffic_service *s = &t->services[i];
		const struct choices *c =
			after ? &s->choices_after : &s->choices_before;
		double in = after ? s->after_in[region] : s->before_in[region];

		load.queries += in;
		if (s->queries > 0 && c->service != NULL)
			load.demand += c->service->demand * in / s->queries;
	}
	return load;
}

double traffic_seconds(const struct traffic *t)
{
	return (double)(t->wall_last_ms - t->wall_first_ms) / 1000;
}

/* Keeps the list's greatest, greatest first. */
static void keep_part(struct traffic_part *list, size_t *count,
		      struct traffic_part part)
{
	size_t at = *count;

	while (at > 0 && list[at - 1].count < part.count)
		at--;
	if (at == TRAFFIC_PARTS)
		return;
	if (*count < TRAFFIC_PARTS)
		++*count;
	memmove(list + at + 1, list + at, (*count - at - 1) * sizeof(*list));
	list[at] = part;
}

static int compare_flows(const void *a, const void *b)
{
	const struct traffic_flow *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* The flow of a key, by where flow_at says that it is. */
static struct traffic_flow *flow_of(struct traffic_flow *list, size_t *count,
				    uint16_t *flow_at, uint64_t key)
{
	size_t way = (size_t)(key >> TRAFFIC_LABEL_BITS);

	if (flow_at[way] == 0) {
		list[*count] = (struct traffic_flow){
			.from = way / TRAFFIC_REGIONS,
			.to = way % TRAFFIC_REGIONS,
		};
		flow_at[way] = (uint16_t)++ * count;
	}
	return &list[flow_at[way] - 1];
}

struct traffic_flow *traffic_flows(const struct traffic *t, size_t *count)
{
	enum { WAYS = TRAFFIC_REGIONS * TRAFFIC_REGIONS };
	struct traffic_flow *list = calloc(WAYS, sizeof(*list));
	uint16_t *flow_at = calloc(WAYS, sizeof(*flow_at));

	*count = 0;
	for (size_t i = 0;
	     list != NULL && flow_at != NULL && i < sums_count(&t->countries);
	     i++) {
		uint64_t key = sums_key(&t->countries, i);
		struct traffic_flow *f = flow_of(list, count, flow_at, key);
		struct traffic_part part = { (uint32_t)key,
					     t->countries.amounts[i] };

		f->count += part.count;
		if (part.label != 0)
			keep_part(f->countries, &f->country_count, part);
	}
	for (uint32_t i = 0;
	     list != NULL && flow_at != NULL && i < sums_count(&t->asns); i++) {
		uint64_t key = sums_key(&t->asns, i);
		struct traffic_flow *f = flow_of(list, count, flow_at, key);

		if ((uint32_t)key != 0)
			keep_part(f->asns, &f->asn_count,
				  (struct traffic_part){ (uint32_t)key,
							 t->asns.amounts[i] });
	}
	if (*count > 0)
		qsort(list, *count, sizeof(*list), compare_flows);
	if (flow_at == NULL) {
		free(list);
		list = NULL;
	}
	free(flow_at);
	return list;
}
