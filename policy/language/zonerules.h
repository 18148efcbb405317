/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zonerules -- what may stand at a name of a zone, and beside what.
 *
 * Source: RFC 1034, 3.6.2 (CNAME), RFC 2181, 5 (RRsets), RFC 4592, 4.
 */
#ifndef POLICY_LANGUAGE_ZONERULES_H
#define POLICY_LANGUAGE_ZONERULES_H

struct catalog;

/* Reports what is wrong; gives all records of an RRset its lowest TTL. */
void zonerules_judge(struct catalog *c);

#endif
