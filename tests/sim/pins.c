/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pins -- who is pinned is sent there and nowhere else, while something there
 * works; and nobody else is touched.  By the commands that a responder has, and
 * not by what its view makes of them.
 */
#include "fleet.h"

#include "policy/decide/share.h"

#include <string.h>

static uint64_t bit(size_t i)
{
	return UINT64_C(1) << i;
}

static bool is_member(const struct fleet *f, const char *set, size_t class)
{
	for (size_t i = 0; i < f->policy->set_count; i++)
		if (strcmp(f->policy->sets[i].name, set) == 0)
			return (f->classes[class].sets & bit(i)) != 0;
	return false;
}

/* Stable endpoints that the command names and that the class may get. */
static uint64_t named(const struct fleet *f, const struct command *c,
		      size_t service, size_t class)
{
	const struct policy_service *s = &f->policy->services[service];
	uint64_t by_region = 0, by_name = 0, inside = 0;

	for (size_t e = 0; e < s->endpoint_count; e++) {
		const struct policy_endpoint *at = &s->endpoints[e];

		if (at->canary != POLICY_NONE)
			continue;
		if (strcmp(f->policy->regions[at->region].name, c->to) == 0)
			by_region |= bit(e);
		if (strcmp(at->name, c->to) == 0)
			by_name |= bit(e);
		if (f->class_regions[class] >> at->region & 1)
			inside |= bit(e);
	}
	return (by_region != 0 ? by_region : by_name) & inside;
}

/* Of both lists of commands that this responder has. */
static const struct command *command_at(const struct world *world, size_t i)
{
	const struct plan *plan = world->follow.plan;
	size_t count = plan == NULL ? 0 : plan->command_count;

	if (i < count)
		return &plan->commands[i];
	i -= count;
	return i < world->local.count ? &world->local.commands[i] : NULL;
}

static bool is_newer(const struct command *a, const struct command *b)
{
	return b == NULL || a->wall_made_ms > b->wall_made_ms ||
	       (a->wall_made_ms == b->wall_made_ms && strcmp(a->id, b->id) > 0);
}

/* Has the set a newer one, to whatever? */
static bool is_replaced(const struct world *world, const struct command *c,
			int64_t wall_ms)
{
	const struct command *other;

	for (size_t i = 0; (other = command_at(world, i)) != NULL; i++)
		if (other->kind == COMMAND_PIN &&
		    other->wall_expires_ms > wall_ms &&
		    strcmp(other->target, c->target) == 0 &&
		    strcmp(other->clients, c->clients) == 0 &&
		    is_newer(other, c) && strcmp(other->id, c->id) != 0)
			return true;
	return false;
}

/* The command that concerns the class; NULL: none does. */
static const struct command *find(const struct fleet *f, size_t r,
				  size_t service, size_t class)
{
	const struct world *world = &f->responders[r].world;
	int64_t wall_ms = world->view->wall_made_ms;
	const struct command *c, *newest = NULL;

	for (size_t i = 0; (c = command_at(world, i)) != NULL; i++)
		if (c->kind == COMMAND_PIN && c->wall_expires_ms > wall_ms &&
		    strcmp(c->target, f->policy->services[service].name) == 0 &&
		    is_member(f, c->clients, class) &&
		    named(f, c, service, class) != 0 &&
		    !is_replaced(world, c, wall_ms) && is_newer(c, newest))
			newest = c;
	return newest;
}

/* Those of a set that are up, for everybody, and not drained. */
static uint64_t working(const struct view_service *view, uint64_t set)
{
	uint64_t left = 0;

	for (; set != 0; set &= set - 1) {
		size_t e = (size_t)__builtin_ctzll(set);
		const struct view_endpoint *v = &view->endpoints[e];

		if (v->health.verdict != VERDICT_DOWN && !v->health.split &&
		    !(v->cause == SHARE_COMMAND && v->accept == ACCEPT_NONE))
			left |= bit(e);
	}
	return left;
}

/* With the canaries that shadow them. */
static uint64_t with_canaries(const struct policy_service *s, uint64_t set)
{
	uint64_t all = set;

	for (size_t e = 0; e < s->endpoint_count; e++)
		if ((set & bit(e)) && s->endpoints[e].shadowed_by >= 0)
			all |= bit((size_t)s->endpoints[e].shadowed_by);
	return all;
}

static bool is_untouched(const struct fleet *f, size_t r, size_t service,
			 size_t class, const struct row *row)
{
	struct view view = *f->responders[r].world.view;
	struct view_service services[FLEET_SERVICES];
	struct row without;

	memcpy(services, view.services,
	       f->policy->service_count * sizeof(*services));
	services[service].pin_count = 0;
	view.services = services;
	without =
		chain_row(f->policy, &view, service, &f->classes[class], NULL);
	return row_equal(&without, row);
}

bool pins_check(struct fleet *f, size_t r, size_t service, size_t class,
		const struct row *row)
{
	const struct policy_service *s = &f->policy->services[service];
	const struct command *c = find(f, r, service, class);
	uint64_t to;

	if (c == NULL)
		return is_untouched(f, r, service, class, row) ||
		       fleet_broken(f,
				    "responder %zu pins class %zu of %s, whom "
				    "no pin concerns",
				    r, class, s->name);
	to = named(f, c, service, class);
	if (working(&f->responders[r].world.view->services[service], to) == 0)
		return true;
	f->totals.pinned++;
	return (share_possible(row, 1) & ~with_canaries(s, to)) == 0 ||
	       fleet_broken(f,
			    "responder %zu does not keep class %zu of %s to %s "
			    "(%s)",
			    r, class, s->name, c->to, c->id);
}
