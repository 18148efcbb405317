/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steered -- the part of an answer that depends on who asks: a service's
 * addresses for one client, their TTL, the scope they hold for.  Pure.
 */
#ifndef DNS_STEERED_H
#define DNS_STEERED_H

#include "dns/resolve.h"

/* Answers a->qtype, A or AAAA, for policy->services[service] at name. */
void put_steered(struct answer *a, struct position name, int service);

#endif
