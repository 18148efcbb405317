/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/failback.h"

#include "steering/freeze.h"
#include "steering/pause.h"
#include "steering/turnout.h"
#include "steering/undo.h"

/* What keeps a service's ramps from going on. */
enum stop { STOP_NONE, STOP_PANIC, STOP_FREEZE };

/* The ramp of one endpoint, as it was and as it is. */
struct turn {
	const struct policy_service *service;
	size_t endpoint;
	struct ramp was, is;
	size_t number; /* of the service */
};

static void tell(struct state *state, const struct turn *turn,
		 const char *agent, struct audit *audit)
{
	static const char *const why[] = {
		[RAMP_FULL] = "it has its clients back",
		[RAMP_DOWN] = "it is down",
		[RAMP_WAITING] = "it is healthy again",
		[RAMP_RISING] = "it was healthy for long enough",
	};
	struct audit_event event = { .wall_ms = turn->is.wall_since_ms };

	audit_text(event.kind, sizeof(event.kind), "ramp");
	audit_text(event.who, sizeof(event.who), "%s", agent);
	audit_text(event.what, sizeof(event.what), "%s/%s", turn->service->name,
		   turn->service->endpoints[turn->endpoint].name);
	audit_text(event.why, sizeof(event.why), "%s", why[turn->is.state]);
	audit_text(event.before, sizeof(event.before), "%s",
		   ramp_state_name(turn->was.state));
	audit_text(event.after, sizeof(event.after), "%s",
		   ramp_state_name(turn->is.state));
	if (turn->is.state == RAMP_RISING) {
		struct plan_change change = { .id = "" };

		audit_text(change.released, sizeof(change.released), "%s",
			   event.what);
		undo_note_machine(state, &event, &change);
	}
	audit_add(audit, &event);
}

/* What is down and served all the same keeps its share: unknown moves none. */
static enum verdict verdict_of(const struct state *state,
			       const struct failback_input *in, size_t service,
			       size_t endpoint)
{
	if (in->view == NULL || in->view->policy != state->policy)
		return VERDICT_UNKNOWN;
	return view_verdict(&in->view->services[service].endpoints[endpoint]);
}

/* One ramp further.  Panic is health's, which a freeze leaves alone. */
static struct ramp step(const struct failback_input *in, struct ramp was,
			const struct ramp_limits *limits, enum verdict verdict,
			enum stop stop)
{
	switch (stop) {
	case STOP_PANIC:
		return pause_ramp(was, limits, verdict, in->passed_ms, in->now);
	case STOP_FREEZE:
		return freeze_ramp(was, limits, verdict, in->passed_ms,
				   in->now);
	case STOP_NONE:
		break;
	}
	if (was.state == RAMP_RISING && verdict == VERDICT_UNKNOWN)
		was.since_ms += in->passed_ms;
	return ramp_step(was, limits, verdict, in->now);
}

static enum stop stop_of(const struct state *state,
			 const struct failback_input *in, size_t service)
{
	if (pause_holds(in->view, state->policy, service))
		return STOP_PANIC;
	if (state->surges[service].held)
		return STOP_FREEZE;
	return freeze_of_service(state_commands(state), state->policy, service,
				 in->now.wall_ms) == NULL
		       ? STOP_NONE
		       : STOP_FREEZE;
}

static void tell_stand(const struct turn *turn, const struct turnout_parts *of,
		       const struct failback_input *in, struct audit *audit)
{
	struct audit_event event = { .wall_ms = in->now.wall_ms };

	audit_text(event.kind, sizeof(event.kind), "ramp");
	audit_text(event.who, sizeof(event.who), "%s", in->agent);
	audit_text(event.what, sizeof(event.what), "%s/%s", turn->service->name,
		   turn->service->endpoints[turn->endpoint].name);
	audit_text(event.why, sizeof(event.why),
		   "%.1f%% of the requests come to it, %.1f%% should",
		   100 * of->seen, 100 * of->intended);
	audit_text(event.before, sizeof(event.before), "%s",
		   ramp_state_name(RAMP_RISING));
	audit_text(event.after, sizeof(event.after), "stands");
	audit_add(audit, &event);
}

static bool is_of(const struct view *view, const struct turn *turn)
{
	return view != NULL && turn->number < view->policy->service_count &&
	       &view->policy->services[turn->number] == turn->service;
}

/*
 * A step that is due is taken when clients came as the last one intended; else
 * the ramp stands for as long as a step once more, but not longer than all of
 * it takes: who is counted at edges may differ from who asks for good.
 */
static void take_step(struct turn *turn, const struct ramp_limits *limits,
		      struct turnout *u, const struct failback_input *in,
		      struct audit *audit)
{
	const struct turnout_case c = {
		.view = is_of(in->view, turn) ? in->view : NULL,
		.classes = in->classes,
		.rates = in->rates,
		.counted = in->counted,
		.now_ms = in->now.now_ms,
		.service = turn->number,
		.endpoint = turn->endpoint,
	};
	struct turnout_parts parts;
	int64_t stood_ms = u->stood_ms;
	bool goes = turn->was.state != RAMP_RISING ||
		    turnout_allows(u, &c, &parts) ||
		    stood_ms >= limits->ramp_ms;

	*u = turnout_begin(&c);
	if (goes)
		return;
	u->stood_ms = stood_ms + limits->step_ms;
	turn->is = turn->was;
	turn->is.since_ms += limits->step_ms;
	if (stood_ms == 0)
		tell_stand(turn, &parts, in, audit);
}

/* Does it have more of its clients than at the tick before? */
static bool steps_up(const struct turn *turn, const struct ramp_limits *limits,
		     const struct failback_input *in)
{
	bool rises =
		turn->is.state == RAMP_RISING ||
		(turn->is.state == RAMP_FULL && turn->was.state == RAMP_RISING);

	if (limits->step_ms == 0 || !rises)
		return false;
	return turn->is.state != turn->was.state ||
	       ramp_share(&turn->is, limits, in->now.now_ms) >
		       ramp_share(&turn->was, limits,
				  in->now.now_ms - in->passed_ms);
}

/* A canary's endpoint has no failback ramp: its clients are its canary's. */
static void step_service(struct state *state, const struct failback_input *in,
			 size_t service, struct audit *audit)
{
	const struct policy_service *s = &state->policy->services[service];
	struct ramp_limits limits = state_limits(state, service);
	enum stop stop = stop_of(state, in, service);

	limits.manual = state_waits(state, service, in->now.wall_ms);
	for (size_t i = 0; i < s->endpoint_count; i++) {
		struct ramp *ramp = state_ramp(state, service, i);
		enum verdict verdict = verdict_of(state, in, service, i);
		struct turn turn = { s, i, *ramp, *ramp, service };

		if (s->endpoints[i].canary != POLICY_NONE ||
		    policy_unmonitored(state->policy, s) != NULL)
			continue;
		turn.is = step(in, turn.was, &limits, verdict, stop);
		if (steps_up(&turn, &limits, in))
			take_step(&turn, &limits,
				  state_turnout(state, service, i), in, audit);
		*ramp = turn.is;
		if (turn.is.state != turn.was.state)
			tell(state, &turn, in->agent, audit);
	}
}

void failback_step(struct state *state, const struct failback_input *in,
		   struct audit *audit)
{
	for (size_t i = 0; i < state->policy->service_count; i++)
		step_service(state, in, i, audit);
}
