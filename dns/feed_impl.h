/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_impl -- what the parts of a feed share: feed (the table), feed_record
 * (what the node tells of itself).  Shell.
 */
#ifndef DNS_FEED_IMPL_H
#define DNS_FEED_IMPL_H

#include "dns/feed.h"
#include "dns/queried.h"
#include "policy/base/news.h"
#include "policy/decide/world.h"

#include <stdint.h>

struct event;

struct feed {
	struct feed_config config;
	struct model *model; /* one reference */
	struct world world;
	struct table *table; /* in the slot, which owns it */
	struct feed_pulse pulse;
	struct event *turn;
	int64_t paid_ms; /* turns so far are paid for by then */
	int64_t node_due_ms;
	uint64_t acked_epoch, acked_sequence;
	int64_t wall_applied_ms; /* of the plan that was acknowledged */
	struct news reports_refused;
	char report_trouble[NODE_TEXT_SIZE]; /* of the last one refused, ... */
	int64_t report_refused_ms;           /* ... then */
	char trouble[NODE_TEXT_SIZE];
	struct feed_uptake uptake;
	struct queried queried;
};

/* feed_record: the node's record goes to the bus, where there is one. */
void feed_tell(struct feed *feed);

#endif
