/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/turnout.h"

#include "steering/burden.h"
#include "steering/counted.h"

/* What a policy states of demand does not say whose it is. */
static bool has_rates(const struct turnout_case *c)
{
	double sum = 0;

	for (size_t i = 0; c->rates != NULL && i < DEMAND_HOMES; i++)
		sum += c->rates[c->service].home[i];
	return sum > 0;
}

/* The part of the service's demand that comes to it; 0: not known. */
static double intended_now(const struct turnout_case *c)
{
	const struct burden_case of = { c->view->policy, c->view, c->classes,
					c->rates };
	struct burden burden;

	if (!burden_of(&of, c->service, &burden) || !burden.known ||
	    burden.demand <= 0)
		return 0;
	return burden.load[c->endpoint] / burden.demand;
}

static uint64_t requests_of(const struct turnout_case *c, size_t endpoint)
{
	return counted_at(c->counted, c->view->policy, c->service, endpoint)
		.requests;
}

/* Its canary's clients are its own. */
static struct turnout counts_now(const struct turnout_case *c)
{
	const struct policy_service *s = &c->view->policy->services[c->service];
	int canary = s->endpoints[c->endpoint].shadowed_by;
	struct turnout u = { .begun = true };

	for (size_t i = 0; i < s->endpoint_count; i++)
		u.all += requests_of(c, i);
	u.own = requests_of(c, c->endpoint);
	if (canary != POLICY_NONE)
		u.own += requests_of(c, (size_t)canary);
	return u;
}

static bool is_counted(const struct turnout_case *c)
{
	return c->view != NULL && has_rates(c) &&
	       counted_tells(c->counted, c->view->policy, c->service,
			     c->now_ms);
}

struct turnout turnout_begin(const struct turnout_case *c)
{
	struct turnout u = { .begun = false };

	if (!is_counted(c))
		return u;
	u = counts_now(c);
	u.intended = intended_now(c);
	return u;
}

bool turnout_allows(const struct turnout *u, const struct turnout_case *c,
		    struct turnout_parts *out)
{
	struct turnout now;
	double all, least, most;

	if (!u->begun || !is_counted(c))
		return true;
	now = counts_now(c);
	now.intended = intended_now(c);
	if (now.all <= u->all || now.own < u->own || now.intended <= 0)
		return true;
	all = (double)(now.all - u->all);
	least = u->intended < now.intended ? u->intended : now.intended;
	most = u->intended > now.intended ? u->intended : now.intended;
	out->seen = (double)(now.own - u->own) / all;
	out->intended = now.intended;
	return least * all < TURNOUT_REQUESTS_MIN ||
	       (out->seen >= least * (1 - TURNOUT_OFF) &&
		out->seen <= most * (1 + TURNOUT_OFF));
}
