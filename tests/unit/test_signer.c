/* SPDX-License-Identifier: Apache-2.0 */
/* signer: every signature is verified by ldns, which knows nothing of ours. */
#include "dns/query.h"
#include "dns/zone.h"
#include "policy/base/arena.h"
#include "policy/keys/keyring.h"
#include "tests/unit/sign_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

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
		bench_begin(&b, NOW_S);
		for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
			uint16_t flags = k == 0 ? DNSKEY_ZSK : DNSKEY_KSK;
			struct subject s;
			struct rrset sigs;

			print_message("%s, %s\n", rings[k], forms[i].title);
			subject_of(&s, forms[i].lines);
			bench_sign(&b, &s, &sigs);
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
		bench_begin(&b, NOW_S);
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
			read = bench_read(&one, apex);
			if (records[i].type == TYPE_CDS) {
				ldns_rr_list *ksks = bench_keys(&b, DNSKEY_KSK);
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
		bench_sign(&b, &s, &sigs);
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
		s.records = bench_read(&keys, apex);
		/* By the KSK alone. */
		assert_valid(&b, &s, &sigs, DNSKEY_KSK, NOW_S);
		ldns_rr_list_deep_free(s.records);
		ldns_rdf_deep_free(apex);
		bench_stop(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ldns_verifies),
		cmocka_unit_test(test_apex_records),
	};

	return cmocka_run_group_tests_name("signer", tests, NULL, NULL);
}
