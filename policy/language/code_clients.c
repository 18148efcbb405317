/* SPDX-License-Identifier: Apache-2.0 */
/* code_clients -- who asks, where they may go, and who watches: see code.h. */
#include "policy/language/code.h"

/* clang-format off */
static const struct code_row rows[] = {
	{ CODE_SET_RESERVED, "set-reserved", SEVERITY_ERROR,
	  "A client set has the name of a word of the language",
	  "Names of continents, all, eu and eea mean something already.",
	  "Whoever reads the name elsewhere takes it for that word.",
	  "Rename the set.",
	  "clients: {europe: [GB, FR]}" },
	{ CODE_SET_CIRCLE, "set-circle", SEVERITY_ERROR,
	  "A client set contains itself",
	  "A set names another, which names the first, perhaps over several "
	  "more.",
	  "Which clients are in it has no answer.",
	  "Remove one of the references.",
	  "clients: {a: [GB, b], b: [FR, a]}" },
	{ CODE_SET_UNUSED, "set-unused", SEVERITY_WARNING,
	  "A client set is used by nothing",
	  "No residency rule, no test and no other set names it.",
	  "It binds nobody, though its name may say otherwise; often a rule "
	  "that should use it is missing or names another.",
	  "Write the rule that it is for, or remove it; accept it with the "
	  "reason when it is there for people to pin its clients.",
	  "clients: {eea-uk: [eea, GB]}\n"
	  "residency: {}" },
	{ CODE_REGION_LAWLESS, "region-lawless", SEVERITY_WARNING,
	  "A region has no jurisdictions while there are residency rules",
	  "Clients who are bound by residency are never sent to a region "
	  "without jurisdictions.",
	  "The region takes fewer clients than its capacity suggests, and is "
	  "no way out when others fail.",
	  "Write its jurisdictions, or accept it with the reason.",
	  "regions: {us: {location: [38.95, -77.45]}}\n"
	  "residency: {gdpr: {clients: eea, within: gdpr}}" },
	{ CODE_REGION_UNUSED, "region-unused", SEVERITY_WARNING,
	  "A region has no endpoint",
	  "No service and no canary has an endpoint in it.",
	  "No client is ever sent there; it counts in nothing but the number "
	  "of regions.",
	  "Give a service an endpoint there, or remove the region.",
	  "regions:\n"
	  "  us: {location: [38.95, -77.45]}\n"
	  "  eu: {location: [53.35, -6.26]}\n"
	  "services: {www: {steer: geo, endpoints: {us: {A: 192.0.2.1}}}}" },
	{ CODE_RESIDENCY_EMPTY, "residency-empty", SEVERITY_ERROR,
	  "A residency rule leaves a service without a region",
	  "No endpoint of the service is in a region that the rule allows.",
	  "Its clients would never get an answer.",
	  "Give the service an endpoint within, or widen the rule.",
	  "residency: {gdpr: {clients: eea, within: gdpr}}\n"
	  "services: {www: {steer: geo, endpoints: {us: {A: 192.0.2.1}}}}" },
	{ CODE_RESIDENCY_CLASH, "residency-clash", SEVERITY_WARNING,
	  "Residency rules contradict each other",
	  "Some clients are bound by several rules at once, and no region of "
	  "a service is within all of them, though there is one within each.",
	  "These clients get no answer, however healthy everything is.",
	  "Take them out of one of the client sets, or give the service an "
	  "endpoint in a region that has jurisdictions of each rule.",
	  "residency:\n"
	  "  gdpr:  {clients: eea, within: gdpr}\n"
	  "  swiss: {clients: all, within: ch}" },
	{ CODE_RESIDENCY_IDLE, "residency-idle", SEVERITY_WARNING,
	  "A residency rule forbids nothing",
	  "Every region of the policy is within the rule.",
	  "It looks like a wall and is none; the day a region without that "
	  "jurisdiction is added it becomes one.",
	  "Remove the rule, or correct the jurisdictions of regions. If it "
	  "waits for a region to come, accept it with that reason.",
	  "regions: {eu: {location: [53.35, -6.26], jurisdictions: gdpr}}\n"
	  "residency: {gdpr: {clients: eea, within: gdpr}}" },
	{ CODE_JURISDICTION_SINGLE, "jurisdiction-single", SEVERITY_WARNING,
	  "Bound clients have one region and no other to fail over to",
	  "A residency rule allows one region alone, or one alone of those in "
	  "which a service has endpoints.",
	  "When that region fails, the clients of the rule have nowhere to "
	  "go: none_healthy decides what they get.",
	  "Give the service an endpoint in another region within, or accept "
	  "it with the reason.",
	  "residency: {gdpr: {clients: eea, within: gdpr}}   # one region has gdpr" },
	{ CODE_VANTAGES_MISSING, "vantages-missing", SEVERITY_WARNING,
	  "There are checks, and nobody who makes them",
	  "The policy has checks and no vantages, which are the places that "
	  "probes come from.",
	  "No failure is ever noticed.",
	  "Write vantages: with the name of each prober and where it is.",
	  "checks: {web: {type: http}}\n"
	  "vantages: {}" },
	{ CODE_VANTAGES_MUTE, "vantages-mute", SEVERITY_WARNING,
	  "No vantage has a vote",
	  "Every vantage has vote: no.",
	  "No endpoint is ever taken out of service.",
	  "Leave vote: no out at those whose word should count.",
	  "vantages: {dub: {location: [53.35, -6.26], vote: no}}" },
	{ CODE_ANCHOR_ALONE, "anchor-alone", SEVERITY_WARNING,
	  "A vantage has one anchor",
	  "A vantage that cannot reach its anchors mistrusts itself and "
	  "abstains.",
	  "When the one anchor is down, a vantage that is well abstains, too.",
	  "Name two or more anchors that fail independently.",
	  "vantages: {dub: {location: [53.35, -6.26], anchors: 192.0.2.1:53}}" },
	{ CODE_QUORUM_ALL, "quorum-all", SEVERITY_WARNING,
	  "A quorum takes more votes than there are",
	  "A check wants more votes than the vantages have; vantages in one "
	  "network have one vote together.",
	  "All of them have to agree then, so one vantage that sees it "
	  "differently keeps a dead endpoint in service.",
	  "Lower the quorum, or add vantages.",
	  "vantages: {dub: {location: [53.35, -6.26]}}\n"
	  "checks: {web: {type: http, quorum: 2}}" },
	{ CODE_VERIFY_UNASKED, "verify-unasked", SEVERITY_WARNING,
	  "Responders are to be verified, and nobody asks them",
	  "verify names responders, and there are no vantages.",
	  "Wrong answers raise no alarm.",
	  "Write vantages:, or remove verify.",
	  "verify: {responders: {dns-a: 192.0.2.53}}" },
};
/* clang-format on */

const struct code_part code_clients = { rows, sizeof(rows) / sizeof(rows[0]) };
