/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/release_metrics.h"

#include "policy/base/openmetrics.h"
#include "steering/registry.h"
#include "steering/release.h"
#include "steering/waves.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN = 16 }; /* of a digest, as commands and logs have it */

static void put_info(struct openmetrics *out, const struct plan_release *said)
{
	static const struct metric_family family = {
		"windrose_steer_rollout",
		METRIC_INFO,
		NULL,
		"Where the policy that was published last stands.",
	};
	char policy[SHOWN + 1];
	const struct metric_label labels[] = {
		{ "policy", policy },
		{ "phase", release_phase_name(said->phase) },
	};

	openmetrics_family(out, &family);
	if (said->phase == RELEASE_NONE)
		return;
	snprintf(policy, sizeof(policy), "%.*s", SHOWN, said->next);
	openmetrics_count(out, (struct metric_labels){ labels, 2 }, 1);
}

/* Of the responders that take policies from the bus. */
static void put_nodes(struct openmetrics *out, const struct plan_release *said,
		      const struct registry *registry)
{
	static const struct metric_family family = {
		"windrose_steer_rollout_nodes",
		METRIC_GAUGE,
		NULL,
		"Responders that take policies from the bus, those that are "
		"to serve the one published last so far, that serve it, and "
		"that refused it.",
	};
	struct {
		const char *state;
		size_t count;
	} rows[] = {
		{ "taking", 0 },
		{ "meant", said->node_count },
		{ "serving", 0 },
		{ "refusing", 0 },
	};

	for (size_t i = 0; i < registry->count; i++) {
		const struct node *node = &registry->nodes[i].node;

		if (!waves_takes(node))
			continue;
		rows[0].count++;
		if (said->phase == RELEASE_NONE)
			continue;
		rows[2].count += strcmp(node->policy_digest, said->next) == 0;
		rows[3].count += strcmp(node->refused_digest, said->next) == 0;
	}
	openmetrics_family(out, &family);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct metric_label label = { "state", rows[i].state };

		openmetrics_count(out, (struct metric_labels){ &label, 1 },
				  rows[i].count);
	}
}

/* clang-format off */
static void put_plain(struct openmetrics *out, const struct plan_release *said)
{
	bool under_way = plan_release_is_under_way(said);
	const struct metric_plain rows[] = {
		{ { "windrose_steer_rollout_under_way", METRIC_GAUGE, NULL,
		    "1 while a published policy goes out, or comes back." },
		  under_way },
		{ { "windrose_steer_rollout_wave", METRIC_GAUGE, NULL,
		    "The wave that it has come to, from 1; 0 when none is "
		    "under way." },
		  under_way ? said->wave + 1.0 : 0 },
		{ { "windrose_steer_rollout_phase_timestamp_seconds",
		    METRIC_GAUGE, "seconds", "Since when it is in its phase; "
		    "0: nobody ever published." },
		  (double)said->wall_since_ms / 1e3 },
		{ { "windrose_steer_rollout_asked_timestamp_seconds",
		    METRIC_GAUGE, "seconds", "When a person last asked for a "
		    "policy to go out, or to come back; 0: nobody ever." },
		  (double)said->wall_asked_ms / 1e3 },
	};

	openmetrics_plain(out, rows, sizeof(rows) / sizeof(rows[0]));
}
/* clang-format on */

void release_metrics_write(struct openmetrics *out,
			   const struct plan_release *said,
			   const struct registry *registry)
{
	put_info(out, said);
	put_plain(out, said);
	put_nodes(out, said, registry);
}
