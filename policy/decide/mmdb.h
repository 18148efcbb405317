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
#include <stddef.h>
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
 * One family's tree, to be walked: inner nodes lie side by side, two records
 * each of 24, 28 or 32 bits, the high octets first.  Valid as long as the
 * database is open.
 */
struct mmdb_tree {
	const uint8_t *nodes;
	mmdb_ref count;  /* of nodes */
	uint64_t ends;   /* refs are below it */
	mmdb_ref hidden; /* read as "no record" */
	unsigned record_bits;
};
struct mmdb_tree mmdb_tree(const struct mmdb *db, enum net_family family);

/*
 * The halves of an inner node.  Other ways into the IPv4 part (2002::/16,
 * ::ffff:0:0/96, 2001::/32 and its own ::/96) read as "no record" from IPv6:
 * those are not the networks the records are about.  False when the file is
 * damaged.
 */
static inline bool mmdb_halves(const struct mmdb_tree *tree, mmdb_ref ref,
			       mmdb_ref halves[2])
{
	const uint8_t *at = tree->nodes + (size_t)ref * (tree->record_bits / 4);

	switch (tree->record_bits) {
	case 24:
		halves[0] =
			(mmdb_ref)at[0] << 16 | (mmdb_ref)at[1] << 8 | at[2];
		halves[1] =
			(mmdb_ref)at[3] << 16 | (mmdb_ref)at[4] << 8 | at[5];
		break;
	case 28: /* the octet in the middle has the high bits of both */
		halves[0] = (mmdb_ref)(at[3] >> 4) << 24 |
			    (mmdb_ref)at[0] << 16 | (mmdb_ref)at[1] << 8 |
			    at[2];
		halves[1] = (mmdb_ref)(at[3] & 15) << 24 |
			    (mmdb_ref)at[4] << 16 | (mmdb_ref)at[5] << 8 |
			    at[6];
		break;
	default:
		halves[0] = (mmdb_ref)at[0] << 24 | (mmdb_ref)at[1] << 16 |
			    (mmdb_ref)at[2] << 8 | at[3];
		halves[1] = (mmdb_ref)at[4] << 24 | (mmdb_ref)at[5] << 16 |
			    (mmdb_ref)at[6] << 8 | at[7];
	}
	if (halves[0] >= tree->ends || halves[1] >= tree->ends)
		return false;
	halves[0] = halves[0] == tree->hidden ? tree->count : halves[0];
	halves[1] = halves[1] == tree->hidden ? tree->count : halves[1];
	return true;
}

/*
 * What a record says, of the fields needed.  False when it is damaged; a field
 * that is absent, or of a type that makes no sense, is left empty.
 */
bool mmdb_facts(const struct mmdb *db, mmdb_ref ref,
		const struct client_needs *needs, struct client_facts *facts);

#endif
