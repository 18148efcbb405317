/* SPDX-License-Identifier: Apache-2.0 */
/* code_canaries -- canaries, safety, tests, and the review itself: see code.h.
 */
#include "policy/language/code.h"

/* clang-format off */
static const struct code_row rows[] = {
	{ CODE_CANARY_ENDPOINT, "canary-endpoint", SEVERITY_ERROR,
	  "A canary shadows no endpoint, or one that has a canary",
	  "Each endpoint of a canary has the name of a stable one of its "
	  "service, and a stable one has one canary at a time.",
	  "The canary would have no clients to take.",
	  "Take the name of an endpoint; end the other canary first.",
	  "canaries: {v2: {service: www, endpoints: {usa: {A: 192.0.2.20}}}}" },
	{ CODE_CANARY_STAGE, "canary-stage", SEVERITY_ERROR,
	  "A stage of a canary names a region that it cannot",
	  "The region is in an earlier stage already, or the canary has no "
	  "endpoint in it.",
	  "The stage would do nothing, or do again what was done.",
	  "Keep each region in one stage, and give the canary an endpoint in "
	  "it.",
	  "stages: [{regions: us, percent: [50, 100]}, {regions: us, percent: [100]}]" },
	{ CODE_CANARY_QUERY, "canary-query", SEVERITY_ERROR,
	  "A query does not tell the canary from the stable version",
	  "It has neither $arm nor $endpoints, so it asks the same of both.",
	  "The comparison would always find them equal, and a bad canary "
	  "would go on.",
	  "Use $arm or $endpoints in the query.",
	  "metrics: {errors: \"sum(rate(http_errors[1m]))\"}" },
	{ CODE_CANARY_UNGUARDED, "canary-unguarded", SEVERITY_WARNING,
	  "Nothing takes a canary back",
	  "It has no metrics, so nothing compares it with the stable version "
	  "and no rollback ever triggers.",
	  "A bad version goes on to all clients unless a person sees it and "
	  "aborts.",
	  "Write metrics: with prometheus, or edges: true; or accept it with "
	  "the reason.",
	  "canaries: {v2: {service: www, stages: [{regions: us, percent: [1, 100]}]}}" },
	{ CODE_SAFETY_IMPOSSIBLE, "safety-impossible", SEVERITY_ERROR,
	  "A safety rule can never be met",
	  "min_regions_in_service is more than there are regions.",
	  "Every command would be refused, and people would learn to work "
	  "around the rule.",
	  "Lower it.",
	  "safety: {min_regions_in_service: 3}   # of two regions" },
	{ CODE_BUDGET_ORDER, "budget-order", SEVERITY_WARNING,
	  "More capacity may go at once than may go at all",
	  "max_capacity_opened_at_once is more than max_capacity_opened.",
	  "The larger of the two is never reached and has no effect.",
	  "Lower the first or raise the second.",
	  "safety: {max_capacity_opened: 20%, max_capacity_opened_at_once: 30%}" },
	{ CODE_TEST_UNNOTICED, "test-unnoticed", SEVERITY_WARNING,
	  "A test takes a region down that nobody would notice",
	  "The service has no check that counts, so its endpoints are taken "
	  "as healthy whatever happens.",
	  "The test does not show what happens when the region fails.",
	  "Give the service a check that counts, or remove down.",
	  "services: {www: {steer: geo}}\n"
	  "tests: [{client: 192.0.2.1, service: www, down: us, answer: us}]" },
	{ CODE_ACCEPTED_STALE, "accepted-stale", SEVERITY_WARNING,
	  "Something is accepted that is no longer found",
	  "No finding of this code is at this place.",
	  "It would hide the next one that comes there, for a reason that was "
	  "given for another.",
	  "Remove it from review.accepted.",
	  "review: {accepted: [{code: WR0409, at: services.www, reason: one site}]}" },
	{ CODE_SEVERITY_FIXED, "severity-fixed", SEVERITY_ERROR,
	  "An error can neither be accepted nor made less",
	  "Findings of this code are errors: what is found has no meaning "
	  "that a program could go by.",
	  "A responder that took such a policy would have to guess where "
	  "clients go.",
	  "Mend what is found. Warnings can be accepted, ignored, or made "
	  "errors.",
	  "review: {severity: {WR0301: ignore}}" },
};
/* clang-format on */

const struct code_part code_canaries = { rows, sizeof(rows) / sizeof(rows[0]) };
