/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/chart.h"

#include "policy/decide/geo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_BITS = 16, LETTERS = 26, COUNTRIES = LETTERS * LETTERS };

/* Where the clients of a country are: the sum of the places as points of the
 * sphere, so that one on both sides of the date line is not in Africa. */
struct gathering {
	double x, y, z;
};

bool chart_init(struct chart *c, const struct rows_side *before,
		const struct rows_side *after, const char *of_what)
{
	*c = (struct chart){
		.before = before,
		.after = after,
		.of_what = of_what,
	};
	return sums_init(&c->parts);
}

void chart_fini(struct chart *c)
{
	sums_fini(&c->parts);
	free(c->dots);
}

const char *chart_region(const struct rows_side *side, size_t region)
{
	return region == CHART_NOBODY
		       ? "no answer"
		       : side->subject->policy->regions[region].name;
}

/* A country as a number; COUNTRIES: none. */
static size_t country_number(const char *country)
{
	for (int i = 0; i < 2; i++)
		if (country[i] < 'A' || country[i] > 'Z')
			return COUNTRIES;
	return (size_t)(country[0] - 'A') * LETTERS +
	       (size_t)(country[1] - 'A');
}

bool chart_add(struct chart *c, size_t from, size_t to, const char country[3],
	       double pct)
{
	uint64_t key = (from * CHART_REGIONS + to) << LABEL_BITS |
		       country_number(country);

	c->moved_pct += pct;
	return sums_add(&c->parts, key, pct);
}

static int compare_ways(const void *a, const void *b)
{
	const struct chart_way *x = a, *y = b;

	if (x->pct != y->pct)
		return x->pct < y->pct ? 1 : -1;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* All ways, greatest first, by numbers of from * CHART_REGIONS + to; the caller
 * frees them. */
static struct chart_way *list_ways(const struct chart *c)
{
	enum { WAYS = CHART_REGIONS * CHART_REGIONS };
	struct chart_way *list = calloc(WAYS, sizeof(*list));

	for (size_t i = 0; list != NULL && i < WAYS; i++) {
		list[i].from = i / CHART_REGIONS;
		list[i].to = i % CHART_REGIONS;
	}
	for (size_t i = 0; list != NULL && i < sums_count(&c->parts); i++)
		list[sums_key(&c->parts, i) >> LABEL_BITS].pct +=
			c->parts.amounts[i];
	if (list != NULL)
		qsort(list, WAYS, sizeof(*list), compare_ways);
	return list;
}

static bool find_ways(struct chart *c)
{
	struct chart_way *list = list_ways(c);

	if (list == NULL)
		return false;
	while (c->way_count < CHART_WAYS && list[c->way_count].pct > 0) {
		c->ways[c->way_count] = list[c->way_count];
		c->way_count++;
	}
	for (size_t i = CHART_WAYS;
	     i < CHART_REGIONS * CHART_REGIONS && list[i].pct > 0; i++) {
		c->way_count = CHART_WAYS + 1;
		c->ways[CHART_WAYS].pct += list[i].pct;
	}
	free(list);
	return true;
}

static size_t way_of(const struct chart *c, size_t from, size_t to)
{
	size_t way = 0;

	while (way < c->way_count && way < CHART_WAYS &&
	       (c->ways[way].from != from || c->ways[way].to != to))
		way++;
	return way;
}

static const double RADIANS = 3.14159265358979323846 / 180;

static void gather(const struct chart *c, struct gathering *countries)
{
	const struct geo *geo = c->after->subject->geo;

	for (size_t i = 0; i < geo_class_count(geo); i++) {
		const struct client_class *class = geo_class(geo, (uint16_t)i);
		size_t number = country_number(class->country);
		double lat = class->latitude * RADIANS;
		double lon = class->longitude * RADIANS;
		/* A country of IPv6 alone is somewhere, too. */
		double weight = class->weight_v4 + 1e-6 * class->weight_v6;

		if (!class->located || number == COUNTRIES)
			continue;
		countries[number].x += weight * cos(lat) * cos(lon);
		countries[number].y += weight * cos(lat) * sin(lon);
		countries[number].z += weight * sin(lat);
	}
}

/* False when nobody knows where it is. */
static bool find_place(const struct gathering *g, struct chart_dot *dot)
{
	double flat = hypot(g->x, g->y);

	if (!(hypot(flat, g->z) > 0))
		return false;
	dot->latitude = atan2(g->z, flat) / RADIANS;
	dot->longitude = atan2(g->y, g->x) / RADIANS;
	return true;
}

static int compare_dots(const void *a, const void *b)
{
	const struct chart_dot *x = a, *y = b;

	if (x->pct != y->pct)
		return x->pct < y->pct ? 1 : -1;
	return strcmp(x->country, y->country);
}

static void add_dot(struct chart *c, uint64_t key, double pct,
		    const struct gathering *countries)
{
	size_t number = key & ((1 << LABEL_BITS) - 1);
	size_t way = (size_t)(key >> LABEL_BITS);
	struct chart_dot dot = {
		.way = way_of(c, way / CHART_REGIONS, way % CHART_REGIONS),
		.pct = pct,
	};

	if (number == COUNTRIES || !find_place(&countries[number], &dot)) {
		c->placeless_pct += pct;
		return;
	}
	dot.country[0] = (char)('A' + number / LETTERS);
	dot.country[1] = (char)('A' + number % LETTERS);
	/* All other ways have one dot a country. */
	for (size_t i = 0; dot.way == CHART_WAYS && i < c->dot_count; i++)
		if (c->dots[i].way == CHART_WAYS &&
		    strcmp(c->dots[i].country, dot.country) == 0) {
			c->dots[i].pct += pct;
			return;
		}
	c->dots[c->dot_count++] = dot;
}

bool chart_finish(struct chart *c)
{
	struct gathering *countries = calloc(COUNTRIES, sizeof(*countries));
	size_t count = sums_count(&c->parts);

	c->dots = calloc(count + 1, sizeof(*c->dots));
	if (countries == NULL || c->dots == NULL || !find_ways(c)) {
		free(countries);
		return false;
	}
	gather(c, countries);
	for (size_t i = 0; i < count; i++)
		add_dot(c, sums_key(&c->parts, i), c->parts.amounts[i],
			countries);
	free(countries);
	if (c->dot_count > 0)
		qsort(c->dots, c->dot_count, sizeof(*c->dots), compare_dots);
	return true;
}
