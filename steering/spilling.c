/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/spilling.h"

#include "policy/base/hash.h"
#include "policy/bus/plan.h"
#include "policy/decide/pin.h"
#include "steering/freeze.h"
#include "steering/state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* One look at one service. */
struct look {
	const struct policy_service *service;
	struct crowd crowd;
	struct allot found;
	struct allot_amounts *now; /* what the plan accepts, by flock */
};

static uint64_t hash_of(const struct view_service *v, size_t endpoints)
{
	uint64_t hash = HASH_FNV_OFFSET;

	for (size_t i = 0; i < endpoints; i++) {
		const struct view_endpoint *e = &v->endpoints[i];
		/* Of a ramp, that it is under way. */
		uint64_t seen = e->weight;

		seen = 2 * seen + (view_verdict(e) == VERDICT_DOWN);
		seen = 2 * seen + (e->accept == ACCEPT_NONE);
		seen = 2 * seen + (e->accept == ACCEPT_ALL);
		hash = hash_mix(hash ^ seen);
	}
	for (size_t i = 0; i < v->pin_count; i++)
		hash = hash_mix(hash_mix(hash ^ v->pins[i].endpoints) ^
				v->pins[i].set);
	return hash;
}

/* Is a spill of the plan about these clients? */
static bool is_about(const struct look *look, const struct plan_spill *spill,
		     const struct flock *flock)
{
	const struct policy_service *s = look->service;
	const char *home = flock->home == FLOCK_NO_HOME
				   ? ""
				   : s->endpoints[flock->home].name;
	uint64_t among = 0;

	if (strcmp(spill->service, s->name) != 0 ||
	    strcmp(spill->home, home) != 0)
		return false;
	for (size_t i = 0; i < spill->count; i++) {
		int e = policy_find_endpoint(s, spill->parts[i].endpoint);

		if (e < 0)
			return false;
		among |= UINT64_C(1) << e;
	}
	return among == flock->among;
}

static void read_now(struct look *look, const struct plan_spills *spills,
		     size_t flock)
{
	struct allot_amounts *now = &look->now[flock];

	for (size_t e = 0; e < look->service->endpoint_count; e++)
		now->of[e] = 1;
	for (size_t i = 0; i < spills->count; i++) {
		const struct plan_spill *s = &spills->list[i];

		if (!is_about(look, s, &look->crowd.keys[flock]))
			continue;
		for (size_t k = 0; k < s->count; k++)
			now->of[policy_find_endpoint(look->service,
						     s->parts[k].endpoint)] =
				s->parts[k].share;
	}
}

static void look_fini(struct look *look)
{
	crowd_fini(&look->crowd);
	allot_fini(&look->found);
	free(look->now);
}

/* Where a flock goes while so much of it is accepted. */
static void flow_of(const struct look *look, size_t flock,
		    const struct allot_amounts *accept,
		    struct allot_amounts *goes)
{
	const struct spill_case one = {
		.endpoint_count = look->service->endpoint_count,
		.loads = look->crowd.flocks[flock].loads,
		.count = look->crowd.flocks[flock].count,
	};

	spill_loads(&one, accept->of, goes->of);
}

/* False: out of memory, or nothing is known of demand. */
static bool look_at(const struct burden_case *c, size_t service,
		    const struct plan_spills *spills, struct look *out)
{
	struct allot_case all;
	bool known;

	*out = (struct look){ .service = &c->policy->services[service] };
	if (!burden_crowd(c, service, &known, &out->crowd) || !known)
		return false;
	out->now = calloc(out->crowd.count + 1, sizeof(*out->now));
	for (size_t f = 0; out->now != NULL && f < out->crowd.count; f++) {
		read_now(out, spills, f);
		flow_of(out, f, &out->now[f], &out->crowd.flocks[f].now);
	}
	all = crowd_case(&out->crowd, out->service->endpoint_count);
	if (out->now != NULL && allot_of(&all, &out->found))
		return true;
	look_fini(out);
	return false;
}

/* The endpoint used most while so much is accepted. */
static size_t most_used(const struct look *look,
			const struct allot_amounts *accept, double *use)
{
	size_t count = look->service->endpoint_count, most = 0;
	double load[POLICY_ENDPOINTS_MAX] = { 0 };

	for (size_t f = 0; f < look->crowd.count; f++) {
		struct allot_amounts goes;

		flow_of(look, f, &accept[f], &goes);
		for (size_t e = 0; e < count; e++)
			load[e] += goes.of[e];
	}
	*use = 0;
	for (size_t e = 0; e < count; e++)
		if (load[e] > *use * look->crowd.capacity[e] && load[e] > 0) {
			*use = load[e] / look->crowd.capacity[e];
			most = e;
		}
	return most;
}

static bool accepts_all(const struct look *look,
			const struct allot_amounts *accept)
{
	for (size_t e = 0; e < look->service->endpoint_count; e++)
		if (accept->of[e] < 1)
			return false;
	return true;
}

/* Would so much of a flock go elsewhere that it is worth a move?  The last of
 * what is over always is. */
static bool is_worth(const struct look *look, size_t flock)
{
	const struct allot_amounts *now = &look->crowd.flocks[flock].now;
	double demand = 0, most = 0;

	for (size_t e = 0; e < look->service->endpoint_count; e++) {
		double way = look->found.goes[flock].of[e] - now->of[e];

		demand += now->of[e];
		most = fmax(most, fabs(way));
	}
	if (accepts_all(look, &look->found.accept[flock]))
		return !accepts_all(look, &look->now[flock]);
	return most >= SPILLING_LEAST * demand;
}

/* Towards what was found. */
static void approach(struct look *look, size_t flock)
{
	for (size_t e = 0; e < look->service->endpoint_count; e++) {
		double *now = &look->now[flock].of[e];
		double way = look->found.accept[flock].of[e] - *now;

		*now += fmax(-SPILLING_MOST, fmin(SPILLING_MOST, way));
		*now = floor(*now * 1000 + 0.5) / 1000;
	}
}

/*
 * Does anybody move?  use: how much of its capacity some endpoint is used to as
 * it is.  A part of what was found may be worse than none of it and all of it:
 * who makes room for others must go when they come.
 */
static bool move(struct look *look, double use)
{
	double then = INFINITY;
	bool moved = false;

	for (size_t f = 0; f < look->crowd.count; f++)
		moved = is_worth(look, f) || moved;
	for (size_t f = 0; use <= 1 && f < look->crowd.count; f++)
		if (is_worth(look, f))
			approach(look, f);
	if (use <= 1)
		most_used(look, look->now, &then);
	if (moved && then > 1)
		memcpy(look->now, look->found.accept,
		       look->crowd.count * sizeof(*look->now));
	return moved;
}

static void put_flock(struct plan_spills *to, const struct look *look,
		      size_t flock, const struct allot_amounts *accept)
{
	const struct policy_service *s = look->service;
	const struct flock *key = &look->crowd.keys[flock];

	if (accepts_all(look, accept))
		return;
	plan_spills_add(to, s->name,
			key->home == FLOCK_NO_HOME
				? ""
				: s->endpoints[key->home].name);
	for (size_t e = 0; e < s->endpoint_count; e++)
		if (key->among >> e & 1)
			plan_spills_put(to, s->endpoints[e].name,
					accept->of[e]);
}

/* The others', and what is accepted of this service's clients. */
static bool put_service(struct plan_spills *spills, const struct look *look,
			const struct allot_amounts *accept)
{
	struct plan_spills next;

	if (!plan_spills_init(&next, spills->count + look->crowd.count,
			      spills->part_count +
				      look->crowd.count *
					      look->service->endpoint_count))
		return false;
	for (size_t i = 0; i < spills->count; i++) {
		const struct plan_spill *s = &spills->list[i];

		if (strcmp(s->service, look->service->name) == 0)
			continue;
		plan_spills_add(&next, s->service, s->home);
		for (size_t k = 0; k < s->count; k++)
			plan_spills_put(&next, s->parts[k].endpoint,
					s->parts[k].share);
	}
	for (size_t f = 0; f < look->crowd.count; f++)
		put_flock(&next, look, f, &accept[f]);
	plan_spills_sort(&next);
	plan_spills_fini(spills);
	*spills = next;
	return true;
}

/* The part of the demand that goes elsewhere than by itself. */
static double passed_on(const struct look *look,
			const struct allot_amounts *accept, double *demand)
{
	size_t count = look->service->endpoint_count;
	struct allot_amounts all;
	double passed = 0;

	*demand = 0;
	for (size_t e = 0; e < count; e++)
		all.of[e] = 1;
	for (size_t f = 0; f < look->crowd.count; f++) {
		struct allot_amounts by_itself, goes;

		flow_of(look, f, &all, &by_itself);
		flow_of(look, f, &accept[f], &goes);
		for (size_t e = 0; e < count; e++) {
			*demand += goes.of[e];
			passed += fmax(0, goes.of[e] - by_itself.of[e]);
		}
	}
	return *demand > 0 ? passed / *demand : 0;
}

/* What changed, as people are told. */
static void tell(const struct look *look, const struct spilling *before,
		 const struct spilling *now, const struct spilling_input *in,
		 struct audit *audit)
{
	struct audit_event event = { .wall_ms = in->now.wall_ms };

	audit_text(event.kind, sizeof(event.kind), "spill");
	audit_text(event.who, sizeof(event.who), "%s", in->agent);
	audit_text(event.what, sizeof(event.what), "%s", look->service->name);
	audit_text(event.why, sizeof(event.why),
		   "demand is %.6g; %s is used to %.0f%% of %.6g", now->demand,
		   look->service->endpoints[now->most].name, 100 * now->use,
		   look->crowd.capacity[now->most]);
	audit_text(event.before, sizeof(event.before),
		   "%.1f%% passed on by capacity", 100 * before->passed);
	audit_text(event.after, sizeof(event.after),
		   "%.1f%% passed on by capacity%s", 100 * now->passed,
		   now->overloaded ? "; it is too little for all" : "");
	audit_add(audit, &event);
}

static void step(struct state *state, size_t service,
		 const struct spilling_input *in, struct audit *audit)
{
	const struct burden_case c = { state->policy, in->view, in->classes,
				       in->rates };
	struct spilling *s = &state->spilling[service];
	const struct spilling before = *s;
	struct look look;
	double use;
	bool moved;

	s->looked = true;
	s->looked_ms = in->now.now_ms;
	if (!look_at(&c, service, &state->spills, &look))
		return;
	most_used(&look, look.now, &use);
	s->overloaded = look.found.overloaded;
	moved = move(&look, use) &&
		put_service(&state->spills, &look, look.now);
	s->passed = passed_on(&look, look.now, &s->demand);
	s->most = most_used(&look, look.now, &s->use);
	if (moved || s->overloaded != before.overloaded)
		tell(&look, &before, s, in, audit);
	look_fini(&look);
}

static bool may_move(const struct state *state, size_t service,
		     const struct spilling_input *in)
{
	return state->policy->services[service].spill == SPILL_CAPACITY &&
	       !in->view->services[service].panic.anywhere &&
	       freeze_of_service(state_commands(state), state->policy, service,
				 in->now.wall_ms) == NULL;
}

void spilling_step(struct state *state, const struct spilling_input *in,
		   struct audit *audit)
{
	size_t next = SIZE_MAX;

	for (size_t i = 0; in->view != NULL && i < state->policy->service_count;
	     i++) {
		struct spilling *s = &state->spilling[i];
		uint64_t seen;

		if (!may_move(state, i, in))
			continue;
		seen = hash_of(&in->view->services[i],
			       state->policy->services[i].endpoint_count);
		if (in->waits && s->seen == 0)
			s->seen = seen;
		if (seen != s->seen || (!s->looked && !in->waits)) {
			s->seen = seen;
			step(state, i, in, audit);
			return;
		}
		if (!in->waits &&
		    in->now.now_ms - s->looked_ms >= SPILLING_PERIOD_MS &&
		    (next == SIZE_MAX ||
		     s->looked_ms < state->spilling[next].looked_ms))
			next = i;
	}
	if (next != SIZE_MAX)
		step(state, next, in, audit);
}

bool spilling_settle(const struct burden_case *c, struct plan *plan)
{
	for (size_t i = 0; i < c->policy->service_count; i++) {
		struct look look;
		bool ok;

		if (c->policy->services[i].spill != SPILL_CAPACITY ||
		    !look_at(c, i, &plan->spills, &look))
			continue;
		ok = put_service(&plan->spills, &look, look.found.accept);
		look_fini(&look);
		if (!ok)
			return false;
	}
	return true;
}

struct json_t *spilling_write(const struct spilling *s,
			      const struct policy_service *service)
{
	if (!s->looked || !(s->demand > 0))
		return NULL;
	return json_pack("{s:f, s:f, s:s, s:f, s:b}", "demand", s->demand,
			 "passed_pct", 100 * s->passed, "most",
			 service->endpoints[s->most].name, "use_pct",
			 100 * s->use, "overloaded", s->overloaded);
}

const char *spilling_text(const struct state *state, char *buf, size_t size)
{
	buf[0] = '\0';
	for (size_t i = 0; i < state->policy->service_count; i++) {
		const struct spilling *s = &state->spilling[i];

		if (!s->overloaded)
			continue;
		snprintf(buf, size,
			 "overload: %s brings %.6g, and what is left of its "
			 "capacity cannot carry it; %s is used to %.0f%%",
			 state->policy->services[i].name, s->demand,
			 state->policy->services[i].endpoints[s->most].name,
			 100 * s->use);
		break;
	}
	return buf;
}
