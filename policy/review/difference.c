/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/difference.h"

#include <stdlib.h>
#include <string.h>

static int find_after(const struct policy *policy, const char *fqdn)
{
	for (size_t i = 0; i < policy->service_count; i++)
		if (strcmp(policy->services[i].fqdn, fqdn) == 0)
			return (int)i;
	return POLICY_NONE;
}

bool difference_find(struct difference *d)
{
	const struct policy *before = d->ground.before.subject->policy;
	const struct policy *after = d->ground.after.subject->policy;

	alterations_find(before, after, &d->alterations);
	d->movements = calloc(before->service_count + 1, sizeof(*d->movements));
	if (d->movements == NULL || d->alterations.lost)
		return false;
	for (size_t i = 0; i < before->service_count; i++) {
		int same = find_after(after, before->services[i].fqdn);

		if (same < 0)
			continue;
		if (!movement_find(&d->ground, (int)i, same,
				   &d->movements[d->count]))
			return false;
		d->count++;
	}
	return true;
}

void difference_fini(struct difference *d)
{
	for (size_t i = 0; i < d->count; i++)
		movement_fini(&d->movements[i]);
	free(d->movements);
	alterations_fini(&d->alterations);
}

static bool is_one_way(const struct movement_flow *a,
		       const struct movement_flow *b)
{
	return a->from == b->from && a->to == b->to && a->cause == b->cause &&
	       a->rule == b->rule;
}

/* Adds a flow to its way; flows come greatest first. */
static void add_flow(struct difference_way *way,
		     const struct movement_flow *flow)
{
	way->v4 += flow->v4;
	way->v6 += flow->v6;
	if (flow->country[0] == '\0' ||
	    way->country_count == DIFFERENCE_COUNTRIES)
		return;
	way->countries[way->country_count] = flow->country;
	way->of_country[way->country_count++] =
		flow->v4 > 0 ? flow->v4 : flow->v6;
}

static int compare_ways(const void *a, const void *b)
{
	const struct difference_way *x = a, *y = b;
	double p = x->v4 + x->v6, q = y->v4 + y->v6;

	return (p < q) - (p > q);
}

static bool is_little(double v4, double v6)
{
	return v4 < 0.005 && v6 < 0.005;
}

struct difference_way *difference_ways(const struct movement *m, size_t *count)
{
	struct difference_way *list = calloc(m->count + 1, sizeof(*list));

	*count = 0;
	for (size_t i = 0; list != NULL && i < m->count; i++) {
		size_t at = 0;

		while (at < *count && !is_one_way(list[at].flow, &m->flows[i]))
			at++;
		if (at == *count)
			list[(*count)++].flow = &m->flows[i];
		add_flow(&list[at], &m->flows[i]);
	}
	if (*count > 0)
		qsort(list, *count, sizeof(*list), compare_ways);
	while (*count > 0 &&
	       is_little(list[*count - 1].v4, list[*count - 1].v6))
		--*count;
	return list;
}

const char *difference_region(const struct rows_side *side, int region)
{
	return region == MOVEMENT_NOBODY
		       ? "no answer"
		       : side->subject->policy->regions[region].name;
}

bool difference_is_still(const struct movement *m)
{
	return is_little(m->moved_v4, m->moved_v6);
}
