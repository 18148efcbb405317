/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/traffic_report.h"

#include "policy/review/traffic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SERVICES_SHOWN = 10 };

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static const char *region_name(const struct rows_side *side, size_t region)
{
	return region == TRAFFIC_NOBODY
		       ? "no answer"
		       : side->subject->policy->regions[region].name;
}

static void print_label(uint32_t label, bool is_country)
{
	if (is_country)
		printf("%c%c", (int)(label >> 8), (int)(label & 0xff));
	else
		printf("AS%" PRIu32, label);
}

static void print_parts(const struct traffic *t,
			const struct traffic_part *parts, size_t count,
			bool are_countries)
{
	for (size_t i = 0; i < count; i++) {
		printf("%s", i == 0 ? "; " : ", ");
		print_label(parts[i].label, are_countries);
		printf(" %.2f", percent(parts[i].count, t->queries));
	}
}

static void print_flow(const struct traffic *t, const struct traffic_flow *f)
{
	printf("%.2f %% %s -> %s", percent(f->count, t->queries),
	       region_name(t->before, f->from), region_name(t->after, f->to));
	print_parts(t, f->countries, f->country_count, true);
	print_parts(t, f->asns, f->asn_count, false);
}

static void print_flows(const struct traffic *t, const char *margin)
{
	size_t count;
	struct traffic_flow *flows = traffic_flows(t, &count);

	for (size_t i = 0; flows != NULL && i < count; i++) {
		printf("%s", margin);
		print_flow(t, &flows[i]);
		printf("\n");
	}
	free(flows);
}

/* Of one region of the policy after. */
struct region_load {
	const struct policy_region *region;
	struct traffic_load before, after;
};

static struct region_load load_of(const struct traffic *t, size_t region)
{
	const struct policy *policy = t->after->subject->policy;
	const struct policy *old = t->before->subject->policy;
	struct region_load load = { .region = &policy->regions[region] };
	int was = policy_find_region(old, load.region->name);

	load.after = traffic_load(t, true, region);
	if (was >= 0)
		load.before = traffic_load(t, false, (size_t)was);
	return load;
}

static bool is_idle(const struct region_load *load)
{
	return load->before.queries <= 0 && load->after.queries <= 0;
}

/* The rest of a line or of a table's row: a second, and of the capacity. */
static void print_rates(const struct traffic *t, const struct region_load *l,
			const char *sep)
{
	double s = traffic_seconds(t);

	if (s > 0)
		printf("%s%.1f -> %.1f a second", sep, l->before.queries / s,
		       l->after.queries / s);
	if (l->before.demand > 0 || l->after.demand > 0)
		printf("%sdemand %.0f -> %.0f", sep, l->before.demand,
		       l->after.demand);
	if (l->region->capacity > 0)
		printf("%scapacity %.0f%s", sep, l->region->capacity,
		       l->after.demand > l->region->capacity ? ": TOO LITTLE"
							     : "");
}

static void print_loads(const struct traffic *t, const char *margin)
{
	size_t count = t->after->subject->policy->region_count;

	for (size_t i = 0; i < count; i++) {
		struct region_load l = load_of(t, i);

		if (is_idle(&l))
			continue;
		printf("%sload of %s: %.2f -> %.2f %%", margin, l.region->name,
		       percent(l.before.queries, t->queries),
		       percent(l.after.queries, t->queries));
		print_rates(t, &l, ", ");
		printf("\n");
	}
}

static int compare_services(const void *a, const void *b)
{
	const struct traffic_service *const *x = a, *const *y = b;

	return ((*x)->moved < (*y)->moved) - ((*x)->moved > (*y)->moved);
}

static void print_services(const struct traffic *t, const char *margin)
{
	const struct traffic_service **list =
		calloc(t->count + 1, sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; list != NULL && i < t->count; i++)
		if (t->services[i].moved > 0)
			list[count++] = &t->services[i];
	if (count > 0)
		qsort(list, count, sizeof(*list), compare_services);
	for (size_t i = 0; i < count && i < SERVICES_SHOWN; i++)
		printf("%s%s: %.2f %% of %.0f queries move\n", margin,
		       list[i]->pair.name,
		       percent(list[i]->moved, list[i]->queries),
		       list[i]->queries);
	if (count > SERVICES_SHOWN)
		printf("%sand queries of %zu more services\n", margin,
		       count - SERVICES_SHOWN);
	free(list);
}

static void print_summary(const struct traffic *t)
{
	printf("%.2f %% of %.0f queries move", percent(t->moved, t->queries),
	       t->queries);
	if (t->aside > 0)
		printf("; %.0f more ask for no endpoint", t->aside);
	if (t->tally.bad > 0)
		printf("; %" PRIu64 " records make no sense (%" PRIu64 ": %s)",
		       t->tally.bad, t->tally.first_bad, t->tally.why);
}

void traffic_print(const struct traffic *t)
{
	printf("traffic: ");
	print_summary(t);
	printf("\n");
	print_flows(t, "    ");
	print_loads(t, "    ");
	print_services(t, "    ");
}

/* From rows to columns: those that something moves from, or to. */
static void print_matrix(const struct traffic *t,
			 const struct traffic_flow *flows, size_t count)
{
	double *cells =
		calloc(TRAFFIC_REGIONS * TRAFFIC_REGIONS, sizeof(*cells));
	double from[TRAFFIC_REGIONS] = { 0 }, to[TRAFFIC_REGIONS] = { 0 };

	for (size_t i = 0; cells != NULL && i < count; i++) {
		cells[flows[i].from * TRAFFIC_REGIONS + flows[i].to] +=
			flows[i].count;
		from[flows[i].from] += flows[i].count;
		to[flows[i].to] += flows[i].count;
	}
	printf("\n| from \\ to |");
	for (size_t i = 0; i < TRAFFIC_REGIONS; i++)
		if (to[i] > 0)
			printf(" %s |", region_name(t->after, i));
	printf("\n|---|");
	for (size_t i = 0; i < TRAFFIC_REGIONS; i++)
		if (to[i] > 0)
			printf("---:|");
	for (size_t i = 0; cells != NULL && i < TRAFFIC_REGIONS; i++) {
		if (from[i] <= 0)
			continue;
		printf("\n| %s |", region_name(t->before, i));
		for (size_t k = 0; k < TRAFFIC_REGIONS; k++)
			if (to[k] > 0)
				printf(" %.2f %% |",
				       percent(cells[i * TRAFFIC_REGIONS + k],
					       t->queries));
	}
	printf("\n");
	free(cells);
}

void traffic_print_markdown(const struct traffic *t)
{
	size_t count;
	struct traffic_flow *flows = traffic_flows(t, &count);

	printf("\n**");
	print_summary(t);
	printf("**\n");
	if (flows != NULL && count > 0)
		print_matrix(t, flows, count);
	printf("\n<details><summary>queries by region, country and "
	       "service</summary>\n\n");
	print_flows(t, "- ");
	print_loads(t, "- ");
	print_services(t, "- ");
	printf("\n</details>\n");
	free(flows);
}
