/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/simulation.h"

#include "policy/base/civil.h"
#include "policy/base/error.h"
#include "policy/decide/opening.h"
#include "policy/language/scalar.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct simulation_state {
	uint64_t failed;
	/* By service: as it was when endpoints with these bits were open. */
	struct held_choices {
		bool made;
		uint64_t open;
		struct choices choices;
	} * services;
};

/* "+5m", or an instant; both ends of an outage are of one kind. */
static bool read_end(const char *text, bool *relative, int64_t *out)
{
	int64_t at_s;

	*relative = text[0] == '+';
	if (*relative)
		return scalar_duration(text + 1, out);
	if (!civil_parse(text, &at_s) || at_s < 0 || at_s > INT64_MAX / 1000)
		return false;
	*out = at_s * 1000;
	return true;
}

bool simulation_read_outage(const char *text, struct simulation_outage *out,
			    struct error *err)
{
	const char *at = strchr(text, '@');
	const char *dots = at == NULL ? NULL : strstr(at, "..");
	struct simulation_outage o = { .to_ms = INT64_MAX };
	char from[64];
	bool same = false;
	int len;

	if (dots == NULL || at == text ||
	    (size_t)(at - text) >= sizeof(o.region) ||
	    (size_t)(dots - at) > sizeof(from)) {
		error_set(err, "--down %s: say REGION@FROM..TO", text);
		return false;
	}
	len = (int)(dots - at - 1);
	snprintf(from, sizeof(from), "%.*s", len, at + 1);
	snprintf(o.region, sizeof(o.region), "%.*s", (int)(at - text), text);
	if (!read_end(from, &o.relative, &o.from_ms) ||
	    (dots[2] != '\0' &&
	     (!read_end(dots + 2, &same, &o.to_ms) || same != o.relative))) {
		error_set(err,
			  "--down %s: times are both like +5m, from the first "
			  "query on, or both like 2026-07-06T09:30Z",
			  text);
		return false;
	}
	if (o.to_ms <= o.from_ms) {
		error_set(err, "--down %s: it ends before it begins", text);
		return false;
	}
	*out = o;
	return true;
}

bool simulation_init(struct simulation *s, struct subject *const subjects[2],
		     const struct vicinity *const vicinities[2])
{
	const struct policy *last;

	s->side_count = subjects[1] == NULL ? 1 : 2;
	for (size_t i = 0; i < s->side_count; i++) {
		s->sides[i].subject = subjects[i];
		s->sides[i].rows =
			(struct rows_side){ subjects[i], vicinities[i] };
		/* Each outage begins and ends: no more sets than that. */
		s->sides[i].states = calloc(2 * SIMULATION_OUTAGES_MAX + 1,
					    sizeof(struct simulation_state));
		if (s->sides[i].states == NULL)
			return false;
	}
	last = subjects[s->side_count - 1]->policy;
	return signpost_init(&s->post, subjects[0]->policy, last);
}

void simulation_fini(struct simulation *s)
{
	for (size_t i = 0; i < s->side_count; i++) {
		struct simulation_side *side = &s->sides[i];

		for (size_t k = 0; k < side->state_count; k++) {
			struct held_choices *list = side->states[k].services;

			for (size_t n = 0;
			     n < side->subject->policy->service_count; n++)
				choices_fini(&list[n].choices);
			free(list);
		}
		free(side->states);
	}
	signpost_fini(&s->post);
	free(s->steps);
}

uint64_t simulation_failed(const struct simulation *s, size_t side,
			   int64_t wall_from_ms, int64_t wall_to_ms)
{
	const struct policy *policy = s->sides[side].subject->policy;
	uint64_t failed = 0;

	for (size_t i = 0; i < s->outage_count; i++) {
		const struct simulation_outage *o = &s->outages[i];
		int64_t zero_ms = o->relative ? s->wall_first_ms : 0;
		int region = policy_find_region(policy, o->region);

		if (region >= 0 && o->from_ms < wall_to_ms - zero_ms &&
		    wall_from_ms - zero_ms < o->to_ms)
			failed |= UINT64_C(1) << region;
	}
	return failed;
}

static struct simulation_state *find_state(struct simulation_side *side,
					   uint64_t failed)
{
	struct simulation_state *state = side->states;
	size_t services = side->subject->policy->service_count;

	for (size_t i = 0; i < side->state_count; i++, state++)
		if (state->failed == failed)
			return state;
	state->failed = failed;
	state->services = calloc(services + 1, sizeof(*state->services));
	if (state->services == NULL)
		return NULL;
	side->state_count++;
	return state;
}

/* The choices of a service at a time, with these regions failed. */
static const struct choices *find_choices(struct simulation_side *side,
					  int service, uint64_t failed,
					  int64_t wall_ms)
{
	struct view *view = side->subject->view;
	struct simulation_state *state = find_state(side, failed);
	struct held_choices *held;
	uint64_t open;

	if (state == NULL)
		return NULL;
	if (wall_ms < view->wall_made_ms ||
	    (view->opening_until_ms != 0 && wall_ms >= view->opening_until_ms))
		opening_move(view, wall_ms);
	open = view->services[service].opening.open;
	held = &state->services[service];
	if (held->made && held->open == open)
		return &held->choices;
	choices_fini(&held->choices);
	held->choices = (struct choices){ .list = NULL };
	held->made = true;
	held->open = open;
	subject_suppose(side->subject, service,
			&(struct scenario){ .failed = failed });
	return choices_open(&held->choices, &side->rows, service)
		       ? &held->choices
		       : NULL;
}

static bool make_room(struct simulation *s, size_t step)
{
	size_t room = s->room == 0 ? 64 : s->room;
	struct simulation_step *steps;

	while (room <= step)
		room *= 2;
	if (room > s->room) {
		steps = realloc(s->steps, room * sizeof(*steps));
		if (steps == NULL)
			return false;
		memset(steps + s->room, 0, (room - s->room) * sizeof(*steps));
		s->steps = steps;
		s->room = room;
	}
	if (step >= s->step_count)
		s->step_count = step + 1;
	return true;
}

/* The step that a time is in; NULL when there is none. */
static struct simulation_step *find_step(struct simulation *s, int64_t wall_ms)
{
	size_t step = (size_t)((wall_ms - s->wall_first_ms) / s->step_ms);

	if (step >= SIMULATION_STEPS_MAX) {
		s->too_long = true;
		return NULL;
	}
	return make_room(s, step) ? &s->steps[step] : NULL;
}

/* The service of a pair on a side; of one side alone both are the same. */
static int service_on(const struct simulation *s,
		      const struct signpost_pair *pair, size_t side)
{
	return side + 1 < s->side_count ? pair->before : pair->after;
}

/* Puts a query, or a part of count of it, to one side. */
static bool put(struct simulation *s, size_t side, int service,
		const struct trace_query *q, struct simulation_step *step)
{
	double *load = step->load[side];
	const struct policy_service *declared;
	const struct choices *c;
	unsigned draws;

	if (service < 0) {
		load[POLICY_REGIONS_MAX] += q->count;
		return true;
	}
	c = find_choices(&s->sides[side], service,
			 simulation_failed(s, side, q->wall_ms, q->wall_ms + 1),
			 q->wall_ms);
	if (c == NULL)
		return false;
	declared = c->service;
	draws = choices_draws(declared, q->count);
	for (unsigned i = 0; i < draws; i++) {
		const struct choices_query query = { &q->client, s->drawn + i,
						     q->type };
		int e = choices_pick(c, &query);

		load[e == CHOICES_NOBODY ? POLICY_REGIONS_MAX
					 : declared->endpoints[e].region] +=
			q->count / draws;
	}
	return true;
}

static bool is_asked(const struct simulation *s,
		     const struct signpost_pair *pair, uint16_t type)
{
	for (size_t i = 0; i < s->side_count; i++) {
		int service = service_on(s, pair, i);

		if (service >= 0 &&
		    choices_answer(
			    &s->sides[i].subject->policy->services[service],
			    type))
			return true;
	}
	return false;
}

/* The step of a query whose time is known, and is no earlier than the first. */
static struct simulation_step *note_time(struct simulation *s,
					 struct trace_query *q)
{
	if (s->wall_first_ms == 0)
		s->wall_first_ms = q->wall_ms;
	if (q->wall_ms < s->wall_first_ms)
		q->wall_ms = s->wall_first_ms;
	return find_step(s, q->wall_ms);
}

bool simulation_take(void *arg, const struct trace_query *query)
{
	struct simulation *s = arg;
	int index = signpost_find(&s->post, query->name);
	const struct signpost_pair *pair =
		index < 0 ? NULL : &s->post.pairs[index];
	struct trace_query q = *query;
	struct simulation_step *step;

	if (pair == NULL || !is_asked(s, pair, q.type)) {
		s->aside += q.count;
		return true;
	}
	if (q.wall_ms <= 0) {
		s->timeless += q.count;
		return true;
	}
	step = note_time(s, &q);
	if (step == NULL)
		return false;
	step->queries += q.count;
	for (size_t i = 0; i < s->side_count; i++)
		if (!put(s, i, service_on(s, pair, i), &q, step))
			return false;
	s->drawn += q.count < 2 ? 1 : (uint64_t)q.count;
	return true;
}
