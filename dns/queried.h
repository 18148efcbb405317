/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queried -- how often each service was asked of late, by the home of who
 * asked, for the node's record: the differences of what dns/stats counts.
 *
 * What the rate limit drops was not counted: a flood from one network weighs no
 * more than the rate that it is allowed.  Pure.
 */
#ifndef DNS_QUERIED_H
#define DNS_QUERIED_H

#include "policy/decide/demand.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node_counts;
struct policy;
struct stats;

/* Zero-initialised begins at the next queried_tell(). */
struct queried {
	uint64_t (*told)[DEMAND_HOMES]; /* by service, when it was told last;
					 * owned; NULL: not begun */
	int64_t told_ms;                /* monotonic */
};

/*
 * Once NODE_COUNTS_EVERY_MS have passed: what was asked since then, which the
 * caller ends with node_counts_fini().  False: it is not due, or no memory.
 * The policy is the same each time.
 */
bool queried_tell(struct queried *queried, const struct stats *stats,
		  const struct policy *policy, int64_t now_ms,
		  struct node_counts *out);

/* Begins anew, under another policy, or ends. */
void queried_forget(struct queried *queried);

#endif
