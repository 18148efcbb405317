/* SPDX-License-Identifier: Apache-2.0 */
/* What moves in a difference, on a map: see policy/review/difference.h. */
#include "policy/base/file.h"
#include "policy/review/chart.h"
#include "policy/review/difference.h"
#include "policy/review/traffic.h"

#include <stdlib.h>

enum { OF_WHAT_SIZE = 100 };

static bool add_queries(struct chart *c, const struct traffic *t)
{
	for (size_t i = 0; i < sums_count(&t->countries); i++) {
		uint64_t key = sums_key(&t->countries, i);
		size_t way = (size_t)(key >> TRAFFIC_LABEL_BITS);
		uint32_t label = (uint32_t)key;
		const char country[3] = { (char)(label >> 8), (char)label, 0 };

		if (!chart_add(c, way / TRAFFIC_REGIONS, way % TRAFFIC_REGIONS,
			       country,
			       100 * t->countries.amounts[i] / t->queries))
			return false;
	}
	return true;
}

static size_t place_of(int region)
{
	return region == MOVEMENT_NOBODY ? CHART_NOBODY : (size_t)region;
}

/* Each service counts alike; of IPv4, or of IPv6 where the databases have no
 * IPv4. */
static bool add_clients(struct chart *c, const struct difference *d)
{
	bool v6 = !(d->ground.overlay->whole_v4 > 0);

	for (size_t i = 0; i < d->count; i++)
		for (size_t k = 0; k < d->movements[i].count; k++) {
			const struct movement_flow *f =
				&d->movements[i].flows[k];

			if (!chart_add(c, place_of(f->from), place_of(f->to),
				       f->country,
				       (v6 ? f->v6 : f->v4) / (double)d->count))
				return false;
		}
	return true;
}

static bool write_chart(const struct chart *c, const char *path,
			struct error *err)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool ok = out != NULL;

	if (ok) {
		chart_draw(c, out);
		ok = fclose(out) == 0;
	}
	if (!ok)
		error_set(err, "out of memory");
	ok = ok && file_replace(path, text, len, err);
	free(text);
	return ok;
}

bool difference_draw(const struct difference *d, const char *path,
		     struct error *err)
{
	char of_what[OF_WHAT_SIZE];
	struct chart chart;
	bool ok;

	if (d->traffic != NULL)
		snprintf(of_what, sizeof(of_what), "of %.0f queries",
			 d->traffic->queries);
	else
		snprintf(of_what, sizeof(of_what),
			 "of the address space, on average of %zu services",
			 d->count);
	ok = chart_init(&chart, &d->ground.before, &d->ground.after, of_what) &&
	     (d->traffic != NULL ? add_queries(&chart, d->traffic)
				 : add_clients(&chart, d)) &&
	     chart_finish(&chart);
	if (!ok)
		error_set(err, "out of memory");
	ok = ok && write_chart(&chart, path, err);
	chart_fini(&chart);
	return ok;
}
