/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store -- what the bus holds, and its one writer at a time: see store.c.
 */
#ifndef TESTS_SIM_STORE_H
#define TESTS_SIM_STORE_H

#include "estate.h"

#include <stdbool.h>
#include <stdint.h>

struct event;
struct fleet;

/* What a responder says of itself; until_ms 0: nothing yet. */
struct following {
	struct blob record;
	int64_t until_ms;
};

struct store {
	uint64_t holder; /* fleet_holder(); 0: nobody */
	int64_t lease_until_ms;
	uint64_t epoch, head_epoch, head_sequence;
	struct blob plan, reports[FLEET_VANTAGES];
	int64_t reports_until_ms[FLEET_VANTAGES];
	struct following nodes[FLEET_RESPONDERS];
	/* What its replica has: a plan or two behind. */
	uint64_t replica_epoch, replica_sequence;
	struct blob replica;
};

void store_receive(struct fleet *f, struct event *e);
bool store_is_held(const struct fleet *f);
/* Redis without persistence, restarted: nothing is left, not the epoch. */
void store_forget(struct fleet *f);
/* Its replica takes its site, without the last writes and the lease. */
void store_fail_over(struct fleet *f);

#endif
