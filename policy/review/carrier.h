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

#include <stdint.h>

struct carriers;
struct policy;

/* NULL when memory runs out.  A database that cannot be read tells nothing.
 * The caller owns it. */
struct carriers *carriers_open(const struct policy *policy);

/* Accepts NULL. */
void carriers_free(struct carriers *carriers);

/* 0: not known.  The first database that has it is believed. */
uint32_t carriers_asn(const struct carriers *carriers,
		      const struct net_addr *addr);

#endif
