/* SPDX-License-Identifier: Apache-2.0 */
/* schema_safety -- the rows below safety, verify and rollout: see schema.h. */
#include "policy/language/schema.h"

#include "policy/language/policy.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define DAY (24.0 * HOUR)

static const char *const region_loss_words[] = { "reported", "shared",
						 "carried", NULL };

static const char *const force_words[] = { "never", "allowed", NULL };

/* clang-format off */
static const struct schema_row safety_rows[] = {
	{ "min_regions_in_service", SCHEMA_WHOLE, false, offsetof(struct policy_safety, min_regions_in_service),
	  1, POLICY_REGIONS_MAX, "1", NULL, NULL, "commands may not leave a service fewer" },
	{ "max_capacity_removed", SCHEMA_PERCENT, false, offsetof(struct policy_safety, max_capacity_removed_pct),
	  1, 100, "100%", NULL, NULL, "commands may not remove more" },
	{ "max_load", SCHEMA_PERCENT, false, offsetof(struct policy_safety, max_load_pct),
	  1, 1000, "100%", NULL, NULL, "commands may not bring more to a region, of its capacity" },
	{ "max_capacity_opened", SCHEMA_PERCENT, false, offsetof(struct policy_safety, max_capacity_opened_pct),
	  1, 100, "50%", NULL, NULL, "health may not take out more, beyond one region" },
	{ "max_capacity_opened_at_once", SCHEMA_PERCENT, false, offsetof(struct policy_safety, max_capacity_at_once_pct),
	  1, 100, "34%", NULL, NULL, "nor more of it within five minutes" },
	{ "max_change", SCHEMA_PERCENT, false, offsetof(struct policy_safety, max_change_pct),
	  1, 100, "100%", NULL, NULL, "of a service's clients the agent may not move more at once" },
	{ "max_override", SCHEMA_MILLIS, false, offsetof(struct policy_safety, max_override_ms),
	  MINUTE, 30 * DAY, "24h", NULL, NULL, "how long a command can last" },
	{ "command_interval", SCHEMA_MILLIS, false, offsetof(struct policy_safety, command_interval_ms),
	  0, DAY, "0s", NULL, NULL, "time between two commands that take capacity out" },
	{ "force", SCHEMA_FLAG, false, offsetof(struct policy_safety, force),
	  0, 0, "allowed", force_words, NULL, "whether one person may go past the rules that two may set aside" },
	{ "confirm", SCHEMA_TEXTS, false, offsetof(struct policy_safety, confirm),
	  0, 16, NULL, NULL, NULL, "commands that need a second person" },
	{ "approval_within", SCHEMA_MILLIS, false, offsetof(struct policy_safety, approval_within_ms),
	  MINUTE, DAY, "10m", NULL, NULL, "how long a command waits for the second person" },
	{ "failover_goal", SCHEMA_MILLIS, false, offsetof(struct policy_safety, failover_goal_ms),
	  0, DAY, "0s", NULL, NULL, "time in which clients are off a failed endpoint; 0s: no goal" },
	{ "region_loss", SCHEMA_WORD, false, offsetof(struct policy_safety, region_loss),
	  0, 0, "reported", region_loss_words, NULL, "what the loss of any one region may load the others with" },
};
const struct schema schema_safety = { safety_rows, COUNT(safety_rows) };

#define VERIFY(field) offsetof(struct policy_verify, field)
static const struct schema_row verify_rows[] = {
	{ "responders", SCHEMA_RESPONDERS, false, VERIFY(responders),
	  1, POLICY_RESPONDERS_MAX, NULL, NULL, NULL, "who is asked: the node's name and its address" },
	{ "rate", SCHEMA_WHOLE, false, VERIFY(rate),
	  1, 1000, "10", NULL, NULL, "queries a second, from each vantage to each responder" },
	{ "timeout", SCHEMA_MILLIS, false, VERIFY(timeout_ms),
	  100, 10 * SECOND, "1s", NULL, NULL, "how long an answer may take" },
	{ "grace", SCHEMA_MILLIS, false, VERIFY(grace_ms),
	  1 * SECOND, HOUR, "10s", NULL, NULL, "how long it is wrong or silent before that is an alarm" },
	{ "stale", SCHEMA_MILLIS, false, VERIFY(stale_ms),
	  2 * SECOND, DAY, "60s", NULL, NULL, "how long it may go by an older plan, another policy, or unheard of" },
};
const struct schema schema_verify = { verify_rows, COUNT(verify_rows) };

static const struct schema_row wave_rows[] = {
	{ "nodes", SCHEMA_TEXTS, false, offsetof(struct rollout_wave, nodes),
	  1, 256, NULL, NULL, NULL, "responders that take it, by their names" },
	{ "percent", SCHEMA_PERCENT, false, offsetof(struct rollout_wave, percent),
	  1, 100, NULL, NULL, NULL, "or the share of all responders that has taken it then" },
	{ "soak", SCHEMA_MILLIS, false, offsetof(struct rollout_wave, soak_ms),
	  SECOND, DAY, NULL, NULL, NULL, "how long this wave is watched; rollout.soak if not given" },
};
const struct schema schema_wave = { wave_rows, COUNT(wave_rows) };

#define ROLLOUT(field) offsetof(struct policy_rollout, field)
static const struct schema_row rollout_rows[] = {
	{ "waves", SCHEMA_ITEMS, false, SIZE_MAX,
	  1, 64, NULL, NULL, &schema_wave, "who takes it before all do; 1% and 50% if not given" },
	{ "soak", SCHEMA_MILLIS, false, ROLLOUT(soak_ms),
	  SECOND, DAY, "5m", NULL, NULL, "how long each wave is watched" },
	{ "patience", SCHEMA_MILLIS, false, ROLLOUT(patience_ms),
	  5 * SECOND, HOUR, "2m", NULL, NULL, "how long a responder of a wave may take, or be unheard of" },
	{ "max_failing", SCHEMA_PERCENT, false, ROLLOUT(max_failing_pct),
	  1, 100, "5%", NULL, NULL, "of its queries more may not fail or find nothing than before" },
	{ "max_change", SCHEMA_PERCENT, false, ROLLOUT(max_change_pct),
	  1, 100, "25%", NULL, NULL, "a policy that moves more clients must be forced" },
};
const struct schema schema_rollout = { rollout_rows, COUNT(rollout_rows) };
/* clang-format on */
