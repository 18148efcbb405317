/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dnskey -- one key of a zone: its DNSKEY record, its times, its secret.
 *
 * Read from the pair of files that dnssec-keygen(8) of BIND and `windrose
 * keygen` write: Kexample.com.+013+12345.key has the record, .private the
 * secret and the times:
 *
 *     Publish      the record is in the DNSKEY RRset from here on
 *     Activate     it signs, if it is published
 *     Inactive     it signs no data any more
 *     Delete       the record is gone
 *     SyncPublish  the zone asks its parent for a DS of it (CDS, CDNSKEY)
 *     SyncDelete   ... no longer
 *
 * One that is absent lies before all time if it begins something and after it
 * if it ends something; without SyncPublish a key is asked for while it is
 * active.  A key without a secret can be published but not sign.
 *
 * Source: RFC 4034, 2; RFC 7344; RFC 7583, 3; dnssec-settime(8).  Shell: reads
 * files.
 */
#ifndef POLICY_KEYS_DNSKEY_H
#define POLICY_KEYS_DNSKEY_H

#include "policy/keys/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct errors;

enum dnskey_time {
	DNSKEY_CREATED,
	DNSKEY_PUBLISH,
	DNSKEY_ACTIVATE,
	DNSKEY_INACTIVE,
	DNSKEY_DELETE,
	DNSKEY_SYNC_PUBLISH,
	DNSKEY_SYNC_DELETE,
	DNSKEY_TIMES,
};

enum {
	DNSKEY_ZSK = 256, /* flags: RFC 4034, 2.1.1 */
	DNSKEY_KSK = 257, /* with the secure entry point bit: also a CSK */
	DNSKEY_RDATA_MAX = 4 + SECRET_PUBLIC_MAX,
	DNSKEY_DS_OCTETS = 36,   /* RDATA of a DS with SHA-256 */
	DNSKEY_FILE_MAX = 65536, /* octets of a key file */
};

#define DNSKEY_NEVER INT64_MAX

struct dnskey {
	char *path;          /* of the .key file; owned */
	char *trouble;       /* why there is no secret; owned, or NULL */
	bool exposed;        /* others may read the .private file */
	uint16_t flags, tag; /* DNSKEY_ZSK or _KSK; RFC 4034, appendix B */
	uint8_t algorithm;
	uint8_t rdata[DNSKEY_RDATA_MAX];
	uint16_t rdata_len;
	int64_t times_s[DNSKEY_TIMES]; /* since 1970; 0: absent */
	struct secret *secret;         /* owned; NULL: it cannot sign */
};

/* The word for a time in key files: "Publish". */
const char *dnskey_time_name(enum dnskey_time time);

/* "20261121083441", in UTC, whatever follows; false when it is no time. */
bool dnskey_time_parse(const char *text, int64_t *out);

/*
 * Reads path, a .key file, and the .private file beside it.  False with errs
 * filled when it is no key of zone (absolute, in text) that we can use;
 * dnskey_fini() is due in every case.
 */
bool dnskey_read(struct dnskey *key, const char *path, const char *zone,
		 struct errors *errs);

void dnskey_fini(struct dnskey *key);

/* Is it in the DNSKEY RRset? */
bool dnskey_is_published(const struct dnskey *key, int64_t now_s);

/* May it sign data: published, and between Activate and Inactive? */
bool dnskey_is_active(const struct dnskey *key, int64_t now_s);

/* Is it in the CDS and CDNSKEY RRsets?  Never a ZSK. */
bool dnskey_is_synced(const struct dnskey *key, int64_t now_s);

/*
 * The next of its times after now_s, in when_s and as its name; NULL and
 * DNSKEY_NEVER when there is none.
 */
const char *dnskey_next(const struct dnskey *key, int64_t now_s,
			int64_t *when_s);

/*
 * The RDATA of its DS or CDS record with SHA-256 (RFC 4034, 5.1.4; RFC 4509);
 * owner is the zone's name on the wire, in lower case.
 */
void dnskey_ds(const struct dnskey *key, const uint8_t *owner, size_t owner_len,
	       uint8_t out[DNSKEY_DS_OCTETS]);

/* "waiting", "published", "active", "retired", "deleted". */
const char *dnskey_state(const struct dnskey *key, int64_t now_s);

#endif
