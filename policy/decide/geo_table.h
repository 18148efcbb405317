/* SPDX-License-Identifier: Apache-2.0 */
/*
 * geo_table -- the inside of struct geo, shared by what makes one and what
 * looks up in it, and by nobody else.  Pure.
 */
#ifndef POLICY_DECIDE_GEO_TABLE_H
#define POLICY_DECIDE_GEO_TABLE_H

#include "policy/decide/geo.h"
#include "policy/decide/geo_needs.h"

enum { GEO_KEY_OCTETS = 32 }; /* a SHA-256 */

struct geo {
	struct lpm *v4, *v6;
	struct client_class *classes;
	void *mapping; /* of the file that tables and classes are in, or NULL */
	size_t mapping_octets;
	struct lpm_row *own; /* each class is its own row */
	size_t class_count, networks_read;
	int64_t wall_built_ms;
	struct geo_given given;
	bool has_key; /* of the cache it may be kept in */
	uint8_t key[GEO_KEY_OCTETS];
};

/* Makes own, of class_count rows.  False when memory runs out. */
bool geo_own_rows(struct geo *geo);

#endif
