/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/guard.h"

#include "policy/base/error.h"
#include "policy/decide/capacity.h"
#include "policy/decide/locality.h"
#include "steering/burden.h"
#include "steering/pinning.h"

#include <stdarg.h>
#include <stdio.h>

/* What a set of commands leaves of one service. */
struct left {
	uint64_t taking; /* regions with an endpoint that takes clients */
	uint64_t able;   /* the healthy ones of these */
	uint64_t works;  /* endpoints that make them so */
	uint64_t serves; /* and those that are down, but deferred */
	double removed;  /* capacity taken out, in the policy's units */
	double whole;    /* capacity of all its endpoints */
};

struct service_case {
	const struct guard_case *c;
	size_t service;
	struct left before, after;
};

/* Deferred or not: there is nobody to fall back on where it is down. */
static bool is_down(const struct view_endpoint *e)
{
	return e != NULL && e->health.verdict == VERDICT_DOWN;
}

static struct left left_by(const struct guard_case *c, struct commands commands,
			   size_t service)
{
	const struct policy_service *s = &c->policy->services[service];
	struct left left = { 0 };

	for (size_t i = 0; i < s->endpoint_count; i++) {
		const struct policy_endpoint *e = &s->endpoints[i];
		struct effect effect = effect_of(commands, c->policy, service,
						 i, EFFECT_SETTLED);
		double capacity = capacity_of(c->policy, e->region);
		const struct view_endpoint *seen =
			c->view == NULL
				? NULL
				: &c->view->services[service].endpoints[i];

		if (e->canary != POLICY_NONE)
			continue;
		left.whole += capacity;
		if (!effect_takes(&effect)) {
			left.removed += capacity;
			continue;
		}
		left.taking |= UINT64_C(1) << e->region;
		if (is_down(seen) && !seen->deferred)
			continue;
		left.serves |= UINT64_C(1) << i;
		if (is_down(seen))
			continue;
		left.able |= UINT64_C(1) << e->region;
		left.works |= UINT64_C(1) << i;
	}
	return left;
}

static bool last_endpoint_ok(const struct service_case *sc, struct error *err)
{
	if (sc->after.taking != 0 || sc->before.taking == 0)
		return true;
	error_set(err, "last endpoint: %s would have no endpoint left",
		  sc->c->policy->services[sc->service].name);
	return false;
}

/* Has one of these endpoints a place in these regions? */
static bool any_within(const struct service_case *sc, uint64_t endpoints,
		       uint64_t regions)
{
	const struct policy_service *s = &sc->c->policy->services[sc->service];

	for (; endpoints != 0; endpoints &= endpoints - 1)
		if (regions >> s->endpoints[__builtin_ctzll(endpoints)].region &
		    1)
			return true;
	return false;
}

/*
 * Had these clients somewhere to go before, and have nowhere after?  What is
 * down but deferred is no place to send others to, and still one that must not
 * be taken from whom it has.
 */
static const char *loses(const struct service_case *sc, uint64_t regions,
			 uint64_t away)
{
	const struct left *was = &sc->before, *is = &sc->after;

	if ((was->taking & regions) != 0 && (is->taking & regions) == 0)
		return "endpoint";
	if (any_within(sc, was->works & ~away, regions) &&
	    !any_within(sc, is->works & ~away, regions))
		return "healthy endpoint";
	if (any_within(sc, was->serves & ~away, regions) &&
	    !any_within(sc, is->serves & ~away, regions))
		return "endpoint in service";
	return NULL;
}

/* Endpoints that clients of a class cannot reach though others can. */
static uint64_t away_from(const struct service_case *sc,
			  const struct locality *locality,
			  const struct client_class *class)
{
	struct latency_room room;
	struct latency_ways ways = latency_ways_in(&room);

	if (locality->split == 0 || !class->located)
		return 0;
	latency_go(sc->c->policy, class->latitude, class->longitude, &ways);
	return locality_away(locality, &ways);
}

static bool residency_ok(const struct service_case *sc, struct error *err)
{
	const struct policy *policy = sc->c->policy;
	const char *name = policy->services[sc->service].name;
	struct locality locality = { .split = 0 };

	if (sc->c->view != NULL)
		locality = locality_of(policy, sc->c->view, sc->service);
	for (size_t i = 0; i < policy->residency_count; i++) {
		const struct policy_residency *r = &policy->residency[i];
		const char *lost = loses(sc, r->regions, 0);

		if (lost == NULL)
			continue;
		error_set(err,
			  "residency: %s would have no %s left within rule %s",
			  name, lost, r->name);
		return false;
	}
	for (size_t i = 0; i < sc->c->classes.count; i++) {
		const struct client_class *class = sc->c->classes.list[i];
		const char *lost = loses(sc, class->regions,
					 away_from(sc, &locality, class));

		if (lost == NULL)
			continue;
		error_set(err,
			  "residency: %s would have no %s left for clients "
			  "%s%s",
			  name, lost, class->country[0] != 0 ? "in " : "",
			  class->country[0] != 0 ? class->country
						 : "of unknown place");
		return false;
	}
	return true;
}

static unsigned count_of(uint64_t regions)
{
	unsigned count = 0;

	for (; regions != 0; regions &= regions - 1)
		count++;
	return count;
}

static bool regions_ok(const struct service_case *sc, struct error *err)
{
	unsigned least = sc->c->policy->safety.min_regions_in_service;
	unsigned before = count_of(sc->before.able);
	unsigned after = count_of(sc->after.able);

	if (after >= least || after >= before)
		return true;
	error_set(err,
		  "safety.min_regions_in_service is %u: %s would have %u "
		  "healthy region%s in service, %u too few",
		  least, sc->c->policy->services[sc->service].name, after,
		  after == 1 ? "" : "s", least - after);
	return false;
}

static bool capacity_ok(const struct service_case *sc, struct error *err)
{
	double most = sc->c->policy->safety.max_capacity_removed_pct;
	double pct = 100 * sc->after.removed / sc->after.whole;

	if (pct <= most || sc->after.removed <= sc->before.removed)
		return true;
	error_set(err,
		  "safety.max_capacity_removed is %.0f%%: %s would be without "
		  "%.1f%% of its capacity, %.1f points too many",
		  most, sc->c->policy->services[sc->service].name, pct,
		  pct - most);
	return false;
}

static bool pins_change(const struct service_case *sc)
{
	const struct guard_case *c = sc->c;
	struct pin was[POLICY_SETS_MAX], is[POLICY_SETS_MAX];

	return !pins_same(was,
			  pinning_of(c->before, c->policy, sc->service, was),
			  is, pinning_of(c->after, c->policy, sc->service, is));
}

static bool changes(const struct service_case *sc)
{
	const struct guard_case *c = sc->c;
	const struct policy_service *s = &c->policy->services[sc->service];

	if (pins_change(sc))
		return true;
	for (size_t i = 0; i < s->endpoint_count; i++) {
		struct effect a = effect_of(c->before, c->policy, sc->service,
					    i, EFFECT_SETTLED);
		struct effect b = effect_of(c->after, c->policy, sc->service, i,
					    EFFECT_SETTLED);

		if (a.weight != b.weight || a.share < b.share ||
		    a.share > b.share)
			return true;
	}
	return false;
}

/* What nobody can work out nobody is refused by. */
static bool load_ok(const struct service_case *sc, struct error *err)
{
	const struct guard_case *g = sc->c;
	const struct policy_service *s = &g->policy->services[sc->service];
	const struct burden_case c = { g->policy, g->view, g->classes,
				       g->rates };
	double most = g->policy->safety.max_load_pct, before, after;
	struct burden was, is;
	size_t at;

	if (g->view == NULL || !changes(sc) ||
	    !burden_under(&c, sc->service, g->before, &was) ||
	    !burden_under(&c, sc->service, g->after, &is) || !is.known)
		return true;
	at = burden_most(&is, s->endpoint_count, &after);
	burden_most(&was, s->endpoint_count, &before);
	if (100 * after <= most || after <= before)
		return true;
	error_set(err,
		  "safety.max_load is %.0f%%: %s would bring %.6g to %s, which "
		  "can carry %.6g: %.1f%%, %.1f points too many",
		  most, s->name, is.load[at], s->endpoints[at].name,
		  is.capacity[at], 100 * after, 100 * after - most);
	return false;
}

/* Only what takes more away than before; ending a command never waits. */
static bool interval_ok(const struct service_case *sc, struct error *err)
{
	int64_t wait_ms = sc->c->policy->safety.command_interval_ms;
	const struct commands *before = &sc->c->before;

	if (sc->after.removed <= sc->before.removed)
		return true;
	for (size_t i = before->count; i-- > 0;) {
		const struct command *c = &before->list[i];
		int64_t ago_ms = sc->c->wall_ms - c->wall_made_ms;

		if (c->kind == COMMAND_UNDRAIN || c->kind == COMMAND_FREEZE ||
		    c->kind == COMMAND_PIN || ago_ms >= wait_ms)
			continue;
		error_set(err,
			  "safety.command_interval is %lld s: %s %s by %s was "
			  "%lld s ago, %lld s too soon for another",
			  (long long)wait_ms / 1000, command_kind_name(c->kind),
			  c->target, c->author, (long long)ago_ms / 1000,
			  (long long)(wait_ms - ago_ms + 999) / 1000);
		return false;
	}
	return true;
}

static struct service_case case_of(const struct guard_case *c, size_t service)
{
	return (struct service_case){
		.c = c,
		.service = service,
		.before = left_by(c, c->before, service),
		.after = left_by(c, c->after, service),
	};
}

bool guard_check(const struct guard_case *c, struct error *err)
{
	for (size_t i = 0; i < c->policy->service_count; i++) {
		const struct service_case sc = case_of(c, i);

		if (!last_endpoint_ok(&sc, err) || !residency_ok(&sc, err))
			return false;
		if (!c->yields &&
		    (!regions_ok(&sc, err) || !capacity_ok(&sc, err) ||
		     !interval_ok(&sc, err) || !load_ok(&sc, err) ||
		     !pinning_works(c, i, err)))
			return false;
	}
	return true;
}

__attribute__((format(printf, 2, 3))) static void
warn(struct guard_warnings *out, const char *fmt, ...)
{
	va_list ap;

	if (out->count == GUARD_WARNINGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(out->list[out->count++], sizeof(out->list[0]), fmt, ap);
	va_end(ap);
}

static const char *only_region(const struct policy *policy, uint64_t regions)
{
	size_t i = 0;

	while ((regions >> i & 1) == 0)
		i++;
	return policy->regions[i].name;
}

static void warn_regions(const struct service_case *sc,
			 struct guard_warnings *out)
{
	const struct policy *policy = sc->c->policy;
	const char *name = policy->services[sc->service].name;
	unsigned least = policy->safety.min_regions_in_service;
	unsigned after = count_of(sc->after.able);

	if (after >= count_of(sc->before.able))
		return;
	if (after == 1)
		warn(out, "%s: only %s is left, and healthy, for all clients",
		     name, only_region(policy, sc->after.able));
	else if (after == least)
		warn(out,
		     "%s: %u healthy regions are left, the least that "
		     "safety.min_regions_in_service allows",
		     name, after);
}

static void warn_residency(const struct service_case *sc,
			   struct guard_warnings *out)
{
	const struct policy *policy = sc->c->policy;

	for (size_t i = 0; i < policy->residency_count; i++) {
		const struct policy_residency *r = &policy->residency[i];
		uint64_t after = sc->after.able & r->regions;

		if (count_of(after) == 1 &&
		    count_of(sc->before.able & r->regions) > 1)
			warn(out,
			     "%s: only %s is left, and healthy, for clients "
			     "under residency rule %s",
			     policy->services[sc->service].name,
			     only_region(policy, after), r->name);
	}
}

static void warn_capacity(const struct service_case *sc,
			  struct guard_warnings *out)
{
	double most = sc->c->policy->safety.max_capacity_removed_pct;
	double pct = 100 * sc->after.removed / sc->after.whole;

	if (sc->after.removed > sc->before.removed && most < 100 &&
	    pct >= most * GUARD_NEAR_PCT / 100)
		warn(out,
		     "%s: %.1f%% of its capacity would be out of service; "
		     "safety.max_capacity_removed is %.0f%%",
		     sc->c->policy->services[sc->service].name, pct, most);
}

void guard_warn(const struct guard_case *c, struct guard_warnings *out)
{
	out->count = 0;
	for (size_t i = 0; i < c->policy->service_count; i++) {
		const struct service_case sc = case_of(c, i);

		warn_regions(&sc, out);
		warn_residency(&sc, out);
		warn_capacity(&sc, out);
		pinning_warn(c, i, out);
	}
}
