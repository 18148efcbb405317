/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/queried.h"

#include "dns/stats.h"
#include "policy/bus/node_counts.h"
#include "policy/language/policy.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static_assert((int)DEMAND_HOMES == (int)NODE_COUNTS_HOMES_MAX,
	      "a record has room for every home");

void queried_forget(struct queried *queried)
{
	free(queried->told);
	*queried = (struct queried){ .told = NULL };
}

/* What there is now is where counting begins. */
static void begin(struct queried *queried, const struct stats *stats,
		  const struct policy *policy, int64_t now_ms)
{
	queried->told =
		calloc(policy->service_count + 1, sizeof(*queried->told));
	queried->told_ms = now_ms;
	for (size_t s = 0; queried->told != NULL && s < policy->service_count;
	     s++)
		for (size_t h = 0; h < DEMAND_HOMES; h++)
			queried->told[s][h] = stats_home(stats, s, h);
}

/* The regions in their order, then nowhere: what a home is in a row. */
static void name_homes(const struct policy *policy, struct node_counts *out)
{
	out->home_count = policy->region_count + 1;
	for (size_t i = 0; i < policy->region_count; i++)
		snprintf(out->homes[i], sizeof(out->homes[i]), "%s",
			 policy->regions[i].name);
}

/* Of one service and home; none when the counter went back, for want of
 * memory. */
static uint64_t take(uint64_t *told, uint64_t now)
{
	uint64_t since = now > *told ? now - *told : 0;

	*told = now;
	return since;
}

static bool take_service(struct queried *queried, const struct stats *stats,
			 const struct policy *policy, size_t service,
			 struct node_counts_row *row)
{
	uint64_t *told = queried->told[service];
	bool any = false;

	*row = (struct node_counts_row){ .service = "" };
	snprintf(row->service, sizeof(row->service), "%s",
		 policy->services[service].name);
	for (size_t h = 0; h <= policy->region_count; h++) {
		size_t home = h < policy->region_count ? h : DEMAND_NOWHERE;

		row->of[h] =
			take(&told[home], stats_home(stats, service, home));
		any |= row->of[h] > 0;
	}
	return any;
}

bool queried_tell(struct queried *queried, const struct stats *stats,
		  const struct policy *policy, int64_t now_ms,
		  struct node_counts *out)
{
	struct node_counts counts = { .over_ms = now_ms - queried->told_ms };

	/* A machine that slept tells nothing of it. */
	if (queried->told == NULL || counts.over_ms > NODE_COUNTED_MS_MAX) {
		queried_forget(queried);
		begin(queried, stats, policy, now_ms);
		return false;
	}
	if (counts.over_ms < NODE_COUNTS_EVERY_MS)
		return false;
	counts.rows = calloc(policy->service_count + 1, sizeof(*counts.rows));
	if (counts.rows == NULL)
		return false;
	name_homes(policy, &counts);
	for (size_t s = 0; s < policy->service_count; s++)
		counts.count += take_service(queried, stats, policy, s,
					     &counts.rows[counts.count]);
	queried->told_ms = now_ms;
	node_counts_cut(&counts);
	*out = counts;
	return true;
}
