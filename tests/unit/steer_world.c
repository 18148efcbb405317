/* SPDX-License-Identifier: Apache-2.0 */
#include "steer_world.h"

#include <stdio.h>
#include <string.h>

static const char *const names[STEER_REGIONS] = { "us-east", "us-west",
						  "eu-west", "eu-north" };

static struct policy_endpoint stable(int region)
{
	return (struct policy_endpoint){
		.name = names[region],
		.region = region,
		.weight = 1,
		.canary = POLICY_NONE,
		.shadows = POLICY_NONE,
		.shadowed_by = POLICY_NONE,
	};
}

static struct policy_endpoint shadow(const char *name, int region)
{
	struct policy_endpoint e = stable(region);

	e.name = name;
	e.canary = 0;
	e.shadows = region;
	return e;
}

static void init_services(struct steer_world *w)
{
	const struct policy_service s = {
		.steer = STEER_WEIGHTED,
		.answers = 1,
		.sticky_v4_bits = 24,
		.sticky_v6_bits = 48,
		.failback_hold_ms = STEER_HOLD_MS,
		.failback_ramp_ms = STEER_RAMP_MS,
	};

	for (int i = 0; i < STEER_REGIONS; i++)
		w->www[i] = stable(i);
	w->www[V2_US_EAST] = shadow("v2-us-east", US_EAST);
	w->www[V2_EU_WEST] = shadow("v2-eu-west", EU_WEST);
	w->www[US_EAST].shadowed_by = V2_US_EAST;
	w->www[EU_WEST].shadowed_by = V2_EU_WEST;
	w->api[0] = stable(US_EAST);
	w->api[1] = stable(EU_WEST);
	w->services[WWW] = w->services[API] = s;
	w->services[WWW].name = "www";
	w->services[WWW].endpoints = w->www;
	w->services[WWW].endpoint_count = STEER_ENDPOINTS;
	w->services[API].name = "api";
	w->services[API].endpoints = w->api;
	w->services[API].endpoint_count = 2;
	w->services[API].failback = FAILBACK_MANUAL;
}

static void init_canary(struct steer_world *w)
{
	static const uint32_t percents[2][3] = { { 1, 5, 100 }, { 10, 100 } };

	memcpy(w->percents, percents, sizeof(percents));
	w->stages[0] = (struct canary_stage){
		.regions = 1 << US_EAST,
		.percents = w->percents[0],
		.percent_count = 3,
		.bake_ms = 60000,
	};
	w->stages[1] = (struct canary_stage){
		.regions = 1 << EU_WEST,
		.percents = w->percents[1],
		.percent_count = 2,
	};
	w->canary = (struct policy_canary){
		.name = "v2",
		.stages = w->stages,
		.stage_count = 2,
	};
}

static void init_policy(struct steer_world *w)
{
	for (int i = 0; i < STEER_REGIONS; i++)
		w->regions[i] = (struct policy_region){
			.name = names[i],
			.capacity = 1000,
		};
	w->check = (struct policy_check){ .name = "web", .quorum = 1 };
	w->residency = (struct policy_residency){
		.name = "gdpr",
		.regions = 1 << EU_WEST | 1 << EU_NORTH,
	};
	w->sets[0].name = "america";
	w->sets[1].name = "all";
	w->sets[2].name = "nobody";
	w->policy = (struct policy){
		.digest = "d1",
		.sets = w->sets,
		.set_count = 3,
		.regions = w->regions,
		.region_count = STEER_REGIONS,
		.checks = &w->check,
		.check_count = 1,
		.residency = &w->residency,
		.residency_count = 1,
		.services = w->services,
		.service_count = 2,
		.canaries = &w->canary,
		.canary_count = 1,
		.safety = { .min_regions_in_service = 1,
			    .max_change_pct = 100,
			    .max_capacity_removed_pct = 100,
			    .max_override_ms = 24 * INT64_C(3600000) },
	};
}

static void init_clients(struct steer_world *w)
{
	w->us = (struct client_class){
		.country = "US",
		.sets = 3,
		.regions = 15,
		.weight_v4 = 600,
		.weight_v6 = 10,
	};
	w->de = (struct client_class){
		.country = "DE",
		.sets = 2,
		.regions = 1 << EU_WEST | 1 << EU_NORTH,
		.residency = 1,
		.weight_v4 = 400,
		.weight_v6 = 30,
	};
	w->classes[0] = &w->us;
	w->classes[1] = &w->de;
}

static void locate(struct client_class *class,
		   const struct policy_region *region)
{
	class->located = true;
	class->latitude = region->latitude;
	class->longitude = region->longitude;
}

void steer_locate(struct steer_world *w)
{
	for (int i = 0; i < STEER_REGIONS; i++) {
		w->regions[i].latitude = 40 + 5 * i;
		w->regions[i].longitude = 40 * i - 80;
	}
	locate(&w->us, &w->regions[US_EAST]);
	locate(&w->de, &w->regions[EU_WEST]);
}

void steer_init(struct steer_world *w)
{
	memset(w, 0, sizeof(*w));
	init_policy(w);
	init_services(w);
	init_canary(w);
	init_clients(w);
	w->view = (struct view){
		.policy = &w->policy,
		.services = w->view_services,
	};
	w->view_services[WWW].endpoints = w->view_www;
	w->view_services[API].endpoints = w->view_api;
	for (size_t i = 0; i < STEER_ENDPOINTS; i++)
		steer_health(w, WWW, i, VERDICT_UP);
	for (size_t i = 0; i < 2; i++)
		steer_health(w, API, i, VERDICT_UP);
	w->in = (struct agent_input){
		.now = { 1000000, 1000000 },
		.view = &w->view,
		.epoch = 1,
		.classes = { w->classes, 2 },
	};
}

void steer_pass(struct steer_world *w, int64_t ms)
{
	w->in.now.now_ms += ms;
	w->in.now.wall_ms += ms;
}

void steer_health(struct steer_world *w, size_t service, size_t endpoint,
		  enum verdict verdict)
{
	w->view_services[service].endpoints[endpoint].health.verdict = verdict;
}

struct command steer_command(struct steer_world *w, enum command_kind kind,
			     const char *target)
{
	bool lasts = kind == COMMAND_DRAIN || kind == COMMAND_FAILOVER ||
		     kind == COMMAND_WEIGHT || kind == COMMAND_FREEZE ||
		     kind == COMMAND_PIN;
	struct command c = {
		.kind = kind,
		.author = "alice",
		.reason = "INC-412",
		.wall_made_ms = w->in.now.wall_ms,
		.wall_expires_ms = lasts ? w->in.now.wall_ms + 3600000 : 0,
	};

	snprintf(c.id, sizeof(c.id), "c%u", ++w->ids);
	snprintf(c.target, sizeof(c.target), "%s", target);
	return c;
}

double plan_share_of(const struct plan *plan, const char *endpoint)
{
	const struct plan_share *s = plan_find_share(plan, "www", endpoint);

	return s == NULL ? 1 : s->share;
}
