/* SPDX-License-Identifier: Apache-2.0 */
#include "health/account.h"

#include "health/published.h"
#include "health/roster.h"
#include "health/rounds.h"
#include "health/verify.h"
#include "health/watch.h"
#include "policy/base/clock.h"
#include "policy/bus/node.h"
#include "policy/bus/report.h"
#include "policy/language/policy.h"

#include <stdio.h>
#include <stdlib.h>

struct whole_parts account_parts(const struct account *a, size_t target)
{
	const struct roster_target *t = &a->roster->targets[target];
	struct whole_parts parts = {
		.service = t->service,
		.checks = t->checks,
		.count = t->part_count,
		.first = rounds_watch(a->rounds, t->job),
	};

	for (size_t i = 0; i < t->part_count; i++) {
		struct roster_part part = roster_part(t, i);

		parts.probes[i] = (struct whole_probe){
			.watch = rounds_watch(a->rounds, t->parts[i]),
			.addr = part.addr,
			.check = part.check,
		};
	}
	return parts;
}

/* As many as there can be: no target has more checks than probes. */
static size_t count_parts(const struct roster *roster)
{
	size_t found = 0;

	for (size_t i = 0; i < roster->target_count; i++)
		if (roster->targets[i].parts != NULL)
			found += 2 * roster->targets[i].part_count;
	return found;
}

void account_entry(const struct account *a, size_t target, int64_t now_ms,
		   struct report_entry *entry)
{
	const struct roster_target *t = &a->roster->targets[target];
	struct whole_parts parts;

	snprintf(entry->service, sizeof(entry->service), "%s",
		 t->service->name);
	snprintf(entry->endpoint, sizeof(entry->endpoint), "%s",
		 t->endpoint->name);
	if (t->parts == NULL) {
		watch_report(rounds_watch(a->rounds, t->job), now_ms, entry);
		return;
	}
	parts = account_parts(a, target);
	whole_report(&a->wholes[target], &parts, now_ms, entry);
}

/* And what they are made of. */
static void fill_entries(const struct account *a, int64_t now_ms,
			 struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		struct report_entry *entry = &report->entries[i];
		struct whole_parts parts;

		account_entry(a, i, now_ms, entry);
		if (a->roster->targets[i].parts == NULL)
			continue;
		parts = account_parts(a, i);
		entry->part_first = report->part_count;
		entry->part_count =
			whole_report_parts(&parts, now_ms,
					   &report->parts[entry->part_first]);
		report->part_count += entry->part_count;
	}
}

bool account_abstains(const struct account *a)
{
	return rounds_unfinished(a->rounds) ||
	       rounds_doubt(a->rounds).mistrusts;
}

bool account_report(const struct account *a, struct report *report)
{
	const struct roster *roster = a->roster;
	int64_t now_ms = clock_now_ms();

	*report = (struct report){
		.wall_made_ms = clock_wall_ms(),
		.abstains = account_abstains(a),
		.mistrusts = rounds_doubt(a->rounds).mistrusts,
		.count = roster->target_count,
		.entries = calloc(roster->target_count + 1,
				  sizeof(*report->entries)),
		.parts =
			calloc(count_parts(roster) + 1, sizeof(*report->parts)),
	};
	if (report->entries == NULL || report->parts == NULL)
		return false;
	snprintf(report->vantage, sizeof(report->vantage), "%s", a->vantage);
	snprintf(report->policy_digest, sizeof(report->policy_digest), "%s",
		 a->policy->digest);
	fill_entries(a, now_ms, report);
	return true;
}

/* Why this vantage mistrusts itself, and what would tell it more. */
static void fill_doubt(const struct rounds_doubt *is, struct node *node)
{
	if (is->anchors > 0 && is->lost >= is->anchors)
		snprintf(node->trouble, sizeof(node->trouble),
			 "mistrusts itself and abstains: none of its %zu "
			 "anchors answers",
			 is->anchors);
	else
		snprintf(node->trouble, sizeof(node->trouble),
			 "mistrusts itself and abstains: %zu of %zu probes "
			 "fail%s",
			 is->failing, is->probes,
			 is->anchors == 0 ? "; anchors would tell more" : "");
}

/* For so long that readers no longer count what was seen before. */
static bool is_unmade(const struct account *a, size_t job, int64_t now_ms)
{
	const struct watch *w = rounds_watch(a->rounds, job);

	return w->last.outcome == OUTCOME_LOCAL &&
	       now_ms - w->probed_ms >
		       3 * a->roster->jobs[job].spec.check->interval_ms;
}

/* Of an endpoint that cannot be probed nobody learns when it fails. */
static void fill_unmade(const struct account *a, struct node *node)
{
	const struct roster *roster = a->roster;
	int64_t now_ms = clock_now_ms();
	size_t first = 0, count = 0;

	for (size_t i = roster->job_count; i-- > 0;) {
		if (!is_unmade(a, i, now_ms))
			continue;
		first = i;
		count++;
	}
	if (count > 0)
		snprintf(node->trouble, sizeof(node->trouble),
			 "%zu of %zu probes cannot be made from here: %.100s",
			 count, roster->job_count, roster->jobs[first].key);
}

struct node account_node(const struct account *a)
{
	const struct rounds_doubt doubt = rounds_doubt(a->rounds);
	struct node node = node_of(NODE_HEALTH, a->name, clock_wall_ms());

	snprintf(node.policy_digest, sizeof(node.policy_digest), "%s",
		 a->policy->digest);
	if (a->trouble[0] != '\0')
		snprintf(node.trouble, sizeof(node.trouble), "%s", a->trouble);
	else if (doubt.mistrusts)
		fill_doubt(&doubt, &node);
	else
		fill_unmade(a, &node);
	published_tell(a->published, rounds_seen_all(a->rounds), &node);
	verify_tell(a->verify, &node);
	return node;
}
