/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zonetargets -- whether the names that a zone's records lead to are there.
 *
 * Warnings, all of them: what leads nowhere today may be filled in tomorrow.
 * Names in other zones are theirs to know.
 */
#ifndef POLICY_LANGUAGE_ZONETARGETS_H
#define POLICY_LANGUAGE_ZONETARGETS_H

struct catalog;

/*
 * Warns of targets of CNAME, DNAME, MX, NS and SRV inside the zone that do not
 * exist, of name servers below their own zone cut without an address (RFC 9471,
 * 3), and of CNAMEs that lead back to themselves or on and on.
 */
void zonetargets_judge(const struct catalog *c);

#endif
