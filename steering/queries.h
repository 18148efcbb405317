/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queries -- how often each service is asked, by home, over all responders: the
 * sum of what each one told last (policy/bus/node_counts).
 *
 * One that has not told for QUERIES_STALE_MS, three times the way of telling,
 * counts for nothing: it is gone, or was restarted and has little to tell yet.
 * What is told is rates, so a responder that begins anew takes nothing back.
 * Homes and services go by name: those that this policy does not have are left
 * out.
 *
 * Records of nodes are not signed: who may write one can say what he likes.
 * What that can do is bounded in steering/reckoning.  Pure.
 */
#ifndef STEERING_QUERIES_H
#define STEERING_QUERIES_H

#include "policy/bus/node_counts.h"
#include "policy/decide/demand.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QUERIES_STALE_MS = 3 * NODE_COUNTS_EVERY_MS };

struct queries_node;

/* Zero-initialised is empty. */
struct queries {
	const struct policy *policy; /* borrowed */
	struct queries_node *nodes;  /* owned */
	size_t count, room;
};

void queries_fini(struct queries *c);

/* Under another policy, borrowed from now on; all tell anew. */
void queries_adopt(struct queries *c, const struct policy *policy);

/*
 * What a node told in a record made then; the same one read again is no news.
 * False: no memory, or there are REGISTRY_MAX others.
 */
bool queries_take(struct queries *c, const struct node *node,
		  const struct node_counts *counts, int64_t now_ms);

/* Of one service. */
struct queries_sum {
	double home[DEMAND_HOMES]; /* queries a second */
	uint32_t responders;       /* that told of it */
	int64_t heard_ms;          /* the oldest of their words; monotonic */
};

/* By service of the policy, into out.  Who is stale is forgotten. */
void queries_sum(struct queries *c, int64_t now_ms, struct queries_sum *out);

#endif
