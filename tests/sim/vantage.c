/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vantage -- a prober's process: what health/rounds and health/reporter do
 * around watches and suspicion, in their order.
 */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>

enum { REPORT_MS = 1000, PAUSE_MS = 100 }; /* as health/reporter */

static struct vantage *vantage_of(struct fleet *f, int node)
{
	return &f->vantages[node - fleet_vantage(0)];
}

static const struct policy_check *check_of(const struct fleet *f, size_t job)
{
	return f->roster->jobs[job].spec.check;
}

static struct watch_moment moment_of(struct fleet *f, int node)
{
	return (struct watch_moment){
		.now_ms = fleet_mono(f, node),
		.wall_ms = fleet_wall(f, node),
		.draw = (uint32_t)fleet_draw(f),
	};
}

/* As reporter.c's look_at_wholes() and fill_entry(). */
static void fill_entry(struct fleet *f, int node, size_t target,
		       struct report_entry *entry)
{
	struct vantage *v = vantage_of(f, node);
	const struct ground_parts *at = &f->target_parts[target];
	struct whole_parts parts = {
		.service = fleet_service(f, target),
		.checks = f->policy->checks,
		.count = at->count,
		.first = &v->watches[at->sites[0]],
	};
	const struct roster_target *t = &f->roster->targets[target];
	int64_t now_ms = fleet_mono(f, node);

	if (t->parts == NULL) {
		watch_report(parts.first, now_ms, entry);
		return;
	}
	for (size_t i = 0; i < at->count; i++) {
		struct roster_part part = roster_part(t, i);

		parts.probes[i] =
			(struct whole_probe){ &v->watches[at->sites[i]],
					      part.addr, part.check };
	}
	whole_step(&v->wholes[target], &parts, now_ms, fleet_wall(f, node));
	whole_report(&v->wholes[target], &parts, now_ms, entry);
}

static void publish(struct fleet *f, int node)
{
	struct vantage *v = vantage_of(f, node);
	struct report_entry entries[FLEET_TARGETS];
	struct report report = {
		.sequence = v->sequence =
			report_follow(v->sequence, fleet_wall(f, node)),
		.wall_made_ms = fleet_wall(f, node),
		.abstains = v->unfinished > 0 || v->suspicion.mistrusts,
		.mistrusts = v->suspicion.mistrusts,
		.entries = entries,
		.count = f->target_count,
	};
	size_t at = (size_t)(v - f->vantages);
	struct blob blob;

	v->told_ms = f->now_ms;
	snprintf(report.vantage, sizeof(report.vantage), "%s",
		 f->policy->vantages[at].name);
	snprintf(report.policy_digest, sizeof(report.policy_digest), "%s",
		 f->policy->digest);
	for (size_t t = 0; t < f->target_count; t++) {
		entries[t] = (struct report_entry){ 0 };
		snprintf(entries[t].service, sizeof(entries[t].service), "%s",
			 fleet_service(f, t)->name);
		snprintf(entries[t].endpoint, sizeof(entries[t].endpoint), "%s",
			 fleet_endpoint(f, t)->name);
		fill_entry(f, node, t, &entries[t]);
	}
	truth_report(f, at, &report);
	blob.octets = report_write(&report, &blob.len);
	if (blob.octets == NULL)
		abort();
	fleet_ask(f, node,
		  (struct event){
			  .kind = MESSAGE_REPORT, .a = at, .blob = blob });
}

/* Something changed that others wait for: as reporter_hurry(). */
static void hurry(struct fleet *f, int node)
{
	struct vantage *v = vantage_of(f, node);
	int64_t at_ms = v->told_ms + PAUSE_MS;

	if (v->hurry != 0)
		return;
	v->hurry = ++f->questions;
	fleet_at(f, at_ms > f->now_ms ? at_ms : f->now_ms,
		 (struct event){ .kind = EVENT_REPORT,
				 .to = node,
				 .number = v->hurry });
}

static void tell_change(struct fleet *f, int node, size_t job)
{
	fleet_tell(f, node, "%s is %s", f->roster->jobs[job].key,
		   report_state_name(
			   watch_state(&vantage_of(f, node)->watches[job])));
	hurry(f, node);
}

/* The timer of a job fires then, monotonic, and no more as it was set. */
static void set_due(struct fleet *f, int node, size_t job, int64_t due_ms)
{
	struct vantage *v = vantage_of(f, node);
	int64_t at_ms = due_ms - f->clocks[node].mono_offset_ms;

	v->due_ms[job] = due_ms;
	v->due[job] = ++f->questions;
	fleet_at(f, at_ms > f->now_ms ? at_ms : f->now_ms,
		 (struct event){ .kind = EVENT_PROBE,
				 .to = node,
				 .a = job,
				 .number = v->due[job] });
}

static void arm(struct fleet *f, int node, size_t job,
		const struct watch_moment *at)
{
	set_due(f, node, job,
		watch_next_ms(&vantage_of(f, node)->watches[job],
			      check_of(f, job), at));
}

static void look_around(struct fleet *f, int node)
{
	struct vantage *v = vantage_of(f, node);

	for (size_t i = 0; i < f->roster->job_count; i++) {
		const struct watch_moment at = moment_of(f, node);
		uint64_t room = (uint64_t)check_of(f, i)->confirm_ms / 2 + 1;
		int64_t soon_ms =
			at.now_ms + (int64_t)(room * (uint64_t)at.draw >> 32);

		if (v->due_ms[i] > soon_ms && !v->watches[i].failing)
			set_due(f, node, i, soon_ms);
	}
}

static void weigh(struct fleet *f, int node, const struct watch *w,
		  const struct observation *seen)
{
	struct suspicion *s = &vantage_of(f, node)->suspicion;
	int64_t now_ms = fleet_mono(f, node);

	if (outcome_failed(seen->outcome) && !w->failing)
		suspicion_fail(s, now_ms);
	if (outcome_passed(seen->outcome)) {
		suspicion_pass(s, now_ms);
		if (w->failing)
			suspicion_recover(s, w->failing_since_ms, now_ms);
	}
	if (!suspicion_judge(s, f->roster->job_count, now_ms))
		return;
	fleet_tell(f, node, "%s itself", s->mistrusts ? "mistrusts" : "trusts");
	for (size_t i = 0; s->mistrusts && i < f->roster->job_count; i++)
		watch_doubt(&vantage_of(f, node)->watches[i],
			    suspicion_since_ms(s, now_ms));
	truth_mistrust(f, node, s->mistrusts);
	hurry(f, node);
}

static void take_outcome(struct fleet *f, int node, size_t job)
{
	struct vantage *v = vantage_of(f, node);
	struct watch *w = &v->watches[job];
	const struct observation seen = v->seen[job];
	struct watch_moment at = moment_of(f, node);
	bool first = !w->finished;

	v->passes[job] += outcome_passed(seen.outcome);
	weigh(f, node, w, &seen);
	at.mistrusts = suspicion_excuses(&v->suspicion, v->begun_ms[job]);
	at.doubts = suspicion_excuses(&v->suspicion, w->down_since_ms);
	if (watch_observe(w, check_of(f, job), &seen, &at))
		tell_change(f, node, job);
	truth_latency(f, (size_t)(v - f->vantages), job, w->latency.settled_ms);
	if (first && v->unfinished > 0 && --v->unfinished == 0)
		hurry(f, node);
	arm(f, node, job, &at);
	if (suspicion_look(&v->suspicion, f->roster->job_count, at.now_ms))
		look_around(f, node);
}

static void begin_probe(struct fleet *f, int node, size_t job)
{
	struct vantage *v = vantage_of(f, node);
	struct watch *w = &v->watches[job];
	const struct watch_moment at = moment_of(f, node);

	v->due_ms[job] = 0;
	if (watch_tick(w, check_of(f, job), &at))
		tell_change(f, node, job);
	if (w->breaker.state == BREAKER_OPEN) {
		arm(f, node, job, &at);
		return;
	}
	v->begun_ms[job] = at.now_ms;
	v->seen[job] = ground_probe(f, (size_t)(v - f->vantages), job);
	fleet_at(f, f->now_ms + (int64_t)v->seen[job].total_ms,
		 (struct event){ .kind = EVENT_SEEN, .to = node, .a = job });
}

void vantage_start(struct fleet *f, int node)
{
	struct vantage *v = vantage_of(f, node);
	const struct watch_moment at = moment_of(f, node);

	*v = (struct vantage){
		.suspicion.window_ms = f->roster->longest_ms + 1,
		.unfinished = f->roster->job_count,
	};
	for (size_t i = 0; i < f->roster->job_count; i++) {
		v->watches[i] =
			watch_init(f->roster->jobs[i].key, check_of(f, i), &at);
		arm(f, node, i, &at);
	}
	fleet_after(f, node, REPORT_MS, EVENT_REPORT);
	verifier_start(f, node);
}

void vantage_receive(struct fleet *f, struct event *e)
{
	struct vantage *v = vantage_of(f, e->to);

	if (e->kind == EVENT_PROBE && e->number == v->due[e->a]) {
		begin_probe(f, e->to, e->a);
	} else if (e->kind == EVENT_SEEN) {
		take_outcome(f, e->to, e->a);
	} else if (e->kind == EVENT_REPORT &&
		   (e->number == 0 || e->number == v->hurry)) {
		/* By the clock, which is as good as in a hurry. */
		v->hurry = 0;
		publish(f, e->to);
	} else {
		verifier_receive(f, e);
	}
	if (e->kind == EVENT_REPORT && e->number == 0)
		fleet_after(f, e->to, REPORT_MS, EVENT_REPORT);
}
