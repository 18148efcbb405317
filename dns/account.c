/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/account.h"

#include "dns/feed.h"
#include "dns/metrics.h"
#include "dns/sign/signers.h"
#include "dns/status.h"
#include "dns/tap.h"
#include "dns/transports.h"
#include "dns/upkeep.h"
#include "policy/base/clock.h"
#include "policy/base/openmetrics.h"
#include "policy/bus/bus.h"
#include "policy/language/policy.h"

#include <stdbool.h>

/* Without a turn of the feed for so long, the table may be true no more. */
enum { READY_MAX_MS = 10 * FEED_TICK_MS };

struct json_t *account_status(const struct account *a)
{
	struct heard_report reports[POLICY_VANTAGES_MAX];
	const struct status status = {
		.node = feed_node(a->feed),
		.model = feed_model(a->feed),
		.load_ms = upkeep_state(a->upkeep).load_ms,
		.signing = upkeep_state(a->upkeep).signing,
		.view = feed_view(a->feed),
		.reports = reports,
		.local = feed_local(a->feed),
		.stats = a->stats,
	};

	feed_reports(a->feed, reports);
	return status_write(&status);
}

void account_metrics(const struct account *a, struct openmetrics *out)
{
	const struct upkeep_state upkeep = upkeep_state(a->upkeep);
	struct heard_report reports[POLICY_VANTAGES_MAX];
	const struct metrics metrics = {
		.node = feed_node(a->feed),
		.model = feed_model(a->feed),
		.stats = a->stats,
		.load_ms = upkeep.load_ms,
		.wall_loaded_ms = upkeep.wall_loaded_ms,
		.reloads = upkeep.reloads,
		.failed_reloads = upkeep.failed_reloads,
		.failed_signings = upkeep.failed_signings,
		.signing = upkeep.signing,
		.view = feed_view(a->feed),
		.plan = feed_plan(a->feed),
		.reports = reports,
		.tables = feed_pulse(a->feed).tables,
		.has_bus = a->bus != NULL,
		.bus_up = a->bus != NULL && bus_is_up(a->bus),
		.lost_copies = tap_lost(a->tap),
		.lost_packets = transports_lost(a->transports),
	};

	feed_reports(a->feed, reports);
	metrics_write(out, &metrics);
}

/* Validating resolvers would take no answer about some zone. */
static bool has_expired(const struct signed_zones *signing)
{
	int64_t now_s = clock_wall_ms() / 1000;

	for (size_t i = 0; signing != NULL && i < signing->count; i++)
		if (signing->list[i].span.until_s < now_s)
			return true;
	return false;
}

const char *account_unready(const struct account *a)
{
	if (clock_now_ms() - feed_pulse(a->feed).fresh_ms > READY_MAX_MS)
		return "the decision table could not be renewed";
	if (has_expired(upkeep_state(a->upkeep).signing))
		return "signatures have expired";
	return NULL;
}
