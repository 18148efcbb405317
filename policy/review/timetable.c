/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/review/timetable.h"

#include "policy/base/civil.h"
#include "policy/language/policy.h"

/* False when there is no room for it. */
static bool add(struct timetable *out, const struct window_opening *opening,
		int64_t at_s)
{
	for (size_t i = 0; i < out->count; i++)
		if (out->list[i].opening.open == opening->open)
			return true;
	if (out->count == TIMETABLE_MAX)
		return false;
	out->list[out->count++] = (struct timetable_entry){ *opening, at_s };
	return true;
}

void timetable_make(const struct policy *policy,
		    const struct policy_service *service, struct timetable *out)
{
	int64_t at_s =
		civil_days((struct civil_date){ 2026, 1, 1 }) * CIVIL_DAY_S;
	int64_t end_s =
		civil_days((struct civil_date){ 2028, 1, 1 }) * CIVIL_DAY_S;

	out->count = 0;
	out->complete = true;
	while (at_s < end_s) {
		struct window_opening opening = { .until_s = INT64_MAX };

		if (service->steer == STEER_SCHEDULE)
			opening = window_opening(policy, service, at_s);
		out->complete &= add(out, &opening, at_s);
		at_s = opening.until_s;
	}
}
