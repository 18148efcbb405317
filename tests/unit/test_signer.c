/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signer: every signature is verified by ldns, which knows nothing of ours;
 * how long they hold, how they are spread, how few are made again.
 */
#include "dns/name.h"
#include "dns/query.h"
#include "dns/rrset.h"
#include "dns/sign/signer.h"
#include "dns/zone.h"
#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/keys/keyring.h"
#include "policy/language/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
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

static void bench_start(struct bench *b, const char *keys)
{
	const char *source = getenv("SRCDIR");

	memset(b, 0, sizeof(*b));
	snprintf(b->keys, sizeof(b->keys), "%s/tests/data/keys/%s",
		 source == NULL ? "." : source, keys);
	b->zone = (struct policy_zone){
		.name = "example.com.",
		.ttl_s = 3600,
		.dnssec = { .keys = b->keys,
			    .validity_s = 14 * DAY_S,
			    .refresh_s = 7 * DAY_S },
	};
	b->arena = arena_new();
	b->signer = signer_new();
	assert_non_null(b->arena);
	assert_non_null(b->signer);
}

static void bench_stop(struct bench *b)
{
	errors_fini(&b->errs);
	signer_free(b->signer);
	arena_free(b->arena);
}

static void begin(struct bench *b, int64_t now_s)
{
	if (!signer_begin(b->signer, &b->zone, now_s, &b->errs)) {
		errors_print(&b->errs, stderr);
		fail();
	}
}

/* One RRset as text, as ldns sees it, and as it is asked for. */
struct subject {
	ldns_rr_list *records;
	struct name owner;
	uint8_t octets[RECORDS_MAX][RDATA_SIZE];
	struct sign_rdata rdata[RECORDS_MAX];
	struct sign_request request;
};

static void subject_of(struct subject *s, const char *const *lines)
{
	uint16_t ttl_s = 300;

	memset(s, 0, sizeof(*s));
	s->records = ldns_rr_list_new();
	for (size_t i = 0; i < RECORDS_MAX && lines[i] != NULL; i++) {
		ldns_buffer *buffer = ldns_buffer_new(RDATA_SIZE);
		ldns_rr *rr;

		assert_int_equal(ldns_rr_new_frm_str(&rr, lines[i], ttl_s, NULL,
						     NULL),
				 LDNS_STATUS_OK);
		ldns_rr_set_ttl(rr, ttl_s);
		ldns_rr_rdata2buffer_wire(buffer, rr);
		memcpy(s->octets[i], ldns_buffer_begin(buffer),
		       ldns_buffer_position(buffer));
		s->rdata[i] = (struct sign_rdata){
			s->octets[i], (uint16_t)ldns_buffer_position(buffer)
		};
		ldns_buffer_free(buffer);
		ldns_rr_list_push_rr(s->records, rr);
		if (i > 0)
			continue;
		assert_true(name_from_wire(ldns_rdf_data(ldns_rr_owner(rr)),
					   ldns_rdf_size(ldns_rr_owner(rr)),
					   &s->owner));
		s->request.type = (uint16_t)ldns_rr_get_type(rr);
	}
	s->request.owner = s->owner.octets;
	s->request.owner_len = s->owner.len;
	s->request.ttl_s = ttl_s;
	s->request.rdata = s->rdata;
	s->request.count = ldns_rr_list_rr_count(s->records);
}

/* The records of an RRset of ours, whose owner is a pointer, for ldns. */
static ldns_rr_list *read_rrset(const struct rrset *set, const ldns_rdf *owner)
{
	ldns_rr_list *list = ldns_rr_list_new();

	for (size_t at = 0; at < set->len;) {
		size_t len = rr_octets(set->wire + at), pos = 0;
		uint8_t octets[2048];
		ldns_rr *rr;

		assert_int_equal(set->wire[at] << 8 | set->wire[at + 1],
				 ZONE_QNAME_POINTER);
		memcpy(octets, ldns_rdf_data(owner), ldns_rdf_size(owner));
		memcpy(octets + ldns_rdf_size(owner), set->wire + at + 2,
		       len - 2);
		assert_int_equal(ldns_wire2rr(&rr, octets,
					      ldns_rdf_size(owner) + len - 2,
					      &pos, LDNS_SECTION_ANSWER),
				 LDNS_STATUS_OK);
		ldns_rr_list_push_rr(list, rr);
		at += len;
	}
	assert_int_equal(ldns_rr_list_rr_count(list), set->count);
	return list;
}

/* The zone's DNSKEY RRset as a resolver would have it. */
static ldns_rr_list *read_keys(const struct bench *b, uint16_t flags)
{
	const struct keyring *ring = signer_keys(b->signer);
	ldns_rr_list *list = ldns_rr_list_new();

	for (size_t i = 0; i < ring->count; i++) {
		const struct dnskey *key = &ring->keys[i];
		uint8_t octets[256] = "\7example\3com\0\0\60\0\1\0\0\16\20";
		size_t at = 21, pos = 0;
		ldns_rr *rr;

		if (key->flags != flags)
			continue;
		octets[at++] = 0;
		octets[at++] = (uint8_t)key->rdata_len;
		memcpy(octets + at, key->rdata, key->rdata_len);
		assert_int_equal(ldns_wire2rr(&rr, octets, at + key->rdata_len,
					      &pos, LDNS_SECTION_ANSWER),
				 LDNS_STATUS_OK);
		ldns_rr_list_push_rr(list, rr);
	}
	return list;
}

static void assert_valid(const struct bench *b, struct subject *s,
			 const struct rrset *sigs, uint16_t flags,
			 int64_t when_s)
{
	ldns_rr_list *keys = read_keys(b, flags);
	ldns_rr_list *list =
		read_rrset(sigs, ldns_rr_owner(ldns_rr_list_rr(s->records, 0)));

	assert_true(ldns_rr_list_rr_count(keys) > 0);
	assert_int_equal(ldns_rr_list_rr_count(list),
			 ldns_rr_list_rr_count(keys));
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		ldns_status status =
			ldns_verify_rrsig_keylist_time(s->records,
						       ldns_rr_list_rr(list, i),
						       keys, when_s, NULL);

		if (status != LDNS_STATUS_OK)
			fail_msg("%s", ldns_get_errorstr_by_id(status));
	}
	ldns_rr_list_deep_free(list);
	ldns_rr_list_deep_free(keys);
}

static void sign(struct bench *b, const struct subject *s, struct rrset *out)
{
	if (!signer_sign(b->signer, b->arena, &s->request, out, &b->errs)) {
		errors_print(&b->errs, stderr);
		fail();
	}
}

/* clang-format off */
static const struct form_row {
	const char *title;
	const char *lines[RECORDS_MAX];
	int labels;
} forms[] = {
	{ "an address", { "www.example.com. A 192.0.2.1" }, 3 },
	{ "several, in any order",
	  { "www.example.com. A 192.0.2.9", "www.example.com. A 192.0.2.1",
	    "www.example.com. A 10.0.0.1" }, 3 },
	{ "upper case inside", { "a.example.com. MX 10 Mail.EXAMPLE.com.",
				 "a.example.com. MX 5 mail.example.com." }, 3 },
	{ "SOA", { "example.com. SOA Ns.Example.com. Host.Example.COM. 1 2 3 4 5" }, 2 },
	{ "NS", { "example.com. NS NS2.example.com.",
		  "example.com. NS ns1.example.com." }, 2 },
	{ "CNAME", { "a.example.com. CNAME B.example.com." }, 3 },
	{ "DNAME", { "a.example.com. DNAME B.example.com." }, 3 },
	{ "PTR", { "a.example.com. PTR B.example.com." }, 3 },
	{ "SRV", { "_s._tcp.example.com. SRV 1 2 3 Host.Example.com." }, 4 },
	{ "NAPTR", { "a.example.com. NAPTR 1 2 \"S\" \"SIP+D2U\" \"!^.*$!A!\" Host.Example.com." }, 3 },
	{ "RP", { "a.example.com. RP Me.Example.com. Text.Example.com." }, 3 },
	{ "AFSDB", { "a.example.com. AFSDB 1 Host.Example.com." }, 3 },
	{ "KX", { "a.example.com. KX 1 Host.Example.com." }, 3 },
	{ "TXT keeps its case", { "a.example.com. TXT \"Some Text\"" }, 3 },
	{ "HTTPS keeps its case", { "a.example.com. HTTPS 1 Host.Example.com." }, 3 },
	{ "a type nobody knows", { "a.example.com. TYPE65280 \\# 4 0A000001" }, 3 },
	{ "a wildcard", { "*.example.com. A 192.0.2.1" }, 2 },
	{ "a wildcard below", { "*.a.example.com. TXT \"x\"" }, 3 },
	{ "an asterisk inside", { "a.*.example.com. TXT \"x\"" }, 4 },
	{ "a DS", { "child.example.com. DS 1 8 2 0000000000000000000000000000000000000000000000000000000000000000" }, 3 },
	{ "NSEC keeps its case", { "a.example.com. NSEC b.example.com. A RRSIG NSEC" }, 3 },
};
/* clang-format on */

static void test_ldns_verifies(void **state)
{
	static const char *const rings[] = { "split", "csk" };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct bench b;

		bench_start(&b, rings[k]);
		begin(&b, NOW_S);
		for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
			uint16_t flags = k == 0 ? DNSKEY_ZSK : DNSKEY_KSK;
			struct subject s;
			struct rrset sigs;

			print_message("%s, %s\n", rings[k], forms[i].title);
			subject_of(&s, forms[i].lines);
			sign(&b, &s, &sigs);
			assert_int_equal(sigs.type, TYPE_RRSIG);
			assert_int_equal(sigs.ttl_s, 300);
			assert_int_equal(sigs.wire[RR_FIXED_OCTETS + 3],
					 forms[i].labels);
			assert_valid(&b, &s, &sigs, flags, NOW_S);
			assert_valid(&b, &s, &sigs, flags, NOW_S - HOUR_S + 1);
			assert_valid(&b, &s, &sigs, flags, NOW_S + 7 * DAY_S);
			ldns_rr_list_deep_free(s.records);
		}
		bench_stop(&b);
	}
}

/* What the apex has, as a parent and a resolver would check it. */
static void test_apex_records(void **state)
{
	static const char *const rings[] = { "split", "csk" };
	static const size_t counts[] = { 4, 3 };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct bench b;
		struct record *records;
		struct sign_rdata rdata[4];
		struct subject s = { 0 };
		struct rrset keys, sigs;
		size_t count, found = 0;
		ldns_rdf *apex = ldns_dname_new_frm_str("example.com.");

		bench_start(&b, rings[k]);
		begin(&b, NOW_S);
		assert_true(
			signer_records(b.signer, b.arena, &records, &count));
		assert_int_equal(count, counts[k]);
		for (size_t i = 0; i < count; i++) {
			const struct record *list[] = { &records[i] };
			struct rrset one;
			ldns_rr_list *read;

			assert_int_equal(rrset_render(b.arena, NULL, list, 1,
						      &one),
					 RRSET_OK);
			read = read_rrset(&one, apex);
			if (records[i].type == TYPE_CDS) {
				ldns_rr_list *ksks = read_keys(&b, DNSKEY_KSK);
				ldns_rr *ds =
					ldns_key_rr2ds(ldns_rr_list_rr(ksks, 0),
						       LDNS_SHA256);

				ldns_rr_set_type(ds, LDNS_RR_TYPE_CDS);
				assert_int_equal(
					ldns_rr_compare(ds,
							ldns_rr_list_rr(read,
									0)),
					0);
				ldns_rr_free(ds);
				ldns_rr_list_deep_free(ksks);
			}
			ldns_rr_list_deep_free(read);
			if (records[i].type == TYPE_DNSKEY)
				rdata[found++] = (struct sign_rdata){
					records[i].rdata, records[i].rdata_len
				};
		}
		s.request = (struct sign_request){
			.owner = records[0].owner,
			.owner_len = records[0].owner_len,
			.type = TYPE_DNSKEY,
			.ttl_s = 3600,
			.rdata = rdata,
			.count = found,
		};
		sign(&b, &s, &sigs);
		{
			const struct record *list[4];
			size_t n = 0;

			for (size_t i = 0; i < count; i++)
				if (records[i].type == TYPE_DNSKEY)
					list[n++] = &records[i];
			assert_int_equal(rrset_render(b.arena, NULL, list, n,
						      &keys),
					 RRSET_OK);
		}
		s.records = read_rrset(&keys, apex);
		/* By the KSK alone. */
		assert_valid(&b, &s, &sigs, DNSKEY_KSK, NOW_S);
		ldns_rr_list_deep_free(s.records);
		ldns_rdf_deep_free(apex);
		bench_stop(&b);
	}
}

static uint32_t time_at(const struct rrset *sigs, size_t at)
{
	const uint8_t *p = sigs->wire + RR_FIXED_OCTETS + at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static struct rrset sign_number(struct bench *b, unsigned number)
{
	char line[80];
	const char *lines[RECORDS_MAX] = { line };
	struct subject s;
	struct rrset sigs;

	snprintf(line, sizeof(line), "n%u.example.com. A 192.0.2.1", number);
	subject_of(&s, lines);
	sign(b, &s, &sigs);
	ldns_rr_list_deep_free(s.records);
	return sigs;
}

enum { MANY = 2000 };

static int64_t sign_many(struct bench *b, int64_t now_s)
{
	begin(b, now_s);
	for (unsigned i = 0; i < MANY; i++)
		(void)sign_number(b, i);
	return signer_end(b->signer);
}

/* Never all at once: in no 256th of the validity do a 32nd of them end. */
static void test_ends_are_spread(void **state)
{
	unsigned buckets[256] = { 0 }, used = 0;
	struct bench b;

	(void)state;
	bench_start(&b, "csk");
	begin(&b, NOW_S);
	for (unsigned i = 0; i < MANY; i++) {
		struct rrset sigs = sign_number(&b, i);
		int64_t ends_s = time_at(&sigs, 8),
			begins_s = time_at(&sigs, 12);

		assert_int_equal(ends_s - begins_s, 14 * DAY_S + HOUR_S);
		assert_true(begins_s <= NOW_S - HOUR_S);
		assert_true(ends_s > NOW_S + 7 * DAY_S);
		assert_true(ends_s <= NOW_S + 14 * DAY_S);
		buckets[(ends_s - NOW_S) * 256 / (14 * DAY_S + 1)]++;
	}
	for (size_t i = 0; i < 256; i++) {
		assert_true(buckets[i] < MANY / 32);
		used += buckets[i] > 0;
	}
	assert_true(used >= 100);
	bench_stop(&b);
}

/* Two weeks of renewals, each when the one before said it is due. */
static void test_renewed_in_time(void **state)
{
	int64_t now_s = NOW_S, due_s;
	uint64_t made, before;
	unsigned builds = 0;
	struct bench b;

	(void)state;
	bench_start(&b, "csk");
	due_s = sign_many(&b, now_s);
	made = signer_made(b.signer);
	assert_int_equal(made, MANY);
	assert_int_equal(sign_many(&b, now_s), due_s);
	assert_int_equal(signer_made(b.signer), MANY);
	while (due_s < NOW_S + 7 * DAY_S) {
		assert_true(due_s > now_s);
		now_s = due_s;
		before = signer_made(b.signer);
		due_s = sign_many(&b, now_s);
		made = signer_made(b.signer) - before;
		assert_in_range(made, 1, MANY / 32);
		assert_true(signer_span(b.signer).until_s >= now_s + 7 * DAY_S);
		assert_true(signer_span(b.signer).from_s < now_s);
		builds++;
	}
	/* Each of them once in a turn. */
	assert_int_equal(signer_made(b.signer), 2 * MANY);
	assert_in_range(builds, 100, 130);
	bench_stop(&b);
}

/* clang-format off */
static const struct jump_row {
	const char *title;
	int64_t by_s;
	bool all;
} jumps[] = {
	{ "a second on", 1, false },
	{ "a second back", -1, false },
	{ "a year on", 365 * (int64_t)DAY_S, true },
	{ "a year back", -365 * (int64_t)DAY_S, true },
	{ "two weeks on", 14 * DAY_S, true },
	{ "two weeks back", -14 * DAY_S, true },
};
/* clang-format on */

static void test_clock_jumps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		int64_t then_s = NOW_S + jumps[i].by_s;
		struct sign_span span;
		struct bench b;

		print_message("%s\n", jumps[i].title);
		bench_start(&b, "csk");
		(void)sign_many(&b, NOW_S);
		assert_true(sign_many(&b, then_s) > then_s);
		span = signer_span(b.signer);
		assert_true(span.from_s <= then_s - HOUR_S);
		assert_true(span.until_s > then_s + 7 * DAY_S - 1);
		if (jumps[i].all)
			assert_int_equal(signer_made(b.signer), 2 * MANY);
		else
			assert_true(signer_made(b.signer) < MANY + MANY / 32);
		bench_stop(&b);
	}
}

/* What a build did not use is forgotten; what an abandoned one made is not. */
static void test_forgets(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, "csk");
	(void)sign_many(&b, NOW_S);
	begin(&b, NOW_S);
	(void)sign_number(&b, MANY);
	signer_abandon(b.signer);
	(void)sign_many(&b, NOW_S);
	assert_int_equal(signer_made(b.signer), MANY + 1);
	begin(&b, NOW_S);
	(void)sign_number(&b, 7);
	(void)signer_end(b.signer);
	(void)sign_many(&b, NOW_S);
	assert_int_equal(signer_made(b.signer), 2 * MANY);
	bench_stop(&b);
}

/* All that a signature is over makes another one. */
static void test_content_counts(void **state)
{
	static const char *const lines[][RECORDS_MAX] = {
		{ "www.example.com. A 192.0.2.1" },
		{ "www.example.com. A 192.0.2.2" },
		{ "www.example.com. A 192.0.2.1",
		  "www.example.com. A 192.0.2.2" },
		{ "ww.example.com. A 192.0.2.1" },
		{ "www.example.com. TYPE65280 \\# 4 C0000201" },
	};
	struct bench b;
	struct rrset sigs;
	struct subject s;

	(void)state;
	bench_start(&b, "csk");
	begin(&b, NOW_S);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		subject_of(&s, lines[i]);
		sign(&b, &s, &sigs);
		assert_int_equal(signer_made(b.signer), 2 * i + 1);
		s.request.ttl_s++;
		sign(&b, &s, &sigs);
		assert_int_equal(signer_made(b.signer), 2 * i + 2);
		sign(&b, &s, &sigs);
		assert_int_equal(signer_made(b.signer), 2 * i + 2);
		ldns_rr_list_deep_free(s.records);
	}
	b.zone.dnssec.validity_s++;
	begin(&b, NOW_S);
	sign(&b, &s, &sigs);
	assert_int_equal(signer_made(b.signer),
			 2 * sizeof(lines) / sizeof(lines[0]) + 1);
	bench_stop(&b);
}

static void test_failed_begin_changes_nothing(void **state)
{
	struct bench b;

	(void)state;
	bench_start(&b, "csk");
	(void)sign_many(&b, NOW_S);
	b.zone.dnssec.keys = "/nonexistent";
	assert_false(signer_begin(b.signer, &b.zone, NOW_S, &b.errs));
	assert_non_null(strstr(b.errs.list[b.errs.count - 1].error.text,
			       "cannot read the directory of keys"));
	assert_int_equal(signer_keys(b.signer)->count, 1);
	b.zone.dnssec.keys = b.keys;
	(void)sign_many(&b, NOW_S);
	assert_int_equal(signer_made(b.signer), MANY);
	bench_stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ldns_verifies),
		cmocka_unit_test(test_apex_records),
		cmocka_unit_test(test_ends_are_spread),
		cmocka_unit_test(test_renewed_in_time),
		cmocka_unit_test(test_clock_jumps),
		cmocka_unit_test(test_forgets),
		cmocka_unit_test(test_content_counts),
		cmocka_unit_test(test_failed_begin_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
