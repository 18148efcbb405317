/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/zonerules.h"

#include "policy/language/catalog.h"

enum {
	RR_FIXED_OCTETS = 12
}; /* beside RDATA: pointer, TYPE, CLASS, TTL, ... */

static bool is_wildcard(const struct record *r)
{
	return r->owner[0] == 1 && r->owner[1] == '*';
}

/* Why a record cannot be where it is, whatever stands beside it; or NULL. */
static const char *misplaced(const struct catalog *c, const struct record *r)
{
	switch (r->type) {
	case TYPE_SOA:
		return catalog_is_apex(c, r)
			       ? NULL
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
static void judge_size(struct catalog *c, size_t first, size_t end)
{
	const struct record *r = &c->order[first]->record;
	bool cut = r->type == TYPE_NS && !catalog_is_apex(c, r);
	size_t most = cut ? POLICY_CUT_OCTETS_MAX : POLICY_RRSET_OCTETS_MAX;
	size_t octets = 0;
	char buf[CATALOG_TEXT_SIZE];

	for (size_t i = first; i < end; i++)
		octets += RR_FIXED_OCTETS + c->order[i]->record.rdata_len;
	if (octets > most)
		errors_add(c->draft->errs, c->order[first]->at,
			   "%s has %zu octets of records of one type; a "
			   "%s can hold %zu; remove some",
			   catalog_owner_text(r, buf), octets,
			   cut ? "referral" : "message", most);
}

/* Two records of one RRset, b behind a in the order. */
static void judge_rrset(struct catalog *c, struct master_record *a,
			struct master_record *b)
{
	char buf[CATALOG_TEXT_SIZE];
	const char *single = b->record.type == TYPE_CNAME   ? "CNAME"
			     : b->record.type == TYPE_SOA   ? "SOA"
			     : b->record.type == TYPE_DNAME ? "DNAME"
							    : NULL;

	if (catalog_compare_rdata(&a->record, &b->record) == 0) {
		errors_add(c->draft->errs, b->at,
			   "this record is already on line %u; remove one",
			   a->at.line);
	} else if (single != NULL) {
		const struct master_record *later = a < b ? b : a;

		errors_add(c->draft->errs, later->at,
			   "%s has a second %s; only one is allowed (RFC 2181)",
			   catalog_owner_text(&b->record, buf), single);
	} else if (a->record.ttl_s != b->record.ttl_s) {
		errors_warn(c->draft->errs, (a < b ? b : a)->at,
			    "TTLs of one RRset differ (RFC 2181, 5.2); the "
			    "lowest is used");
	}
}

/* RFC 2181, 5.2: all of an RRset get its lowest TTL. */
static void level_ttls(struct catalog *c, size_t first, size_t end)
{
	uint32_t least = UINT32_MAX;

	for (size_t i = first; i < end; i++)
		if (c->order[i]->record.ttl_s < least)
			least = c->order[i]->record.ttl_s;
	for (size_t i = first; i < end; i++)
		c->order[i]->record.ttl_s = least;
}

/* One RRset, [first, end) of the order. */
static void finish_rrset(struct catalog *c, size_t first, size_t end)
{
	judge_size(c, first, end);
	level_ttls(c, first, end);
}

/* One name's records: [first, end) of the order. */
static void judge_name(struct catalog *c, size_t first, size_t end)
{
	const struct master_record *cname = NULL, *other = NULL;
	char buf[CATALOG_TEXT_SIZE];
	size_t rrset = first;

	for (size_t i = first; i < end; i++) {
		struct master_record *r = c->order[i];
		const char *refusal = misplaced(c, &r->record);

		if (r->record.type != c->order[rrset]->record.type) {
			finish_rrset(c, rrset, i);
			rrset = i;
		}
		if (i > rrset)
			judge_rrset(c, c->order[i - 1], r);
		if (r->record.type == TYPE_CNAME)
			cname = cname == NULL ? r : cname;
		else
			other = other == NULL ? r : other;
		if (refusal != NULL)
			errors_add(c->draft->errs, r->at, "%s", refusal);
	}
	finish_rrset(c, rrset, end);
	if (cname != NULL && other != NULL)
		errors_add(c->draft->errs, (cname > other ? cname : other)->at,
			   "%s has a CNAME beside other data, on lines %u and "
			   "%u; remove one (RFC 1034, 3.6.2)",
			   catalog_owner_text(&cname->record, buf),
			   other->at.line, cname->at.line);
}

void zonerules_judge(struct catalog *c)
{
	size_t first = 0;

	for (size_t i = 1; i <= c->master.count; i++) {
		const struct record *r = &c->order[first]->record;

		if (i < c->master.count &&
		    catalog_compare_owner(&c->order[i]->record, r->owner,
					  r->owner_len) == 0)
			continue;
		judge_name(c, first, i);
		first = i;
	}
}
