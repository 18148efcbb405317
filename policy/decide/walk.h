/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk -- all sources of one family at once, network by network.
 *
 * Goes down the databases' trees and the prefixes written by people together,
 * and gives, in the order of addresses and without a gap, each network in
 * which none of them changes.
 *
 * Shell: reads the mapped databases.
 */
#ifndef POLICY_DECIDE_WALK_H
#define POLICY_DECIDE_WALK_H

#include "policy/base/net.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cuts;
struct mmdb;

enum {
	WALK_DATABASES_MAX = POLICY_DATABASES_MAX,
	WALK_REFS_MAX = WALK_DATABASES_MAX + 2,
};

struct walk_sources {
	struct mmdb *databases[WALK_DATABASES_MAX];
	size_t count;
	struct cuts *corrections, *networks; /* closed */
};

/*
 * One network: refs[0..count) are ends in the databases (mmdb_ref), then come
 * the values of corrections and networks.  False ends the walk.
 */
typedef bool walk_visit(void *arg, unsigned bits, const uint32_t *refs);

enum walk_end {
	WALK_DONE,
	WALK_REFUSED, /* by visit */
	WALK_DAMAGED, /* *damaged is the index of the database at fault */
};

/* A tree with loops is damaged too: it would take for ever. */
enum walk_end walk_family(const struct walk_sources *sources,
			  enum net_family family, walk_visit *visit, void *arg,
			  size_t *damaged);

#endif
