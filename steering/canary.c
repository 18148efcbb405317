/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/canary.h"

#include "policy/base/error.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct rule {
	enum plan_canary_state in;
	enum command_kind on;
	enum plan_canary_state next;
} rules[] = {
	{ CANARY_OFF,     COMMAND_CANARY_START,   CANARY_RUNNING },
	{ CANARY_ABORTED, COMMAND_CANARY_START,   CANARY_RUNNING },
	{ CANARY_RUNNING, COMMAND_CANARY_PROMOTE, CANARY_RUNNING },
	{ CANARY_RUNNING, COMMAND_CANARY_PAUSE,   CANARY_PAUSED  },
	{ CANARY_PAUSED,  COMMAND_CANARY_RESUME,  CANARY_RUNNING },
	{ CANARY_RUNNING, COMMAND_CANARY_ABORT,   CANARY_ABORTED },
	{ CANARY_PAUSED,  COMMAND_CANARY_ABORT,   CANARY_ABORTED },
	{ CANARY_DONE,    COMMAND_CANARY_ABORT,   CANARY_ABORTED },
};
/* clang-format on */

const char *canary_revision(const struct policy_canary *canary)
{
	return canary->revision == NULL ? "" : canary->revision;
}

static const struct rule *rule_for(enum plan_canary_state in,
				   enum command_kind on)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].in == in && rules[i].on == on)
			return &rules[i];
	return NULL;
}

void canary_advance(const struct policy_canary *canary, struct plan_canary *s)
{
	if (s->step + 1 < canary->stages[s->stage].percent_count) {
		s->step++;
		s->phase = CANARY_STEP;
	} else if (s->stage + 1 < canary->stage_count) {
		s->stage++;
		s->step = 0;
		s->phase = CANARY_PRECHECK;
	} else {
		s->state = CANARY_DONE;
		s->phase = CANARY_PLANNED;
	}
}

/* Nothing is left of an earlier run. */
static void begin(const struct policy_canary *canary, struct plan_canary *s)
{
	struct plan_canary fresh = {
		.state = CANARY_RUNNING,
		.phase = CANARY_PRECHECK,
	};

	snprintf(fresh.name, sizeof(fresh.name), "%s", s->name);
	snprintf(fresh.revision, sizeof(fresh.revision), "%s",
		 canary_revision(canary));
	*s = fresh;
}

static bool may_begin(const struct policy_canary *canary,
		      const struct plan_canary *state, struct error *err)
{
	if (!state->rolled_back)
		return true;
	error_set(err,
		  "canary-start: canary %s was rolled back (%.80s); give it "
		  "another revision in the policy first",
		  canary->name, state->reason);
	return false;
}

/* promote ends the wait for healthy endpoints, else it goes one step on. */
static void promote(const struct policy_canary *canary, struct plan_canary *s)
{
	if (s->phase == CANARY_PRECHECK)
		s->phase = CANARY_STEP;
	else
		canary_advance(canary, s);
}

bool canary_command(const struct policy_canary *canary, enum command_kind kind,
		    struct plan_canary *state, int64_t wall_ms,
		    struct error *err)
{
	const struct rule *rule = rule_for(state->state, kind);

	if (rule == NULL) {
		error_set(err, "%s: canary %s is %s%s", command_kind_name(kind),
			  canary->name, plan_canary_state_name(state->state),
			  kind == COMMAND_CANARY_START &&
					  state->state == CANARY_DONE
				  ? "; abort it before starting it over"
				  : "");
		return false;
	}
	if (kind == COMMAND_CANARY_START && !may_begin(canary, state, err))
		return false;
	state->state = rule->next;
	if (kind == COMMAND_CANARY_START)
		begin(canary, state);
	else if (kind == COMMAND_CANARY_PROMOTE)
		promote(canary, state);
	else if (kind == COMMAND_CANARY_ABORT)
		state->phase = CANARY_ROLLBACK;
	snprintf(state->reason, sizeof(state->reason), "%s",
		 command_kind_name(kind));
	state->wall_since_ms = wall_ms;
	return true;
}

static uint32_t stage_pct(const struct policy_canary *canary,
			  const struct plan_canary *state, size_t i)
{
	const struct canary_stage *stage = &canary->stages[i];

	if (state->state == CANARY_DONE || i < state->stage)
		return stage->percents[stage->percent_count - 1];
	return i == state->stage && state->phase != CANARY_PRECHECK
		       ? stage->percents[state->step]
		       : 0;
}

double canary_share(const struct policy_canary *canary,
		    const struct plan_canary *state, int region)
{
	uint32_t pct = 0;

	if (state->state == CANARY_OFF || state->state == CANARY_ABORTED)
		return 0;
	for (size_t i = 0; i < canary->stage_count; i++) {
		bool in = canary->stages[i].regions >> region & 1;
		uint32_t p = in ? stage_pct(canary, state, i) : 0;

		pct = p > pct ? p : pct;
	}
	return pct / 100.0;
}

int64_t canary_bake_left_ms(const struct policy_canary *canary,
			    const struct plan_canary *state)
{
	int64_t bake_ms = canary->stages[state->stage].bake_ms, left_ms;

	if (state->state != CANARY_RUNNING)
		return 0;
	if (state->phase != CANARY_BAKE && state->phase != CANARY_HOLD)
		return state->phase == CANARY_WAIT ? 0 : bake_ms;
	left_ms = bake_ms - state->spent_ms;
	return left_ms > 0 ? left_ms : 0;
}

bool canary_state_fits(const struct policy_canary *canary,
		       const struct plan_canary *state)
{
	return state->stage < canary->stage_count &&
	       state->step < canary->stages[state->stage].percent_count &&
	       strcmp(state->revision, canary_revision(canary)) == 0;
}

static bool regions_same(const struct policy *a, uint64_t in_a,
			 const struct policy *b, uint64_t in_b)
{
	for (size_t i = 0; i < a->region_count; i++) {
		int j = policy_find_region(b, a->regions[i].name);
		bool has_b = j >= 0 && (in_b >> j & 1);

		if ((in_a >> i & 1) != has_b)
			return false;
		if (j >= 0)
			in_b &= ~(UINT64_C(1) << j);
	}
	return in_b == 0;
}

static bool stages_same(const struct policy *a, const struct policy_canary *ca,
			const struct policy *b, const struct policy_canary *cb)
{
	if (ca->stage_count != cb->stage_count)
		return false;
	for (size_t i = 0; i < ca->stage_count; i++) {
		const struct canary_stage *sa = &ca->stages[i];
		const struct canary_stage *sb = &cb->stages[i];

		if (sa->percent_count != sb->percent_count ||
		    memcmp(sa->percents, sb->percents,
			   sa->percent_count * sizeof(sa->percents[0])) != 0)
			return false;
		if (!regions_same(a, sa->regions, b, sb->regions))
			return false;
	}
	return true;
}

static bool addresses_same(const struct net_addr *a, size_t a_count,
			   const struct net_addr *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (!net_equal(&a[i], &b[i]))
			return false;
	return true;
}

static bool names_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The endpoint of canary index that is called name, or NULL. */
static const struct policy_endpoint *endpoint_of(const struct policy_service *s,
						 size_t index, const char *name)
{
	for (size_t i = 0; i < s->endpoint_count; i++)
		if (s->endpoints[i].canary == (int)index &&
		    strcmp(s->endpoints[i].name, name) == 0)
			return &s->endpoints[i];
	return NULL;
}

static size_t endpoints_of(const struct policy_service *s, size_t index)
{
	size_t count = 0;

	for (size_t i = 0; i < s->endpoint_count; i++)
		count += s->endpoints[i].canary == (int)index;
	return count;
}

bool canary_same(const struct policy *a, size_t ia, const struct policy *b,
		 size_t ib)
{
	const struct policy_canary *ca = &a->canaries[ia];
	const struct policy_canary *cb = &b->canaries[ib];
	const struct policy_service *sa = &a->services[ca->service];
	const struct policy_service *sb = &b->services[cb->service];

	if (strcmp(sa->name, sb->name) != 0 ||
	    strcmp(canary_revision(ca), canary_revision(cb)) != 0 ||
	    endpoints_of(sa, ia) != endpoints_of(sb, ib) ||
	    !stages_same(a, ca, b, cb))
		return false;
	for (size_t i = 0; i < sa->endpoint_count; i++) {
		const struct policy_endpoint *ea = &sa->endpoints[i];
		const struct policy_endpoint *eb;

		if (ea->canary != (int)ia)
			continue;
		eb = endpoint_of(sb, ib, ea->name);
		if (eb == NULL || !names_same(ea->cname, eb->cname) ||
		    !addresses_same(ea->a, ea->a_count, eb->a, eb->a_count) ||
		    !addresses_same(ea->aaaa, ea->aaaa_count, eb->aaaa,
				    eb->aaaa_count))
			return false;
	}
	return true;
}
