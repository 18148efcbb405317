/* SPDX-License-Identifier: Apache-2.0 */
/* schema_canary -- the keys below canaries.NAME.  Pure. */
#include "policy/language/policy.h"
#include "policy/language/schema.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define DAY (24.0 * HOUR)

/* Fewer say nothing of errors, see steering/excess. */
enum { EXCESS_LEAST = 20 };

static const char *const gate_words[] = { "auto", "manual", NULL };
static const char *const flag_words[] = { "false", "true", NULL };

/* clang-format off */
static const struct schema_row canary_endpoint_rows[] = {
	{ "A", SCHEMA_V4, false, offsetof(struct policy_endpoint, a),
	  1, POLICY_ADDRESSES_MAX, NULL, NULL, NULL, "IPv4 addresses" },
	{ "AAAA", SCHEMA_V6, false, offsetof(struct policy_endpoint, aaaa),
	  1, POLICY_ADDRESSES_MAX, NULL, NULL, NULL, "IPv6 addresses" },
	{ "CNAME", SCHEMA_DOMAIN, false, offsetof(struct policy_endpoint, cname),
	  0, 0, NULL, NULL, NULL, "another name, in place of addresses" },
	{ "port", SCHEMA_PORT, false, offsetof(struct policy_endpoint, port),
	  1, 65535, NULL, NULL, NULL, "probed port, when not the check's" },
};
const struct schema schema_canary_endpoint = { canary_endpoint_rows,
					       COUNT(canary_endpoint_rows) };

static const struct schema_row stage_rows[] = {
	{ "regions", SCHEMA_REGIONS, true, offsetof(struct canary_stage, regions),
	  0, 0, NULL, NULL, NULL, "regions that take part" },
	{ "percent", SCHEMA_PERCENTS, true, offsetof(struct canary_stage, percents),
	  1, 100, NULL, NULL, NULL, "shares of clients, step by step" },
	{ "bake", SCHEMA_MILLIS, false, offsetof(struct canary_stage, bake_ms),
	  0, 30 * DAY, "15m", NULL, NULL, "how long a step is watched before the next" },
	{ "gate", SCHEMA_WORD, false, offsetof(struct canary_stage, gate),
	  0, 0, "auto", gate_words, NULL, "who opens the way out of this stage" },
};
const struct schema schema_stage = { stage_rows, COUNT(stage_rows) };

#define METRICS(field) offsetof(struct policy_canary, metrics.field)
static const struct schema_row metrics_rows[] = {
	{ "edges", SCHEMA_FLAG, false, METRICS(edges),
	  0, 0, "false", flag_words, NULL, "whether edges measure it" },
	{ "prometheus", SCHEMA_URL, false, METRICS(prometheus),
	  0, 0, NULL, NULL, NULL, "the Prometheus that measures it" },
	{ "errors", SCHEMA_QUERY, false, METRICS(errors),
	  0, 0, NULL, NULL, NULL, "query for a counter of failed requests" },
	{ "requests", SCHEMA_QUERY, false, METRICS(requests),
	  0, 0, NULL, NULL, NULL, "query for a counter of all requests" },
	{ "latency", SCHEMA_QUERY, false, METRICS(latency),
	  0, 0, NULL, NULL, NULL, "query for the buckets of a histogram" },
	{ "interval", SCHEMA_MILLIS, false, METRICS(interval_ms),
	  SECOND, 10 * MINUTE, "5s", NULL, NULL, "from one measure to the next" },
	{ "timeout", SCHEMA_MILLIS, false, METRICS(timeout_ms),
	  100, MINUTE, "1s", NULL, NULL, "after which a query has failed" },
};
static const struct schema metrics = { metrics_rows, COUNT(metrics_rows) };

#define ROLLBACK(field) offsetof(struct policy_canary, rollback.field)
static const struct schema_row rollback_rows[] = {
	{ "error_ratio", SCHEMA_NUMBER, false, ROLLBACK(error_ratio),
	  1, 1000, "2", NULL, NULL, "failing more than so many times as often" },
	{ "latency_ratio", SCHEMA_NUMBER, false, ROLLBACK(latency_ratio),
	  1.05, 1000, "1.5", NULL, NULL, "taking so many times as long" },
	{ "min_requests", SCHEMA_WHOLE, false, ROLLBACK(min_requests),
	  EXCESS_LEAST, 1e9, "500", NULL, NULL, "of each version, before a step can end" },
	{ "no_data", SCHEMA_MILLIS, false, ROLLBACK(no_data_ms),
	  5 * SECOND, 7 * DAY, "5m", NULL, NULL, "nothing measured for so long" },
};
static const struct schema rollback = { rollback_rows, COUNT(rollback_rows) };

static const struct schema_row canary_rows[] = {
	{ "service", SCHEMA_SERVICE, true, offsetof(struct policy_canary, service),
	  0, 0, NULL, NULL, NULL, "the service that gets a new version" },
	{ "revision", SCHEMA_LINE, false, offsetof(struct policy_canary, revision),
	  0, 0, NULL, NULL, NULL, "what the new version is called" },
	{ "endpoints", SCHEMA_NAMED, true, SIZE_MAX,
	  1, POLICY_ENDPOINTS_MAX, NULL, NULL, &schema_canary_endpoint, "the new version, by endpoint of the service" },
	{ "stages", SCHEMA_ITEMS, true, SIZE_MAX,
	  1, 64, NULL, NULL, &schema_stage, "where it goes, in which order" },
	{ "metrics", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &metrics, "where it is measured; without, people judge" },
	{ "rollback_when", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &rollback, "when it takes itself back" },
};
/* clang-format on */
const struct schema schema_canary = { canary_rows, COUNT(canary_rows) };
