/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalog -- the records of one zone while it is judged: as they were written,
 * and in the order of their names, so that what is at a name can be found.
 */
#ifndef POLICY_LANGUAGE_CATALOG_H
#define POLICY_LANGUAGE_CATALOG_H

#include "policy/language/draft.h"
#include "policy/language/master.h"

enum {
	/* The RR TYPEs that rules of zones are made for. */
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_MX = 15,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_DNAME = 39,
	TYPE_DS = 43,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_DNSKEY = 48,
	TYPE_NSEC3 = 50,
	TYPE_NSEC3PARAM = 51,
	TYPE_CDS = 59,
	TYPE_CDNSKEY = 60,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	CATALOG_NAME_SIZE = 256,
	CATALOG_TEXT_SIZE = 128, /* enough of a name for an error */
};

/* A wire name, lower case. */
struct catalog_name {
	uint8_t octets[CATALOG_NAME_SIZE];
	size_t len; /* 0: none */
};

struct catalog {
	struct draft *draft;
	struct policy_zone *zone;
	struct master master;
	struct catalog_name apex;
	struct master_record **order; /* by owner, type, RDATA, place */
};

/* Makes the order of what is in master; false when memory runs out. */
bool catalog_sort(struct catalog *c);

/* 0 when the record is owned by this name; else their order. */
int catalog_compare_owner(const struct record *r, const uint8_t *owner,
			  size_t len);

/* Of two records of one type: 0 when they say the same. */
int catalog_compare_rdata(const struct record *a, const struct record *b);

/* Where in the order a name's records begin, or would. */
size_t catalog_first(const struct catalog *c, const uint8_t *owner, size_t len);

/*
 * The record at a name of this type, the first by place of equal ones, or
 * NULL.  Needs the order.
 */
const struct master_record *catalog_find(const struct catalog *c,
					 const uint8_t *owner, size_t len,
					 unsigned type);

/* Is the name at or below the apex?  By labels: the suffix begins at one. */
bool catalog_holds(const struct catalog *c, const uint8_t *name, size_t len);

bool catalog_is_apex(const struct catalog *c, const struct record *r);

/* The owner as text for an error, into buf of CATALOG_TEXT_SIZE. */
const char *catalog_owner_text(const struct record *r, char *buf);

#endif
