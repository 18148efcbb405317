/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet.h"

#include "policy/decide/latency.h"

#include <string.h>

enum {
	/* An open breaker rests for 18 s, is then on trial, twice if it is
	 * damped, and its vantage may be paused: so long may last what it holds
	 * against a site. */
	LINGER_MS = 54000,
	GLIMPSE_MS = 5000,
	NOISE_MS = 3,
};

static size_t site_count(const struct fleet *f)
{
	return f->roster->job_count;
}

static double way_ms(const struct fleet *f, size_t vantage, size_t site)
{
	const struct policy_vantage *v = &f->policy->vantages[vantage];
	const struct policy_region *r =
		&f->policy->regions[f->sites[site].region];

	return latency_way_ms(latency_distance_km(v->latitude, v->longitude,
						  r->latitude, r->longitude));
}

bool ground_holds(const struct fleet *f, size_t target, uint64_t up)
{
	const char *service = fleet_service(f, target)->name;
	const struct ground_parts *parts = &f->target_parts[target];
	bool is[GROUND_PARTS] = { false };

	for (size_t i = 0; i < parts->count; i++)
		is[i] = up >> parts->sites[i] & 1;
	if (strcmp(service, "shop") == 0)
		return is[0] && (is[1] || is[2]);
	if (strcmp(service, "most") == 0)
		return is[0] + is[1] + is[2] >= 2;
	return is[0];
}

uint64_t ground_sites(const struct fleet *f, size_t target)
{
	const struct ground_parts *parts = &f->target_parts[target];
	uint64_t sites = 0;

	for (size_t i = 0; i < parts->count; i++)
		sites |= UINT64_C(1) << parts->sites[i];
	return sites;
}

int64_t ground_turned_ms(const struct fleet *f, size_t target)
{
	const struct ground_parts *parts = &f->target_parts[target];
	int64_t last_ms = 0;

	for (size_t i = 0; i < parts->count; i++)
		if (f->sites[parts->sites[i]].turned_ms > last_ms)
			last_ms = f->sites[parts->sites[i]].turned_ms;
	return last_ms;
}

uint64_t ground_turns(const struct fleet *f, size_t target)
{
	const struct ground_parts *parts = &f->target_parts[target];
	uint64_t turns = 0;

	for (size_t i = 0; i < parts->count; i++)
		turns += f->sites[parts->sites[i]].turns;
	return turns;
}

uint64_t ground_up(const struct fleet *f)
{
	uint64_t up = 0;

	for (size_t p = 0; p < site_count(f); p++)
		up |= (uint64_t)f->sites[p].up << p;
	return up;
}

uint64_t ground_causes(const struct fleet *f, size_t vantage, int64_t ms)
{
	const struct sight *s = &f->sights[vantage];
	uint64_t causes = 0;

	for (size_t p = 0; p < site_count(f); p++)
		causes |= (uint64_t)(f->now_ms - s->cause_ms[p] <= ms) << p;
	return causes;
}

void ground_init(struct fleet *f)
{
	for (size_t t = 0; t < f->target_count; t++)
		for (size_t i = 0; i < f->target_parts[t].count; i++)
			f->sites[f->target_parts[t].sites[i]].region =
				fleet_endpoint(f, t)->region;
	for (size_t p = 0; p < site_count(f); p++)
		f->sites[p].up = true;
	for (size_t v = 0; v < FLEET_VANTAGES; v++)
		for (size_t p = 0; p < site_count(f); p++) {
			f->sights[v].cause_ms[p] = INT64_MIN / 2;
			f->sights[v].way_ms[p] = way_ms(f, v, p);
		}
}

void ground_turn(struct fleet *f, size_t site)
{
	struct site *p = &f->sites[site];
	bool up = p->down == 0 && !p->flapped;

	if (up == p->up)
		return;
	p->up = up;
	p->turned_ms = f->now_ms;
	p->turns++;
	fleet_tell(f, FLEET_STORE, "%s is %s", f->roster->jobs[site].key,
		   up ? "up" : "down");
}

void ground_flap(struct fleet *f, size_t site)
{
	struct site *p = &f->sites[site];

	p->flapped = f->now_ms < p->flap_until_ms && !p->flapped;
	if (f->now_ms < p->flap_until_ms)
		fleet_at(f, f->now_ms + p->flap_half_ms,
			 (struct event){ .kind = EVENT_FLAP,
					 .to = FLEET_STORE,
					 .a = site });
	else
		p->flap_half_ms = 0;
	ground_turn(f, site);
}

/* Places that pass for this vantage, and have for long enough. */
static size_t count_well(const struct fleet *f, const struct sight *s)
{
	size_t well = 0;

	for (size_t p = 0; p < site_count(f); p++)
		well += f->sites[p].up && f->sites[p].flap_half_ms == 0 &&
			f->now_ms - s->cause_ms[p] > LINGER_MS;
	return well;
}

void ground_blind(struct fleet *f, size_t vantage, bool blind)
{
	struct sight *s = &f->sights[vantage];

	if (blind && !s->blind) {
		s->blind_ms = f->now_ms;
		/* One more than half would do; some may die meanwhile.  After a
		 * glimpse it may or may not have come to trust itself. */
		s->innocent = count_well(f, s) > site_count(f) / 2 + 2 &&
			      f->now_ms - s->clear_ms > GLIMPSE_MS;
	}
	s->blind = blind;
	s->clear_ms = f->now_ms;
}

void ground_lie(struct fleet *f, size_t vantage, uint64_t sites)
{
	f->sights[vantage].lies = sites;
	f->outturn.lied |= sites;
	f->sights[vantage].clear_ms = f->now_ms;
}

/* Of a probe that did not pass; by_chance: nothing is wrong with the site, its
 * vantage or what it says. */
static void note_cause(struct fleet *f, size_t vantage, size_t site,
		       bool by_chance)
{
	struct sight *s = &f->sights[vantage];
	const struct policy_check *check = f->roster->jobs[site].spec.check;
	bool excused = s->blind && s->innocent && f->sites[site].up;

	s->struck[site] = by_chance || (s->lost[site] > 0 && s->struck[site]);
	s->lost[site] = by_chance || excused ? s->lost[site] + 1 : 0;
	/* Chance alone is a cause when it strikes in a row, or as a blindness
	 * begins or ends: what failed before the vantage knew has counted.
	 * Both make a cause last that was there. */
	if ((!by_chance && !excused) ||
	    (s->struck[site] && s->lost[site] >= check->breaker.consecutive) ||
	    f->now_ms - s->cause_ms[site] <= LINGER_MS)
		s->cause_ms[site] = f->now_ms;
}

struct observation ground_probe(struct fleet *f, size_t vantage, size_t site)
{
	const struct policy_check *check = f->roster->jobs[site].spec.check;
	struct sight *s = &f->sights[vantage];
	const struct site *p = &f->sites[site];
	bool up = p->up != (s->lies >> site & 1);
	bool lost = f->breaks_permille > 0 && fleet_draw(f) % 100 == 0;
	float ms = (float)(s->way_ms[site] +
			   (double)(s->detour_ms[p->region] + p->slow_ms +
				    fleet_between(f, 1, NOISE_MS)));
	bool late = ms >= (float)check->timeout_ms;
	struct observation seen = { .outcome = OUTCOME_OK,
				    .connect_ms = ms,
				    .total_ms = ms,
				    .latency_ms = ms };

	if (s->blind || lost || late)
		seen = (struct observation){ .outcome = OUTCOME_TIMEOUT,
					     .total_ms =
						     (float)check->timeout_ms };
	else if (!up)
		seen = (struct observation){ .outcome = OUTCOME_REFUSED,
					     .total_ms = ms };
	if (s->blind || late || !up ||
	    (check->breaker.slow_ms > 0 && ms > (float)check->breaker.slow_ms))
		note_cause(f, vantage, site, false);
	else if (lost)
		note_cause(f, vantage, site, true);
	else
		s->lost[site] = 0;
	return seen;
}

void ground_calm(struct fleet *f)
{
	for (size_t p = 0; p < site_count(f); p++) {
		f->sites[p].down = 0;
		f->sites[p].flapped = false;
		f->sites[p].flap_until_ms = 0;
		f->sites[p].slow_ms = 0;
		ground_turn(f, p);
	}
	for (size_t v = 0; v < FLEET_VANTAGES; v++) {
		ground_blind(f, v, false);
		ground_lie(f, v, 0);
		for (size_t i = 0; i < f->policy->region_count; i++)
			f->sights[v].detour_ms[i] = 0;
	}
}
