/* SPDX-License-Identifier: Apache-2.0 */
/* faults -- what goes wrong in a fleet. */
#include "fleet.h"

#include <stdlib.h>

enum fault {
	FAULT_ENDPOINT, /* one dies, and comes back */
	FAULT_FLAP,     /* one dies and comes back, over and over */
	FAULT_SLOW,     /* one answers later, perhaps too late */
	FAULT_KILL,     /* a process dies, and is started again */
	FAULT_CUT,      /* a node cannot reach the store */
	FAULT_PAUSE,    /* a process is stopped, and wakes late */
	FAULT_CLOCK,    /* a wall clock is stepped, and later set right */
	FAULT_STORE,    /* the store is away, and may come back empty */
	FAULT_REGION,   /* every endpoint of a region dies */
	FAULT_DARK,     /* every vantage is cut off: nobody says anything */
	FAULT_BLIND,    /* a vantage's own uplink breaks: all seems down */
	FAULT_LIE,      /* a vantage sees the opposite of what is, of some */
	FAULT_DETOUR,   /* its way to a region is longer, or so again */
	FAULT_STOP,     /* the leading agent is stopped in good order */
	FAULTS,
};

static void heal_at(struct fleet *f, int64_t for_ms, int node, enum fault fault,
		    uint64_t b)
{
	fleet_at(f, f->now_ms + for_ms,
		 (struct event){
			 .kind = EVENT_HEAL, .to = node, .a = fault, .b = b });
}

static void heal_later(struct fleet *f, int node, enum fault fault, uint64_t b)
{
	heal_at(f, fleet_between(f, 200, 15000), node, fault, b);
}

static void strike_site(struct fleet *f, size_t site)
{
	f->sites[site].down++;
	ground_turn(f, site);
	heal_later(f, FLEET_STORE, FAULT_ENDPOINT, site);
}

static void strike_region(struct fleet *f)
{
	int region = (int)(fleet_draw(f) % f->policy->region_count);

	for (size_t p = 0; p < f->roster->job_count; p++)
		if (f->sites[p].region == region)
			strike_site(f, p);
}

/* From faster than any breaker to slower than all. */
static void strike_flap(struct fleet *f, size_t site)
{
	struct site *p = &f->sites[site];

	if (p->flap_half_ms != 0)
		return;
	p->flap_half_ms = INT64_C(100) << fleet_between(f, 0, 7);
	p->flap_half_ms += fleet_between(f, 0, p->flap_half_ms);
	p->flap_until_ms = f->now_ms + fleet_between(f, 5000, 60000);
	f->totals.flaps++;
	fleet_tell(f, FLEET_STORE, "%s flaps, each %lld ms",
		   f->roster->jobs[site].key, (long long)p->flap_half_ms);
	ground_flap(f, site);
}

/* A little later, slow, or not in time. */
static void strike_slow(struct fleet *f, size_t site)
{
	static const int64_t by_ms[] = { 40, 120, 450, 2000 };

	f->sites[site].slow_ms = by_ms[fleet_draw(f) % 4];
	fleet_tell(f, FLEET_STORE, "%s is %lld ms later",
		   f->roster->jobs[site].key,
		   (long long)f->sites[site].slow_ms);
	heal_at(f, fleet_between(f, 5000, 60000), FLEET_STORE, FAULT_SLOW,
		site);
}

static void strike_store(struct fleet *f)
{
	int64_t for_ms = fleet_between(f, 500, 15000);

	fleet_tell(f, FLEET_STORE, "the store is away");
	for (int n = 0; n < FLEET_NODES; n++)
		fleet_cut(f, n, for_ms + fleet_between(f, 0, 1000));
	fleet_at(f, f->now_ms + for_ms,
		 (struct event){ .kind = EVENT_HEAL,
				 .to = FLEET_STORE,
				 .a = FAULT_STORE,
				 .b = fleet_draw(f) % 3 });
}

static void strike_clock(struct fleet *f, int node)
{
	f->clocks[node].step_ms = fleet_between(f, -3600000, 3600000);
	f->stepped[node] = true;
	f->totals.steps_of_clocks++;
	fleet_unwell(f, node, f->now_ms);
	fleet_tell(f, node, "its clock is stepped by %lld ms",
		   (long long)f->clocks[node].step_ms);
	heal_later(f, node, FAULT_CLOCK, 0);
}

static void strike_dark(struct fleet *f)
{
	int64_t for_ms = fleet_between(f, 5000, 40000);

	for (size_t v = 0; v < FLEET_VANTAGES; v++)
		fleet_cut(f, fleet_vantage(v), for_ms);
}

/* Some for longer than a vantage doubts itself. */
static int64_t draw_fog_ms(struct fleet *f)
{
	return fleet_draw(f) % 4 == 0 ? fleet_between(f, 15000, 90000)
				      : fleet_between(f, 500, 30000);
}

static void strike_blind(struct fleet *f, size_t vantage)
{
	ground_blind(f, vantage, true);
	f->outturn.stirs++;
	fleet_tell(f, fleet_vantage(vantage), "sees all down");
	heal_at(f, draw_fog_ms(f), fleet_vantage(vantage), FAULT_BLIND,
		vantage);
}

/* About a few sites, or about half of all. */
static void strike_lie(struct fleet *f, size_t vantage)
{
	uint64_t sites = fleet_draw(f);

	if (fleet_draw(f) % 2 == 0)
		sites &= fleet_draw(f);
	ground_lie(f, vantage, sites);
	f->outturn.stirs++;
	f->totals.lies++;
	fleet_tell(f, fleet_vantage(vantage), "lies of %llx",
		   (unsigned long long)sites);
	heal_at(f, draw_fog_ms(f), fleet_vantage(vantage), FAULT_LIE, vantage);
}

static void strike_detour(struct fleet *f, size_t vantage)
{
	uint64_t region = fleet_draw(f) % f->policy->region_count;

	f->sights[vantage].detour_ms[region] =
		fleet_draw(f) % 3 == 0 ? 0 : fleet_between(f, 5, 150);
	fleet_tell(f, fleet_vantage(vantage), "is %lld ms farther from %s",
		   (long long)f->sights[vantage].detour_ms[region],
		   f->policy->regions[region].name);
}

/* As publish_stop(): the lease is given back, so a standby need not wait. */
static void strike_stop(struct fleet *f)
{
	for (size_t i = 0; i < FLEET_SEATS; i++) {
		int node = fleet_seat(i);

		if (!f->alive[node] || f->paused_until_ms[node] > f->now_ms ||
		    f->seats[i].leads == 0)
			continue;
		fleet_ask(f, node,
			  (struct event){ .kind = MESSAGE_RELEASE,
					  .a = fleet_holder(f, node) });
		fleet_tell(f, node, "stops");
		node_die(f, node);
		heal_later(f, node, FAULT_KILL, 0);
	}
}

static void strike_node(struct fleet *f, enum fault fault, int node)
{
	int64_t for_ms = fleet_between(f, 500, 15000);

	if (fault == FAULT_KILL) {
		fleet_tell(f, node, "is killed");
		node_die(f, node);
		heal_later(f, node, fault, 0);
		/* Some machines come back with another time. */
		if (fleet_draw(f) % 4 == 0)
			strike_clock(f, node);
	} else if (fault == FAULT_CUT) {
		/* Some cuts are longer than any patience. */
		fleet_cut(f, node,
			  fleet_draw(f) % 4 == 0 ? for_ms * 3 : for_ms);
	} else if (fault == FAULT_PAUSE) {
		fleet_tell(f, node, "is paused for %lld ms", (long long)for_ms);
		f->paused_until_ms[node] = f->now_ms + for_ms;
		fleet_unwell(f, node, f->now_ms + for_ms);
	} else {
		strike_clock(f, node);
	}
}

/*
 * The leader is paused until well after its lease has run out, so that two
 * believe that they lead; a clock may be wrong meanwhile.
 */
static int64_t split(struct fleet *f, int node)
{
	int64_t for_ms = fleet_between(f, LEASE_TTL_MS + 500, 12000);

	fleet_tell(f, node, "is paused as it leads, for %lld ms",
		   (long long)for_ms);
	f->split_ms = f->now_ms;
	f->paused_until_ms[node] = f->now_ms + for_ms;
	fleet_unwell(f, node, f->now_ms + for_ms);
	if (fleet_draw(f) % 2 == 0)
		strike_clock(f, fleet_seat(fleet_draw(f) % FLEET_SEATS));
	return for_ms;
}

void fault_release(struct fleet *f)
{
	if (f->held != NULL)
		fleet_at(f, f->now_ms, *f->held);
	free(f->held);
	f->held = NULL;
}

static void hold(struct fleet *f, const struct event *e)
{
	f->held = malloc(sizeof(*f->held));
	if (f->held == NULL)
		abort();
	*f->held = *e;
}

/*
 * Its plan comes just when the other is given the lease, or later; or, when it
 * goes on leading, just before its next one, which knows nothing of it; or
 * never.
 */
bool fault_ambush(struct fleet *f, int node, const struct event *e)
{
	enum ambush ambush = f->ambush;
	int64_t for_ms;

	fault_release(f);
	f->ambush = AMBUSH_NONE;
	if (ambush == AMBUSH_NONE)
		return false;
	if (ambush == AMBUSH_CUT || ambush == AMBUSH_LOSS) {
		if (ambush == AMBUSH_CUT)
			hold(f, e);
		else
			free(e->blob.octets);
		fleet_cut(f, node, fleet_between(f, 50, 1000));
		return true;
	}
	for_ms = split(f, node);
	if (fleet_draw(f) % 2 == 0)
		hold(f, e);
	else
		fleet_at(f,
			 f->now_ms + fleet_between(f, LEASE_TTL_MS + 200,
						   for_ms + 2000),
			 *e);
	return true;
}

void fault_waylay(struct fleet *f)
{
	if (f->weather == WEATHER_ALL && f->calm_from_ms != INT64_MAX &&
	    fleet_draw(f) % 2 == 0)
		f->ambush = fleet_draw(f) % 2 == 0 ? AMBUSH_CUT : AMBUSH_LOSS;
}

static void strike_split(struct fleet *f)
{
	for (size_t i = 0; i < FLEET_SEATS; i++)
		if (f->paused_until_ms[fleet_seat(i)] > f->now_ms)
			return;
	f->ambush = (enum ambush)(fleet_draw(f) % 3);
	for (size_t i = 0; f->ambush == AMBUSH_NONE && i < FLEET_SEATS; i++)
		if (seat_leads(f, fleet_seat(i)))
			split(f, fleet_seat(i));
}

void fault_strike(struct fleet *f)
{
	enum fault fault = (enum fault)(fleet_draw(f) % FAULTS);
	int node = (int)(fleet_draw(f) % FLEET_NODES);
	size_t site = fleet_draw(f) % f->roster->job_count;
	size_t vantage = fleet_draw(f) % FLEET_VANTAGES;

	f->totals.faults++;
	if (f->weather == WEATHER_FLAPS)
		fault = FAULT_FLAP;
	if (f->weather == WEATHER_SPLITS) {
		strike_split(f);
		return;
	}
	switch (fault) {
	case FAULT_ENDPOINT:
		strike_site(f, site);
		break;
	case FAULT_FLAP:
		strike_flap(f, site);
		break;
	case FAULT_SLOW:
		strike_slow(f, site);
		break;
	case FAULT_REGION:
		strike_region(f);
		break;
	case FAULT_STORE:
		strike_store(f);
		break;
	case FAULT_DARK:
		strike_dark(f);
		break;
	case FAULT_BLIND:
		strike_blind(f, vantage);
		break;
	case FAULT_LIE:
		strike_lie(f, vantage);
		break;
	case FAULT_DETOUR:
		strike_detour(f, vantage);
		break;
	case FAULT_STOP:
		strike_stop(f);
		break;
	case FAULT_KILL:
	case FAULT_CUT:
	case FAULT_PAUSE:
	case FAULT_CLOCK:
		strike_node(f, fault, node);
		break;
	case FAULTS:
		break;
	}
}

static void heal_store(struct fleet *f, uint64_t how)
{
	if (how == 1) {
		fleet_tell(f, FLEET_STORE, "the store has forgotten all");
		store_forget(f);
	} else if (how == 2) {
		fleet_tell(f, FLEET_STORE, "the store's replica takes over");
		store_fail_over(f);
	}
}

void fault_heal(struct fleet *f, const struct event *e)
{
	if (e->a == FAULT_KILL && !f->alive[e->to]) {
		node_start(f, e->to);
	} else if (e->a == FAULT_BLIND) {
		ground_blind(f, e->b, false);
	} else if (e->a == FAULT_LIE) {
		ground_lie(f, e->b, 0);
	} else if (e->a == FAULT_SLOW) {
		f->sites[e->b].slow_ms = 0;
	} else if (e->a == FAULT_CLOCK) {
		f->clocks[e->to].step_ms = 0;
		fleet_unwell(f, e->to, f->now_ms);
	} else if (e->a == FAULT_ENDPOINT && f->sites[e->b].down > 0) {
		f->sites[e->b].down--;
		ground_turn(f, e->b);
	} else if (e->a == FAULT_STORE && f->calm_from_ms != INT64_MAX) {
		heal_store(f, e->b);
	}
}
