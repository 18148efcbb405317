/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/stats.h"

#include "dns/answer.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64 };

typedef _Atomic uint64_t counter;

/* What a service's answers are told apart by: two grids of counters. */
enum grid { BY_REGION, BY_HOME, GRIDS };

static_assert((int)DEMAND_NOWHERE == (int)STATS_NO_REGION &&
		      (int)DEMAND_HOMES == (int)STATS_COLUMNS,
	      "homes are regions, or none");

/* What an answer is counted by, at once: each set of these is a counter. */
enum { TRUNCATED = 1, ECS = 2, DNSSEC_OK = 4, FLAG_SETS = 8 };

struct stats_block {
	alignas(CACHE_LINE)
		counter answers[STATS_TRANSPORTS][STATS_RCODES][FLAG_SETS];
	counter events[STATS_EVENTS];
	counter zones[STATS_ZONES];
	alignas(CACHE_LINE)
		counter pairs[GRIDS][POLICY_SERVICES_MAX][STATS_COLUMNS];
};

/* A carried column more: what was counted in regions that are gone. */
enum { GONE = STATS_COLUMNS, CARRIED_COLUMNS };

struct carried {
	uint64_t of[POLICY_SERVICES_MAX][CARRIED_COLUMNS];
};

struct base {
	uint64_t of[POLICY_SERVICES_MAX][STATS_COLUMNS];
};

/*
 * What a pair's counter shows is carried + the blocks' sum - base.  The two
 * are as large as a block; calloc gives pages that cost nothing until written.
 */
struct stats {
	void *memory; /* holds blocks, which are aligned */
	struct stats_block *blocks;
	size_t count;
	struct carried *carried; /* by grid, as base */
	struct base *base;
	uint64_t carried_zones[STATS_ZONES], base_zones[STATS_ZONES];
};

/* One writer: a load and a store, never a locked add. */
static inline void bump(counter *c, uint64_t by)
{
	atomic_store_explicit(c,
			      atomic_load_explicit(c, memory_order_relaxed) +
				      by,
			      memory_order_relaxed);
}

static inline uint64_t value(const counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

struct stats *stats_new(size_t blocks)
{
	struct stats *stats = calloc(1, sizeof(*stats));

	if (stats == NULL)
		return NULL;
	stats->carried = calloc(GRIDS, sizeof(*stats->carried));
	stats->base = calloc(GRIDS, sizeof(*stats->base));
	stats->memory = calloc(blocks + 1, sizeof(*stats->blocks));
	if (stats->carried == NULL || stats->base == NULL ||
	    stats->memory == NULL) {
		stats_free(stats);
		return NULL;
	}
	stats->blocks = (void *)(((uintptr_t)stats->memory + CACHE_LINE - 1) &
				 ~(uintptr_t)(CACHE_LINE - 1));
	stats->count = blocks;
	return stats;
}

void stats_free(struct stats *stats)
{
	if (stats == NULL)
		return;
	free(stats->memory);
	free(stats->carried);
	free(stats->base);
	free(stats);
}

struct stats_block *stats_block(struct stats *stats, size_t i)
{
	assert(i < stats->count);
	return &stats->blocks[i];
}

static inline unsigned flags_of(const struct answer_outcome *outcome)
{
	return outcome->truncated * TRUNCATED | outcome->ecs * ECS |
	       outcome->dnssec_ok * DNSSEC_OK;
}

void stats_count(struct stats_block *block, enum stats_transport transport,
		 const struct answer_outcome *outcome, size_t len)
{
	size_t rcode = outcome->rcode, region = (size_t)outcome->region;
	/* As unsigned, -1 is beyond every array, too. */
	unsigned zone = (unsigned)outcome->zone;
	unsigned service = (unsigned)outcome->service;

	if (len == 0) {
		bump(&block->events[STATS_SILENT], 1);
		return;
	}
	if (rcode > STATS_OTHER_RCODE)
		rcode = STATS_OTHER_RCODE;
	bump(&block->answers[transport][rcode][flags_of(outcome)], 1);
	if (zone < STATS_ZONES)
		bump(&block->zones[zone], 1);
	if (region > STATS_NO_REGION)
		region = STATS_NO_REGION;
	if (service >= POLICY_SERVICES_MAX)
		return;
	bump(&block->pairs[BY_REGION][service][region], 1);
	assert(outcome->home < DEMAND_HOMES);
	bump(&block->pairs[BY_HOME][service][outcome->home], 1);
}

void stats_count_event(struct stats_block *block, enum stats_event event,
		       uint64_t count)
{
	bump(&block->events[event], count);
}

/* Of one transport and RCODE; how many. */
static uint64_t add_answers(struct stats_sum *sum,
			    const counter by_flags[FLAG_SETS])
{
	uint64_t answers = 0;

	for (unsigned flags = 0; flags < FLAG_SETS; flags++) {
		uint64_t count = value(&by_flags[flags]);

		answers += count;
		if (flags & TRUNCATED)
			sum->events[STATS_TRUNCATED] += count;
		if (flags & ECS)
			sum->events[STATS_ECS] += count;
		if (flags & DNSSEC_OK)
			sum->events[STATS_DNSSEC_OK] += count;
	}
	sum->answers += answers;
	return answers;
}

static void add_block(struct stats_sum *sum, const struct stats_block *block)
{
	for (size_t t = 0; t < STATS_TRANSPORTS; t++)
		for (size_t i = 0; i < STATS_RCODES; i++)
			sum->rcodes[t][i] +=
				add_answers(sum, block->answers[t][i]);
	for (size_t i = 0; i < STATS_EVENTS; i++)
		sum->events[i] += value(&block->events[i]);
}

struct stats_sum stats_sum(const struct stats *stats)
{
	struct stats_sum sum = { 0 };

	for (size_t i = 0; i < stats->count; i++)
		add_block(&sum, &stats->blocks[i]);
	return sum;
}

uint64_t stats_transport(const struct stats_sum *sum,
			 enum stats_transport transport)
{
	uint64_t answers = 0;

	for (size_t i = 0; i < STATS_RCODES; i++)
		answers += sum->rcodes[transport][i];
	return answers;
}

uint64_t stats_rcode(const struct stats_sum *sum, size_t rcode)
{
	uint64_t answers = 0;

	for (size_t t = 0; t < STATS_TRANSPORTS; t++)
		answers += sum->rcodes[t][rcode];
	return answers;
}

/* IANA, Domain Name System (DNS) Parameters, DNS RCODEs. */
const char *stats_rcode_name(size_t rcode, char buf[STATS_RCODE_NAME_SIZE])
{
	static const char *const names[STATS_RCODES] = {
		[0] = "NOERROR",
		[1] = "FORMERR",
		[2] = "SERVFAIL",
		[3] = "NXDOMAIN",
		[4] = "NOTIMP",
		[5] = "REFUSED",
		[16] = "BADVERS",
		[23] = "BADCOOKIE",
		[STATS_OTHER_RCODE] = "other",
	};

	if (names[rcode] != NULL)
		snprintf(buf, STATS_RCODE_NAME_SIZE, "%s", names[rcode]);
	else
		snprintf(buf, STATS_RCODE_NAME_SIZE, "RCODE%zu", rcode);
	return buf;
}

static uint64_t sum_zone(const struct stats *stats, size_t zone)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < stats->count; i++)
		sum += value(&stats->blocks[i].zones[zone]);
	return sum;
}

uint64_t stats_zone(const struct stats *stats, size_t zone)
{
	assert(zone < STATS_ZONES);
	return stats->carried_zones[zone] + sum_zone(stats, zone) -
	       stats->base_zones[zone];
}

static uint64_t sum_pair(const struct stats *stats, enum grid grid,
			 size_t service, size_t column)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < stats->count; i++)
		sum += value(&stats->blocks[i].pairs[grid][service][column]);
	return sum;
}

static uint64_t pair_of(const struct stats *stats, enum grid grid,
			size_t service, size_t column)
{
	assert(service < POLICY_SERVICES_MAX && column < STATS_COLUMNS);
	return stats->carried[grid].of[service][column] +
	       sum_pair(stats, grid, service, column) -
	       stats->base[grid].of[service][column];
}

uint64_t stats_pair(const struct stats *stats, size_t service, size_t region)
{
	return pair_of(stats, BY_REGION, service, region);
}

uint64_t stats_home(const struct stats *stats, size_t service, size_t home)
{
	return pair_of(stats, BY_HOME, service, home);
}

static uint64_t service_of(const struct stats *stats, enum grid grid,
			   size_t service)
{
	uint64_t sum = stats->carried[grid].of[service][GONE];

	for (size_t column = 0; column < STATS_COLUMNS; column++)
		sum += pair_of(stats, grid, service, column);
	return sum;
}

uint64_t stats_service(const struct stats *stats, size_t service)
{
	return service_of(stats, BY_REGION, service);
}

/* One policy after another. */
struct change {
	const struct policy *before, *now;
};

/* One service's counters, by the regions' indices in the policy now. */
static void carry(const struct stats *stats, enum grid grid, size_t service,
		  const struct change *change, uint64_t out[CARRIED_COLUMNS])
{
	uint64_t kept;

	out[STATS_NO_REGION] = pair_of(stats, grid, service, STATS_NO_REGION);
	kept = out[STATS_NO_REGION];
	for (size_t i = 0; i < change->now->region_count; i++) {
		int old = policy_find_region(change->before,
					     change->now->regions[i].name);

		out[i] = old < 0 ? 0
				 : pair_of(stats, grid, service, (size_t)old);
		kept += out[i];
	}
	out[GONE] = service_of(stats, grid, service) - kept;
}

/* What was counted of the zone called name; 0 for a new one. */
static uint64_t zone_before(const struct stats *stats,
			    const struct policy *before, const char *name)
{
	for (size_t i = 0; i < before->zone_count; i++)
		if (strcmp(before->zones[i].name, name) == 0)
			return stats_zone(stats, i);
	return 0;
}

static void follow_zones(struct stats *stats, const struct policy *before,
			 const struct policy *now)
{
	uint64_t carried[STATS_ZONES] = { 0 };

	for (size_t i = 0; i < now->zone_count; i++)
		carried[i] = zone_before(stats, before, now->zones[i].name);
	for (size_t i = 0; i < STATS_ZONES; i++) {
		stats->base_zones[i] = sum_zone(stats, i);
		stats->carried_zones[i] = carried[i];
	}
}

static void follow_pairs(struct stats *stats, enum grid grid,
			 const struct change *change, struct carried *carried)
{
	const struct policy *before = change->before, *now = change->now;

	for (size_t i = 0; carried != NULL && i < now->service_count; i++) {
		int old = policy_find_service(before, now->services[i].name);

		if (old >= 0)
			carry(stats, grid, (size_t)old, change, carried->of[i]);
	}
	for (size_t s = 0; s < before->service_count; s++)
		for (size_t c = 0; c < STATS_COLUMNS; c++)
			stats->base[grid].of[s][c] =
				sum_pair(stats, grid, s, c);
}

bool stats_follow(struct stats *stats, const struct policy *before,
		  const struct policy *now)
{
	const struct change change = { before, now };
	struct carried *carried = calloc(GRIDS, sizeof(*carried));

	follow_zones(stats, before, now);
	for (int grid = 0; grid < GRIDS; grid++)
		follow_pairs(stats, (enum grid)grid, &change,
			     carried == NULL ? NULL : &carried[grid]);
	if (carried != NULL) {
		free(stats->carried);
		stats->carried = carried;
		return true;
	}
	memset(stats->carried, 0, GRIDS * sizeof(*stats->carried));
	return false;
}
