/* SPDX-License-Identifier: Apache-2.0 */
/* code_checks -- how endpoints are probed: see code.h. */
#include "policy/language/code.h"

/* clang-format off */
static const struct code_row rows[] = {
	{ CODE_CHECK_WILDCARD, "check-wildcard", SEVERITY_ERROR,
	  "A wildcard has a check that asks for the name of the service",
	  "The service is a wildcard such as *.apps, which is no name that "
	  "can be asked for.",
	  "Each probe would fail.",
	  "Write what the check is to ask for, as host: there.",
	  "checks: {web: {type: https}}\n"
	  "services: {\"*.apps\": {steer: geo, check: web}}" },
	{ CODE_CHECK_UNUSED, "check-unused", SEVERITY_WARNING,
	  "A check is used by no service",
	  "No service names it.",
	  "It probes nothing; often a service that should use it has none and "
	  "is unmonitored.",
	  "Write check: at the service that it is for, or remove it.",
	  "checks: {web: {type: http}}\n"
	  "services: {www: {steer: geo}}" },
	{ CODE_WINDOW_SHORT, "window-short", SEVERITY_WARNING,
	  "A breaker window never fills",
	  "window_time is shorter than it takes to probe as often as window "
	  "says.",
	  "Rates of failure and slowness are hardly ever judged, so only "
	  "failures in a row open the breaker.",
	  "Raise window_time, or lower window.",
	  "checks:\n"
	  "  web: {type: http, interval: 5s, breaker: {window: 20, window_time: 10s}}" },
	{ CODE_SLOW_NEVER, "slow-never", SEVERITY_WARNING,
	  "No answer can be slow",
	  "slow is not below the timeout of the check.",
	  "An answer that late is a failure already, so slowness is never "
	  "seen.",
	  "Lower slow.",
	  "checks: {web: {type: http, timeout: 1s, breaker: {slow: 2s}}}" },
	{ CODE_EXPRESSION_WRONG, "expression-wrong", SEVERITY_ERROR,
	  "A combination of checks cannot be understood, or is too large",
	  "It needs one of all, any, or at_least and of; at_least must not "
	  "exceed the list; eight checks and three lists in each other are "
	  "the most.",
	  "Whether an endpoint is up would have no answer.",
	  "Write it as {all: [web, db]} or {at_least: 2, of: [a, b, c]}, and "
	  "flatter.",
	  "check: {at_least: 3, of: [web, db]}" },
	{ CODE_EXPRESSION_PLAIN, "expression-plain", SEVERITY_WARNING,
	  "A combination of checks can be said more simply",
	  "A list of one is that one, at_least 1 is any, and at_least of all "
	  "is all.",
	  "Who reads it looks for a difference that is not there.",
	  "Write the simpler form.",
	  "check: {at_least: 2, of: [web, db]}   # all: [web, db]" },
	{ CODE_EXPRESSION_SHADOW, "expression-shadow", SEVERITY_WARNING,
	  "A check of a combination is in shadow",
	  "A check in shadow is measured and never counted, so the "
	  "combination goes by the others.",
	  "Less is needed for up or down than the combination seems to say.",
	  "End the shadow when the check is trusted, or take it out of the "
	  "combination.",
	  "checks: {db: {type: tcp, port: 5432, shadow: true}}\n"
	  "services: {www: {check: {all: [web, db]}}}" },
	{ CODE_EXPRESSION_IDLE, "expression-idle", SEVERITY_WARNING,
	  "A check of a combination makes no difference",
	  "Whatever it says, the others decide.",
	  "What it was written to guard is not guarded.",
	  "Leave it out, or correct the combination.",
	  "check: {any: [web, {all: [web, db]}]}   # db decides nothing" },
	{ CODE_EXPRESSION_TWIN, "expression-twin", SEVERITY_WARNING,
	  "Two checks of a combination ask the same",
	  "They speak the same to the same port.",
	  "They fail together, so two of them are no more certain than one.",
	  "Use one, or let one ask something else.",
	  "checks: {a: {type: tcp, port: 443}, b: {type: tcp, port: 443}}\n"
	  "services: {www: {check: {any: [a, b]}}}" },
	{ CODE_EXPRESSION_QUORUM, "expression-quorum", SEVERITY_WARNING,
	  "Checks of a combination have different quorums",
	  "The combination is voted on as a whole, with the largest quorum of "
	  "its checks.",
	  "The smaller quorum has no effect here.",
	  "Give them the same quorum.",
	  "checks:\n"
	  "  web: {type: http, quorum: 2}\n"
	  "  db: {type: tcp, port: 5432, quorum: 3}" },
	{ CODE_EXPRESSION_PORT, "expression-port", SEVERITY_WARNING,
	  "The port of an endpoint is probed by checks of different ports",
	  "An endpoint that states a port has it in place of the port of each "
	  "check.",
	  "Every check of the combination asks the same port, which cannot be "
	  "what several ports mean.",
	  "Remove port: from the endpoint.",
	  "endpoints: {us: {A: 192.0.2.1, port: 8443}}" },
	{ CODE_ADDRESSES_UNPROBED, "addresses-unprobed", SEVERITY_WARNING,
	  "An endpoint has addresses that no check probes",
	  "A check probes the first address of an endpoint unless it says "
	  "otherwise: the first of IPv4, or else of IPv6.",
	  "Clients get the other addresses, too; when one of them is dead, "
	  "nobody notices.",
	  "Write addresses: all, and the endpoint is up when each address is; "
	  "any, and it is when one is; or first, when they all lead to the "
	  "same machine by the same way.",
	  "checks: {web: {type: https}}\n"
	  "services:\n"
	  "  www: {check: web, endpoints: {us: {A: [192.0.2.1, 192.0.2.2]}}}" },
};
/* clang-format on */

const struct code_part code_checks = { rows, sizeof(rows) / sizeof(rows[0]) };
