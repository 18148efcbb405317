/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svcb -- the RDATA of HTTPS and SVCB records, made of what the policy says of
 * a service and the addresses of one of its endpoints.  Load time.
 *
 * Source: RFC 9460, 2.2 and 7.  Pure.
 */
#ifndef DNS_SVCB_H
#define DNS_SVCB_H

#include <stddef.h>

struct policy_binding;
struct policy_endpoint;
struct wire;

/* At most as many octets are written for endpoint. */
size_t svcb_octets_max(const struct policy_binding *binding,
		       const struct policy_endpoint *endpoint);

/* Writes one RDATA; in AliasMode without parameters, hints included. */
void svcb_write(struct wire *w, const struct policy_binding *binding,
		const struct policy_endpoint *endpoint);

#endif
