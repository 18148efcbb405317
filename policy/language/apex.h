/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apex -- SOA and NS of a zone whose master file has none, from the keys of
 * its policy.
 */
#ifndef POLICY_LANGUAGE_APEX_H
#define POLICY_LANGUAGE_APEX_H

#include "policy/language/catalog.h"

/* One NS for each of the zone's nameservers, as written in that node. */
void apex_add_ns(struct catalog *c, const struct tree *written);

/*
 * The SOA; MNAME is the name server of ns (RFC 1035, 3.3.13).  Sets the
 * zone's contact when it has none.
 */
void apex_add_soa(struct catalog *c, const struct record *ns);

#endif
