/* SPDX-License-Identifier: Apache-2.0 */
#include "steering/edge/edge_metrics.h"

#include "policy/base/openmetrics.h"
#include "steering/edge/driver.h"

#include <stdint.h>

/* One family with a sample for each proxy. */
struct proxy_row {
	struct metric_family family;
	double (*value)(const struct driver *driver);
};

static double applies(const struct driver *d)
{
	return (double)d->counters.applies;
}

static double errors(const struct driver *d)
{
	return (double)d->counters.errors;
}

static double changes(const struct driver *d)
{
	return (double)d->counters.changes;
}

static double returns(const struct driver *d)
{
	return (double)d->counters.returns;
}

static double sequence(const struct driver *d)
{
	return (double)d->sequence;
}

static double trouble(const struct driver *d)
{
	return d->trouble[0] != '\0';
}

/* clang-format off */
static const struct proxy_row proxy_rows[] = {
	{ { "windrose_edge_proxy_applies", METRIC_COUNTER, NULL,
	    "Times that a proxy was found, or brought, to be at the plan." }, applies },
	{ { "windrose_edge_proxy_errors", METRIC_COUNTER, NULL,
	    "Times that a proxy could not be brought to the plan." }, errors },
	{ { "windrose_edge_proxy_changes", METRIC_COUNTER, NULL,
	    "Times that something was written to a proxy." }, changes },
	{ { "windrose_edge_proxy_returns", METRIC_COUNTER, NULL,
	    "Times that a proxy's connection was lost and made anew, whereupon "
	    "all is applied again." }, returns },
	{ { "windrose_edge_proxy_plan_sequence", METRIC_GAUGE, NULL,
	    "Sequence of the plan that a proxy has; 0 without one." }, sequence },
	{ { "windrose_edge_proxy_trouble", METRIC_GAUGE, NULL,
	    "1 while a proxy cannot be brought to the plan." }, trouble },
};
/* clang-format on */

static void put_proxies(struct openmetrics *out, const struct edge_metrics *m)
{
	for (size_t i = 0; i < sizeof(proxy_rows) / sizeof(proxy_rows[0]);
	     i++) {
		openmetrics_family(out, &proxy_rows[i].family);
		for (size_t j = 0; j < m->driver_count; j++) {
			const struct driver *d = m->drivers[j];
			const struct metric_label labels[] = {
				{ "kind", d->kind->name },
				{ "place", d->place },
			};

			openmetrics_real(out,
					 (struct metric_labels){ labels, 2 },
					 proxy_rows[i].value(d));
		}
	}
}

/* clang-format off */
static void put_node(struct openmetrics *out, const struct edge_metrics *m)
{
	const struct node *node = &m->node;
	const struct metric_plain rows[] = {
		{ { "windrose_edge_plan_epoch", METRIC_GAUGE, NULL,
		    "Epoch of the plan that every proxy has; 0 without one." },
		  (double)node->plan_epoch },
		{ { "windrose_edge_plan_sequence", METRIC_GAUGE, NULL,
		    "Sequence of the plan that every proxy has; 0 without one." },
		  (double)node->plan_sequence },
		{ { "windrose_edge_plan_applied_timestamp_seconds",
		    METRIC_GAUGE, "seconds", "When every proxy had it." },
		  (double)node->wall_applied_ms / 1000 },
		{ { "windrose_edge_refused_plans", METRIC_COUNTER, NULL,
		    "Plans offered and not taken: unsigned, or not understood." },
		  (double)node->refused },
		{ { "windrose_edge_local_commands", METRIC_GAUGE, NULL,
		    "Break-glass commands in force on this node alone." },
		  (double)node->local_count },
		{ { "windrose_edge_trouble", METRIC_GAUGE, NULL,
		    "1 when the node's record says that something is wrong." },
		  node->trouble[0] != '\0' },
		{ { "windrose_edge_bus_connected", METRIC_GAUGE, NULL,
		    "1 when the bus is connected." }, m->bus_up },
	};

	openmetrics_plain(out, rows, sizeof(rows) / sizeof(rows[0]));
}
/* clang-format on */

void edge_metrics_write(struct openmetrics *out, const struct edge_metrics *m)
{
	put_node(out, m);
	put_proxies(out, m);
}
