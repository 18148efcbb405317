/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_scene -- a world with what its vantages, agent and people say, for
 * tests of view.  All storage is inside the struct but the view.
 */
#ifndef TESTS_UNIT_DECIDE_SCENE_H
#define TESTS_UNIT_DECIDE_SCENE_H

#include "decide_world.h"

#define SCENE_START_MS INT64_C(1000000)
#define SCENE_WALL_MS INT64_C(1770000000000)

struct scene {
	struct world w;
	struct report_entry entries[WORLD_VANTAGES][WORLD_ENDPOINTS];
	struct report reports[WORLD_VANTAGES];
	struct heard_report heard[WORLD_VANTAGES];
	struct plan plan;
	struct plan_share shares[4];
	struct plan_rum rum[1];
	struct plan_demand demands[1];
	struct command commands[2];
	struct view_input in;
	struct view *view;
};

/* All vantages have just said that all is well; no plan; no view yet. */
void scene_init(struct scene *s);
void scene_fini(struct scene *s);

/* Reports for the endpoints that the world has now. */
void scene_init_reports(struct scene *s);

/* Reduces, with the view before as the previous one. */
const struct view_service *scene_reduce(struct scene *s);

/* Time passes; the vantages go on saying what they say. */
void scene_pass(struct scene *s, int64_t ms);

/* These vantages (a bit each) hold this state of an endpoint. */
void scene_say(struct scene *s, unsigned vantages, int endpoint,
	       enum report_state state);

/* One more share in the plan, which is then there. */
struct plan_share *scene_add_share(struct scene *s, const char *endpoint,
				   double share, enum plan_cause cause);

#endif
