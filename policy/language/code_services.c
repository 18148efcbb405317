/* SPDX-License-Identifier: Apache-2.0 */
/* code_services -- names that are steered, and where they lead: see code.h. */
#include "policy/language/code.h"

/* clang-format off */
static const struct code_row rows[] = {
	{ CODE_SERVICE_NAME, "service-name", SEVERITY_ERROR,
	  "The name of a service cannot be served",
	  "It repeats the name of its zone, is in none of the zones, is "
	  "relative while there is no zone, is too long, or is the same name "
	  "as another service.",
	  "Nobody could ask for it, or two services would answer.",
	  "Write it relative to zone, as www; or whole with a final dot, "
	  "below one of the zones.",
	  "zone: {name: gslb.example.com}\n"
	  "services: {www.gslb.example.com: {steer: geo}}" },
	{ CODE_SERVICE_WEIGHTLESS, "service-weightless", SEVERITY_ERROR,
	  "Every endpoint of a service has weight 0",
	  "Weight 0 gives an endpoint no clients.",
	  "The service would have no answer.",
	  "Give one of them a weight.",
	  "endpoints: {us: {A: 192.0.2.1, weight: 0}}" },
	{ CODE_SERVICE_SHADOW, "service-shadow", SEVERITY_WARNING,
	  "A service is unmonitored because its check is in shadow",
	  "A check in shadow is measured and never counted.",
	  "Clients stay at endpoints that have failed. A shadow is meant for "
	  "a while, and easily forgotten.",
	  "End the shadow when the check is trusted.",
	  "checks: {web: {type: http, shadow: true}}\n"
	  "services: {www: {steer: geo, check: web}}" },
	{ CODE_ENDPOINT_NOWHERE, "endpoint-nowhere", SEVERITY_ERROR,
	  "An endpoint is in no region",
	  "It has no key region, and no region has its name.",
	  "Where it is decides residency, distance and capacity.",
	  "Write region:, or give it the name of its region.",
	  "endpoints: {primary: {A: 192.0.2.1}}" },
	{ CODE_ENDPOINT_ADDRESS, "endpoint-address", SEVERITY_ERROR,
	  "An endpoint has no address",
	  "It has neither A, AAAA nor CNAME; or it is the canary of one that "
	  "has an address of a family that it lacks.",
	  "Clients who are sent there would get nothing.",
	  "Write the address.",
	  "endpoints: {us: {weight: 2}}" },
	{ CODE_ENDPOINT_MIXED, "endpoint-mixed", SEVERITY_ERROR,
	  "Addresses and CNAMEs are mixed",
	  "An endpoint, or the endpoints of one service, have addresses and "
	  "CNAMEs.",
	  "A CNAME stands alone at a name (RFC 1034, 3.6.2), so some clients "
	  "would get one and others the other, and resolvers keep whichever "
	  "came first.",
	  "Let all of a service be alike.",
	  "endpoints: {us: {A: 192.0.2.1}, eu: {CNAME: www.example.net}}" },
	{ CODE_ENDPOINT_FAMILY, "endpoint-family", SEVERITY_WARNING,
	  "An endpoint lacks an address of a family that others have",
	  "Others of the service have A or AAAA, and this one has not.",
	  "Clients of that family get the address of another endpoint, "
	  "farther away perhaps, or none.",
	  "Write the address, or accept it with the reason.",
	  "endpoints: {us: {A: 192.0.2.1, AAAA: \"2001:db8::1\"}, eu: {A: 192.0.2.2}}" },
	{ CODE_ENDPOINT_UNREACHABLE, "endpoint-unreachable", SEVERITY_WARNING,
	  "No client can ever get an endpoint",
	  "Every class of clients is bound by residency to other regions, "
	  "whatever fails.",
	  "It costs money and takes nobody, and whoever counts on it as a "
	  "reserve is wrong.",
	  "Widen the rule, or remove the endpoint.",
	  "residency: {gdpr: {clients: all, within: gdpr}}   # and an endpoint in us" },
	{ CODE_ALIAS_RULES, "alias-rules", SEVERITY_ERROR,
	  "CNAME endpoints break a rule of DNS",
	  "The zone itself cannot be a CNAME, a CNAME cannot lead to itself, "
	  "and beside one there are no other records (RFC 1034, 3.6.2).",
	  "Resolvers refuse such answers.",
	  "Use addresses, or remove what stands beside the CNAME.",
	  "services: {\"@\": {steer: geo, endpoints: {us: {CNAME: www.example.net}}}}" },
	{ CODE_ALIAS_RING, "alias-ring", SEVERITY_WARNING,
	  "CNAMEs can lead round and round",
	  "An endpoint leads to a name that, over others, can lead back.",
	  "A client who meets that combination gets no address.",
	  "Let one of them lead elsewhere.",
	  "services:\n"
	  "  a: {steer: geo, endpoints: {us: {CNAME: b.gslb.example.com}}}\n"
	  "  b: {steer: geo, endpoints: {us: {CNAME: a.gslb.example.com}}}" },
	{ CODE_ANSWERS_SIGNED, "answers-signed", SEVERITY_ERROR,
	  "A signed service has too many different answers",
	  "Each set of endpoints that can be answered together is signed when "
	  "the policy is loaded.",
	  "Signing all of them would take too long and too much memory.",
	  "Lower answers, as the message says.",
	  "services: {www: {answers: 8}}   # of twenty endpoints, in a signed zone" },
	{ CODE_SCHEDULE_GAP, "schedule-gap", SEVERITY_ERROR,
	  "A scheduled service has times at which nothing is open",
	  "Every endpoint has open, and at some time of the next two years "
	  "none of these windows is.",
	  "Clients would be sent to whatever is closed, in the order written, "
	  "and nobody said so.",
	  "Widen a window, or leave open out at one endpoint: it takes "
	  "clients then.",
	  "endpoints: {dublin: {A: 192.0.2.1, open: dublin-office}}" },
	{ CODE_SCHEDULE_EMPTY, "schedule-empty", SEVERITY_ERROR,
	  "A scheduled service has no schedule",
	  "It is steered by schedule and none of its endpoints has open.",
	  "The clock would decide nothing.",
	  "Write open: at an endpoint, or steer it otherwise.",
	  "services: {www: {steer: schedule, endpoints: {us: {A: 192.0.2.1}}}}" },
	{ CODE_WINDOW_UNUSED, "window-unused", SEVERITY_WARNING,
	  "A window is used by no service",
	  "No open and no failback names it.",
	  "It has no effect; often a service that should use it names another.",
	  "Use it, or remove it.",
	  "windows: {nights: {zone: Europe/Dublin, hours: 20:00-06:00}}" },
	{ CODE_FAILOVER_LATE, "failover-late", SEVERITY_WARNING,
	  "A service cannot fail over within the goal",
	  "Until probes open the breaker and answers with the TTL have run "
	  "out takes longer than safety.failover_goal.",
	  "Clients are kept at a dead endpoint for longer than was promised.",
	  "Lower ttl.steady, probe more often, or with a shorter timeout.",
	  "safety: {failover_goal: 30s}\n"
	  "services: {www: {ttl: {steady: 60s}}}" },
	{ CODE_CAPACITY_LOSS, "capacity-loss", SEVERITY_WARNING,
	  "Endpoints cannot carry what they would get",
	  "With all well, or with the worst single region lost, an endpoint "
	  "would get more of the demand of its service than its region can "
	  "carry.",
	  "The loss of one region takes the next one with it.",
	  "Add capacity, or let weights and rules spread the demand as the "
	  "message says.",
	  "regions: {us: {capacity: 1000}, eu: {capacity: 1000}}\n"
	  "services: {www: {demand: 1500}}" },
	{ CODE_SPILL_IMPOSSIBLE, "spill-impossible", SEVERITY_ERROR,
	  "A service cannot spill by capacity",
	  "No region states a capacity, or an answer has several endpoints.",
	  "There would be nothing to hold the demand against; and who gets "
	  "several addresses goes to whichever he likes.",
	  "State capacities and write answers: 1, or write spill: none.",
	  "services: {www: {steer: geo, spill: capacity, answers: 2}}" },
	{ CODE_RAMP_SHORT, "ramp-short", SEVERITY_WARNING,
	  "A ramp is shorter than five TTLs",
	  "After an outage clients are to come back over less than five times "
	  "ttl.changing, and resolvers keep each answer for that long.",
	  "Caches smear the steps into each other: the endpoint gets its "
	  "clients in a rush and not bit by bit, and nobody sees between two "
	  "steps whether it bears them.",
	  "Write a longer failback.ramp or leave it out, lower ttl.changing, "
	  "or write ramp: 0s when all may come at once.",
	  "services: {www: {ttl: {changing: 30s}, failback: {ramp: 1m}}}" },
};
/* clang-format on */

const struct code_part code_services = { rows, sizeof(rows) / sizeof(rows[0]) };
