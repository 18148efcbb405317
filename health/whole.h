/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whole -- what this vantage holds of an endpoint whose health is made of
 * several probes: of the checks of an expression (policy/language/expression),
 * and of the addresses that a check probes, of which all or any have to be up.
 *
 * A part of which nothing is known, or nothing lately enough to vote by
 * (policy/decide/ballot), is not known here: a probe that cannot be made speaks
 * neither for the endpoint nor against it, and the others go on.  So a vantage
 * without IPv6 never says that every address is up, only that one is down.  The
 * whole is reported as one check is, so that nobody who reads it needs to know
 * of parts; they go along for people.
 *
 * It is on trial with users when nothing but such trials of its parts keeps it
 * out: the few who come try them all.  What users met is heard of at a check's
 * first address (health/roster) and is of the endpoint: while that, and no
 * probe, keeps this address out, it keeps those out, too, that pass.
 *
 * Latency is that of the service's first check that counts, at its first
 * address that is up: times of different checks are no measure of one thing,
 * and those of an address that is dead are none of what clients meet.  Pure.
 */
#ifndef HEALTH_WHOLE_H
#define HEALTH_WHOLE_H

#include "policy/bus/report.h"
#include "policy/language/expression.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watch;

/* Of one check, at one address. */
struct whole_probe {
	const struct watch *watch;   /* what is held of it */
	const struct net_addr *addr; /* NULL: the only one of its check */
	size_t check;                /* which of the service's, from 0 */
};

/* Its parts, borrowed. */
struct whole_parts {
	const struct policy_service *service;
	const struct policy_check *checks;                /* the policy's */
	struct whole_probe probes[EXPRESSION_PROBES_MAX]; /* those of a check
							   * together, in the
							   * service's order */
	size_t count;                                     /* >= 1 */
	const struct watch *first; /* of the service's check, at its first
				    * address */
};

/* Zero-initialised knows nothing yet. */
struct whole {
	enum report_state state;
	int64_t wall_since_ms; /* when it began; 0: it was never looked at */
	bool down;             /* is, or was before it was not known */
	int64_t down_since_ms; /* monotonic; while down */
	int64_t up_since_ms;   /* monotonic; when its last outage ended */
	int64_t outage_ms;     /* how long that was; 0: it has had none, or one
				* of which its parts do not tell */
};

/* The state now, as of now_ms (monotonic) and wall_ms.  True when it changed.
 */
bool whole_step(struct whole *w, const struct whole_parts *parts,
		int64_t now_ms, int64_t wall_ms);

/* Fills all of entry but the names and the place of its parts. */
void whole_report(const struct whole *w, const struct whole_parts *parts,
		  int64_t now_ms, struct report_entry *entry);

/* Each check, and after one of several addresses each of these; returns how
 * many: no more than twice parts->count, nor than REPORT_PARTS_MAX. */
size_t whole_report_parts(const struct whole_parts *parts, int64_t now_ms,
			  struct report_part *out);

#endif
