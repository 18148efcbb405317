/* SPDX-License-Identifier: Apache-2.0 */
/* code_records -- zones and master files: see code.h. */
#include "policy/language/code.h"

/* clang-format off */
static const struct code_row rows[] = {
	{ CODE_ZONE_NAMESERVERS, "zone-nameservers", SEVERITY_ERROR,
	  "A zone has no name servers",
	  "There is neither nameservers: nor an NS record at its name in the "
	  "master file.",
	  "A zone without NS records cannot be delegated.",
	  "Write nameservers:.",
	  "zone: {name: gslb.example.com}" },
	{ CODE_ZONE_HIDDEN, "zone-hidden", SEVERITY_WARNING,
	  "A zone inside another cannot be found from it",
	  "The outer zone has no NS record for it, or a DNAME above hides it.",
	  "Resolvers that come by the outer zone never get there.",
	  "Write its NS records into the outer zone, or remove the DNAME.",
	  "zone: {name: example.com}\n"
	  "zones: {lab.example.com: {nameservers: ns1.example.com}}" },
	{ CODE_DNSSEC_REFRESH, "dnssec-refresh", SEVERITY_WARNING,
	  "A signature can end while resolvers keep it",
	  "Signatures are renewed when less time is left than the longest TTL "
	  "of the zone (RFC 6781, 4.4.2.1).",
	  "A resolver that validates fails then, until its copy runs out.",
	  "Raise dnssec.refresh, or lower the TTL.",
	  "zone: {dnssec: {keys: keys/, refresh: 1h}, ttl: 1d}" },
	{ CODE_RECORD_SYNTAX, "record-syntax", SEVERITY_ERROR,
	  "A line of a master file cannot be read",
	  "It is no record and no directive, or what its type needs is "
	  "missing (RFC 1035, 5.1).",
	  "The record would be missing from the zone.",
	  "Write NAME TTL TYPE DATA; look at quotes and parentheses above.",
	  "www 300 A 192.0.2" },
	{ CODE_RECORD_INCLUDE, "record-include", SEVERITY_ERROR,
	  "Files include each other without end",
	  "A file includes itself, perhaps over others, or includes are "
	  "nested too deep.",
	  "Reading would never end.",
	  "Remove the $INCLUDE, or write the records flatter.",
	  "$INCLUDE gslb.zone" },
	{ CODE_RECORD_OUTSIDE, "record-outside", SEVERITY_ERROR,
	  "A record is not in the zone",
	  "Its name does not end in the name of the zone.",
	  "The responders are not asked for it, and must not answer it.",
	  "Remove it, or end the name without a dot: then the zone is added.",
	  "www.example.net. 300 A 192.0.2.1" },
	{ CODE_RECORD_TWICE, "record-twice", SEVERITY_ERROR,
	  "A record is there twice",
	  "Name, type and data are the same as on an earlier line.",
	  "The second has no effect; often other data was meant.",
	  "Remove one.",
	  "www 300 A 192.0.2.1\n"
	  "www 300 A 192.0.2.1" },
	{ CODE_RECORD_RULES, "record-rules", SEVERITY_ERROR,
	  "Records at a name break a rule of DNS",
	  "A CNAME is beside other records, a type that may be there once is "
	  "there twice, a DS has no delegation, something is below a DNAME, "
	  "or records of one type do not fit a message. The message names the "
	  "RFC.",
	  "Resolvers and validators disagree on such zones.",
	  "Remove one of the records that the message names.",
	  "www 300 CNAME other\n"
	  "www 300 A 192.0.2.1" },
	{ CODE_RECORD_SERVICE, "record-service", SEVERITY_ERROR,
	  "A record stands where a service is",
	  "The master file has records at the name of a service that it "
	  "answers itself, or the service is below a delegation or DNAME.",
	  "Two would answer for one name, or nobody would be asked.",
	  "Remove the record or the service.",
	  "www 300 A 192.0.2.1   ; and services: {www: ...}" },
	{ CODE_RECORD_TTL, "record-ttl", SEVERITY_WARNING,
	  "TTLs of one RRset differ",
	  "Records of one name and type have one TTL (RFC 2181, 5.2).",
	  "The lowest is used for all of them, so one of the lines does not "
	  "say what happens.",
	  "Write the same TTL on each.",
	  "www 300 A 192.0.2.1\n"
	  "www 600 A 192.0.2.2" },
	{ CODE_RECORD_TARGET, "record-target", SEVERITY_WARNING,
	  "A record leads to a name that gives no address",
	  "A name server, mail exchanger or other target in the zone has no "
	  "address record, is not there, or is a CNAME.",
	  "Whoever follows it gets nothing, or has to ask more often than the "
	  "RFCs allow.",
	  "Write an address record, or correct the name.",
	  "@ 300 MX 10 mail   ; and no record of mail" },
	{ CODE_RECORD_RING, "record-ring", SEVERITY_WARNING,
	  "CNAMEs of a master file lead back or too far",
	  "Following the CNAMEs ends where it began, or not within the number "
	  "that is followed.",
	  "Clients get no address.",
	  "Let one lead elsewhere, or shorten the way.",
	  "a 300 CNAME b\n"
	  "b 300 CNAME a" },
};
/* clang-format on */

const struct code_part code_records = { rows, sizeof(rows) / sizeof(rows[0]) };
