/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gauges -- what canaries serve in truth, and what a seat measures of it, as
 * steering/gauge does.
 */
#include "fleet.h"

#include "steering/rollout.h"

enum {
	REQUESTS_S = 200, /* of the service, a second */
	EVERY_MS = 1000,
	CATCH_UP_MS = 5000, /* more at once would only take time */
};

static const unsigned failing_permille[ARMS] = { 50, 2 };

void gauges_begin(struct fleet *f)
{
	for (size_t i = 0; i < f->policy->canary_count; i++) {
		struct traffic *t = &f->traffic[i];

		t->bad = fleet_draw(f) % 2 == 0;
		if (fleet_draw(f) % 2 == 0)
			continue;
		t->away_from_ms = fleet_between(f, 10000, 80000);
		t->away_until_ms =
			t->away_from_ms + fleet_between(f, 2000, 30000);
	}
}

/* The mean share of the canary's endpoints in the plan that is in force. */
static double share_of(const struct fleet *f, size_t canary)
{
	const struct plan *plan = f->history.last;
	double sum = 0, count = 0;

	for (size_t t = 0; plan != NULL && t < f->target_count; t++) {
		const struct plan_share *s;

		if (fleet_endpoint(f, t)->canary != (int)canary)
			continue;
		s = plan_find_share(plan, fleet_service(f, t)->name,
				    fleet_endpoint(f, t)->name);
		sum += s == NULL ? 0 : s->share;
		count++;
	}
	return count > 0 ? sum / count : 0;
}

static void serve(struct fleet *f, struct trials *total, uint64_t requests,
		  unsigned permille)
{
	total->requests += requests;
	for (uint64_t i = 0; i < requests; i++)
		total->failures += fleet_draw(f) % 1000 < permille;
}

/* Up to now. */
static void go_on(struct fleet *f, size_t canary)
{
	struct traffic *t = &f->traffic[canary];
	int64_t passed_ms = f->now_ms - t->counted_ms;
	double share = share_of(f, canary);
	uint64_t all;

	if (passed_ms > CATCH_UP_MS)
		passed_ms = CATCH_UP_MS;
	all = (uint64_t)(passed_ms * REQUESTS_S / 1000);
	serve(f, &t->total[ARM_CANARY], (uint64_t)((double)all * share),
	      failing_permille[t->bad ? ARM_CANARY : ARM_STABLE]);
	serve(f, &t->total[ARM_STABLE], (uint64_t)((double)all * (1 - share)),
	      failing_permille[ARM_STABLE]);
	t->counted_ms = f->now_ms;
}

static void measure(struct fleet *f, struct seat *s, size_t canary,
		    int64_t now_ms)
{
	struct traffic *t = &f->traffic[canary];
	struct measure *m = &s->measures[canary];
	bool away =
		f->now_ms >= t->away_from_ms && f->now_ms < t->away_until_ms;

	if (m->number != 0 && now_ms - m->taken_ms < EVERY_MS)
		return;
	go_on(f, canary);
	*m = (struct measure){ .number = ++s->measured, .taken_ms = now_ms };
	for (enum arm arm = 0; arm < ARMS; arm++) {
		m->arms[arm].outcome = away ? MEASURE_TIMEOUT : MEASURE_OK;
		m->arms[arm].total = t->total[arm];
	}
}

void gauges_turn(struct fleet *f, int node)
{
	struct seat *s = &f->seats[node - fleet_seat(0)];
	const struct plan_canary *at = agent_canaries(s->agent);

	for (size_t i = 0; i < f->policy->canary_count; i++) {
		if (!policy_measures(&f->policy->canaries[i]))
			continue;
		if (s->leads != 0 && rollout_is_watched(&at[i]))
			measure(f, s, i, fleet_mono(f, node));
		else
			s->measures[i].number = 0;
	}
}
