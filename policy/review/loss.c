/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/loss.h"

#include "policy/base/error.h"
#include "policy/decide/capacity.h"
#include "policy/decide/geo.h"
#include "policy/decide/spill.h"
#include "policy/language/code.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What comes of one loss. */
struct outcome {
	int region;      /* that is lost; POLICY_NONE: none */
	size_t endpoint; /* loaded the furthest beyond its capacity */
	double use;      /* of that */
	struct spill best;
};

struct work {
	const struct policy *policy;
	const struct geo *geo;
	struct view *view;
	size_t service;
	double capacity[POLICY_ENDPOINTS_MAX];
	double whole; /* address space of all classes; 0: nothing is known */
	struct spill_load *loads; /* room for all classes */
	struct row *rows;         /* of them */
	size_t count;
};

static double weight_of(const struct work *w, const struct client_class *class)
{
	return w->whole > 0 ? class->weight_v4 / w->whole
			    : 1.0 / (double)geo_class_count(w->geo);
}

/* Most classes share one of a few rows. */
static void add_class(struct work *w, const struct client_class *class)
{
	double demand =
		w->policy->services[w->service].demand * weight_of(w, class);
	struct row row = chain_row(w->policy, w->view, w->service, class, NULL);
	size_t i = 0;

	while (i < w->count && !row_equal(&w->rows[i], &row))
		i++;
	if (i == w->count) {
		w->rows[i] = row;
		w->loads[i] = (struct spill_load){ &w->rows[i], 0 };
		w->count++;
	}
	w->loads[i].demand += demand;
}

static void lose(struct work *w, int region)
{
	const struct policy_service *s = &w->policy->services[w->service];
	struct view_endpoint *e = w->view->services[w->service].endpoints;

	for (size_t i = 0; i < s->endpoint_count; i++)
		e[i].health.verdict = s->endpoints[i].region == region
					      ? VERDICT_DOWN
					      : VERDICT_UP;
	w->count = 0;
	for (size_t i = 0; i < geo_class_count(w->geo); i++)
		add_class(w, geo_class(w->geo, (uint16_t)i));
}

static struct outcome outcome_of(struct work *w, int region)
{
	const struct policy_service *s = &w->policy->services[w->service];
	const struct spill_case c = {
		.endpoint_count = s->endpoint_count,
		.capacity = w->capacity,
		.loads = w->loads,
	};
	struct spill_case filled = c;
	struct outcome out = { .region = region };
	double full[POLICY_ENDPOINTS_MAX], load[POLICY_ENDPOINTS_MAX];

	lose(w, region);
	filled.count = w->count;
	for (size_t i = 0; i < s->endpoint_count; i++)
		full[i] = 1;
	spill_loads(&filled, full, load);
	for (size_t i = 0; i < s->endpoint_count; i++)
		if (load[i] / w->capacity[i] > out.use) {
			out.use = load[i] / w->capacity[i];
			out.endpoint = i;
		}
	spill_of(&filled, &out.best);
	return out;
}

static const char *advice(const struct work *w, const struct outcome *o,
			  char buf[120])
{
	const char *name =
		w->policy->services[w->service].endpoints[o->endpoint].name;

	if (o->best.overloaded)
		return "no sharing among the others avoids it, so add capacity";
	snprintf(buf, 120,
		 "the others can carry it when %.40s accepts %.1f%% of its "
		 "clients",
		 name, 100 * o->best.accept[o->endpoint]);
	return buf;
}

static void warn(const struct work *w, const struct outcome *o,
		 struct errors *errs)
{
	const struct policy_service *s = &w->policy->services[w->service];
	char what[120] = "", buf[120];

	if (o->region != POLICY_NONE)
		snprintf(what, sizeof(what), "without region \"%s\" ",
			 w->policy->regions[o->region].name);
	errors_warn(errs, CODE_CAPACITY_LOSS, s->at,
		    "service \"%s\": %sendpoint \"%s\" would get %.0f%% of "
		    "what its region can carry (%.6g of %.6g); %s",
		    s->name, what, s->endpoints[o->endpoint].name, 100 * o->use,
		    o->use * w->capacity[o->endpoint], w->capacity[o->endpoint],
		    advice(w, o, buf));
}

/* The regions that the service's stable endpoints take clients in. */
static uint64_t regions_of(const struct policy_service *s)
{
	uint64_t regions = 0;

	for (size_t i = 0; i < s->endpoint_count; i++)
		if (s->endpoints[i].canary == POLICY_NONE &&
		    s->endpoints[i].weight > 0)
			regions |= UINT64_C(1) << s->endpoints[i].region;
	return regions;
}

static void judge_service(struct work *w, struct errors *errs)
{
	const struct policy_service *s = &w->policy->services[w->service];
	uint64_t regions = regions_of(s);
	struct outcome worst;

	for (size_t i = 0; i < s->endpoint_count; i++)
		w->capacity[i] = capacity_of(w->policy, s->endpoints[i].region);
	spill_view(w->view, w->service);
	worst = outcome_of(w, POLICY_NONE);
	/* Who has one region knows that it cannot be lost. */
	for (uint64_t rest = regions;
	     worst.use <= 1 && rest != 0 && (regions & (regions - 1)) != 0;
	     rest &= rest - 1) {
		struct outcome o = outcome_of(w, __builtin_ctzll(rest));

		if (o.use > worst.use)
			worst = o;
	}
	if (worst.use > 1)
		warn(w, &worst, errs);
}

static bool prepare(struct work *w)
{
	static const struct heard_report silent[POLICY_VANTAGES_MAX];
	size_t classes = geo_class_count(w->geo);

	w->view = view_reduce(w->policy,
			      &(struct view_input){ .reports = silent });
	w->loads = calloc(classes, sizeof(*w->loads));
	w->rows = calloc(classes, sizeof(*w->rows));
	for (size_t i = 0; i < classes; i++)
		w->whole += geo_class(w->geo, (uint16_t)i)->weight_v4;
	return w->view != NULL && w->loads != NULL && w->rows != NULL;
}

static bool states_capacity(const struct policy *policy)
{
	for (size_t i = 0; i < policy->region_count; i++)
		if (policy->regions[i].capacity > 0)
			return true;
	return false;
}

bool loss_judge(const struct policy *policy, const struct geo *geo,
		struct errors *errs)
{
	struct work w = { .policy = policy, .geo = geo };
	bool ok = !states_capacity(policy) || prepare(&w);

	for (size_t i = 0; ok && w.view != NULL && i < policy->service_count;
	     i++) {
		w.service = i;
		if (policy->services[i].demand > 0)
			judge_service(&w, errs);
	}
	free(w.rows);
	free(w.loads);
	view_free(w.view);
	return ok;
}
