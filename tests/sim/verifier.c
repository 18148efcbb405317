/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verifier -- what health/verify does at each vantage: follows plan and
 * reports, asks every responder for every service as a client of every class,
 * and must never say of one that it disagrees: all go by the same code.  Old
 * and silent it may call those that are.
 */
#include "fleet.h"

#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/decide/share.h"

#include <stdlib.h>
#include <string.h>

enum { ASK_MS = 250, TURN_MS = 1000 };

static const struct policy_verify limits = {
	.grace_ms = 10000,
	.stale_ms = 60000,
};

static struct verifier_seat *seat_of(struct fleet *f, int node)
{
	return &f->verifiers[node - fleet_vantage(0)];
}

/* Clients of each class: one a draw. */
static struct net_prefix client_of(uint64_t draw)
{
	return (struct net_prefix){
		net_from_v4((uint32_t)(draw >> 8 & 0xffffff) << 8), 24
	};
}

void verifier_start(struct fleet *f, int node)
{
	struct verifier_seat *v = seat_of(f, node);

	verifier_die(f, node);
	for (size_t r = 0; r < FLEET_RESPONDERS; r++)
		v->inspections[r].tour =
			tour_of(f->policy->service_count, FLEET_CLASSES,
				hash_mix((uint64_t)node * 8 + r));
	fleet_after(f, node, TURN_MS, EVENT_TURN);
	fleet_after(f, node, ASK_MS, EVENT_ASK);
}

void verifier_die(struct fleet *f, int node)
{
	struct verifier_seat *v = seat_of(f, node);

	outlook_fini(&v->outlook);
	memset(v->inspections, 0, sizeof(v->inspections));
}

/* What the responder's record said last: it gets there while its link does. */
static void hear(struct fleet *f, int node, size_t r)
{
	const struct responder *who = &f->responders[r];
	struct node record = { .wall_made_ms = who->told_ms };

	if (who->told_ms == 0 || f->now_ms < f->cut_until_ms[node])
		return;
	record.plan_epoch = who->told_epoch;
	record.plan_sequence = who->told_sequence;
	memcpy(record.policy_digest, f->policy->digest,
	       sizeof(record.policy_digest));
	inspection_hear(&seat_of(f, node)->inspections[r], &record,
			fleet_mono(f, node));
}

/* As dns/steered answers. */
static bool answer_of(const struct fleet *f, size_t r,
		      const struct asking_for *asking, struct said *out)
{
	const struct view *view = f->responders[r].world.view;
	const struct policy_service *s = &f->policy->services[asking->service];
	uint8_t picks[POLICY_ENDPOINTS_MAX];
	struct share_key keys[POLICY_ENDPOINTS_MAX];
	struct row row;
	unsigned count;

	if (!f->alive[r] || f->paused_until_ms[r] > f->now_ms || view == NULL)
		return false;
	*out = (struct said){ .subnet = true };
	row = chain_row(f->policy, view, asking->service, asking->class, NULL);
	share_keys(f->policy, asking->service, keys);
	count = share_pick(&row, keys,
			   hash_client(&asking->client.addr, s->sticky_v4_bits),
			   s->answers, picks);
	for (unsigned i = 0; i < count; i++)
		out->addresses[out->count++] = s->endpoints[picks[i]].a[0];
	for (size_t e = 0; e < s->endpoint_count; e++)
		out->held |= view->services[asking->service]
				     .endpoints[e]
				     .health.held;
	out->deferred = row.note == ROW_DEFERRED || row.note == ROW_PANIC;
	return true;
}

/*
 * A person's word on that node alone is a reason; and a clock that is wrong: of
 * either side, when commands end; of a vantage, whose reports are then news to
 * one and old to the other.
 */
static bool may_differ(const struct fleet *f, size_t r)
{
	for (int n = fleet_vantage(0); n < fleet_seat(0); n++)
		if (f->stepped[n])
			return true;
	return f->responders[r].world.local.count > 0 || f->stepped[r];
}

/* An alarm is of what has lasted: a reason may have ended since it began, and
 * clocks that are a little off be the rest of it. */
static bool had_reason(const struct fleet *f, const struct verifier_seat *v,
		       size_t r)
{
	return v->reason_ms[r] != 0 &&
	       f->now_ms - v->reason_ms[r] <= limits.grace_ms;
}

static void ask(struct fleet *f, int node, size_t r)
{
	struct verifier_seat *v = seat_of(f, node);
	struct inspection *in = &v->inspections[r];
	const struct standpoint ours =
		outlook_standpoint(&v->outlook, f->policy);
	const struct inspection_moment at = {
		.limits = &limits,
		.ours = &ours,
		.now_ms = fleet_mono(f, node),
		.wall_ms = fleet_wall(f, node),
	};
	struct stop stop = inspection_next(in, at.now_ms);
	const struct asking_for asking = {
		.service = stop.service,
		.client = client_of(stop.draw),
		.class = &f->classes[stop.sample],
		.young = outlook_is_young(&v->outlook, at.now_ms),
	};
	struct observation seen = { .outcome = OUTCOME_TIMEOUT };
	struct expectation expected;
	struct judgement judgement;
	struct said said;
	bool spoke = answer_of(f, r, &asking, &said);
	const struct alarm *alarm = &in->alarms[INSPECTION_DISAGREEMENT].alarm;
	bool rang = alarm_rings(alarm);

	if (may_differ(f, r))
		v->reason_ms[r] = f->now_ms;
	hear(f, node, r);
	if (spoke) {
		seen.outcome = OUTCOME_OK;
		expected = expectation_of(f->policy, v->outlook.world.view,
					  &asking);
		judgement = expectation_meets(&expected, &said);
	}
	inspection_see(in, &stop, &seen, spoke ? &judgement : NULL, &at);
	f->totals.asked++;
	f->totals.agreed += spoke && judgement.kind == JUDGEMENT_AGREES;
	if (alarm_rings(alarm) && !rang && !had_reason(f, v, r))
		fleet_broken(f, "vantage %d says responder %zu is wrong: %s",
			     node - fleet_vantage(0), r,
			     in->alarms[INSPECTION_DISAGREEMENT].text);
}

static void take_plan(struct fleet *f, struct verifier_seat *v,
		      const struct blob *blob)
{
	struct error err;
	struct plan *plan = plan_parse(blob->octets, blob->len, &err);

	/* As policy/bus/follow, which checks the signature first. */
	if (plan == NULL || !plan_newer(plan, v->outlook.world.follow.plan) ||
	    !plan_check(plan, f->policy, &err)) {
		plan_free(plan);
		return;
	}
	plan_free(v->outlook.world.follow.plan);
	v->outlook.world.follow.plan = plan;
	v->outlook.world.plan_fits = true;
}

static void take_report(struct fleet *f, int node, size_t vantage)
{
	struct error err;
	struct report *report =
		responder_parse(f, vantage, &f->store.reports[vantage], &err);

	if (report != NULL)
		(void)heard_take(&seat_of(f, node)->outlook.world.heard,
				 f->policy, report, fleet_mono(f, node),
				 fleet_wall(f, node));
}

static void reduce(struct fleet *f, int node)
{
	const struct world_time at = { fleet_mono(f, node),
				       fleet_wall(f, node) };

	if (!outlook_reduce(&seat_of(f, node)->outlook, f->policy, at))
		abort();
}

/* Reads the store by itself, so that fleets are what they are without it. */
static void read_store(struct fleet *f, int node, bool all)
{
	struct verifier_seat *v = seat_of(f, node);
	const struct store *s = &f->store;

	if (f->now_ms < f->cut_until_ms[node])
		return;
	if (s->plan.octets != NULL &&
	    (v->outlook.world.follow.plan == NULL ||
	     v->outlook.world.follow.plan->epoch != s->head_epoch ||
	     v->outlook.world.follow.plan->sequence != s->head_sequence))
		take_plan(f, v, &s->plan);
	for (size_t i = 0; all && i < FLEET_VANTAGES; i++)
		if (s->reports[i].octets != NULL &&
		    s->reports_until_ms[i] > f->now_ms)
			take_report(f, node, i);
}

void verifier_receive(struct fleet *f, struct event *e)
{
	if (e->kind == EVENT_TURN) {
		read_store(f, e->to, true);
		reduce(f, e->to);
		fleet_after(f, e->to, TURN_MS, EVENT_TURN);
	} else if (e->kind == EVENT_ASK) {
		read_store(f, e->to, false);
		reduce(f, e->to);
		for (size_t r = 0; r < FLEET_RESPONDERS; r++)
			ask(f, e->to, r);
		fleet_after(f, e->to, ASK_MS, EVENT_ASK);
	}
}
