/* SPDX-License-Identifier: Apache-2.0 */
/*
 * panic -- too little of a service is healthy to carry its clients.
 *
 * Sending all of them to the little that is left takes that down, too.  So
 * when the healthy capacity, stretched by PANIC_STRETCH_PCT, no longer covers
 * the demand, and less than PANIC_LEFT_PCT of it is left, health is not
 * obeyed: the service's `panic` says what is answered.  It is left when
 * PANIC_LEAVE_PCT more have been healthy for PANIC_LEAVE_MS without a break.
 *
 * Capacity is that of the regions, see policy/decide/capacity, of stable
 * endpoints that take clients: not those that a command drained, nor those of
 * weight 0; one whose clients all go to its canary is as well as that is.
 * Demand is the service's, spread over that capacity; nobody knows it, and it
 * is supposed to be all that the capacity carries.  Then the outage of one
 * region, or of one endpoint where all are in one, is no panic, however much of
 * the capacity that was: it is the ordinary failure, on which
 * policy/decide/budget acts at once, and what is left may well carry it.
 *
 * There is no telling where no region states a capacity, and none where order
 * is a list (`steer: failover`): there all clients are on one endpoint.
 *
 * It is told apart for clients that may go everywhere, and for those that a
 * residency rule keeps within its regions.  All of it follows from how long
 * endpoints have been down, or up since their last outage, by the reports' own
 * ages, and from nothing that a reader remembers: readers that have the same
 * reports agree, whenever they started.  Pure.
 */
#ifndef POLICY_DECIDE_PANIC_H
#define POLICY_DECIDE_PANIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy;
struct view;

enum {
	PANIC_STRETCH_PCT = 140,
	PANIC_LEFT_PCT = 50,
	PANIC_LEAVE_PCT = 10,
	PANIC_LEAVE_MS = 60000,
};

/* Of a service. */
struct panic {
	bool anywhere;    /* for some clients */
	bool everywhere;  /* for those that may go everywhere */
	uint64_t rules;   /* for those within the regions of these residency
			   * rules, a bit each */
	uint8_t lost_pct; /* of all its capacity: not healthy */
	bool turned;      /* it began or ended, for all, with this view */
};

/* So much of its capacity is healthy, 0 to 100, rounded down. */
static inline unsigned panic_left_pct(const struct panic *panic)
{
	return 100u - panic->lost_pct;
}

/*
 * Works out the panic of a service, from verdicts, ages and shares as they
 * stand in view.
 */
void panic_apply(struct view *view, size_t service);

/*
 * Is it panic for clients that may use these regions?  Where several rules
 * bind them, and no rule has exactly these: of those that have all of them and
 * more, the one with the fewest decides.
 */
bool panic_binds(const struct panic *panic, const struct policy *policy,
		 uint64_t regions);

/* For people: which services, and how much is left; "" when none is.  Returns
 * buf. */
const char *panic_text(const struct view *view, char *buf, size_t size);

#endif
