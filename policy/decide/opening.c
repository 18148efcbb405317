/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/opening.h"

bool opening_set(struct view *view, size_t service,
		 const struct view_service *before)
{
	int64_t wall_ms = view->wall_made_ms;
	const struct policy_service *declared =
		&view->policy->services[service];
	struct view_service *s = &view->services[service];

	if (declared->steer != STEER_SCHEDULE)
		return false;
	if (before != NULL && before->opening_from_ms <= wall_ms &&
	    wall_ms < before->opening_until_ms) {
		s->opening = before->opening;
		s->opening_from_ms = before->opening_from_ms;
		s->opening_until_ms = before->opening_until_ms;
	} else {
		s->opening =
			window_opening(view->policy, declared, wall_ms / 1000);
		s->opening_from_ms = wall_ms;
		s->opening_until_ms = s->opening.until_s == INT64_MAX
					      ? INT64_MAX
					      : s->opening.until_s * 1000;
	}
	if (view->opening_until_ms == 0 ||
	    s->opening_until_ms < view->opening_until_ms)
		view->opening_until_ms = s->opening_until_ms;
	return before != NULL && before->opening.open != s->opening.open;
}

void opening_move(struct view *view, int64_t wall_ms)
{
	view->wall_made_ms = wall_ms;
	view->opening_until_ms = 0;
	for (size_t s = 0; s < view->policy->service_count; s++)
		opening_set(view, s, NULL);
}

uint32_t opening_ttl_s(const struct view *view, size_t service)
{
	const struct view_service *s = &view->services[service];
	int64_t left_s;

	if (view->policy->services[service].steer != STEER_SCHEDULE ||
	    s->opening_until_ms == INT64_MAX)
		return UINT32_MAX;
	left_s = (s->opening_until_ms - view->wall_made_ms - OPENING_LATE_MS) /
		 1000;
	return left_s < 1                ? 1
	       : left_s > UINT32_MAX - 1 ? UINT32_MAX - 1
					 : (uint32_t)left_s;
}
