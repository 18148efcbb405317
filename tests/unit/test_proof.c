/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof: the order and the chain of NSEC records, which of them answers have,
 * and that none of these can be left out.
 */
#include "dns/denial.h"
#include "dns/model.h"
#include "dns/zone.h"
#include "dns/zones.h"
#include "tests/unit/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum {
	CLIENT = 0x0a010101,
	MOST_RECORDS = 12, /* in a section of the answers taken apart */
};

/* The name after link i, as an answer tells it, who is asked at i's owner. */
static ldns_rdf *next_name(const struct world *world, const struct nsec *link,
			   const struct nsec *behind)
{
	const struct zone_node *node = link->node;
	ldns_pkt *pkt = stage_asked(world, &(struct question){
						   .name = node->octets,
						   .len = node->len,
						   .type = LDNS_RR_TYPE_NSEC,
						   .client = CLIENT,
						   .dnssec_ok = true,
					   });
	ldns_rr *nsec = stage_first(node->cut == NULL ? ldns_pkt_answer(pkt)
						      : ldns_pkt_authority(pkt),
				    LDNS_RR_TYPE_NSEC);
	ldns_rdf *next;

	/* A referral to a signed child has its DS instead. */
	if (nsec == NULL)
		assert_non_null(
			stage_first(ldns_pkt_authority(pkt), LDNS_RR_TYPE_DS));
	next = nsec == NULL ? ldns_dname_new_frm_data(behind->node->len,
						      behind->node->octets)
			    : ldns_rdf_clone(ldns_rr_rdf(nsec, 0));
	ldns_pkt_free(pkt);
	return next;
}

/* From the apex by next names around to the apex, each behind the last. */
static void test_chain_is_a_ring(void **state)
{
	struct stage *s = *state;
	const struct denial *denial =
		zones_at(s->world.model->zones, 0)->denial;
	const struct nsec *chain = denial->chain;
	ldns_rdf *at = ldns_rdf_clone(s->validator.apexes[0]);

	for (size_t i = 0; i < denial->count; i++) {
		const struct nsec *behind = &chain[(i + 1) % denial->count];
		ldns_rdf *next = next_name(&s->world, &chain[i], behind);

		assert_int_equal(ldns_dname_compare(at, next),
				 i + 1 < denial->count ? -1 : 1);
		assert_int_equal(ldns_rdf_size(next), behind->node->len);
		assert_memory_equal(ldns_rdf_data(next), behind->node->octets,
				    behind->node->len);
		ldns_rdf_deep_free(at);
		at = next;
	}
	assert_int_equal(ldns_dname_compare(at, s->validator.apexes[0]), 0);
	ldns_rdf_deep_free(at);
}

/* RFC 4034, 6.1: its own example, one octet more, and names alike in all that
 * a head holds; below the root, and below the first of them. */
static void test_canonical_order(void **state)
{
	static const char *const names[] = {
		"example.",
		"a.example.",
		"yljkjljk.a.example.",
		"Z.a.example.",
		"zABC.a.EXAMPLE.",
		"z.example.",
		"\\000.z.example.",
		"\\000\\000.z.example.",
		"\\001.z.example.",
		"*.z.example.",
		"\\200.z.example.",
		"zzzzzzz.example.",
		"\\000.zzzzzzz.example.",
		"zzzzzzzz.example.",
		"\\000.zzzzzzzz.example.",
		"zzzzzzzzz.example.",
	};

	(void)state;
	for (unsigned apex = 0; apex < 2; apex++) {
		const struct denial denial = { .apex_labels = apex };
		struct denial_key last, key;
		uint64_t last_head = 0, head;
		struct name name;

		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			assert_true(name_from_text(names[i], &name));
			denial_key(&denial, &name, &key);
			head = denial_head(key.octets, key.len);
			if (i > 0 &&
			    (denial_compare(last.octets, last.len, key.octets,
					    key.len) >= 0 ||
			     last_head > head))
				fail_msg("%s", names[i]);
			last = key;
			last_head = head;
		}
	}
}

/* clang-format off */
static const struct nodata_row {
	const char *title, *name;
	uint16_t type;
	uint32_t client;
	uint32_t ttl_s;
	uint16_t listed, missing; /* by the NSEC at the name */
} nodata[] = {
	{ "a service without that type for anyone", "locked.gslb.example.",
	  LDNS_RR_TYPE_AAAA, 0x0a010101, 60,
	  LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA },
	{ "a service without that type for this client", "www.gslb.example.",
	  LDNS_RR_TYPE_AAAA, 0x0a020101, 60,
	  LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA },
	{ "a service with no endpoint for this client", "www.gslb.example.",
	  LDNS_RR_TYPE_A, 0x0a040101, 10,
	  LDNS_RR_TYPE_AAAA, LDNS_RR_TYPE_A },
	{ "a service of names with no endpoint for this client",
	  "away.gslb.example.", LDNS_RR_TYPE_A, 0x0a040101, 10,
	  LDNS_RR_TYPE_NSEC, LDNS_RR_TYPE_CNAME },
	{ "a service without HTTPS for anyone", "www.gslb.example.",
	  LDNS_RR_TYPE_HTTPS, 0x0a010101, 60,
	  LDNS_RR_TYPE_A, LDNS_RR_TYPE_HTTPS },
	{ "a service's other types", "www.gslb.example.",
	  LDNS_RR_TYPE_MX, 0x0a040101, 60,
	  LDNS_RR_TYPE_A, LDNS_RR_TYPE_MX },
	{ "DS at the apex", "gslb.example.",
	  LDNS_RR_TYPE_DS, 0x0a010101, 60,
	  LDNS_RR_TYPE_SOA, LDNS_RR_TYPE_DS },
	{ "DS at an unsigned cut", "sub.gslb.example.",
	  LDNS_RR_TYPE_DS, 0x0a010101, 60,
	  LDNS_RR_TYPE_NS, LDNS_RR_TYPE_A },
};
/* clang-format on */

static void test_nodata(void **state)
{
	struct stage *s = *state;

	for (size_t i = 0; i < sizeof(nodata) / sizeof(nodata[0]); i++) {
		const struct nodata_row *row = &nodata[i];
		struct name name;
		ldns_pkt *pkt;
		ldns_rr *nsec;

		assert_true(name_from_text(row->name, &name));
		pkt = stage_asked(&s->world, &(struct question){
						     .name = name.octets,
						     .len = name.len,
						     .type = row->type,
						     .client = row->client,
						     .dnssec_ok = true,
					     });
		nsec = stage_first(ldns_pkt_authority(pkt), LDNS_RR_TYPE_NSEC);
		if (nsec == NULL || ldns_rr_ttl(nsec) != row->ttl_s ||
		    ldns_nsec_bitmap_covers_type(ldns_rr_rdf(nsec, 1),
						 row->missing) ||
		    !ldns_nsec_bitmap_covers_type(ldns_rr_rdf(nsec, 1),
						  row->listed)) {
			ldns_pkt_print(stderr, pkt);
			fail_msg("%s", row->title);
		}
		ldns_pkt_free(pkt);
	}
}

/* clang-format off */
static const struct whole_row {
	const char *title, *name;
	uint16_t type;
} whole[] = {
	{ "no such name", "nope.gslb.example.", LDNS_RR_TYPE_A },
	{ "NODATA", "txt.gslb.example.", LDNS_RR_TYPE_A },
	{ "a steered name", "www.gslb.example.", LDNS_RR_TYPE_A },
	{ "a wildcard", "x.wild.gslb.example.", LDNS_RR_TYPE_A },
	{ "an unsigned delegation", "x.sub.gslb.example.",
	  LDNS_RR_TYPE_A },
};
/* clang-format on */

/* The answer without the record at i of a section. */
static const char *judge_without(struct stage *s, const struct whole_row *row,
				 bool authority, size_t i)
{
	const char *wrong = "it has no such record";
	struct name name;
	ldns_rr_list *list;
	ldns_pkt *pkt;

	assert_true(name_from_text(row->name, &name));
	pkt = stage_asked(&s->world, &(struct question){
					     .name = name.octets,
					     .len = name.len,
					     .type = row->type,
					     .client = CLIENT,
					     .dnssec_ok = true,
				     });
	list = authority ? ldns_pkt_authority(pkt) : ldns_pkt_answer(pkt);
	if (i < ldns_rr_list_rr_count(list) &&
	    ldns_rr_get_type(ldns_rr_list_rr(list, i)) != LDNS_RR_TYPE_SOA &&
	    ldns_rr_get_type(ldns_rr_list_rr(list, i)) != LDNS_RR_TYPE_NS) {
		ldns_rr *last = ldns_rr_list_pop_rr(list);

		if (i < ldns_rr_list_rr_count(list))
			last = ldns_rr_list_set_rr(list, last, i);
		ldns_rr_free(last);
		wrong = validator_judge(&s->validator, pkt);
	}
	ldns_pkt_free(pkt);
	return wrong;
}

/* The judge is not blind: whatever is taken away is missed. */
static void test_every_record_is_needed(void **state)
{
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		for (size_t j = 0; j < 2 * MOST_RECORDS; j++)
			if (judge_without(*state, &whole[i], j % 2 == 0,
					  j / 2) == NULL)
				fail_msg("%s: secure without record %zu of %s",
					 whole[i].title, j / 2,
					 j % 2 == 0 ? "authority" : "answer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain_is_a_ring),
		cmocka_unit_test(test_canonical_order),
		cmocka_unit_test(test_nodata),
		cmocka_unit_test(test_every_record_is_needed),
	};

	return cmocka_run_group_tests(tests, stage_set_up, stage_tear_down);
}
