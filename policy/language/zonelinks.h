/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zonelinks -- what a zone's records have to do with the rest of the policy
 * and with each other: services at their names, zones below them, name servers
 * that need an address.
 */
#ifndef POLICY_LANGUAGE_ZONELINKS_H
#define POLICY_LANGUAGE_ZONELINKS_H

struct catalog;

/* Services hidden by records, and records hidden by services. */
void zonelinks_services(const struct catalog *c);

/* RFC 1034, 4.2.1: a name server inside the zone needs its address here. */
void zonelinks_nameservers(const struct catalog *c);

/* A zone inside this one that it does not delegate: nobody finds it. */
void zonelinks_inner_zones(const struct catalog *c);

#endif
