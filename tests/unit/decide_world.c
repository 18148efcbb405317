/* SPDX-License-Identifier: Apache-2.0 */
#include "decide_world.h"

#include "policy/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct policy_region places[WORLD_REGIONS] = {
	{ .name = "us-east",    .latitude = 38.95,  .longitude = -77.45, .jurisdictions = 1 },
	{ .name = "us-west",    .latitude = 45.60,  .longitude = -121.2, .jurisdictions = 1 },
	{ .name = "eu-west",    .latitude = 53.35,  .longitude = -6.26,  .jurisdictions = 6 },
	{ .name = "eu-central", .latitude = 50.11,  .longitude = 8.68,   .jurisdictions = 6 },
	{ .name = "ap-south",   .latitude = 1.35,   .longitude = 103.8,  .jurisdictions = 8 },
	{ .name = "sa-east",    .latitude = -23.55, .longitude = -46.6,  .jurisdictions = 16 },
};
static const struct policy_vantage posts[WORLD_VANTAGES] = {
	{ .name = "iad", .latitude = 38.95, .longitude = -77.45 },
	{ .name = "dub", .latitude = 53.35, .longitude = -6.26 },
	{ .name = "fra", .latitude = 50.11, .longitude = 8.68 },
	{ .name = "sin", .latitude = 1.35,  .longitude = 103.8 },
};
/* clang-format on */

static const char *const sets[WORLD_SETS] = { "eea", "uk", "partners" };

uint64_t rng_next(struct rng *rng)
{
	rng->state ^= rng->state >> 12;
	rng->state ^= rng->state << 25;
	rng->state ^= rng->state >> 27;
	return rng->state * UINT64_C(2685821657736338717);
}

unsigned rng_below(struct rng *rng, unsigned bound)
{
	return (unsigned)((rng_next(rng) >> 32) * bound >> 32);
}

uint64_t world_seed(void)
{
	const char *text = getenv("WINDROSE_SEED");
	uint64_t seed = text == NULL ? 20260301 : strtoull(text, NULL, 10);

	printf("# seed %llu (WINDROSE_SEED replays it)\n",
	       (unsigned long long)seed);
	return seed == 0 ? 1 : seed;
}

static void join(struct world *w)
{
	w->policy.regions = w->regions;
	w->policy.region_count = WORLD_REGIONS;
	w->policy.vantages = w->vantages;
	w->policy.vantage_count = WORLD_VANTAGES;
	w->policy.residency = w->residency;
	w->policy.sets = w->sets;
	w->policy.set_count = WORLD_SETS;
	w->policy.canaries = &w->canary;
	w->policy.checks = &w->check;
	w->policy.check_count = 1;
	w->policy.services = &w->service;
	w->policy.service_count = 1;
	w->service.endpoints = w->endpoints;
	w->view.policy = &w->policy;
	w->view.services = &w->view_service;
	w->view_service.endpoints = w->view_endpoints;
	w->view_service.pins = w->pins;
	for (size_t i = 0; i < WORLD_ENDPOINTS; i++)
		w->view_endpoints[i].latency_ms = w->latencies[i];
	share_keys(&w->policy, 0, w->keys);
}

void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	memcpy(w->regions, places, sizeof(places));
	memcpy(w->vantages, posts, sizeof(posts));
	w->check = (struct policy_check){
		.name = "web",
		.interval_ms = 2000,
		.quorum = 2,
		.breaker.max_open_for_ms = 60000,
	};
	w->service = (struct policy_service){
		.name = "www",
		.steer = STEER_WEIGHTED,
		.within_ms = 15,
		.answers = 1,
		.endpoint_count = WORLD_REGIONS,
	};
	for (int i = 0; i < WORLD_SETS; i++)
		w->sets[i].name = sets[i];
	for (int i = 0; i < WORLD_REGIONS; i++) {
		w->endpoints[i] = (struct policy_endpoint){
			.name = places[i].name,
			.region = i,
			.weight = 1,
			.canary = POLICY_NONE,
			.shadows = POLICY_NONE,
			.shadowed_by = POLICY_NONE,
		};
		w->view_endpoints[i] = (struct view_endpoint){
			.health.verdict = VERDICT_UP,
			.accept = ACCEPT_ALL,
			.weight = 1,
		};
	}
	w->class = (struct client_class){
		.located = true,
		.latitude = 53,
		.longitude = -7,
		.regions = (UINT64_C(1) << WORLD_REGIONS) - 1,
	};
	join(w);
}

void world_add_canary(struct world *w, uint64_t endpoints)
{
	static const char *const names[WORLD_REGIONS] = {
		"v2.us-east",    "v2.us-west",  "v2.eu-west",
		"v2.eu-central", "v2.ap-south", "v2.sa-east",
	};

	w->canary = (struct policy_canary){ .name = "v2" };
	w->policy.canary_count = 1;
	for (int i = 0; i < WORLD_REGIONS; i++) {
		size_t at = w->service.endpoint_count;

		if (!(endpoints >> i & 1))
			continue;
		w->endpoints[i].shadowed_by = (int)at;
		w->endpoints[at] = (struct policy_endpoint){
			.name = names[i],
			.region = i,
			.weight = 1,
			.canary = 0,
			.shadows = i,
			.shadowed_by = POLICY_NONE,
		};
		w->view_endpoints[at] = (struct view_endpoint){
			.health.verdict = VERDICT_UP,
			.accept = ACCEPT_NONE,
			.weight = 1,
			.cause = SHARE_CANARY,
			.latency_ms = w->latencies[at],
		};
		w->service.endpoint_count++;
	}
	share_keys(&w->policy, 0, w->keys);
}

void world_pin(struct world *w, uint8_t set, uint64_t endpoints)
{
	size_t at = w->view_service.pin_count++;

	w->pins[at] = (struct pin){
		.endpoints = endpoints,
		.wall_made_ms = 1000 - (int64_t)at,
		.ref = "p-1",
		.author = "ann",
		.reason = "INC-414",
		.set = set,
	};
}

/* Half of all views have some; of stable endpoints. */
static void draw_pins(struct world *w, struct rng *rng)
{
	unsigned first = rng_below(rng, WORLD_SETS), count;
	uint64_t stable = 0;

	for (size_t i = 0; i < w->service.endpoint_count; i++)
		if (w->endpoints[i].canary == POLICY_NONE)
			stable |= UINT64_C(1) << i;
	w->view_service.pin_count = 0;
	count = rng_below(rng, 2) * (1 + rng_below(rng, WORLD_SETS));
	for (unsigned i = 0; i < count; i++) {
		uint64_t to = rng_next(rng) & rng_next(rng) & stable;

		world_pin(w, (uint8_t)((first + i) % WORLD_SETS),
			  to == 0 ? 1 : to);
	}
}

void world_draw_view(struct world *w, struct rng *rng)
{
	static const double shares[] = { 0, 0, 0.3, 0.7, 1, 1, 1, 1 };
	static const uint32_t weights[] = { 0, 1, 1, 1, 2, 3 };
	float stretches[WORLD_VANTAGES];
	/* What is drawn beside these goes on as it was before there were any.
	 */
	struct rng own = { rng->state ^ UINT64_C(0x5bd1e995) };

	w->view_service.panic.everywhere = rng_below(&own, 8) == 0;
	w->view_service.panic.rules = rng_next(&own) & rng_next(&own) & 7;
	w->view_service.panic.anywhere = w->view_service.panic.everywhere ||
					 w->view_service.panic.rules != 0;
	for (int v = 0; v < WORLD_VANTAGES; v++)
		stretches[v] = (float)(rng_below(&own, 2) * rng_below(&own, 5));
	w->view.stretch = latency_stretch_of(stretches, WORLD_VANTAGES);
	draw_pins(w, &own);
	for (size_t i = 0; i < w->service.endpoint_count; i++) {
		struct view_endpoint *e = &w->view_endpoints[i];

		*e = (struct view_endpoint){
			.health.verdict = (enum verdict)rng_below(rng, 3),
			.accept = accept_of(shares[rng_below(rng, 8)]),
			.weight = weights[rng_below(rng, 6)],
			.cause = (enum share_cause)rng_below(rng, 4),
			.latency_ms = w->latencies[i],
		};
		if (e->health.verdict == VERDICT_UP) {
			e->health.up_by = rng_below(rng, 16);
			e->health.down_by =
				rng_below(rng, 16) & ~e->health.up_by;
			e->health.split =
				e->health.up_by != 0 &&
				__builtin_popcountll(e->health.down_by) >= 2;
		}
		e->deferred = w->endpoints[i].canary == POLICY_NONE &&
			      e->health.verdict == VERDICT_DOWN &&
			      rng_below(rng, 3) == 0;
		e->trickle = e->health.verdict == VERDICT_DOWN &&
			     rng_below(rng, 4) == 0;
		for (int v = 0; v < WORLD_VANTAGES; v++)
			e->latency_ms[v] = (float)(rng_below(rng, 3) *
						   rng_below(rng, 100));
	}
}

bool world_is_panic(const struct world *w)
{
	return panic_binds(&w->view_service.panic, &w->policy,
			   w->class.regions);
}

bool world_withholds(const struct world *w)
{
	return w->class.none_healthy == NONE_HEALTHY_NO_ANSWER ||
	       w->service.panic == PANIC_NO_ANSWER;
}

/* Without a draw from rng, that the rest is what it was. */
static unsigned own_draw(const struct rng *rng)
{
	struct rng own = { rng->state ^ UINT64_C(0x2545f491) };

	return rng_below(&own, 4096);
}

void world_draw(struct world *w, struct rng *rng)
{
	unsigned count = 1 + rng_below(rng, WORLD_REGIONS);

	world_init(w);
	w->service.steer = (enum steer)rng_below(rng, 4);
	w->service.within_ms = rng_below(rng, 60);
	w->service.answers = 1 + (rng_below(rng, 3) == 0) * rng_below(rng, 3);
	w->service.endpoint_count = count;
	world_add_canary(w, rng_next(rng) & ((UINT64_C(1) << count) - 1));
	w->service.panic = (enum panic_action)(own_draw(rng) % 4);
	w->service.fallback = (int)(own_draw(rng) / 4 % count);
	w->class.sets = own_draw(rng) / 64 % (1 << WORLD_SETS);
	w->policy.residency_count = rng_below(rng, 4);
	for (size_t i = 0; i < w->policy.residency_count; i++) {
		w->residency[i].regions = rng_next(rng) | rng_next(rng);
		if (rng_below(rng, 2) == 0)
			continue;
		w->class.residency |= UINT64_C(1) << i;
		w->class.regions &= w->residency[i].regions;
		if (rng_below(rng, 3) == 0)
			w->class.none_healthy = NONE_HEALTHY_NO_ANSWER;
	}
	w->class.located = rng_below(rng, 5) != 0;
	w->class.latitude = (double)rng_below(rng, 180) - 90;
	w->class.longitude = (double)rng_below(rng, 360) - 180;
	world_draw_view(w, rng);
}

void world_copy(struct world *to, const struct world *from)
{
	*to = *from;
	join(to);
}

void world_copy_endpoint(struct world *to, const struct world *from, size_t i)
{
	to->view_endpoints[i] = from->view_endpoints[i];
	to->view_endpoints[i].latency_ms = to->latencies[i];
	memcpy(to->latencies[i], from->latencies[i], sizeof(to->latencies[i]));
}

struct row world_row(const struct world *w, struct chain_trace *trace)
{
	return chain_row(&w->policy, &w->view, 0, &w->class, trace);
}

uint64_t world_client(unsigned i)
{
	return hash_mix(UINT64_C(0x9e3779b97f4a7c15) * (i + 1));
}

void world_letters(struct world *w, const char *letters)
{
	for (int i = 0; letters[i] != '\0'; i++) {
		struct view_endpoint *e = &w->view_endpoints[i];

		e->deferred = letters[i] == 'D';
		e->trickle = letters[i] == 't';
		if (strchr("dCDt", letters[i]) != NULL)
			e->health.verdict = VERDICT_DOWN;
		if (strchr("cC", letters[i]) != NULL)
			e->cause = SHARE_COMMAND;
		if (letters[i] == 'h')
			e->cause = SHARE_RAMP;
		if (strchr("cCh", letters[i]) != NULL)
			e->accept = ACCEPT_NONE;
		if (letters[i] == 'p')
			e->accept = accept_of(0.05);
		if (letters[i] == 'w')
			e->weight = 0;
		if (letters[i] == 'x')
			w->class.regions &= ~(UINT64_C(1) << i);
	}
}

const char *world_row_text(const struct row *row, char *buf)
{
	char *at = buf;

	for (unsigned i = 0; i < row->count; i++) {
		if (i > 0 && row->entries[i].tier != row->entries[i - 1].tier)
			*at++ = '|';
		*at++ = (char)('0' + row->entries[i].endpoint);
	}
	*at = '\0';
	return buf;
}
