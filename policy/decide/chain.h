/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain -- the one place that decides which endpoints a class may get.
 *
 *   eligible -> commanded -> healthy -> ordered -> shared
 *
 * Each step may only remove or order what the one before left; nothing adds
 * an endpoint back that residency removed.  When commands remove all that is
 * eligible, or health removes all that commands left, the endpoints that step
 * began with are kept and the row says so (never empty by accident), unless
 * the residency rule that binds the class says no-answer.
 *
 * Pure.  The responder, `test`, `explain` and the agent all call chain_row().
 */
#ifndef POLICY_DECIDE_CHAIN_H
#define POLICY_DECIDE_CHAIN_H

#include "policy/decide/client.h"
#include "policy/decide/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROW_NONE UINT8_MAX

/* What an extended error (RFC 8914) or a person should be told of a row. */
enum row_note {
	ROW_PLAIN,
	ROW_NO_REGION,     /* residency leaves nothing: no answer */
	ROW_NONE_HEALTHY,  /* all are down: served all the same */
	ROW_WITHHELD,      /* all are down and the rule says no answer */
	ROW_ALL_COMMANDED, /* all were drained: the drain did not apply */
};

struct row_entry {
	uint8_t endpoint; /* index into the service's endpoints */
	uint8_t tier;     /* 0 is best; entries are sorted by tier, and inside
			   * a tier by endpoint index */
	uint8_t canary;   /* endpoint that shadows this one, or ROW_NONE */
	uint8_t zero;     /* always 0: rows are compared as octets */
	uint32_t weight;  /* > 0 */
	uint32_t accept;
	uint32_t canary_accept;
};

struct row {
	uint8_t count;    /* of entries; 0: no answer, see note */
	uint8_t note;     /* enum row_note */
	uint8_t changing; /* 1: TTL for changing times */
	uint8_t zero;
	struct row_entry entries[POLICY_ENDPOINTS_MAX]; /* zero beyond count */
};

/* Why an endpoint is where it is: for explain. */
enum chain_step {
	STEP_KEPT, /* in the row */
	STEP_ELIGIBLE,
	STEP_COMMANDED,
	STEP_HEALTHY,
	STEP_CANARY, /* not a candidate itself: shadows a stable endpoint */
};

struct chain_trace {
	struct chain_reason {
		enum chain_step step; /* that removed it, or STEP_KEPT */
		int residency;        /* rule that removed it, or POLICY_NONE */
		double latency_ms;    /* expected, when ordered by it; else 0 */
		bool measured; /* from vantages, not from distance alone */
		uint8_t tier;
	} endpoints[POLICY_ENDPOINTS_MAX];
};

/*
 * The row of policy->services[service] for clients of class in this view.
 * trace may be NULL.
 */
struct row chain_row(const struct policy *policy, const struct view *view,
		     size_t service, const struct client_class *class,
		     struct chain_trace *trace);

/* Equal rows give every client the same answer. */
bool row_equal(const struct row *a, const struct row *b);

/*
 * May two clients with this row get different answers?  Then the ECS scope is
 * at least the sticky prefix.
 */
bool row_is_draw(const struct row *row, uint32_t answers);

#endif
