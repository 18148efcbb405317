/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/hearing.h"

#include "policy/base/arena.h"

#include <stdlib.h>
#include <string.h>

struct hearing {
	/*
	 * Only compared.  Another policy may come to lie at the same place,
	 * so the digest has to agree too; one with the same digest has the
	 * same endpoints.
	 */
	const struct policy *policy;
	char digest[sizeof(((struct policy *)0)->digest)];
	struct hearing_entry entries[];
};

/* Wall times are within 2^53, so this does not overflow. */
static int32_t age_at(const struct report *report, int64_t wall_ms)
{
	int64_t age_ms = report->wall_made_ms - wall_ms;

	return age_ms > INT32_MAX   ? INT32_MAX
	       : age_ms < INT32_MIN ? INT32_MIN
				    : (int32_t)age_ms;
}

static uint32_t span_of(int64_t ms)
{
	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

/* A writer that is older does not know, but since when it is as it is now. */
static uint32_t down_at(const struct report *report,
			const struct report_entry *entry)
{
	int32_t state_ms = age_at(report, entry->wall_since_ms);

	if (entry->down_ms > 0 || state_ms < 0)
		return span_of(entry->down_ms);
	return (uint32_t)state_ms;
}

void hearing_fill(struct census *census, const struct report *report,
		  struct hearing_entry *entries)
{
	size_t hint = 0;

	for (size_t i = 0; i < report->count; i++) {
		const struct report_entry *entry = &report->entries[i];
		size_t at = census_find(census, hint, entry->service,
					entry->endpoint);

		if (at == CENSUS_NONE)
			continue;
		hint = at + 1;
		entries[at] = (struct hearing_entry){
			.age_ms = age_at(report, entry->wall_probed_ms),
			.down_ms = down_at(report, entry),
			.up_ms = span_of(entry->up_ms),
			.outage_ms = span_of(entry->outage_ms),
			.latency_ms = entry->latency_ms,
			.state = entry->wall_probed_ms == 0
					 ? REPORT_UNKNOWN
					 : (uint8_t)entry->state,
			.failing = entry->failing,
			.trickle = entry->state == REPORT_HALF_OPEN &&
				   entry->trickle,
		};
	}
}

static struct hearing *fill_new(struct census *census,
				const struct policy *policy,
				const struct report *report)
{
	struct hearing *hearing =
		calloc(1, sizeof(*hearing) +
				  census->count * sizeof(hearing->entries[0]));

	if (hearing == NULL)
		return NULL;
	hearing->policy = policy;
	memcpy(hearing->digest, policy->digest, sizeof(hearing->digest));
	hearing_fill(census, report, hearing->entries);
	if (!census->failed)
		return hearing;
	hearing_free(hearing);
	return NULL;
}

struct hearing *hearing_new(const struct policy *policy,
			    const struct report *report)
{
	struct arena *scratch = arena_new();
	struct hearing *hearing = NULL;
	struct census census;

	if (scratch != NULL && census_init(&census, policy, scratch))
		hearing = fill_new(&census, policy, report);
	arena_free(scratch);
	return hearing;
}

void hearing_free(struct hearing *hearing)
{
	free(hearing);
}

const struct hearing_entry *hearing_entries(const struct hearing *hearing,
					    const struct policy *policy)
{
	if (hearing == NULL || hearing->policy != policy ||
	    strcmp(hearing->digest, policy->digest) != 0)
		return NULL;
	return hearing->entries;
}
