/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/sign_bench.h"

#include "dns/zone.h"
#include "policy/base/arena.h"
#include "policy/keys/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void bench_start(struct bench *b, const char *keys)
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

void bench_stop(struct bench *b)
{
	errors_fini(&b->errs);
	signer_free(b->signer);
	arena_free(b->arena);
}

void bench_begin(struct bench *b, int64_t now_s)
{
	if (!signer_begin(b->signer, &b->zone, now_s, &b->errs)) {
		errors_print(&b->errs, stderr);
		fail();
	}
}

void subject_of(struct subject *s, const char *const *lines)
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

ldns_rr_list *bench_read(const struct rrset *set, const ldns_rdf *owner)
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

ldns_rr_list *bench_keys(const struct bench *b, uint16_t flags)
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

void assert_valid(const struct bench *b, struct subject *s,
		  const struct rrset *sigs, uint16_t flags, int64_t when_s)
{
	ldns_rr_list *keys = bench_keys(b, flags);
	ldns_rr_list *list =
		bench_read(sigs, ldns_rr_owner(ldns_rr_list_rr(s->records, 0)));

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

void bench_sign(struct bench *b, const struct subject *s, struct rrset *out)
{
	if (!signer_sign(b->signer, b->arena, &s->request, out, &b->errs)) {
		errors_print(&b->errs, stderr);
		fail();
	}
}
