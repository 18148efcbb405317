/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signed: the policy of several zones in tests/data/dns/zones, each signed with
 * a new key, asked for every name there is and names beside them.  Chains lead
 * from zone to zone, through DNAME too; tests/unit/validator judges.
 */
#include "dns/answer.h"
#include "dns/model.h"
#include "dns/sign/signers.h"
#include "dns/table.h"
#include "dns/zone.h"
#include "dns/zones.h"
#include "policy/base/error.h"
#include "policy/decide/view.h"
#include "policy/keys/keygen.h"
#include "policy/language/code.h"
#include "policy/language/policy.h"
#include "tests/unit/ask.h"
#include "tests/unit/both_ways.h"
#include "tests/unit/geo_double.h"
#include "tests/unit/validator.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct stage {
	char keys[64]; /* directory */
	struct policy *policy;
	struct model *model;
	struct table *table;
	struct signers *signers;
	struct validator validator;
	unsigned judged;
};

static ldns_pkt *asked(const struct stage *s, const char *words)
{
	static uint8_t query[ASK_OCTETS_MAX], out[ANSWER_TCP_MAX];
	struct answer_outcome outcome;
	struct answer_input input = {
		.query = query,
		.len = ask_write(words, query),
		.peer = net_from_v4(0x0a010101),
		.stream = true,
	};
	size_t len = both_ways(s->table, &input, out, sizeof(out), &outcome);
	ldns_pkt *pkt = NULL;

	assert_int_equal(ldns_wire2pkt(&pkt, out, len), LDNS_STATUS_OK);
	return pkt;
}

static void judge(struct stage *s, const char *words)
{
	ldns_pkt *pkt = asked(s, words);
	const char *wrong = validator_judge(&s->validator, pkt);

	if (wrong != NULL) {
		ldns_pkt_print(stderr, pkt);
		fail_msg("%s: %s", words, wrong);
	}
	s->judged++;
	ldns_pkt_free(pkt);
}

static void judge_name(struct stage *s, const struct zone_node *node)
{
	static const char *const fronts[] = { "", "x.", "*.", "y.x.", "-." };
	static const char *const types[] = {
		"A",   "AAAA",  "TXT", "CNAME", "DS", "NSEC", "DNAME",
		"SOA", "HTTPS", "ANY", "RRSIG", "NS", "MX",
	};
	char name[NAME_TEXT_SIZE], words[2 * NAME_TEXT_SIZE];

	name_text(node->octets, node->len, name);
	for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++)
		for (size_t j = 0; j < sizeof(types) / sizeof(types[0]); j++) {
			if (strlen(fronts[i]) + node->len > NAME_OCTETS_MAX)
				continue;
			snprintf(words, sizeof(words), "%s%s %s edns do",
				 fronts[i], name, types[j]);
			judge(s, words);
		}
}

static void test_every_zone_is_secure(void **state)
{
	struct stage *s = *state;

	for (size_t i = 0; i < s->policy->zone_count; i++) {
		const struct index *index =
			&zones_at(s->model->zones, i)->index;

		for (size_t j = 0; j <= index->mask; j++)
			if (index->slots[j].node != NULL)
				judge_name(s, index->slots[j].node);
	}
	assert_true(s->judged > 2000);
}

/* Makes a key for the zone and has it signed with it. */
static void make_key(struct stage *s, struct policy_zone *zone)
{
	char *argv[] = { "keygen", (char *)(uintptr_t)zone->name, "--keys",
			 s->keys, NULL };

	assert_int_equal(keygen_run(4, argv), 0);
	zone->dnssec = (struct policy_dnssec){
		.keys = s->keys,
		.validity_s = 14 * 86400,
		.refresh_s = 7 * 86400,
	};
}

static void load(struct stage *s)
{
	struct geo *geo = calloc(1, sizeof(*geo));
	struct errors errs = { 0 };
	char path[1024];

	assert_non_null(geo);
	geo->class_count = 1;
	geo->classes[0] =
		(struct client_class){ .unknown = true, .regions = 1 };
	snprintf(path, sizeof(path), "%s/tests/data/dns/zones",
		 getenv("SRCDIR"));
	s->policy = policy_load(path, &errs);
	assert_non_null(s->policy);
	for (size_t i = 0; i < s->policy->zone_count; i++)
		make_key(s, &s->policy->zones[i]);
	s->signers = signers_new();
	assert_true(signers_begin(s->signers, s->policy, time(NULL), &errs));
	s->model = model_of(s->policy, geo, signers_list(s->signers), &errs);
	errors_print(&errs, stderr);
	assert_non_null(s->model);
	signers_end(s->signers);
	errors_fini(&errs);
}

static int set_up(void **state)
{
	static struct stage s = { .keys = "/tmp/windrose-keys.XXXXXX" };
	const struct view_input in = { .now_ms = 1000000, .wall_ms = 1000000 };
	struct view *view;

	assert_non_null(mkdtemp(s.keys));
	load(&s);
	view = view_reduce(s.policy, &in);
	assert_non_null(view);
	s.table = table_build(s.model, view, NULL);
	assert_non_null(s.table);
	view_free(view);
	for (size_t i = 0; i < s.policy->zone_count; i++) {
		char words[512];
		ldns_pkt *pkt;

		snprintf(words, sizeof(words), "%s DNSKEY edns do",
			 s.policy->zones[i].name);
		pkt = asked(&s, words);
		validator_add(&s.validator, pkt);
		ldns_pkt_free(pkt);
	}
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;
	char pattern[128];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/*", s->keys);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			unlink(found.gl_pathv[i]);
		globfree(&found);
	}
	rmdir(s->keys);
	validator_fini(&s->validator);
	table_free(s->table);
	model_unref(s->model);
	signers_free(s->signers);
	return 0;
}

/* What a responder refuses beyond what a review sees has a code, too. */
static void test_not_unsigned_at_once(void **state)
{
	struct stage *s = *state;
	struct policy unsigned_one = *s->policy;
	struct policy_zone zone = s->policy->zones[0];
	struct errors errs = { 0 };

	zone.dnssec = (struct policy_dnssec){ 0 };
	unsigned_one.zones = &zone;
	unsigned_one.zone_count = 1;
	assert_false(
		signers_begin(s->signers, &unsigned_one, time(NULL), &errs));
	assert_int_equal(errs.count, 1);
	assert_int_equal(errs.list[0].code, CODE_RESPONDER_REFUSED);
	errors_fini(&errs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_zone_is_secure),
		cmocka_unit_test(test_not_unsigned_at_once),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
