/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zones.h"

#include "dns/zone.h"
#include "policy/base/error.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"

#include <stdlib.h>

/* An apex in the index of apexes; the index knows only the node. */
struct apex {
	struct zone_node node; /* first, so that it leads here */
	const struct zone *zone;
};

struct zones {
	size_t count;
	struct zone **list; /* as policy->zones */
	struct apex *apexes;
	struct index index; /* of apexes, when there are several */
};

const struct zone *zones_at(const struct zones *zones, size_t index)
{
	return zones->list[index];
}

const struct zone *zones_find(const struct zones *zones,
			      const struct name *name)
{
	const struct zone_node *node;

	if (zones->count == 1)
		return zones->list[0];
	node = index_longest(&zones->index, name,
			     index_begin(&zones->index, name))
		       .node;
	return node == NULL ? NULL : ((const struct apex *)node)->zone;
}

/* The same, of the zones above name. */
static const struct zone *find_above(const struct zones *zones,
				     const struct name *name)
{
	for (unsigned label = 1; label <= name->labels; label++) {
		const struct zone_node *node =
			index_find(&zones->index, name, label);

		if (node != NULL)
			return ((const struct apex *)node)->zone;
	}
	return NULL;
}

/*
 * RFC 4035, 3.1.4.1: DS is the parent's.  A zone above that does not delegate
 * this one is not its parent, and must not say that there is no such name.
 */
static const struct zone *parent_of(const struct zones *zones,
				    const struct name *apex)
{
	const struct zone *above = find_above(zones, apex);
	struct zone_match match;

	if (above == NULL)
		return NULL;
	match = zone_find(above, apex);
	return match.found == ZONE_EXACT && match.node->cut == match.node
		       ? above
		       : NULL;
}

static bool add_apex(struct zones *zones, size_t i)
{
	const struct zone *zone = zones->list[i];
	struct apex *apex = &zones->apexes[i];
	struct name name;

	apex->node = *zone->apex;
	apex->zone = zone;
	return name_from_wire(apex->node.octets, apex->node.len, &name) &&
	       index_add(&zones->index, &name, 0, &apex->node);
}

static void find_parents(struct zones *zones)
{
	for (size_t i = 0; i < zones->count; i++) {
		struct zone *zone = zones->list[i];
		struct name name;

		if (name_from_wire(zone->apex->octets, zone->apex->len, &name))
			zone->parent = parent_of(zones, &name);
	}
}

static bool fill(struct zones *zones, const struct policy *policy,
		 struct signer *const *signers, struct pool *pools,
		 struct errors *errs)
{
	for (size_t i = 0; i < zones->count; i++) {
		const struct zone_signing signing = {
			.signer = signers == NULL ? NULL : signers[i],
			.pools = pools,
		};

		zones->list[i] = zone_build(policy, i, &signing, errs);
		if (zones->list[i] == NULL)
			return false;
		zones->list[i]->number = (uint16_t)i;
		if (zones->count > 1 && !add_apex(zones, i)) {
			errors_add(errs, CODE_MEMORY, policy->zones[i].at,
				   "out of memory");
			return false;
		}
	}
	if (zones->count > 1)
		find_parents(zones);
	return true;
}

struct zones *zones_build(const struct policy *policy,
			  struct signer *const *signers, struct pool *pools,
			  struct errors *errs)
{
	struct zones *zones = calloc(1, sizeof(*zones));

	if (zones != NULL) {
		zones->count = policy->zone_count;
		zones->list = calloc(zones->count, sizeof(zones->list[0]));
		zones->apexes = calloc(zones->count, sizeof(zones->apexes[0]));
	}
	if (zones != NULL && zones->list != NULL && zones->apexes != NULL) {
		if (fill(zones, policy, signers, pools, errs))
			return zones;
	} else {
		errors_add(errs, CODE_MEMORY, (struct place){ 0 },
			   "out of memory");
	}
	zones_free(zones);
	return NULL;
}

void zones_free(struct zones *zones)
{
	if (zones == NULL)
		return;
	for (size_t i = 0; zones->list != NULL && i < zones->count; i++)
		zone_free(zones->list[i]);
	index_fini(&zones->index);
	free(zones->apexes);
	free(zones->list);
	free(zones);
}
