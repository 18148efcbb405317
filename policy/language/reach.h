/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach -- which addresses of an endpoint a check probes.
 *
 * Addresses are in the policy's order, those of IPv4 first: so the first is the
 * one that most clients come by.  An endpoint that is a name counts as one
 * address, which is looked up at each probe.  Pure.
 */
#ifndef POLICY_LANGUAGE_REACH_H
#define POLICY_LANGUAGE_REACH_H

#include "policy/language/check.h"

#include <stddef.h>

struct draft;
struct net_addr;
struct policy;
struct policy_endpoint;
struct policy_service;

/* "first", "all", "any". */
const char *reach_name(enum check_addresses addresses);

/* How many addresses the endpoint has; a name is one. */
size_t reach_addresses(const struct policy_endpoint *endpoint);

/* How many of them the check probes. */
size_t reach_count(const struct policy_check *check,
		   const struct policy_endpoint *endpoint);

/* The nth address, from 0; NULL: it has not so many, or is a name.  Borrowed.
 */
const struct net_addr *reach_addr(const struct policy_endpoint *endpoint,
				  size_t nth);

/* The checks of a service: 0 of one that has none. */
size_t reach_checks(const struct policy_service *service);

/* The nth of them, from 0, of all checks of its policy. */
const struct policy_check *reach_check(const struct policy_check *checks,
				       const struct policy_service *service,
				       size_t nth);

/* The probes of an endpoint, by all checks of its service. */
size_t reach_probes(const struct policy_check *checks,
		    const struct policy_service *service,
		    const struct policy_endpoint *endpoint);

/* Endpoints that are probed at too many addresses, or not at all of them, which
 * nobody said was meant. */
void reach_judge(struct draft *d);

#endif
