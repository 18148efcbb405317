/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/panic.h"

#include "policy/decide/capacity.h"
#include "policy/decide/view.h"

#include <stdio.h>
#include <stdlib.h>

enum { INSTANTS_MAX = 2 * POLICY_ENDPOINTS_MAX + 2 };

/* A little more: percentages of sums are not exact. */
static const double slack = 1e-9;

/* An endpoint that takes clients.  Instants are ages: so many ms ago. */
struct member {
	uint64_t place; /* one bit */
	uint64_t region;
	double capacity;
	int64_t from_ms, until_ms; /* it was down in between, 0: it is; both 0:
				    * it never was */
};

/* A service, or what of it some clients may use. */
struct past {
	struct member members[POLICY_ENDPOINTS_MAX];
	size_t count;
	double whole;     /* capacity of all */
	double floor_pct; /* panic begins below */
	bool guessed;     /* the demand is not known */
};

static bool is_one(uint64_t set)
{
	return (set & (set - 1)) == 0;
}

static bool takes_clients(const struct policy_endpoint *declared,
			  const struct view_endpoint *e)
{
	return declared->canary == POLICY_NONE && !view_is_drained(e) &&
	       e->weight > 0;
}

static struct member member_of(const struct view *view, size_t service,
			       size_t endpoint)
{
	const struct policy_service *s = &view->policy->services[service];
	const struct view_endpoint *all = view->services[service].endpoints;
	const struct view_endpoint *e = &all[endpoint];
	size_t region = (size_t)s->endpoints[endpoint].region;
	struct member m = {
		.place = UINT64_C(1) << endpoint,
		.region = UINT64_C(1) << region,
		.capacity = capacity_of(view->policy, (int)region),
	};

	if (view_is_replaced(s, all, endpoint))
		return m;
	if (e->health.verdict == VERDICT_DOWN) {
		m.from_ms = e->down_ms > 0 ? e->down_ms : 1;
	} else if (e->outage.lasted_ms > 0) {
		m.until_ms = e->outage.up_ms;
		m.from_ms = m.until_ms + e->outage.lasted_ms;
	}
	return m;
}

/* Places are regions, or endpoints where all are in one. */
static void find_places(struct past *past)
{
	uint64_t regions = 0;

	for (size_t i = 0; i < past->count; i++)
		regions |= past->members[i].region;
	for (size_t i = 0; i < past->count && !is_one(regions); i++)
		past->members[i].place = past->members[i].region;
}

/* False: nothing can be told of it. */
static bool find_members(const struct view *view, size_t service,
			 struct past *past)
{
	const struct policy *policy = view->policy;
	const struct policy_service *s = &policy->services[service];
	bool stated = false;

	past->count = 0;
	for (size_t i = 0; i < s->endpoint_count; i++) {
		if (!takes_clients(&s->endpoints[i],
				   &view->services[service].endpoints[i]))
			continue;
		past->members[past->count++] = member_of(view, service, i);
		stated |= policy->regions[s->endpoints[i].region].capacity > 0;
	}
	find_places(past);
	return stated && s->steer != STEER_FAILOVER;
}

static double capacity_sum(const struct past *past)
{
	double sum = 0;

	for (size_t i = 0; i < past->count; i++)
		sum += past->members[i].capacity;
	return sum;
}

static void find_floor(struct past *past, double demand)
{
	double covers_pct =
		demand / past->whole * 100 * 100 / PANIC_STRETCH_PCT;

	past->guessed = !(demand > 0);
	past->floor_pct = PANIC_LEFT_PCT;
	if (!past->guessed && covers_pct < PANIC_LEFT_PCT)
		past->floor_pct = covers_pct;
}

/* Nothing is down, or was so lately that it matters. */
static bool is_calm(const struct past *past)
{
	for (size_t i = 0; i < past->count; i++)
		if (past->members[i].from_ms > 0 &&
		    past->members[i].until_ms < PANIC_LEAVE_MS)
			return false;
	return true;
}

enum supply { SUPPLY_ENOUGH, SUPPLY_SCARCE, SUPPLY_SHORT };

/* Between two instants, between which nothing changed. */
static enum supply supply_in(const struct past *past, int64_t older_ms,
			     int64_t newer_ms)
{
	uint64_t down = 0;
	double left = past->whole, left_pct;

	for (size_t i = 0; i < past->count; i++) {
		const struct member *m = &past->members[i];

		if (m->from_ms < older_ms || m->until_ms > newer_ms)
			continue;
		left -= m->capacity;
		down |= m->place;
	}
	left_pct = 100 * left / past->whole + slack;
	if (left_pct >= past->floor_pct + PANIC_LEAVE_PCT ||
	    (past->guessed && is_one(down)))
		return SUPPLY_ENOUGH;
	return left_pct >= past->floor_pct ? SUPPLY_SCARCE : SUPPLY_SHORT;
}

/* The oldest first. */
static int by_age(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x < *y) - (*x > *y);
}

/* When something changed, and now, which is 0.  Returns how many. */
static size_t find_instants(const struct past *past,
			    int64_t instants[INSTANTS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < past->count; i++) {
		if (past->members[i].from_ms == 0)
			continue;
		instants[count++] = past->members[i].from_ms;
		instants[count++] = past->members[i].until_ms;
	}
	instants[count++] = 0;
	qsort(instants, count, sizeof(instants[0]), by_age);
	return count;
}

/* Goes through the past as it was. */
static bool is_panic(const struct past *past)
{
	int64_t instants[INSTANTS_MAX], enough_ms = 0;
	size_t count = find_instants(past, instants);
	bool panic = false;

	for (size_t i = 1; i < count; i++) {
		int64_t span_ms = instants[i - 1] - instants[i];

		if (span_ms == 0)
			continue;
		switch (supply_in(past, instants[i - 1], instants[i])) {
		case SUPPLY_ENOUGH:
			enough_ms += span_ms;
			break;
		case SUPPLY_SCARCE:
			enough_ms = 0;
			break;
		case SUPPLY_SHORT:
			enough_ms = 0;
			panic = true;
			break;
		}
		if (enough_ms >= PANIC_LEAVE_MS)
			panic = false;
	}
	return panic;
}

/* For clients that may use these regions. */
static bool is_panic_within(const struct past *past, uint64_t regions)
{
	struct past within = {
		.floor_pct = past->floor_pct,
		.guessed = past->guessed,
	};

	for (size_t i = 0; i < past->count; i++)
		if ((past->members[i].region & regions) != 0)
			within.members[within.count++] = past->members[i];
	within.whole = capacity_sum(&within);
	find_places(&within);
	return within.count > 0 && is_panic(&within);
}

static unsigned left_pct(const struct past *past)
{
	double left = past->whole;

	for (size_t i = 0; i < past->count; i++)
		if (past->members[i].from_ms > 0 &&
		    past->members[i].until_ms == 0)
			left -= past->members[i].capacity;
	return past->whole > 0 && left > 0
		       ? (unsigned)(100 * left / past->whole + slack)
		       : 0;
}

void panic_apply(struct view *view, size_t service)
{
	const struct policy *policy = view->policy;
	struct panic panic = { 0 };
	struct past past;
	bool tells = find_members(view, service, &past);

	past.whole = capacity_sum(&past);
	if (past.count > 0)
		panic.lost_pct = (uint8_t)(100 - left_pct(&past));
	if (tells && !is_calm(&past)) {
		find_floor(&past, policy->services[service].demand);
		panic.everywhere = is_panic(&past);
		for (size_t i = 0; i < policy->residency_count && i < 64; i++)
			if (is_panic_within(&past,
					    policy->residency[i].regions))
				panic.rules |= UINT64_C(1) << i;
	}
	panic.anywhere = panic.everywhere || panic.rules != 0;
	view->services[service].panic = panic;
}

bool panic_binds(const struct panic *panic, const struct policy *policy,
		 uint64_t regions)
{
	uint64_t every = policy->region_count >= 64
				 ? UINT64_MAX
				 : (UINT64_C(1) << policy->region_count) - 1;
	int fewest = __builtin_popcountll(every);
	bool binds = panic->everywhere;

	if (!panic->anywhere)
		return false;
	for (size_t i = 0; i < policy->residency_count && i < 64; i++) {
		uint64_t within = policy->residency[i].regions;
		int count = __builtin_popcountll(within);

		if ((regions & ~within) != 0 || count >= fewest)
			continue;
		fewest = count;
		binds = panic->rules >> i & 1;
	}
	return binds;
}

const char *panic_text(const struct view *view, char *buf, size_t size)
{
	const struct policy *policy = view->policy;
	char more[32] = "";
	size_t first = policy->service_count, count = 0;

	buf[0] = '\0';
	for (size_t s = policy->service_count; s-- > 0;)
		if (view->services[s].panic.anywhere) {
			first = s;
			count++;
		}
	if (count == 0)
		return buf;
	if (count > 1)
		snprintf(more, sizeof(more), " and %zu more", count - 1);
	snprintf(buf, size,
		 "panic of %.60s%s: %u%% of its capacity is healthy, and "
		 "health is not obeyed",
		 policy->services[first].name, more,
		 panic_left_pct(&view->services[first].panic));
	return buf;
}
