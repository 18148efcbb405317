/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ground -- what is true of every site that is probed, and what a vantage is
 * able to see of it.
 *
 * A site is what one job of the roster probes: an address, which may be
 * several services' endpoint.  A sight is a vantage's machine and uplink; it
 * outlives the prober's process.  The invariants compare what the product says
 * with this, and with nothing that the product computed.
 */
#ifndef TESTS_SIM_GROUND_H
#define TESTS_SIM_GROUND_H

#include "health/outcome.h"
#include "policy/language/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fleet;

enum { GROUND_SITES = 32, GROUND_PARTS = 3 }; /* at most */

struct site {
	int region;
	int down;              /* how many faults hold it down */
	int64_t flap_half_ms;  /* it turns so often; 0: it does not flap */
	int64_t flap_until_ms; /* and then stays up */
	bool flapped;          /* turned down by its flapping */
	int64_t slow_ms;       /* so much later than usual */
	bool up;
	int64_t turned_ms; /* when up changed last */
	uint64_t turns;    /* how often it did */
};

struct sight {
	bool blind;    /* every probe times out */
	bool innocent; /* so many sites were well as it went blind that it must
			* know itself for the cause */
	int64_t blind_ms; /* since when */
	uint64_t lies;    /* bit per site: up looks down, down looks up */
	double way_ms[GROUND_SITES];           /* there and back */
	int64_t detour_ms[POLICY_REGIONS_MAX]; /* it is longer by that */
	int64_t clear_ms; /* since when it is neither blind nor lying */
	/* Probes lost by chance, or as it was blind and knew, in a row; and was
	 * it chance once at least? */
	unsigned lost[GROUND_SITES];
	bool struck[GROUND_SITES];
	/* When a probe last saw something against the site, be it true or
	 * not, but not by mere chance; INT64_MIN / 2: never. */
	int64_t cause_ms[GROUND_SITES];
};

/* What checks of one target are made at. */
struct ground_parts {
	size_t sites[GROUND_PARTS];
	size_t count;
};

void ground_init(struct fleet *f);

/* Does a target work, if of its sites those do (a bit each)?  Said by hand. */
bool ground_holds(const struct fleet *f, size_t target, uint64_t up);

/* Its sites. */
uint64_t ground_sites(const struct fleet *f, size_t target);

/* When any of them turned last, and how often all did together. */
int64_t ground_turned_ms(const struct fleet *f, size_t target);
uint64_t ground_turns(const struct fleet *f, size_t target);

/* The sites that are up; those against which this vantage has had a cause for
 * no longer than ms ago. */
uint64_t ground_up(const struct fleet *f);
uint64_t ground_causes(const struct fleet *f, size_t vantage, int64_t ms);

/* Brings up and turned_ms up to date after a fault began or ended. */
void ground_turn(struct fleet *f, size_t site);

/* Starts flapping, or goes on with it: half a period is over. */
void ground_flap(struct fleet *f, size_t site);

/* A vantage loses its uplink, or has it back. */
void ground_blind(struct fleet *f, size_t vantage, bool blind);
/* It sees the opposite of what is, of these sites; 0: it is honest. */
void ground_lie(struct fleet *f, size_t vantage, uint64_t sites);

/* What a probe that begins now will have seen at its end. */
struct observation ground_probe(struct fleet *f, size_t vantage, size_t site);

/* All is well from now on. */
void ground_calm(struct fleet *f);

#endif
