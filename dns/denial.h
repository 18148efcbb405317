/* SPDX-License-Identifier: Apache-2.0 */
/*
 * denial -- the NSEC chain of a signed zone: which record proves that there is
 * no such name or type.
 *
 * The chain is an array in canonical order (RFC 4034, 6.1), searched by keys
 * that compare as octets do, of what stands before the apex's name; most steps
 * of a search compare the first eight octets, as numbers.  What can be known of
 * a name that exists is kept at its node, so NODATA costs no search, and
 * NXDOMAIN and a wildcard one.
 *
 * An NSEC that lists a type and a NODATA for that type contradict each other
 * (RFC 4035, 5.4).  A service lists every type that it can have, yet now and
 * then has none of one for some client; for that its NSEC is also kept, and
 * signed, without each of them.  Both have the same owner and next name, and
 * each is true of what its client gets.
 *
 * Pure; immutable once built; any thread may read it.
 */
#ifndef DNS_DENIAL_H
#define DNS_DENIAL_H

#include "dns/name.h"
#include "dns/pool.h"

#include <stddef.h>
#include <stdint.h>

enum {
	/* An octet of a label becomes two at most; one ends each label. */
	DENIAL_KEY_MAX = 2 * NAME_OCTETS_MAX,
};

/* A name as octets that sort as the name does. */
struct denial_key {
	uint16_t len;
	uint8_t octets[DENIAL_KEY_MAX];
};

struct nsec {
	const struct zone_node *node; /* its owner */
	const uint8_t *key;
	uint16_t key_len;
	struct rrset rrset; /* signed; TTL: RFC 9077, 3 */
	/* By kind, without that type; NULL where it is not listed anyhow. */
	const struct rrset *without[POOL_KINDS];
};

struct denial {
	struct nsec *chain;   /* the apex first */
	uint64_t *heads;      /* of the chain's keys: denial_head() */
	size_t count;         /* at least one */
	unsigned apex_labels; /* that keys leave out */
};

/* The key of a name in the zone. */
void denial_key(const struct denial *denial, const struct name *name,
		struct denial_key *out);

/* A key's first eight octets as a number, zeroes behind the end. */
uint64_t denial_head(const uint8_t *key, size_t len);

/* Canonical order: less than, equal to or greater than zero. */
int denial_compare(const uint8_t *a, size_t a_len, const uint8_t *b,
		   size_t b_len);

/* The record that matches name, which is in the zone, or else covers it. */
const struct nsec *denial_find(const struct denial *denial,
			       const struct name *name);

/*
 * The answer to QTYPE NSEC or RRSIG at node; NULL for all others and where
 * there is none.  Of the RRSIGs only the NSEC's: a client that wants another
 * asks for what it is over (RFC 8482, 4.1).
 */
const struct rrset *denial_rrset(const struct zone_node *node, uint16_t qtype);

#endif
