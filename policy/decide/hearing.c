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
			.age_ms = report->wall_made_ms - entry->wall_probed_ms,
			.latency_ms = entry->latency_ms,
			.state = entry->wall_probed_ms == 0
					 ? REPORT_UNKNOWN
					 : (uint8_t)entry->state,
			.failing = entry->failing,
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
