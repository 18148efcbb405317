/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/reason.h"

#include "policy/base/civil.h"
#include "policy/decide/pin.h"
#include "policy/decide/standing.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct policy_service *service_of(const struct reasons *r)
{
	return &r->view->policy->services[r->service];
}

/* What text is built in: cut when full, never overrun. */
struct text {
	char *at;
	size_t left;
};

static void add(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= t->left)
		len = t->left > 0 ? (int)t->left - 1 : 0;
	t->at += len;
	t->left -= (size_t)len;
}

static void add_regions(struct text *t, const struct policy *policy,
			uint64_t set)
{
	const char *sep = "";

	if (set == 0)
		add(t, "no region");
	for (size_t i = 0; i < policy->region_count; i++) {
		if (!(set >> i & 1))
			continue;
		add(t, "%s%s", sep, policy->regions[i].name);
		sep = ", ";
	}
}

static void add_eligible(struct text *t, const struct reasons *r, size_t i)
{
	const struct policy *policy = r->view->policy;
	int rule = r->trace->endpoints[i].residency;

	if (rule == POLICY_NONE) {
		add(t, "residency leaves its region out");
		return;
	}
	add(t, "residency %s (%s:%u) allows only ",
	    policy->residency[rule].name, policy->residency[rule].at.file,
	    policy->residency[rule].at.line);
	add_regions(t, policy, policy->residency[rule].regions);
}

/* What users met there, as the node was told. */
static void add_users(struct text *t, const struct reasons *r, size_t i)
{
	const struct standing_samples *samples = r->samples;

	if (samples != NULL && samples->users[i][0] != '\0')
		add(t, "; %s", samples->users[i]);
}

static void add_voters(struct text *t, const struct policy *policy,
		       uint64_t voters)
{
	const char *sep = " (";

	for (size_t v = 0; v < policy->vantage_count; v++) {
		if (!(voters >> v & 1))
			continue;
		add(t, "%s%s", sep, policy->vantages[v].name);
		sep = ", ";
	}
	add(t, "%s", voters != 0 ? ")" : "");
}

static void add_health(struct text *t, const struct reasons *r, size_t i)
{
	const struct view_endpoint *e =
		&r->view->services[r->service].endpoints[i];
	int region = service_of(r)->endpoints[i].region;

	if (r->failed >> region & 1) {
		add(t, "down, as --down %s supposes%s",
		    r->view->policy->regions[region].name,
		    r->deferred >> i & 1
			    ? "; together with the others it would still "
			      "be served, see safety.max_capacity_opened"
			    : "");
		return;
	}
	add(t, "%s: %u of %u votes of vantages say down",
	    verdict_name(e->health.verdict), e->health.down,
	    (unsigned)e->health.up + e->health.down);
	add_voters(t, r->view->policy, e->health.down_by);
	add(t, "%s%s%s",
	    r->trace->endpoints[i].away ? ", those nearest to this client" : "",
	    e->health.held ? "; held, too few vote" : "",
	    e->health.vetoed ? "; a veto holds it up" : "");
	add_users(t, r, i);
}

static void add_cause(struct text *t, const struct view_endpoint *e)
{
	switch (e->cause) {
	case SHARE_FULL:
		break;
	case SHARE_COMMAND:
		add(t, " by command %s", e->cause_ref);
		break;
	case SHARE_RAMP:
		add(t, " after an outage");
		break;
	case SHARE_CANARY:
		add(t, " by canary %s", e->cause_ref);
		break;
	}
}

/* "pin p-1 of clients eea by ann (INC-4)" */
static void add_pin(struct text *t, const struct reasons *r)
{
	const struct pin *pin = r->trace->pin;

	add(t, "pin %s of clients %s", pin->ref,
	    r->view->policy->sets[pin->set].name);
	if (pin->author[0] != '\0')
		add(t, " by %s (%s)", pin->author, pin->reason);
}

/* Of what is gone by command: by that of all clients, if there is one. */
static void add_commanded(struct text *t, const struct reasons *r, size_t i)
{
	const struct view_endpoint *e =
		&r->view->services[r->service].endpoints[i];

	if (!view_is_drained(e) && r->trace->pin_binds) {
		add_pin(t, r);
		return;
	}
	add(t, "share 0");
	add_cause(t, e);
}

/* What it was ordered by: the vantages, what each measured, and how often. */
static void add_way(struct text *t, const struct reasons *r, size_t i)
{
	const struct policy *policy = r->view->policy;
	const struct tiers_way *way = &r->trace->endpoints[i].way;
	const float *ms = r->view->services[r->service].endpoints[i].latency_ms;

	if (way->ms <= 0)
		return;
	add(t, "%.1f ms expected (", way->ms);
	if (way->users > 0) {
		add(t, "median of %u measurements of users there), ",
		    way->users);
		return;
	}
	if (way->near.count == 0)
		add(t, "by distance");
	for (unsigned k = 0; k < way->near.count; k++) {
		uint8_t v = way->near.vantages[k];

		add(t, "%s%s measured %.1f ms", k == 0 ? "" : "; ",
		    policy->vantages[v].name, (double)ms[v]);
		if (r->samples != NULL)
			add(t, " in %u probes", r->samples->of[i][v]);
		add(t, " and is %.1f ms away", way->near.way_ms[k]);
	}
	add(t, "), ");
}

/* The windows of an endpoint that are open, or that none is. */
static void add_opening(struct text *t, const struct reasons *r, size_t i)
{
	uint64_t windows = service_of(r)->endpoints[i].open;
	uint64_t open = windows & r->view->services[r->service].opening.windows;

	add(t, "%s",
	    windows == 0 ? "for when no window is open, "
	    : open == 0  ? "closed, "
			 : "open by ");
	for (; open != 0; open &= open - 1)
		add(t, "%s, ",
		    r->view->policy->windows[__builtin_ctzll(open)].name);
}

/* What it is ordered by when that is no way. */
static void add_order(struct text *t, const struct reasons *r, size_t i)
{
	const struct policy_service *service = service_of(r);
	int region = service->endpoints[i].region;

	if (service->steer == STEER_SCHEDULE)
		add_opening(t, r, i);
	else if (service->steer == STEER_COST)
		add(t, "cost %g, ", r->view->policy->regions[region].cost);
}

/* The part of these clients that capacity leaves it, when that is not all. */
static void add_spill(struct text *t, const struct reasons *r, size_t i)
{
	uint32_t spilled = r->trace->endpoints[i].spilled;
	uint8_t home = r->trace->home;

	if (spilled == ACCEPT_ALL)
		return;
	add(t,
	    "; takes %.4g %% of clients%s%s, the rest is spilled by capacity",
	    100 * accept_share(spilled),
	    home == ROW_NONE ? " like this" : " nearest to ",
	    home == ROW_NONE ? "" : service_of(r)->endpoints[home].name);
}

static void add_kept(struct text *t, const struct reasons *r, size_t i)
{
	const struct chain_reason *why = &r->trace->endpoints[i];
	const struct view_endpoint *e =
		&r->view->services[r->service].endpoints[i];

	add(t, "tier %u: ", why->tier + 1u);
	add_order(t, r, i);
	add_way(t, r, i);
	if (e->deferred && r->row->note == ROW_DEFERRED)
		add(t, "down, and with it more than health may take out, ");
	if (e->trickle && r->row->note == ROW_PLAIN)
		add(t, "down, on trial with %.4g %% of its clients, ",
		    100 * REPORT_TRICKLE);
	add(t, "weight %u, share %.4g %%", e->weight,
	    100 * accept_share(e->accept));
	add_cause(t, e);
	add_spill(t, r, i);
	add_users(t, r, i);
	if (r->row->note == ROW_NONE_HEALTHY)
		add(t, "; down, served because all are");
	else if (r->row->note == ROW_PANIC)
		add(t, "; served in panic, %u %% of the capacity is healthy",
		    panic_left_pct(&r->view->services[r->service].panic));
	else if (r->row->note == ROW_ALL_COMMANDED)
		add(t, "; drained, served because nothing else works");
	if (r->trace->pin == NULL)
		return;
	add(t, r->trace->pin_binds ? "; " : "; nothing works or is left of ");
	add_pin(t, r);
}

const char *reason_text(const struct reasons *r, size_t i, char *buf,
			size_t size)
{
	const struct policy_endpoint *declared = &service_of(r)->endpoints[i];
	const struct view_endpoint *e =
		&r->view->services[r->service].endpoints[i];
	struct text t = { buf, size };

	switch (r->trace->endpoints[i].step) {
	case STEP_KEPT:
		add_kept(&t, r, i);
		break;
	case STEP_ELIGIBLE:
		add_eligible(&t, r, i);
		break;
	case STEP_COMMANDED:
		add_commanded(&t, r, i);
		break;
	case STEP_HEALTHY:
		add_health(&t, r, i);
		break;
	case STEP_CANARY:
		add(&t, "takes %.4g %% of %s", 100 * accept_share(e->accept),
		    service_of(r)->endpoints[declared->shadows].name);
		add_cause(&t, e);
		break;
	case STEP_PANIC:
		add(&t,
		    "%u %% of the capacity is healthy, and panic answers "
		    "otherwise",
		    panic_left_pct(&r->view->services[r->service].panic));
		break;
	case STEP_SHARED:
		if (r->trace->endpoints[i].spilled == ACCEPT_NONE)
			add(&t, "spilled by capacity: none of these clients");
		else
			add(&t, "%s 0",
			    e->accept == ACCEPT_NONE ? "share" : "weight");
		add_cause(&t, e);
		break;
	}
	return buf;
}

const char *reason_endpoint(const struct reasons *r, size_t i, char *buf,
			    size_t size)
{
	const struct policy_endpoint *e = &service_of(r)->endpoints[i];

	snprintf(buf, size, "%s (%s:%u)", e->name, e->at.file, e->at.line);
	return buf;
}

const char *reason_service(const struct reasons *r, char *buf, size_t size)
{
	const struct policy_service *service = service_of(r);
	const char *lacks = policy_unmonitored(r->view->policy, service);

	snprintf(buf, size, "%s (%s:%u), steer %s%s%s", service->name,
		 service->at.file, service->at.line, steer_name(service->steer),
		 lacks == NULL ? "" : ", unmonitored: it has ",
		 lacks == NULL ? "" : lacks);
	return buf;
}

const char *reason_answer(const struct reasons *r, size_t i, char *buf,
			  size_t size)
{
	const struct policy_endpoint *e = &service_of(r)->endpoints[i];
	struct text t = { buf, size };
	char address[NET_TEXT_SIZE];

	add(&t, "%s", e->name);
	for (size_t k = 0; k < e->a_count; k++)
		add(&t, " %s", net_addr_text(&e->a[k], address));
	for (size_t k = 0; k < e->aaaa_count; k++)
		add(&t, " %s", net_addr_text(&e->aaaa[k], address));
	if (e->cname != NULL)
		add(&t, " CNAME %s", e->cname);
	return buf;
}

const char *reason_demand(const struct plan_demand *demand, char *buf,
			  size_t size)
{
	struct text t = { buf, size };
	char until[CIVIL_TEXT_SIZE];

	add(&t, "%.6g ", demand->demand);
	if (demand->edges > 0)
		add(&t, "as %u edge%s counted", demand->edges,
		    demand->edges == 1 ? "" : "s");
	else
		add(&t, "as the policy states");
	if (demand->responders > 0)
		add(&t, ", shared out as %u responder%s counted until %s",
		    demand->responders, demand->responders == 1 ? "" : "s",
		    civil_text(demand->wall_counted_ms / 1000, until));
	else
		add(&t, ", shared out by address space");
	return buf;
}

const char *reason_freeze(const struct command *freeze, char *buf, size_t size)
{
	const char *canary = strchr(freeze->target, '/');
	char until[CIVIL_TEXT_SIZE];

	snprintf(buf, size, "%s by command %s of %s (%s) until %s: %s",
		 freeze->target, freeze->id, freeze->author, freeze->reason,
		 civil_text(freeze->wall_expires_ms / 1000, until),
		 canary != NULL ? "this canary takes no step by itself"
				: "nothing comes back, ramps or steps by "
				  "itself");
	return buf;
}

const char *reason_label(enum chain_step step)
{
	static const char *const labels[] = {
		[STEP_KEPT] = "serves",
		[STEP_ELIGIBLE] = "not eligible",
		[STEP_COMMANDED] = "commanded",
		[STEP_HEALTHY] = "not healthy",
		[STEP_CANARY] = "canary",
		[STEP_SHARED] = "takes nobody",
		[STEP_PANIC] = "panic",
	};

	return labels[step];
}
