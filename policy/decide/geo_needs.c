/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/geo_needs.h"

#include "policy/base/error.h"
#include "policy/decide/atlas.h"
#include "policy/language/code.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert((int)GEO_GIVEN_MAX == (int)WALK_DATABASES_MAX,
	      "one entry for each database");

/* Who needs a field first: where it is written and what to call it. */
struct needer {
	struct place at;
	char what[POLICY_NAME_MAX + 32];
};

struct requirement {
	bool needed;
	unsigned any_of; /* enum atlas_facts: one of these will do */
	const char *field, *kind;
	struct needer (*first)(const struct policy *policy);
};

static struct needer first_located(const struct policy *policy)
{
	struct needer n = { .at = policy->geo.at };

	for (size_t i = 0; i < policy->service_count; i++) {
		const struct policy_service *service = &policy->services[i];

		if (service->steer != STEER_LATENCY &&
		    service->steer != STEER_GEO)
			continue;
		n.at = service->at;
		snprintf(n.what, sizeof(n.what), "service %s", service->name);
		break;
	}
	return n;
}

static const struct client_term *first_term(const struct client_set *set,
					    unsigned kinds)
{
	for (size_t i = 0; i < set->term_count; i++)
		if (kinds >> set->terms[i].kind & 1)
			return &set->terms[i];
	return NULL;
}

/* kinds: bit for each kind of term. */
static struct needer first_set(const struct policy *policy, unsigned kinds)
{
	struct needer n = { .at = policy->geo.at };

	for (size_t i = 0; i < policy->set_count; i++) {
		const struct client_set *set = &policy->sets[i];
		const struct client_term *term = first_term(set, kinds);

		if (term == NULL)
			continue;
		n.at = term->at;
		snprintf(n.what, sizeof(n.what), "client set %s", set->name);
		break;
	}
	return n;
}

static struct needer first_country(const struct policy *policy)
{
	struct needer n =
		first_set(policy, 1u << TERM_COUNTRY | 1u << TERM_UNION |
					  1u << TERM_CONTINENT |
					  1u << TERM_SUBDIVISION);

	for (size_t i = 0; n.what[0] == '\0' && i < policy->residency_count;
	     i++) {
		const struct policy_residency *rule = &policy->residency[i];

		if (!rule->unknown_included)
			continue;
		n.at = rule->at;
		snprintf(n.what, sizeof(n.what), "residency rule %s",
			 rule->name);
	}
	return n;
}

static struct needer first_subdivision(const struct policy *policy)
{
	return first_set(policy, 1u << TERM_SUBDIVISION);
}

static struct needer first_asn(const struct policy *policy)
{
	return first_set(policy, 1u << TERM_ASN);
}

/* "a.mmdb, b.mmdb", cut with dots where it grows too long. */
static const char *file_list(const struct policy *policy, char *buf,
			     size_t size)
{
	size_t used = 0;

	snprintf(buf, size, "it is empty");
	for (size_t i = 0; i < policy->geo.database_count; i++) {
		const char *slash = strrchr(policy->geo.databases[i], '/');
		const char *file =
			slash == NULL ? policy->geo.databases[i] : slash + 1;

		if (used + strlen(file) + 8 > size) {
			snprintf(buf + used, size - used, ", ...");
			break;
		}
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
					 i == 0 ? "" : ", ", file);
	}
	return buf;
}

static bool requirement_met(const struct policy *policy,
			    const struct requirement *r,
			    const struct geo_given *given, struct errors *errs)
{
	struct needer n = r->first(policy);
	bool v4 = (given->v4 & r->any_of) != 0;
	bool v6 = (given->v6 & r->any_of) != 0;
	char files[80];

	if (!v4 && !v6) {
		errors_add(errs, CODE_GEO_MISSING, n.at,
			   "%s needs the %s of clients, and no file of "
			   "geo.databases has it (%s); add %s database "
			   "(contrib/geo/fetch)",
			   n.what, r->field,
			   file_list(policy, files, sizeof(files)), r->kind);
		return false;
	}
	if (!v4 || !v6)
		errors_warn(errs, CODE_GEO_FAMILY, n.at,
			    "%s needs the %s of clients, and geo.databases "
			    "has it for IPv%d alone: other clients count as "
			    "of unknown place",
			    n.what, r->field, v4 ? 4 : 6);
	return true;
}

/* A file in which nothing was found that could have been used. */
static void name_useless(const struct policy *policy,
			 const struct client_needs *needs,
			 const struct geo_given *given, struct errors *errs)
{
	if (!needs->country && !needs->location && !needs->asn)
		return;
	for (size_t i = 0; i < policy->geo.database_count; i++) {
		const struct place at = policy->geo.database_at != NULL
						? policy->geo.database_at[i]
						: policy->geo.at;

		if (given->in[i] != 0)
			continue;
		errors_warn(errs, CODE_GEO_IDLE, at,
			    "%s has no field that this policy looks at; it "
			    "can be left out",
			    policy->geo.databases[i]);
	}
}

bool geo_needs_met(const struct policy *policy,
		   const struct client_needs *needs,
		   const struct geo_given *given, struct errors *errs)
{
	const struct requirement rows[] = {
		{ needs->country, ATLAS_COUNTRY, "country", "a country or city",
		  first_country },
		{ needs->subdivision, ATLAS_SUBDIVISION, "subdivision",
		  "a city", first_subdivision },
		{ needs->location, ATLAS_LOCATION, "location", "a city",
		  first_located },
		{ needs->asn, ATLAS_ASN, "AS number", "an ASN", first_asn },
	};
	bool met = true;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].needed)
			met = requirement_met(policy, &rows[i], given, errs) &&
			      met;
	if (met)
		name_useless(policy, needs, given, errs);
	return met;
}
