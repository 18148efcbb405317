/* SPDX-License-Identifier: Apache-2.0 */
/* invariants -- what must hold of every responder at every step. */
#include "fleet.h"

#include "policy/decide/share.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUORUM = 2,       /* of policy.yaml's one check, and what follows: */
	FRESH_MS = 6000,  /* three intervals: older knowledge has no vote */
	SURELY_MS = 2000, /* heard so lately: it has one */
	REST_MS = 18000,  /* what is open, or on trial, rested for so long */
	EXPIRED_MS = 5000 /* a command is gone so long after its end */
};

/* What a class may get of a service, by what its view says: endpoint bits. */
struct sets {
	uint64_t stable, inside, down, drained, deferred, weightless;
	bool by_canary; /* a canary carries a stable endpoint's clients */
};

static struct sets sets_of(const struct fleet *f, const struct view *view,
			   size_t service, size_t class)
{
	const struct policy_service *s = &f->policy->services[service];
	const struct view_endpoint *v = view->services[service].endpoints;
	struct sets sets = { 0 };

	for (size_t e = 0; e < s->endpoint_count; e++) {
		uint64_t bit = UINT64_C(1) << e;

		if (s->endpoints[e].canary == POLICY_NONE)
			sets.stable |= bit;
		if (f->class_regions[class] >> s->endpoints[e].region & 1)
			sets.inside |= bit;
		if (v[e].health.verdict == VERDICT_DOWN)
			sets.down |= bit;
		if (v[e].deferred)
			sets.deferred |= bit;
		if (v[e].weight == 0)
			sets.weightless |= bit;
		if (v[e].cause == SHARE_COMMAND && v[e].accept == ACCEPT_NONE)
			sets.drained |= bit;
	}
	for (size_t e = 0; e < s->endpoint_count; e++)
		if ((sets.inside & ~sets.stable & ~sets.down) >> e & 1)
			sets.by_canary |= v[e].accept == ACCEPT_ALL;
	return sets;
}

static bool broken_row(struct fleet *f, size_t r, size_t service, size_t class,
		       const char *what)
{
	return fleet_broken(f, "%s: responder %zu, service %s, class %zu", what,
			    r, f->policy->services[service].name, class);
}

/* Residency is a hard wall; never empty by accident; what is down or drained
 * gets nobody while there is something better. */
static bool check_row(struct fleet *f, size_t r, size_t service, size_t class)
{
	const struct view *view = f->responders[r].world.view;
	struct row row =
		chain_row(f->policy, view, service, &f->classes[class], NULL);
	struct sets sets = sets_of(f, view, service, class);
	uint64_t possible = share_possible(&row, 1);
	uint64_t alive = sets.stable & sets.inside & ~sets.down;
	bool withholds =
		f->classes[class].none_healthy == NONE_HEALTHY_NO_ANSWER;

	if ((possible & ~sets.inside) != 0)
		return broken_row(f, r, service, class, "residency");
	if ((sets.inside & sets.stable) != 0 && possible == 0 &&
	    (alive != 0 || !withholds))
		return broken_row(f, r, service, class, "empty");
	if (alive == 0 && !sets.by_canary && withholds && possible != 0)
		return broken_row(f, r, service, class, "not withheld");
	if (alive != 0 && (possible & sets.down & ~sets.deferred) != 0 &&
	    !panic_binds(&view->services[service].panic, f->policy,
			 f->class_regions[class]))
		return broken_row(f, r, service, class,
				  "sends to what is down");
	if ((alive & ~sets.drained) != 0 && (possible & sets.drained) != 0)
		return broken_row(f, r, service, class, "sends to what drains");
	return pins_check(f, r, service, class, &row) &&
	       users_check_row(f, r, service, class, &row) &&
	       movement_check(f, r, service, class, &row);
}

static uint64_t regions_of(const struct policy_service *s, uint64_t set)
{
	uint64_t regions = 0;

	for (size_t e = 0; e < s->endpoint_count; e++)
		if (set >> e & 1)
			regions |= UINT64_C(1) << s->endpoints[e].region;
	return regions;
}

/*
 * Health takes out at most half of what takes clients, or one region; leaves
 * nobody in who could go; and knows no limit where order is a list.  In this
 * policy all capacities are alike.
 */
static bool check_budget(struct fleet *f, size_t r, size_t service)
{
	const struct view *view = f->responders[r].world.view;
	const struct policy_service *s = &f->policy->services[service];
	struct sets sets = sets_of(f, view, service, 0);
	uint64_t serving = sets.stable & ~sets.drained & ~sets.weightless;
	uint64_t out = serving & sets.down & ~sets.deferred;
	int count = __builtin_popcountll(out);

	f->totals.deferrals += (uint64_t)__builtin_popcountll(sets.deferred);
	if ((sets.deferred & ~(sets.down & serving)) != 0)
		return fleet_broken(f, "responder %zu defers what is not down",
				    r);
	if (s->steer == STEER_FAILOVER)
		return sets.deferred == 0 ||
		       fleet_broken(f, "responder %zu defers in a list", r);
	if (sets.deferred != 0 && out == 0)
		return fleet_broken(f, "responder %zu takes nobody out", r);
	/* A canary that has all clients of an endpoint is not counted. */
	return sets.by_canary ||
	       __builtin_popcountll(regions_of(s, out)) <= 1 ||
	       2 * count <= __builtin_popcountll(serving) ||
	       fleet_broken(f,
			    "responder %zu takes %d endpoints of service %s "
			    "out",
			    r, count, s->name);
}

/* No verdict of the service is from memory. */
static bool is_heard(const struct fleet *f, const struct view *view,
		     size_t service)
{
	const struct view_endpoint *v = view->services[service].endpoints;

	for (size_t e = 0; e < f->policy->services[service].endpoint_count; e++)
		if (v[e].health.held)
			return false;
	return true;
}

static bool panic_same(const struct view *a, const struct view *b, size_t s)
{
	return a->services[s].panic.everywhere ==
		       b->services[s].panic.everywhere &&
	       a->services[s].panic.rules == b->services[s].panic.rules;
}

/*
 * Readers agree whenever they started: who begins this moment, and has heard
 * what this responder has, decides the same.
 */
static bool check_newcomer(struct fleet *f, size_t r)
{
	struct world world = f->responders[r].world; /* borrows all of it */
	const struct view *view = world.view;
	const struct world_time now = { fleet_mono(f, (int)r),
					fleet_wall(f, (int)r) };
	struct view *begun;
	bool ok = true;

	world.view = NULL;
	begun = world_look(&world, f->policy, now);
	if (begun == NULL)
		abort();
	for (size_t t = 0; t < f->target_count; t++) {
		size_t s = f->target_service[t], e = f->target_endpoint[t];
		const struct view_endpoint *is =
			&view->services[s].endpoints[e];
		const struct view_endpoint *as =
			&begun->services[s].endpoints[e];

		if (is_heard(f, view, s) &&
		    (is->deferred != as->deferred ||
		     !panic_same(view, begun, s) ||
		     (is->health.verdict == VERDICT_DOWN) !=
			     (as->health.verdict == VERDICT_DOWN)))
			ok = fleet_broken(f,
					  "responder %zu does not judge "
					  "target %zu as one that begins",
					  r, t);
	}
	view_free(begun);
	return ok;
}

/* Always the newest that was offered, also over a restart. */
static bool check_order(struct fleet *f, size_t i)
{
	const struct notes *w = &f->responders[i].notes;
	const struct plan *plan = f->responders[i].world.follow.plan;

	if (plan == NULL)
		return w->highest_epoch == 0 ||
		       fleet_broken(f, "responder %zu lost its plan", i);
	return (plan->epoch == w->highest_epoch &&
		plan->sequence == w->highest_sequence) ||
	       fleet_broken(f,
			    "responder %zu follows %" PRIu64 ".%" PRIu64
			    ", not %" PRIu64 ".%" PRIu64,
			    i, plan->epoch, plan->sequence, w->highest_epoch,
			    w->highest_sequence);
}

static const struct view_endpoint *seen(const struct fleet *f, size_t r,
					size_t target)
{
	return &f->responders[r]
			.world.view->services[f->target_service[target]]
			.endpoints[f->target_endpoint[target]];
}

/* May, and must, this vantage vote on the target by what it said and when? */
static bool has_vote(const struct fleet *f, const struct notes *w, size_t v,
		     size_t target, bool surely)
{
	enum report_state said = w->said[v][target];
	int64_t silent_ms = f->now_ms - w->arrived_ms[v];
	int64_t age_ms = w->age_ms[v][target];

	if (said == REPORT_OPEN || said == REPORT_HALF_OPEN)
		age_ms -= REST_MS;
	if (said == REPORT_UNKNOWN || w->arrived_ms[v] == 0)
		return false;
	if (surely)
		return silent_ms <= SURELY_MS && age_ms <= SURELY_MS;
	return silent_ms + (age_ms > 0 ? age_ms : 0) <= FRESH_MS;
}

/* Those vote who were heard lately, nobody else, and as they said. */
static bool check_votes(struct fleet *f, size_t r, size_t target)
{
	const struct notes *w = &f->responders[r].notes;
	const struct quorum_result *h = &seen(f, r, target)->health;
	unsigned least[2] = { 0 }, most[2] = { 0 };

	for (size_t v = 0; v < FLEET_VANTAGES; v++) {
		bool down = w->said[v][target] != REPORT_CLOSED;

		least[down] += has_vote(f, w, v, target, true);
		most[down] += has_vote(f, w, v, target, false);
		if ((h->down_by >> v & 1) &&
		    (!down || !has_vote(f, w, v, target, false)))
			return fleet_broken(
				f,
				"responder %zu counts vantage %zu against "
				"target %zu, of which it said %s %lld ms ago",
				r, v, target,
				report_state_name(w->said[v][target]),
				(long long)(f->now_ms - w->arrived_ms[v]));
	}
	return (h->up >= least[0] && h->up <= most[0] && h->down >= least[1] &&
		h->down <= most[1]) ||
	       fleet_broken(f,
			    "responder %zu counts %u up, %u down for target "
			    "%zu: %u to %u and %u to %u were heard of lately",
			    r, h->up, h->down, target, least[0], most[0],
			    least[1], most[1]);
}

/* The quorum's rule, and what was known is held when too few speak. */
static bool check_verdict(struct fleet *f, size_t r, size_t target)
{
	struct notes *w = &f->responders[r].notes;
	const struct quorum_result *h = &seen(f, r, target)->health;
	enum verdict due = VERDICT_UP;

	if (h->up + h->down < QUORUM)
		due = w->verdicts[target];
	else if (h->down >= QUORUM && h->down > h->up)
		due = VERDICT_DOWN;
	if (h->verdict != due)
		return fleet_broken(f,
				    "responder %zu takes target %zu for %s "
				    "with %u up, %u down, after %s",
				    r, target, verdict_name(h->verdict), h->up,
				    h->down, verdict_name(w->verdicts[target]));
	if (w->verdicts[target] != due)
		fleet_tell(f, (int)r, "takes %s/%s for %s",
			   fleet_service(f, target)->name,
			   fleet_endpoint(f, target)->name, verdict_name(due));
	w->verdicts[target] = due;
	return true;
}

/* The end of the command that made this share, NULL when the plan has none. */
static const struct command *cause_in(const struct plan *plan, const char *id)
{
	for (size_t i = 0; plan != NULL && i < plan->command_count; i++)
		if (strcmp(plan->commands[i].id, id) == 0)
			return &plan->commands[i];
	return NULL;
}

/* No command outlives its end by this node's clock, nor, where that clock is
 * right, by the true one. */
static bool check_command(struct fleet *f, size_t r, size_t target)
{
	const struct view_endpoint *e = seen(f, r, target);
	const struct world *world = &f->responders[r].world;
	const struct order *order = history_find(f, e->cause_ref);
	const struct command *c = cause_in(world->follow.plan, e->cause_ref);
	int64_t wall_ms = fleet_wall(f, (int)r);

	if (e->cause != SHARE_COMMAND)
		return true;
	for (size_t i = 0; i < world->local.count; i++)
		if (strcmp(world->local.commands[i].id, e->cause_ref) == 0)
			c = &world->local.commands[i];
	if (c == NULL ||
	    (c->wall_expires_ms != 0 && c->wall_expires_ms <= wall_ms))
		return fleet_broken(f,
				    "responder %zu follows command %s, which "
				    "has ended",
				    r, e->cause_ref);
	if (order != NULL && order->command.wall_expires_ms != 0 &&
	    f->clocks[r].step_ms == 0 &&
	    order->command.wall_expires_ms + EXPIRED_MS <
		    FLEET_WALL_MS + f->now_ms)
		return fleet_broken(f,
				    "responder %zu follows command %s long "
				    "after its end",
				    r, e->cause_ref);
	return true;
}

/* A command in the plan followed is in force until its end. */
static bool check_obeyed(struct fleet *f, size_t r, size_t target)
{
	const struct world *world = &f->responders[r].world;
	const struct plan *plan = world->follow.plan;
	const struct plan_share *share =
		plan == NULL
			? NULL
			: plan_find_share(plan, fleet_service(f, target)->name,
					  fleet_endpoint(f, target)->name);
	const struct command *c =
		share == NULL ? NULL : cause_in(plan, share->ref);
	bool canary = fleet_endpoint(f, target)->canary != POLICY_NONE;
	uint32_t due = share != NULL ? accept_of(share->share)
		       : canary      ? ACCEPT_NONE
				     : ACCEPT_ALL;
	bool ended = c != NULL && c->wall_expires_ms != 0 &&
		     c->wall_expires_ms <= fleet_wall(f, (int)r);

	if (world->local.count > 0 || ended)
		return true;
	return seen(f, r, target)->accept == due ||
	       fleet_broken(f,
			    "responder %zu does not follow its plan for "
			    "target %zu",
			    r, target);
}

static bool check_responder(struct fleet *f, size_t r)
{
	for (size_t t = 0; t < f->target_count; t++)
		if (!check_votes(f, r, t) || !check_verdict(f, r, t) ||
		    !check_command(f, r, t) || !check_obeyed(f, r, t))
			return false;
	for (size_t s = 0; s < f->policy->service_count; s++) {
		if (!check_budget(f, r, s) || !panic_check(f, r, s))
			return false;
		for (size_t c = 0; c < FLEET_CLASSES; c++)
			if (!check_row(f, r, s, c))
				return false;
		if (!movement_check_canary(f, r, s))
			return false;
	}
	f->responders[r].notes.seen = true;
	if (!users_check_view(f, r))
		return false;
	return truth_check(f, r) && check_newcomer(f, r) && check_order(f, r);
}

bool invariants_hold(struct fleet *f)
{
	bool news = false;

	for (size_t r = 0; r < FLEET_RESPONDERS; r++) {
		if (!f->alive[r] || !f->responders[r].notes.due)
			continue;
		f->responders[r].notes.due = false;
		news = true;
		if (!check_responder(f, r))
			return false;
	}
	if (news && f->outturn.mended_ms != 0)
		truth_compare(f);
	return f->trouble[0] == '\0';
}

/* At the end all is up, and every vantage is heard. */
static bool check_truth(struct fleet *f, int node, const struct view *view,
			size_t target)
{
	const struct quorum_result *h =
		&view->services[f->target_service[target]]
			 .endpoints[f->target_endpoint[target]]
			 .health;

	return (h->verdict == VERDICT_UP && h->up == FLEET_VANTAGES) ||
	       fleet_broken(f,
			    "node %d takes target %zu for %s by %u votes at "
			    "the end",
			    node, target, verdict_name(h->verdict), h->up);
}

/* And every failback that needs nobody is over. */
static bool check_back(struct fleet *f, size_t r, size_t target)
{
	const struct view_endpoint *e = seen(f, r, target);
	bool manual = fleet_service(f, target)->failback == FAILBACK_MANUAL;

	return e->cause == SHARE_FULL || e->cause == SHARE_CANARY ||
	       (e->cause == SHARE_RAMP && manual) ||
	       fleet_broken(f, "target %zu is not back on responder %zu",
			    target, r);
}

bool invariants_converged(struct fleet *f)
{
	enum { LATELY_MS = 7000 };
	uint64_t epoch = f->store.head_epoch;

	if (f->store.plan.octets == NULL ||
	    f->now_ms - f->history.made_ms > LATELY_MS)
		return fleet_broken(f, "nobody leads at the end");
	for (size_t r = 0; r < FLEET_RESPONDERS; r++) {
		const struct plan *plan = f->responders[r].world.follow.plan;

		if (plan == NULL || plan->epoch != epoch ||
		    plan->sequence + 1 < f->store.head_sequence)
			return fleet_broken(f,
					    "responder %zu does not follow the "
					    "leader at the end",
					    r);
		for (size_t t = 0; t < f->target_count; t++)
			if (!check_truth(f, (int)r, f->responders[r].world.view,
					 t) ||
			    !check_back(f, r, t))
				return false;
	}
	for (size_t i = 0; i < FLEET_SEATS; i++)
		for (size_t t = 0; t < f->target_count; t++)
			if (!check_truth(f, fleet_seat(i),
					 f->seats[i].inputs.view, t))
				return false;
	return users_converged(f) && spills_converged(f) && truth_converged(f);
}
