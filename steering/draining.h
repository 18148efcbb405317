/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draining -- when clients are off what a command takes out of service.
 *
 *   made       over_ms           the longest TTL          DRAINING_TAIL_MS
 *    |--------------------------|------------------------|------------------|
 *                             moved                    drained            gone
 *
 * moved    the responders give that answer to nobody any more
 * drained  nor does a resolver that keeps to the TTL it was given: the longest
 *          of the services concerned, for a TTL was given out before the change
 * gone     an estimate: nor do programs that keep an address for longer than
 *          they may, as browsers do, for a minute (Firefox's
 *          network.dnsCacheExpiration).  Connections that are open end when
 *          their owners end them, and some resolvers stretch every TTL: what an
 *          endpoint still counts is the judge of that.
 *
 * Of a drain, of a failover for the regions that it leaves, and of a weight of
 * 0.  Pure.
 */
#ifndef STEERING_DRAINING_H
#define STEERING_DRAINING_H

#include "policy/bus/command.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stdint.h>

struct json_t;

enum { DRAINING_TAIL_MS = 60000 };

struct draining {
	int64_t wall_moved_ms, wall_drained_ms, wall_gone_ms;
};

/* False, out untouched: the command takes no clients away. */
bool draining_of(const struct command *command, const struct policy *policy,
		 struct draining *out);

/* Its three instants, into an object.  False: out of memory. */
bool draining_put(const struct draining *d, struct json_t *json);

#endif
