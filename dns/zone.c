/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone.h"

struct zone_match zone_find(const struct zone *zone, const struct name *name)
{
	unsigned deepest = zone->index.labels_max;
	unsigned label = name->labels > deepest ? name->labels - deepest : 0;

	for (; label <= name->labels; label++) {
		const struct zone_node *node =
			index_find(&zone->index, name, label);

		if (node == NULL)
			continue;
		if (label == 0)
			return (struct zone_match){ ZONE_EXACT, node };
		/* One below a zone cut has the cut, and is a referral. */
		if (node->wildcard != NULL)
			return (struct zone_match){ ZONE_WILDCARD,
						    node->wildcard };
		return (struct zone_match){ ZONE_MISSING, node };
	}
	return (struct zone_match){ ZONE_OUTSIDE, NULL };
}

const struct rrset *zone_rrset(const struct zone_node *node, uint16_t type)
{
	for (uint16_t i = 0; i < node->rrset_count; i++)
		if (node->rrsets[i].type == type)
			return &node->rrsets[i];
	return NULL;
}
