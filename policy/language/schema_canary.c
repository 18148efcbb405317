/* SPDX-License-Identifier: Apache-2.0 */
/* schema_canary -- the keys below canaries.NAME.  Pure. */
#include "policy/language/policy.h"
#include "policy/language/schema.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define DAY (24.0 * HOUR)

static const char *const gate_words[] = { "auto", "manual", NULL };

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

static const struct schema_row canary_rows[] = {
	{ "service", SCHEMA_SERVICE, true, offsetof(struct policy_canary, service),
	  0, 0, NULL, NULL, NULL, "the service that gets a new version" },
	{ "revision", SCHEMA_LINE, false, offsetof(struct policy_canary, revision),
	  0, 0, NULL, NULL, NULL, "what the new version is called" },
	{ "endpoints", SCHEMA_NAMED, true, SIZE_MAX,
	  1, POLICY_ENDPOINTS_MAX, NULL, NULL, &schema_canary_endpoint, "the new version, by endpoint of the service" },
	{ "stages", SCHEMA_ITEMS, true, SIZE_MAX,
	  1, 64, NULL, NULL, &schema_stage, "where it goes, in which order" },
};
/* clang-format on */
const struct schema schema_canary = { canary_rows, COUNT(canary_rows) };
