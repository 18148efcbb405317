/* SPDX-License-Identifier: Apache-2.0 */
/* expectation: what is right, what is wrong, and what is left open. */
#include "decide_world.h"
#include "health/expectation.h"
#include "policy/base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { US_EAST, US_WEST, EU_WEST, EU_CENTRAL, AP_SOUTH, SA_EAST };

struct scene {
	struct world w;
	struct net_addr a[WORLD_REGIONS], aaaa[WORLD_REGIONS];
	struct asking_for asking;
};

/* By list, so that it is us-east's; clients may not go to sa-east. */
static void scene_init(struct scene *s)
{
	world_init(&s->w);
	s->w.service.name = "www";
	s->w.service.steer = STEER_FAILOVER;
	s->w.class.regions = ~(UINT64_C(1) << SA_EAST);
	for (size_t i = 0; i < WORLD_REGIONS; i++) {
		struct policy_endpoint *e = &s->w.endpoints[i];

		s->a[i] = net_from_v4(0xc0000200u + (uint32_t)i);
		s->aaaa[i] = (struct net_addr){ NET_V6, { 0x20, 1, [15] = 1 } };
		s->aaaa[i].octets[14] = (uint8_t)i;
		e->a = &s->a[i];
		e->a_count = 1;
		e->aaaa = &s->aaaa[i];
		e->aaaa_count = 1;
	}
	s->asking = (struct asking_for){
		.client = { net_from_v4(0xc6336400u), 24 },
		.class = &s->w.class,
	};
}

/* What was said of which endpoints. */
static struct said said_of(const struct scene *s, uint64_t endpoints)
{
	struct said said = { .subnet = true };

	for (size_t i = 0; i < WORLD_REGIONS; i++)
		if (endpoints >> i & 1)
			said.addresses[said.count++] = s->asking.kind == ASKED_A
							       ? s->a[i]
							       : s->aaaa[i];
	return said;
}

static struct judgement judge(struct scene *s, const struct said *said)
{
	struct expectation e =
		expectation_of(&s->w.policy, &s->w.view, &s->asking);

	return expectation_meets(&e, said);
}

#define SET(e) (UINT64_C(1) << (e))

/* What the view says beside "all is well", and the policy. */
struct matter {
	bool held, deferred, panic, draws, v6;
	bool latency, remembered, young; /* by latency; from iad not known */
	unsigned answers;                /* 0: one */
	uint64_t down, drained;
};

/* clang-format off */
static const struct case_row {
	const char *title;
	struct matter matter;
	uint64_t set; /* that it answers with */
	struct said said; /* beside that; subnet: it lacks the option */
	enum judgement_kind kind;
	const char *text; /* a part of it */
} rows[] = {
	{ "the first of the list", { 0 }, SET(US_EAST), { 0 }, JUDGEMENT_AGREES, "" },
	{ "the second", { 0 }, SET(US_WEST), { 0 }, JUDGEMENT_DIFFERS,
	  "www A for 198.51.100.0/24: expected us-east, got us-west (here out by: ordered)" },
	{ "one too many", { 0 }, SET(US_EAST) | SET(EU_WEST), { 0 }, JUDGEMENT_DIFFERS, "got us-east+eu-west" },
	{ "none", { 0 }, 0, { 0 }, JUDGEMENT_DIFFERS, "got nothing" },
	{ "IPv6", { .v6 = true }, SET(US_EAST), { 0 }, JUDGEMENT_AGREES, "" },
	{ "one that is down", { .down = SET(US_EAST) }, SET(US_EAST), { 0 }, JUDGEMENT_DIFFERS,
	  "expected us-west, got us-east (here out by: healthy)" },
	{ "one that is drained", { .drained = SET(US_EAST) }, SET(US_EAST), { 0 }, JUDGEMENT_DIFFERS, "by: commanded" },
	{ "the next one", { .down = SET(US_EAST) }, SET(US_WEST), { 0 }, JUDGEMENT_AGREES, "" },
	{ "two answers", { .answers = 2 }, SET(US_EAST) | SET(US_WEST), { 0 }, JUDGEMENT_AGREES, "" },
	{ "one of two answers", { .answers = 2 }, SET(US_WEST), { 0 }, JUDGEMENT_DIFFERS, "expected us-east+us-west" },
	{ "SERVFAIL", { 0 }, 0, { .rcode = 2 }, JUDGEMENT_DIFFERS, "got SERVFAIL" },
	{ "an RCODE of EDNS", { 0 }, 0, { .rcode = 16 }, JUDGEMENT_DIFFERS, "got RCODE 16" },

	{ "residency", { 0 }, SET(SA_EAST), { 0 }, JUDGEMENT_OUTSIDE, "got sa-east, OUTSIDE RESIDENCY" },
	{ "beside a right one", { 0 }, SET(US_EAST) | SET(SA_EAST), { 0 }, JUDGEMENT_OUTSIDE, "OUTSIDE" },
	{ "whatever it says", { 0 }, SET(SA_EAST), { .held = true, .deferred = true }, JUDGEMENT_OUTSIDE, "OUTSIDE" },
	{ "held here: within will do", { .held = true }, SET(EU_WEST), { 0 }, JUDGEMENT_AGREES, "" },
	{ "held here: residency all the same", { .held = true }, SET(SA_EAST), { 0 }, JUDGEMENT_OUTSIDE, "OUTSIDE" },
	{ "panic here: within will do", { .panic = true }, SET(EU_WEST), { 0 }, JUDGEMENT_AGREES, "" },
	{ "panic here: residency all the same", { .panic = true }, SET(SA_EAST), { 0 }, JUDGEMENT_OUTSIDE, "OUTSIDE" },
	{ "deferred here", { .down = SET(US_EAST), .deferred = true }, SET(US_EAST), { 0 }, JUDGEMENT_AGREES, "" },

	{ "by latency", { .latency = true }, SET(SA_EAST), { 0 }, JUDGEMENT_OUTSIDE, "" },
	{ "one is not known", { .latency = true }, SET(EU_WEST), { 0 }, JUDGEMENT_AGREES, "" },
	{ "and exactly one is right", { .latency = true }, SET(EU_CENTRAL), { 0 }, JUDGEMENT_DIFFERS, "expected eu-west" },
	{ "others may know", { .latency = true, .young = true }, SET(EU_CENTRAL), { 0 }, JUDGEMENT_AGREES, "" },
	{ "what is remembered", { .latency = true, .remembered = true }, SET(EU_CENTRAL), { 0 }, JUDGEMENT_AGREES, "" },
	{ "not by latency", { .remembered = true, .young = true }, SET(EU_CENTRAL), { 0 }, JUDGEMENT_DIFFERS, "" },

	{ "it does not hear of health", { 0 }, SET(US_WEST), { .held = true }, JUDGEMENT_UNSURE, "" },
	{ "it defers", { .down = SET(US_EAST) }, SET(US_EAST), { .deferred = true }, JUDGEMENT_UNSURE, "" },
	{ "it did not look at the client", { 0 }, SET(US_WEST), { .subnet = true }, JUDGEMENT_UNSURE, "" },

	{ "drawn for each query", { .draws = true }, SET(EU_WEST), { 0 }, JUDGEMENT_AGREES, "" },
	{ "drawn, and none", { .draws = true }, 0, { 0 }, JUDGEMENT_DIFFERS, "expected one of " },
	{ "drawn, of one that is down", { .draws = true, .down = SET(EU_WEST) }, SET(EU_WEST), { 0 }, JUDGEMENT_DIFFERS,
	  "by: healthy" },
};
/* clang-format on */

static void set_matter(struct scene *s, const struct matter *m)
{
	s->asking.kind = m->v6 ? ASKED_AAAA : ASKED_A;
	s->w.service.answers = m->answers == 0 ? 1 : m->answers;
	if (m->draws) {
		s->w.service.steer = STEER_WEIGHTED;
		s->w.service.sticky = STICKY_NONE;
	}
	for (size_t i = 0; i < WORLD_REGIONS; i++) {
		struct view_endpoint *e = &s->w.view_endpoints[i];

		if (m->down >> i & 1) {
			e->health.verdict = VERDICT_DOWN;
			e->deferred = m->deferred;
		}
		if (m->drained >> i & 1) {
			e->accept = ACCEPT_NONE;
			e->cause = SHARE_COMMAND;
		}
	}
	s->w.view_endpoints[AP_SOUTH].health.held = m->held;
	s->w.view_endpoints[US_WEST].remembered = m->remembered;
	s->w.view_service.panic.anywhere = m->panic;
	s->asking.young = m->young;
	if (m->latency)
		s->w.service.steer = STEER_LATENCY;
	for (size_t i = 0; m->latency && i < WORLD_REGIONS; i++)
		for (size_t v = 1; v < WORLD_VANTAGES; v++)
			s->w.latencies[i][v] = i == EU_WEST ? 5 : 50;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct case_row *row = &rows[i];
		struct scene s;
		struct said said;
		struct judgement judgement;

		scene_init(&s);
		set_matter(&s, &row->matter);
		said = said_of(&s, row->set);
		said.rcode = row->said.rcode;
		said.held = row->said.held;
		said.deferred = row->said.deferred;
		said.subnet = !row->said.subnet;
		judgement = judge(&s, &said);
		if (judgement.kind != row->kind ||
		    strstr(judgement.text, row->text) == NULL)
			fail_msg("%s: judgement %d \"%s\", wanted %d \"%s\"",
				 row->title, judgement.kind, judgement.text,
				 row->kind, row->text);
	}
}

/* What nobody of the service has. */
static void test_stranger(void **state)
{
	struct scene s;
	struct said said = { .subnet = true, .count = 1 };
	struct judgement judgement;

	(void)state;
	scene_init(&s);
	said.addresses[0] = net_from_v4(0xcb007101u);
	judgement = judge(&s, &said);
	assert_int_equal(judgement.kind, JUDGEMENT_OUTSIDE);
	assert_non_null(strstr(judgement.text, "got 203.0.113.1"));
}

static void test_aliases(void **state)
{
	struct scene s;
	struct said said = { .subnet = true, .alias = "us-east.example.net." };

	(void)state;
	scene_init(&s);
	for (size_t i = 0; i < WORLD_REGIONS; i++) {
		s.w.endpoints[i].a_count = s.w.endpoints[i].aaaa_count = 0;
		s.w.endpoints[i].cname = i == US_EAST ? "us-east.example.net."
						      : "other.example.net.";
	}
	assert_int_equal(asked_kind_of(&s.w.service, 0), ASKED_CNAME);
	s.asking.kind = ASKED_CNAME;
	assert_int_equal(judge(&s, &said).kind, JUDGEMENT_AGREES);
	strcpy(said.alias, "other.example.net.");
	assert_int_equal(judge(&s, &said).kind, JUDGEMENT_DIFFERS);
	strcpy(said.alias, "");
	assert_int_equal(judge(&s, &said).kind, JUDGEMENT_DIFFERS);
	strcpy(said.alias, "stranger.example.net.");
	assert_int_equal(judge(&s, &said).kind, JUDGEMENT_OUTSIDE);
}

/* Of every client of a draw, what share_pick() gives it, and no other. */
static void test_sticky(void **state)
{
	struct scene s;
	unsigned agreed = 0;

	(void)state;
	scene_init(&s);
	s.w.service.steer = STEER_WEIGHTED;
	s.w.service.sticky_v4_bits = 24;
	for (uint32_t i = 0; i < 200; i++) {
		struct row row = world_row(&s.w, NULL);
		uint8_t picks[POLICY_ENDPOINTS_MAX];
		struct said said;

		s.asking.client.addr = net_from_v4(0x0a000000u + (i << 8));
		assert_int_equal(share_pick(&row, s.w.keys,
					    hash_client(&s.asking.client.addr,
							24),
					    1, picks),
				 1);
		said = said_of(&s, SET(picks[0]));
		assert_int_equal(judge(&s, &said).kind, JUDGEMENT_AGREES);
		said = said_of(&s, SET(EU_WEST));
		agreed += judge(&s, &said).kind == JUDGEMENT_AGREES;
	}
	assert_in_range(agreed, 15, 70);
}

static void test_kinds(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(asked_kind_of(&s.w.service, 0), ASKED_A);
	assert_int_equal(asked_kind_of(&s.w.service, UINT64_MAX), ASKED_AAAA);
	for (size_t i = 0; i < WORLD_REGIONS; i++)
		s.w.endpoints[i].aaaa_count = 0;
	assert_int_equal(asked_kind_of(&s.w.service, UINT64_MAX), ASKED_A);
	for (size_t i = 0; i < WORLD_REGIONS; i++) {
		s.w.endpoints[i].aaaa_count = 1;
		s.w.endpoints[i].a_count = 0;
	}
	assert_int_equal(asked_kind_of(&s.w.service, 0), ASKED_AAAA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),    cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_aliases), cmocka_unit_test(test_sticky),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
