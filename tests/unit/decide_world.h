/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_world -- policies, views and classes for tests of policy/decide, made
 * by hand or drawn from a seed.  All storage is inside the struct.
 */
#ifndef TESTS_UNIT_DECIDE_WORLD_H
#define TESTS_UNIT_DECIDE_WORLD_H

#include "policy/decide/chain.h"
#include "policy/decide/pin.h"
#include "policy/decide/share.h"

enum {
	WORLD_REGIONS = 6,
	WORLD_VANTAGES = 4,
	WORLD_ENDPOINTS = 16,
	WORLD_SETS = 3,
};

/* xorshift64*: the same numbers everywhere for one seed. */
struct rng {
	uint64_t state;
};

uint64_t rng_next(struct rng *rng);
/* Below bound. */
unsigned rng_below(struct rng *rng, unsigned bound);

/* The seed of this run: WINDROSE_SEED, or fixed; printed as "# seed N". */
uint64_t world_seed(void);

struct world {
	struct policy policy;
	struct policy_region regions[WORLD_REGIONS];
	struct policy_vantage vantages[WORLD_VANTAGES];
	struct policy_residency residency[3];
	struct client_set sets[WORLD_SETS]; /* their names alone */
	struct policy_canary canary;
	struct policy_check check;
	struct policy_service service;
	struct policy_endpoint endpoints[WORLD_ENDPOINTS];
	struct view view;
	struct view_service view_service;
	struct view_endpoint view_endpoints[WORLD_ENDPOINTS];
	struct pin pins[WORLD_SETS];                      /* the view's */
	float latencies[WORLD_ENDPOINTS][WORLD_VANTAGES]; /* theirs */
	struct client_class class;
	struct share_key keys[WORLD_ENDPOINTS];
};

/*
 * Regions us-east, us-west, eu-west, eu-central, ap-south, sa-east, each with
 * an endpoint of service www (weighted, weight 1, check quorum 2); vantages
 * iad, dub, fra, sin; client sets eea, uk, partners; a class in Dublin that may
 * go anywhere and is in no set; all healthy, all shares full.
 */
void world_init(struct world *w);

/* Adds canary "v2", share 0, that shadows these endpoints. */
void world_add_canary(struct world *w, uint64_t endpoints);

/* Everything drawn: policy, view and class. */
void world_draw(struct world *w, struct rng *rng);
/* Health, shares, pins and latencies alone. */
void world_draw_view(struct world *w, struct rng *rng);

/* Is it panic for the class?  May it get no answer when too little is well? */
bool world_is_panic(const struct world *w);
bool world_withholds(const struct world *w);

/* Pins a set, by its number, to these endpoints: older than all there are. */
void world_pin(struct world *w, uint8_t set, uint64_t endpoints);

/* A copy that stands on its own. */
void world_copy(struct world *to, const struct world *from);
/* Of one endpoint, what the view says. */
void world_copy_endpoint(struct world *to, const struct world *from, size_t i);

struct row world_row(const struct world *w, struct chain_trace *trace);

/* The hash of the i-th of many clients. */
uint64_t world_client(unsigned i);

/*
 * Letters per endpoint, in order: '.' well, 'd' down, 'D' down and deferred,
 * 'c' commanded to 0, 'C' and down, 'h' on hold at share 0, 'p' at 5 %, 'w'
 * weight 0, 't' down and on trial with users, 'x' outside residency.
 */
void world_letters(struct world *w, const char *letters);

/* A row as endpoint indices, tiers apart by '|', into buf of twice as many
 * octets as there may be endpoints; returns it. */
const char *world_row_text(const struct row *row, char *buf);

#endif
