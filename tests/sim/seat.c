/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seat -- an agent's process: what steering/publish and steering/steerer do
 * around the agent, in their order.
 */
#include "fleet.h"

#include "policy/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TURN_MS = 250,
	FULL_READ_MS = 5000,
	ANSWER_MS = 2000, /* the bus answers "down" when nobody else does */
};

static struct seat *seat_of(struct fleet *f, int node)
{
	return &f->seats[node - fleet_seat(0)];
}

static struct ramp_now now_of(const struct fleet *f, int node)
{
	return (struct ramp_now){ fleet_mono(f, node), fleet_wall(f, node) };
}

struct agent_input seat_input(const struct fleet *f, int node)
{
	const struct seat *s = &f->seats[node - fleet_seat(0)];
	struct agent_input in = {
		.now = now_of(f, node),
		.view = s->inputs.view,
		.epoch = s->leads,
		.classes = { f->class_list, FLEET_CLASSES },
		.measures = s->measures,
		.held = &s->held,
		.rum = { s->users.tally.told, s->users.tally.told_count },
	};

	askers_fill(f, node, &in);
	return in;
}

bool seat_leads(struct fleet *f, int node)
{
	struct seat *s = seat_of(f, node);

	return s->leads != 0 && lease_leads(&s->lease, fleet_mono(f, node));
}

/* Sends a question; its answer is "down" when no other comes first. */
static uint64_t put_question(struct fleet *f, int node, struct event question,
			     struct event down)
{
	question.number = down.number = ++f->questions;
	down.to = node;
	fleet_ask(f, node, question);
	fleet_at(f, f->now_ms + ANSWER_MS, down);
	return down.number;
}

static uint64_t least_epoch(struct fleet *f, int node)
{
	struct seat *s = seat_of(f, node);
	uint64_t known = s->inputs.plan == NULL ? 0 : s->inputs.plan->epoch;
	int64_t now_ms = fleet_mono(f, node);

	if (known < agent_epoch(s->agent))
		known = agent_epoch(s->agent);
	return lease_least(&s->lease, known,
			   registry_followed(&s->inputs.registry, now_ms),
			   now_ms, fleet_wall(f, node));
}

static void ask_lease(struct fleet *f, int node)
{
	struct seat *s = seat_of(f, node);

	if (!s->synced || !lease_ask(&s->lease, fleet_mono(f, node)))
		return;
	s->lease_question =
		put_question(f, node,
			     (struct event){ .kind = MESSAGE_LEASE,
					     .a = fleet_holder(f, node),
					     .b = least_epoch(f, node) },
			     (struct event){ .kind = MESSAGE_LEASED });
}

/* Whose commands are in no plan yet is told that nothing changed. */
static void drop_unsent(struct seat *s)
{
	s->meanwhile_count = s->proposed_count;
}

/* And so are those in a plan that is refused, or in doubt. */
static void drop_all(struct seat *s)
{
	s->meanwhile_count = s->proposed_count = 0;
}

static void step_down(struct fleet *f, int node)
{
	struct seat *s = seat_of(f, node);

	if (s->leads != 0)
		fleet_tell(f, node, "leads no more");
	s->leads = 0;
	s->behind = false;
	drop_unsent(s);
}

static void give_up(struct fleet *f, int node)
{
	lease_drop(&seat_of(f, node)->lease, fleet_mono(f, node));
	fleet_ask(f, node,
		  (struct event){ .kind = MESSAGE_RELEASE,
				  .a = fleet_holder(f, node) });
	step_down(f, node);
}

/* The agent goes on from the newest plan that is known. */
static void adopt(struct fleet *f, int node)
{
	struct seat *s = seat_of(f, node);
	const struct plan *plan = s->inputs.plan;

	if (!agent_adopt(s->agent, plan, now_of(f, node)))
		abort();
	history_adopt(f);
	s->base_epoch = plan == NULL ? 0 : plan->epoch;
	s->base_sequence = plan == NULL ? 0 : plan->sequence;
	fleet_tell(f, node, "goes on from %llu.%llu",
		   (unsigned long long)s->base_epoch,
		   (unsigned long long)s->base_sequence);
}

void seat_note(struct fleet *f, int node, const struct command *c,
	       bool approved)
{
	struct seat *s = seat_of(f, node);

	s->approved[s->meanwhile_count] = approved;
	s->meanwhile[s->meanwhile_count++] = *c;
}

/* Onto what is stored, with what people have commanded since. */
static void rebase(struct fleet *f, int node)
{
	struct seat *s = seat_of(f, node);
	size_t count = s->meanwhile_count;
	struct agent_input in;

	s->behind = false;
	adopt(f, node);
	held_restore(&s->held, s->inputs.plan);
	drop_all(s);
	in = seat_input(f, node);
	in.repeats = true;
	for (size_t i = 0; i < count; i++) {
		const struct command c = s->meanwhile[i];
		struct error err;

		in.approved = s->approved[i];
		if (!agent_command(s->agent, &c, &in, &err))
			continue;
		held_remove(&s->held, c.id);
		fleet_tell(f, node, "takes on %s again", c.id);
		history_repeat(f, &c);
		seat_note(f, node, &c, in.approved);
	}
}

static void settle_doubts(struct fleet *f, int node)
{
	struct seat *s = seat_of(f, node);

	for (size_t i = s->doubts.count; i-- > 0;) {
		enum doubt_end end =
			doubt_judge(&s->doubts.list[i], s->inputs.plan);

		if (end == DOUBT_OPEN)
			continue;
		history_settle(f, &s->doubts.list[i], end);
		doubts_drop(&s->doubts, i);
	}
}

/* Moves the agent's events over to the proposal that makes them true. */
static void take_audit(struct seat *s)
{
	struct audit *from = agent_audit(s->agent);

	audit_fini(&s->proposed);
	s->proposed = *from;
	*from = (struct audit){ .list = NULL };
}

static void send_plan(struct fleet *f, int node, const struct plan *plan)
{
	struct seat *s = seat_of(f, node);
	struct blob blob;

	history_propose(f, node, plan);
	blob.octets = plan_write(plan, &blob.len);
	s->proposal = plan_copy(plan);
	s->proposed_count = s->meanwhile_count;
	take_audit(s);
	if (blob.octets == NULL || s->proposal == NULL)
		abort();
	s->commit_question =
		put_question(f, node,
			     (struct event){ .kind = MESSAGE_COMMIT,
					     .a = fleet_holder(f, node),
					     .b = (uint64_t)f->now_ms,
					     .base_epoch = s->base_epoch,
					     .base_sequence = s->base_sequence,
					     .blob = blob },
			     (struct event){ .kind = MESSAGE_COMMITTED,
					     .a = BUS_DOWN });
}

static void publish_turn(struct fleet *f, int node)
{
	struct seat *s = seat_of(f, node);
	struct agent_input in;
	const struct plan *plan;

	ask_lease(f, node);
	if (!lease_leads(&s->lease, fleet_mono(f, node))) {
		step_down(f, node);
		return;
	}
	if (s->proposal != NULL || !s->synced || s->behind)
		return;
	if (s->leads != s->lease.epoch) {
		step_down(f, node);
		adopt(f, node);
		s->leads = s->lease.epoch;
		users_adopt(f, node, s->inputs.plan);
		askers_adopt(f, node, s->inputs.plan);
		held_adopt(&s->held, s->inputs.plan);
		s->led_ms = f->now_ms;
	}
	users_turn(f, node);
	in = seat_input(f, node);
	s->asked.waited = in.waits;
	plan = agent_tick(s->agent, &in);
	history_audit(f, agent_audit(s->agent));
	if (plan != NULL)
		send_plan(f, node, plan);
	else
		audit_clear(agent_audit(s->agent));
}

static void turn(struct fleet *f, int node)
{
	struct seat *s = seat_of(f, node);

	if (!inputs_reduce(&s->inputs, f->policy, now_of(f, node)))
		abort();
	for (size_t t = 0; t < f->target_count; t++)
		if (s->inputs.view->services[f->target_service[t]]
			    .endpoints[f->target_endpoint[t]]
			    .health.verdict == VERDICT_DOWN)
			f->history.seen_down[t] = true;
	for (size_t i = 0; i < f->policy->service_count; i++)
		if (s->inputs.view->services[i].panic.anywhere)
			f->history.panic_ms[i] = f->now_ms;
	gauges_turn(f, node);
	askers_turn(f, node);
	approvals_turn(f, node);
	users_turn(f, node);
	publish_turn(f, node);
}

/* Takes ownership of plan; true when it is the newest. */
static bool take_plan(struct fleet *f, int node, struct plan *plan)
{
	struct seat *s = seat_of(f, node);
	struct blob blob;

	if (!inputs_take_plan(&s->inputs, plan, fleet_wall(f, node))) {
		plan_free(plan);
		return false;
	}
	blob.octets = plan_write(plan, &blob.len);
	if (blob.octets == NULL)
		abort();
	free(s->kept_plan.octets);
	s->kept_plan = blob;
	return true;
}

static void hear_plan(struct fleet *f, int node, const struct blob *blob)
{
	struct seat *s = seat_of(f, node);
	struct error err;
	struct plan *plan = plan_parse(blob->octets, blob->len, &err);
	uint64_t epoch = plan == NULL ? 0 : plan->epoch;

	if (plan == NULL || !take_plan(f, node, plan))
		return;
	settle_doubts(f, node);
	if (s->leads != 0 && epoch > s->leads)
		give_up(f, node);
	else if (s->leads != 0 && s->proposal == NULL)
		rebase(f, node);
}

static void on_behind(struct fleet *f, int node)
{
	struct seat *s = seat_of(f, node);
	const struct plan *read = s->inputs.plan;

	fleet_tell(f, node, "is behind");
	if (s->leads == 0)
		drop_all(s);
	else if (read != NULL && (read->epoch != s->base_epoch ||
				  read->sequence != s->base_sequence))
		rebase(f, node);
	else
		s->behind = true;
}

/* The commands of the proposal are in a stored plan now. */
static void confirm(struct seat *s)
{
	memmove(s->meanwhile, s->meanwhile + s->proposed_count,
		(s->meanwhile_count - s->proposed_count) *
			sizeof(s->meanwhile[0]));
	memmove(s->approved, s->approved + s->proposed_count,
		(s->meanwhile_count - s->proposed_count) *
			sizeof(s->approved[0]));
	s->meanwhile_count -= s->proposed_count;
	s->proposed_count = 0;
}

static void on_committed(struct fleet *f, int node, enum bus_commit result)
{
	struct seat *s = seat_of(f, node);
	struct plan *plan = s->proposal;

	s->commit_question = 0;
	s->proposal = NULL;
	if (result == BUS_COMMITTED) {
		s->base_epoch = plan->epoch;
		s->base_sequence = plan->sequence;
		confirm(s);
		if (take_plan(f, node, plan))
			settle_doubts(f, node);
		return;
	}
	if (result == BUS_DOWN)
		doubts_add(&s->doubts, plan, &s->proposed);
	audit_clear(&s->proposed);
	plan_free(plan);
	if (result == BUS_BEHIND) {
		on_behind(f, node);
		return;
	}
	drop_all(s);
	if (result == BUS_STALE)
		give_up(f, node);
	else if (s->leads != 0) {
		held_restore(&s->held, s->inputs.plan);
		adopt(f, node);
	}
}

static void on_link(struct fleet *f, int node, bool up)
{
	struct seat *s = seat_of(f, node);

	if (up) {
		fleet_ask(f, node,
			  (struct event){ .kind = MESSAGE_READ, .a = 1 });
		return;
	}
	s->synced = false;
	if (s->lease_question != 0)
		lease_answer(&s->lease, 0, fleet_mono(f, node));
	s->lease_question = 0;
	if (s->commit_question != 0)
		on_committed(f, node, BUS_DOWN);
}

void seat_receive(struct fleet *f, struct event *e)
{
	struct seat *s = seat_of(f, e->to);
	struct error err;

	if (e->kind == MESSAGE_VALUE) {
		if (!inputs_take_report(&s->inputs,
					f->policy->vantages[e->a].name,
					e->blob.octets, e->blob.len,
					(struct world_time){
						fleet_mono(f, e->to),
						fleet_wall(f, e->to) },
					&err))
			fleet_broken(f, "%s", err.text);
	} else if (e->kind == MESSAGE_NODE || e->kind == MESSAGE_SERVED) {
		askers_hear(f, e->to, e);
	} else if (e->kind == MESSAGE_NOTICE) {
		fleet_ask(f, e->to, (struct event){ .kind = MESSAGE_READ });
	} else if (e->kind == MESSAGE_PLAN) {
		hear_plan(f, e->to, &e->blob);
	} else if (e->kind == MESSAGE_SYNCED) {
		if (!s->synced)
			askers_synced(f, e->to);
		s->synced = true;
	} else if (e->kind == EVENT_LINK) {
		on_link(f, e->to, e->a == 1);
	} else if (e->kind == EVENT_FULL_READ) {
		fleet_ask(f, e->to,
			  (struct event){ .kind = MESSAGE_READ, .a = 1 });
		fleet_after(f, e->to, FULL_READ_MS, EVENT_FULL_READ);
	} else if (e->kind == EVENT_TURN) {
		turn(f, e->to);
		fleet_after(f, e->to, TURN_MS, EVENT_TURN);
	} else if (e->kind == MESSAGE_LEASED &&
		   e->number == s->lease_question) {
		s->lease_question = 0;
		lease_answer(&s->lease, e->a, fleet_mono(f, e->to));
		turn(f, e->to);
	} else if (e->kind == MESSAGE_COMMITTED &&
		   e->number == s->commit_question) {
		on_committed(f, e->to, (enum bus_commit)e->a);
		turn(f, e->to);
	}
}

void seat_start(struct fleet *f, int node)
{
	struct seat *s = seat_of(f, node);
	struct error err;
	char name[24];

	snprintf(name, sizeof(name), "agent%d", node - fleet_seat(0));
	s->agent = agent_new(f->policy, name);
	if (s->agent == NULL)
		abort();
	users_start(f, &s->users);
	inputs_adopt(&s->inputs, f->policy);
	askers_start(f, node);
	if (s->kept_plan.octets != NULL) {
		struct plan *plan =
			plan_parse(s->kept_plan.octets, s->kept_plan.len, &err);

		if (!inputs_take_plan(&s->inputs, plan, fleet_wall(f, node)))
			abort();
	}
	fleet_after(f, node, fleet_between(f, 1, TURN_MS), EVENT_TURN);
	fleet_after(f, node, 0, EVENT_FULL_READ);
}

void seat_die(struct seat *s)
{
	agent_free(s->agent);
	inputs_fini(&s->inputs);
	plan_free(s->proposal);
	audit_fini(&s->proposed);
	doubts_fini(&s->doubts);
	users_die(&s->users);
	askers_die(&s->asked);
	*s = (struct seat){ .kept_plan = s->kept_plan, .led_ms = INT64_MAX };
}
