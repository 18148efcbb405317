/* SPDX-License-Identifier: Apache-2.0 */
#include "traffic_world.h"

#include "policy/base/error.h"
#include "policy/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char eea[] = "DE FR IT NL ES SE PL BE NO IE FI DK AT CZ RO PT HU "
			  "GR BG LT SK HR LV";

/* clang-format off */
static const struct place_row {
	const char *name;
	double latitude, longitude;
	bool eea;
} places[TRAFFIC_REGIONS] = {
	{ "us-east",    38.9,  -77.4, false }, { "us-west",    36.1, -115.2, false },
	{ "sa-east",   -23.5,  -46.6, false }, { "eu-west",    53.4,   -6.3, true },
	{ "eu-central", 50.1,    8.7, true },  { "eu-south",   45.5,    9.2, true },
	{ "cn-east",    31.2,  121.5, false }, { "ap-east",    22.3,  114.2, false },
	{ "ap-south",    1.3,  103.8, false }, { "in-west",    19.1,   72.9, false },
	{ "in-north",   28.6,   77.2, false }, { "me-south",   26.1,   50.6, false },
};
/* clang-format on */

bool traffic_world_is_eea(int region)
{
	return places[region].eea;
}

static void add_class(struct traffic_world *w, const char *code, double weight,
		      const double at[2])
{
	struct client_class *c = &w->classes[w->count];

	assert_true(w->count < TRAFFIC_CLASSES_MAX);
	*c = (struct client_class){
		.located = true,
		.latitude = at[0],
		.longitude = at[1],
		.weight_v4 = weight,
		.regions = (UINT64_C(1) << TRAFFIC_REGIONS) - 1,
	};
	for (size_t r = 0; strstr(eea, code) != NULL && r < TRAFFIC_REGIONS;
	     r++)
		if (!places[r].eea)
			c->regions &= ~(UINT64_C(1) << r);
	w->list[w->count] = c;
	w->demand[w->count++] = weight;
	w->whole += weight;
}

static void read_classes(struct traffic_world *w, const char *name)
{
	const char *srcdir = getenv("SRCDIR");
	struct error err;
	char path[4096], code[3];
	size_t len;
	char *text, *line, *rest = NULL;

	snprintf(path, sizeof(path), "%s/tests/data/traffic/%s.csv",
		 srcdir == NULL ? "." : srcdir, name);
	text = file_read(path, 1 << 20, &len, &err);
	assert_non_null(text);
	for (line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		double weight, at[2];

		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%2[A-Z],%lf,%lf,%lf", code,
					&weight, &at[0], &at[1]),
				 4);
		add_class(w, code, weight, at);
	}
	free(text);
}

static void join(struct traffic_world *w)
{
	w->service = (struct policy_service){
		.name = "www",
		.spill = SPILL_CAPACITY,
		.steer = STEER_GEO,
		.answers = 1,
		.check = POLICY_NONE,
		.endpoints = w->endpoints,
		.endpoint_count = TRAFFIC_REGIONS,
	};
	w->policy.regions = w->regions;
	w->policy.region_count = TRAFFIC_REGIONS;
	w->policy.services = &w->service;
	w->policy.service_count = 1;
	w->seen.endpoints = w->at;
	w->view.policy = &w->policy;
	w->view.services = &w->seen;
}

/* What comes to each when all are well: capacity is by that. */
static void find_base(struct traffic_world *w)
{
	struct crowd crowd;

	traffic_world_gather(w, &crowd);
	for (size_t f = 0; f < crowd.count; f++)
		for (int r = 0; r < TRAFFIC_REGIONS; r++)
			w->base[r] += crowd.flocks[f].well.of[r];
	crowd_fini(&crowd);
	for (int r = 0; r < TRAFFIC_REGIONS; r++) {
		assert_true(w->base[r] > 0);
		w->regions[r].capacity = w->base[r] / 0.8;
	}
}

struct traffic_world *traffic_world_new(const char *name)
{
	struct traffic_world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	for (int r = 0; r < TRAFFIC_REGIONS; r++) {
		w->regions[r] = (struct policy_region){
			.name = places[r].name,
			.latitude = places[r].latitude,
			.longitude = places[r].longitude,
			.capacity = 1,
		};
		w->endpoints[r] = (struct policy_endpoint){
			.name = places[r].name,
			.region = r,
			.weight = 1,
			.canary = POLICY_NONE,
			.shadows = POLICY_NONE,
			.shadowed_by = POLICY_NONE,
		};
		w->at[r] = (struct view_endpoint){
			.health.verdict = VERDICT_UP,
			.accept = ACCEPT_ALL,
			.weight = 1,
		};
	}
	join(w);
	read_classes(w, name);
	w->service.demand = w->whole;
	find_base(w);
	return w;
}

void traffic_world_lose(struct traffic_world *w, uint64_t lost)
{
	for (int r = 0; r < TRAFFIC_REGIONS; r++)
		w->at[r].health.verdict =
			lost >> r & 1 ? VERDICT_DOWN : VERDICT_UP;
}

void traffic_world_gather(const struct traffic_world *w, struct crowd *out)
{
	const struct crowd_case c = {
		.policy = &w->policy,
		.view = &w->view,
		.classes = w->list,
		.count = w->count,
		.demand = w->demand,
	};

	assert_true(crowd_gather(&c, out));
}

bool traffic_world_can(const struct traffic_world *w, uint64_t lost)
{
	const uint64_t everywhere = (UINT64_C(1) << TRAFFIC_REGIONS) - 1;
	double bound = 0, within = 0, all = 0;

	for (size_t i = 0; i < w->count; i++)
		if (w->classes[i].regions != everywhere)
			bound += w->demand[i];
	for (int r = 0; r < TRAFFIC_REGIONS; r++) {
		if (lost >> r & 1)
			continue;
		all += w->regions[r].capacity;
		within += places[r].eea ? w->regions[r].capacity : 0;
	}
	return bound <= within && w->whole <= all;
}
