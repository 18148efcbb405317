/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Twelve regions, each loaded to 80 % of what it can carry by the clients that
 * are nearest to it, by country (tests/data/traffic/countries.csv); those of
 * the European Economic Area stay in it.  Each region is lost in turn: what do
 * the others get, with acceptance by policy/decide/spill and without, and how
 * many clients move?
 */
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/base/hash.h"
#include "policy/decide/share.h"
#include "policy/decide/spill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { REGIONS = 12, COUNTRIES_MAX = 128, DRAWS = 400 };

static const char eea[] = "DE FR IT NL ES SE PL BE NO IE FI DK AT CZ RO PT HU "
			  "GR BG LT SK HR LV";

/* clang-format off */
static const struct place_row {
	const char *name;
	double latitude, longitude;
	bool eea;
} places[REGIONS] = {
	{ "us-east",    38.9,  -77.4, false }, { "us-central", 41.6,  -93.6, false },
	{ "us-west",    45.6, -121.2, false }, { "sa-east",   -23.5,  -46.6, false },
	{ "eu-west",    53.4,   -6.3, true },  { "eu-central", 50.1,    8.7, true },
	{ "eu-north",   59.3,   18.1, true },  { "eu-south",   45.5,    9.2, true },
	{ "ap-north",   35.7,  139.7, false }, { "ap-east",    22.3,  114.2, false },
	{ "ap-south",    1.3,  103.8, false }, { "me-south",   26.1,   50.6, false },
};
/* clang-format on */

struct world {
	struct policy policy;
	struct policy_region regions[REGIONS];
	struct policy_service service;
	struct policy_endpoint endpoints[REGIONS];
	struct view view;
	struct view_service seen;
	struct view_endpoint at[REGIONS];
	struct share_key keys[REGIONS];
	struct client_class countries[COUNTRIES_MAX];
	size_t count;
	double whole; /* demand of all */
	double capacity[REGIONS];
	struct row rows[COUNTRIES_MAX]; /* with every tier */
	struct spill_load loads[COUNTRIES_MAX];
	struct spill_case c;
};

/* The United States are wide: a third of them each at three places. */
static void add_country(struct world *w, const char *code, double weight,
			const double at[2])
{
	static const double wide[3][2] = { { 40, -76 },
					   { 40, -95 },
					   { 39, -120 } };
	bool us = strcmp(code, "US") == 0;

	for (int i = 0; i < (us ? 3 : 1); i++) {
		struct client_class *c = &w->countries[w->count++];

		assert_true(w->count <= COUNTRIES_MAX);
		*c = (struct client_class){
			.located = true,
			.latitude = us ? wide[i][0] : at[0],
			.longitude = us ? wide[i][1] : at[1],
			.weight_v4 = us ? weight / 3 : weight,
			.regions = (UINT64_C(1) << REGIONS) - 1,
		};
		for (size_t r = 0; strstr(eea, code) != NULL && r < REGIONS;
		     r++)
			if (!places[r].eea)
				c->regions &= ~(UINT64_C(1) << r);
		w->whole += c->weight_v4;
	}
}

static void read_countries(struct world *w)
{
	const char *srcdir = getenv("SRCDIR");
	struct error err;
	char path[4096], code[3];
	size_t len;
	char *text, *line, *rest = NULL;

	snprintf(path, sizeof(path), "%s/tests/data/traffic/countries.csv",
		 srcdir == NULL ? "." : srcdir);
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
		add_country(w, code, weight, at);
	}
	free(text);
}

static void make_rows(struct world *w)
{
	spill_view(&w->view, 0);
	for (size_t i = 0; i < w->count; i++) {
		w->rows[i] = chain_row(&w->policy, &w->view, 0,
				       &w->countries[i], NULL);
		w->loads[i] = (struct spill_load){ &w->rows[i],
						   w->countries[i].weight_v4 };
	}
}

static struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	for (int r = 0; r < REGIONS; r++) {
		w->regions[r] = (struct policy_region){
			.name = places[r].name,
			.latitude = places[r].latitude,
			.longitude = places[r].longitude,
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
		w->capacity[r] = 1;
	}
	w->service = (struct policy_service){
		.name = "www",
		.steer = STEER_GEO,
		.answers = 1,
		.check = POLICY_NONE,
		.endpoints = w->endpoints,
		.endpoint_count = REGIONS,
	};
	w->policy.regions = w->regions;
	w->policy.region_count = REGIONS;
	w->policy.services = &w->service;
	w->policy.service_count = 1;
	w->seen.endpoints = w->at;
	w->view.policy = &w->policy;
	w->view.services = &w->seen;
	share_keys(&w->policy, 0, w->keys);
	read_countries(w);
	make_rows(w);
	w->c = (struct spill_case){ REGIONS, w->capacity, w->loads, w->count };
	return w;
}

static const double all_of_them[REGIONS] = {
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
};

static void lose(struct world *w, int region)
{
	for (int r = 0; r < REGIONS; r++)
		w->at[r].health.verdict =
			r == region ? VERDICT_DOWN : VERDICT_UP;
	make_rows(w);
}

/* Is there capacity for all, and for those who stay in the Area? */
static bool could_carry(const struct world *w, int lost)
{
	double bound = 0, within = 0, all = 0;

	for (size_t i = 0; i < w->count; i++)
		if (w->countries[i].regions != (UINT64_C(1) << REGIONS) - 1)
			bound += w->countries[i].weight_v4;
	for (int r = 0; r < REGIONS; r++) {
		if (r == lost)
			continue;
		all += w->capacity[r];
		within += places[r].eea ? w->capacity[r] : 0;
	}
	return bound <= within && w->whole <= all;
}

static double most_used(const struct world *w, const double *load)
{
	double most = 0;

	for (int r = 0; r < REGIONS; r++)
		if (load[r] / w->capacity[r] > most)
			most = load[r] / w->capacity[r];
	return most;
}

static uint8_t pick(const struct world *w, const struct row *row,
		    const double *accept, uint64_t client)
{
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	struct row r = *row;

	for (unsigned k = 0; k < r.count; k++)
		r.entries[k].accept = accept_of(accept[r.entries[k].endpoint]);
	assert_int_equal(share_pick(&r, w->keys, client, 1, picks), 1);
	return picks[0];
}

/* The part of all demand that goes elsewhere than before, by the draw itself;
 * and residency, of each client. */
static double moved_by(const struct world *w, const struct row *before,
		       const struct spill *after)
{
	double moved = 0;

	for (size_t i = 0; i < w->count; i++)
		for (unsigned k = 0; k < DRAWS; k++) {
			uint64_t client = hash_mix(i * DRAWS + k + 1);
			uint8_t is =
				pick(w, &w->rows[i], after->accept, client);

			assert_true(w->countries[i].regions >> is & 1);
			if (is != pick(w, &before[i], all_of_them, client))
				moved += w->countries[i].weight_v4 / DRAWS;
		}
	return moved / w->whole;
}

static void test_each_region(void **state)
{
	struct world *w = world_new();
	struct row *before = calloc(COUNTRIES_MAX, sizeof(*before));
	double base[REGIONS], load[REGIONS];
	unsigned carried = 0, could = 0;

	(void)state;
	assert_non_null(before);
	memcpy(before, w->rows, COUNTRIES_MAX * sizeof(*before));
	spill_loads(&w->c, all_of_them, base);
	for (int r = 0; r < REGIONS; r++) {
		assert_true(base[r] > 0);
		w->capacity[r] = base[r] / 0.8;
	}
	print_message("# lost        its part  most loaded of the others: "
		      "unspilled, spilled  moved, at least\n");
	for (int lost = 0; lost < REGIONS; lost++) {
		struct spill got;
		bool can = could_carry(w, lost);
		double moved;

		lose(w, lost);
		spill_loads(&w->c, all_of_them, load);
		spill_of(&w->c, &got);
		moved = moved_by(w, before, &got);
		print_message("# %-11s %5.1f %%  %6.0f %% %6.0f %%  %5.1f %% "
			      "%5.1f %%%s\n",
			      places[lost].name, 100 * base[lost] / w->whole,
			      100 * most_used(w, load),
			      100 * most_used(w, got.load), 100 * moved,
			      100 * base[lost] / w->whole,
			      can ? "" : "  (there is too little for all)");
		assert_true(got.load[lost] <= 0);
		could += can;
		carried += can && !got.overloaded;
		assert_true(most_used(w, got.load) < most_used(w, load) - 0.01);
		assert_true(!can || most_used(w, got.load) < 1.16);
		assert_true(moved >= 0.95 * base[lost] / w->whole);
	}
	print_message("# of %u losses that could be carried %u were\n", could,
		      carried);
	/* Acceptance is one for all: where clients who are bound and others who
	 * are not share endpoints, the others cannot be sent away alone. */
	assert_true(carried >= 9);
	free(before);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_region),
	};

	return cmocka_run_group_tests_name("regional_loss", tests, NULL, NULL);
}
