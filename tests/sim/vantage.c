/* SPDX-License-Identifier: Apache-2.0 */
/* vantage -- a prober: breakers fed by probes of what is up or down. */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>

enum { REPORT_MS = 1000, RETRY_MS = 1000 };

static struct vantage *vantage_of(struct fleet *f, int node)
{
	return &f->vantages[node - fleet_vantage(0)];
}

static const struct policy_check *check_of(const struct fleet *f, size_t target)
{
	return &f->policy->checks[fleet_service(f, target)->check];
}

static struct report_entry entry_of(const struct fleet *f,
				    const struct vantage *v, size_t target)
{
	static const enum report_state states[] = {
		[BREAKER_CLOSED] = REPORT_CLOSED,
		[BREAKER_OPEN] = REPORT_OPEN,
		[BREAKER_HALF_OPEN] = REPORT_HALF_OPEN,
		[BREAKER_DAMPED] = REPORT_HALF_OPEN,
		[BREAKER_FORCED_OPEN] = REPORT_OPEN,
		[BREAKER_FORCED_CLOSED] = REPORT_CLOSED,
	};
	struct report_entry e = {
		.state = v->probed[target] ? states[v->breakers[target].state]
					   : REPORT_UNKNOWN,
		.failing = v->failing[target],
		.down_ms = v->breakers[target].state == BREAKER_CLOSED
				   ? 0
				   : fleet_mono(f, (int)(v - f->vantages) +
							   FLEET_RESPONDERS) -
					     v->down_since_ms[target],
		.wall_probed_ms = v->wall_probed_ms[target],
	};

	snprintf(e.service, sizeof(e.service), "%s",
		 fleet_service(f, target)->name);
	snprintf(e.endpoint, sizeof(e.endpoint), "%s",
		 fleet_endpoint(f, target)->name);
	return e;
}

static void publish(struct fleet *f, int node)
{
	struct vantage *v = vantage_of(f, node);
	struct report_entry entries[FLEET_TARGETS];
	struct report report = {
		.sequence = ++v->sequence,
		.wall_made_ms = fleet_wall(f, node),
		.entries = entries,
		.count = f->target_count,
	};
	size_t at = (size_t)(v - f->vantages);
	struct blob blob;

	snprintf(report.vantage, sizeof(report.vantage), "%s",
		 f->policy->vantages[at].name);
	for (size_t t = 0; t < f->target_count; t++) {
		entries[t] = entry_of(f, v, t);
		report.abstains |= !v->probed[t];
	}
	blob.octets = report_write(&report, &blob.len);
	if (blob.octets == NULL)
		abort();
	fleet_ask(f, node,
		  (struct event){
			  .kind = MESSAGE_REPORT, .a = at, .blob = blob });
}

static void step_breaker(struct fleet *f, int node, size_t target,
			 enum breaker_event event)
{
	struct breaker *b = &vantage_of(f, node)->breakers[target];
	enum breaker_state before = b->state;

	*b = breaker_step(*b, &check_of(f, target)->breaker,
			  &(struct breaker_input){
				  .event = event,
				  .draw = (uint32_t)fleet_draw(f),
				  .now_ms = fleet_mono(f, node),
			  });
	if (b->state == before)
		return;
	if (before == BREAKER_CLOSED)
		vantage_of(f, node)->down_since_ms[target] =
			fleet_mono(f, node);
	fleet_tell(f, node, "%s/%s is %s", fleet_service(f, target)->name,
		   fleet_endpoint(f, target)->name,
		   breaker_state_name(b->state));
	publish(f, node);
}

static void probe(struct fleet *f, int node, size_t target)
{
	struct vantage *v = vantage_of(f, node);
	int64_t next_ms = check_of(f, target)->interval_ms;

	step_breaker(f, node, target, BREAKER_TICK);
	if (v->breakers[target].state != BREAKER_OPEN) {
		/* Now and then a probe is lost on its way. */
		bool passed =
			f->down[target] == 0 &&
			(f->breaks_permille == 0 || fleet_draw(f) % 100 > 0);

		v->probed[target] = true;
		v->failing[target] = !passed;
		v->wall_probed_ms[target] = fleet_wall(f, node);
		step_breaker(f, node, target,
			     passed ? BREAKER_PASS : BREAKER_FAIL);
		if (!passed)
			next_ms = RETRY_MS;
	}
	fleet_at(f, f->now_ms + next_ms,
		 (struct event){
			 .kind = EVENT_PROBE, .to = node, .a = target });
}

void vantage_start(struct fleet *f, int node)
{
	/* From its wall clock, so that it goes on up, if that does. */
	*vantage_of(f, node) = (struct vantage){
		.sequence = (uint64_t)fleet_wall(f, node),
	};
	for (size_t t = 0; t < f->target_count; t++)
		fleet_at(f, f->now_ms + fleet_between(f, 1, 2000),
			 (struct event){
				 .kind = EVENT_PROBE, .to = node, .a = t });
	fleet_after(f, node, REPORT_MS, EVENT_REPORT);
}

void vantage_receive(struct fleet *f, struct event *e)
{
	if (e->kind == EVENT_PROBE) {
		probe(f, e->to, e->a);
	} else if (e->kind == EVENT_REPORT) {
		publish(f, e->to);
		fleet_after(f, e->to, REPORT_MS, EVENT_REPORT);
	}
}
