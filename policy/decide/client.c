/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/client.h"

#include "policy/language/country.h"

#include <math.h>
#include <string.h>

/* In rising order: the surest term of a set decides. */
enum member { MEMBER_NO, MEMBER_MAYBE, MEMBER_YES };

struct question {
	const struct policy *policy;
	const struct client_facts *facts;
	uint64_t networks;
};

static void need_term(struct client_needs *needs, enum client_term_kind kind)
{
	switch (kind) {
	case TERM_CONTINENT:
		needs->continent = true;
		needs->country = true;
		break;
	case TERM_SUBDIVISION:
		needs->subdivision = true;
		needs->country = true;
		break;
	case TERM_COUNTRY:
	case TERM_UNION:
		needs->country = true;
		break;
	case TERM_ASN:
		needs->asn = true;
		break;
	case TERM_NETWORK:
	case TERM_SET:
	case TERM_ALL:
		break;
	}
}

struct client_needs client_needs_of(const struct policy *policy)
{
	struct client_needs needs = { 0 };

	for (size_t i = 0; i < policy->set_count; i++) {
		const struct client_set *set = &policy->sets[i];

		for (size_t j = 0; j < set->term_count; j++)
			need_term(&needs, set->terms[j].kind);
	}
	/* Whom a rule binds because his country is unknown can only be told
	 * when countries are read. */
	for (size_t i = 0; i < policy->residency_count; i++)
		needs.country |= policy->residency[i].unknown_included;
	for (size_t i = 0; i < policy->service_count; i++) {
		enum steer steer = policy->services[i].steer;

		needs.location |= steer == STEER_LATENCY || steer == STEER_GEO;
	}
	return needs;
}

bool client_cell(double latitude, double longitude, int16_t *cell_lat,
		 int16_t *cell_lon)
{
	enum { ROWS = 180 / CLIENT_CELL_DEG, COLUMNS = 360 / CLIENT_CELL_DEG };
	int row, column;

	if (!isfinite(latitude) || !isfinite(longitude) ||
	    fabs(latitude) > 90 || fabs(longitude) > 180 ||
	    (latitude == 0 && longitude == 0))
		return false;
	row = (int)((latitude + 90) / CLIENT_CELL_DEG);
	column = (int)((longitude + 180) / CLIENT_CELL_DEG);
	*cell_lat = (int16_t)(row < ROWS ? row : ROWS - 1);
	*cell_lon = (int16_t)(column < COLUMNS ? column : COLUMNS - 1);
	return true;
}

static enum member member_if(bool known, bool yes)
{
	return !known ? MEMBER_MAYBE : yes ? MEMBER_YES : MEMBER_NO;
}

static enum member in_union(const struct country *country, const char *text)
{
	if (country == NULL)
		return MEMBER_MAYBE;
	return member_if(true,
			 strcmp(text, "eu") == 0 ? country->eu : country->eea);
}

static enum member in_continent(const struct country *country,
				const struct client_facts *facts,
				const char *word)
{
	const char *code = continent_find(word);
	const char *continent =
		country != NULL ? country->continent : facts->continent;

	return member_if(continent[0] != '\0',
			 code != NULL && strcmp(code, continent) == 0);
}

/* A client known to be in another country is not in this one's California. */
static enum member in_subdivision(const struct client_facts *facts,
				  const char *text)
{
	if (facts->country[0] != '\0' && strncmp(facts->country, text, 2) != 0)
		return MEMBER_NO;
	return member_if(facts->subdivision[0] != '\0',
			 strcmp(facts->subdivision, text) == 0);
}

static enum member set_member(const struct question *q, int set,
			      unsigned depth);

/* Networks are answered by the mask, and an ASN is no place: not to have one
 * says nothing about where a client is. */
static enum member term_member(const struct question *q,
			       const struct client_term *term, unsigned depth)
{
	const struct country *country = country_find(q->facts->country);

	switch (term->kind) {
	case TERM_COUNTRY:
		return member_if(country != NULL,
				 strcmp(q->facts->country, term->text) == 0);
	case TERM_UNION:
		return in_union(country, term->text);
	case TERM_CONTINENT:
		return in_continent(country, q->facts, term->text);
	case TERM_SUBDIVISION:
		return in_subdivision(q->facts, term->text);
	case TERM_ASN:
		return member_if(true, q->facts->asn == term->asn);
	case TERM_SET:
		return set_member(q, term->set, depth + 1);
	case TERM_ALL:
		return MEMBER_YES;
	case TERM_NETWORK:
		break;
	}
	return MEMBER_NO;
}

/* Sets have no cycles: the depth is only bounded so that a mistake in a
 * loader cannot hang a daemon. */
static enum member set_member(const struct question *q, int index,
			      unsigned depth)
{
	const struct client_set *set = &q->policy->sets[index];
	enum member best = MEMBER_NO;

	if (depth > POLICY_SETS_MAX)
		return MEMBER_NO;
	if (q->networks >> index & 1)
		return MEMBER_YES;
	for (size_t i = 0; i < set->term_count && best != MEMBER_YES; i++) {
		enum member m = term_member(q, &set->terms[i], depth);

		if (m > best)
			best = m;
	}
	return best;
}

/* Rules add up: a class bound by several rules keeps only the
 * regions that all of them leave. */
static void bind_residency(const struct question *q, struct client_class *class)
{
	const struct policy *policy = q->policy;

	class->regions = policy->region_count >= 64
				 ? UINT64_MAX
				 : (UINT64_C(1) << policy->region_count) - 1;
	for (size_t i = 0; i < policy->residency_count; i++) {
		const struct policy_residency *rule = &policy->residency[i];
		enum member m = set_member(q, rule->clients, 0);
		bool maybe = m == MEMBER_MAYBE || class->unknown;

		if (m != MEMBER_YES && !(rule->unknown_included && maybe))
			continue;
		class->regions &= rule->regions;
		if (rule->none_healthy > class->none_healthy)
			class->none_healthy = rule->none_healthy;
		if (i < 64)
			class->residency |= UINT64_C(1) << i;
	}
}

static void place(struct client_class *class, const struct client_facts *facts)
{
	if (!facts->located || !client_cell(facts->latitude, facts->longitude,
					    &class->cell_lat, &class->cell_lon))
		return;
	class->located = true;
	class->latitude = client_cell_middle(class->cell_lat) - 90;
	class->longitude = client_cell_middle(class->cell_lon) - 180;
}

struct client_class client_classify(const struct policy *policy,
				    const struct client_needs *needs,
				    const struct client_facts *facts,
				    uint64_t networks)
{
	static const struct client_facts nothing = { 0 };
	struct client_class class = { 0 };
	struct question q = {
		.policy = policy,
		.facts = facts != NULL ? facts : &nothing,
		.networks = networks,
	};

	if (needs->location)
		place(&class, q.facts);
	if ((needs->country || needs->location) &&
	    country_find(q.facts->country) != NULL)
		memcpy(class.country, q.facts->country, 3);
	class.unknown =
		class.country[0] == '\0' && (needs->country || !class.located);
	for (size_t i = 0; i < policy->set_count; i++)
		if (set_member(&q, (int)i, 0) == MEMBER_YES)
			class.sets |= UINT64_C(1) << i;
	bind_residency(&q, &class);
	return class;
}
