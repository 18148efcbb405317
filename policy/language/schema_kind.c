/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h's kinds, in words. */
#include "policy/language/schema.h"

#include <assert.h>

static const char *const kind_texts[] = {
	[SCHEMA_MAP] = "a map of keys",
	[SCHEMA_NAMED] = "a map of names",
	[SCHEMA_ITEMS] = "a list",
	[SCHEMA_TERMS] = "a map of names",
	[SCHEMA_TEXT] = "a text that is not empty",
	[SCHEMA_PATH] = "a path like /healthz",
	[SCHEMA_FILE] = "a file name",
	[SCHEMA_FILES] = "a file name or a list of them",
	[SCHEMA_HOST] = "a host name like www.example.com",
	[SCHEMA_DOMAIN] = "a domain name like gslb.example.com",
	[SCHEMA_DOMAINS] =
		"a domain name like ns.example.net or a list of them",
	[SCHEMA_MAILBOX] = "a mailbox like hostmaster@example.com",
	[SCHEMA_NUMBER] = "a decimal number like 12.5",
	[SCHEMA_WHOLE] = "a whole number",
	[SCHEMA_PORT] = "a port number",
	[SCHEMA_PERCENT] = "a whole percentage like 5%",
	[SCHEMA_PERCENTS] = "a list of rising percentages like [1, 10, 100]",
	[SCHEMA_SECONDS] = "a duration of whole seconds like 30s, 5m or 2h",
	[SCHEMA_MILLIS] = "a whole number and a unit like 250ms, 30s, 5m or 2h",
	[SCHEMA_WAY] = "a whole number and a unit like 15ms",
	[SCHEMA_BITS] = "a prefix length like /24",
	[SCHEMA_STATUS] = "a range like 200-299 or a list of them",
	[SCHEMA_LINE] = "a text of one line in ASCII",
	[SCHEMA_URL] = "a URL like http://prometheus:9090",
	[SCHEMA_QUERY] = "a query of Prometheus with $arm in it",
	[SCHEMA_VECTOR] =
		("a query of Prometheus for counters with the labels service "
		 "and endpoint"),
	[SCHEMA_QTYPE] = "a record type like A or SOA",
	[SCHEMA_PROGRAM] = "the name of a program like check_mail",
	[SCHEMA_TEXTS] = "a text or a list of them",
	[SCHEMA_FIELD] = "the name of a header field like X-Probe",
	[SCHEMA_FIELDS] = "a map of header fields like {X-Probe: \"yes\"}",
	[SCHEMA_LOCATION] = "[latitude, longitude] in degrees",
	[SCHEMA_WORD] = "a word",
	[SCHEMA_FLAG] = "a word",
	[SCHEMA_ASN] = "an autonomous system like AS64500",
	[SCHEMA_ADDR] = "an address like 192.0.2.1 or 2001:db8::1",
	[SCHEMA_V4] = "an IPv4 address like 192.0.2.10",
	[SCHEMA_V6] = "an IPv6 address like \"2001:db8::10\"",
	[SCHEMA_TARGET] =
		"a domain name like svc.example.net, or \".\" for this name",
	[SCHEMA_ALPN] = "a protocol like h2 or a list of them",
	[SCHEMA_ECH] = "an ECHConfigList in base64",
	[SCHEMA_TIMEZONE] = "a time zone like Europe/Dublin",
	[SCHEMA_DAYS] = "days like mon-fri, or a list of them",
	[SCHEMA_HOURS] = "hours like 08:00-18:00, or a list of them",
	[SCHEMA_INSTANT] = "an instant like 2026-07-06T09:30Z",
	[SCHEMA_ANCHORS] =
		("HOST:PORT like 192.0.2.1:53 or ns.example.net:443, or a list "
		 "of them"),
	[SCHEMA_RESPONDERS] =
		"a map of node names and addresses like {dns-a: 192.0.2.53}",
	[SCHEMA_CODE] = "the code of a warning like WR0409",
	[SCHEMA_SEVERITIES] =
		("a map of codes like {WR0409: ignore}; error, warning or "
		 "ignore"),
	[SCHEMA_SET] = "the name of a client set",
	[SCHEMA_HEALTH] =
		"the name of a check, or several like {all: [web, db]}",
	[SCHEMA_CHECKS] = "a list of checks",
	[SCHEMA_SERVICE] = "the name of a service",
	[SCHEMA_REGION] = "the name of a region",
	[SCHEMA_REGIONS] = "the name of a region or a list of them",
	[SCHEMA_JURISDICTIONS] = "a jurisdiction or a list of them",
	[SCHEMA_NEW_JURISDICTIONS] = "a jurisdiction or a list of them",
	[SCHEMA_WINDOWS] = "the name of a window or a list of them",
	[SCHEMA_ENDPOINTS] = "the name of an endpoint or a list of them",
	[SCHEMA_ORDER] = "an order like drain:eu-west",
	[SCHEMA_STEP] = "the step of a canary like www-v2:1.3",
};

static_assert(sizeof(kind_texts) / sizeof(kind_texts[0]) == SCHEMA_STEP + 1,
	      "a text a kind");

const char *schema_kind_text(enum schema_kind kind)
{
	return kind_texts[kind];
}
