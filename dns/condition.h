/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition -- what the metrics tell of services and their endpoints as a view
 * has them: up, down, deferred, in panic, and what the vantages say of each of
 * several checks.  Pure: it appends to a text.
 */
#ifndef DNS_CONDITION_H
#define DNS_CONDITION_H

struct heard_report;
struct openmetrics;
struct view;

/* Borrowed. */
struct condition {
	const struct view *view;
	const struct heard_report *reports; /* that it was reduced from; NULL:
					     * not known */
};

void condition_put(struct openmetrics *out, const struct condition *condition);

#endif
