/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client -- what a decision may know of a client network.
 *
 * A class is a set of client networks that every decision treats alike: the
 * same client sets, the same country, the same cell of the map.  Cells are
 * CLIENT_CELL_DEG degrees wide: a client is taken to be in the middle of its
 * cell, at most 160 km off, 1.6 ms of light in fibre there and back, which is
 * far below the margins that decisions use.
 *
 * Membership of a set is yes, no or cannot tell: a client of unknown country
 * may or may not be in the EEA.  Sets hold those that are surely members;
 * a residency rule with unknown_included also binds those that may be.
 *
 * The country is in the class when some decision looks at countries or at
 * locations, although the cell would do for the latter: predictions, reports
 * and people ask for it, and in a real city database it makes 3700 classes of
 * 3100 (cells that a border crosses) and 0.02 % more leaves.  Pure.
 */
#ifndef POLICY_DECIDE_CLIENT_H
#define POLICY_DECIDE_CLIENT_H

#include "policy/language/policy.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLIENT_CELL_DEG = 2 };

/* What the databases say of one network; absent text is "". */
struct client_facts {
	char country[3];     /* ISO 3166-1 alpha-2, upper case */
	char subdivision[8]; /* ISO 3166-2: "US-CA"; of the country above */
	char continent[3];   /* MaxMind's code; only read when the country is
			      * unknown, else policy/language/country tells */
	uint32_t asn;        /* 0: unknown */
	bool located;
	double latitude, longitude;
};

struct client_class {
	uint64_t sets;   /* bit i: a member of policy->sets[i] */
	char country[3]; /* "" when unknown or no decision needs it */
	bool unknown;    /* no database and no correction knows its country,
			  * nor its location where no decision asks for the
			  * country */
	bool located;
	int16_t cell_lat, cell_lon; /* in cells from (-90, -180) */
	double latitude, longitude; /* middle of the cell, degrees */
	uint64_t regions;           /* residency leaves these; 0 is possible */
	enum none_healthy none_healthy; /* strictest of the rules that bind */
	uint64_t
		residency; /* bit i: policy->residency[i] binds it (first 64) */
	/* How much of the address space: /24s of IPv4, /48s of IPv6. */
	double weight_v4, weight_v6;
};

/* Which facts this policy's decisions look at: others are not compiled in. */
struct client_needs {
	bool country, subdivision, continent, asn, location;
};

struct client_needs client_needs_of(const struct policy *policy);

/*
 * The cell of a place, in cells from (-90, -180); the poles and the date line
 * belong to the last ones.  False when it is no place on Earth, or exactly
 * (0, 0), which databases write when they mean "nowhere".
 */
bool client_cell(double latitude, double longitude, int16_t *cell_lat,
		 int16_t *cell_lon);

/* The middle of a row or column of cells, in degrees from the first edge. */
static inline double client_cell_middle(int16_t cell)
{
	return cell * CLIENT_CELL_DEG + CLIENT_CELL_DEG / 2.0;
}

/*
 * The class of a client whose databases say facts (NULL: nothing) and whose
 * address is inside the networks named by bit mask networks: bit i set means
 * that set i lists a prefix that contains it.  Weights are left zero.
 */
struct client_class client_classify(const struct policy *policy,
				    const struct client_needs *needs,
				    const struct client_facts *facts,
				    uint64_t networks);

#endif
