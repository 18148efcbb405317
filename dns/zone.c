/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone.h"

struct zone_match zone_find(const struct zone *zone, const struct name *name)
{
	unsigned label = 0;
	const struct zone_node *node =
		index_longest(&zone->index, name, &label);

	if (node == NULL)
		return (struct zone_match){ ZONE_OUTSIDE, NULL };
	if (label == 0)
		return (struct zone_match){ ZONE_EXACT, node };
	/* One below a zone cut has the cut, and is a referral. */
	if (node->wildcard != NULL)
		return (struct zone_match){ ZONE_WILDCARD, node->wildcard };
	return (struct zone_match){ ZONE_MISSING, node };
}
