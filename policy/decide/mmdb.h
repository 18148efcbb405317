/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmdb -- one MaxMind DB file: its tree, and what its records say of clients.
 *
 * Two schemas are read: MaxMind's nested one (country.iso_code, else
 * registered_country.iso_code; continent.code; subdivisions[0].iso_code;
 * location.latitude and longitude; autonomous_system_number) and the flat one
 * of free databases (country_code, continent_code, state1, latitude and
 * longitude, autonomous_system_number or asn).  Numbers may be of any type.
 *
 * Shell: maps the file.  A file may be replaced by renaming another over it,
 * never by writing into it.
 *
 * Source: MaxMind DB File Format Specification 2.0.
 */
#ifndef POLICY_DECIDE_MMDB_H
#define POLICY_DECIDE_MMDB_H

#include "policy/base/net.h"
#include "policy/decide/client.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct mmdb;

/*
 * A place in the tree: an inner node, or, from mmdb_nodes() on, an end:
 * mmdb_nodes() itself is "no record", what is above names a record.
 */
typedef uint32_t mmdb_ref;

/* NULL with err set when it is no such file.  The caller owns it. */
struct mmdb *mmdb_open(const char *path, struct error *err);

/* Accepts NULL. */
void mmdb_close(struct mmdb *db);

mmdb_ref mmdb_nodes(const struct mmdb *db);
int64_t mmdb_wall_built_ms(const struct mmdb *db);

/*
 * Where the family's addresses begin; "no record" when the file is not about
 * this family.  In a tree of both, IPv4 is at ::/96 (RFC 4291, 2.5.5.1).
 */
mmdb_ref mmdb_root(const struct mmdb *db, enum net_family family);

/*
 * The halves of an inner node of this family's tree.  Other ways into the IPv4
 * part (2002::/16, ::ffff:0:0/96, 2001::/32 and its own ::/96) read as "no
 * record" from IPv6: those are not the networks the records are about.
 * False when the file is damaged.
 */
bool mmdb_halves(const struct mmdb *db, enum net_family family, mmdb_ref ref,
		 mmdb_ref halves[2]);

/*
 * What a record says, of the fields needed.  False when it is damaged; a field
 * that is absent, or of a type that makes no sense, is left empty.
 */
bool mmdb_facts(const struct mmdb *db, mmdb_ref ref,
		const struct client_needs *needs, struct client_facts *facts);

#endif
