/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opening -- which endpoints of a scheduled service are open by the clock, in
 * a view.
 *
 * It follows from the instant alone, which the view has of its maker, so
 * readers whose clocks agree have the same.  What holds until a next change is
 * taken from the view before.  Pure.
 */
#ifndef POLICY_DECIDE_OPENING_H
#define POLICY_DECIDE_OPENING_H

#include "policy/decide/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Sets view->services[service].opening, as of view->wall_made_ms, and brings
 * view->opening_until_ms up to date; before is of the same policy, or NULL.
 * True when other endpoints are open than were in before.
 */
bool opening_set(struct view *view, size_t service,
		 const struct view_service *before);

/* Sets all services' anew: the view is of that instant from now on. */
void opening_move(struct view *view, int64_t wall_ms);

/*
 * For how long an answer about the service may be kept: until the next change,
 * at least a second; UINT32_MAX: no change is in sight.  The answer is given
 * up to OPENING_LATE_MS after the view was made.
 */
uint32_t opening_ttl_s(const struct view *view, size_t service);

enum { OPENING_LATE_MS = 2000 };

#endif
