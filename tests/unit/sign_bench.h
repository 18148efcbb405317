/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign_bench -- a signer with a zone and keys from tests/data/keys, RRsets for
 * it in words, and ldns, which knows nothing of ours, to verify what it made.
 *
 * All of it ends the test when it fails.
 */
#ifndef TESTS_UNIT_SIGN_BENCH_H
#define TESTS_UNIT_SIGN_BENCH_H

#include "dns/name.h"
#include "dns/rrset.h"
#include "dns/sign/signer.h"
#include "policy/base/error.h"
#include "policy/language/policy.h"

#include <stdint.h>

#include <ldns/ldns.h>

enum {
	NOW_S = 1780300800, /* 2026-06-01 08:00:00 */
	DAY_S = 86400,
	HOUR_S = 3600,
	RECORDS_MAX = 4,
	RDATA_SIZE = 1024,
};

struct bench {
	struct signer *signer;
	struct arena *arena;
	struct errors errs;
	struct policy_zone zone;
	char keys[300];
};

/* One RRset as text, as ldns sees it, and as it is asked for. */
struct subject {
	ldns_rr_list *records;
	struct name owner;
	uint8_t octets[RECORDS_MAX][RDATA_SIZE];
	struct sign_rdata rdata[RECORDS_MAX];
	struct sign_request request;
};

/* keys: a folder in tests/data/keys. */
void bench_start(struct bench *b, const char *keys);
void bench_stop(struct bench *b);

/* Begins a build of the zone at this time. */
void bench_begin(struct bench *b, int64_t now_s);

/* The caller frees s->records. */
void subject_of(struct subject *s, const char *const *lines);

void bench_sign(struct bench *b, const struct subject *s, struct rrset *out);

/* The records of an RRset of ours, whose owner is a pointer, for ldns. */
ldns_rr_list *bench_read(const struct rrset *set, const ldns_rdf *owner);

/* The zone's DNSKEY RRset, those with these flags, as a resolver has it. */
ldns_rr_list *bench_keys(const struct bench *b, uint16_t flags);

/* The zone's keys with these flags, and no other, signed s. */
void assert_valid(const struct bench *b, struct subject *s,
		  const struct rrset *sigs, uint16_t flags, int64_t when_s);

#endif
