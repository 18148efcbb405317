/* SPDX-License-Identifier: Apache-2.0 */
/* code_values -- keys of the language, and the values below them: see code.h.
 */
#include "policy/language/code.h"

/* clang-format off */
static const struct code_row rows[] = {
	{ CODE_KEY_UNKNOWN, "key-unknown", SEVERITY_ERROR,
	  "No such key is here",
	  "The language has no key of this name at this place.",
	  "A key that is not read has no effect, and a misspelt safety rule "
	  "guards nothing.",
	  "Take the key that is suggested; windrose-policy(5) lists them all.",
	  "safety: {max_overide: 2h}" },
	{ CODE_KEY_MISSING, "key-missing", SEVERITY_ERROR,
	  "A key is missing",
	  "Without this key what stands around it has no meaning.",
	  "To guess it would decide where clients go without anybody having "
	  "said so.",
	  "Write it; the message says what it looks like.",
	  "checks:\n"
	  "  database: {type: tcp}   # which port?" },
	{ CODE_KEY_POINTLESS, "key-pointless", SEVERITY_ERROR,
	  "A key has no effect here",
	  "It is a key of the language, and belongs to another kind of check, "
	  "steering or record than this one.",
	  "Whoever wrote it expects something that will not happen.",
	  "Remove it, or write the kind that it belongs to.",
	  "checks:\n"
	  "  database: {type: tcp, port: 5432, path: /healthz}" },
	{ CODE_KEYS_BOTH, "keys-both", SEVERITY_ERROR,
	  "Two keys exclude each other",
	  "Each of the two says the same thing in another way, and only one "
	  "can hold.",
	  "Which of the two is meant cannot be known.",
	  "Keep one of them.",
	  "tests:\n"
	  "  - {client: 192.0.2.1, clients: eea, service: www, answer: eu}" },
	{ CODE_VALUE_WRONG, "value-wrong", SEVERITY_ERROR,
	  "A value is not of the form that the key takes",
	  "The text cannot be read as what this key needs: a duration without "
	  "a unit, a list where one word belongs, an address that is none, or "
	  "nothing at all.",
	  "A value that is guessed is a decision that nobody reviewed.",
	  "Write it as the message shows.",
	  "checks:\n"
	  "  web: {type: http, interval: 5}   # 5s or 5m?" },
	{ CODE_VALUE_RANGE, "value-range", SEVERITY_ERROR,
	  "A value is outside its range",
	  "The number, duration, percentage or length is smaller or larger "
	  "than what this key takes.",
	  "Beyond the range the programs could not do what it says.",
	  "Write one inside; windrose-policy(5) has the range of each key.",
	  "safety: {max_override: 31d}" },
	{ CODE_VALUE_TWICE, "value-twice", SEVERITY_ERROR,
	  "A value is twice in one list",
	  "The same address, protocol or check stands twice in a list where "
	  "each counts once.",
	  "The second has no effect; often another was meant.",
	  "Remove one, or correct it.",
	  "endpoints: {us: {A: [192.0.2.10, 192.0.2.10]}}" },
	{ CODE_WORD_UNKNOWN, "word-unknown", SEVERITY_ERROR,
	  "A word is none of those that the key takes",
	  "This key takes one of a few words, and this is none of them.",
	  "A word that is not known means nothing.",
	  "Take the word that is suggested.",
	  "services: {www: {steer: latancy}}" },
	{ CODE_NAME_WRONG, "name-wrong", SEVERITY_ERROR,
	  "A name cannot be used",
	  "Names are of a-z, 0-9 and - inside, and at most 63 octets long, so "
	  "that each can be a part of a domain name; a zone is a domain name.",
	  "Names stand in metrics, commands and DNS, and have to mean the "
	  "same there.",
	  "Rename it.",
	  "regions: {US_East: {location: [38.95, -77.45]}}" },
	{ CODE_NAME_UNKNOWN, "name-unknown", SEVERITY_ERROR,
	  "Nothing of this name is defined",
	  "Something is referred to by a name that nothing has.",
	  "The reference decides nothing then: a residency rule for a "
	  "misspelt client set binds nobody.",
	  "Take the name that is suggested, or define it.",
	  "residency: {gdpr: {clients: eea-ku, within: gdpr}}" },
	{ CODE_CLIENT_TERM, "client-term", SEVERITY_ERROR,
	  "This says nothing about clients",
	  "It is no country, subdivision, network, autonomous system, "
	  "continent, or set that is defined. A network is written with its "
	  "first address: 198.51.100.0/24.",
	  "A set with a term that is not understood has other clients than "
	  "its author thinks.",
	  "Write a code of ISO 3166 in capitals, as GB or US-CA; a network; "
	  "AS64500; or the name of a set.",
	  "clients: {british: [UK]}   # the code is GB" },
	{ CODE_TOO_MANY, "too-many", SEVERITY_ERROR,
	  "There are too many of these",
	  "Everything has a bound, so that the programs keep their promises "
	  "of memory and time, and so that sets fit a machine word.",
	  "What is beyond the bound would not be served.",
	  "Use fewer; LIMITS in windrose-policy(5) lists the bounds.",
	  "endpoints: {us: {A: [192.0.2.1, 192.0.2.2, ...]}}   # more than 16" },
	{ CODE_TIMES_ORDER, "times-order", SEVERITY_ERROR,
	  "Two durations are in the wrong order",
	  "One of two durations has to be shorter than the other, as a "
	  "timeout than the interval between probes; one of them may be a "
	  "default.",
	  "Probes would overlap, or signatures run out before they are "
	  "renewed.",
	  "Change one of the two that the message names.",
	  "checks: {web: {type: http, interval: 2s, timeout: 5s}}" },
};
/* clang-format on */

const struct code_part code_values = { rows, sizeof(rows) / sizeof(rows[0]) };
