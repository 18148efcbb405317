/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/rum.h"

#include "policy/base/arena.h"
#include "policy/base/hash.h"
#include "policy/bus/plan.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert((int)RUM_NOWHERE < UINT16_MAX, "a cell's number fits");
static_assert((int)PLAN_RUM_MAX < UINT16_MAX, "a row's number + 1 fits");

static uint16_t number_of(int lat, int lon)
{
	return (uint16_t)(lat * RUM_COLUMNS + lon);
}

uint16_t rum_cell(double latitude, double longitude)
{
	int16_t lat, lon;

	if (!client_cell(latitude, longitude, &lat, &lon))
		return RUM_NOWHERE;
	return number_of(lat, lon);
}

/* Rows for all cells that the plan names. */
static size_t number_rows(struct rum *rum, const struct plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->rum_count; i++) {
		const struct plan_rum *r = &plan->rum[i];
		uint16_t *row = &rum->rows[number_of(r->cell_lat, r->cell_lon)];

		if (*row == 0)
			*row = (uint16_t)++count;
	}
	return count;
}

static uint64_t mark_of(uint64_t mark, const struct plan_rum *r, int region)
{
	uint32_t bits;
	float ms = (float)r->ms;

	static_assert(sizeof(bits) == sizeof(ms), "32-bit floats");
	memcpy(&bits, &ms, sizeof(bits));
	mark = hash_mix(mark ^ bits);
	return hash_mix(mark ^
			(uint64_t)number_of(r->cell_lat, r->cell_lon) << 16 ^
			(uint64_t)region);
}

/* They are sorted by region: its name is looked up once. */
static void fill_values(struct rum *rum, const struct policy *policy,
			const struct plan *plan)
{
	const char *name = "";
	int region = POLICY_NONE;

	for (size_t i = 0; i < plan->rum_count; i++) {
		const struct plan_rum *r = &plan->rum[i];
		size_t row =
			rum->rows[number_of(r->cell_lat, r->cell_lon)] - 1u;

		if (strcmp(name, r->region) != 0) {
			name = r->region;
			region = policy_find_region(policy, name);
		}
		if (region < 0)
			continue;
		rum->values[row * rum->region_count + (size_t)region] =
			(struct rum_value){ (float)r->ms, r->samples };
		rum->mark = mark_of(rum->mark, r, region);
	}
}

size_t rum_list(const struct rum *rum, const struct policy *policy,
		struct plan_rum *out)
{
	size_t count = 0;

	for (int cell = 0; cell < RUM_CELLS; cell++) {
		const struct rum_value *row = rum_at(rum, (uint16_t)cell);

		for (size_t i = 0; row != NULL && i < rum->region_count; i++) {
			if (!(row[i].ms > 0))
				continue;
			out[count] = (struct plan_rum){
				.cell_lat = (int16_t)(cell / RUM_COLUMNS),
				.cell_lon = (int16_t)(cell % RUM_COLUMNS),
				.ms = (double)row[i].ms,
				.samples = row[i].samples,
			};
			snprintf(out[count].region, sizeof(out[count].region),
				 "%s", policy->regions[i].name);
			count++;
		}
	}
	return count;
}

bool rum_fill(struct rum *rum, const struct policy *policy,
	      const struct plan *plan, struct arena *arena)
{
	*rum = (struct rum){ .region_count = policy->region_count };
	if (plan == NULL || plan->rum_count == 0)
		return true;
	rum->rows = arena_alloc(arena, RUM_CELLS + 1, sizeof(*rum->rows));
	if (rum->rows == NULL)
		return false;
	rum->values = arena_alloc(arena, number_rows(rum, plan),
				  rum->region_count * sizeof(*rum->values));
	if (rum->values == NULL)
		return false;
	fill_values(rum, policy, plan);
	return true;
}
