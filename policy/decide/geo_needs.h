/* SPDX-License-Identifier: Apache-2.0 */
/*
 * geo_needs -- do the databases have what the policy's decisions look at?
 *
 * A database that lacks a field sends every client to the default in silence,
 * so a field that no database has is an error that names who needs it; a field
 * that one family's databases lack is a warning.  Pure.
 */
#ifndef POLICY_DECIDE_GEO_NEEDS_H
#define POLICY_DECIDE_GEO_NEEDS_H

#include "policy/decide/client.h"

#include <stdbool.h>

struct errors;

enum { GEO_GIVEN_MAX = 8 };

/* Bits of enum atlas_facts: what was found. */
struct geo_given {
	unsigned v4, v6;            /* in the networks of a family */
	unsigned in[GEO_GIVEN_MAX]; /* in a database */
};

/* False when something needed is missing; errs says what. */
bool geo_needs_met(const struct policy *policy,
		   const struct client_needs *needs,
		   const struct geo_given *given, struct errors *errs);

#endif
