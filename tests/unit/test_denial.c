/* SPDX-License-Identifier: Apache-2.0 */
/*
 * denial: a signed zone, asked for every name and type it has and has not.
 * Each answer is judged by tests/unit/validator, which knows only the keys.
 */
#include "dns/answer.h"
#include "dns/denial.h"
#include "dns/model.h"
#include "dns/query.h"
#include "dns/wire.h"
#include "dns/zone.h"
#include "dns/zones.h"
#include "policy/base/hash.h"
#include "policy/language/policy.h"
#include "tests/unit/validator.h"
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct stage {
	struct world world, plain; /* signed, and the same not signed */
	struct validator validator;
	unsigned judged, truncated;
};

struct question {
	const uint8_t *name; /* on the wire */
	size_t len;
	uint16_t type;
	uint32_t client; /* IPv4 */
	uint16_t size;   /* of UDP; 0: TCP */
	bool dnssec_ok;
};

static size_t write_query(const struct question *q, uint8_t *out, size_t cap)
{
	struct wire w = wire_over(out, cap);

	wire_put_u16(&w, 0x4242);
	wire_put_u16(&w, 0);
	wire_put_u16(&w, 1);
	wire_put_u32(&w, 0);
	wire_put_u16(&w, 1);
	wire_put(&w, q->name, q->len);
	wire_put_u16(&w, q->type);
	wire_put_u16(&w, CLASS_IN);
	wire_put_u8(&w, 0);
	wire_put_u16(&w, TYPE_OPT);
	wire_put_u16(&w, q->size == 0 ? 1232 : q->size);
	wire_put_u32(&w, q->dnssec_ok ? 0x8000 : 0);
	wire_put_u16(&w, 0);
	assert_true(wire_ok(&w));
	return w.len;
}

static size_t ask(const struct world *world, const struct question *q,
		  uint8_t *out, size_t cap)
{
	uint8_t query[512];
	struct answer_outcome outcome;
	struct answer_input input = {
		.query = query,
		.len = write_query(q, query, sizeof(query)),
		.peer = net_from_v4(q->client),
		.stream = q->size == 0,
	};

	return answer_query(world->table, &input, out, cap, &outcome);
}

static ldns_pkt *asked(const struct world *world, const struct question *q)
{
	static uint8_t out[ANSWER_TCP_MAX];
	size_t len = ask(world, q, out, sizeof(out));
	ldns_pkt *pkt = NULL;

	assert_int_equal(ldns_wire2pkt(&pkt, out, len), LDNS_STATUS_OK);
	assert_int_equal(ldns_pkt_edns_do(pkt), q->dnssec_ok);
	return pkt;
}

static void judge(struct stage *s, const struct question *q)
{
	ldns_pkt *pkt = asked(&s->world, q);
	const char *wrong = validator_judge(&s->validator, pkt);

	if (wrong != NULL) {
		ldns_pkt_print(stderr, pkt);
		fail_msg("%s", wrong);
	}
	s->judged++;
	s->truncated += ldns_pkt_tc(pkt);
	ldns_pkt_free(pkt);
}

/* clang-format off */
static const uint16_t types[] = {
	LDNS_RR_TYPE_A, LDNS_RR_TYPE_NS, LDNS_RR_TYPE_CNAME, LDNS_RR_TYPE_SOA,
	LDNS_RR_TYPE_MX, LDNS_RR_TYPE_TXT, LDNS_RR_TYPE_AAAA, LDNS_RR_TYPE_SRV,
	LDNS_RR_TYPE_DNAME, LDNS_RR_TYPE_DS, LDNS_RR_TYPE_RRSIG,
	LDNS_RR_TYPE_NSEC, LDNS_RR_TYPE_DNSKEY, LDNS_RR_TYPE_CDS,
	LDNS_RR_TYPE_CDNSKEY, 64 /* SVCB */, 65 /* HTTPS */, LDNS_RR_TYPE_ANY, 65280,
};

/* Near eu, near us, kept to eu, kept from all. */
static const uint32_t clients[] = {
	0x0a010101, 0x0a020101, 0x0a030101, 0x0a040101,
};
/* clang-format on */

enum {
	TYPES = sizeof(types) / sizeof(types[0]),
	CLIENTS = sizeof(clients) / sizeof(clients[0]),
};

typedef void each_name(struct stage *s, const struct name *name);

/* With what was put in front of it. */
static void visit_below(struct stage *s, const char *front,
			const struct name *name, each_name *visit)
{
	uint8_t octets[2 * NAME_OCTETS_MAX];
	size_t len = strlen(front);
	struct name below;

	memcpy(octets, front, len);
	memcpy(octets + len, name->octets, name->len);
	if (name_from_wire(octets, len + name->len, &below))
		visit(s, &below);
}

/* Every name of the zone, and names around it that are not there. */
static void for_names(struct stage *s, each_name *visit)
{
	static const char *const fronts[] = {
		"", "\1x", "\1*", "\3zzz", "\2\1\1", "\1y\1x", "\1x\1*",
	};
	const struct index *index = &zones_at(s->world.model->zones, 0)->index;

	for (size_t i = 0; i <= index->mask; i++) {
		const struct zone_node *node = index->slots[i].node;
		struct name name;

		if (node == NULL)
			continue;
		assert_true(name_from_wire(node->octets, node->len, &name));
		for (size_t j = 0; j < sizeof(fronts) / sizeof(fronts[0]); j++)
			visit_below(s, fronts[j], &name, visit);
	}
}

static void judge_types(struct stage *s, const struct name *name)
{
	for (size_t i = 0; i < TYPES; i++)
		judge(s, &(struct question){
				 .name = name->octets,
				 .len = name->len,
				 .type = types[i],
				 .client = clients[i % CLIENTS],
				 .dnssec_ok = true,
			 });
}

/* Every name and type, whole. */
static void test_every_answer_is_secure(void **state)
{
	struct stage *s = *state;

	s->judged = s->truncated = 0;
	for_names(s, judge_types);
	assert_true(s->judged > 5000);
	assert_int_equal(s->truncated, 0);
}

static void judge_steered(struct stage *s, const char *fqdn)
{
	struct name name;

	assert_true(name_from_text(fqdn, &name));
	if (name.octets[0] == 1 && name.octets[1] == '*')
		name.octets[1] = 'x';
	for (size_t i = 0; i < TYPES * CLIENTS; i++)
		judge(s, &(struct question){
				 .name = name.octets,
				 .len = name.len,
				 .type = types[i / CLIENTS],
				 .client = clients[i % CLIENTS],
				 .dnssec_ok = true,
			 });
}

/* Whatever a client gets of a service, addresses or none. */
static void test_services_are_secure(void **state)
{
	struct stage *s = *state;

	for (int i = 0; i < WORLD_SERVICES; i++)
		judge_steered(s, s->world.policy->services[i].fqdn);
}

static void judge_sizes(struct stage *s, const struct name *name)
{
	static const uint16_t sizes[] = { 512, 700, 900, 1232 };

	for (size_t i = 0; i < TYPES; i++)
		judge(s, &(struct question){
				 .name = name->octets,
				 .len = name->len,
				 .type = types[i],
				 .client = clients[0],
				 .size = sizes[(i + name->len) % 4],
				 .dnssec_ok = true,
			 });
}

/* What does not fit is left out whole, and TC says so. */
static void test_truncated_answers_are_whole(void **state)
{
	struct stage *s = *state;

	s->judged = s->truncated = 0;
	for_names(s, judge_sizes);
	assert_true(s->truncated > 50);
	assert_true(s->judged - s->truncated > 2000);
}

/* Random octets, the least and the greatest among them. */
static void test_random_names(void **state)
{
	static const char *const parents[] = {
		"gslb.example.",       "wild.gslb.example.",
		"pool.gslb.example.",  "star.gslb.example.",
		"empty.gslb.example.",
	};
	static const uint8_t octets[] = { 0,   1,   2,   '*',  '-',
					  'a', 'M', 'z', 0x80, 0xff };
	struct stage *s = *state;

	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t draw = hash_mix(i + 1);
		char front[8] = { 0 };
		uint8_t wire[2 * NAME_OCTETS_MAX];
		struct name parent;

		front[0] = (char)(1 + draw % 4);
		for (int j = 1; j <= front[0]; j++)
			front[j] = (char)octets[(draw >> 8 * j) % 10];
		assert_true(name_from_text(parents[(draw >> 50) % 5], &parent));
		memcpy(wire, front, 1u + (size_t)front[0]);
		memcpy(wire + 1 + front[0], parent.octets, parent.len);
		judge(s, &(struct question){
				 .name = wire,
				 .len = 1u + (size_t)front[0] + parent.len,
				 .type = types[draw % TYPES],
				 .client = clients[0],
				 .dnssec_ok = true,
			 });
	}
}

/* Types that only a signed zone has; ANY may choose one of them. */
static bool is_security(uint16_t type)
{
	return (type >= LDNS_RR_TYPE_DS && type <= LDNS_RR_TYPE_DNSKEY) ||
	       type == LDNS_RR_TYPE_CDS || type == LDNS_RR_TYPE_CDNSKEY ||
	       type == LDNS_RR_TYPE_ANY;
}

static void compare_plain(struct stage *s, const struct name *name)
{
	static uint8_t signed_out[ANSWER_TCP_MAX], plain[ANSWER_TCP_MAX];

	for (size_t i = 0; i < TYPES; i++) {
		struct question q = {
			.name = name->octets,
			.len = name->len,
			.type = types[i],
			.client = clients[i % CLIENTS],
		};
		size_t len = ask(&s->world, &q, signed_out, sizeof(plain));

		if (is_security(types[i]))
			continue;
		assert_int_equal(len, ask(&s->plain, &q, plain, sizeof(plain)));
		assert_memory_equal(signed_out, plain, len);
	}
}

/* RFC 4035, 3.1: without DO the zone answers as if it were not signed. */
static void test_without_do_nothing_changes(void **state)
{
	for_names(*state, compare_plain);
}

static ldns_rr *first_of(ldns_rr_list *list, ldns_rr_type type)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(list, i)) == type)
			return ldns_rr_list_rr(list, i);
	return NULL;
}

/* The name after link i, as an answer tells it, who is asked at i's owner. */
static ldns_rdf *next_name(const struct world *world, const struct nsec *link,
			   const struct nsec *behind)
{
	const struct zone_node *node = link->node;
	ldns_pkt *pkt = asked(world, &(struct question){
					     .name = node->octets,
					     .len = node->len,
					     .type = LDNS_RR_TYPE_NSEC,
					     .client = clients[0],
					     .dnssec_ok = true,
				     });
	ldns_rr *nsec = first_of(node->cut == NULL ? ldns_pkt_answer(pkt)
						   : ldns_pkt_authority(pkt),
				 LDNS_RR_TYPE_NSEC);
	ldns_rdf *next;

	/* A referral to a signed child has its DS instead. */
	if (nsec == NULL)
		assert_non_null(
			first_of(ldns_pkt_authority(pkt), LDNS_RR_TYPE_DS));
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
	ldns_rdf *at = ldns_rdf_clone(s->validator.apex);

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
	assert_int_equal(ldns_dname_compare(at, s->validator.apex), 0);
	ldns_rdf_deep_free(at);
}

/* RFC 4034, 6.1: its own example, and one octet more. */
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
	};
	struct denial_key last = { 0 }, key;
	struct name name;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_true(name_from_text(names[i], &name));
		denial_key(&name, &key);
		assert_true(denial_compare(last.octets, last.len, key.octets,
					   key.len) < 0);
		last = key;
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
		pkt = asked(&s->world, &(struct question){
					       .name = name.octets,
					       .len = name.len,
					       .type = row->type,
					       .client = row->client,
					       .dnssec_ok = true,
				       });
		nsec = first_of(ldns_pkt_authority(pkt), LDNS_RR_TYPE_NSEC);
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

static int set_up(void **state)
{
	static struct stage s;
	ldns_pkt *pkt;
	struct name apex;

	s.world = world_new_signed();
	s.plain = world_new();
	assert_true(name_from_text(s.world.policy->zones[0].name, &apex));
	s.validator.apex = ldns_dname_new_frm_data(apex.len, apex.octets);
	pkt = asked(&s.world, &(struct question){
				      .name = apex.octets,
				      .len = apex.len,
				      .type = LDNS_RR_TYPE_DNSKEY,
				      .size = ANSWER_UDP_MAX,
				      .dnssec_ok = true,
			      });
	assert_false(ldns_pkt_tc(pkt));
	s.validator.keys = ldns_pkt_rr_list_by_type(pkt, LDNS_RR_TYPE_DNSKEY,
						    LDNS_SECTION_ANSWER);
	ldns_pkt_free(pkt);
	*state = &s;
	return s.validator.keys == NULL;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	ldns_rr_list_deep_free(s->validator.keys);
	ldns_rdf_deep_free(s->validator.apex);
	world_free(&s->world);
	world_free(&s->plain);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_answer_is_secure),
		cmocka_unit_test(test_services_are_secure),
		cmocka_unit_test(test_truncated_answers_are_whole),
		cmocka_unit_test(test_random_names),
		cmocka_unit_test(test_without_do_nothing_changes),
		cmocka_unit_test(test_chain_is_a_ring),
		cmocka_unit_test(test_canonical_order),
		cmocka_unit_test(test_nodata),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
