/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/window.h"

#include "policy/base/civil.h"
#include "policy/base/tzif.h"
#include "policy/language/policy.h"

/* When a span that begins on a day of that place begins and ends. */
struct instants {
	int64_t from_s, to_s;
};

static struct instants instants_of(const struct policy_window *w,
				   const struct window_span *span, int64_t day)
{
	int64_t begins_s = day * CIVIL_DAY_S;
	int64_t ends_s = begins_s;

	if (span->to_min <= span->from_min)
		ends_s += CIVIL_DAY_S;
	return (struct instants){
		tzif_reach_s(w->zone, begins_s + span->from_min * 60),
		tzif_reach_s(w->zone, ends_s + span->to_min * 60),
	};
}

/* The day that it is there. */
static int64_t day_of(const struct policy_window *w, int64_t at_s)
{
	return civil_day_of(at_s + tzif_offset_s(w->zone, at_s));
}

static bool begins_on(const struct policy_window *w, int64_t day)
{
	return w->days >> civil_weekday(day) & 1;
}

bool window_is_open(const struct policy_window *w, int64_t at_s)
{
	int64_t today = day_of(w, at_s);

	/* It may have begun yesterday; or tomorrow, where a clock that was set
	 * back shows yesterday again. */
	for (int64_t day = today - 1; day <= today + 1; day++)
		for (size_t i = 0; begins_on(w, day) && i < w->span_count;
		     i++) {
			struct instants is = instants_of(w, &w->spans[i], day);

			if (is.from_s <= at_s && at_s < is.to_s)
				return true;
		}
	return false;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t window_next_s(const struct policy_window *w, int64_t at_s)
{
	int64_t first = day_of(w, at_s) - 1, next_s = INT64_MAX;

	/* A week, and the days that spans and clocks reach over. */
	for (int64_t day = first; day <= first + 9; day++) {
		if (!begins_on(w, day))
			continue;
		for (size_t i = 0; i < w->span_count; i++) {
			struct instants is = instants_of(w, &w->spans[i], day);

			if (is.from_s > at_s)
				next_s = earlier(next_s, is.from_s);
			if (is.to_s > at_s)
				next_s = earlier(next_s, is.to_s);
		}
		/* What begins a day later begins no sooner. */
		if (next_s != INT64_MAX && day >= first + 2)
			break;
	}
	return next_s;
}

static uint64_t windows_of(const struct policy_service *service)
{
	uint64_t windows = 0;

	for (size_t e = 0; e < service->endpoint_count; e++)
		windows |= service->endpoints[e].open;
	return windows;
}

static uint64_t open_at(const struct policy *policy, uint64_t windows,
			int64_t at_s)
{
	uint64_t open = 0;

	for (uint64_t rest = windows; rest != 0; rest &= rest - 1)
		if (window_is_open(&policy->windows[__builtin_ctzll(rest)],
				   at_s))
			open |= rest & -rest;
	return open;
}

bool window_any_open(const struct policy *policy, uint64_t windows,
		     int64_t at_s)
{
	return open_at(policy, windows, at_s) != 0;
}

static int64_t next_of(const struct policy *policy, uint64_t windows,
		       int64_t at_s)
{
	int64_t next_s = INT64_MAX;

	for (uint64_t rest = windows; rest != 0; rest &= rest - 1)
		next_s = earlier(
			next_s,
			window_next_s(&policy->windows[__builtin_ctzll(rest)],
				      at_s));
	return next_s;
}

static uint64_t endpoints_in(const struct policy_service *service,
			     uint64_t windows)
{
	uint64_t open = 0;

	for (size_t e = 0; e < service->endpoint_count; e++)
		if ((service->endpoints[e].open & windows) != 0)
			open |= UINT64_C(1) << e;
	return open;
}

struct window_opening window_opening(const struct policy *policy,
				     const struct policy_service *service,
				     int64_t at_s)
{
	/* A week of every window's spans: then all was seen. */
	enum { EDGES_MAX = 64 * WINDOW_SPANS_MAX * 2 * 8 };
	uint64_t windows = windows_of(service);
	struct window_opening o = { .until_s = INT64_MAX };
	int64_t next_s = at_s;

	o.windows = open_at(policy, windows, at_s);
	o.open = endpoints_in(service, o.windows);
	for (unsigned i = 0; i < EDGES_MAX; i++) {
		next_s = next_of(policy, windows, next_s);
		if (next_s == INT64_MAX || next_s - at_s > 9 * CIVIL_DAY_S)
			break;
		if (endpoints_in(service, open_at(policy, windows, next_s)) !=
		    o.open) {
			o.until_s = next_s;
			break;
		}
	}
	return o;
}

bool window_gap(const struct policy *policy,
		const struct policy_service *service, int64_t *from_s,
		int64_t *to_s)
{
	uint64_t windows = windows_of(service);
	int64_t at_s =
		civil_days((struct civil_date){ 2026, 1, 1 }) * CIVIL_DAY_S;
	int64_t end_s =
		civil_days((struct civil_date){ 2028, 1, 1 }) * CIVIL_DAY_S;

	while (at_s < end_s) {
		int64_t next_s = next_of(policy, windows, at_s);

		if (open_at(policy, windows, at_s) == 0) {
			*from_s = at_s;
			*to_s = next_s;
			return true;
		}
		at_s = next_s;
	}
	return false;
}
