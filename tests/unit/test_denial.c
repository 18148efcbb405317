/* SPDX-License-Identifier: Apache-2.0 */
/*
 * denial: a signed zone, asked for every name and type it has and has not.
 * Each answer is judged by tests/unit/validator, which knows only the keys.
 */
#include "dns/answer.h"
#include "dns/model.h"
#include "dns/zone.h"
#include "dns/zones.h"
#include "policy/base/hash.h"
#include "policy/language/policy.h"
#include "tests/unit/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
		stage_judge(s, &(struct question){
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
		stage_judge(s, &(struct question){
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
		stage_judge(s, &(struct question){
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
		stage_judge(s,
			    &(struct question){
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
		size_t len =
			stage_ask(&s->world, &q, signed_out, sizeof(plain));

		if (is_security(types[i]))
			continue;
		assert_int_equal(len, stage_ask(&s->plain, &q, plain,
						sizeof(plain)));
		assert_memory_equal(signed_out, plain, len);
	}
}

/* RFC 4035, 3.1: without DO the zone answers as if it were not signed. */
static void test_without_do_nothing_changes(void **state)
{
	for_names(*state, compare_plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_answer_is_secure),
		cmocka_unit_test(test_services_are_secure),
		cmocka_unit_test(test_truncated_answers_are_whole),
		cmocka_unit_test(test_random_names),
		cmocka_unit_test(test_without_do_nothing_changes),
	};

	return cmocka_run_group_tests(tests, stage_set_up, stage_tear_down);
}
