/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account -- what this vantage holds of all that it probes, as it is told: to
 * the bus, in a status, as metrics.
 *
 * Shell: reads the clock.
 */
#ifndef HEALTH_ACCOUNT_H
#define HEALTH_ACCOUNT_H

#include "health/whole.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node;
struct policy;
struct published;
struct report;
struct report_entry;
struct roster;
struct rounds;
struct verify;

/* All borrowed. */
struct account {
	const char *vantage, *name;  /* this node's name, on the bus */
	const struct verify *verify; /* its alarms are told, too; NULL: none */
	const struct published *published; /* NULL: none are taken */
	const struct policy *policy;
	const struct roster *roster;
	const struct rounds *rounds;
	struct whole *wholes; /* one a target of roster */
	const char *trouble;  /* "" when all is well */
};

/* The probes that a target's state is made of; of those with parts. */
struct whole_parts account_parts(const struct account *a, size_t target);

/* Fills all of entry, as of now_ms (monotonic). */
void account_entry(const struct account *a, size_t target, int64_t now_ms,
		   struct report_entry *entry);

/* The first round is not over, or the vantage mistrusts itself. */
bool account_abstains(const struct account *a);

/*
 * All of a report but its sequence and stretch.  False when memory runs
 * out.  entries and parts are the caller's to free, in both cases.
 */
bool account_report(const struct account *a, struct report *report);

/* This node's record. */
struct node account_node(const struct account *a);

#endif
