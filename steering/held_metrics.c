/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/held_metrics.h"

#include "policy/base/openmetrics.h"
#include "policy/bus/plan_release.h"
#include "policy/language/policy.h"
#include "steering/held.h"
#include "steering/state.h"

#include <stddef.h>
#include <stdint.h>

enum held_reason {
	HELD_SECOND_PERSON,
	HELD_PUBLISH,
	HELD_MAX_CHANGE,
	HELD_REASONS,
};

static const char *const reasons[HELD_REASONS] = {
	[HELD_SECOND_PERSON] = "second-person",
	[HELD_PUBLISH] = "publish",
	[HELD_MAX_CHANGE] = "max-change",
};

struct waiting {
	size_t count;
	int64_t wall_since_ms; /* the oldest; 0 when there is none */
};

static void add(struct waiting *w, int64_t wall_since_ms)
{
	if (w->count == 0 || wall_since_ms < w->wall_since_ms)
		w->wall_since_ms = wall_since_ms;
	w->count++;
}

/* They say until when they wait, which is approval_within later. */
static void add_people(struct waiting *waiting, const struct held_metrics *m,
		       int64_t within_ms)
{
	for (size_t i = 0; m->held != NULL && i < m->held->count; i++)
		add(&waiting[HELD_SECOND_PERSON],
		    m->held->list[i].wall_until_ms - within_ms);
	if (m->release != NULL && m->release->held.digest[0] != '\0')
		add(&waiting[HELD_PUBLISH],
		    m->release->held.wall_until_ms - within_ms);
}

static void put_waiting(struct openmetrics *out, const struct waiting *waiting)
{
	static const struct metric_family held = {
		"windrose_steer_held",
		METRIC_GAUGE,
		NULL,
		"What waits for a person, and for what reason.",
	};
	static const struct metric_family since = {
		"windrose_steer_held_since_timestamp_seconds",
		METRIC_GAUGE,
		"seconds",
		"Since when the oldest of it waits; 0: nothing does.",
	};

	openmetrics_family(out, &held);
	for (size_t i = 0; i < HELD_REASONS; i++) {
		const struct metric_label label = { "reason", reasons[i] };

		openmetrics_count(out, (struct metric_labels){ &label, 1 },
				  waiting[i].count);
	}
	openmetrics_family(out, &since);
	for (size_t i = 0; i < HELD_REASONS; i++) {
		const struct metric_label label = { "reason", reasons[i] };

		openmetrics_real(out, (struct metric_labels){ &label, 1 },
				 (double)waiting[i].wall_since_ms / 1e3);
	}
}

static void put_steps(struct openmetrics *out, const struct state *state)
{
	static const struct metric_family family = {
		"windrose_steer_held_step_ratio",
		METRIC_GAUGE,
		"ratio",
		"Part of a service's clients that a step of the agent's own "
		"would move at once, where one waits for a person.",
	};

	openmetrics_family(out, &family);
	for (size_t i = 0; state != NULL && i < state->policy->service_count;
	     i++) {
		const struct metric_label label = {
			"service",
			state->policy->services[i].name,
		};

		if (state->surges[i].held)
			openmetrics_real(out,
					 (struct metric_labels){ &label, 1 },
					 state->surges[i].pct / 100);
	}
}

void held_metrics_write(struct openmetrics *out, const struct held_metrics *m)
{
	struct waiting waiting[HELD_REASONS] = { { 0 } };
	const struct state *state = m->state;

	for (size_t i = 0; state != NULL && i < state->policy->service_count;
	     i++)
		if (state->surges[i].held)
			add(&waiting[HELD_MAX_CHANGE],
			    state->surges[i].wall_since_ms);
	if (state != NULL)
		add_people(waiting, m,
			   state->policy->safety.approval_within_ms);
	put_waiting(out, waiting);
	put_steps(out, state);
}
