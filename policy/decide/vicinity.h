/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vicinity -- what decisions read of the client classes, without repetition.
 *
 * A service's row for a class depends on two things of the class alone: its
 * realm (which regions residency leaves it, what it gets when none is healthy,
 * and which client sets it is in) and its spot (the place it is taken to be
 * at).  Classes that agree in both are one kind.  There are few realms, and
 * from each spot all ways are known beforehand, sorted: so a decision for all
 * classes is worked out in a step per realm and a short one per kind
 * (dns/decision).
 *
 * Sets are read where clients are pinned (policy/decide/pin) and nowhere else.
 * Where none are, realms and kinds that are like an earlier one but for their
 * sets have its row.
 *
 * Made once at load; immutable; any thread may read it.  Pure.
 */
#ifndef POLICY_DECIDE_VICINITY_H
#define POLICY_DECIDE_VICINITY_H

#include "policy/decide/client.h"
#include "policy/decide/latency.h"

#include <stddef.h>
#include <stdint.h>

enum { VICINITY_NOWHERE = UINT16_MAX }; /* spot of a class of unknown place */

struct vicinity_kind {
	uint16_t realm;
	uint16_t spot; /* or VICINITY_NOWHERE */
	uint16_t like; /* the first kind that is like it but for sets; often
			* itself */
};

struct vicinity {
	const struct client_class **realms; /* one class of each; borrowed */
	uint16_t *realm_like;               /* by realm, as a kind's like */
	size_t realm_count;
	struct vicinity_kind *kinds;
	size_t kind_count;
	uint16_t *kind_of_class;
	size_t class_count, spot_count;
	size_t region_count, vantage_count;
	/* The ways from each spot: as many for each as the policy has. */
	double *region_ms;
	uint8_t *regions;
	float *vantage_km;
	uint8_t *vantages;
	uint16_t *cells;
};

/*
 * policy and classes, count of them, are borrowed and outlive it.  NULL when
 * memory runs out.  The caller owns it.
 */
struct vicinity *vicinity_new(const struct policy *policy,
			      const struct client_class *classes, size_t count);

/* Accepts NULL. */
void vicinity_free(struct vicinity *vicinity);

/* The ways from a spot, which is not VICINITY_NOWHERE; only to be read. */
struct latency_ways vicinity_ways(const struct vicinity *vicinity,
				  uint16_t spot);

#endif
