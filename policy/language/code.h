/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code -- the kinds of findings: a number that stays, a name, how severe one
 * is, and a page that explains it.
 *
 * A finding is printed with the code of its kind behind it, as [WR0402];
 * windrose help WR0402 prints the page.  A policy says by code which kinds are
 * how severe, and which findings it accepts.  Numbers are never used again for
 * something else: the hundreds are a subject each, and what is new gets the
 * next that was never used.  Each kind has one row, below its subject in
 * code_*.c, and a file in tests/data/policy that has it (tests/lint/codes.sh).
 * Pure.
 */
#ifndef POLICY_LANGUAGE_CODE_H
#define POLICY_LANGUAGE_CODE_H

#include "policy/base/error.h"

#include <stddef.h>

enum code {
	/* Reading. */
	CODE_MEMORY = 101,
	CODE_FILE_UNREADABLE = 102,
	CODE_FOLDER_EMPTY = 103,
	CODE_FILE_IGNORED = 104,
	/* YAML. */
	CODE_YAML_SYNTAX = 201,
	CODE_YAML_TAB = 202,
	CODE_YAML_ENCODING = 203,
	CODE_YAML_NUL = 204,
	CODE_YAML_ANCHOR = 205,
	CODE_YAML_TAG = 206,
	CODE_YAML_DOCUMENTS = 207,
	CODE_YAML_DEPTH = 208,
	CODE_YAML_SIZE = 209,
	CODE_YAML_KEY = 210,
	CODE_KEY_TWICE = 211,
	/* Keys and values. */
	CODE_KEY_UNKNOWN = 301,
	CODE_KEY_MISSING = 302,
	CODE_KEY_POINTLESS = 303,
	CODE_KEYS_BOTH = 304,
	CODE_VALUE_WRONG = 305,
	CODE_VALUE_RANGE = 306,
	CODE_VALUE_TWICE = 307,
	CODE_WORD_UNKNOWN = 308,
	CODE_NAME_WRONG = 309,
	CODE_NAME_UNKNOWN = 310,
	CODE_CLIENT_TERM = 311,
	CODE_TOO_MANY = 312,
	CODE_TIMES_ORDER = 313,
	/* Clients, regions and residency. */
	CODE_SET_RESERVED = 401,
	CODE_SET_CIRCLE = 402,
	CODE_SET_UNUSED = 403,
	CODE_REGION_LAWLESS = 404,
	CODE_REGION_UNUSED = 405,
	CODE_RESIDENCY_EMPTY = 406,
	CODE_RESIDENCY_CLASH = 407,
	CODE_RESIDENCY_IDLE = 408,
	CODE_JURISDICTION_SINGLE = 409,
	/* Vantages. */
	CODE_VANTAGES_MISSING = 501,
	CODE_VANTAGES_MUTE = 502,
	CODE_ANCHOR_ALONE = 503,
	CODE_QUORUM_ALL = 504,
	CODE_VERIFY_UNASKED = 505,
	/* Checks. */
	CODE_CHECK_WILDCARD = 601,
	CODE_CHECK_UNUSED = 602,
	CODE_WINDOW_SHORT = 603,
	CODE_SLOW_NEVER = 604,
	CODE_EXPRESSION_WRONG = 605,
	CODE_EXPRESSION_PLAIN = 606,
	CODE_EXPRESSION_SHADOW = 607,
	CODE_EXPRESSION_IDLE = 608,
	CODE_EXPRESSION_TWIN = 609,
	CODE_EXPRESSION_QUORUM = 610,
	CODE_EXPRESSION_PORT = 611,
	CODE_ADDRESSES_UNPROBED = 612,
	/* Services. */
	CODE_SERVICE_NAME = 701,
	CODE_SERVICE_WEIGHTLESS = 702,
	CODE_SERVICE_SHADOW = 703,
	CODE_ENDPOINT_NOWHERE = 704,
	CODE_ENDPOINT_ADDRESS = 705,
	CODE_ENDPOINT_MIXED = 706,
	CODE_ENDPOINT_FAMILY = 707,
	CODE_ENDPOINT_UNREACHABLE = 708,
	CODE_ALIAS_RULES = 709,
	CODE_ALIAS_RING = 710,
	CODE_ANSWERS_SIGNED = 711,
	CODE_SCHEDULE_GAP = 712,
	CODE_SCHEDULE_EMPTY = 713,
	CODE_WINDOW_UNUSED = 714,
	CODE_FAILOVER_LATE = 715,
	CODE_CAPACITY_LOSS = 716,
	CODE_SPILL_IMPOSSIBLE = 717,
	CODE_RAMP_SHORT = 718,
	/* Canaries. */
	CODE_CANARY_ENDPOINT = 801,
	CODE_CANARY_STAGE = 802,
	CODE_CANARY_QUERY = 803,
	CODE_CANARY_UNGUARDED = 804,
	/* Safety, tests and the review itself. */
	CODE_SAFETY_IMPOSSIBLE = 901,
	CODE_BUDGET_ORDER = 902,
	CODE_TEST_UNNOTICED = 903,
	CODE_ACCEPTED_STALE = 904,
	CODE_SEVERITY_FIXED = 905,
	/* Zones and master files. */
	CODE_ZONE_NAMESERVERS = 1001,
	CODE_ZONE_HIDDEN = 1002,
	CODE_DNSSEC_REFRESH = 1003,
	CODE_RECORD_SYNTAX = 1004,
	CODE_RECORD_INCLUDE = 1005,
	CODE_RECORD_OUTSIDE = 1006,
	CODE_RECORD_TWICE = 1007,
	CODE_RECORD_RULES = 1008,
	CODE_RECORD_SERVICE = 1009,
	CODE_RECORD_TTL = 1010,
	CODE_RECORD_TARGET = 1011,
	CODE_RECORD_RING = 1012,
	/* Geo. */
	CODE_GEO_DATABASE = 1101,
	CODE_GEO_MISSING = 1102,
	CODE_GEO_FAMILY = 1103,
	CODE_GEO_IDLE = 1104,
	CODE_GEO_CACHE = 1105,
	CODE_GEO_CLASSES = 1106,
	CODE_GEO_NETWORKS = 1107,
	/* Keys of signed zones. */
	CODE_KEY_FILE = 1201,
	CODE_KEYS_ELSEWHERE = 1202,
	CODE_KEYS_MISSING = 1203,
	CODE_KEYS_MANY = 1204,
	CODE_KEYS_OPEN = 1205,
	CODE_KEYS_KSK = 1206,
	CODE_KEYS_MUTE = 1207,
	CODE_KEYS_ROLL = 1208,
	/* A running responder, beyond what a review sees. */
	CODE_RESPONDER_REFUSED = 1301,
};

enum { CODE_TEXT_SIZE = 8 }; /* "WR0402" */

struct code_row {
	enum code code;
	const char *name; /* words of a-z with - between them */
	enum severity severity;
	const char *line;    /* what it is, in one line, without a full stop */
	const char *means;   /* sentences, as are the next two */
	const char *matters; /* why */
	const char *mend;
	const char *example; /* lines of a policy that has it */
};

struct code_part {
	const struct code_row *rows;
	size_t count;
};

/* code_*.c: in the order of their numbers. */
extern const struct code_part code_input, code_values, code_clients,
	code_checks, code_services, code_canaries, code_records, code_geo;

/* All of them, by number: row i; NULL when there are no more. */
const struct code_row *code_row_at(size_t i);

/* NULL: no kind has that number. */
const struct code_row *code_row_of(unsigned code);

/* The row of a text like "WR0402", in capitals or not; else NULL. */
const struct code_row *code_row_find(const char *text);

/* "WR0402", into buf, which is returned. */
const char *code_text(unsigned code, char buf[CODE_TEXT_SIZE]);

#endif
