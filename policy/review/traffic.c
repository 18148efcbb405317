/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/traffic.h"

#include "policy/base/hash.h"
#include "policy/decide/geo.h"
#include "policy/decide/intern.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Of a count of many queries without sticky clients so many are drawn. */
enum { DRAWS_MAX = 1024, LABEL_BITS = 32 };

enum { RRTYPE_A = 1, RRTYPE_AAAA = 28, RRTYPE_SVCB = 64, RRTYPE_HTTPS = 65 };

static int compare_names(const void *a, const void *b)
{
	const struct traffic_name *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Lower case, without the final dot; NULL when memory runs out. */
static char *plain_name(const char *name)
{
	char *copy = strdup(name);
	size_t len = copy == NULL ? 0 : strlen(copy);

	if (len > 1 && copy[len - 1] == '.')
		copy[len - 1] = '\0';
	for (size_t i = 0; i < len; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	return copy;
}

static int find_among(const struct traffic *t, size_t count, const char *name)
{
	const struct traffic_name key = { .name = (char *)(uintptr_t)name };
	const struct traffic_name *found =
		bsearch(&key, t->names, count, sizeof(key), compare_names);

	return found == NULL ? POLICY_NONE : found->service;
}

/* Unless it is among the first so many, which are sorted. */
static bool add_name(struct traffic *t, const char *name, size_t service,
		     size_t sorted)
{
	char *plain = plain_name(name);

	if (plain == NULL)
		return false;
	if (find_among(t, sorted, plain) == POLICY_NONE)
		t->names[t->name_count++] =
			(struct traffic_name){ plain, (int)service };
	else
		free(plain);
	return true;
}

static int find_fqdn(const struct policy *policy, const char *fqdn)
{
	for (size_t i = 0; i < policy->service_count; i++)
		if (strcmp(policy->services[i].fqdn, fqdn) == 0)
			return (int)i;
	return POLICY_NONE;
}

static void list_services(struct traffic *t)
{
	const struct policy *before = t->before->subject->policy;
	const struct policy *after = t->after->subject->policy;

	for (size_t i = 0; i < after->service_count; i++) {
		const struct policy_service *s = &after->services[i];

		t->services[t->count++] = (struct traffic_service){
			.name = s->name,
			.before = find_fqdn(before, s->fqdn),
			.after = (int)i,
		};
	}
	for (size_t i = 0; i < before->service_count; i++)
		if (find_fqdn(after, before->services[i].fqdn) == POLICY_NONE)
			t->services[t->count++] = (struct traffic_service){
				.name = before->services[i].name,
				.before = (int)i,
				.after = POLICY_NONE,
			};
}

static const struct policy_service *declared(const struct traffic *t,
					     const struct traffic_service *s)
{
	return s->after >= 0 ? &t->after->subject->policy->services[s->after]
			     : &t->before->subject->policy->services[s->before];
}

/* Whole names, and then those of them as they are written, where no other
 * service has these for a whole one. */
static bool list_names(struct traffic *t)
{
	size_t whole;

	for (size_t i = 0; i < t->count; i++)
		if (!add_name(t, declared(t, &t->services[i])->fqdn, i, 0))
			return false;
	whole = t->name_count;
	qsort(t->names, whole, sizeof(*t->names), compare_names);
	for (size_t i = 0; i < t->count; i++)
		if (!add_name(t, declared(t, &t->services[i])->name, i, whole))
			return false;
	qsort(t->names, t->name_count, sizeof(*t->names), compare_names);
	return true;
}

static bool sums_init(struct traffic_sums *sums)
{
	sums->keys = intern_new(1);
	return sums->keys != NULL;
}

bool traffic_init(struct traffic *t, const struct rows_side *before,
		  const struct rows_side *after)
{
	size_t count = before->subject->policy->service_count +
		       after->subject->policy->service_count;

	*t = (struct traffic){
		.before = before,
		.after = after,
		.carriers = carriers_open(after->subject->policy),
	};
	t->services = calloc(count + 1, sizeof(*t->services));
	t->names = calloc(2 * count + 1, sizeof(*t->names));
	if (t->carriers == NULL || t->services == NULL || t->names == NULL ||
	    !sums_init(&t->countries) || !sums_init(&t->asns))
		return false;
	list_services(t);
	return list_names(t);
}

static void sums_fini(struct traffic_sums *sums)
{
	intern_free(sums->keys);
	free(sums->counts);
}

void traffic_fini(struct traffic *t)
{
	for (size_t i = 0; i < t->count; i++) {
		choices_fini(&t->services[i].choices_before);
		choices_fini(&t->services[i].choices_after);
	}
	for (size_t i = 0; i < t->name_count; i++)
		free(t->names[i].name);
	free(t->services);
	free(t->names);
	sums_fini(&t->countries);
	sums_fini(&t->asns);
	carriers_free(t->carriers);
}

static bool sums_add(struct traffic_sums *sums, uint64_t key, double count)
{
	uint32_t number = intern_number(sums->keys, &key, NULL);
	size_t room = sums->room == 0 ? 256 : 2 * sums->room;
	double *counts;

	if (number == UINT32_MAX)
		return false;
	if (number >= sums->room) {
		counts = realloc(sums->counts, room * sizeof(*counts));
		if (counts == NULL)
			return false;
		memset(counts + sums->room, 0,
		       (room - sums->room) * sizeof(*counts));
		sums->counts = counts;
		sums->room = room;
	}
	sums->counts[number] += count;
	return true;
}

static bool open_service(struct traffic *t, struct traffic_service *s)
{
	s->open = true;
	if ((s->before >= 0 &&
	     !choices_open(&s->choices_before, t->before, s->before)) ||
	    (s->after >= 0 &&
	     !choices_open(&s->choices_after, t->after, s->after)))
		return false;
	for (size_t i = 0; s->before >= 0 && s->after >= 0 &&
			   i < s->choices_before.service->endpoint_count;
	     i++)
		s->after_of[i] = policy_find_endpoint(
			s->choices_after.service,
			s->choices_before.service->endpoints[i].name);
	return true;
}

static bool answers_type(const struct choices *c, uint16_t type)
{
	const struct policy_service *s = c->service;

	return s != NULL &&
	       (type == 0 || type == RRTYPE_A || type == RRTYPE_AAAA ||
		(type == RRTYPE_SVCB && s->svcb.at.line != 0) ||
		(type == RRTYPE_HTTPS && s->https.at.line != 0));
}

static bool draws_anew(const struct traffic_service *s)
{
	return (s->before >= 0 &&
		s->choices_before.service->sticky == STICKY_NONE) ||
	       (s->after >= 0 &&
		s->choices_after.service->sticky == STICKY_NONE);
}

static int pick(const struct choices *c, const struct trace_query *q,
		uint64_t number)
{
	const struct policy_service *s = c->service;
	uint64_t draw;

	if (s == NULL)
		return CHOICES_NOBODY;
	draw = s->sticky == STICKY_NONE
		       ? hash_mix(number)
		       : hash_client(&q->client, q->client.family == NET_V4
							 ? s->sticky_v4_bits
							 : s->sticky_v6_bits);
	return choices_pick(c, &q->client, draw, q->type);
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
	return (uint64_t)(from * TRAFFIC_REGIONS + to) << LABEL_BITS | label;
}

static bool add(struct traffic *t, struct traffic_service *s,
		const struct trace_query *q, double count)
{
	uint64_t number = ++t->drawn;
	int old = pick(&s->choices_before, q, number);
	int new = pick(&s->choices_after, q, number);
	size_t from = region_of(&s->choices_before, old);
	size_t to = region_of(&s->choices_after, new);
	bool stays = old == CHOICES_NOBODY
			     ? new == CHOICES_NOBODY
			     : s->after >= 0 && new != CHOICES_NOBODY &&
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
			key_of(from, to, carriers_asn(t->carriers, &q->client)),
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
	int index = find_among(t, t->name_count, q->name);
	struct traffic_service *s;
	unsigned draws = 1;

	note_time(t, q->wall_ms);
	s = index < 0 ? NULL : &t->services[index];
	if (s != NULL && !s->open && !open_service(t, s))
		return false;
	if (s == NULL || (!answers_type(&s->choices_before, q->type) &&
			  !answers_type(&s->choices_after, q->type))) {
		t->aside += q->count;
		return true;
	}
	t->queries += q->count;
	s->queries += q->count;
	if (draws_anew(s) && q->count > 1)
		draws = q->count < DRAWS_MAX ? (unsigned)q->count : DRAWS_MAX;
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
	size_t way = (size_t)(key >> LABEL_BITS);

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
	for (uint32_t i = 0; list != NULL && flow_at != NULL &&
			     i < intern_count(t->countries.keys);
	     i++) {
		uint64_t key = *intern_key(t->countries.keys, i);
		struct traffic_flow *f = flow_of(list, count, flow_at, key);
		struct traffic_part part = { (uint32_t)key,
					     t->countries.counts[i] };

		f->count += part.count;
		if (part.label != 0)
			keep_part(f->countries, &f->country_count, part);
	}
	for (uint32_t i = 0;
	     list != NULL && flow_at != NULL && i < intern_count(t->asns.keys);
	     i++) {
		uint64_t key = *intern_key(t->asns.keys, i);
		struct traffic_flow *f = flow_of(list, count, flow_at, key);

		if ((uint32_t)key != 0)
			keep_part(f->asns, &f->asn_count,
				  (struct traffic_part){ (uint32_t)key,
							 t->asns.counts[i] });
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
