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
	a->list[a->count] =
		(struct approval){ .node = node, .held_ms = f->now_ms };
	snprintf(a->list[a->count++].id, sizeof(a->list[0].id), "%s", c->id);
	f->totals.held++;
	fault_waylay(f);
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
		if (h.wall_until_ms > fleet_wall(f, node))
			fleet_broken(f, "%s is given up too early",
				     h.command.id);
		f->totals.lapsed++;
		find(f, h.command.id)->lapsed = true;
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
	fault_waylay(f);
	return true;
}

static const struct plan_held *held_in(const struct plan *plan, const char *id)
{
	for (size_t i = 0; plan != NULL && i < plan->held_count; i++)
		if (strcmp(plan->held[i].command.id, id) == 0)
			return &plan->held[i];
	return NULL;
}

static bool holds(const struct plan *plan, const char *id)
{
	return held_in(plan, id) != NULL;
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

	/* Given up, perhaps by a clock that was set right before the plan. */
	if (find(f, h->command.id)->lapsed ||
	    h->wall_until_ms <= plan->wall_made_ms ||
	    plan_has_command(plan, h->command.id))
		return true;
	if (!lasts(h->command.kind))
		return find(f, h->command.id)->approved_ms >= made_ms;
	return order != NULL &&
	       (order->ended_ms >= made_ms ||
		order->command.wall_expires_ms <= plan->wall_made_ms);
}

/* Nothing is in force that waits, or that had to and was not approved. */
static void check_in_force(struct fleet *f, const struct plan *plan)
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
}

/* What waits stays as it was asked for, and in its place. */
static void check_queue(struct fleet *f, const struct plan *last,
			const struct plan *plan)
{
	const struct plan_held *before = NULL;

	for (size_t i = 0; i < plan->held_count; i++) {
		const struct plan_held *is = &plan->held[i];
		const struct plan_held *was = held_in(last, is->command.id);

		if (was == NULL)
			continue;
		if (was->wall_until_ms != is->wall_until_ms ||
		    strcmp(was->key, is->key) != 0 ||
		    strcmp(was->command.author, is->command.author) != 0)
			fleet_broken(f, "%s is not held as it was",
				     is->command.id);
		if (before != NULL && was < before)
			fleet_broken(f, "%s is not held in its turn",
				     is->command.id);
		before = was;
	}
}

/* Whoever was asked to hold one does so, as long as it leads. */
static void check_asked(struct fleet *f, const struct event *e,
			const struct plan *plan)
{
	const struct approvals *list = &f->approvals;

	for (size_t i = 0; i < list->count; i++) {
		const struct approval *a = &list->list[i];

		if (a->node == e->from && a->approved_ms == 0 && !a->lapsed &&
		    a->held_ms >= seat_of(f, a->node)->led_ms &&
		    a->held_ms < (int64_t)e->b && !holds(plan, a->id))
			fleet_broken(f, "%s, which was held, is in no plan",
				     a->id);
	}
}

void approvals_check(struct fleet *f, const struct event *e,
		     const struct plan *last, const struct plan *plan)
{
	check_in_force(f, plan);
	check_queue(f, last, plan);
	check_asked(f, e, plan);
	/* Who takes over, perhaps with its own epoch, lets them go at its next
	 * turn. */
	for (size_t i = 0; i < plan->held_count; i++)
		if (seat_of(f, e->from)->led_ms < (int64_t)e->b &&
		    plan->held[i].wall_until_ms <= plan->wall_made_ms)
			fleet_broken(f, "a plan holds %s for too long",
				     plan->held[i].command.id);
	for (size_t i = 0; last != NULL && i < last->held_count; i++)
		if (!holds(plan, last->held[i].command.id) &&
		    !may_go(f, &last->held[i], plan))
			fleet_broken(f, "%s is held no longer, and was lost",
				     last->held[i].command.id);
}
