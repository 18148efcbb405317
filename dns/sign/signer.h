/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signer -- the keys of one zone, and the signatures made with them.
 *
 * A signature is made once for a content and kept until it is due: building
 * the same zone again signs only what is new or near its end.  When it is due
 * is spread by the content itself, so that they never all are at once, and two
 * responders agree.  Source: RFC 4034, 3; RFC 4035, 2; RFC 6781, 4; RFC 7344.
 *
 * One thread at a time.  Pure but for the key files that signer_begin() reads
 * through dns/sign/keyring.
 */
#ifndef DNS_SIGN_SIGNER_H
#define DNS_SIGN_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct errors;
struct policy_zone;
struct record;
struct rrset;
struct keyring;
struct signer;

struct sign_rdata {
	const uint8_t *octets; /* uncompressed; borrowed */
	uint16_t len;
};

/* Over what of time the signatures of a build hold, seconds since 1970. */
struct sign_span {
	int64_t from_s;  /* the latest inception */
	int64_t until_s; /* the earliest expiration */
};

/* One RRset of class IN. */
struct sign_request {
	const uint8_t *owner; /* wire name, lower case; may be a wildcard */
	uint8_t owner_len;
	uint16_t type;
	uint32_t ttl_s; /* Original TTL: the highest it is served with */
	const struct sign_rdata *rdata; /* in any order, no duplicates */
	size_t count;
};

/* Without keys yet; NULL when memory runs out.  The caller owns it. */
struct signer *signer_new(void);

/* Accepts NULL. */
void signer_free(struct signer *signer);

/*
 * Begins a build of zone at now_s (seconds since 1970): reads the keys of its
 * dnssec key again.  False with errs filled when they cannot be read, none of
 * them signs now, or one is gone that is in use; the signer is then as it was.
 */
bool signer_begin(struct signer *signer, const struct policy_zone *zone,
		  int64_t now_s, struct errors *errs);

/*
 * Begins a build with the keys and the roles of the last that signer_begin()
 * began: an emergency, in which signatures go on being renewed.  False when
 * there was none.
 */
bool signer_resume(struct signer *signer, const struct policy_zone *zone,
		   int64_t now_s);

/*
 * DNSKEY, CDS and CDNSKEY records for the apex, as the keys' times ask for
 * now; from arena.  False when memory runs out.
 */
bool signer_records(const struct signer *signer, struct arena *arena,
		    struct record **out, size_t *count);

/*
 * The RRSIG RRset over request, owners ZONE_QNAME_POINTER and TTLs
 * request->ttl_s, into out, octets from arena.  DNSKEY, CDS and CDNSKEY are
 * signed by the key signing keys, all else by the zone signing keys.  False
 * with errs filled.
 */
bool signer_sign(struct signer *signer, struct arena *arena,
		 const struct sign_request *request, struct rrset *out,
		 struct errors *errs);

/*
 * Ends a build: forgets what it did not use.  Returns when the next has to be
 * (seconds since 1970): a signature is due or a key changes its role.
 */
int64_t signer_end(struct signer *signer);

/* Ends a build that failed: nothing is forgotten. */
void signer_abandon(struct signer *signer);

/* Of the build that was ended last; both 0 before. */
struct sign_span signer_span(const struct signer *signer);

/* Its keys, as they were read last; NULL before.  Borrowed until the next. */
const struct keyring *signer_keys(const struct signer *signer);

/* How many signatures it has made: what was kept is not counted. */
uint64_t signer_made(const struct signer *signer);

#endif
