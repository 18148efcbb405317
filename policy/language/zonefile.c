/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/zonefile.h"

#include "policy/base/arena.h"
#include "policy/language/apex.h"
#include "policy/language/master.h"
#include "policy/language/sources.h"

#include <stdlib.h>
#include <string.h>

enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_AAAA = 28,
	TYPE_DNAME = 39,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_NSEC3 = 50,
	RR_FIXED_OCTETS = 12, /* beside RDATA: pointer, TYPE, CLASS, TTL, ... */
	NAME_SIZE = 256,
	NAME_TEXT_SIZE = 128, /* enough of a name for an error */
};

struct name {
	uint8_t octets[NAME_SIZE];
	size_t len;
};

struct zone {
	struct draft *draft;
	struct master master;
	struct name apex;
	struct master_record **order; /* by owner, type, place */
};

static int compare_owner(const struct record *r, const uint8_t *owner,
			 size_t len)
{
	if (r->owner_len != len)
		return r->owner_len < len ? -1 : 1;
	return memcmp(r->owner, owner, len);
}

static int compare_rdata(const struct record *a, const struct record *b)
{
	if (a->rdata_len != b->rdata_len)
		return a->rdata_len < b->rdata_len ? -1 : 1;
	return a->rdata_len == 0 ? 0 : memcmp(a->rdata, b->rdata, a->rdata_len);
}

/* Any total order that brings a name's records and an RRset's together. */
static int compare_records(const void *a, const void *b)
{
	const struct master_record *x = *(struct master_record *const *)a;
	const struct master_record *y = *(struct master_record *const *)b;
	int order =
		compare_owner(&x->record, y->record.owner, y->record.owner_len);

	if (order == 0)
		order = (x->record.type > y->record.type) -
			(x->record.type < y->record.type);
	if (order == 0)
		order = compare_rdata(&x->record, &y->record);
	if (order == 0)
		order = (x > y) - (x < y);
	return order;
}

static bool sort_records(struct zone *z)
{
	z->order = draft_alloc(z->draft, z->master.count,
			       sizeof(struct master_record *));
	if (z->order == NULL)
		return false;
	for (size_t i = 0; i < z->master.count; i++)
		z->order[i] = &z->master.list[i];
	if (z->master.count > 1)
		qsort(z->order, z->master.count, sizeof(struct master_record *),
		      compare_records);
	return true;
}

/* Is name at or below the apex?  By labels: the suffix begins at one. */
static bool is_in_zone(const struct zone *z, const struct record *r)
{
	for (size_t at = 0; at < r->owner_len; at += (size_t)r->owner[at] + 1)
		if (r->owner_len - at == z->apex.len)
			return memcmp(r->owner + at, z->apex.octets,
				      z->apex.len) == 0;
	return false;
}

static bool is_apex(const struct zone *z, const struct record *r)
{
	return compare_owner(r, z->apex.octets, z->apex.len) == 0;
}

static const char *owner_text(const struct record *r, char *buf)
{
	return master_name_text(r->owner, r->owner_len, buf, NAME_TEXT_SIZE);
}

/* The record at name of this type, the first by place of equal ones. */
static const struct master_record *find_record(const struct zone *z,
					       const uint8_t *owner, size_t len,
					       unsigned type)
{
	size_t low = 0, high = z->master.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct record *r = &z->order[middle]->record;
		int order = compare_owner(r, owner, len);

		if (order < 0 || (order == 0 && r->type < type))
			low = middle + 1;
		else
			high = middle;
	}
	if (low < z->master.count && z->order[low]->record.type == type &&
	    compare_owner(&z->order[low]->record, owner, len) == 0)
		return z->order[low];
	return NULL;
}

static void refuse_outside(struct zone *z)
{
	char buf[NAME_TEXT_SIZE];
	size_t kept = 0;

	for (size_t i = 0; i < z->master.count; i++) {
		struct master_record *r = &z->master.list[i];

		if (is_in_zone(z, &r->record))
			z->master.list[kept++] = *r;
		else
			errors_add(z->draft->errs, r->at,
				   "%s is not in the zone %s; remove it or end "
				   "the name without a dot",
				   owner_text(&r->record, buf),
				   z->draft->policy->zone.name);
	}
	z->master.count = kept;
}

static bool is_wildcard(const struct record *r)
{
	return r->owner[0] == 1 && r->owner[1] == '*';
}

/* Why a record cannot be where it is, whatever stands beside it; or NULL. */
static const char *misplaced(const struct zone *z, const struct record *r)
{
	switch (r->type) {
	case TYPE_SOA:
		return is_apex(z, r) ? NULL
				     : "SOA is for the zone's own name alone; "
				       "remove it";
	case TYPE_NS:
		return is_wildcard(r) ? "a wildcard cannot be delegated (RFC "
					"4592, 4.2); name the zone cut"
				      : NULL;
	case TYPE_DNAME:
		return "DNAME is not served yet; remove it";
	case TYPE_RRSIG:
	case TYPE_NSEC:
	case TYPE_NSEC3:
		return "signed zones are not served yet; write the zone "
		       "without RRSIG, NSEC and NSEC3";
	default:
		return NULL;
	}
}

/* One RRset, [first, end) of the order, must fit a message. */
static void judge_size(struct zone *z, size_t first, size_t end)
{
	const struct record *r = &z->order[first]->record;
	bool cut = r->type == TYPE_NS && !is_apex(z, r);
	size_t most = cut ? POLICY_CUT_OCTETS_MAX : POLICY_RRSET_OCTETS_MAX;
	size_t octets = 0;
	char buf[NAME_TEXT_SIZE];

	for (size_t i = first; i < end; i++)
		octets += RR_FIXED_OCTETS + z->order[i]->record.rdata_len;
	if (octets > most)
		errors_add(z->draft->errs, z->order[first]->at,
			   "%s has %zu octets of records of one type; a "
			   "%s can hold %zu; remove some",
			   owner_text(r, buf), octets,
			   cut ? "referral" : "message", most);
}

/* Two records of one RRset, b behind a in the order. */
static void judge_rrset(struct zone *z, struct master_record *a,
			struct master_record *b)
{
	char buf[NAME_TEXT_SIZE];
	const char *single = b->record.type == TYPE_CNAME   ? "CNAME"
			     : b->record.type == TYPE_SOA   ? "SOA"
			     : b->record.type == TYPE_DNAME ? "DNAME"
							    : NULL;

	if (compare_rdata(&a->record, &b->record) == 0) {
		errors_add(z->draft->errs, b->at,
			   "this record is already on line %u; remove one",
			   a->at.line);
	} else if (single != NULL) {
		const struct master_record *later = a < b ? b : a;

		errors_add(z->draft->errs, later->at,
			   "%s has a second %s; only one is allowed (RFC 2181)",
			   owner_text(&b->record, buf), single);
	} else if (a->record.ttl_s != b->record.ttl_s) {
		errors_warn(z->draft->errs, (a < b ? b : a)->at,
			    "TTLs of one RRset differ (RFC 2181, 5.2); the "
			    "lowest is used");
	}
}

/* RFC 2181, 5.2: all of an RRset get its lowest TTL. */
static void level_ttls(struct zone *z, size_t first, size_t end)
{
	uint32_t least = UINT32_MAX;

	for (size_t i = first; i < end; i++)
		if (z->order[i]->record.ttl_s < least)
			least = z->order[i]->record.ttl_s;
	for (size_t i = first; i < end; i++)
		z->order[i]->record.ttl_s = least;
}

/* One RRset, [first, end) of the order. */
static void finish_rrset(struct zone *z, size_t first, size_t end)
{
	judge_size(z, first, end);
	level_ttls(z, first, end);
}

/* One name's records: [first, end) of the order. */
static void judge_name(struct zone *z, size_t first, size_t end)
{
	const struct master_record *cname = NULL, *other = NULL;
	char buf[NAME_TEXT_SIZE];
	size_t rrset = first;

	for (size_t i = first; i < end; i++) {
		struct master_record *r = z->order[i];
		const char *refusal = misplaced(z, &r->record);

		if (r->record.type != z->order[rrset]->record.type) {
			finish_rrset(z, rrset, i);
			rrset = i;
		}
		if (i > rrset)
			judge_rrset(z, z->order[i - 1], r);
		if (r->record.type == TYPE_CNAME)
			cname = cname == NULL ? r : cname;
		else
			other = other == NULL ? r : other;
		if (refusal != NULL)
			errors_add(z->draft->errs, r->at, "%s", refusal);
	}
	finish_rrset(z, rrset, end);
	if (cname != NULL && other != NULL)
		errors_add(z->draft->errs, (cname > other ? cname : other)->at,
			   "%s has a CNAME beside other data, on lines %u and "
			   "%u; remove one (RFC 1034, 3.6.2)",
			   owner_text(&cname->record, buf), other->at.line,
			   cname->at.line);
}

static void judge_names(struct zone *z)
{
	size_t first = 0;

	for (size_t i = 1; i <= z->master.count; i++) {
		const struct record *r = &z->order[first]->record;

		if (i < z->master.count &&
		    compare_owner(&z->order[i]->record, r->owner,
				  r->owner_len) == 0)
			continue;
		judge_name(z, first, i);
		first = i;
	}
}

/* What stands at the name of a service and cannot. */
static void judge_service_name(struct zone *z, const struct policy_service *s,
			       const struct name *name)
{
	static const struct {
		uint16_t type;
		const char *word;
	} rows[] = {
		{ TYPE_A, "A" },         { TYPE_AAAA, "AAAA" },
		{ TYPE_CNAME, "CNAME" }, { TYPE_DNAME, "DNAME" },
		{ TYPE_NS, "NS" },
	};
	bool apex = name->len == z->apex.len;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct master_record *r =
			find_record(z, name->octets, name->len, rows[i].type);

		if (r == NULL || (apex && rows[i].type == TYPE_NS) ||
		    (apex && rows[i].type == TYPE_DNAME))
			continue;
		errors_add(z->draft->errs, r->at,
			   "%s record at the name of service \"%s\"; remove "
			   "the record or the service",
			   rows[i].word, s->name);
	}
}

/* A cut or a DNAME above the name hides it. */
static void judge_service_above(struct zone *z, const struct policy_service *s,
				const struct name *name)
{
	char buf[NAME_TEXT_SIZE];

	for (size_t at = 0; name->len - at > z->apex.len;) {
		const struct master_record *r;

		at += (size_t)name->octets[at] + 1;
		r = find_record(z, name->octets + at, name->len - at,
				TYPE_DNAME);
		if (r == NULL && name->len - at > z->apex.len)
			r = find_record(z, name->octets + at, name->len - at,
					TYPE_NS);
		if (r == NULL)
			continue;
		errors_add(z->draft->errs, s->at,
			   "service \"%s\" is below the %s of %s on line %u of "
			   "the master file; remove one",
			   s->name,
			   r->record.type == TYPE_NS ? "delegation" : "DNAME",
			   owner_text(&r->record, buf), r->at.line);
		return;
	}
}

static void judge_services(struct zone *z)
{
	const struct policy *p = z->draft->policy;

	for (size_t i = 0; i < p->service_count; i++) {
		struct name name;

		name.len = master_name(p->services[i].fqdn, name.octets);
		if (name.len < z->apex.len)
			continue;
		judge_service_name(z, &p->services[i], &name);
		judge_service_above(z, &p->services[i], &name);
	}
}

static bool is_service(const struct policy *p, const char *fqdn)
{
	for (size_t i = 0; i < p->service_count; i++)
		if (strcmp(p->services[i].fqdn, fqdn) == 0)
			return true;
	return false;
}

/* RFC 1034, 4.2.1: a name server inside the zone needs its address here. */
static void judge_nameserver(struct zone *z, const uint8_t *wire, size_t len,
			     struct place at)
{
	struct record r = { .owner_len = (uint8_t)len };
	struct name name = { .len = len };
	char buf[NAME_SIZE * 4];

	memcpy(name.octets, wire, len);
	r.owner = name.octets;
	master_name_text(wire, len, buf, sizeof(buf));
	/* Names of NS data keep their case; owners do not. */
	name.len = master_name(buf, name.octets);
	r.owner_len = (uint8_t)name.len;
	if (name.len == 0 || !is_in_zone(z, &r) ||
	    find_record(z, r.owner, r.owner_len, TYPE_A) != NULL ||
	    find_record(z, r.owner, r.owner_len, TYPE_AAAA) != NULL)
		return;
	master_name_text(name.octets, name.len, buf, sizeof(buf));
	if (!is_service(z->draft->policy, buf))
		errors_warn(z->draft->errs, at,
			    "nameserver %.100s is in the zone and has no "
			    "address record; write one into the master file",
			    buf);
}

static void judge_nameservers(struct zone *z)
{
	for (size_t i = 0; i < z->master.count; i++) {
		const struct master_record *r = &z->master.list[i];

		if (r->record.type == TYPE_NS && is_apex(z, &r->record))
			judge_nameserver(z, r->record.rdata,
					 r->record.rdata_len, r->at);
	}
}

static uint32_t serial_of(const struct record *soa)
{
	const uint8_t *at = soa->rdata + soa->rdata_len - 20;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

/* What the file leaves out at the apex. */
static void complete_apex(struct zone *z)
{
	struct draft *d = z->draft;
	const struct master_record *soa, *ns;
	struct tree *written;

	soa = find_record(z, z->apex.octets, z->apex.len, TYPE_SOA);
	ns = find_record(z, z->apex.octets, z->apex.len, TYPE_NS);
	d->policy->zone.serial = soa == NULL ? 1 : serial_of(&soa->record);
	if (!draft_usable(d->sections[SECTION_ZONE], "nameservers", &written))
		return;
	if (ns == NULL && written == NULL) {
		errors_add(d->errs, d->policy->zone.at,
			   "the zone has no name servers; write nameservers: "
			   "or NS records at %s",
			   d->policy->zone.name);
		return;
	}
	if (ns == NULL) {
		size_t first = z->master.count;

		apex_add_ns(d, &z->master, written);
		ns = z->master.count > first ? &z->master.list[first] : NULL;
	}
	if (soa == NULL && ns != NULL)
		apex_add_soa(d, &z->master, &ns->record);
}

static void publish(struct zone *z)
{
	struct policy_zone *zone = &z->draft->policy->zone;

	zone->records =
		draft_alloc(z->draft, z->master.count, sizeof(*zone->records));
	if (zone->records == NULL)
		return;
	for (size_t i = 0; i < z->master.count; i++)
		zone->records[i] = z->master.list[i].record;
	zone->record_count = z->master.count;
}

void zonefile_load(struct draft *d, const struct source *source)
{
	const struct policy_zone *zone = &d->policy->zone;
	struct zone z = { .draft = d,
			  .master = { .arena = d->arena,
				      .errs = d->errs,
				      .sources = d->sources,
				      .zone = zone->name,
				      .ttl_s = zone->ttl_s } };
	size_t before = d->errs->fatal;

	z.apex.len = master_name(zone->name, z.apex.octets);
	if (source != NULL)
		master_read(&z.master, source);
	refuse_outside(&z);
	if (!sort_records(&z))
		return;
	judge_names(&z);
	judge_services(&z);
	/* A file with mistakes may hold an NS record that was not read. */
	if (d->errs->fatal == before)
		complete_apex(&z);
	if (d->errs->fatal != before || !sort_records(&z))
		return;
	judge_nameservers(&z);
	publish(&z);
}
