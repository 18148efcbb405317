/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steer_world -- a policy, a view of it and two clocks for tests of steering,
 * made by hand.  All storage is inside the struct.
 */
#ifndef TESTS_UNIT_STEER_WORLD_H
#define TESTS_UNIT_STEER_WORLD_H

#include "policy/bus/plan.h"
#include "policy/decide/view.h"
#include "steering/agent.h"

enum {
	US_EAST,
	US_WEST,
	EU_WEST,
	EU_NORTH,
	STEER_REGIONS,
	WWW = 0, /* services */
	API = 1,
	STEER_ENDPOINTS = 6,
	STEER_HOLD_MS = 10000,
	STEER_RAMP_MS = 100000,
	V2_US_EAST = 4, /* endpoints of www beyond one per region */
	V2_EU_WEST = 5,
};

/*
 * www: one endpoint a region, weight 1, automatic failback; canary v2 shadows
 * us-east (1, 5, 100 percent) and then eu-west (10, 100).  api: us-east and
 * eu-west, manual failback.  Rule gdpr keeps its clients in eu-*.  Every
 * region has capacity 1000.  Everything is up.  Clients: US (60 % of the
 * space, anywhere, of set america), DE (40 %, gdpr); both are of set all,
 * nobody of nobody.
 */
struct steer_world {
	struct policy policy;
	struct policy_region regions[STEER_REGIONS];
	struct policy_check check;
	struct policy_residency residency;
	struct client_set sets[3]; /* their names alone */
	struct policy_service services[2];
	struct policy_endpoint www[STEER_ENDPOINTS], api[2];
	struct policy_canary canary;
	struct canary_stage stages[2];
	uint32_t percents[2][3];
	struct view view;
	struct view_service view_services[2];
	struct view_endpoint view_www[STEER_ENDPOINTS], view_api[2];
	struct client_class us, de;
	const struct client_class *classes[2];
	struct agent_input in; /* at 1000 s of both clocks; epoch 1 */
	unsigned ids;          /* of commands made */
};

void steer_init(struct steer_world *w);

/* Regions and clients get places: the US' are at us-east, DE's at eu-west. */
void steer_locate(struct steer_world *w);

/* Both clocks go on. */
void steer_pass(struct steer_world *w, int64_t ms);

void steer_health(struct steer_world *w, size_t service, size_t endpoint,
		  enum verdict verdict);

/* A command by alice, made now, with a fresh id, for an hour. */
struct command steer_command(struct steer_world *w, enum command_kind kind,
			     const char *target);

/* What the plan leaves an endpoint of www; 1 when it says nothing. */
double plan_share_of(const struct plan *plan, const char *endpoint);

#endif
