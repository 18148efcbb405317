/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/decree.h"

#include "policy/base/arena.h"
#include "policy/bus/command.h"
#include "policy/bus/plan.h"
#include "policy/decide/census.h"
#include "policy/decide/pin.h"

#include <string.h>

struct work {
	const struct decree *decree;
	const char *last_ref; /* in the view's arena; NULL: none yet */
};

static struct view_endpoint *numbered(const struct decree *d, size_t number)
{
	const struct census_place *at = &d->census->places[number];

	return &d->view->services[at->service].endpoints[at->endpoint];
}

/* The ref outlives its writer in the view; many in a row are the same. */
static void set_cause(struct work *w, struct view_endpoint *e,
		      enum share_cause cause, const char *ref)
{
	e->cause = cause;
	if (w->last_ref == NULL || strcmp(w->last_ref, ref) != 0)
		w->last_ref =
			arena_text(w->decree->view->arena, ref, strlen(ref));
	*w->decree->failed |= w->last_ref == NULL;
	e->cause_ref = w->last_ref;
}

/* What one command leaves of what an endpoint takes. */
static void apply_on(struct work *w, const struct command *c, size_t number)
{
	const struct decree *d = w->decree;
	const struct census_place *at = &d->census->places[number];
	struct view_endpoint *e = numbered(d, number);
	struct command_effect effect =
		command_effect_on(c, d->policy, at->service, at->endpoint,
				  d->wall_ms);
	uint32_t weight = effect.weighs ? effect.weight : e->weight;

	if (!effect.concerns || (effect.share >= 1 && weight == e->weight))
		return;
	e->accept = accept_of(accept_share(e->accept) * effect.share);
	e->weight = weight;
	set_cause(w, e, SHARE_COMMAND, c->id);
}

static bool has_expired(const struct command *c, int64_t wall_ms)
{
	return c->wall_expires_ms != 0 && c->wall_expires_ms <= wall_ms;
}

/* Is it by a command that is over? */
static bool is_over(const struct plan *plan, const struct plan_share *share,
		    int64_t wall_ms)
{
	if (share->cause != PLAN_COMMAND)
		return false;
	for (size_t i = 0; i < plan->command_count; i++)
		if (strcmp(plan->commands[i].id, share->ref) == 0)
			return has_expired(&plan->commands[i], wall_ms);
	return false;
}

static void apply_beneath(struct work *w, const struct plan_share *share,
			  size_t number)
{
	const struct decree *d = w->decree;
	struct view_endpoint *e = numbered(d, number);

	if (share->beneath > 0) {
		e->accept = accept_of(share->beneath);
		set_cause(w, e, SHARE_RAMP, "");
	}
	for (size_t i = 0; i < d->plan->command_count; i++)
		if (!has_expired(&d->plan->commands[i], d->wall_ms))
			apply_on(w, &d->plan->commands[i], number);
}

static enum share_cause cause_of(enum plan_cause cause)
{
	switch (cause) {
	case PLAN_FULL:
		return SHARE_FULL;
	case PLAN_COMMAND:
		return SHARE_COMMAND;
	case PLAN_RAMP:
	case PLAN_HOLD:
		return SHARE_RAMP;
	case PLAN_CANARY:
		return SHARE_CANARY;
	}
	return SHARE_FULL;
}

static void apply_share(struct work *w, const struct plan_share *share,
			size_t number)
{
	struct view_endpoint *e = numbered(w->decree, number);

	e->accept = accept_of(share->share);
	if (share->weight >= 0)
		e->weight = share->weight > UINT32_MAX
				    ? UINT32_MAX
				    : (uint32_t)share->weight;
	set_cause(w, e, cause_of(share->cause), share->ref);
}

static void apply_plan(struct work *w)
{
	const struct decree *d = w->decree;
	size_t hint = 0;

	for (size_t i = 0; d->plan != NULL && i < d->plan->share_count; i++) {
		const struct plan_share *share = &d->plan->shares[i];
		size_t at = census_find(d->census, hint, share->service,
					share->endpoint);

		if (at == CENSUS_NONE)
			continue;
		hint = at + 1;
		if (is_over(d->plan, share, d->wall_ms))
			apply_beneath(w, share, at);
		else
			apply_share(w, share, at);
	}
}

/* What a view says outlives the plan. */
static void apply_pin(const struct decree *d, const struct command *c)
{
	struct view_service *to;
	struct pin pin;
	size_t service;

	if (has_expired(c, d->wall_ms) ||
	    !pin_read(c, d->policy, &service, &pin))
		return;
	to = &d->view->services[service];
	if (to->pins == NULL)
		to->pins = arena_alloc(d->view->arena, d->policy->set_count,
				       sizeof(*to->pins));
	if (to->pins != NULL && pin_keep(&pin, d->view->arena))
		to->pin_count = pins_put(to->pins, to->pin_count, &pin);
	else
		*d->failed = true;
}

static void apply_pins(const struct decree *d)
{
	for (size_t i = 0; d->plan != NULL && i < d->plan->command_count; i++)
		apply_pin(d, &d->plan->commands[i]);
	for (size_t i = 0; i < d->local_count; i++)
		apply_pin(d, &d->local[i]);
}

void decree_apply(const struct decree *d)
{
	struct work w = { .decree = d };

	apply_plan(&w);
	apply_pins(d);
	for (size_t i = 0; i < d->local_count; i++)
		for (size_t at = 0; at < d->census->count; at++)
			if (d->local[i].wall_expires_ms > d->wall_ms)
				apply_on(&w, &d->local[i], at);
}
