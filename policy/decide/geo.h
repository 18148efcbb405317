/* SPDX-License-Identifier: Apache-2.0 */
/*
 * geo -- from a client's address to its class, frozen at load.
 *
 * geo_open() walks the databases once, maps each network to its class, merges
 * equal neighbours and freezes the result in longest-prefix tables for IPv4
 * and IPv6 (policy/decide/lpm).  Nothing on the query path calls
 * libmaxminddb.  Class 0 is the class of clients of whom nothing is known.
 *
 * Corrections (geo.networks) win over the databases, an earlier database over
 * a later one, field by field; networks named in client sets are cut out
 * exactly.  Databases are MaxMind's nested schema or the flat one of free
 * databases; a field that the policy needs and no database has is an error.
 *
 * Shell: reads files.  The result is immutable: any thread may look up.
 */
#ifndef POLICY_DECIDE_GEO_H
#define POLICY_DECIDE_GEO_H

#include "policy/base/net.h"
#include "policy/decide/client.h"
#include "policy/decide/lpm.h"

#include <stddef.h>
#include <stdint.h>

struct errors;
struct geo;

struct geo_match {
	uint16_t class_id; /* below geo_class_count() */
	uint8_t bits;      /* of the widest network around addr that is wholly
			    * of this class, in the client's own family */
};

/*
 * NULL with errs filled: file missing, truncated, not a database, a needed
 * field absent, more than LPM_CLASSES_MAX classes.  policy is borrowed and
 * outlives it. The caller owns it.
 */
struct geo *geo_open(const struct policy *policy, struct errors *errs);

/* Accepts NULL. */
void geo_free(struct geo *geo);

/*
 * None of these fails: what is in no database is class 0.  They allocate
 * nothing; geo_class_of() is the quick one.
 */
uint16_t geo_class_of(const struct geo *geo, const struct net_addr *addr);
struct geo_match geo_find(const struct geo *geo, const struct net_addr *addr);

/* Hints, as lpm_fetch() and lpm_fetch_next() are. */
void geo_fetch(const struct geo *geo, const struct net_addr *addr);
void geo_fetch_next(const struct geo *geo, const struct net_addr *addr);

size_t geo_class_count(const struct geo *geo);
const struct client_class *geo_class(const struct geo *geo, uint16_t class_id);

/*
 * The ECS SCOPE PREFIX-LENGTH for addr: a prefix around it in which every class
 * has the row that addr's class has, the shortest but for what lpm.h says.
 * row_of_class has geo_class_count() entries and was given to lpm_rows_span().
 * RFC 7871, 7.2.1.  Scopes of all addresses are a partition for one
 * row_of_class.
 */
uint8_t geo_scope(const struct geo *geo, const struct net_addr *addr,
		  const struct lpm_row *row_of_class);

/* The same for who knows already that addr's class has row. */
uint8_t geo_scope_in(const struct geo *geo, const struct net_addr *addr,
		     const struct lpm_row *row_of_class, uint16_t row);

/* What it holds, for logs, metrics and the benchmark. */
struct geo_size {
	size_t octets;               /* resident, tables and classes */
	size_t networks_read;        /* database networks walked */
	size_t leaves_v4, leaves_v6; /* after merging */
	int64_t wall_built_ms; /* newest build epoch of the databases, wall */
};
struct geo_size geo_size(const struct geo *geo);

/*
 * "dev:inode:size:mtime" of every file used, for noticing a change; the
 * caller frees it.  NULL when memory runs out or a file is gone.
 */
char *geo_stamp(const struct policy *policy);

#endif
