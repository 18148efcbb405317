/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/schema.h"

#include "policy/base/nearest.h"
#include "policy/language/expression.h"
#include "policy/language/policy.h"
#include "policy/language/window.h"

#include <assert.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define DAY (24.0 * HOUR)

static const char *const cds_words[] = { "auto", "none", "delete", NULL };
static const char *const check_words[] = { "http", "https",    "tcp",
					   "dns",  "external", NULL };
static const char *const addresses_words[] = { "first", "all", "any", NULL };
static const char *const http_words[] = { "1.1", "2", NULL };
static const char *const connection_words[] = { "fresh", "kept", NULL };
static const char *const vote_words[] = { "yes", "veto", "no", NULL };
static const char *const verify_words[] = { "false", "true", NULL };
static const char *const unknown_words[] = { "excluded", "included", NULL };
static const char *const none_words[] = { "serve-unhealthy", "no-answer",
					  NULL };
static const char *const steer_words[] = { "latency",  "geo",  "weighted",
					   "failover", "cost", "schedule",
					   NULL };
static const char *const sticky_words[] = { "client", "none", NULL };
static const char *const demand_from_words[] = { "counted", "policy", NULL };
static const char *const spill_words[] = { "none", "capacity", NULL };
static const char *const panic_words[] = { "last-good", "all", "fallback",
					   "no-answer", NULL };
static const char *const failback_words[] = { "auto", "manual", "window",
					      NULL };

/* clang-format off */
#define DNSSEC(field) offsetof(struct policy_zone, dnssec.field)
static const struct schema_row dnssec_rows[] = {
	{ "keys", SCHEMA_FILE, true, DNSSEC(keys),
	  0, 0, NULL, NULL, NULL, "directory with the zone's key files" },
	{ "validity", SCHEMA_SECONDS, false, DNSSEC(validity_s),
	  1 * MINUTE, 365 * DAY, "14d", NULL, NULL, "how long a signature is valid" },
	{ "refresh", SCHEMA_SECONDS, false, DNSSEC(refresh_s),
	  30 * SECOND, 182 * DAY, NULL, NULL, NULL, "a signature is renewed when less is left; half of validity if not given" },
	{ "cds", SCHEMA_WORD, false, DNSSEC(cds),
	  0, 0, "auto", cds_words, NULL, "what CDS and CDNSKEY records ask the parent for" },
};
static const struct schema dnssec = { dnssec_rows, COUNT(dnssec_rows) };

static const struct schema_row zone_rows[] = {
	{ "name", SCHEMA_DOMAIN, true, offsetof(struct policy_zone, name),
	  0, 0, NULL, NULL, NULL, "the zone that is delegated to the responders" },
	{ "nameservers", SCHEMA_DOMAINS, false, offsetof(struct policy_zone, nameservers),
	  1, 16, NULL, NULL, NULL, "names for the NS RRset at the apex" },
	{ "contact", SCHEMA_MAILBOX, false, offsetof(struct policy_zone, contact),
	  0, 0, NULL, NULL, NULL, "mailbox of the person responsible, for the SOA" },
	{ "negative_ttl", SCHEMA_SECONDS, false, offsetof(struct policy_zone, negative_ttl_s),
	  1 * SECOND, DAY, "30s", NULL, NULL, "how long resolvers keep that a name is not there" },
	{ "ttl", SCHEMA_SECONDS, false, offsetof(struct policy_zone, ttl_s),
	  1 * SECOND, 7 * DAY, "1h", NULL, NULL, "TTL of generated NS records and of records without one" },
	{ "records", SCHEMA_FILE, false, SIZE_MAX,
	  0, 0, NULL, NULL, NULL, "master file with the static records" },
	{ "dnssec", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &dnssec, "how the zone is signed; without it, it is not" },
};
static const struct schema zone = { zone_rows, COUNT(zone_rows) };
/* Below "zones" a zone has its name as its key. */
static const struct schema named_zone = { zone_rows + 1,
					  COUNT(zone_rows) - 1 };

static const struct schema_row geo_rows[] = {
	{ "databases", SCHEMA_FILES, false, offsetof(struct policy_geo, databases),
	  1, POLICY_DATABASES_MAX, NULL, NULL, NULL, "MaxMind DB files, the first wins" },
	{ "networks", SCHEMA_FILE, false, offsetof(struct policy_geo, networks),
	  0, 0, NULL, NULL, NULL, "CSV file of corrections to the databases" },
};
static const struct schema geo = { geo_rows, COUNT(geo_rows) };

static const struct schema_row region_rows[] = {
	{ "location", SCHEMA_LOCATION, true, offsetof(struct policy_region, latitude),
	  0, 0, NULL, NULL, NULL, "latitude and longitude in degrees" },
	{ "jurisdictions", SCHEMA_NEW_JURISDICTIONS, false, offsetof(struct policy_region, jurisdictions),
	  0, 0, NULL, NULL, NULL, "laws and promises that hold here, for residency" },
	{ "capacity", SCHEMA_NUMBER, false, offsetof(struct policy_region, capacity),
	  0, 1e12, "0", NULL, NULL, "requests a second it can carry; 0 is unstated" },
	{ "cost", SCHEMA_NUMBER, false, offsetof(struct policy_region, cost),
	  0, 1e12, "1", NULL, NULL, "price of a request here, in any unit" },
};
static const struct schema region = { region_rows, COUNT(region_rows) };

static const struct schema_row vantage_rows[] = {
	{ "location", SCHEMA_LOCATION, true, offsetof(struct policy_vantage, latitude),
	  0, 0, NULL, NULL, NULL, "latitude and longitude in degrees" },
	{ "anchors", SCHEMA_ANCHORS, false, offsetof(struct policy_vantage, anchors),
	  1, POLICY_ANCHORS_MAX, NULL, NULL, NULL, "what it must reach, or it mistrusts itself" },
	{ "asn", SCHEMA_ASN, false, offsetof(struct policy_vantage, asn),
	  0, 0, NULL, NULL, NULL, "its network; those of one network have one vote" },
	{ "vote", SCHEMA_WORD, false, offsetof(struct policy_vantage, vote),
	  0, 0, "yes", vote_words, NULL, "what its word counts on endpoints being down" },
};
static const struct schema vantage = { vantage_rows, COUNT(vantage_rows) };

static const struct schema_row window_rows[] = {
	{ "zone", SCHEMA_TIMEZONE, true, offsetof(struct policy_window, zone_name),
	  0, 0, NULL, NULL, NULL, "whose clocks are meant, by its IANA name" },
	{ "days", SCHEMA_DAYS, false, offsetof(struct policy_window, days),
	  0, 0, "mon-sun", NULL, NULL, "days on which it begins" },
	{ "hours", SCHEMA_HOURS, false, offsetof(struct policy_window, spans),
	  1, WINDOW_SPANS_MAX, "00:00-24:00", NULL, NULL, "from when to when; to before from: of the next day" },
};
static const struct schema window = { window_rows, COUNT(window_rows) };

static const struct schema_row expect_rows[] = {
	{ "status", SCHEMA_STATUS, false, offsetof(struct policy_check, statuses),
	  100, 599, "200-299", NULL, NULL, "http, https: status codes that pass" },
	{ "body", SCHEMA_TEXT, false, offsetof(struct policy_check, body),
	  0, 0, NULL, NULL, NULL, "http, https, tcp: text that the answer must contain" },
	{ "rcode", SCHEMA_WORD, false, offsetof(struct policy_check, rcode),
	  0, 0, "NOERROR", policy_rcodes, NULL, "dns: RCODE of the answer" },
	{ "rdata", SCHEMA_LINE, false, offsetof(struct policy_check, rdata),
	  0, 0, NULL, NULL, NULL, "dns: what a record of the answer must say" },
};
static const struct schema expect = { expect_rows, COUNT(expect_rows) };

static const struct schema_row query_rows[] = {
	{ "name", SCHEMA_DOMAIN, false, offsetof(struct policy_check, query_name),
	  0, 0, NULL, NULL, NULL, "QNAME; else the service's name" },
	{ "type", SCHEMA_QTYPE, true, offsetof(struct policy_check, query_type),
	  0, 0, NULL, NULL, NULL, "QTYPE" },
};
static const struct schema query = { query_rows, COUNT(query_rows) };

#define BREAKER(field) offsetof(struct policy_check, breaker.field)
static const struct schema_row damping_rows[] = {
	{ "openings", SCHEMA_WHOLE, false, BREAKER(damp_openings),
	  0, 64, "5", NULL, NULL, "openings in quick succession that damp it; 0: none do" },
	{ "half_life", SCHEMA_MILLIS, false, BREAKER(half_life_ms),
	  1 * SECOND, DAY, "10m", NULL, NULL, "time in which half of them are forgiven" },
};
static const struct schema damping = { damping_rows, COUNT(damping_rows) };

static const struct schema_row breaker_rows[] = {
	{ "window", SCHEMA_WHOLE, false, BREAKER(window),
	  1, 64, "20", NULL, NULL, "outcomes that the rates are taken over" },
	{ "window_time", SCHEMA_MILLIS, false, BREAKER(window_ms),
	  1 * SECOND, DAY, "60s", NULL, NULL, "outcomes older than this do not count" },
	{ "failure_rate", SCHEMA_PERCENT, false, BREAKER(failure_rate_pct),
	  1, 100, "50%", NULL, NULL, "share of failures in the window that opens it" },
	{ "consecutive", SCHEMA_WHOLE, false, BREAKER(consecutive),
	  1, 64, "3", NULL, NULL, "failures in a row that open it" },
	{ "slow", SCHEMA_MILLIS, false, BREAKER(slow_ms),
	  0, HOUR, "0s", NULL, NULL, "an answer later than this is slow; 0s: none is" },
	{ "slow_rate", SCHEMA_PERCENT, false, BREAKER(slow_rate_pct),
	  1, 100, "80%", NULL, NULL, "share of slow answers in the window that opens it" },
	{ "open_for", SCHEMA_MILLIS, false, BREAKER(open_for_ms),
	  100, DAY, "10s", NULL, NULL, "how long the endpoint is left alone at first" },
	{ "max_open_for", SCHEMA_MILLIS, false, BREAKER(max_open_for_ms),
	  100, DAY, "5m", NULL, NULL, "how long at most, after repeated failures" },
	{ "half_open_probes", SCHEMA_WHOLE, false, BREAKER(half_open_probes),
	  1, 64, "3", NULL, NULL, "passes in a row that close it" },
	{ "damping", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &damping, "when one that flaps is kept out" },
};
static const struct schema breaker = { breaker_rows, COUNT(breaker_rows) };

#define PASSIVE(field) offsetof(struct policy_check, passive.field)
static const struct schema_row counting_rows[] = {
	{ "url", SCHEMA_URL, true, PASSIVE(prometheus.url),
	  0, 0, NULL, NULL, NULL, "where it is asked" },
	{ "requests", SCHEMA_VECTOR, true, PASSIVE(prometheus.requests),
	  0, 0, NULL, NULL, NULL, "query for counters of all requests" },
	{ "errors", SCHEMA_VECTOR, true, PASSIVE(prometheus.errors),
	  0, 0, NULL, NULL, NULL, "query for counters of failed requests" },
	/* Twice that, and an answer's time, is not yet stale. */
	{ "interval", SCHEMA_MILLIS, false, PASSIVE(prometheus.interval_ms),
	  SECOND, 4 * SECOND, "2s", NULL, NULL, "from one question to the next" },
	{ "timeout", SCHEMA_MILLIS, false, PASSIVE(prometheus.timeout_ms),
	  100, 4 * SECOND, "1s", NULL, NULL, "after which there is no answer" },
};
static const struct schema counting = { counting_rows, COUNT(counting_rows) };

static const struct schema_row passive_rows[] = {
	{ "weight", SCHEMA_WHOLE, false, PASSIVE(weight),
	  1, 64, "5", NULL, NULL, "outcomes of the window that a second of users counts as" },
	{ "min_requests", SCHEMA_WHOLE, false, PASSIVE(min_requests),
	  1, 1000000, "20", NULL, NULL, "requests that an edge must have seen to judge" },
	{ "failure_rate", SCHEMA_PERCENT, false, PASSIVE(failure_rate_pct),
	  1, 100, "50%", NULL, NULL, "share of failed requests from which users failed" },
	{ "edges", SCHEMA_WHOLE, false, PASSIVE(edges),
	  1, 64, "1", NULL, NULL, "edges that must see users fail" },
	{ "prometheus", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &counting, "a Prometheus is one edge more" },
};
static const struct schema passive = { passive_rows, COUNT(passive_rows) };

static const struct schema_row check_rows[] = {
	{ "type", SCHEMA_WORD, true, offsetof(struct policy_check, type),
	  0, 0, NULL, check_words, NULL, "how endpoints are probed" },
	{ "path", SCHEMA_PATH, false, offsetof(struct policy_check, path),
	  0, 0, "/", NULL, NULL, "http, https: what is asked for" },
	{ "host", SCHEMA_HOST, false, offsetof(struct policy_check, host),
	  0, 0, NULL, NULL, NULL, "http, https, external: host name asked for; else the service's" },
	{ "port", SCHEMA_PORT, false, offsetof(struct policy_check, port),
	  1, 65535, NULL, NULL, NULL, "port; 80 for http, 443 for https, 53 for dns" },
	{ "expect", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &expect, "what a passing answer looks like" },
	{ "verify", SCHEMA_FLAG, false, offsetof(struct policy_check, verify),
	  0, 0, "true", verify_words, NULL, "https: whether certificates must be valid" },
	{ "certificate_left", SCHEMA_SECONDS, false, offsetof(struct policy_check, certificate_left_s),
	  0, 3650 * DAY, "0s", NULL, NULL, "https: a certificate with less left is a failure" },
	{ "client_certificate", SCHEMA_FILE, false, offsetof(struct policy_check, client_certificate),
	  0, 0, NULL, NULL, NULL, "https: PEM file that says who we are" },
	{ "client_key", SCHEMA_FILE, false, offsetof(struct policy_check, client_key),
	  0, 0, NULL, NULL, NULL, "https: its key, when that is not in the same file" },
	{ "http", SCHEMA_WORD, false, offsetof(struct policy_check, http),
	  0, 0, "1.1", http_words, NULL, "http, https: the version that is spoken" },
	{ "connection", SCHEMA_FLAG, false, offsetof(struct policy_check, kept),
	  0, 0, "fresh", connection_words, NULL, "http, https: one a probe, or one for many" },
	{ "headers", SCHEMA_FIELDS, false, offsetof(struct policy_check, headers),
	  0, 32, NULL, NULL, NULL, "http, https: header fields to send" },
	{ "user_agent", SCHEMA_LINE, false, offsetof(struct policy_check, user_agent),
	  0, 0, NULL, NULL, NULL, "http, https: what the prober calls itself" },
	{ "identity", SCHEMA_FIELD, false, offsetof(struct policy_check, identity),
	  0, 0, NULL, NULL, NULL, "http, https: header field that names the vantage" },
	{ "send", SCHEMA_TEXT, false, offsetof(struct policy_check, send),
	  0, 0, NULL, NULL, NULL, "tcp: what is said once connected" },
	{ "query", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &query, "dns: what is asked" },
	{ "program", SCHEMA_PROGRAM, false, offsetof(struct policy_check, program),
	  0, 0, NULL, NULL, NULL, "external: what is run" },
	{ "arguments", SCHEMA_TEXTS, false, offsetof(struct policy_check, arguments),
	  0, POLICY_ARGUMENTS_MAX, NULL, NULL, NULL, "external: its arguments" },
	{ "addresses", SCHEMA_WORD, false, offsetof(struct policy_check, addresses),
	  0, 0, "first", addresses_words, NULL, "those of an endpoint that are probed, and must be up" },
	{ "interval", SCHEMA_MILLIS, false, offsetof(struct policy_check, interval_ms),
	  100, HOUR, "5s", NULL, NULL, "from one probe to the next" },
	{ "timeout", SCHEMA_MILLIS, false, offsetof(struct policy_check, timeout_ms),
	  10, HOUR, "2s", NULL, NULL, "after which a probe has failed" },
	{ "confirm", SCHEMA_MILLIS, false, offsetof(struct policy_check, confirm_ms),
	  10, HOUR, "1s", NULL, NULL, "from a failed probe to the next" },
	{ "breaker", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &breaker, "when an endpoint is left alone" },
	{ "passive", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &passive, "what users meet at edges counts, too" },
	{ "shadow", SCHEMA_FLAG, false, offsetof(struct policy_check, shadow),
	  0, 0, "false", verify_words, NULL, "whether it is measured and never counted" },
	{ "quorum", SCHEMA_WHOLE, false, offsetof(struct policy_check, quorum),
	  1, POLICY_VANTAGES_MAX, "2", NULL, NULL, "votes of vantages that it takes to be down" },
};
static const struct schema check = { check_rows, COUNT(check_rows) };

static const struct schema_row residency_rows[] = {
	{ "clients", SCHEMA_SET, true, offsetof(struct policy_residency, clients),
	  0, 0, NULL, NULL, NULL, "the client set that is bound" },
	{ "within", SCHEMA_JURISDICTIONS, true, offsetof(struct policy_residency, jurisdictions),
	  0, 0, NULL, NULL, NULL, "jurisdictions, one of which a region must have" },
	{ "unknown_clients", SCHEMA_FLAG, false, offsetof(struct policy_residency, unknown_included),
	  0, 0, "excluded", unknown_words, NULL, "whether clients of unknown place are bound" },
	{ "none_healthy", SCHEMA_WORD, false, offsetof(struct policy_residency, none_healthy),
	  0, 0, "serve-unhealthy", none_words, NULL, "what is answered when all within are down" },
};
static const struct schema residency = { residency_rows, COUNT(residency_rows) };

static const struct schema_row ttl_rows[] = {
	{ "steady", SCHEMA_SECONDS, false, offsetof(struct policy_service, ttl.steady_s),
	  1 * SECOND, DAY, "60s", NULL, NULL, "TTL while nothing moves" },
	{ "changing", SCHEMA_SECONDS, false, offsetof(struct policy_service, ttl.changing_s),
	  1 * SECOND, DAY, "10s", NULL, NULL, "TTL while health or shares move" },
	{ "jitter", SCHEMA_PERCENT, false, offsetof(struct policy_service, ttl.jitter_pct),
	  0, 50, "10%", NULL, NULL, "how far TTLs are spread" },
};
static const struct schema ttl = { ttl_rows, COUNT(ttl_rows) };

static const struct schema_row prefix_rows[] = {
	{ "v4", SCHEMA_BITS, false, offsetof(struct policy_service, sticky_v4_bits),
	  8, 32, "/24", NULL, NULL, "IPv4 clients that are one client" },
	{ "v6", SCHEMA_BITS, false, offsetof(struct policy_service, sticky_v6_bits),
	  16, 128, "/48", NULL, NULL, "IPv6 clients that are one client" },
};
static const struct schema prefix = { prefix_rows, COUNT(prefix_rows) };

static const struct schema_row failback_rows[] = {
	{ "mode", SCHEMA_WORD, false, offsetof(struct policy_service, failback),
	  0, 0, "auto", failback_words, NULL, "who brings clients back after an outage" },
	{ "windows", SCHEMA_WINDOWS, false, offsetof(struct policy_service, failback_windows),
	  0, 0, NULL, NULL, NULL, "window: in which they may begin to come back" },
	{ "hold", SCHEMA_MILLIS, false, offsetof(struct policy_service, failback_hold_ms),
	  0, DAY, "5m", NULL, NULL, "how long an endpoint must be well first" },
	{ "ramp", SCHEMA_MILLIS, false, offsetof(struct policy_service, failback_ramp_ms),
	  0, DAY, "5m", NULL, NULL, "over how long clients come back" },
	{ "step", SCHEMA_MILLIS, false, offsetof(struct policy_service, failback_step_ms),
	  0, 1 * HOUR, "30s", NULL, NULL, "how long each share of a ramp stays" },
	{ "curve", SCHEMA_NUMBER, false, offsetof(struct policy_service, failback_curve),
	  0.1, 10, "1", NULL, NULL, "a of a ramp's share, (t/T)^(1/a)" },
};
static const struct schema failback = { failback_rows, COUNT(failback_rows) };

#define BINDING(field) offsetof(struct policy_binding, field)
static const struct schema_row binding_rows[] = {
	{ "priority", SCHEMA_WHOLE, false, BINDING(priority),
	  0, UINT16_MAX, "1", NULL, NULL, "SvcPriority, the least is preferred; 0: AliasMode" },
	{ "target", SCHEMA_TARGET, false, BINDING(target),
	  0, 0, ".", NULL, NULL, "TargetName" },
	{ "alpn", SCHEMA_ALPN, false, BINDING(alpn),
	  0, POLICY_ALPN_OCTETS_MAX, NULL, NULL, NULL, "protocols, the preferred first" },
	{ "no_default_alpn", SCHEMA_FLAG, false, BINDING(no_default_alpn),
	  0, 0, "false", verify_words, NULL, "true: nothing but what alpn lists" },
	{ "port", SCHEMA_PORT, false, BINDING(port),
	  1, 65535, NULL, NULL, NULL, "port, when not the scheme's" },
	{ "ech", SCHEMA_ECH, false, BINDING(ech),
	  0, POLICY_ECH_OCTETS_MAX, NULL, NULL, NULL, "keys for encrypted Client Hello" },
};
static const struct schema binding = { binding_rows, COUNT(binding_rows) };

static const struct schema_row endpoint_rows[] = {
	{ "region", SCHEMA_REGION, false, offsetof(struct policy_endpoint, region),
	  0, 0, NULL, NULL, NULL, "where it is; else the region of its own name" },
	{ "A", SCHEMA_V4, false, offsetof(struct policy_endpoint, a),
	  1, POLICY_ADDRESSES_MAX, NULL, NULL, NULL, "IPv4 addresses" },
	{ "AAAA", SCHEMA_V6, false, offsetof(struct policy_endpoint, aaaa),
	  1, POLICY_ADDRESSES_MAX, NULL, NULL, NULL, "IPv6 addresses" },
	{ "CNAME", SCHEMA_DOMAIN, false, offsetof(struct policy_endpoint, cname),
	  0, 0, NULL, NULL, NULL, "another name, in place of addresses" },
	{ "weight", SCHEMA_WHOLE, false, offsetof(struct policy_endpoint, weight),
	  0, 1000000, "1", NULL, NULL, "share among equals; 0: none" },
	{ "open", SCHEMA_WINDOWS, false, offsetof(struct policy_endpoint, open),
	  0, 0, NULL, NULL, NULL, "schedule: windows in which clients go there first" },
	{ "port", SCHEMA_PORT, false, offsetof(struct policy_endpoint, port),
	  1, 65535, NULL, NULL, NULL, "probed port, when not the check's" },
};
const struct schema schema_endpoint = { endpoint_rows, COUNT(endpoint_rows) };

static const struct schema_row expression_rows[] = {
	{ "all", SCHEMA_CHECKS, false, SIZE_MAX,
	  1, EXPRESSION_PARTS_MAX, NULL, NULL, NULL, "it is up when all of these are" },
	{ "any", SCHEMA_CHECKS, false, SIZE_MAX,
	  1, EXPRESSION_PARTS_MAX, NULL, NULL, NULL, "it is up when one of these is" },
	{ "at_least", SCHEMA_WHOLE, false, SIZE_MAX,
	  1, EXPRESSION_PARTS_MAX, NULL, NULL, NULL, "it is up when so many of the list are" },
	{ "of", SCHEMA_CHECKS, false, SIZE_MAX,
	  1, EXPRESSION_PARTS_MAX, NULL, NULL, NULL, "that list" },
};
static const struct schema expression = { expression_rows, COUNT(expression_rows) };
const struct schema *const schema_expression = &expression;

static const struct schema_row service_rows[] = {
	{ "steer", SCHEMA_WORD, true, offsetof(struct policy_service, steer),
	  0, 0, NULL, steer_words, NULL, "what makes an endpoint better" },
	{ "within", SCHEMA_WAY, false, offsetof(struct policy_service, within_ms),
	  0, 10 * SECOND, "0ms", NULL, NULL, "latency, geo: this close to the best is as good" },
	{ "ttl", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &ttl, "how long resolvers keep an answer" },
	{ "sticky", SCHEMA_WORD, false, offsetof(struct policy_service, sticky),
	  0, 0, "client", sticky_words, NULL, "whether a client keeps its endpoint" },
	{ "sticky_prefix", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &prefix, "which clients are one client" },
	{ "answers", SCHEMA_WHOLE, false, offsetof(struct policy_service, answers),
	  1, POLICY_ANSWERS_MAX, "1", NULL, NULL, "endpoints in an answer" },
	{ "check", SCHEMA_HEALTH, false, offsetof(struct policy_service, check),
	  0, 0, NULL, NULL, &expression, "how its endpoints are probed; else they are not" },
	{ "failback", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &failback, "how clients come back after an outage" },
	{ "demand", SCHEMA_NUMBER, false, offsetof(struct policy_service, demand),
	  0, 1e12, "0", NULL, NULL, "what it has to carry, in the unit of capacities; 0: not known" },
	{ "demand_from", SCHEMA_WORD, false, offsetof(struct policy_service, demand_from),
	  0, 0, "counted", demand_from_words, NULL, "whether it is what is counted, where something is" },
	{ "spill", SCHEMA_WORD, false, offsetof(struct policy_service, spill),
	  0, 0, "none", spill_words, NULL, "what sends clients on before an endpoint has too many" },
	{ "panic", SCHEMA_WORD, false, offsetof(struct policy_service, panic),
	  0, 0, "last-good", panic_words, NULL, "what is answered when too little is healthy" },
	{ "fallback", SCHEMA_TEXT, false, offsetof(struct policy_service, fallback_name),
	  0, 0, NULL, NULL, NULL, "the endpoint that panic: fallback answers" },
	{ "https", SCHEMA_MAP, false, offsetof(struct policy_service, https),
	  0, 0, NULL, NULL, &binding, "HTTPS records of its endpoints" },
	{ "svcb", SCHEMA_MAP, false, offsetof(struct policy_service, svcb),
	  0, 0, NULL, NULL, &binding, "SVCB records of its endpoints" },
	{ "endpoints", SCHEMA_NAMED, true, SIZE_MAX,
	  1, POLICY_ENDPOINTS_MAX, NULL, NULL, &schema_endpoint, "where clients can be sent" },
};
static const struct schema service = { service_rows, COUNT(service_rows) };


static const struct schema_row test_rows[] = {
	{ "client", SCHEMA_ADDR, false, offsetof(struct policy_test, client),
	  0, 0, NULL, NULL, NULL, "an address that asks" },
	{ "clients", SCHEMA_SET, false, offsetof(struct policy_test, clients),
	  0, 0, NULL, NULL, NULL, "or every client of a set" },
	{ "service", SCHEMA_SERVICE, true, offsetof(struct policy_test, service),
	  0, 0, NULL, NULL, NULL, "what is asked for" },
	{ "down", SCHEMA_REGIONS, false, offsetof(struct policy_test, down),
	  0, 0, NULL, NULL, NULL, "regions taken as failed" },
	{ "at", SCHEMA_INSTANT, false, offsetof(struct policy_test, at_s),
	  0, 0, NULL, NULL, NULL, "when it is asked; only schedules look at it" },
	{ "order", SCHEMA_ORDER, false, SIZE_MAX,
	  0, 0, NULL, NULL, NULL, "what is commanded" },
	{ "canary", SCHEMA_STEP, false, SIZE_MAX,
	  0, 0, NULL, NULL, NULL, "how far a canary has got" },
	{ "panic", SCHEMA_FLAG, false, offsetof(struct policy_test, supposed.panic),
	  0, 0, "false", verify_words, NULL, "whether too little is healthy" },
	{ "answer", SCHEMA_ENDPOINTS, false, SIZE_MAX,
	  0, 0, NULL, NULL, NULL, "it must be one of these endpoints" },
	{ "never", SCHEMA_ENDPOINTS, false, SIZE_MAX,
	  0, 0, NULL, NULL, NULL, "it can be none of these endpoints" },
	{ "always_within", SCHEMA_JURISDICTIONS, false, offsetof(struct policy_test, jurisdictions),
	  0, 0, NULL, NULL, NULL, "it is within these whatever has failed" },
	{ "always_without", SCHEMA_ENDPOINTS, false, SIZE_MAX,
	  0, 0, NULL, NULL, NULL, "it is none of these whatever has failed" },
};
static const struct schema test = { test_rows, COUNT(test_rows) };

static const struct schema_row top_rows[SECTION_COUNT] = {
	[SECTION_ZONE] = { "zone", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &zone, "the zone that is served" },
	[SECTION_ZONES] = { "zones", SCHEMA_NAMED, false, 0,
	  0, POLICY_ZONES_MAX, NULL, NULL, &named_zone, "further zones that are served" },
	[SECTION_GEO] = { "geo", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &geo, "where it is known from where clients are" },
	[SECTION_CLIENTS] = { "clients", SCHEMA_TERMS, false, 0,
	  0, POLICY_SETS_MAX, NULL, NULL, NULL, "named sets of clients" },
	[SECTION_REGIONS] = { "regions", SCHEMA_NAMED, false, 0,
	  0, POLICY_REGIONS_MAX, NULL, NULL, &region, "places that endpoints are in" },
	[SECTION_VANTAGES] = { "vantages", SCHEMA_NAMED, false, 0,
	  0, POLICY_VANTAGES_MAX, NULL, NULL, &vantage, "places that probers are in" },
	[SECTION_WINDOWS] = { "windows", SCHEMA_NAMED, false, 0,
	  0, POLICY_WINDOWS_MAX, NULL, NULL, &window, "hours of days by the clocks of a place" },
	[SECTION_CHECKS] = { "checks", SCHEMA_NAMED, false, 0,
	  0, 1024, NULL, NULL, &check, "how endpoints are probed" },
	[SECTION_RESIDENCY] = { "residency", SCHEMA_NAMED, false, 0,
	  0, 64, NULL, NULL, &residency, "which clients must stay where" },
	[SECTION_SERVICES] = { "services", SCHEMA_NAMED, false, 0,
	  0, POLICY_SERVICES_MAX, NULL, NULL, &service, "names that are steered" },
	[SECTION_CANARIES] = { "canaries", SCHEMA_NAMED, false, 0,
	  0, 256, NULL, NULL, &schema_canary, "new versions that come step by step" },
	[SECTION_SAFETY] = { "safety", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &schema_safety, "what commands and health may not do" },
	[SECTION_VERIFY] = { "verify", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &schema_verify, "what probers ask of responders" },
	[SECTION_REVIEW] = { "review", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &schema_review, "how findings are taken" },
	[SECTION_ROLLOUT] = { "rollout", SCHEMA_MAP, false, 0,
	  0, 0, NULL, NULL, &schema_rollout, "how a policy that is published goes out" },
	[SECTION_TESTS] = { "tests", SCHEMA_ITEMS, false, 0,
	  0, 65536, NULL, NULL, &test, "what must hold of this policy" },
};
/* clang-format on */
const struct schema schema_top = { top_rows, SECTION_COUNT };

const struct schema_row *schema_find(const struct schema *schema,
				     const char *key)
{
	for (size_t i = 0; i < schema->count; i++)
		if (strcmp(schema->rows[i].key, key) == 0)
			return &schema->rows[i];
	return NULL;
}

const char *schema_nearest(const struct schema *schema, const char *key)
{
	const char *known[32] = { NULL };

	assert(schema->count <= COUNT(known));
	for (size_t i = 0; i < schema->count; i++)
		known[i] = schema->rows[i].key;
	return nearest_word(key, known, schema->count);
}
