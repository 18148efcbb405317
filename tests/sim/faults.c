/* SPDX-License-Identifier: Apache-2.0 */
/* faults -- what goes wrong in a world, and what people do in it. */
#include "world.h"

#include "policy/base/error.h"

#include <stdio.h>
#include <stdlib.h>

enum fault {
	FAULT_ENDPOINT, /* one dies, and comes back */
	FAULT_KILL,     /* a process dies, and is started again */
	FAULT_CUT,      /* a node cannot reach the store */
	FAULT_PAUSE,    /* a process is stopped, and wakes late */
	FAULT_CLOCK,    /* a wall clock is stepped */
	FAULT_STORE,    /* the store is away, and may come back empty */
	FAULT_REGION,   /* every endpoint of a region dies */
	FAULTS,
};

static void heal_later(struct world *w, int node, enum fault fault)
{
	world_at(w, w->now_ms + world_between(w, 500, 15000),
		 (struct event){ .kind = EVENT_HEAL, .to = node, .a = fault });
}

static void strike_endpoint(struct world *w)
{
	size_t target = world_draw(w) % w->target_count;

	w->endpoint_up[target] = false;
	world_at(w, w->now_ms + world_between(w, 200, 20000),
		 (struct event){ .kind = EVENT_HEAL,
				 .to = WORLD_STORE,
				 .a = FAULT_ENDPOINT,
				 .b = target });
}

static void strike_region(struct world *w)
{
	int region = (int)(world_draw(w) % w->policy->region_count);

	for (size_t t = 0; t < w->target_count; t++) {
		const struct policy_service *s =
			&w->policy->services[w->target_service[t]];

		if (s->endpoints[w->target_endpoint[t]].region != region)
			continue;
		w->endpoint_up[t] = false;
		world_at(w, w->now_ms + 12000,
			 (struct event){ .kind = EVENT_HEAL,
					 .to = WORLD_STORE,
					 .a = FAULT_ENDPOINT,
					 .b = t });
	}
}

static void strike_store(struct world *w)
{
	w->store.up = false;
	world_at(w, w->now_ms + world_between(w, 500, 15000),
		 (struct event){ .kind = EVENT_HEAL,
				 .to = WORLD_STORE,
				 .a = FAULT_STORE,
				 .b = world_draw(w) % 2 });
}

void fault_strike(struct world *w)
{
	enum fault fault = (enum fault)(world_draw(w) % FAULTS);
	int node = (int)(world_draw(w) % WORLD_NODES);

	w->faults++;
	switch (fault) {
	case FAULT_ENDPOINT:
		strike_endpoint(w);
		break;
	case FAULT_REGION:
		strike_region(w);
		break;
	case FAULT_STORE:
		strike_store(w);
		break;
	case FAULT_KILL:
		node_die(w, node);
		heal_later(w, node, fault);
		break;
	case FAULT_CUT:
		w->cut[node] = true;
		heal_later(w, node, fault);
		break;
	case FAULT_PAUSE:
		w->paused_until_ms[node] =
			w->now_ms + world_between(w, 500, 12000);
		break;
	case FAULT_CLOCK:
		w->clocks[node].wall_offset_ms +=
			world_between(w, -3600000, 3600000);
		break;
	case FAULTS:
		break;
	}
}

/* Redis without persistence, restarted: nothing is left, not even the epoch. */
static void forget(struct store *s)
{
	for (size_t v = 0; v < WORLD_VANTAGES; v++) {
		free(s->reports[v]);
		s->reports[v] = NULL;
	}
	free(s->plan);
	*s = (struct store){ .holder = -1 };
}

void fault_heal(struct world *w, const struct event *e)
{
	if (e->a == FAULT_KILL && !w->alive[e->to])
		node_start(w, e->to);
	else if (e->a == FAULT_CUT)
		w->cut[e->to] = false;
	else if (e->a == FAULT_ENDPOINT)
		w->endpoint_up[e->b] = true;
	else if (e->a == FAULT_STORE && !w->store.up) {
		if (e->b == 1)
			forget(&w->store);
		w->store.up = true;
	}
}

/* A person asks whoever leads, as the runbook does; nobody leads: no use. */
static struct seat *leading_seat(struct world *w, int *node)
{
	for (size_t i = 0; i < WORLD_AGENTS; i++) {
		*node = world_seat_node(i);
		if (w->alive[*node] && w->seats[i].adopted != 0 &&
		    w->paused_until_ms[*node] <= w->now_ms &&
		    lease_leads(&w->seats[i].lease, world_mono(w, *node)))
			return &w->seats[i];
	}
	return NULL;
}

static void draw_command(struct world *w, struct command *c)
{
	static const enum command_kind kinds[] = {
		COMMAND_DRAIN,    COMMAND_DRAIN,  COMMAND_UNDRAIN,
		COMMAND_FAILOVER, COMMAND_WEIGHT,
	};
	size_t target = world_draw(w) % w->target_count;
	const struct policy_service *s =
		&w->policy->services[w->target_service[target]];
	const struct policy_endpoint *e =
		&s->endpoints[w->target_endpoint[target]];
	const char *region = w->policy->regions[e->region].name;

	c->kind = kinds[world_draw(w) % (sizeof(kinds) / sizeof(kinds[0]))];
	if (c->kind == COMMAND_FAILOVER) {
		snprintf(c->target, sizeof(c->target), "%s", s->name);
		snprintf(c->to, sizeof(c->to), "%s", region);
	} else if (c->kind != COMMAND_WEIGHT && world_draw(w) % 2 == 0) {
		snprintf(c->target, sizeof(c->target), "%s", region);
	} else {
		snprintf(c->target, sizeof(c->target), "%s/%s", s->name,
			 e->name);
	}
	c->weight = (uint32_t)(world_draw(w) % 10);
	if (c->kind == COMMAND_DRAIN || c->kind == COMMAND_UNDRAIN)
		c->over_ms = world_draw(w) % 2 == 0 ? 0 : 5000;
}

void person_acts(struct world *w)
{
	struct command c = { .author = "sim", .reason = "seed" };
	struct error err;
	struct seat *seat;
	int node;

	seat = leading_seat(w, &node);
	draw_command(w, &c);
	if (seat == NULL)
		return;
	snprintf(c.id, sizeof(c.id), "c-%llu",
		 (unsigned long long)++w->commands);
	c.wall_made_ms = world_wall(w, node);
	if (c.kind != COMMAND_UNDRAIN)
		c.wall_expires_ms =
			c.wall_made_ms + world_between(w, 3000, 30000);
	/* A refusal is as good an outcome as any. */
	(void)agent_command(seat->agent, &c,
			    &(struct agent_input){
				    .now = { world_mono(w, node),
					     world_wall(w, node) },
				    .view = seat->view,
				    .epoch = seat->lease.epoch,
				    .classes = { w->class_list, WORLD_CLASSES },
			    },
			    &err);
}
