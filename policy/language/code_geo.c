/* SPDX-License-Identifier: Apache-2.0 */
/* code_geo -- databases, keys of signed zones, and running responders: see
 * code.h. */
#include "policy/language/code.h"

/* clang-format off */
static const struct code_row rows[] = {
	{ CODE_GEO_DATABASE, "geo-database", SEVERITY_ERROR,
	  "A geo database cannot be used",
	  "The file cannot be read, is no MaxMind DB, or is damaged.",
	  "Where clients are would not be known.",
	  "Fetch it again; contrib/geo/fetch does.",
	  "geo: {databases: GeoLite2-City.mmdb}   # an error page was saved" },
	{ CODE_GEO_MISSING, "geo-missing", SEVERITY_ERROR,
	  "The policy needs a fact about clients that no database has",
	  "A client set or a way of steering goes by country, subdivision, "
	  "place or autonomous system, and no file of geo.databases has that.",
	  "Every client would count as of unknown place, and residency would "
	  "bind nobody.",
	  "Add a database that has it.",
	  "clients: {here: [AS64500]}\n"
	  "geo: {databases: GeoLite2-City.mmdb}" },
	{ CODE_GEO_FAMILY, "geo-family", SEVERITY_WARNING,
	  "A fact about clients is known for one IP family alone",
	  "The databases have it for IPv4 or for IPv6 and not for both.",
	  "Clients of the other family count as of unknown place.",
	  "Add a database that has both.",
	  "geo: {databases: only-ipv4.mmdb}" },
	{ CODE_GEO_IDLE, "geo-idle", SEVERITY_WARNING,
	  "A geo database is of no use to this policy",
	  "It has no field that any set or service looks at.",
	  "It takes memory and time at each load.",
	  "Leave it out.",
	  "geo: {databases: [GeoLite2-City.mmdb, GeoLite2-ASN.mmdb]}   # no AS is named" },
	{ CODE_GEO_CACHE, "geo-cache", SEVERITY_WARNING,
	  "What was kept of the geo databases is damaged",
	  "The file in which a responder keeps the compiled databases does "
	  "not have the digest that it states.",
	  "The databases are read instead, so starting takes longer.",
	  "Nothing has to be done once; if it comes again, look at the disk.",
	  "windrose-dns --keep /var/lib/windrose/kept policy/   # kept.geo" },
	{ CODE_GEO_CLASSES, "geo-classes", SEVERITY_ERROR,
	  "Clients fall into too many classes",
	  "Every combination of sets, places and networks that the policy "
	  "tells apart is a class.",
	  "Classes are numbered in 16 bits.",
	  "Name fewer networks, subdivisions or AS numbers in client sets.",
	  "clients: {each: [192.0.2.0/32, 192.0.2.1/32, ...]}" },
	{ CODE_GEO_NETWORKS, "geo-networks", SEVERITY_ERROR,
	  "A line of geo.networks cannot be used",
	  "A line is CIDR,country[,subdivision[,latitude,longitude]], and "
	  "each network is there once.",
	  "The correction would be lost, and with it perhaps the residency of "
	  "its clients.",
	  "Correct the line.",
	  "198.51.100.0/24,UK" },
	{ CODE_KEY_FILE, "key-file", SEVERITY_ERROR,
	  "A key file cannot be used",
	  "It is not as BIND writes them, its .private file is missing or "
	  "belongs to another key, or the algorithm is not known here.",
	  "The zone could not be signed with it.",
	  "Restore it, or make a new key: windrose keygen.",
	  "keys/Kgslb.example.com.+013+12345.key" },
	{ CODE_KEYS_ELSEWHERE, "keys-elsewhere", SEVERITY_WARNING,
	  "The keys of a zone are not on this machine",
	  "The directory dnssec.keys cannot be read here.",
	  "Nothing was found out about them. The responders need them there.",
	  "Nothing, when the policy is reviewed on a machine that must not "
	  "have them.",
	  "zone: {dnssec: {keys: /etc/windrose/keys}}" },
	{ CODE_KEYS_MISSING, "keys-missing", SEVERITY_ERROR,
	  "A signed zone lacks a key",
	  "No key of the zone is there, published or active, or none that "
	  "signs the keys themselves (RFC 4035, 2.2).",
	  "Validating resolvers answer SERVFAIL for the whole zone.",
	  "Set Publish and Activate of a key, or make one: windrose keygen.",
	  "zone: {dnssec: {keys: empty-folder/}}" },
	{ CODE_KEYS_MANY, "keys-many", SEVERITY_ERROR,
	  "A zone has too many keys, or two with one tag",
	  "More keys than can be kept, or two whose key tags are the same.",
	  "Validators would try the wrong key.",
	  "Remove keys that are deleted; make another in place of one of the "
	  "two.",
	  "keys/Kgslb.example.com.+013+12345.key  keys/Kgslb.example.com.+015+12345.key" },
	{ CODE_KEYS_OPEN, "keys-open", SEVERITY_WARNING,
	  "Others can read a private key",
	  "The mode of the .private file lets users other than its owner read "
	  "or change it.",
	  "Whoever has the key can sign false answers.",
	  "chmod 600 it; when it may have been read, roll the key.",
	  "chmod 644 keys/Kgslb.example.com.+013+12345.private" },
	{ CODE_KEYS_KSK, "keys-ksk", SEVERITY_WARNING,
	  "A zone has keys of both kinds and no active ZSK",
	  "The KSK signs everything until a ZSK is active.",
	  "It is used more than it was meant to be.",
	  "Set Activate of a ZSK.",
	  "windrose keygen --set keys/Kgslb.example.com.+013+12345.key --activate +1d" },
	{ CODE_KEYS_MUTE, "keys-mute", SEVERITY_WARNING,
	  "A key is published and cannot sign",
	  "Its .private file is missing or cannot be read.",
	  "When its time comes nothing is signed with it.",
	  "Put the .private file there, readable for this user.",
	  "keys/Kgslb.example.com.+013+12345.key   # and no .private" },
	{ CODE_KEYS_ROLL, "keys-roll", SEVERITY_WARNING,
	  "A key changes before resolvers can know of it",
	  "A key signs sooner after it is published, or is deleted sooner "
	  "after it last signs, than a TTL lasts.",
	  "Resolvers that keep the older records cannot validate for that "
	  "time.",
	  "Set a later Activate or Delete; windrose keygen --set does.",
	  "Activate: an hour after Publish   ; and zone: {ttl: 1d}" },
	{ CODE_RESPONDER_REFUSED, "responder-refused", SEVERITY_ERROR,
	  "A responder cannot make answers of the policy",
	  "The policy is well, and something beyond it is not: a key that "
	  "does not sign, a name that two services share, a geo database that "
	  "changed.",
	  "The responder keeps the policy that it had.",
	  "Mend what the message names, and load it again.",
	  "windrose-dns policy/" },
};
/* clang-format on */

const struct code_part code_geo = { rows, sizeof(rows) / sizeof(rows[0]) };
