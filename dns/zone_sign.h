/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_sign -- a zone that was just built becomes a signed one: RFC 4035, 2.
 *
 * Signatures over every authoritative RRset and over whatever its services can
 * be answered with, the NSEC chain, and at each node what proves that it has
 * nothing more.  Delegations and glue are not signed (RFC 4035, 2.2).
 *
 * Load time.  Pure but for the signer, which has begun.
 */
#ifndef DNS_ZONE_SIGN_H
#define DNS_ZONE_SIGN_H

#include "dns/zone.h"
#include "policy/base/error.h"

#include <stdbool.h>

struct policy_service;
struct sign_rdata;
struct zone_records;

struct zone_signed {
	struct zone *zone;                     /* all is made in its arena */
	const struct zone_records *records;    /* that it was made of */
	const struct policy_service *services; /* the policy's */
	const struct zone_signing *with;       /* its pools become signed too */
	struct place at;                       /* where the zone is declared */
	struct errors *errs;
};

/* All of it.  False with errs filled, as the next three. */
bool zone_sign(const struct zone_signed *s);

/* Gives rrset, which is node's and has these RDATAs, its signatures. */
bool zone_sign_rrset(const struct zone_signed *s, const struct zone_node *node,
		     struct rrset *rrset, const struct sign_rdata *rdata,
		     size_t count);

/* Signs every content that node's service can be answered with. */
bool zone_sign_pool(const struct zone_signed *s, const struct zone_node *node);

/* Builds and signs the NSEC chain, when all else is there. */
bool zone_sign_denial(const struct zone_signed *s);

/* Says so in errs; false. */
bool zone_sign_no_memory(const struct zone_signed *s);

#endif
