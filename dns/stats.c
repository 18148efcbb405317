/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/stats.h"

#include "dns/answer.h"
#include "policy/language/policy.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64 };

typedef _Atomic uint64_t counter;

struct stats_block {
	alignas(CACHE_LINE) counter transports[STATS_TRANSPORTS];
	counter rcodes[STATS_RCODES];
	counter truncated, ecs, silent, unsent;
	alignas(CACHE_LINE) counter services[POLICY_SERVICES_MAX];
};

/* What a service's counter shows is carried + the blocks' sum - base. */
struct stats {
	struct stats_block *blocks;
	size_t count;
	uint64_t carried[POLICY_SERVICES_MAX];
	uint64_t base[POLICY_SERVICES_MAX];
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

	if (stats == NULL || blocks > SIZE_MAX / sizeof(*stats->blocks))
		goto fail;
	stats->blocks =
		aligned_alloc(CACHE_LINE, blocks * sizeof(*stats->blocks));
	if (stats->blocks == NULL)
		goto fail;
	memset(stats->blocks, 0, blocks * sizeof(*stats->blocks));
	stats->count = blocks;
	return stats;
fail:
	stats_free(stats);
	return NULL;
}

void stats_free(struct stats *stats)
{
	if (stats == NULL)
		return;
	free(stats->blocks);
	free(stats);
}

struct stats_block *stats_block(struct stats *stats, size_t i)
{
	assert(i < stats->count);
	return &stats->blocks[i];
}

void stats_count(struct stats_block *block, enum stats_transport transport,
		 const struct answer_outcome *outcome, size_t len)
{
	if (len == 0) {
		bump(&block->silent, 1);
		return;
	}
	bump(&block->transports[transport], 1);
	if (outcome->rcode < STATS_RCODES)
		bump(&block->rcodes[outcome->rcode], 1);
	if (outcome->truncated)
		bump(&block->truncated, 1);
	if (outcome->ecs)
		bump(&block->ecs, 1);
	if (outcome->service >= 0 && outcome->service < POLICY_SERVICES_MAX)
		bump(&block->services[outcome->service], 1);
}

void stats_count_unsent(struct stats_block *block, uint64_t count)
{
	bump(&block->unsent, count);
}

static void add_block(struct stats_sum *sum, const struct stats_block *block)
{
	for (size_t i = 0; i < STATS_TRANSPORTS; i++) {
		sum->transports[i] += value(&block->transports[i]);
		sum->answers += value(&block->transports[i]);
	}
	for (size_t i = 0; i < STATS_RCODES; i++)
		sum->rcodes[i] += value(&block->rcodes[i]);
	sum->truncated += value(&block->truncated);
	sum->ecs += value(&block->ecs);
	sum->silent += value(&block->silent);
	sum->unsent += value(&block->unsent);
}

struct stats_sum stats_sum(const struct stats *stats)
{
	struct stats_sum sum = { 0 };

	for (size_t i = 0; i < stats->count; i++)
		add_block(&sum, &stats->blocks[i]);
	return sum;
}

static uint64_t sum_service(const struct stats *stats, size_t service)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < stats->count; i++)
		sum += value(&stats->blocks[i].services[service]);
	return sum;
}

uint64_t stats_service(const struct stats *stats, size_t service)
{
	assert(service < POLICY_SERVICES_MAX);
	return stats->carried[service] + sum_service(stats, service) -
	       stats->base[service];
}

bool stats_renumber(struct stats *stats, const int *old_of_new, size_t count)
{
	uint64_t *carried = calloc(POLICY_SERVICES_MAX, sizeof(*carried));

	for (size_t i = 0; carried != NULL && i < count; i++)
		if (old_of_new[i] >= 0)
			carried[i] =
				stats_service(stats, (size_t)old_of_new[i]);
	for (size_t i = 0; i < POLICY_SERVICES_MAX; i++) {
		stats->base[i] = sum_service(stats, i);
		stats->carried[i] = carried == NULL ? 0 : carried[i];
	}
	free(carried);
	return carried != NULL;
}
