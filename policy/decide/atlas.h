/* SPDX-License-Identifier: Apache-2.0 */
/*
 * atlas -- from what all sources say of a network to its class.
 *
 * One family's.  A record is decoded once however many networks name it;
 * records that say the same where the policy looks are one; each combination is
 * classified once.  Class 0 is that of networks of which nothing is known.
 *
 * Shell: reads records of the mapped databases.
 */
#ifndef POLICY_DECIDE_ATLAS_H
#define POLICY_DECIDE_ATLAS_H

#include "policy/decide/client.h"
#include "policy/decide/lpm.h"
#include "policy/decide/walk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct corrections;
struct intern;

enum { ATLAS_CLASSES_MAX = LPM_CLASSES_MAX };

/* Bits: which facts something has. */
enum atlas_facts {
	ATLAS_COUNTRY = 1,
	ATLAS_SUBDIVISION = 2,
	ATLAS_CONTINENT = 4,
	ATLAS_ASN = 8,
	ATLAS_LOCATION = 16,
};

enum atlas_failure {
	ATLAS_FINE,
	ATLAS_MEMORY,
	ATLAS_CLASSES, /* more than ATLAS_CLASSES_MAX */
	ATLAS_DAMAGED, /* a record of the database failed_database */
};

struct atlas_setup {
	const struct policy *policy;
	enum net_family family;
	const struct client_needs *needs;
	const struct walk_sources *sources;
	const struct corrections *corrections; /* refs are index + 1 */
	const struct intern *networks;         /* refs number its masks */
};

struct atlas;

/* NULL when memory runs out.  setup's parts are borrowed and outlive it. */
struct atlas *atlas_new(const struct atlas_setup *setup);

/* Accepts NULL. */
void atlas_free(struct atlas *atlas);

/*
 * The class of a network of the walk (see walk_visit); counts its weight.
 * UINT32_MAX on failure, see atlas_failed().
 */
uint32_t atlas_class(struct atlas *atlas, unsigned bits, const uint32_t *refs);

enum atlas_failure atlas_failed(const struct atlas *atlas, size_t *database);

/* Which facts the databases gave for networks; which of them one did. */
unsigned atlas_seen(const struct atlas *atlas);
unsigned atlas_seen_in(const struct atlas *atlas, size_t database);

/* Networks that some database has a record of. */
size_t atlas_networks(const struct atlas *atlas);

/* The classes by id; of the atlas, without weights before atlas_merge(). */
const struct client_class *atlas_classes(const struct atlas *atlas,
					 size_t *count);

/*
 * Once: takes in the classes of another, and weighs all: its class i is class
 * renamed[i] here.  False on failure, see atlas_failed().
 */
bool atlas_merge(struct atlas *atlas, const struct atlas *other,
		 uint16_t *renamed);

#endif
