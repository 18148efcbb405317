/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/language/zonerules.h"

#include "policy/language/catalog.h"
#include "policy/language/code.h"

/* Octets of a record beside RDATA: pointer, TYPE, CLASS, TTL, RDLENGTH. */
enum { RR_FIXED_OCTETS = 12 };

static bool is_wildcard(const struct record *r)
{
	return r->owner[0] == 1 && r->owner[1] == '*';
}

/* Why a record cannot be where it is, whatever stands beside it; or NULL. */
static const char *misplaced(const struct catalog *c, const struct record *r)
{
	switch (r->type) {
	case TYPE_CNAME:
		return catalog_is_apex(c, r)
			       ? "the zone's own name has SOA and NS, beside "
				 "which no CNAME can be (RFC 1034, 3.6.2); "
				 "remove it"
			       : NULL;
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
		return is_wildcard(r) ? "a wildcard cannot be a DNAME (RFC "
					"4592, 4.4); name its owner"
				      : NULL;
	case TYPE_RRSIG:
	case TYPE_NSEC:
	case TYPE_NSEC3:
	case TYPE_NSEC3PARAM:
		return "signatures and proofs are made here, from the keys of "
		       "the zone; write it without RRSIG, NSEC, NSEC3 and "
		       "NSEC3PARAM";
	case TYPE_DNSKEY:
	case TYPE_CDS:
	case TYPE_CDNSKEY:
		return !catalog_is_apex(c, r)
			       ? "DNSKEY, CDS and CDNSKEY are for the zone's "
				 "own name alone; remove it"
		       : c->zone->dnssec.keys != NULL
			       ? "DNSKEY, CDS and CDNSKEY are made here, from "
				 "the keys of the zone; remove it"
			       : NULL;
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
		errors_add(c->draft->errs, CODE_RECORD_RULES,
			   c->order[first]->at,
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
		errors_add(c->draft->errs, CODE_RECORD_TWICE, b->at,
			   "this record is already on line %u; remove one",
			   a->at.line);
	} else if (single != NULL) {
		const struct master_record *later = a < b ? b : a;

		errors_add(c->draft->errs, CODE_RECORD_RULES, later->at,
			   "%s has a second %s; only one is allowed (RFC 2181)",
			   catalog_owner_text(&b->record, buf), single);
	} else if (a->record.ttl_s != b->record.ttl_s) {
		errors_warn(c->draft->errs, CODE_RECORD_TTL,
			    (a < b ? b : a)->at,
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

static const struct master_record *
at_name(const struct catalog *c, const struct record *r, unsigned type)
{
	return catalog_find(c, r->owner, r->owner_len, type);
}

/* One of two records has to go. */
static void refuse_pair(const struct catalog *c, const struct master_record *a,
			const struct master_record *b, const char *what,
			const char *rfc)
{
	char buf[CATALOG_TEXT_SIZE];

	errors_add(c->draft->errs, CODE_RECORD_RULES, (a > b ? a : b)->at,
		   "%s has a %s, on lines %u and %u; remove one (%s)",
		   catalog_owner_text(&a->record, buf), what, b->at.line,
		   a->at.line, rfc);
}

/* What a name's records, [first, end) of the order, are to each other. */
static void judge_company(const struct catalog *c, size_t first, size_t end)
{
	const struct record *r = &c->order[first]->record;
	bool apex = catalog_is_apex(c, r);
	const struct master_record *ns = at_name(c, r, TYPE_NS);
	const struct master_record *cname = at_name(c, r, TYPE_CNAME);
	const struct master_record *dname = at_name(c, r, TYPE_DNAME);
	const struct master_record *ds = at_name(c, r, TYPE_DS);
	char buf[CATALOG_TEXT_SIZE];

	for (size_t i = first; cname != NULL && !apex && i < end; i++)
		if (c->order[i]->record.type != TYPE_CNAME) {
			refuse_pair(c, cname, c->order[i],
				    "CNAME beside other data",
				    "RFC 1034, 3.6.2");
			break;
		}
	if (dname != NULL && ns != NULL && !apex)
		refuse_pair(c, dname, ns, "DNAME beside NS records",
			    "RFC 6672, 2.4");
	if (ds != NULL && (ns == NULL || apex))
		errors_add(c->draft->errs, CODE_RECORD_RULES, ds->at,
			   "%s has a DS record and is not delegated; write its "
			   "NS records or remove it (RFC 4035, 2.4)",
			   catalog_owner_text(r, buf));
}

/* One name's records: [first, end) of the order. */
static void judge_name(struct catalog *c, size_t first, size_t end)
{
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
		if (refusal != NULL)
			errors_add(c->draft->errs, CODE_RECORD_RULES, r->at,
				   "%s", refusal);
	}
	finish_rrset(c, rrset, end);
	judge_company(c, first, end);
}

/* RFC 6672, 2.4: a DNAME hides all names below it. */
static void judge_below(const struct catalog *c, const struct master_record *r)
{
	const struct record *below = &r->record;
	char name[CATALOG_TEXT_SIZE], above[CATALOG_TEXT_SIZE];

	for (size_t at = 0; below->owner_len - at > c->apex.len;) {
		const struct master_record *dname;

		at += (size_t)below->owner[at] + 1;
		dname = catalog_find(c, below->owner + at,
				     below->owner_len - at, TYPE_DNAME);
		if (dname == NULL)
			continue;
		errors_add(c->draft->errs, CODE_RECORD_RULES,
			   (r > dname ? r : dname)->at,
			   "%s on line %u is below the DNAME of %s on line "
			   "%u; remove one (RFC 6672, 2.4)",
			   catalog_owner_text(below, name), r->at.line,
			   catalog_owner_text(&dname->record, above),
			   dname->at.line);
		return;
	}
}

static void judge_dnames(const struct catalog *c)
{
	bool any = false;

	for (size_t i = 0; i < c->master.count; i++)
		any |= c->master.list[i].record.type == TYPE_DNAME;
	for (size_t i = 0; any && i < c->master.count; i++) {
		const struct record *r = &c->order[i]->record;

		if (i == 0 || catalog_compare_owner(&c->order[i - 1]->record,
						    r->owner, r->owner_len))
			judge_below(c, c->order[i]);
	}
}

void zonerules_judge(struct catalog *c)
{
	size_t first = 0;

	judge_dnames(c);

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
