/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carrier -- the AS number that a client's address belongs to, by the geo
 * databases that a policy names; for reports, and so beside the classes, which
 * have only what decisions look at.
 *
 * Shell: maps files.
 */
#ifndef POLICY_REVIEW_CARRIER_H
#define POLICY_REVIEW_CARRIER_H

#include "policy/base/net.h"

#include <stdbool.h>
#include <stdint.h>

struct carriers;
struct policy;

/* NULL when memory runs out.  A database that cannot be read tells nothing,
 * nor does one whose first records have no AS number.  The caller owns it. */
struct carriers *carriers_open(const struct policy *policy);

/* Accepts NULL. */
void carriers_free(struct carriers *carriers);

/* Does one of the databases know AS numbers? */
bool carriers_know(const struct carriers *carriers);

struct carrier {
	uint32_t asn;  /* 0: not known */
	unsigned bits; /* all of this prefix around the address is of it */
};

/* The first database that has it is believed. */
struct carrier carriers_find(const struct carriers *carriers,
			     const struct net_addr *addr);

#endif
