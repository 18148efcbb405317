/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats -- what was answered, counted by each thread for itself.
 *
 * Each block has one writer and its own cache lines, so counting costs no
 * locked instruction and no shared line; sums are made when somebody asks and
 * may lag by a query or two.  Counters rise only.  A service's counter is
 * found by its index in the policy, and follows its name over reloads: see
 * stats_renumber().  Pure.
 */
#ifndef DNS_STATS_H
#define DNS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer_outcome;
struct stats;
struct stats_block;

enum stats_transport { STATS_UDP, STATS_TCP, STATS_TRANSPORTS };

enum { STATS_RCODES = 24 }; /* 0 to 23: RFC 6895, 2.3 */

struct stats_sum {
	uint64_t answers;                      /* sent, all transports */
	uint64_t transports[STATS_TRANSPORTS]; /* answers of each */
	uint64_t rcodes[STATS_RCODES];
	uint64_t truncated; /* answers with TC set */
	uint64_t ecs;       /* answers to queries with a client subnet */
	uint64_t silent;    /* received, and rightly not answered */
	uint64_t unsent;    /* answers that the kernel did not take */
};

/* For so many writers; NULL when memory runs out.  The caller owns it. */
struct stats *stats_new(size_t blocks);

/* Accepts NULL.  No writer may be left. */
void stats_free(struct stats *stats);

/* The i-th writer's own; borrowed. */
struct stats_block *stats_block(struct stats *stats, size_t i);

/* By the writer alone: one query answered (len > 0) or left in silence. */
void stats_count(struct stats_block *block, enum stats_transport transport,
		 const struct answer_outcome *outcome, size_t len);

/* By the writer alone: answers that could not be sent. */
void stats_count_unsent(struct stats_block *block, uint64_t count);

/* Both by the thread that reads. */
struct stats_sum stats_sum(const struct stats *stats);
uint64_t stats_service(const struct stats *stats, size_t service);

/*
 * Services have new indices: old_of_new[i] is the old index of the service
 * that is now i, or -1 for a new one.  Call it when no writer uses the old
 * indices any more.  False when memory runs out: then all count from 0.
 */
bool stats_renumber(struct stats *stats, const int *old_of_new, size_t count);

#endif
