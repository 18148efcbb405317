/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets as a time zone: an error, or a clock that can be asked. */
#include "policy/base/arena.h"
#include "policy/base/civil.h"
#include "policy/base/error.h"
#include "policy/base/tzif.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static int64_t shown_s(const struct tzif *tz, int64_t at_s)
{
	return at_s + tzif_offset_s(tz, at_s);
}

/* The clock shows it then, and did not before. */
static void check_reach(const struct tzif *tz, int64_t local_s)
{
	int64_t at_s = tzif_reach_s(tz, local_s);

	expect(shown_s(tz, at_s) >= local_s);
	expect(shown_s(tz, at_s - 1) < local_s);
	expect(at_s <= tzif_reach_s(tz, local_s + 1));
}

/* Nothing changes before the next change. */
static void check_next(const struct tzif *tz, int64_t at_s)
{
	int64_t next_s = tzif_next_s(tz, at_s);
	int64_t within_s = INT32_MAX;

	expect(next_s > at_s);
	if (next_s <= at_s + within_s)
		within_s = next_s - at_s - 1;
	expect(tzif_offset_s(tz, at_s + within_s / 2) ==
	       tzif_offset_s(tz, at_s));
	expect(tzif_offset_s(tz, at_s + within_s) == tzif_offset_s(tz, at_s));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct arena *arena = arena_new();
	struct error err;
	struct tzif tz;

	if (arena == NULL)
		return 0;
	if (tzif_parse(arena, octets, len, &tz, &err))
		for (int64_t year = 1900; year < 2200; year += 7) {
			const struct civil_date date = {
				year, (unsigned)(1 + year % 12), 17
			};
			int64_t at_s = civil_days(date) * CIVIL_DAY_S +
				       year * 37 % CIVIL_DAY_S;

			check_next(&tz, at_s);
			check_reach(&tz, at_s);
		}
	arena_free(arena);
	return 0;
}
