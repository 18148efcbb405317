/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rings -- CNAMEs that lead round and round by way of services.
 *
 * Where an endpoint's CNAME leads to is known in all zones of the policy alone:
 * to another service, to a CNAME record, which may lead to a service again.
 * Such a ring is answered as a chain that ends nowhere, to clients that get
 * that endpoint.  Rings of records alone are told by zonetargets; wildcards and
 * DNAMEs are not followed.
 */
#ifndef POLICY_LANGUAGE_RINGS_H
#define POLICY_LANGUAGE_RINGS_H

struct draft;

/* Warns of each ring, at one of its endpoints.  Needs all zones' records. */
void rings_judge(struct draft *d);

#endif
