/* SPDX-License-Identifier: Apache-2.0 */
/* people -- what they command: of the leader, and of a node when they must. */
#include "fleet.h"

#include "policy/base/error.h"

#include <stdio.h>
#include <stdlib.h>

static enum command_kind draw_kind(struct fleet *f)
{
	static const enum command_kind kinds[] = {
		COMMAND_DRAIN,
		COMMAND_DRAIN,
		COMMAND_UNDRAIN,
		COMMAND_FAILOVER,
		COMMAND_WEIGHT,
		COMMAND_WEIGHT,
		COMMAND_WEIGHT,
		COMMAND_CANCEL,
		COMMAND_CANARY_START,
		COMMAND_CANARY_PROMOTE,
		COMMAND_CANARY_PROMOTE,
		COMMAND_CANARY_PROMOTE,
		COMMAND_CANARY_PAUSE,
		COMMAND_CANARY_RESUME,
		COMMAND_CANARY_ABORT,
		COMMAND_PIN,
		COMMAND_PIN,
	};

	return kinds[fleet_draw(f) % (sizeof(kinds) / sizeof(kinds[0]))];
}

/* To a region, or to one endpoint, which may be a canary's. */
static void draw_pin(struct fleet *f, struct command *c, size_t target)
{
	const struct policy_endpoint *e = fleet_endpoint(f, target);
	const char *set =
		f->policy->sets[fleet_draw(f) % f->policy->set_count].name;

	snprintf(c->target, sizeof(c->target), "%s",
		 fleet_service(f, target)->name);
	snprintf(c->clients, sizeof(c->clients), "%s", set);
	snprintf(c->to, sizeof(c->to), "%s",
		 fleet_draw(f) % 2 == 0 ? f->policy->regions[e->region].name
					: e->name);
}

static void draw_target(struct fleet *f, struct command *c)
{
	size_t target = fleet_draw(f) % f->target_count;
	const char *service = fleet_service(f, target)->name;
	const struct policy_endpoint *e = fleet_endpoint(f, target);
	const char *region = f->policy->regions[e->region].name;

	if (c->kind == COMMAND_PIN) {
		draw_pin(f, c, target);
	} else if (fleet_of_canary(c->kind)) {
		snprintf(c->target, sizeof(c->target), "%s",
			 f->policy
				 ->canaries[fleet_draw(f) %
					    f->policy->canary_count]
				 .name);
	} else if (c->kind == COMMAND_CANCEL) {
		snprintf(c->target, sizeof(c->target), "c-%llu",
			 (unsigned long long)(fleet_draw(f) %
					      (f->totals.orders + 1)));
	} else if (c->kind == COMMAND_FAILOVER) {
		snprintf(c->target, sizeof(c->target), "%s", service);
		snprintf(c->to, sizeof(c->to), "%s", region);
	} else if (c->kind != COMMAND_WEIGHT && fleet_draw(f) % 2 == 0) {
		snprintf(c->target, sizeof(c->target), "%s", region);
	} else {
		snprintf(c->target, sizeof(c->target), "%s/%s", service,
			 e->name);
	}
}

/* An undrain of what is drained, more often than chance would have it. */
static void aim_undrain(struct fleet *f, struct command *c)
{
	const struct plan *plan = f->history.last;
	size_t from;

	if (c->kind != COMMAND_UNDRAIN || plan == NULL ||
	    plan->command_count == 0 || fleet_draw(f) % 2 == 0)
		return;
	from = fleet_draw(f) % plan->command_count;
	if (plan->commands[from].kind == COMMAND_DRAIN)
		snprintf(c->target, sizeof(c->target), "%s",
			 plan->commands[from].target);
}

void people_sign(struct fleet *f, struct command *c)
{
	static const char *const names[] = { "ann", "ben", "cat" };

	snprintf(c->author, sizeof(c->author), "%s", names[fleet_draw(f) % 3]);
}

/* People's clocks are right. */
static struct command draw_command(struct fleet *f)
{
	struct command c = {
		.reason = "seed",
		.kind = draw_kind(f),
		.wall_made_ms = FLEET_WALL_MS + f->now_ms,
		.approval = fleet_draw(f) % 2 == 0,
	};

	people_sign(f, &c);
	draw_target(f, &c);
	aim_undrain(f, &c);
	c.weight = (uint32_t)(fleet_draw(f) % 10);
	if (c.kind == COMMAND_DRAIN || c.kind == COMMAND_UNDRAIN)
		c.over_ms = fleet_draw(f) % 2 == 0 ? 0 : 5000;
	if (c.kind == COMMAND_DRAIN || c.kind == COMMAND_FAILOVER ||
	    c.kind == COMMAND_WEIGHT || c.kind == COMMAND_PIN)
		c.wall_expires_ms =
			c.wall_made_ms + fleet_between(f, 5000, 30000);
	snprintf(c.id, sizeof(c.id), "c-%llu",
		 (unsigned long long)++f->totals.orders);
	return c;
}

static struct row row_by(const struct fleet *f, int node,
			 const struct plan *plan, size_t service, size_t class)
{
	const struct seat *s = &f->seats[node - fleet_seat(0)];
	struct ramp_now now = { fleet_mono(f, node), fleet_wall(f, node) };
	struct view *view = inputs_view(&s->inputs, f->policy, plan, now);
	struct row row;

	if (view == NULL)
		abort();
	row = chain_row(f->policy, view, service, &f->classes[class], NULL);
	view_free(view);
	return row;
}

/* By what works, be it beside what does not. */
static bool is_served(const struct row *row)
{
	return row->note == ROW_PLAIN || row->note == ROW_DEFERRED ||
	       row->note == ROW_PANIC;
}

/* Does an endpoint of the row have a weight by this plan?  One that has 0 gets
 * clients where all else is down, and a drain of it takes no more from them. */
static bool has_weight(const struct fleet *f, const struct plan *plan,
		       size_t service, const struct row *row)
{
	const struct policy_service *s = &f->policy->services[service];

	for (unsigned i = 0; i < row->count; i++) {
		const struct policy_endpoint *e =
			&s->endpoints[row->entries[i].endpoint];
		const struct plan_share *share =
			plan_find_share(plan, s->name, e->name);

		if (share == NULL || share->weight != 0)
			return true;
	}
	return false;
}

/* Is the service as the agent saw it at its last turn?  What has come since it
 * could not judge by. */
static bool saw(const struct fleet *f, int node, const struct plan *plan,
		size_t service)
{
	const struct seat *s = &f->seats[node - fleet_seat(0)];
	struct ramp_now now = { fleet_mono(f, node), fleet_wall(f, node) };
	struct view *view = inputs_view(&s->inputs, f->policy, plan, now);
	bool same = true;

	if (view == NULL)
		abort();
	for (size_t e = 0; e < f->policy->services[service].endpoint_count; e++)
		same &= view->services[service].endpoints[e].health.verdict ==
			s->inputs.view->services[service]
				.endpoints[e]
				.health.verdict;
	view_free(view);
	return same;
}

/*
 * Once it is through, a command that was accepted leaves every class of
 * clients an endpoint that works and is not drained, if it had one of some
 * weight.
 */
static void check_accepted(struct fleet *f, int node, const struct command *c,
			   const struct agent_preview *p)
{
	for (size_t s = 0; s < f->policy->service_count; s++)
		for (size_t k = 0; k < FLEET_CLASSES; k++) {
			struct row before = row_by(f, node, p->before, s, k);
			struct row after = row_by(f, node, p->after, s, k);

			if (is_served(&before) && !is_served(&after) &&
			    has_weight(f, p->before, s, &before) &&
			    saw(f, node, p->before, s))
				fleet_broken(
					f,
					"%s %s was accepted, though it leaves "
					"class %zu of %s %s",
					command_kind_name(c->kind), c->target,
					k, f->policy->services[s].name,
					row_note_name(
						(enum row_note)after.note));
		}
}

/* What a preview says is checked. */
static void note_command(struct fleet *f, int node, const struct command *c,
			 const struct agent_preview *preview)
{
	if (c->wall_expires_ms != 0)
		check_accepted(f, node, c, preview);
	if (fleet_of_canary(c->kind))
		plans_check_canary(f, c, preview->before, preview->after);
}

bool people_command(struct fleet *f, int node, const struct command *c,
		    bool approved)
{
	struct agent *agent = f->seats[node - fleet_seat(0)].agent;
	struct agent_input in = seat_input(f, node);
	struct agent_preview preview = { 0 };
	struct error err;
	bool known, taken = false;

	in.approved = approved;
	known = agent_preview(agent, c, &in, &preview, &err);
	if (known && !approved && approvals_hold(f, node, c, &preview)) {
		fleet_tell(f, node, "waits for a second person");
	} else if (agent_command(agent, c, &in, &err)) {
		fleet_tell(f, node, "takes on %s %s %s%s for %lld ms over %lld",
			   c->id, command_kind_name(c->kind), c->target, c->to,
			   (long long)(c->wall_expires_ms - c->wall_made_ms),
			   (long long)c->over_ms);
		history_order(f, c);
		seat_note(f, node, c, approved);
		if (known)
			note_command(f, node, c, &preview);
		taken = true;
	} else {
		fleet_tell(f, node, "refuses %s: %s", c->id, err.text);
	}
	plan_free(preview.before);
	plan_free(preview.after);
	return taken;
}

/* Services that this node would still serve once all ramps are through. */
static uint64_t served_by(const struct fleet *f, int node)
{
	struct world world = f->responders[node].world;
	struct view *view;
	uint64_t served = 0;

	for (size_t i = 0; i < world.local.count; i++)
		world.local.commands[i].over_ms = 0;
	view = world_look(&world, f->policy,
			  (struct world_time){ fleet_mono(f, node),
					       fleet_wall(f, node) });
	if (view == NULL)
		abort();
	for (size_t t = 0; t < f->target_count; t++) {
		const struct view_endpoint *e =
			&view->services[f->target_service[t]]
				 .endpoints[f->target_endpoint[t]];

		if (fleet_endpoint(f, t)->canary == POLICY_NONE &&
		    e->accept > 0 && e->weight > 0)
			served |= UINT64_C(1) << f->target_service[t];
	}
	view_free(view);
	return served;
}

/* With no agent to ask, or on a whim, one node is told directly. */
static void break_glass(struct fleet *f, const struct command *c)
{
	int node = (int)(fleet_draw(f) % FLEET_RESPONDERS);
	struct responder *r = &f->responders[node];
	struct error err;
	uint64_t before;

	if (!f->alive[node] || f->paused_until_ms[node] > f->now_ms)
		return;
	before = served_by(f, node);
	if (!world_command(&r->world, f->policy, c,
			   (struct world_time){ fleet_mono(f, node),
						fleet_wall(f, node) },
			   &err)) {
		fleet_tell(f, node, "refuses %s: %s", c->id, err.text);
		return;
	}
	r->kept_local = r->world.local;
	f->totals.locals++;
	if ((before & ~served_by(f, node)) != 0)
		fleet_broken(f,
			     "%s %s%s leaves node %d a service without an "
			     "endpoint",
			     command_kind_name(c->kind), c->target, c->to,
			     node);
	fleet_tell(f, node, "alone takes on %s %s %s%s", c->id,
		   command_kind_name(c->kind), c->target, c->to);
}

void person_acts(struct fleet *f)
{
	struct command c = draw_command(f);

	for (size_t i = 0; i < FLEET_SEATS; i++) {
		int node = fleet_seat(i);

		if (f->alive[node] && f->paused_until_ms[node] <= f->now_ms &&
		    fleet_draw(f) % 8 != 0 && seat_leads(f, node)) {
			if (!approvals_act(f, node))
				(void)people_command(f, node, &c, false);
			return;
		}
	}
	break_glass(f, &c);
}
