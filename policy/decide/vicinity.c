/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/vicinity.h"

#include "policy/base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Numbers things by a key of two words: the first is 0, the next new one 1. */
struct numbers {
	struct number {
		uint64_t key[2];
		uint16_t number;
		bool taken;
	} * slots;
	size_t mask;
	uint16_t count;
};

/* Room for at most max different keys. */
static bool numbers_init(struct numbers *numbers, size_t max)
{
	size_t slots = 2;

	while (slots < max * 2)
		slots *= 2;
	*numbers = (struct numbers){
		.slots = calloc(slots, sizeof(struct number)),
		.mask = slots - 1,
	};
	return numbers->slots != NULL;
}

static uint16_t number_of(struct numbers *numbers, uint64_t a, uint64_t b)
{
	size_t i = hash_mix(hash_mix(a) ^ b) & numbers->mask;
	struct number *at = &numbers->slots[i];

	while (at->taken && (at->key[0] != a || at->key[1] != b)) {
		i = (i + 1) & numbers->mask;
		at = &numbers->slots[i];
	}
	if (!at->taken)
		*at = (struct number){ { a, b }, numbers->count++, true };
	return at->number;
}

static uint64_t bits_of(double number)
{
	uint64_t bits;

	static_assert(sizeof(bits) == sizeof(number), "64-bit doubles");
	memcpy(&bits, &number, sizeof(bits));
	return bits;
}

/* What the classes are sorted with; scratch. */
struct sorting {
	struct vicinity *to;
	const struct policy *policy;
	struct numbers realms, spots, kinds;
	struct numbers plain_realms, plain_kinds; /* without their sets */
	uint16_t *first_realm, *first_kind;       /* of the plain ones */
};

static uint16_t realm_of(struct sorting *s, const struct client_class *class)
{
	size_t plain_count = s->plain_realms.count;
	uint16_t plain = number_of(&s->plain_realms, class->regions,
				   (uint64_t) class->none_healthy);
	uint16_t realm = number_of(&s->realms, plain, class->sets);

	if (plain == plain_count)
		s->first_realm[plain] = realm;
	if (realm == s->to->realm_count) {
		s->to->realm_like[realm] = s->first_realm[plain];
		s->to->realms[s->to->realm_count++] = class;
	}
	return realm;
}

static uint16_t spot_of(struct sorting *s, const struct client_class *class)
{
	uint16_t spot;

	if (!class->located)
		return VICINITY_NOWHERE;
	spot = number_of(&s->spots, bits_of(class->latitude),
			 bits_of(class->longitude));
	if (spot == s->to->spot_count) {
		struct latency_ways ways = vicinity_ways(s->to, spot);

		latency_go(s->policy, class->latitude, class->longitude, &ways);
		s->to->spot_count++;
	}
	return spot;
}

/* The first kind that is like this new one but for sets. */
static uint16_t like_of(struct sorting *s, const struct vicinity_kind *kind,
			uint16_t number)
{
	size_t count = s->plain_kinds.count;
	uint16_t plain = number_of(&s->plain_kinds,
				   s->to->realm_like[kind->realm], kind->spot);

	if (plain == count)
		s->first_kind[plain] = number;
	return s->first_kind[plain];
}

static void sort(struct sorting *s, const struct client_class *classes)
{
	for (size_t i = 0; i < s->to->class_count; i++) {
		struct vicinity_kind kind = {
			.realm = realm_of(s, &classes[i]),
			.spot = spot_of(s, &classes[i]),
		};
		uint16_t number = number_of(&s->kinds, kind.realm, kind.spot);

		if (number == s->to->kind_count) {
			kind.like = like_of(s, &kind, number);
			s->to->kinds[s->to->kind_count++] = kind;
		}
		s->to->kind_of_class[i] = number;
	}
}

/* Room for as many of everything as there are classes. */
static bool make_room(struct vicinity *v)
{
	size_t places = v->class_count + 1;

	v->realms = calloc(places, sizeof(struct client_class *));
	v->realm_like = calloc(places, sizeof(v->realm_like[0]));
	v->kinds = calloc(places, sizeof(v->kinds[0]));
	v->kind_of_class = calloc(places, sizeof(v->kind_of_class[0]));
	v->region_ms = calloc(places, (v->region_count + 1) * sizeof(double));
	v->regions = calloc(places, v->region_count + 1);
	v->vantage_km = calloc(places, (v->vantage_count + 1) * sizeof(float));
	v->vantages = calloc(places, v->vantage_count + 1);
	v->cells = calloc(places, sizeof(v->cells[0]));
	return v->realms != NULL && v->realm_like != NULL && v->kinds != NULL &&
	       v->kind_of_class != NULL && v->region_ms != NULL &&
	       v->regions != NULL && v->vantage_km != NULL &&
	       v->vantages != NULL && v->cells != NULL;
}

static bool sorting_init(struct sorting *s, size_t count)
{
	s->first_realm = calloc(count + 1, sizeof(*s->first_realm));
	s->first_kind = calloc(count + 1, sizeof(*s->first_kind));
	return s->first_realm != NULL && s->first_kind != NULL &&
	       numbers_init(&s->realms, count) &&
	       numbers_init(&s->spots, count) &&
	       numbers_init(&s->kinds, count) &&
	       numbers_init(&s->plain_realms, count) &&
	       numbers_init(&s->plain_kinds, count);
}

static void sorting_fini(struct sorting *s)
{
	free(s->realms.slots);
	free(s->spots.slots);
	free(s->kinds.slots);
	free(s->plain_realms.slots);
	free(s->plain_kinds.slots);
	free(s->first_realm);
	free(s->first_kind);
}

struct vicinity *vicinity_new(const struct policy *policy,
			      const struct client_class *classes, size_t count)
{
	struct vicinity *v = calloc(1, sizeof(*v));
	struct sorting s = { .to = v, .policy = policy };
	bool ok;

	assert(count <= VICINITY_NOWHERE);
	if (v == NULL)
		return NULL;
	v->class_count = count;
	v->region_count = policy->region_count;
	v->vantage_count = policy->vantage_count;
	ok = make_room(v) && sorting_init(&s, count);
	if (ok)
		sort(&s, classes);
	sorting_fini(&s);
	if (ok)
		return v;
	vicinity_free(v);
	return NULL;
}

void vicinity_free(struct vicinity *vicinity)
{
	if (vicinity == NULL)
		return;
	free(vicinity->realms);
	free(vicinity->realm_like);
	free(vicinity->kinds);
	free(vicinity->kind_of_class);
	free(vicinity->region_ms);
	free(vicinity->regions);
	free(vicinity->vantage_km);
	free(vicinity->vantages);
	free(vicinity->cells);
	free(vicinity);
}

struct latency_ways vicinity_ways(const struct vicinity *vicinity,
				  uint16_t spot)
{
	size_t region = spot * vicinity->region_count;
	size_t vantage = spot * vicinity->vantage_count;

	return (struct latency_ways){
		.region_ms = vicinity->region_ms + region,
		.regions = vicinity->regions + region,
		.vantage_km = vicinity->vantage_km + vantage,
		.vantages = vicinity->vantages + vantage,
		.cell = vicinity->cells + spot,
	};
}
