/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_standing: whatever a control socket answers, the view that `windrose
 * explain` decides by stays one that can be decided by; and what is written of
 * it is read as it was.
 */
#include "policy/decide/standing.h"

#include "policy/base/error.h"
#include "policy/decide/chain.h"
#include "policy/decide/frozen.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static struct policy_region regions[] = {
	{ .name = "us-east", .latitude = 38.95, .longitude = -77.45 },
	{ .name = "eu-west", .latitude = 53.35, .longitude = -6.26 },
};
static struct policy_vantage vantages[] = {
	{ .name = "iad", .latitude = 38.95, .longitude = -77.45 },
	{ .name = "dub", .latitude = 53.35, .longitude = -6.26 },
};
static struct policy_endpoint endpoints[] = {
	{ .name = "us-east",
	  .region = 0,
	  .weight = 1,
	  .canary = POLICY_NONE,
	  .shadows = POLICY_NONE,
	  .shadowed_by = POLICY_NONE },
	{ .name = "eu-west",
	  .region = 1,
	  .weight = 1,
	  .canary = POLICY_NONE,
	  .shadows = POLICY_NONE,
	  .shadowed_by = POLICY_NONE },
};
static struct policy_check check = { .name = "web", .interval_ms = 2000 };
static struct policy_service service = {
	.name = "www",
	.steer = STEER_LATENCY,
	.answers = 1,
	.endpoints = endpoints,
	.endpoint_count = 2,
};
static struct client_set sets[] = { { .name = "eea" }, { .name = "uk" } };
static struct policy policy = {
	.sets = sets,
	.set_count = 2,
	.regions = regions,
	.region_count = 2,
	.vantages = vantages,
	.vantage_count = 2,
	.checks = &check,
	.check_count = 1,
	.services = &service,
	.service_count = 1,
};

static struct view *silent_view(void)
{
	static const struct heard_report silent[POLICY_VANTAGES_MAX];
	struct view *view =
		view_reduce(&policy, &(struct view_input){ .reports = silent });

	if (view == NULL)
		abort();
	return view;
}

static void check_decides(const struct view *view)
{
	const struct client_class class = {
		.located = true,
		.latitude = 51,
		.longitude = -1,
		.regions = 3,
		.sets = 3,
	};
	struct chain_trace trace;
	struct row row = chain_row(&policy, view, 0, &class, &trace);

	if (row.count > 2 || (row.count == 0 && row.note == ROW_PLAIN))
		abort();
	for (size_t i = 0; i < 2; i++)
		if (!isfinite(trace.endpoints[i].way.ms))
			abort();
}

/* Once written, what can be read is all there is. */
static void check_again(const struct view *view)
{
	static const struct heard_report silent[POLICY_VANTAGES_MAX];
	static struct standing_samples samples;
	struct view *back = silent_view();
	json_t *json = standing_write(view, 0, silent);
	struct error err;

	if (json == NULL || !standing_parse(json, back, 0, &samples, &err) ||
	    !view_same(view, back, 0) ||
	    (frozen_next(view, 0, NULL) == NULL) !=
		    (frozen_next(back, 0, NULL) == NULL))
		abort();
	json_decref(json);
	view_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	static struct standing_samples samples;
	json_t *json = json_loadb((const char *)octets, len, 0, NULL);
	struct view *view = silent_view();
	struct error err;

	if (json != NULL && standing_parse(json, view, 0, &samples, &err)) {
		check_decides(view);
		check_again(view);
	}
	json_decref(json);
	view_free(view);
	return 0;
}
