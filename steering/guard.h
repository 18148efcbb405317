/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard -- the safety rules, put to what a command would do once its ramp is
 * over.
 *
 *   last endpoint   a service keeps an endpoint that takes clients
 *   residency       no class of clients, and no residency rule, that has an
 *                   endpoint left within its regions (a healthy one, that it
 *                   can reach: policy/decide/locality) loses the last
 *   safety.min_regions_in_service    regions with a healthy endpoint that
 *                   takes clients, per service
 *   safety.max_capacity_removed      capacity that all commands together take
 *                   out, per service; a region that states none counts as the
 *                   mean of those that do
 *   safety.max_load                  what would come to a region, of its
 *                   capacity; of services whose demand is known
 *   safety.command_interval          time since the newest command in force
 *                   that takes capacity out
 *   pin             a pin that begins does something: see steering/pinning
 *
 * The last five yield: to two people, and to one who forces it where
 * safety.force lets him.  The first two yield to nobody.  A pin breaks neither:
 * it takes nothing from clients to whom it leaves nothing.
 *
 * A rule refuses only a command that makes things worse by it, so one that
 * was broken already (by an outage, by a new policy) does not stop a command
 * that has nothing to do with it.  Expiry against safety.max_override is
 * command_check()'s.  Endpoints without a verdict count as healthy.  Pure.
 */
#ifndef STEERING_GUARD_H
#define STEERING_GUARD_H

#include "policy/decide/client.h"
#include "policy/decide/demand.h"
#include "policy/decide/view.h"
#include "steering/effect.h"

#include <stdbool.h>
#include <stddef.h>

struct error;

struct guard_case {
	const struct policy *policy;
	const struct view *view; /* health; NULL: all unknown */
	struct commands before;
	struct commands after;
	struct demand_classes classes;
	const struct demand_rates *rates; /* counted, by service; NULL: none */
	int64_t wall_ms;
	bool yields; /* leave the rules out that do */
};

/* False with err naming the rule, the service and by how much. */
bool guard_check(const struct guard_case *c, struct error *err);

/* How near the change brings us to a rule: what a person should know first. */
enum { GUARD_WARNINGS_MAX = 8, GUARD_NEAR_PCT = 80 };
struct guard_warnings {
	char list[GUARD_WARNINGS_MAX][200];
	size_t count;
};

/*
 * Of each service that has less than before: one region left for everybody or
 * within a residency rule, the least that safety.min_regions_in_service asks
 * for, GUARD_NEAR_PCT of what safety.max_capacity_removed allows; and of a pin
 * that begins, that residency keeps some of its clients from there.
 */
void guard_warn(const struct guard_case *c, struct guard_warnings *out);

#endif
