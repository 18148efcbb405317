/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/recent.h"

#include "policy/base/error.h"

#include <stdio.h>
#include <string.h>

bool recent_find(const struct recent *recent, const char *id)
{
	for (size_t i = 0; i < recent->count; i++)
		if (strcmp(recent->ids[i].id, id) == 0)
			return true;
	return false;
}

static void forget_old(struct recent *recent, int64_t wall_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < recent->count; i++)
		if (recent->ids[i].wall_made_ms >= wall_ms - RECENT_SPAN_MS)
			recent->ids[kept++] = recent->ids[i];
	recent->count = kept;
}

bool recent_add(struct recent *recent, const char *id, int64_t wall_made_ms,
		int64_t wall_ms, struct error *err)
{
	struct recent_id *slot;

	forget_old(recent, wall_ms);
	if (recent->count == RECENT_MAX) {
		error_set(err,
			  "more than %d commands in two minutes; wait a little",
			  RECENT_MAX);
		return false;
	}
	slot = &recent->ids[recent->count++];
	snprintf(slot->id, sizeof(slot->id), "%s", id);
	slot->wall_made_ms = wall_made_ms;
	return true;
}
