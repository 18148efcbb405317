/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void scene_init_reports(struct scene *s)
{
	for (int v = 0; v < WORLD_VANTAGES; v++) {
		struct report *r = &s->reports[v];

		r->wall_made_ms = SCENE_WALL_MS;
		r->entries = s->entries[v];
		r->count = s->w.service.endpoint_count;
		for (size_t e = 0; e < r->count; e++) {
			struct report_entry *entry = &s->entries[v][e];

			snprintf(entry->service, sizeof(entry->service), "www");
			snprintf(entry->endpoint, sizeof(entry->endpoint), "%s",
				 s->w.endpoints[e].name);
			entry->state = REPORT_CLOSED;
			entry->wall_probed_ms = SCENE_WALL_MS - 100;
			entry->latency_ms = (float)(10 + v);
		}
		s->heard[v] =
			(struct heard_report){ .report = r,
					       .heard_ms = SCENE_START_MS };
	}
}

void scene_init(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	world_init(&s->w);
	s->w.service.steer = STEER_LATENCY; /* so that it is looked at */
	s->w.policy.safety.max_override_ms = 86400000;
	scene_init_reports(s);
	s->plan = (struct plan){
		.epoch = 3,
		.sequence = 9,
		.shares = s->shares,
		.commands = s->commands,
	};
	s->in = (struct view_input){
		.reports = s->heard,
		.now_ms = SCENE_START_MS,
		.wall_ms = SCENE_WALL_MS,
	};
}

const struct view_service *scene_reduce(struct scene *s)
{
	struct view *before = s->view;

	s->in.previous = before;
	s->view = view_reduce(&s->w.policy, &s->in);
	assert_non_null(s->view);
	view_free(before);
	return &s->view->services[0];
}

void scene_pass(struct scene *s, int64_t ms)
{
	s->in.now_ms += ms;
	s->in.wall_ms += ms;
	for (int v = 0; v < WORLD_VANTAGES; v++) {
		s->heard[v].heard_ms += ms;
		s->reports[v].wall_made_ms += ms;
		for (size_t e = 0; e < s->reports[v].count; e++)
			s->entries[v][e].wall_probed_ms += ms;
	}
}

void scene_say(struct scene *s, unsigned vantages, int endpoint,
	       enum report_state state)
{
	for (int v = 0; v < WORLD_VANTAGES; v++)
		if (vantages >> v & 1)
			s->entries[v][endpoint].state = state;
}

void scene_fini(struct scene *s)
{
	view_free(s->view);
}

struct plan_share *scene_add_share(struct scene *s, const char *endpoint,
				   double share, enum plan_cause cause)
{
	struct plan_share *p = &s->shares[s->plan.share_count++];

	*p = (struct plan_share){
		.service = "www",
		.share = share,
		.weight = -1,
		.cause = cause,
	};
	snprintf(p->endpoint, sizeof(p->endpoint), "%s", endpoint);
	s->in.plan = &s->plan;
	return p;
}
