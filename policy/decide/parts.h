/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts -- what the vantages say of each check that an endpoint's health is
 * made of, and of each address where a check probes several, for people:
 * nothing is decided by it, each vantage's whole is what votes.  Pure.
 *
 * As JSON, an array with an object for each check of the service, or instead
 * for each address that it probes:
 *
 *   check    its name
 *   address  of several
 *   shadow   it is measured and not counted
 *   up       vantages where it is up
 *   down     vantages where it is down or on trial: {"vantage", "failure"}
 *   unknown  vantages that know nothing of it, or abstain, or are silent
 */
#ifndef POLICY_DECIDE_PARTS_H
#define POLICY_DECIDE_PARTS_H

#include "policy/decide/view.h"

#include <stdbool.h>
#include <stddef.h>

struct json_t;

/* Is the endpoint probed by several checks, or at several addresses? */
bool parts_exist(const struct policy *policy, size_t service, size_t endpoint);

/* What one vantage says of a check of an endpoint, of all addresses that it
 * probes together; REPORT_UNKNOWN: nothing. */
struct parts_word {
	enum report_state state;
	const char *failure; /* of the report; "" none */
};

/* heard: what there is of the vantage.  part: of the service's expression. */
struct parts_word parts_word(const struct view *view, size_t service,
			     size_t endpoint, size_t part,
			     const struct heard_report *heard);

/*
 * reports are those that view was reduced from.  A new reference; NULL where
 * there are none, or memory runs out.
 */
struct json_t *parts_write(const struct view *view, size_t service,
			   size_t endpoint, const struct heard_report *reports);

/*
 * The same as a line, of what parts_write() made: "web up at dub, iad; db down
 * at sin (timeout), unknown at fra".  Into buf, which is returned; cut when
 * full, "" of NULL.
 */
const char *parts_text(const struct json_t *parts, char *buf, size_t size);

#endif
