/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standing -- how one service stands in the view of a running node: health,
 * shares, pins, what each vantage measured and from how many probes, and, for
 * people, what it says of each of several checks (policy/decide/parts) and
 * which freezes keep it where it is.  JSON, for `windrose explain` to decide by
 * what that node decides by.
 *
 * Endpoints and vantages are named, so that asker and node may have policies
 * that differ: what only one of them knows is left out.  Pure.
 */
#ifndef POLICY_DECIDE_STANDING_H
#define POLICY_DECIDE_STANDING_H

#include "policy/decide/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_t;

/*
 * reports are those that view was reduced from, as many as its policy has
 * vantages.  A new reference; NULL when memory runs out.
 */
struct json_t *standing_write(const struct view *view, size_t service,
			      const struct heard_report *reports);

/* What reports say beyond the view: probes behind what vantages measured,
 * [endpoint][vantage]. */
struct standing_samples {
	uint32_t of[POLICY_ENDPOINTS_MAX][POLICY_VANTAGES_MAX];
	/* What users met there, in words: report_users_text(). */
	char users[POLICY_ENDPOINTS_MAX][REPORT_USERS_SIZE];
};

/*
 * Puts what standing_write() wrote of a service into view, which is of the
 * reader's policy, and into samples, zeroed before.  False with err set when
 * it is malformed or memory runs out: then view is half changed.
 */
bool standing_parse(const struct json_t *json, struct view *view,
		    size_t service, struct standing_samples *samples,
		    struct error *err);

#endif
