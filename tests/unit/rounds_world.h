/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rounds_world -- a vantage on loopback: six endpoints that die and come back,
 * an anchor, and a reader of a memory bus who hears what is reported.
 */
#ifndef TESTS_UNIT_ROUNDS_WORLD_H
#define TESTS_UNIT_ROUNDS_WORLD_H

#include "health/account.h"
#include "health/reporter.h"
#include "health/rounds.h"
#include "policy/bus/node.h"
#include "policy/bus/report.h"
#include "policy/language/policy.h"
#include "tests/unit/canned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROUNDS_ENDPOINTS = 6, ROUNDS_DEADLINE_MS = 10000 };

struct rounds_world {
	struct event_base *loop;
	struct event *ticker; /* so that a deadline is seen in silence, too */
	struct memory_hub *hub;
	struct bus *writer, *reader;
	struct probe_http_pool *http;
	struct canned *canned[ROUNDS_ENDPOINTS];
	struct canned *anchor;
	struct policy_anchor anchors[1];
	struct policy_vantage vantage;
	size_t in_flight_max;
	struct net_addr address;
	struct policy_endpoint endpoints[ROUNDS_ENDPOINTS];
	struct policy_service services[2];
	struct policy_check check;
	struct policy policy;
	struct roster *roster;
	struct rounds *rounds;
	struct reporter *reporter;
	struct account account; /* what it tells */
	/* What the reader has heard. */
	struct report *newest;
	struct node node;
	unsigned reports;
	unsigned opened; /* entries that any report showed open */
	unsigned trials; /* and half-open */
	uint64_t sequence;
	bool first_abstained, out_of_order;
};

/* Around each test: *state is the world, which does not probe yet. */
int rounds_world_setup(void **state);
int rounds_world_teardown(void **state);

/* Probes and reports what w->policy says by now. */
void rounds_world_begin(struct rounds_world *w);

/* The rounds' on_change; arg is the world. */
void rounds_world_on_change(void *arg);

/* Entries of the newest report in that state. */
size_t rounds_world_count_state(const struct rounds_world *w,
				enum report_state state);

/* Until the newest report has count entries in state; how long it took. */
int64_t rounds_world_await(struct rounds_world *w, enum report_state state,
			   size_t count);

/* Until it abstains for mistrust, or trusts. */
void rounds_world_await_abstention(struct rounds_world *w, bool abstains);

#endif
