/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/chain.h"

#include "policy/decide/pin.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(struct row_entry) == 16, "compared as octets");
static_assert(offsetof(struct row, entries) == 4, "compared as octets");
static_assert(POLICY_ENDPOINTS_MAX <= 64, "a uint64_t is a set of them");

/* What the steps before order read. */
struct choosing {
	const struct chain *chain;
	const struct client_class *class;
	uint64_t away;
	struct chain_trace *trace; /* may be NULL */
};

static uint64_t bit(size_t i)
{
	return UINT64_C(1) << i;
}

static void trace_step(struct chain_trace *trace, uint64_t set,
		       enum chain_step step)
{
	for (size_t i = 0; trace != NULL && i < POLICY_ENDPOINTS_MAX; i++)
		if (set & bit(i))
			trace->endpoints[i].step = step;
}

/* Which rule took the region away, of those that bind the class. */
static int rule_against(const struct choosing *c, int region)
{
	const struct policy *policy = c->chain->policy;

	for (size_t i = 0; i < policy->residency_count && i < 64; i++)
		if ((c->class->residency & bit(i)) &&
		    !(policy->residency[i].regions & bit((size_t)region)))
			return (int)i;
	return POLICY_NONE;
}

static bool is_allowed(const struct choosing *c, size_t endpoint)
{
	int region = c->chain->service->endpoints[endpoint].region;

	return c->class->regions & bit((size_t)region);
}

static uint64_t find_eligible(const struct choosing *c)
{
	const struct policy_service *service = c->chain->service;
	uint64_t found = 0;

	for (size_t i = 0; i < service->endpoint_count; i++) {
		const struct policy_endpoint *e = &service->endpoints[i];

		if (!is_allowed(c, i)) {
			trace_step(c->trace, bit(i), STEP_ELIGIBLE);
			if (c->trace != NULL)
				c->trace->endpoints[i].residency =
					rule_against(c, e->region);
		} else if (e->canary != POLICY_NONE) {
			trace_step(c->trace, bit(i), STEP_CANARY);
		} else {
			found |= bit(i);
		}
	}
	return found;
}

static bool is_down(const struct choosing *c, size_t endpoint)
{
	const struct view_endpoint *e = &c->chain->view->endpoints[endpoint];

	return e->health.verdict == VERDICT_DOWN || (c->away & bit(endpoint));
}

/* The canary that takes a part of a stable endpoint's clients, or NULL. */
static const struct view_endpoint *usable_canary(const struct choosing *c,
						 size_t endpoint)
{
	int canary = c->chain->service->endpoints[endpoint].shadowed_by;
	const struct view_endpoint *e;

	if (canary == POLICY_NONE || !is_allowed(c, (size_t)canary))
		return NULL;
	e = &c->chain->view->endpoints[canary];
	if (is_down(c, (size_t)canary) || e->accept == ACCEPT_NONE)
		return NULL;
	return e;
}

/* What is known of the eligible ones; a bit each. */
struct condition {
	uint64_t drained, alive, deferred, trickle, canaried;
	uint64_t shareless, partial, weightless, ramping;
};

static struct condition examine(const struct choosing *c, uint64_t eligible)
{
	struct condition found = { 0 };

	for (uint64_t rest = eligible; rest != 0; rest &= rest - 1) {
		size_t i = (size_t)__builtin_ctzll(rest);
		const struct view_endpoint *e = &c->chain->view->endpoints[i];
		const struct view_endpoint *canary = usable_canary(c, i);

		if (view_is_drained(e))
			found.drained |= bit(i);
		if (!is_down(c, i) ||
		    (canary != NULL && canary->accept == ACCEPT_ALL))
			found.alive |= bit(i);
		else if (e->deferred)
			found.deferred |= bit(i);
		else if (e->trickle && !(c->away & bit(i)))
			found.trickle |= bit(i);
		if (canary != NULL)
			found.canaried |= bit(i);
		if (e->accept == ACCEPT_NONE)
			found.shareless |= bit(i);
		if (e->accept != ACCEPT_ALL)
			found.partial |= bit(i);
		if (e->weight == 0)
			found.weightless |= bit(i);
		if (e->cause == SHARE_RAMP)
			found.ramping |= bit(i);
	}
	return found;
}

/* To members of a set that is pinned, all else is as if it were drained, where
 * something is left of what they are pinned to. */
static void heed_pin(const struct choosing *c, uint64_t eligible,
		     struct condition *are)
{
	const struct view_service *view = c->chain->view;
	const struct pin *pin = pins_find(view->pins, view->pin_count,
					  c->class->sets, eligible);
	bool binds = pin != NULL && (pin->endpoints & eligible & are->alive &
				     ~are->drained) != 0;

	if (binds)
		are->drained |= eligible & ~pin->endpoints;
	if (c->trace != NULL) {
		c->trace->pin = pin;
		c->trace->pin_binds = binds;
	}
}

/* Panic, of which nobody healthy at all is the worst. */
static enum row_note find_least(const struct choosing *c, uint64_t eligible,
				const struct condition *are, uint64_t *left)
{
	const struct policy_service *service = c->chain->service;
	uint64_t open = eligible & ~are->drained;
	enum row_note note = are->alive == 0 ? ROW_NONE_HEALTHY : ROW_PANIC;

	*left = 0;
	if (service->panic == PANIC_NO_ANSWER ||
	    (are->alive == 0 &&
	     c->class->none_healthy == NONE_HEALTHY_NO_ANSWER))
		return ROW_WITHHELD;
	if (service->panic == PANIC_FALLBACK)
		*left = open & bit((size_t)service->fallback);
	if (*left != 0)
		return ROW_PANIC;
	*left = open != 0 ? open : eligible;
	return note;
}

static bool is_panic(const struct choosing *c)
{
	return panic_binds(&c->chain->view->panic, c->chain->policy,
			   c->class->regions);
}

/* Steps commanded and healthy of the eligible ones, of which there are some. */
static enum row_note find_left(const struct choosing *c, uint64_t eligible,
			       const struct condition *are, uint64_t *left)
{
	uint64_t open = eligible & ~are->drained;
	enum chain_step step = STEP_HEALTHY;
	enum row_note note;

	if ((open & are->alive) != 0 && !is_panic(c)) {
		*left = open & (are->alive | are->deferred | are->trickle);
		note = ROW_PLAIN;
	} else if ((open & are->alive) == 0 && are->alive != 0) {
		*left = are->alive;
		note = ROW_ALL_COMMANDED;
	} else {
		note = find_least(c, eligible, are, left);
		step = are->alive == 0 ? STEP_HEALTHY : STEP_PANIC;
	}
	trace_step(c->trace, eligible & ~*left, STEP_COMMANDED);
	trace_step(c->trace,
		   (note == ROW_ALL_COMMANDED ? eligible : open) & ~*left,
		   step);
	return note;
}

/* In panic nothing is still coming back. */
static void restore(struct chain_choice *choice, struct condition *are,
		    const struct policy_service *service)
{
	choice->restored = choice->left & are->ramping;
	choice->spread = service->panic == PANIC_ALL;
	are->shareless &= ~choice->restored;
}

/* Without those in set, unless that is all of them. */
static uint64_t unless_all(uint64_t left, uint64_t set)
{
	return (left & ~set) != 0 ? left & ~set : left;
}

/* Of those that are left, those that take clients. */
static uint64_t find_kept(uint64_t left, const struct condition *are)
{
	return unless_all(unless_all(left, are->shareless), are->weightless);
}

/* The deferred, and those on trial with users, stay beside one that is well and
 * takes all its clients, or go: one on hold after an outage would leave nearly
 * all to what is down. */
static void settle_deferred(struct chain_choice *choice,
			    const struct condition *are,
			    struct chain_trace *trace)
{
	choice->kept = find_kept(choice->left, are);
	if (choice->note != ROW_PLAIN ||
	    (choice->kept & are->alive & ~are->partial) != 0)
		return;
	trace_step(trace, choice->left & ~are->alive, STEP_HEALTHY);
	choice->left &= are->alive;
	choice->kept = find_kept(choice->left, are);
}

void chain_init(struct chain *chain, const struct policy *policy,
		const struct view *view, size_t service)
{
	chain->policy = policy;
	chain->service = &policy->services[service];
	chain->view = &view->services[service];
	chain->locality = locality_of(policy, view, service);
	chain->whole = false;
	tiers_ground_init(&chain->ground, policy, view, service);
}

struct chain_choice chain_choose(const struct chain *chain,
				 const struct client_class *class,
				 uint64_t away, struct chain_trace *trace)
{
	const struct choosing c = { chain, class, away, trace };
	struct chain_choice choice = { .note = ROW_NO_REGION };
	struct condition are;
	uint64_t eligible;

	if (trace != NULL)
		memset(trace, 0, sizeof(*trace));
	for (size_t i = 0; trace != NULL && i < chain->service->endpoint_count;
	     i++) {
		trace->endpoints[i].residency = POLICY_NONE;
		trace->endpoints[i].away = away & bit(i);
		trace->endpoints[i].spilled = ACCEPT_ALL;
	}
	eligible = find_eligible(&c);
	choice.eligible = eligible;
	if (eligible == 0)
		return choice;
	are = examine(&c, eligible);
	heed_pin(&c, eligible, &are);
	choice.note = find_left(&c, eligible, &are, &choice.left);
	if (choice.note == ROW_PANIC || choice.note == ROW_NONE_HEALTHY)
		restore(&choice, &are, chain->service);
	settle_deferred(&choice, &are, trace);
	choice.canaried = are.canaried & choice.kept;
	if (choice.note == ROW_PLAIN)
		choice.deferred = are.deferred & choice.kept;
	else if (choice.note == ROW_PANIC)
		choice.deferred = choice.kept & ~are.alive;
	if (choice.note == ROW_PLAIN)
		choice.trickle = are.trickle & choice.kept;
	trace_step(trace, choice.left & ~choice.kept, STEP_SHARED);
	return choice;
}
