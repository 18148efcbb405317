/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/chain.h"

#include "policy/decide/latency.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct row_entry) == 16, "compared as octets");
static_assert(offsetof(struct row, entries) == 4, "compared as octets");
static_assert(POLICY_ENDPOINTS_MAX <= 64, "a uint64_t is a set of them");

/* What the steps read, and what they have left so far. */
struct chain {
	const struct policy *policy;
	const struct policy_service *service;
	const struct view_service *view;
	const struct client_class *class;
	struct chain_trace *trace; /* may be NULL */
	uint64_t left;             /* bit per endpoint */
	/* By the ordered step: the endpoints left, best first. */
	struct place_in_order {
		double ms;
		uint8_t endpoint;
		uint8_t tier;
	} order[POLICY_ENDPOINTS_MAX];
	unsigned count;
};

static uint64_t bit(size_t i)
{
	return UINT64_C(1) << i;
}

static void trace_step(const struct chain *c, uint64_t set,
		       enum chain_step step)
{
	for (size_t i = 0; c->trace != NULL && i < c->service->endpoint_count;
	     i++)
		if (set & bit(i))
			c->trace->endpoints[i].step = step;
}

/* Which rule took the region away, of those that bind the class. */
static int rule_against(const struct chain *c, int region)
{
	for (size_t i = 0; i < c->policy->residency_count && i < 64; i++)
		if ((c->class->residency & bit(i)) &&
		    !(c->policy->residency[i].regions & bit((size_t)region)))
			return (int)i;
	return POLICY_NONE;
}

static bool is_allowed(const struct chain *c, size_t endpoint)
{
	int region = c->service->endpoints[endpoint].region;

	return c->class->regions & bit((size_t)region);
}

static uint64_t find_eligible(const struct chain *c)
{
	uint64_t found = 0;

	for (size_t i = 0; i < c->service->endpoint_count; i++) {
		const struct policy_endpoint *e = &c->service->endpoints[i];

		if (!is_allowed(c, i)) {
			trace_step(c, bit(i), STEP_ELIGIBLE);
			if (c->trace != NULL)
				c->trace->endpoints[i].residency =
					rule_against(c, e->region);
		} else if (e->canary != POLICY_NONE) {
			trace_step(c, bit(i), STEP_CANARY);
		} else {
			found |= bit(i);
		}
	}
	return found;
}

static uint64_t find_drained(const struct chain *c, uint64_t of)
{
	uint64_t found = 0;

	for (size_t i = 0; i < c->service->endpoint_count; i++) {
		const struct view_endpoint *e = &c->view->endpoints[i];

		if ((of & bit(i)) && e->cause == SHARE_COMMAND &&
		    e->accept == ACCEPT_NONE)
			found |= bit(i);
	}
	return found;
}

/* The canary that takes a part of a stable endpoint's clients, or ROW_NONE. */
static uint8_t usable_canary(const struct chain *c, size_t endpoint)
{
	int canary = c->service->endpoints[endpoint].shadowed_by;
	const struct view_endpoint *e;

	if (canary == POLICY_NONE || !is_allowed(c, (size_t)canary))
		return ROW_NONE;
	e = &c->view->endpoints[canary];
	if (e->health.verdict == VERDICT_DOWN || e->accept == ACCEPT_NONE)
		return ROW_NONE;
	return (uint8_t)canary;
}

static bool is_alive(const struct chain *c, size_t endpoint)
{
	uint8_t canary;

	if (c->view->endpoints[endpoint].health.verdict != VERDICT_DOWN)
		return true;
	canary = usable_canary(c, endpoint);
	return canary != ROW_NONE &&
	       c->view->endpoints[canary].accept == ACCEPT_ALL;
}

static uint64_t find_alive(const struct chain *c, uint64_t of)
{
	uint64_t found = 0;

	for (size_t i = 0; i < c->service->endpoint_count; i++)
		if ((of & bit(i)) && is_alive(c, i))
			found |= bit(i);
	return found;
}

/* Steps eligible, commanded and healthy; c->left is the result. */
static enum row_note choose(struct chain *c)
{
	uint64_t eligible = find_eligible(c);
	uint64_t open = eligible & ~find_drained(c, eligible);
	uint64_t alive = find_alive(c, eligible);
	enum row_note note;

	if (eligible == 0)
		return ROW_NO_REGION;
	if ((open & alive) != 0) {
		c->left = open & alive;
		note = ROW_PLAIN;
	} else if (alive != 0) {
		c->left = alive;
		note = ROW_ALL_COMMANDED;
	} else if (c->class->none_healthy == NONE_HEALTHY_NO_ANSWER) {
		note = ROW_WITHHELD;
	} else {
		c->left = open != 0 ? open : eligible;
		note = ROW_NONE_HEALTHY;
	}
	trace_step(c, eligible & ~c->left, STEP_COMMANDED);
	trace_step(c, (note == ROW_ALL_COMMANDED ? eligible : open) & ~c->left,
		   STEP_HEALTHY);
	return note;
}

static double expected_ms(const struct chain *c,
			  const struct latency_ways *ways, size_t endpoint)
{
	const struct client_class *class = c->class;
	int region = c->service->endpoints[endpoint].region;
	const struct policy_region *r = &c->policy->regions[region];
	struct latency latency = { 0 };

	if (c->service->steer == STEER_LATENCY)
		latency =
			latency_by_ways(c->policy, class, ways,
					&c->view->endpoints[endpoint], region);
	else
		latency.ms = latency_way_ms(
			latency_distance_km(class->latitude, class->longitude,
					    r->latitude, r->longitude));
	if (c->trace != NULL) {
		c->trace->endpoints[endpoint].latency_ms = latency.ms;
		c->trace->endpoints[endpoint].measured = latency.measured;
	}
	return latency.ms;
}

static bool is_before(const struct place_in_order *a,
		      const struct place_in_order *b)
{
	if (a->tier != b->tier)
		return a->tier < b->tier;
	return a->ms != b->ms ? a->ms < b->ms : a->endpoint < b->endpoint;
}

/* By tier, milliseconds, index: an insertion sort of at most 64. */
static void sort_order(struct chain *c)
{
	for (unsigned i = 1; i < c->count; i++) {
		struct place_in_order moving = c->order[i];
		unsigned to = i;

		for (; to > 0 && is_before(&moving, &c->order[to - 1]); to--)
			c->order[to] = c->order[to - 1];
		c->order[to] = moving;
	}
}

/* Sorted by milliseconds to tiers, and inside a tier by index. */
static void form_tiers(struct chain *c)
{
	uint8_t tier = 0;
	double best_ms = c->count > 0 ? c->order[0].ms : 0;

	for (unsigned i = 0; i < c->count; i++) {
		if (c->order[i].ms > best_ms + c->service->within_ms) {
			best_ms = c->order[i].ms;
			tier++;
		}
		c->order[i].tier = tier;
	}
	for (unsigned i = 0; i < c->count; i++)
		c->order[i].ms = 0;
	sort_order(c);
}

static void step_ordered(struct chain *c)
{
	enum steer steer = c->service->steer;
	bool by_way = (steer == STEER_LATENCY || steer == STEER_GEO) &&
		      c->class->located;
	struct latency_ways ways;

	if (by_way && steer == STEER_LATENCY)
		ways = latency_ways_of(c->policy, c->class);
	for (size_t i = 0; i < c->service->endpoint_count; i++) {
		struct place_in_order *at = &c->order[c->count];

		if (!(c->left & bit(i)))
			continue;
		*at = (struct place_in_order){ .endpoint = (uint8_t)i };
		if (by_way)
			at->ms = expected_ms(c, &ways, i);
		if (steer == STEER_FAILOVER)
			at->tier = (uint8_t)c->count;
		c->count++;
	}
	sort_order(c);
	if (by_way)
		form_tiers(c);
}

/* Removes those in set from the order, unless that is all of them. */
static void drop_unless_all(struct chain *c, uint64_t set)
{
	unsigned count = 0;

	set &= c->left;
	if (set == c->left)
		return;
	for (unsigned i = 0; i < c->count; i++)
		if (!(set & bit(c->order[i].endpoint)))
			c->order[count++] = c->order[i];
	c->count = count;
	c->left &= ~set;
	trace_step(c, set, STEP_SHARED);
}

static void drop_unshared(struct chain *c)
{
	uint64_t shareless = 0, weightless = 0;

	for (unsigned i = 0; i < c->count; i++) {
		uint8_t at = c->order[i].endpoint;

		if (c->view->endpoints[at].accept == ACCEPT_NONE)
			shareless |= bit(at);
		if (c->view->endpoints[at].weight == 0)
			weightless |= bit(at);
	}
	drop_unless_all(c, shareless);
	drop_unless_all(c, weightless);
}

static struct row_entry make_entry(const struct chain *c,
				   const struct place_in_order *place)
{
	const struct view_endpoint *e = &c->view->endpoints[place->endpoint];
	struct row_entry entry = {
		.endpoint = place->endpoint,
		.tier = place->tier,
		.canary = usable_canary(c, place->endpoint),
		/* 0 only where all that is left has 0: then it means none. */
		.weight = e->weight == 0 ? 1 : e->weight,
		.accept = e->accept == ACCEPT_NONE ? ACCEPT_ALL : e->accept,
	};

	if (entry.canary != ROW_NONE)
		entry.canary_accept = c->view->endpoints[entry.canary].accept;
	return entry;
}

static uint32_t divisor(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Entries [from, end) are one tier: weights without a common divisor. */
static void reduce_weights(struct row *row, unsigned from, unsigned end)
{
	uint32_t common = 0;

	for (unsigned i = from; i < end; i++)
		common = divisor(row->entries[i].weight, common);
	for (unsigned i = from; i < end; i++)
		row->entries[i].weight /= common;
}

/*
 * Fills the row tier by tier, up to the tier that no client comes past: when
 * as many endpoints as an answer has always accept.
 */
static void fill_row(struct chain *c, struct row *row)
{
	unsigned certain = 0, at = 0;
	uint8_t tier = 0;
	bool reached = true;

	while (at < c->count) {
		unsigned from = row->count;
		uint8_t old = c->order[at].tier;

		for (; at < c->count && c->order[at].tier == old; at++) {
			c->order[at].tier = tier;
			if (c->trace != NULL)
				c->trace->endpoints[c->order[at].endpoint]
					.tier = tier;
			if (!reached)
				continue;
			row->entries[row->count] = make_entry(c, &c->order[at]);
			certain +=
				row->entries[row->count].accept == ACCEPT_ALL;
			row->count++;
		}
		reduce_weights(row, from, row->count);
		reached = certain < c->service->answers;
		tier++;
	}
}

/* A last tier of one takes whoever comes that far: its share says nothing. */
static void settle_last(const struct chain *c, struct row *row)
{
	struct row_entry *last = &row->entries[row->count - 1];

	if (row->count == 1 ||
	    (c->service->answers <= 1 && last[-1].tier != last->tier))
		last->accept = ACCEPT_ALL;
}

struct row chain_row(const struct policy *policy, const struct view *view,
		     size_t service, const struct client_class *class,
		     struct chain_trace *trace)
{
	struct chain c = {
		.policy = policy,
		.service = &policy->services[service],
		.view = &view->services[service],
		.class = class,
		.trace = trace,
	};
	struct row row;

	memset(&row, 0, sizeof(row));
	if (trace != NULL)
		memset(trace, 0, sizeof(*trace));
	for (size_t i = 0; trace != NULL && i < c.service->endpoint_count; i++)
		trace->endpoints[i].residency = POLICY_NONE;
	row.note = (uint8_t)choose(&c);
	row.changing = view->services[service].changing;
	if (c.left == 0)
		return row;
	step_ordered(&c);
	drop_unshared(&c);
	fill_row(&c, &row);
	settle_last(&c, &row);
	return row;
}

bool row_equal(const struct row *a, const struct row *b)
{
	return a->count == b->count && a->note == b->note &&
	       a->changing == b->changing &&
	       memcmp(a->entries, b->entries,
		      a->count * sizeof(a->entries[0])) == 0;
}

bool row_is_draw(const struct row *row, uint32_t answers)
{
	/* Until something is drawn, entries before i all took their turn. */
	for (unsigned i = 0; i < row->count && i < answers; i++) {
		const struct row_entry *e = &row->entries[i];

		if (i + 1u < row->count && e[1].tier == e->tier)
			return true;
		if (e->canary != ROW_NONE && e->canary_accept != ACCEPT_ALL)
			return true;
		if (e->accept != ACCEPT_ALL)
			return true;
	}
	return false;
}

const char *row_note_name(enum row_note note)
{
	static const char *const names[] = {
		[ROW_PLAIN] = "plain",
		[ROW_NO_REGION] = "no-region",
		[ROW_NONE_HEALTHY] = "none-healthy",
		[ROW_WITHHELD] = "withheld",
		[ROW_ALL_COMMANDED] = "all-commanded",
	};

	return names[note];
}
