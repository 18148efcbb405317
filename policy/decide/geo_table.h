/* SPDX-License-Identifier: Apache-2.0 */
/*
 * geo_table -- the inside of struct geo, shared by what makes one and what
 * looks up in it, and by nobody else.  Pure.
 */
#ifndef POLICY_DECIDE_GEO_TABLE_H
#define POLICY_DECIDE_GEO_TABLE_H

#include "policy/decide/geo.h"

struct geo {
	struct lpm *v4, *v6;
	struct client_class *classes;
	struct lpm_row *own; /* each class is its own row */
	size_t class_count, networks_read;
	int64_t wall_built_ms;
};

#endif
