/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coverage -- which rules of a policy its tests try, and which none does.
 *
 * A rule is tried when it made a difference to what a test looked at:
 *
 *   service    it is asked for
 *   endpoint   a client is given it, or the test says that none is
 *   clients    a client of the set asks
 *   residency  it binds a client who asks, and takes an endpoint from him
 *   window     it is open when a service that goes by it is asked for
 *   canary     the test supposes one of its steps
 *   network    a correction (geo.networks) places a client who asks, by his
 *              address
 *
 * A world that only always_within and its like go through is not counted: it is
 * the proof's to be complete.  Shell: reads the corrections.
 */
#ifndef POLICY_REVIEW_COVERAGE_H
#define POLICY_REVIEW_COVERAGE_H

#include "policy/base/error.h"
#include "policy/decide/corrections.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy_test;
struct subject;

enum coverage_kind {
	COVERAGE_SERVICE,
	COVERAGE_ENDPOINT,
	COVERAGE_CLIENTS,
	COVERAGE_RESIDENCY,
	COVERAGE_WINDOW,
	COVERAGE_CANARY,
	COVERAGE_NETWORK,
	COVERAGE_KINDS,
};

struct coverage_rule {
	enum coverage_kind kind;
	size_t index;        /* of its kind; an endpoint's in its service */
	const char *service; /* an endpoint's; else NULL */
	const char *name;    /* NULL: see network */
	struct net_prefix network;
	struct place at;
	bool tried;
};

struct coverage {
	struct subject *subject;     /* borrowed */
	struct coverage_rule *rules; /* owned; kind by kind */
	size_t count;
	size_t first[COVERAGE_KINDS]; /* rule of each kind */
	size_t *endpoints;            /* owned; by service: its first */
	struct corrections corrections;
};

/* False with a reason on errs.  The caller ends it in either case. */
bool coverage_open(struct coverage *coverage, struct subject *subject,
		   struct errors *errs);
void coverage_fini(struct coverage *coverage);

/* Takes in what a test looks at, right after trial_run(). */
void coverage_add(struct coverage *coverage, const struct policy_test *test);

/* How many are tried; of how many, coverage->count says. */
size_t coverage_tried(const struct coverage *coverage);

/* "service", "endpoint", ... */
const char *coverage_kind_name(enum coverage_kind kind);

#endif
