/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health_json -- what a view says of an endpoint's health, as members of a
 * status answer: those of responders and agents say it in the same words.
 * Pure.
 *
 *   verdict   unknown, up, down: what the vantages agree on
 *   held      too few vote: it is the last verdict
 *   vetoed    a veto holds it up
 *   deferred  down, and served all the same (policy/decide/budget)
 *   trickle   down, and on trial with a small part of its clients
 *   up, down  votes for each
 *   down_by   the vantages that say down and have a vote
 *   down_ms   while it is down: for how long
 */
#ifndef POLICY_DECIDE_HEALTH_JSON_H
#define POLICY_DECIDE_HEALTH_JSON_H

#include <stdbool.h>
#include <stdint.h>

struct json_t;
struct policy;
struct view_endpoint;

/* Adds them to object.  False when memory runs out, or object is NULL. */
bool health_json_put(struct json_t *object, const struct policy *policy,
		     const struct view_endpoint *endpoint);

/* The names of vantages, a bit each; a new reference.  NULL: no memory. */
struct json_t *health_json_voters(const struct policy *policy, uint64_t voters);

/* The other way round; list may be NULL, and who is not known is left out. */
uint64_t health_json_voters_in(const struct policy *policy,
			       const struct json_t *list);

#endif
