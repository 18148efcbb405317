/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/judge.h"

#include "policy/language/code.h"
#include "policy/language/probing.h"
#include "policy/language/scalar.h"

#include <inttypes.h>
#include <string.h>

enum { RAMP_TTLS = 5 }; /* that a ramp takes at least */

/* Two durations of one map, of which at least one was written. */
struct pair {
	const struct tree *map;
	const char *low, *high; /* keys */
	int64_t low_ms, high_ms;
	bool equal_ok;
};

static void judge_pair(struct draft *d, const struct pair *pair)
{
	char low[SCALAR_DURATION_SIZE], high[SCALAR_DURATION_SIZE];
	struct tree *a, *b;

	if (!draft_usable(pair->map, pair->low, &a) ||
	    !draft_usable(pair->map, pair->high, &b))
		return;
	if (pair->low_ms < pair->high_ms ||
	    (pair->equal_ok && pair->low_ms == pair->high_ms))
		return;
	errors_add(d->errs, CODE_TIMES_ORDER,
		   draft_place(pair->map, a ? pair->low : pair->high),
		   "%s (%s%s) must be %s %s (%s%s)", pair->low,
		   scalar_duration_text(pair->low_ms, low),
		   a == NULL ? " by default" : "",
		   pair->equal_ok ? "at most" : "less than", pair->high,
		   scalar_duration_text(pair->high_ms, high),
		   b == NULL ? " by default" : "");
}

/*
 * A window that probes an interval apart never fill would judge no rate, and
 * slow answers are not confirmed as failures are.
 */
static void judge_window(struct draft *d, struct policy_check *check,
			 const struct tree *node)
{
	struct policy_breaker *b = &check->breaker;
	const struct tree *map = tree_find(node, "breaker");
	int64_t fills_ms = ((int64_t)b->window + 1) * check->interval_ms;
	struct tree *written = NULL, *window, *interval;
	char text[SCALAR_DURATION_SIZE];

	if ((map != NULL && !draft_usable(map, "window_time", &written)) ||
	    b->window_ms >= fills_ms)
		return;
	if (written == NULL)
		b->window_ms = fills_ms;
	else if (draft_usable(map, "window", &window) &&
		 draft_usable(node, "interval", &interval))
		errors_warn(d->errs, CODE_WINDOW_SHORT, written->at,
			    "window_time is too short for %u outcomes an "
			    "interval apart, so rates are hardly ever judged; "
			    "write %s or more, or a smaller window",
			    b->window, scalar_duration_text(fills_ms, text));
}

static void judge_breaker(struct draft *d, const struct policy_check *check,
			  const struct tree *node)
{
	const struct policy_breaker *b = &check->breaker;
	const struct tree *map = tree_find(node, "breaker");
	struct tree *slow, *timeout;

	if (map == NULL)
		return;
	judge_pair(d,
		   &(struct pair){ map, "open_for", "max_open_for",
				   b->open_for_ms, b->max_open_for_ms, true });
	if (draft_usable(map, "slow", &slow) && slow != NULL &&
	    draft_usable(node, "timeout", &timeout) &&
	    b->slow_ms >= check->timeout_ms)
		errors_warn(d->errs, CODE_SLOW_NEVER, slow->at,
			    "slow is not below the timeout, so no answer is "
			    "ever slow");
}

void judge_dnssec(struct draft *d, struct policy_zone *zone)
{
	struct policy_dnssec *dnssec = &zone->dnssec;

	if (dnssec->refresh_s == 0)
		dnssec->refresh_s = dnssec->validity_s / 2;
	if (dnssec->refresh_s >= dnssec->validity_s)
		errors_add(d->errs, CODE_TIMES_ORDER, zone->at,
			   "dnssec.refresh is not shorter than validity; "
			   "leave it out, then it is half of validity");
}

/* RFC 6781, 4.4.2.1: what is served with a TTL has to be valid so long. */
void judge_refresh(struct draft *d, size_t zone)
{
	const struct policy_zone *z = &d->policy->zones[zone];
	uint32_t max_s = policy_max_ttl_s(d->policy, zone);

	if (z->dnssec.keys == NULL || z->dnssec.refresh_s > max_s)
		return;
	errors_warn(d->errs, CODE_DNSSEC_REFRESH, z->at,
		    "signatures are renewed when %" PRIu32 " seconds are left, "
		    "and there is a TTL of %" PRIu32 " seconds: one can end "
		    "while resolvers keep it; raise dnssec.refresh or lower "
		    "the TTL",
		    z->dnssec.refresh_s, max_s);
}

static void judge_quorum(struct draft *d, const struct policy_check *check,
			 const struct tree *node)
{
	size_t vantages = d->policy->vantage_count;
	uint32_t votes = policy_vote_count(d->policy);
	struct tree *quorum;

	if (!draft_usable(node, "quorum", &quorum) || quorum == NULL ||
	    !draft_knows(d, SECTION_VANTAGES) || check->quorum <= votes)
		return;
	if (votes == vantages)
		errors_warn(d->errs, CODE_QUORUM_ALL, quorum->at,
			    "quorum is %u and the policy has %zu vantage%s; "
			    "all have to agree then",
			    check->quorum, vantages, vantages == 1 ? "" : "s");
	else
		errors_warn(d->errs, CODE_QUORUM_ALL, quorum->at,
			    "quorum is %u and the %zu vantages have %u vote%s "
			    "(one a network, see asn and vote); all have to "
			    "agree then",
			    check->quorum, vantages, votes,
			    votes == 1 ? "" : "s");
}

static void judge_passive(struct draft *d, struct policy_check *check,
			  const struct tree *node)
{
	const struct policy_counting *p = &check->passive.prometheus;
	const struct tree *passive = tree_find(node, "passive");
	const struct tree *map =
		passive == NULL ? NULL : tree_find(passive, "prometheus");

	/* Its presets are of one that is stated. */
	if (passive == NULL)
		check->passive.weight = 0;
	if (map != NULL)
		judge_pair(d, &(struct pair){ map, "timeout", "interval",
					      p->timeout_ms, p->interval_ms,
					      true });
}

void judge_check(struct draft *d, struct policy_check *check, struct tree *node)
{
	struct tree *type, *confirm;

	if (draft_usable(node, "type", &type) && type != NULL)
		probing_judge(d, check, node);
	judge_pair(d, &(struct pair){ node, "timeout", "interval",
				      check->timeout_ms, check->interval_ms,
				      false });
	confirm = tree_find(node, "confirm");
	if (confirm == NULL && check->confirm_ms > check->interval_ms)
		check->confirm_ms = check->interval_ms;
	judge_pair(d, &(struct pair){ node, "confirm", "interval",
				      check->confirm_ms, check->interval_ms,
				      true });
	judge_breaker(d, check, node);
	judge_passive(d, check, node);
	judge_window(d, check, node);
	judge_quorum(d, check, node);
}

static void judge_weights(struct draft *d, const struct policy_service *s,
			  const struct tree *node)
{
	const struct tree *map = tree_find(node, "endpoints");

	if (s->endpoint_count == 0)
		return;
	for (size_t i = 0; i < s->endpoint_count; i++)
		if (s->endpoints[i].weight > 0)
			return;
	errors_add(d->errs, CODE_SERVICE_WEIGHTLESS, map->key->at,
		   "every endpoint of service \"%s\" has weight 0; give one a "
		   "weight",
		   s->name);
}

static void judge_service_name(struct draft *d, const struct policy_service *s)
{
	const char *zone =
		d->policy->zone_count == 0 ? NULL : d->policy->zones[0].name;
	size_t len = strlen(s->name), tail;

	if (zone == NULL || s->fqdn == NULL || s->name == s->fqdn)
		return;
	tail = strlen(zone) - 1;
	if (len >= tail && strncmp(s->name + len - tail, zone, tail) == 0 &&
	    (len == tail || s->name[len - tail - 1] == '.'))
		errors_add(d->errs, CODE_SERVICE_NAME, s->at,
			   "service \"%s\" repeats the zone's name; write "
			   "\"%.*s\"",
			   s->name, len == tail ? 1 : (int)(len - tail - 1),
			   len == tail ? "@" : s->name);
	if (strlen(s->fqdn) > SCALAR_DOMAIN_SIZE - 2)
		errors_add(d->errs, CODE_SERVICE_NAME, s->at,
			   "service \"%s\" in this zone is longer than a "
			   "domain name can be; shorten it",
			   s->name);
}

static void judge_within(struct draft *d, const struct policy_service *s,
			 const struct tree *node)
{
	struct tree *within, *steer;

	if (draft_usable(node, "within", &within) && within != NULL &&
	    draft_usable(node, "steer", &steer) && steer != NULL &&
	    s->steer != STEER_LATENCY && s->steer != STEER_GEO)
		errors_add(d->errs, CODE_KEY_POINTLESS, within->key->at,
			   "within is for latency and geo, and service \"%s\" "
			   "is steered by %s; remove it",
			   s->name, steer_name(s->steer));
}

/*
 * A ramp goes up in steps, each of which clients find out about by the TTL: so
 * it takes some of those.  0: there is none.
 */
static void judge_ramp(struct draft *d, struct policy_service *service,
		       const struct tree *node)
{
	const struct tree *failback = tree_find(node, "failback");
	int64_t least_ms = RAMP_TTLS * INT64_C(1000) * service->ttl.changing_s;
	char ramp[SCALAR_DURATION_SIZE], ttl[SCALAR_DURATION_SIZE],
		least[SCALAR_DURATION_SIZE];
	struct tree *written = NULL;

	if ((failback != NULL && !draft_usable(failback, "ramp", &written)) ||
	    service->failback_ramp_ms >= least_ms)
		return;
	if (written == NULL)
		service->failback_ramp_ms = least_ms;
	else if (service->failback_ramp_ms > 0)
		errors_warn(d->errs, CODE_RAMP_SHORT, written->at,
			    "clients of service \"%s\" come back over %s, and "
			    "answers are kept for %s meanwhile (ttl.changing), "
			    "so caches smear its steps; write %s or more, 0s "
			    "for no ramp, or lower ttl.changing",
			    service->name,
			    scalar_duration_text(service->failback_ramp_ms,
						 ramp),
			    scalar_duration_text(least_ms / RAMP_TTLS, ttl),
			    scalar_duration_text(least_ms, least));
}

void judge_service(struct draft *d, struct policy_service *service,
		   struct tree *node)
{
	const struct tree *ttl = tree_find(node, "ttl");

	judge_service_name(d, service);
	judge_within(d, service, node);
	if (ttl != NULL)
		judge_pair(d, &(struct pair){
				      ttl, "changing", "steady",
				      (int64_t)service->ttl.changing_s * 1000,
				      (int64_t)service->ttl.steady_s * 1000,
				      true });
	judge_ramp(d, service, node);
	judge_weights(d, service, node);
}

/* The share of an answer of several addresses is nobody's to say. */
void judge_spill(struct draft *d, const struct policy_service *service,
		 const struct tree *node)
{
	const struct tree *spill = tree_find(node, "spill");
	bool stated = false;

	if (spill == NULL || service->spill != SPILL_CAPACITY)
		return;
	for (size_t i = 0; i < d->policy->region_count; i++)
		stated = stated || d->policy->regions[i].capacity > 0;
	if (!stated)
		errors_add(d->errs, CODE_SPILL_IMPOSSIBLE, spill->at,
			   "spill is capacity, and no region states a "
			   "capacity; state one, or write none");
	if (service->answers > 1)
		errors_add(d->errs, CODE_SPILL_IMPOSSIBLE, spill->at,
			   "spill is capacity, and an answer has %u endpoints; "
			   "write answers: 1, or spill: none",
			   service->answers);
}

void judge_panic(struct draft *d, struct policy_service *service,
		 struct tree *node)
{
	struct tree *panic, *fallback, *endpoints;
	struct names names = names_endpoints(service);

	service->fallback = POLICY_NONE;
	if (!draft_usable(node, "panic", &panic) ||
	    !draft_usable(node, "fallback", &fallback) ||
	    !draft_usable(node, "endpoints", &endpoints) || endpoints == NULL)
		return;
	if (fallback != NULL)
		service->fallback = draft_refer(d, &names, fallback);
	if (service->panic == PANIC_FALLBACK && fallback == NULL)
		errors_add(d->errs, CODE_KEY_MISSING, panic->at,
			   "panic is fallback, and service \"%s\" has no key "
			   "\"fallback\"; write the name of an endpoint",
			   service->name);
	if (service->panic != PANIC_FALLBACK && fallback != NULL)
		errors_add(d->errs, CODE_KEY_POINTLESS, fallback->key->at,
			   "fallback is for panic: fallback; write that, or "
			   "remove it");
}

/* How many answers may be, that all sets of so many endpoints are signed. */
static uint32_t answers_signed(size_t endpoints)
{
	uint32_t answers = 1;

	while (policy_set_count(endpoints, answers + 1) <=
	       POLICY_SETS_SIGNED_MAX)
		answers++;
	return answers;
}

void judge_sets(struct draft *d, const struct policy_service *service,
		const struct tree *node)
{
	const struct tree *answers = tree_find(node, "answers");

	if (service->zone == POLICY_NONE ||
	    d->policy->zones[service->zone].dnssec.keys == NULL ||
	    policy_set_count(service->endpoint_count, service->answers) <=
		    POLICY_SETS_SIGNED_MAX)
		return;
	errors_add(d->errs, CODE_ANSWERS_SIGNED,
		   answers == NULL ? service->at : answers->key->at,
		   "service \"%s\" is in a signed zone, and more than %d "
		   "different answers can be made of %u out of its %zu "
		   "endpoints; lower answers to %u",
		   service->name, POLICY_SETS_SIGNED_MAX, service->answers,
		   service->endpoint_count,
		   answers_signed(service->endpoint_count));
}

/* The regions that the canary has endpoints in. */
static uint64_t regions_of_canary(const struct draft *d,
				  const struct policy_canary *c)
{
	const struct policy *p = d->policy;
	const struct policy_service *s = &p->services[c->service];
	uint64_t regions = 0;

	for (size_t i = 0; i < s->endpoint_count; i++)
		if (s->endpoints[i].canary == (int)(c - p->canaries) &&
		    s->endpoints[i].region != POLICY_NONE)
			regions |= UINT64_C(1) << s->endpoints[i].region;
	return regions;
}

/* How many endpoints it has; fewer than written when some were refused. */
static size_t count_of_canary(const struct draft *d,
			      const struct policy_canary *c)
{
	const struct policy_service *s = &d->policy->services[c->service];
	size_t count = 0;

	for (size_t i = 0; i < s->endpoint_count; i++)
		if (s->endpoints[i].canary == (int)(c - d->policy->canaries))
			count++;
	return count;
}

struct stages {
	const struct policy_canary *canary;
	uint64_t usable; /* regions that a stage may name */
	uint64_t before; /* regions of earlier stages */
};

static void judge_stage_region(struct draft *d, struct stages *stages,
			       const struct tree *node)
{
	struct names names = names_regions(d->policy);
	int index = names_find(&names, node->text);
	uint64_t bit = UINT64_C(1) << index;

	if ((stages->before & bit) != 0)
		errors_add(d->errs, CODE_CANARY_STAGE, node->at,
			   "region \"%s\" is already in a stage of canary "
			   "\"%s\"; keep it in one",
			   node->text, stages->canary->name);
	else if ((stages->usable & bit) == 0)
		errors_add(d->errs, CODE_CANARY_STAGE, node->at,
			   "canary \"%s\" has no endpoint in region \"%s\"; "
			   "write one or remove the region",
			   stages->canary->name, node->text);
	stages->before |= bit;
}

static void judge_stage(struct draft *d, struct stages *stages,
			const struct tree *node)
{
	struct tree *regions, *at;

	if (!draft_usable(node, "regions", &regions) || regions == NULL)
		return;
	if (regions->kind == TREE_TEXT) {
		judge_stage_region(d, stages, regions);
		return;
	}
	for (at = regions->first; at != NULL; at = at->next)
		judge_stage_region(d, stages, at);
}

void judge_canary(struct draft *d, const struct policy_canary *canary,
		  struct tree *node)
{
	struct stages stages = { .canary = canary, .usable = UINT64_MAX };
	struct tree *list = tree_find(node, "stages");
	struct tree *endpoints = tree_find(node, "endpoints");
	struct tree *stage;

	if (canary->service != POLICY_NONE && endpoints != NULL &&
	    count_of_canary(d, canary) == endpoints->count)
		stages.usable = regions_of_canary(d, canary);
	for (stage = list->first; stage != NULL; stage = stage->next)
		judge_stage(d, &stages, stage);
}
