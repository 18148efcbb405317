/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/realm.h"

#include "policy/decide/geo.h"

#include <stdlib.h>

bool realm_is_bound(const struct policy_residency *rule,
		    const struct client_class *class)
{
	return (class->sets >> rule->clients & 1) ||
	       (rule->unknown_included && class->unknown);
}

uint64_t realm_regions(const struct policy *policy, uint64_t jurisdictions)
{
	uint64_t found = 0;

	for (size_t i = 0; i < policy->region_count; i++)
		if (policy->regions[i].jurisdictions & jurisdictions)
			found |= UINT64_C(1) << i;
	return found;
}

static struct realm realm_of(const struct policy *policy,
			     const struct client_class *class)
{
	struct realm realm = {
		.regions = class->regions,
		.none_healthy = class->none_healthy,
		.allowed = UINT64_MAX,
		.classes = 1,
	};

	for (size_t i = 0; i < policy->residency_count; i++)
		if (realm_is_bound(&policy->residency[i], class))
			realm.allowed &= realm_regions(
				policy, policy->residency[i].jurisdictions);
	return realm;
}

static size_t place_of(const struct realms *realms, const struct realm *one)
{
	size_t i = 0;

	while (i < realms->count &&
	       (realms->list[i].regions != one->regions ||
		realms->list[i].none_healthy != one->none_healthy ||
		realms->list[i].allowed != one->allowed))
		i++;
	return i;
}

bool realms_find(const struct policy *policy, const struct geo *geo,
		 struct realms *out)
{
	size_t count = geo_class_count(geo);

	*out = (struct realms){
		.list = calloc(count, sizeof(*out->list)),
		.of_class = calloc(count, sizeof(*out->of_class)),
	};
	if (out->list == NULL || out->of_class == NULL) {
		realms_fini(out);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		struct realm one =
			realm_of(policy, geo_class(geo, (uint16_t)i));
		size_t at = place_of(out, &one);

		out->of_class[i] = (uint16_t)at;
		one.class_id = (uint16_t)i;
		if (at < out->count)
			out->list[at].classes++;
		else
			out->list[out->count++] = one;
	}
	return true;
}

void realms_fini(struct realms *realms)
{
	free(realms->list);
	free(realms->of_class);
	*realms = (struct realms){ .list = NULL };
}
