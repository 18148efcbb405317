/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outage -- the last time that an endpoint which is up was down.
 *
 * By the verdict of the quorum, worked out from what each voter says of its own
 * last outage: a fact of the reports alone, so that readers agree on it,
 * whenever they started.  What was before the last outage that a voter tells
 * of, nobody knows any more.  Pure.
 */
#ifndef POLICY_DECIDE_OUTAGE_H
#define POLICY_DECIDE_OUTAGE_H

#include <stdint.h>

struct ballot;
struct electorate;

struct outage {
	uint32_t up_ms;     /* it ended so long ago */
	uint32_t lasted_ms; /* 0: there was none that is told of */
};

/* Of an endpoint whose verdict is not down. */
struct outage outage_of(const struct electorate *electorate,
			const struct ballot *ballot, uint32_t quorum);

#endif
