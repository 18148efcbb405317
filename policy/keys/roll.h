/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roll -- when a key and its successor do what, so that no validator ever
 * meets a signature without its key, or a DS without its DNSKEY.
 *
 *             now              prepublish over         max_ttl over
 *   before ----|--- active --------|---- retired ----------|  gone
 *   fresh      |--- published -----|---- active -------------------->
 *
 * The fresh key is known to all resolvers when it begins to sign, and the one
 * before stays until no resolver has a signature of it.  Of a KSK or CSK, the
 * parent is asked for the new DS when the fresh one begins to sign; the one
 * before stays until the parent has it and nobody has the old one.  Only the
 * operator can see that, or give a time for it.
 *
 * Pure.  Source: RFC 6781, 4.1; RFC 7583, 3.2.1 and 3.3.1; RFC 7344.
 */
#ifndef POLICY_KEYS_ROLL_H
#define POLICY_KEYS_ROLL_H

#include "policy/keys/dnskey.h"

#include <stdbool.h>
#include <stdint.h>

struct error;

enum { ROLL_MARGIN_S = 3600 }; /* for responders and clocks that are late */

struct roll {
	const struct dnskey *before;
	int64_t now_s;
	int64_t prepublish_s; /* at least the TTL of DNSKEY */
	int64_t max_ttl_s;    /* of the zone */
	int64_t ds_wait_s;    /* from asking for the DS until no resolver has
			       * the old one; 0: the operator will say */
};

/*
 * The times of the fresh key and, changed, of the one before.  A key that was
 * to become inactive later than prepublish from now does so at that time.
 * False with err set when before is not active.
 */
bool roll_plan(const struct roll *roll, int64_t fresh_s[DNSKEY_TIMES],
	       int64_t before_s[DNSKEY_TIMES], struct error *err);

#endif
