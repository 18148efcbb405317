/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include "policy/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct seat *seat_of(struct fleet *f, int node)
{
	return &f->seats[node - fleet_seat(0)];
}

static struct approval *find(struct fleet *f, const char *id)
{
	struct approvals *a = &f->approvals;

	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->list[i].id, id) == 0)
			return &a->list[i];
	return NULL;
}

/* Each person has a key. */
static void key_of(const struct command *c, char key[PLAN_HELD_KEY_SIZE])
{
	snprintf(key, PLAN_HELD_KEY_SIZE, "k-%.10s", c->author);
}

/* As second.c's find_why(); policy.yaml's confirm has one kind. */
static bool is_wanted(const struct command *c, const struct agent_preview *p)
{
	if (p->refused[0] != '\0')
		return p->yields && c->approval;
	return c->kind == COMMAND_WEIGHT;
}

bool approvals_hold(struct fleet *f, int node, const struct command *c,
		    const struct agent_preview *preview)
{
	struct approvals *a = &f->approvals;
	struct plan_held h = { .command = *c };
	struct error err;

	if (!is_wanted(c, preview))
		return false;
	key_of(c, h.key);
	if (a->count == APPROVALS_MAX ||
	    !held_add(&seat_of(f, node)->held, f->policy, &h,
		      fleet_wall(f, node), &err))
		abort();
	snprintf(a->list[a->count++].id, sizeof(a->list[0].id), "%s", c->id);
	f->totals.held++;
	fleet_tell(f, node, "holds %s %s %s", c->id, command_kind_name(c->kind),
		   c->target);
	return true;
}

void approvals_turn(struct fleet *f, int node)
{
	struct seat *s = seat_of(f, node);
	struct plan_held h;

	if (s->leads == 0)
		s->held.count = 0;
	while (held_expire(&s->held, fleet_wall(f, node), &h)) {
		f->totals.lapsed++;
		fleet_tell(f, node, "holds %s no longer", h.command.id);
	}
}

/* As second_resolve(): an approval becomes the command. */
static bool resolve(struct fleet *f, int node, const struct command *approval,
		    struct command *out)
{
	char key[PLAN_HELD_KEY_SIZE];
	const struct plan_held *h;
	int64_t wall_ms = fleet_wall(f, node);
	struct error err;

	key_of(approval, key);
	approvals_turn(f, node);
	if (llabs(wall_ms - approval->wall_made_ms) > AGENT_FRESH_MS)
		return false;
	h = held_find(&seat_of(f, node)->held, approval, key, &err);
	if (h == NULL)
		return false;
	if (strcmp(h->command.author, approval->author) == 0)
		fleet_broken(f, "%s approved what he asked for",
			     approval->author);
	*out = held_renew(h, wall_ms);
	return true;
}

bool approvals_act(struct fleet *f, int node)
{
	struct held *held = &seat_of(f, node)->held;
	struct command approval = { .kind = COMMAND_APPROVE,
				    .wall_made_ms = FLEET_WALL_MS + f->now_ms };
	struct command c;

	if (held->count == 0 || fleet_draw(f) % 2 == 0)
		return false;
	snprintf(approval.target, sizeof(approval.target), "%s",
		 held->list[fleet_draw(f) % held->count].command.id);
	people_sign(f, &approval);
	if (!resolve(f, node, &approval, &c)) {
		fleet_tell(f, node, "lets %s not approve %s", approval.author,
			   approval.target);
		return true;
	}
	if (!people_command(f, node, &c, true))
		return true;
	held_remove(held, c.id);
	find(f, c.id)->approved_ms = f->now_ms;
	f->totals.approved++;
	return true;
}

static bool holds(const struct plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->held_count; i++)
		if (strcmp(plan->held[i].command.id, id) == 0)
			return true;
	return false;
}

/* Such a command is in plans for as long as it is in force. */
static bool lasts(enum command_kind kind)
{
	return kind == COMMAND_DRAIN || kind == COMMAND_FAILOVER ||
	       kind == COMMAND_WEIGHT || kind == COMMAND_PIN;
}

/* Held by the last plan, and by this no more: for a reason? */
static bool may_go(struct fleet *f, const struct plan_held *h,
		   const struct plan *plan)
{
	const struct order *order = history_find(f, h->command.id);
	int64_t made_ms = f->history.made_ms;

	if (h->wall_until_ms <= plan->wall_made_ms ||
	    plan_has_command(plan, h->command.id))
		return true;
	if (!lasts(h->command.kind))
		return find(f, h->command.id)->approved_ms >= made_ms;
	return order != NULL &&
	       (order->ended_ms >= made_ms ||
		order->command.wall_expires_ms <= plan->wall_made_ms);
}

void approvals_check(struct fleet *f, const struct plan *last,
		     const struct plan *plan)
{
	for (size_t i = 0; i < plan->command_count; i++) {
		const struct command *c = &plan->commands[i];
		const struct approval *a = find(f, c->id);

		if (c->kind == COMMAND_WEIGHT && a == NULL)
			fleet_broken(f, "%s never waited for approval", c->id);
		if (a != NULL && a->approved_ms == 0)
			fleet_broken(f, "a plan has %s, which nobody approved",
				     c->id);
		if (holds(plan, c->id))
			fleet_broken(f, "%s is in force, and held", c->id);
	}
	/* Who takes over lets them go at its next turn. */
	for (size_t i = 0; i < plan->held_count; i++)
		if (plan->base_epoch == plan->epoch &&
		    plan->held[i].wall_until_ms <= plan->wall_made_ms)
			fleet_broken(f, "a plan holds %s for too long",
				     plan->held[i].command.id);
	for (size_t i = 0; last != NULL && i < last->held_count; i++)
		if (!holds(plan, last->held[i].command.id) &&
		    !may_go(f, &last->held[i], plan))
			fleet_broken(f, "%s is held no longer, and was lost",
				     last->held[i].command.id);
}
