/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/validator.h"

#include <stdbool.h>
#include <stdlib.h>

/* One answer under judgement. */
struct trial {
	const struct validator *v;
	ldns_rr_list *answer, *authority; /* the packet's */
	ldns_rdf *name;                   /* where the chain has come to */
	const ldns_rdf *apex;             /* of the zone that is in; or NULL */
	ldns_rr_type type;
	ldns_pkt_rcode rcode;
	bool truncated; /* what is there is whole, but proofs may be not */
};

static bool is_same(const ldns_rdf *a, const ldns_rdf *b)
{
	return ldns_dname_compare(a, b) == 0;
}

/* a is below b. */
static bool is_below(const ldns_rdf *a, const ldns_rdf *b)
{
	return ldns_dname_is_subdomain(a, b);
}

/* The RRSIGs over owner and type in list; the caller frees the list alone. */
static ldns_rr_list *signatures(ldns_rr_list *list, const ldns_rdf *owner,
				ldns_rr_type type)
{
	ldns_rr_list *found = ldns_rr_list_new();

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG &&
		    is_same(ldns_rr_owner(rr), owner) &&
		    ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr)) == type)
			ldns_rr_list_push_rr(found, rr);
	}
	return found;
}

static ldns_rr_list *rrset_of(ldns_rr_list *list, const ldns_rdf *owner,
			      ldns_rr_type type)
{
	ldns_rr_list *found = ldns_rr_list_new();

	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (ldns_rr_get_type(rr) == type &&
		    is_same(ldns_rr_owner(rr), owner))
			ldns_rr_list_push_rr(found, rr);
	}
	return found;
}

/* RFC 6672, 5.3.1: what a DNAME above it in the answer was made into. */
static bool is_synthesised(ldns_rr_list *list, const ldns_rr *cname)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_rr *rr = ldns_rr_list_rr(list, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNAME &&
		    is_below(ldns_rr_owner(cname), ldns_rr_owner(rr)))
			return true;
	}
	return false;
}

/* The nearest zone at or above name, DS of an apex aside; NULL: none. */
static const ldns_rdf *apex_of(const struct validator *v, const ldns_rdf *name,
			       ldns_rr_type type)
{
	const ldns_rdf *found = NULL;

	for (size_t i = 0; i < v->zones; i++)
		if ((is_below(name, v->apexes[i]) ||
		     (is_same(name, v->apexes[i]) &&
		      type != LDNS_RR_TYPE_DS)) &&
		    (found == NULL || is_below(v->apexes[i], found)))
			found = v->apexes[i];
	if (found == NULL && type == LDNS_RR_TYPE_DS)
		return apex_of(v, name, LDNS_RR_TYPE_SOA);
	return found;
}

/* A delegation, which only the child signs. */
static bool is_referral_ns(const struct trial *t, const ldns_rr *rr)
{
	const ldns_rdf *owner = ldns_rr_owner(rr);
	const ldns_rdf *apex = apex_of(t->v, owner, LDNS_RR_TYPE_NS);

	return ldns_rr_get_type(rr) == LDNS_RR_TYPE_NS &&
	       (apex == NULL || !is_same(owner, apex));
}

/* An NSEC of the zone apex. */
static bool is_nsec(const struct trial *t, const ldns_rdf *apex,
		    const ldns_rr *rr)
{
	bool found = false;

	if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_NSEC)
		return false;
	for (size_t i = 0; i < ldns_rr_list_rr_count(t->authority); i++) {
		const ldns_rr *rrsig = ldns_rr_list_rr(t->authority, i);

		found |= ldns_rr_get_type(rrsig) == LDNS_RR_TYPE_RRSIG &&
			 is_same(ldns_rr_owner(rrsig), ldns_rr_owner(rr)) &&
			 is_same(ldns_rr_rrsig_signame(rrsig), apex);
	}
	return found;
}

/* One that covers name, whatever else it says; NULL when none does. */
static ldns_rr *covering(const struct trial *t, const ldns_rdf *apex,
			 const ldns_rdf *name)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(t->authority); i++) {
		ldns_rr *rr = ldns_rr_list_rr(t->authority, i);

		if (is_nsec(t, apex, rr) && !is_same(ldns_rr_owner(rr), name) &&
		    ldns_nsec_covers_name(rr, name))
			return rr;
	}
	return NULL;
}

static ldns_rr *matching(const struct trial *t, const ldns_rdf *apex,
			 const ldns_rdf *name)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(t->authority); i++) {
		ldns_rr *rr = ldns_rr_list_rr(t->authority, i);

		if (is_nsec(t, apex, rr) && is_same(ldns_rr_owner(rr), name))
			return rr;
	}
	return NULL;
}

/* RFC 4035, 5.3.1 to 5.3.4: one RRset, by any of the zone's keys. */
static const char *judge_rrset(const struct trial *t, ldns_rr_list *list,
			       ldns_rr *first)
{
	ldns_rdf *owner = ldns_rr_owner(first);
	ldns_rr_list *rrset = rrset_of(list, owner, ldns_rr_get_type(first));
	ldns_rr_list *rrsigs = signatures(list, owner, ldns_rr_get_type(first));
	const char *wrong = NULL;
	ldns_rr *rrsig = ldns_rr_list_rr(rrsigs, 0);

	if (rrsig == NULL)
		wrong = "an RRset is not signed";
	else if (ldns_verify(rrset, rrsigs, t->v->keys, NULL) != LDNS_STATUS_OK)
		wrong = "a signature is wrong";
	else if (ldns_rr_ttl(rrsig) != ldns_rr_ttl(first))
		wrong = "an RRSIG has another TTL than its RRset";
	else if (ldns_rr_ttl(first) >
		 ldns_rdf2native_int32(ldns_rr_rrsig_origttl(rrsig)))
		wrong = "a TTL is above the Original TTL";
	else if (!t->truncated &&
		 ldns_rdf2native_int8(ldns_rr_rrsig_labels(rrsig)) <
			 ldns_dname_label_count(owner) -
				 (ldns_dname_is_wildcard(owner) ? 1 : 0) &&
		 covering(t, ldns_rr_rrsig_signame(rrsig), owner) == NULL)
		wrong = "a wildcard's answer without proof that it applies";
	ldns_rr_list_free(rrset);
	ldns_rr_list_free(rrsigs);
	return wrong;
}

static const char *judge_section(const struct trial *t, ldns_rr_list *list)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_rr *rr = ldns_rr_list_rr(list, i);
		const char *wrong;

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG ||
		    (list == t->authority && is_referral_ns(t, rr)) ||
		    (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME &&
		     is_synthesised(list, rr)))
			continue;
		wrong = judge_rrset(t, list, rr);
		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

/* The first NSEC of its owner. */
static const ldns_rr *first_twin(const struct trial *t, const ldns_rr *nsec)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(t->authority); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(t->authority, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_NSEC &&
		    is_same(ldns_rr_owner(rr), ldns_rr_owner(nsec)))
			return rr;
	}
	return nsec;
}

static const char *judge_doubles(const struct trial *t)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(t->authority); i++) {
		ldns_rr *rr = ldns_rr_list_rr(t->authority, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_NSEC &&
		    first_twin(t, rr) != rr)
			return "two NSEC records of one owner";
	}
	return NULL;
}

/* RFC 4592, 3.3.1, told by the NSEC that covers name; the caller frees it. */
static ldns_rdf *encloser(const ldns_rdf *name, const ldns_rr *nsec)
{
	const ldns_rdf *next = ldns_rr_rdf(nsec, 0);
	ldns_rdf *at = ldns_dname_left_chop(name);

	while (!is_same(at, ldns_rr_owner(nsec)) && !is_same(at, next) &&
	       !is_below(ldns_rr_owner(nsec), at) && !is_below(next, at)) {
		ldns_rdf *above = ldns_dname_left_chop(at);

		ldns_rdf_deep_free(at);
		at = above;
	}
	return at;
}

static ldns_rdf *wildcard_at(const ldns_rdf *name)
{
	ldns_rdf *star = ldns_dname_new_frm_str("*");

	if (ldns_dname_cat(star, name) != LDNS_STATUS_OK)
		abort();
	return star;
}

static bool lists(const ldns_rr *nsec, ldns_rr_type type)
{
	return ldns_nsec_bitmap_covers_type(ldns_rr_rdf(nsec, 1), type);
}

/* RFC 4035, 5.4 and RFC 6840, 4.1 and 4.4: this NSEC, of the name itself. */
static const char *judge_bitmap(const struct trial *t, const ldns_rr *nsec)
{
	bool cut =
		lists(nsec, LDNS_RR_TYPE_NS) && !lists(nsec, LDNS_RR_TYPE_SOA);

	if (lists(nsec, t->type))
		return "NODATA, and its NSEC lists the type";
	if (lists(nsec, LDNS_RR_TYPE_CNAME))
		return "NODATA, and its NSEC lists CNAME";
	if (cut && t->type != LDNS_RR_TYPE_DS)
		return "NODATA from above a zone cut";
	return NULL;
}

/* The record at name, or the one that shows it empty, denies the type. */
static const char *judge_no_type(const struct trial *t, const ldns_rdf *name)
{
	const ldns_rr *nsec = matching(t, t->apex, name);

	if (nsec != NULL)
		return judge_bitmap(t, nsec);
	nsec = covering(t, t->apex, name);
	if (nsec != NULL && is_below(ldns_rr_rdf(nsec, 0), name))
		return NULL; /* an empty non-terminal */
	return "NODATA without proof";
}

static const char *judge_nodata(const struct trial *t)
{
	const ldns_rr *nsec = covering(t, t->apex, t->name);
	const char *wrong;
	ldns_rdf *above, *star;

	if (nsec == NULL || is_below(ldns_rr_rdf(nsec, 0), t->name))
		return judge_no_type(t, t->name);
	above = encloser(t->name, nsec);
	star = wildcard_at(above);
	wrong = judge_no_type(t, star);
	ldns_rdf_deep_free(star);
	ldns_rdf_deep_free(above);
	return wrong;
}

static const char *judge_nxdomain(const struct trial *t)
{
	const ldns_rr *nsec = covering(t, t->apex, t->name);
	const char *wrong = NULL;
	ldns_rdf *above, *star;

	if (nsec == NULL)
		return "NXDOMAIN, and the name is not denied";
	if (is_below(ldns_rr_rdf(nsec, 0), t->name))
		return "NXDOMAIN for an empty non-terminal";
	if (lists(nsec, LDNS_RR_TYPE_NS) && !lists(nsec, LDNS_RR_TYPE_SOA) &&
	    is_below(t->name, ldns_rr_owner(nsec)))
		return "NXDOMAIN from above a zone cut";
	above = encloser(t->name, nsec);
	star = wildcard_at(above);
	if (covering(t, t->apex, star) == NULL)
		wrong = "NXDOMAIN, and the wildcard is not denied";
	ldns_rdf_deep_free(star);
	ldns_rdf_deep_free(above);
	return wrong;
}

/* RFC 4035, 5.2: the child is signed, or it is proven that it is not. */
static const char *judge_referral(const struct trial *t, const ldns_rdf *cut)
{
	ldns_rr_list *ds = rrset_of(t->authority, cut, LDNS_RR_TYPE_DS);
	bool has_ds = ldns_rr_list_rr_count(ds) > 0;
	const ldns_rr *nsec = matching(t, t->apex, cut);

	ldns_rr_list_free(ds);
	if (!is_same(t->name, cut) && !is_below(t->name, cut))
		return "a referral to somewhere else";
	if (has_ds)
		return NULL;
	if (nsec == NULL)
		return "a referral with neither DS nor proof";
	if (!lists(nsec, LDNS_RR_TYPE_NS) || lists(nsec, LDNS_RR_TYPE_DS) ||
	    lists(nsec, LDNS_RR_TYPE_SOA))
		return "a referral with the wrong NSEC";
	return NULL;
}

/* Of the answer section, from the name where the chain has come to. */
static ldns_rr *find(const struct trial *t, ldns_rr_type type)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(t->answer); i++) {
		ldns_rr *rr = ldns_rr_list_rr(t->answer, i);

		if (ldns_rr_get_type(rr) == type &&
		    is_same(ldns_rr_owner(rr), t->name))
			return rr;
	}
	return NULL;
}

/* RFC 2308, 2: an answer that says there is nothing has an SOA. */
static const ldns_rdf *soa_owner(const struct trial *t)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(t->authority); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(t->authority, i);

		if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA)
			return ldns_rr_owner(rr);
	}
	return NULL;
}

static bool is_negative(const struct trial *t)
{
	return soa_owner(t) != NULL || t->rcode == LDNS_RCODE_NXDOMAIN;
}

/* RFC 4035, 3.1.4.1: of DS the child answers when the parent is not here. */
static bool is_childs_ds(const struct trial *t)
{
	return t->type == LDNS_RR_TYPE_DS && soa_owner(t) != NULL &&
	       is_same(soa_owner(t), t->name);
}

static bool is_answered(const struct trial *t)
{
	const ldns_rr *cname = find(t, LDNS_RR_TYPE_CNAME);

	/* Asked for itself, not with a CNAME that it is over. */
	if (t->type == LDNS_RR_TYPE_RRSIG && cname != NULL)
		return false;
	/* RFC 6672, 3.2: behind a DNAME the search goes on for CNAME, too. */
	if (t->type == LDNS_RR_TYPE_CNAME && cname != NULL)
		return !is_synthesised(t->answer, cname);
	if (t->type != LDNS_RR_TYPE_ANY)
		return find(t, t->type) != NULL;
	for (size_t i = 0; i < ldns_rr_list_rr_count(t->answer); i++)
		if (is_same(ldns_rr_owner(ldns_rr_list_rr(t->answer, i)),
			    t->name))
			return true;
	return false;
}

/* Where somebody else is asked on; NULL when nowhere. */
static const ldns_rdf *referral(const struct trial *t)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(t->authority); i++) {
		ldns_rr *rr = ldns_rr_list_rr(t->authority, i);

		if (is_referral_ns(t, rr))
			return ldns_rr_owner(rr);
	}
	return NULL;
}

/* What comes after the chain of CNAMEs. */
static const char *judge_end(const struct trial *t)
{
	if (is_answered(t))
		return t->rcode == LDNS_RCODE_NOERROR ? NULL : "a wrong RCODE";
	if (referral(t) != NULL)
		return judge_referral(t, referral(t));
	if (t->apex == NULL)
		return NULL; /* somebody else's */
	if (t->rcode == LDNS_RCODE_NXDOMAIN)
		return judge_nxdomain(t);
	return t->rcode == LDNS_RCODE_NOERROR ? judge_nodata(t)
					      : "a wrong RCODE";
}

void validator_add(struct validator *v, ldns_pkt *answer)
{
	ldns_rr_list *keys =
		ldns_pkt_rr_list_by_type(answer, LDNS_RR_TYPE_DNSKEY,
					 LDNS_SECTION_ANSWER);

	if (keys == NULL || v->zones == VALIDATOR_ZONES)
		abort();
	v->apexes[v->zones++] =
		ldns_rdf_clone(ldns_rr_owner(ldns_rr_list_rr(keys, 0)));
	if (v->keys == NULL)
		v->keys = ldns_rr_list_new();
	ldns_rr_list_cat(v->keys, keys);
	ldns_rr_list_free(keys);
}

void validator_fini(struct validator *v)
{
	for (size_t i = 0; i < v->zones; i++)
		ldns_rdf_deep_free(v->apexes[i]);
	ldns_rr_list_deep_free(v->keys);
}

const char *validator_judge(const struct validator *v, ldns_pkt *answer)
{
	ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(answer), 0);
	struct trial t = {
		.v = v,
		.answer = ldns_pkt_answer(answer),
		.authority = ldns_pkt_authority(answer),
		.name = ldns_rr_owner(question),
		.type = ldns_rr_get_type(question),
		.rcode = ldns_pkt_get_rcode(answer),
		.truncated = ldns_pkt_tc(answer),
	};
	const char *wrong = judge_section(&t, t.answer);
	size_t links = ldns_rr_list_rr_count(t.answer);

	if (wrong == NULL)
		wrong = judge_section(&t, t.authority);
	if (wrong == NULL)
		wrong = judge_doubles(&t);
	if (wrong != NULL)
		return wrong;
	if (t.truncated)
		return NULL;
	for (; links > 0 && !is_answered(&t); links--) {
		ldns_rr *cname = find(&t, LDNS_RR_TYPE_CNAME);

		if (cname == NULL)
			break;
		t.name = ldns_rr_rdf(cname, 0);
	}
	t.apex = apex_of(v, t.name,
			 is_childs_ds(&t) ? LDNS_RR_TYPE_SOA : t.type);
	/* A ring has no end, a long chain ends where the next query begins. */
	if (t.name != ldns_rr_owner(question) && !is_answered(&t) &&
	    !is_negative(&t) && referral(&t) == NULL)
		return NULL;
	return judge_end(&t);
}
