/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/budget.h"

#include "policy/decide/capacity.h"

#include <stdbool.h>
#include <stdlib.h>

/* An endpoint that is down. */
struct claim {
	size_t endpoint;
	uint64_t place; /* one bit */
	double capacity;
	int64_t down_ms;
	bool out;
	int64_t out_ms; /* it is out for so long */
};

/* What is out. */
struct out {
	uint64_t places;
	double capacity;
	double outside; /* the part of it that is not in the failed place */
};

struct account {
	const struct policy_safety *safety;
	double whole;        /* capacity of all that serve */
	uint8_t serving[64]; /* endpoints, by place */
	struct claim claims[POLICY_ENDPOINTS_MAX];
	size_t count;
};

static uint64_t bit(size_t i)
{
	return UINT64_C(1) << i;
}

static uint64_t regions_of(const struct policy_service *service, uint64_t set)
{
	uint64_t regions = 0;

	for (; set != 0; set &= set - 1)
		regions |= bit((size_t)service->endpoints[__builtin_ctzll(set)]
				       .region);
	return regions;
}

static bool is_one(uint64_t set)
{
	return (set & (set - 1)) == 0;
}

/* The longest first; of equals in the policy's order. */
static int by_age(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->down_ms != y->down_ms)
		return x->down_ms > y->down_ms ? -1 : 1;
	return x->endpoint < y->endpoint ? -1 : 1;
}

/* The place that was down ago_ms with all that serves there; 0 when there was
 * none, or more than one. */
static uint64_t failed_place(const struct account *account, int64_t ago_ms)
{
	uint8_t down[64] = { 0 };
	uint64_t failed = 0;

	for (size_t i = 0; i < account->count; i++) {
		const struct claim *c = &account->claims[i];
		int place = __builtin_ctzll(c->place);

		if (c->down_ms >= ago_ms &&
		    ++down[place] == account->serving[place])
			failed |= c->place;
	}
	return is_one(failed) ? failed : 0;
}

static bool is_within(const struct account *account, double capacity,
		      uint32_t pct)
{
	/* A little more: percentages of sums are not exact. */
	const double slack = 1e-9;

	return capacity * 100 <= account->whole * pct * (1 + slack);
}

static void add(struct out *out, const struct claim *claim, uint64_t failed)
{
	out->places |= claim->place;
	out->capacity += claim->capacity;
	if (claim->place != failed)
		out->outside += claim->capacity;
}

/* May claim go out beside what is? */
static bool fits(const struct account *account, struct out out,
		 const struct claim *claim, uint64_t failed, uint32_t most_pct)
{
	add(&out, claim, failed);
	return is_one(out.places) ||
	       is_within(account, out.capacity, most_pct) ||
	       (failed != 0 &&
		is_within(account, out.outside, BUDGET_PARTS_PCT));
}

/* What went out less than window_ms before ago_ms. */
static struct out out_within(const struct account *account, int64_t ago_ms,
			     int64_t window_ms, uint64_t failed)
{
	struct out out = { 0 };

	for (size_t i = 0; i < account->count; i++) {
		const struct claim *c = &account->claims[i];

		if (c->out && c->out_ms - ago_ms < window_ms)
			add(&out, c, failed);
	}
	return out;
}

/* Who was down ago_ms goes out then, as far as the budget goes. */
static void take_out(struct account *account, int64_t ago_ms)
{
	const struct policy_safety *safety = account->safety;
	uint64_t failed = failed_place(account, ago_ms);
	struct out ever = out_within(account, ago_ms, INT64_MAX, failed);
	struct out lately =
		out_within(account, ago_ms, BUDGET_WINDOW_MS, failed);

	for (size_t i = 0; i < account->count; i++) {
		struct claim *c = &account->claims[i];

		if (c->out || c->down_ms < ago_ms ||
		    !fits(account, ever, c, failed,
			  safety->max_capacity_opened_pct) ||
		    !fits(account, lately, c, failed,
			  safety->max_capacity_at_once_pct))
			continue;
		c->out = true;
		c->out_ms = ago_ms;
		add(&ever, c, failed);
		add(&lately, c, failed);
	}
}

/* When something happened next after ago_ms: an endpoint went down, or what
 * was out left the window.  -1: nothing has. */
static int64_t next_event(const struct account *account, int64_t ago_ms)
{
	int64_t next_ms = -1;

	for (size_t i = 0; i < account->count; i++) {
		const struct claim *c = &account->claims[i];
		int64_t ms = c->out ? c->out_ms - BUDGET_WINDOW_MS : c->down_ms;

		if (ms < ago_ms && ms > next_ms)
			next_ms = ms;
	}
	return next_ms;
}

static void make_claims(const struct policy *policy, size_t service,
			const struct budget_state *state,
			struct account *account)
{
	const struct policy_service *s = &policy->services[service];
	bool by_region = !is_one(regions_of(s, state->serving));

	for (uint64_t rest = state->serving; rest != 0; rest &= rest - 1) {
		size_t i = (size_t)__builtin_ctzll(rest);
		size_t region = (size_t)s->endpoints[i].region;
		double capacity = capacity_of(policy, (int)region);
		uint64_t place = by_region ? bit(region) : bit(i);

		account->whole += capacity;
		account->serving[__builtin_ctzll(place)]++;
		if ((state->down & bit(i)) == 0)
			continue;
		account->claims[account->count++] = (struct claim){
			.endpoint = i,
			.place = place,
			.capacity = capacity,
			.down_ms = state->down_ms[i],
		};
	}
}

uint64_t budget_defer(const struct policy *policy, size_t service,
		      const struct budget_state *state)
{
	struct account account = { .safety = &policy->safety };
	uint64_t deferred = 0;

	if (is_one(state->down) || policy_is_list(&policy->services[service]))
		return 0;
	make_claims(policy, service, state, &account);
	qsort(account.claims, account.count, sizeof(account.claims[0]), by_age);
	for (int64_t ago_ms = next_event(&account, INT64_MAX); ago_ms >= 0;
	     ago_ms = next_event(&account, ago_ms))
		take_out(&account, ago_ms);
	for (size_t i = 0; i < account.count; i++)
		if (!account.claims[i].out)
			deferred |= bit(account.claims[i].endpoint);
	return deferred;
}
