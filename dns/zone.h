/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone -- the names of the zone and what there is at each, frozen at load.
 *
 * Every name that exists has a node: owners of records, services, and the
 * empty non-terminals between them and the apex.  One open-addressing table
 * finds a node by the hash of its lower-case wire name.  Because all ancestors
 * of a name exist too, the closest encloser (RFC 4592, 3.3.1) is the longest
 * suffix that has a node, and a name no suffix of which has one is not in the
 * zone: resolution (RFC 1034, 4.3.2) is one lookup for a name that exists and
 * at most as many as the zone is deep for one that does not.
 *
 * Static RRsets are stored as the octets that an answer carries, each owner
 * being a pointer to the question (RFC 1035, 4.1.4): answering is a copy.
 * Names in the data end in a pointer to the zone's apex, or to the owner, which
 * are in the message; where they are there, is told when answering.
 *
 * Pure; immutable once built; any thread may read it.
 */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include "dns/index.h"
#include "dns/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct denial;
struct errors;
struct nsec;
struct policy;
struct pool;
struct signer;

enum {
	ZONE_QNAME_OFFSET = 12, /* where the question's name begins */
	ZONE_QNAME_POINTER = 0xc000 | ZONE_QNAME_OFFSET,
	ZONE_OWNER_POINTER, /* as rendered, to tell them from those above */
};

/* Where the rest of a name in the data stands elsewhere in the message. */
struct rrset_pointer {
	uint16_t at;   /* place in wire */
	bool to_owner; /* of the RRset; else to the zone's apex */
};

/* All records of one owner and type. */
struct rrset {
	uint16_t type;
	uint16_t count;
	uint32_t ttl_s;      /* of each: RFC 2181, 5.2 */
	uint32_t len;        /* octets of wire; never more than a message */
	const uint8_t *wire; /* records; owners are ZONE_QNAME_POINTER */
	const struct rrset_pointer *pointers; /* in wire, to be patched */
	uint16_t pointer_count;
	const struct rrset *rrsig; /* over it; NULL when it is not signed */
};

/* A glue address RRset and the NS record that needs it. */
struct glue {
	const struct rrset *rrset;
	uint32_t target_at; /* where in the NS RRset's wire its name begins */
};

/* What a name at or below a zone cut is answered with: RFC 9471. */
struct referral {
	const struct rrset *ns;
	struct glue *required; /* in-domain: left out means TC */
	struct glue *sibling;  /* below another cut: if it fits */
	uint16_t required_count, sibling_count;
};

struct zone_node {
	const uint8_t *octets; /* wire name, lower case */
	uint8_t len;
	uint8_t labels;
	int16_t service;   /* policy->services index, or -1 */
	uint16_t any_type; /* RFC 8482, 4.1: answers QTYPE ANY; 0 if nothing */
	uint16_t rrset_count;
	struct rrset *rrsets;              /* by type */
	const struct rrset *cname, *dname; /* of rrsets, or NULL */
	const struct zone_node *wildcard;  /* the child "*", or NULL */
	const struct zone_node *cut;       /* highest zone cut at or above it,
					    * below the apex, or NULL */
	const struct zone_node *parent;    /* NULL for the apex */
	const struct referral *referral;   /* when it is its own cut */
	/* In a signed zone, at and above the cuts; else NULL.  dns/denial.h */
	const struct nsec *nsec; /* matches it, or covers it when there are no
				  * records here: an empty non-terminal */
	const struct nsec *no_wildcard; /* covers the child "*", if none */
};

struct zone {
	struct arena *arena;       /* nodes, RRsets, octets */
	const struct zone *parent; /* answers DS at the apex, when it is served
				    * here and not by way of another cut */
	struct index index;
	uint16_t number; /* index in policy->zones */
	const struct zone_node *apex;
	const struct rrset *negative_soa; /* the apex SOA with TTL min(its own,
					   * MINIMUM): RFC 2308, 3 and 5 */
	const struct denial *denial;      /* NULL: the zone is not signed */
};

/* What signs a zone. */
struct zone_signing {
	struct signer *signer; /* has begun; NULL: the zone is not signed */
	struct pool *pools;    /* by service; they get their signatures */
};

enum zone_found {
	ZONE_OUTSIDE,  /* no part of this zone */
	ZONE_EXACT,    /* node has the name */
	ZONE_WILDCARD, /* node is the wildcard the answer comes from */
	ZONE_MISSING,  /* NXDOMAIN, or below a cut: node is the encloser */
};

struct zone_match {
	enum zone_found found;
	const struct zone_node *node; /* NULL when outside */
};

/*
 * Of policy->zones[index] and the services in it.  NULL when errs has an error:
 * what a zone cannot hold (a CNAME beside other data, RFC 1034, 3.6.2; names
 * below a DNAME, RFC 6672, 2.4; NS or DNAME at a wildcard; records outside the
 * zone; a service below a zone cut or with addresses of its own in the master
 * file).  Signs it where signing says so: the pools then borrow from the zone.
 * Borrows nothing from policy.  The caller owns it.
 */
struct zone *zone_build(const struct policy *policy, size_t index,
			const struct zone_signing *signing,
			struct errors *errs);

/* Accepts NULL. */
void zone_free(struct zone *zone);

/*
 * Where name is, for which the search in zone->index has begun.  Cost: one hash
 * and one probe when the name exists, plus one of each per label, up to the
 * zone's depth, when it does not.
 */
static inline struct zone_match zone_find_from(const struct zone *zone,
					       const struct name *name,
					       struct index_start start)
{
	struct index_match match = index_longest(&zone->index, name, start);

	if (match.node == NULL)
		return (struct zone_match){ ZONE_OUTSIDE, NULL };
	if (match.label == 0)
		return (struct zone_match){ ZONE_EXACT, match.node };
	/* One below a zone cut has the cut, and is a referral. */
	if (match.node->wildcard != NULL)
		return (struct zone_match){ ZONE_WILDCARD,
					    match.node->wildcard };
	return (struct zone_match){ ZONE_MISSING, match.node };
}

static inline struct zone_match zone_find(const struct zone *zone,
					  const struct name *name)
{
	return zone_find_from(zone, name, index_begin(&zone->index, name));
}

/* The static RRset of type at node, or NULL. */
static inline const struct rrset *zone_rrset(const struct zone_node *node,
					     uint16_t type)
{
	for (uint16_t i = 0; i < node->rrset_count; i++)
		if (node->rrsets[i].type == type)
			return &node->rrsets[i];
	return NULL;
}

#endif
