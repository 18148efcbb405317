/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nodes -- the three kinds of process: what their shells do around the pure
 * parts, with messages for sockets and events for timers.
 */
#include "world.h"

#include "policy/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TURN_RESPONDER_MS = 1000,
	TURN_SEAT_MS = 250,
	REPORT_MS = 1000,
	FULL_READ_MS = 5000,
	ANSWER_MS = 2000, /* the bus answers "down" when nobody else does */
};

static void later(struct world *w, int node, int64_t delay_ms,
		  enum event_kind kind)
{
	world_at(w, w->now_ms + delay_ms,
		 (struct event){ .kind = kind, .to = node });
}

static const struct policy_endpoint *endpoint_of(const struct world *w,
						 size_t target)
{
	return &w->policy->services[w->target_service[target]]
			.endpoints[w->target_endpoint[target]];
}

static const struct policy_check *check_of(const struct world *w, size_t target)
{
	return &w->policy->checks[w->policy->services[w->target_service[target]]
					  .check];
}

/* Vantages. */

static struct report_entry entry_of(const struct world *w,
				    const struct vantage *v, size_t target)
{
	static const enum report_state states[] = {
		[BREAKER_CLOSED] = REPORT_CLOSED,
		[BREAKER_OPEN] = REPORT_OPEN,
		[BREAKER_HALF_OPEN] = REPORT_HALF_OPEN,
	};
	struct report_entry e = {
		.state = v->probed[target] ? states[v->breakers[target].state]
					   : REPORT_UNKNOWN,
		.failing = v->failing[target],
		.wall_probed_ms = v->wall_probed_ms[target],
	};

	snprintf(e.service, sizeof(e.service), "%s",
		 w->policy->services[w->target_service[target]].name);
	snprintf(e.endpoint, sizeof(e.endpoint), "%s",
		 endpoint_of(w, target)->name);
	return e;
}

static void publish_report(struct world *w, int node)
{
	struct vantage *v = &w->vantages[node - world_vantage_node(0)];
	struct report_entry entries[WORLD_TARGETS];
	struct report report = {
		.sequence = ++v->sequence,
		.wall_made_ms = world_wall(w, node),
		.entries = entries,
		.count = w->target_count,
	};
	size_t at = (size_t)(v - w->vantages), len;
	char *octets;

	snprintf(report.vantage, sizeof(report.vantage), "%s",
		 w->policy->vantages[at].name);
	for (size_t t = 0; t < w->target_count; t++) {
		entries[t] = entry_of(w, v, t);
		report.abstains |= !v->probed[t];
	}
	octets = report_write(&report, &len);
	if (octets == NULL)
		abort();
	world_send(w, node,
		   (struct event){ .kind = MESSAGE_REPORT,
				   .to = WORLD_STORE,
				   .a = at,
				   .octets = octets,
				   .len = len });
}

static void step_breaker(struct world *w, int node, size_t target,
			 enum breaker_event event)
{
	struct vantage *v = &w->vantages[node - world_vantage_node(0)];
	struct breaker *b = &v->breakers[target];
	enum breaker_state before = b->state;

	*b = breaker_step(*b, &check_of(w, target)->breaker,
			  &(struct breaker_input){
				  .event = event,
				  .draw = (uint32_t)world_draw(w),
				  .now_ms = world_mono(w, node),
			  });
	if (b->state != before)
		publish_report(w, node);
}

static void probe(struct world *w, int node, size_t target)
{
	struct vantage *v = &w->vantages[node - world_vantage_node(0)];
	const struct policy_check *check = check_of(w, target);
	int64_t next_ms = check->interval_ms;

	step_breaker(w, node, target, BREAKER_TICK);
	if (v->breakers[target].state != BREAKER_OPEN) {
		/* Now and then a probe is lost on its way. */
		bool passed = w->endpoint_up[target] &&
			      (w->loss_pct == 0 || world_draw(w) % 100 > 0);

		v->probed[target] = true;
		v->failing[target] = !passed;
		v->wall_probed_ms[target] = world_wall(w, node);
		step_breaker(w, node, target,
			     passed ? BREAKER_PASS : BREAKER_FAIL);
		if (!passed)
			next_ms = 1000;
	}
	world_at(w, w->now_ms + next_ms,
		 (struct event){
			 .kind = EVENT_PROBE, .to = node, .a = target });
}

static void vantage_start(struct world *w, int node)
{
	struct vantage *v = &w->vantages[node - world_vantage_node(0)];

	/* The real one starts from its wall clock so that it goes on up. */
	*v = (struct vantage){ .sequence = (uint64_t)w->now_ms * 1000 };
	for (size_t t = 0; t < w->target_count; t++)
		world_at(w, w->now_ms + world_between(w, 1, 2000),
			 (struct event){
				 .kind = EVENT_PROBE, .to = node, .a = t });
	later(w, node, REPORT_MS, EVENT_REPORT);
}

/* What responders and seats have in common. */

static void take_report(struct world *w, const struct event *e,
			struct report **reports, int64_t *heard_ms)
{
	struct error err;
	struct report *report = report_parse(e->octets, e->len, &err);

	if (report == NULL) {
		snprintf(w->trouble, sizeof(w->trouble),
			 "a vantage published what is no report: %s", err.text);
		return;
	}
	/* A late one from before is not news. */
	if (reports[e->a] != NULL &&
	    report->sequence <= reports[e->a]->sequence) {
		report_free(report);
		return;
	}
	report_free(reports[e->a]);
	reports[e->a] = report;
	heard_ms[e->a] = world_mono(w, e->to);
}

static struct view *reduce(const struct world *w, int node,
			   struct report *const *reports,
			   const int64_t *heard_ms, const struct view_input *in)
{
	struct heard_report heard[WORLD_VANTAGES];
	struct view_input whole = *in;
	struct view *view;

	for (size_t v = 0; v < WORLD_VANTAGES; v++)
		heard[v] = (struct heard_report){ reports[v], heard_ms[v] };
	whole.reports = heard;
	whole.now_ms = world_mono(w, node);
	whole.wall_ms = world_wall(w, node);
	view = view_reduce(w->policy, &whole);
	if (view == NULL)
		abort();
	return view;
}

static void keep(char **kept, size_t *kept_len, const char *octets, size_t len)
{
	free(*kept);
	*kept = malloc(len + 1);
	if (*kept == NULL)
		abort();
	memcpy(*kept, octets, len);
	*kept_len = len;
}

/* Responders. */

static void responder_reduce(struct world *w, int node)
{
	struct responder *r = &w->responders[node];
	struct view *next = reduce(w, node, r->reports, r->heard_ms,
				   &(struct view_input){ .plan = r->plan,
							 .previous = r->view });

	view_free(r->view);
	r->view = next;
}

static void responder_take_plan(struct world *w, int node, const char *octets,
				size_t len)
{
	struct responder *r = &w->responders[node];
	struct error err;
	struct plan *plan = plan_parse(octets, len, &err);

	if (plan == NULL || !plan_newer(plan, r->plan)) {
		plan_free(plan);
		return;
	}
	if (!plan_check(plan, w->policy, &err)) {
		snprintf(w->trouble, sizeof(w->trouble),
			 "an agent published a plan that nobody may follow: %s",
			 err.text);
		plan_free(plan);
		return;
	}
	plan_free(r->plan);
	r->plan = plan;
	if (octets != r->kept_plan)
		keep(&r->kept_plan, &r->kept_len, octets, len);
}

static void responder_start(struct world *w, int node)
{
	struct responder *r = &w->responders[node];

	if (r->kept_plan != NULL)
		responder_take_plan(w, node, r->kept_plan, r->kept_len);
	responder_reduce(w, node);
	later(w, node, TURN_RESPONDER_MS, EVENT_TURN);
	later(w, node, 0, EVENT_FULL_READ);
}

static void responder_receive(struct world *w, struct event *e)
{
	struct responder *r = &w->responders[e->to];

	if (e->kind == MESSAGE_NOTE_REPORT)
		take_report(w, e, r->reports, r->heard_ms);
	else if (e->kind == MESSAGE_NOTE_PLAN)
		responder_take_plan(w, e->to, e->octets, e->len);
	else if (e->kind == EVENT_TURN)
		later(w, e->to, TURN_RESPONDER_MS, EVENT_TURN);
	responder_reduce(w, e->to);
}

/* Seats: the agent and its lease. */

static void seat_note_plan(struct seat *s, const char *octets, size_t len)
{
	struct error err;
	struct plan *plan = plan_parse(octets, len, &err);

	if (plan == NULL || !plan_newer(plan, s->plan)) {
		plan_free(plan);
		return;
	}
	plan_free(s->plan);
	s->plan = plan;
	if (octets != s->kept_plan)
		keep(&s->kept_plan, &s->kept_len, octets, len);
}

/* Sends a question; its answer is "down" when no other comes first. */
static uint64_t put_question(struct world *w, int node, struct event question,
			     struct event down)
{
	uint64_t number = ++w->questions;

	question.to = WORLD_STORE;
	question.number = number;
	world_send(w, node, question);
	down.to = node;
	down.number = number;
	world_at(w, w->now_ms + ANSWER_MS, down);
	return number;
}

static void seat_ask_lease(struct world *w, int node, struct seat *s)
{
	if (!lease_ask(&s->lease, world_mono(w, node)))
		return;
	s->lease_question = put_question(
		w, node,
		(struct event){ .kind = MESSAGE_LEASE,
				.a = (uint64_t)(s - w->seats),
				.b = s->plan == NULL ? 0 : s->plan->epoch },
		(struct event){ .kind = MESSAGE_LEASED });
}

static void seat_step_down(struct world *w, int node, struct seat *s)
{
	lease_drop(&s->lease, world_mono(w, node));
	s->adopted = 0;
}

static struct ramp_now now_of(const struct world *w, int node)
{
	return (struct ramp_now){ world_mono(w, node), world_wall(w, node) };
}

static void seat_publish(struct world *w, int node, struct seat *s)
{
	const struct plan *plan =
		agent_tick(s->agent,
			   &(struct agent_input){
				   .now = now_of(w, node),
				   .view = s->view,
				   .epoch = s->lease.epoch,
				   .classes = { w->class_list, WORLD_CLASSES },
			   });
	char *octets;
	size_t len;

	audit_clear(agent_audit(s->agent));
	if (plan == NULL)
		return;
	octets = plan_write(plan, &len);
	if (octets == NULL)
		abort();
	keep(&s->proposal, &s->proposal_len, octets, len);
	s->commit_question =
		put_question(w, node,
			     (struct event){ .kind = MESSAGE_COMMIT,
					     .a = (uint64_t)(s - w->seats),
					     .octets = octets,
					     .len = len },
			     (struct event){ .kind = MESSAGE_COMMITTED,
					     .a = BUS_DOWN });
}

static void seat_turn(struct world *w, int node, struct seat *s)
{
	struct view *next = reduce(w, node, s->reports, s->heard_ms,
				   &(struct view_input){ .plan = s->plan,
							 .previous = s->view });

	view_free(s->view);
	s->view = next;
	later(w, node, TURN_SEAT_MS, EVENT_TURN);
	seat_ask_lease(w, node, s);
	if (!lease_leads(&s->lease, world_mono(w, node))) {
		s->adopted = 0;
		return;
	}
	if (s->adopted != s->lease.epoch) {
		if (!agent_adopt(s->agent, s->plan, now_of(w, node)))
			abort();
		s->adopted = s->lease.epoch;
	}
	if (s->commit_question == 0)
		seat_publish(w, node, s);
}

static void seat_committed(struct world *w, int node, struct seat *s,
			   enum bus_commit outcome)
{
	s->commit_question = 0;
	if (outcome == BUS_COMMITTED)
		seat_note_plan(s, s->proposal, s->proposal_len);
	else if (outcome == BUS_STALE)
		seat_step_down(w, node, s);
	else
		s->adopted = 0; /* nobody knows: go on from what is known */
}

static void seat_receive(struct world *w, struct event *e)
{
	struct seat *s = &w->seats[e->to - world_seat_node(0)];

	if (e->kind == MESSAGE_NOTE_REPORT) {
		take_report(w, e, s->reports, s->heard_ms);
	} else if (e->kind == MESSAGE_NOTE_PLAN) {
		seat_note_plan(s, e->octets, e->len);
	} else if (e->kind == EVENT_TURN) {
		seat_turn(w, e->to, s);
	} else if (e->kind == MESSAGE_LEASED &&
		   e->number == s->lease_question) {
		s->lease_question = 0;
		lease_answer(&s->lease, e->a, world_mono(w, e->to));
	} else if (e->kind == MESSAGE_COMMITTED &&
		   e->number == s->commit_question) {
		seat_committed(w, e->to, s, (enum bus_commit)e->a);
	}
}

static void seat_start(struct world *w, int node)
{
	struct seat *s = &w->seats[node - world_seat_node(0)];
	char name[16];

	snprintf(name, sizeof(name), "agent%d", node - world_seat_node(0));
	s->agent = agent_new(w->policy, name);
	if (s->agent == NULL)
		abort();
	if (s->kept_plan != NULL)
		seat_note_plan(s, s->kept_plan, s->kept_len);
	later(w, node, world_between(w, 1, TURN_SEAT_MS), EVENT_TURN);
	later(w, node, 0, EVENT_FULL_READ);
}

/* All kinds. */

void node_receive(struct world *w, struct event *e)
{
	if (e->kind == EVENT_FULL_READ) {
		world_send(w, e->to,
			   (struct event){ .kind = MESSAGE_READ,
					   .to = WORLD_STORE,
					   .a = (uint64_t)e->to });
		later(w, e->to, FULL_READ_MS, EVENT_FULL_READ);
	} else if (e->kind == EVENT_PROBE) {
		probe(w, e->to, e->a);
	} else if (e->kind == EVENT_REPORT) {
		publish_report(w, e->to);
		later(w, e->to, REPORT_MS, EVENT_REPORT);
	} else if (e->to < WORLD_RESPONDERS) {
		responder_receive(w, e);
	} else {
		seat_receive(w, e);
	}
}

void node_start(struct world *w, int node)
{
	w->alive[node] = true;
	w->life[node]++;
	w->paused_until_ms[node] = 0;
	if (node < WORLD_RESPONDERS)
		responder_start(w, node);
	else if (node < world_seat_node(0))
		vantage_start(w, node);
	else
		seat_start(w, node);
}

static void responder_die(struct responder *r)
{
	for (size_t v = 0; v < WORLD_VANTAGES; v++)
		report_free(r->reports[v]);
	plan_free(r->plan);
	view_free(r->view);
	*r = (struct responder){
		.kept_plan = r->kept_plan,
		.kept_len = r->kept_len,
		.highest_epoch = r->highest_epoch,
		.highest_sequence = r->highest_sequence,
	};
}

static void seat_die(struct seat *s)
{
	for (size_t v = 0; v < WORLD_VANTAGES; v++)
		report_free(s->reports[v]);
	plan_free(s->plan);
	view_free(s->view);
	agent_free(s->agent);
	free(s->proposal);
	*s = (struct seat){ .kept_plan = s->kept_plan,
			    .kept_len = s->kept_len };
}

void node_die(struct world *w, int node)
{
	w->alive[node] = false;
	if (node < WORLD_RESPONDERS)
		responder_die(&w->responders[node]);
	else if (node >= world_seat_node(0))
		seat_die(&w->seats[node - world_seat_node(0)]);
}
