/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/decide/heard.h"

#include "policy/bus/report.h"
#include "policy/decide/hearing.h"
#include "policy/language/policy.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The entry of a vantage, or count when there is none. */
static size_t find(const struct heard *heard, const char *vantage)
{
	size_t i = 0;

	while (i < heard->count &&
	       strcmp(heard->entries[i].report->vantage, vantage) != 0)
		i++;
	return i;
}

static void entry_fini(struct heard *heard, size_t i)
{
	report_free(heard->entries[i].report);
	hearing_free(heard->entries[i].hearing);
}

void heard_fini(struct heard *heard)
{
	for (size_t i = 0; i < heard->count; i++)
		entry_fini(heard, i);
	heard->count = 0;
}

/* Did the vantage begin anew, with a clock that was ahead of this one? */
static bool is_restart(const struct report *report, int64_t silent_ms,
		       int64_t wall_ms)
{
	return silent_ms >= HEARD_RESTART_MS &&
	       llabs(report->wall_made_ms - wall_ms) <= HEARD_CLOCKS_MS;
}

enum heard_result heard_take(struct heard *heard, const struct policy *policy,
			     struct report *report, int64_t now_ms,
			     int64_t wall_ms)
{
	size_t at = find(heard, report->vantage);

	if (policy_find_vantage(policy, report->vantage) < 0) {
		report_free(report);
		return HEARD_STRANGER;
	}
	if (at < heard->count) {
		uint64_t held = heard->entries[at].report->sequence;
		int64_t silent_ms = now_ms - heard->entries[at].heard_ms;

		if (report->sequence == held ||
		    (report->sequence < held &&
		     !is_restart(report, silent_ms, wall_ms))) {
			report_free(report);
			return HEARD_OLD;
		}
		entry_fini(heard, at);
	} else {
		assert(heard->count < POLICY_VANTAGES_MAX);
		heard->count++;
	}
	heard->entries[at].report = report;
	heard->entries[at].heard_ms = now_ms;
	heard->entries[at].hearing = hearing_new(policy, report);
	return HEARD_TAKEN;
}

void heard_select(const struct heard *heard, const struct policy *policy,
		  struct heard_report out[POLICY_VANTAGES_MAX])
{
	for (size_t i = 0; i < policy->vantage_count; i++) {
		size_t at = find(heard, policy->vantages[i].name);

		out[i] = (struct heard_report){ 0 };
		if (at < heard->count)
			out[i] = (struct heard_report){
				heard->entries[at].report,
				heard->entries[at].heard_ms,
				heard->entries[at].hearing,
			};
	}
}

void heard_prune(struct heard *heard, const struct policy *policy)
{
	for (size_t i = heard->count; i-- > 0;) {
		struct report *report = heard->entries[i].report;

		if (policy_find_vantage(policy, report->vantage) < 0) {
			entry_fini(heard, i);
			heard->entries[i] = heard->entries[--heard->count];
			continue;
		}
		hearing_free(heard->entries[i].hearing);
		heard->entries[i].hearing = hearing_new(policy, report);
	}
}
