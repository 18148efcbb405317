/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hearing -- what a vantage's report says, in the order of a policy's
 * endpoints and without what only people read.
 *
 * A report names endpoints and is some hundred octets for each; a view is
 * reduced every second from the reports of all vantages.  So the names are
 * looked up once, when a report comes, and what is read over and over is
 * small and lies in the order in which it is read.  Pure.
 */
#ifndef POLICY_DECIDE_HEARING_H
#define POLICY_DECIDE_HEARING_H

#include "policy/bus/report.h"
#include "policy/decide/census.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hearing_entry {
	int32_t age_ms;   /* of the probe when the report was made; < 0 when it
			   * ended after that */
	uint32_t down_ms; /* it had not been up for so long then; 49 days are
			   * the most */
	uint32_t up_ms;   /* it is up: its last outage had ended so long ago */
	uint32_t outage_ms; /* and had lasted so long; 0: it has had none */
	float latency_ms;
	uint8_t state; /* enum report_state; REPORT_UNKNOWN: says nothing */
	bool failing;
	bool trickle; /* on trial with users */
};

struct hearing;

/* NULL when memory runs out.  Borrows neither; the caller owns it. */
struct hearing *hearing_new(const struct policy *policy,
			    const struct report *report);

/* Accepts NULL. */
void hearing_free(struct hearing *hearing);

/*
 * By census number of policy; NULL when it was made for another policy, or
 * hearing is NULL.
 */
const struct hearing_entry *hearing_entries(const struct hearing *hearing,
					    const struct policy *policy);

/*
 * The same for one use: fills entries, zeroed and as many as the census
 * counts.
 */
void hearing_fill(struct census *census, const struct report *report,
		  struct hearing_entry *entries);

#endif
