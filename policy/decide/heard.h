/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heard -- the newest report of each vantage, as this reader received it.
 *
 * Responders and agents take reports in through here and judge by the same
 * rule which is news, so that they come to the same view.  Only vantages that
 * the policy names are kept, so that what a stranger puts on the bus takes no
 * memory here.  Pure: the caller passes the time in.
 */
#ifndef POLICY_DECIDE_HEARD_H
#define POLICY_DECIDE_HEARD_H

#include "policy/decide/view.h"

#include <stddef.h>
#include <stdint.h>

struct hearing;
struct policy;
struct report;

/*
 * A report whose sequence is not higher than the held one's is old news, and
 * does not make it fresher.  But a vantage that was silent for
 * HEARD_RESTART_MS may have restarted with its clock set right: then a lower
 * one counts, too, if by our clock it was made just now.  So long, that it
 * cannot be an old one that a replica of the bus still had: reports expire
 * there after half of that.  Made just now, for whoever writes to the bus could
 * hold a vantage back, and then put older ones, with its signature, in their
 * place.
 */
enum {
	HEARD_RESTART_MS = 30000,
	HEARD_CLOCKS_MS = 300000, /* that two clocks may differ by */
};

/* Zeroed memory is an empty one. */
struct heard {
	struct {
		struct report *report; /* owned */
		int64_t heard_ms;
		struct hearing *hearing; /* of it, owned; NULL: memory ran out,
					  * views are then slower to make */
	} entries[POLICY_VANTAGES_MAX];
	size_t count;
};

enum heard_result {
	HEARD_TAKEN,
	HEARD_OLD,      /* nothing new in it */
	HEARD_STRANGER, /* of a vantage that the policy does not name */
};

void heard_fini(struct heard *heard);

/* Takes ownership of report in every case.  now_ms is monotonic, and wall_ms
 * the same moment. */
enum heard_result heard_take(struct heard *heard, const struct policy *policy,
			     struct report *report, int64_t now_ms,
			     int64_t wall_ms);

/*
 * What is held for each of policy->vantages; borrowed until the next
 * take or prune.
 */
void heard_select(const struct heard *heard, const struct policy *policy,
		  struct heard_report out[POLICY_VANTAGES_MAX]);

/* Drops what the policy does not name; lays out the rest for it. */
void heard_prune(struct heard *heard, const struct policy *policy);

#endif
