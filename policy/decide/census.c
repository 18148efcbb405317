/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/census.h"

#include "policy/base/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(POLICY_SERVICES_MAX <= UINT16_MAX, "a service's number fits");
static_assert(POLICY_ENDPOINTS_MAX <= UINT8_MAX, "an endpoint's number fits");

struct census_name {
	const char *service, *endpoint;
	size_t number;
};

static struct census_name name_at(const struct census *census, size_t number)
{
	const struct census_place *at = &census->places[number];
	const struct policy_service *service =
		&census->policy->services[at->service];

	return (struct census_name){ service->name,
				     service->endpoints[at->endpoint].name,
				     number };
}

static int compare(const void *a, const void *b)
{
	const struct census_name *left = a, *right = b;
	int order = strcmp(left->service, right->service);

	return order != 0 ? order : strcmp(left->endpoint, right->endpoint);
}

bool census_init(struct census *census, const struct policy *policy,
		 struct arena *arena)
{
	size_t at = 0;

	*census = (struct census){ .policy = policy, .arena = arena };
	for (size_t s = 0; s < policy->service_count; s++)
		census->count += policy->services[s].endpoint_count;
	census->places =
		arena_alloc(arena, census->count, sizeof(census->places[0]));
	if (census->places == NULL)
		return false;
	for (size_t s = 0; s < policy->service_count; s++)
		for (size_t e = 0; e < policy->services[s].endpoint_count; e++)
			census->places[at++] =
				(struct census_place){ (uint16_t)s,
						       (uint8_t)e };
	return true;
}

static bool sort_names(struct census *census)
{
	census->names = arena_alloc(census->arena, census->count,
				    sizeof(census->names[0]));
	census->failed = census->names == NULL;
	if (census->failed)
		return false;
	for (size_t i = 0; i < census->count; i++)
		census->names[i] = name_at(census, i);
	qsort(census->names, census->count, sizeof(census->names[0]), compare);
	return true;
}

size_t census_find(struct census *census, size_t hint, const char *service,
		   const char *endpoint)
{
	const struct census_name wanted = { service, endpoint, 0 };
	const struct census_name *found;

	if (hint < census->count) {
		struct census_name guess = name_at(census, hint);

		if (compare(&guess, &wanted) == 0)
			return hint;
	}
	if (census->names == NULL && !sort_names(census))
		return CENSUS_NONE;
	if (census->next < census->count &&
	    compare(&census->names[census->next], &wanted) == 0)
		return census->names[census->next++].number;
	found = bsearch(&wanted, census->names, census->count,
			sizeof(census->names[0]), compare);
	if (found == NULL)
		return CENSUS_NONE;
	census->next = (size_t)(found - census->names) + 1;
	return found->number;
}
