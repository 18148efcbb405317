/* SPDX-License-Identifier: Apache-2.0 */
/* evidence: what edges count, and what is made of it for a breaker. */
#include "health/evidence.h"
#include "health/roster.h"
#include "policy/bus/served.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ENDPOINTS = 3, STEPS = 6 };

/* A service of three endpoints with a passive check, and one without. */
struct site {
	struct net_addr addresses[ENDPOINTS];
	struct policy_endpoint endpoints[ENDPOINTS];
	struct policy_service services[2];
	struct policy_check checks[2];
	struct policy policy;
	struct roster *roster;
	struct evidence *evidence;
};

static void site_init(struct site *s, uint32_t edges)
{
	static const char *const names[] = { "x", "y", "v2/z" };

	*s = (struct site){ 0 };
	for (int i = 0; i < ENDPOINTS; i++) {
		char text[16];

		snprintf(text, sizeof(text), "192.0.2.%d", i + 1);
		net_addr_parse(text, &s->addresses[i]);
		s->endpoints[i] = (struct policy_endpoint){
			.name = names[i],
			.a = &s->addresses[i],
			.a_count = 1,
		};
	}
	s->checks[0] = s->checks[1] = (struct policy_check){
		.name = "web",
		.type = CHECK_TCP,
		.port = 80,
		.breaker = { .window_ms = 30000 },
	};
	s->checks[1].passive = (struct policy_passive){
		.weight = 5,
		.min_requests = 10,
		.failure_rate_pct = 50,
		.edges = edges,
	};
	s->services[0] = (struct policy_service){ .name = "db",
						  .endpoints = s->endpoints,
						  .endpoint_count = ENDPOINTS };
	s->services[1] = s->services[0];
	s->services[1].name = "www";
	s->services[1].check = 1;
	s->policy.checks = s->checks;
	s->policy.check_count = 2;
	s->policy.services = s->services;
	s->policy.service_count = 2;
	s->roster = roster_new(&s->policy);
	s->evidence = evidence_new();
	assert_non_null(s->roster);
	assert_true(evidence_turn(s->evidence, s->roster));
}

static void site_fini(struct site *s)
{
	evidence_free(s->evidence);
	roster_free(s->roster);
}

/* What an edge has counted by then; edge NULL: nothing is told. */
struct step {
	int64_t at_s;
	const char *edge;
	int64_t start;                 /* of its counters */
	uint64_t counts[ENDPOINTS][2]; /* requests, errors of x, y, v2/z */
	int64_t sequence;              /* 0: as at_s */
};

static struct served *document(const struct step *step)
{
	static const char *const rows[][2] = { { "x", "" },
					       { "y", "" },
					       { "z", "v2" } };
	struct served *served = calloc(1, sizeof(*served));

	assert_non_null(served);
	served->rows = calloc(ENDPOINTS, sizeof(*served->rows));
	assert_non_null(served->rows);
	snprintf(served->node, sizeof(served->node), "%s", step->edge);
	served->wall_start_ms = step->start;
	served->sequence = (uint64_t)(step->sequence == 0 ? 1000 + step->at_s
							  : step->sequence);
	for (size_t i = 0; i < ENDPOINTS; i++) {
		struct served_row *row = &served->rows[served->count++];

		strcpy(row->service, "www");
		strcpy(row->endpoint, rows[i][0]);
		strcpy(row->canary, rows[i][1]);
		row->count.requests = step->counts[i][0];
		row->count.errors = step->counts[i][1];
	}
	served_sort(served);
	return served;
}

/* clang-format off */
#define AT(second, name, from, ...) { .at_s = second, .edge = name, .start = from, .counts = __VA_ARGS__ }
#define SILENCE(second) { .at_s = second }
#define X(requests, errors) { { requests, errors } }
#define ALL(r, e, s, f, t, g) { { r, e }, { s, f }, { t, g } }
static const struct row {
	const char *title;
	struct step steps[STEPS]; /* the last second's are told together */
	enum breaker_event event; /* of x then */
	uint64_t requests, errors;
	const char *edges;
	bool unwatched;
	uint32_t needed; /* passive.edges; 0: 1 */
} rows[] = {
	{ "nobody tells", .steps = { SILENCE(1) }, .event = BREAKER_TICK, .requests = 0, .errors = 0, .edges = "", .unwatched = true },
	{ "what was counted before is not ours", .steps = { AT(1, "a", 1, X(1000, 1000)) }, .event = BREAKER_TICK },
	{ "half of ten fail", .steps = { AT(1, "a", 1, X(5, 5)), AT(2, "a", 1, X(15, 10)) }, .event = BREAKER_USERS_FAIL, .requests = 10, .errors = 5, .edges = "a" },
	{ "less than half", .steps = { AT(1, "a", 1, X(5, 5)), AT(2, "a", 1, X(15, 9)) }, .event = BREAKER_USERS_PASS },
	{ "nine are too few", .steps = { AT(1, "a", 1, X(5, 0)), AT(2, "a", 1, X(14, 9)) }, .event = BREAKER_TICK },
	{ "they gather", .steps = { AT(1, "a", 1, X(0, 0)), AT(2, "a", 1, X(9, 9)), AT(3, "a", 1, X(10, 10)) }, .event = BREAKER_USERS_FAIL, .requests = 10, .errors = 10, .edges = "a" },
	{ "but not for ever", .steps = { AT(1, "a", 1, X(0, 0)), AT(2, "a", 1, X(9, 9)), AT(33, "a", 1, X(9, 9)), AT(34, "a", 1, X(10, 10)) }, .event = BREAKER_TICK },
	{ "each is counted once", .steps = { AT(1, "a", 1, X(0, 0)), AT(2, "a", 1, X(20, 20)), AT(3, "a", 1, X(20, 20)) }, .event = BREAKER_TICK, .requests = 20, .errors = 20, .edges = "a" },
	{ "also when it comes again", .steps = { AT(1, "a", 1, X(0, 0)), AT(2, "a", 1, X(9, 9)), AT(3, "a", 1, X(9, 9), .sequence = 1002) }, .event = BREAKER_TICK },
	{ "an older one is not taken", .steps = { AT(1, "a", 1, X(0, 0)), AT(2, "a", 1, X(9, 9)), AT(3, "a", 1, X(0, 0), .sequence = 1001), AT(4, "a", 1, X(9, 9)) }, .event = BREAKER_TICK },
	{ "a lost document loses nothing", .steps = { AT(1, "a", 1, X(0, 0)), AT(9, "a", 1, X(20, 20)) }, .event = BREAKER_USERS_FAIL, .requests = 20, .errors = 20, .edges = "a" },
	{ "a restart counts from there", .steps = { AT(1, "a", 1, X(0, 0)), AT(2, "a", 2, X(20, 20)), AT(3, "a", 2, X(25, 20)) }, .event = BREAKER_TICK },
	{ "and on", .steps = { AT(1, "a", 1, X(0, 0)), AT(2, "a", 2, X(20, 20)), AT(3, "a", 2, X(30, 20)) }, .event = BREAKER_USERS_PASS },
	{ "a counter that goes back is not counted", .steps = { AT(1, "a", 1, X(50, 0)), AT(2, "a", 1, X(20, 20)) }, .event = BREAKER_TICK },
	{ "two edges agree", .steps = { AT(1, "a", 1, X(0, 0)), AT(1, "b", 1, X(0, 0)), AT(2, "a", 1, X(10, 9)), AT(2, "b", 1, X(20, 20)) }, .event = BREAKER_USERS_FAIL, .requests = 30, .errors = 29, .edges = "a, b" },
	{ "one of two does not speak for both", .steps = { AT(1, "a", 1, X(0, 0)), AT(1, "b", 1, X(0, 0)), AT(2, "a", 1, X(1000000, 1000000)), AT(2, "b", 1, X(10, 0)) }, .event = BREAKER_TICK, .requests = 1000000, .errors = 1000000, .edges = "a" },
	{ "one of two is too few where two are asked for", .steps = { AT(1, "a", 1, X(0, 0)), AT(2, "a", 1, X(10, 10)) }, .event = BREAKER_TICK, .requests = 10, .errors = 10, .edges = "a", .needed = 2 },
	{ "one of three is outvoted", .steps = { AT(1, "a", 1, X(0, 0)), AT(1, "b", 1, X(0, 0)), AT(1, "c", 1, X(0, 0)), AT(2, "a", 1, X(99, 99)), AT(2, "b", 1, X(10, 0)), AT(2, "c", 1, X(10, 0)) }, .event = BREAKER_USERS_PASS, .requests = 99, .errors = 99, .edges = "a" },
	{ "the first of three waits for one more", .steps = { AT(1, "a", 1, X(0, 0)), AT(1, "b", 1, X(0, 0)), AT(1, "c", 1, X(0, 0)), AT(2, "a", 1, X(10, 0)), AT(2, "b", 1, X(9, 9)), AT(2, "c", 1, X(9, 9)) }, .event = BREAKER_TICK },
	{ "but not for those without users", .steps = { AT(1, "a", 1, X(0, 0)), AT(1, "b", 1, X(0, 0)), AT(1, "c", 1, X(0, 0)), AT(2, "a", 1, X(10, 0)), AT(2, "b", 1, X(0, 0)), AT(2, "c", 1, X(0, 0)) }, .event = BREAKER_USERS_PASS },
	{ "a judgement stands while others come", .steps = { AT(1, "a", 1, X(0, 0)), AT(1, "b", 1, X(0, 0)), AT(2, "b", 1, X(10, 0)), AT(9, "a", 1, X(10, 10)), AT(9, "b", 1, X(10, 0), .sequence = 1009) }, .event = BREAKER_TICK, .requests = 10, .errors = 10, .edges = "a" },
	{ "but not of an edge that is silent", .steps = { AT(1, "a", 1, X(0, 0)), AT(1, "b", 1, X(0, 0)), AT(2, "b", 1, X(10, 0)), AT(8, "a", 1, X(0, 0)), AT(13, "a", 1, X(10, 10)) }, .event = BREAKER_USERS_FAIL, .requests = 10, .errors = 10, .edges = "a" },
	{ "silent ones are no watch", .steps = { AT(1, "a", 1, X(0, 0)), SILENCE(12) }, .event = BREAKER_TICK, .requests = 0, .errors = 0, .edges = "", .unwatched = true },
	{ "an edge that sees all fail is ill itself", .steps = { AT(1, "a", 1, ALL(0, 0, 0, 0, 0, 0)), AT(2, "a", 1, ALL(10, 10, 10, 10, 10, 0)) }, .event = BREAKER_TICK, .requests = 0, .errors = 0, .edges = "", .unwatched = true },
	{ "half of two is not", .steps = { AT(1, "a", 1, ALL(0, 0, 0, 0, 0, 0)), AT(2, "a", 1, ALL(10, 10, 10, 0, 0, 0)) }, .event = BREAKER_USERS_FAIL, .requests = 10, .errors = 10, .edges = "a" },
	{ "it does not silence the others", .steps = { AT(1, "a", 1, ALL(0, 0, 0, 0, 0, 0)), AT(1, "b", 1, ALL(0, 0, 0, 0, 0, 0)), AT(2, "a", 1, ALL(10, 10, 10, 10, 10, 10)), AT(2, "b", 1, ALL(10, 10, 10, 0, 10, 0)) }, .event = BREAKER_USERS_FAIL, .requests = 10, .errors = 10, .edges = "b" },
};
/* clang-format on */

/* Judges in each second up to the last step's. */
static struct evidence_word play(struct site *s, const struct step *steps)
{
	int64_t second = 0;

	for (size_t i = 0; i < STEPS && steps[i].at_s != 0; i++) {
		for (; second < steps[i].at_s; second++)
			evidence_judge(s->evidence, second * 1000);
		if (steps[i].edge != NULL)
			evidence_take(s->evidence, document(&steps[i]),
				      second * 1000);
	}
	evidence_judge(s->evidence, second * 1000);
	return evidence_word(s->evidence, 0);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct evidence_word word;
		struct site s;

		site_init(&s, row->needed == 0 ? 1 : row->needed);
		word = play(&s, row->steps);
		if (word.event != row->event ||
		    word.requests != row->requests ||
		    word.errors != row->errors ||
		    strcmp(word.edges, row->edges == NULL ? "" : row->edges) !=
			    0 ||
		    word.users.watched == row->unwatched)
			fail_msg("%s: event %d, %ju of %ju at \"%s\", %s",
				 row->title, word.event, (uintmax_t)word.errors,
				 (uintmax_t)word.requests, word.edges,
				 word.users.watched ? "watched" : "unwatched");
		site_fini(&s);
	}
}

static void test_jobs(void **state)
{
	static const struct step steps[STEPS] = {
		AT(1, "a", 1, ALL(0, 0, 0, 0, 0, 0)),
		AT(2, "a", 1, ALL(10, 0, 20, 0, 30, 29)),
	};
	struct site s;

	(void)state;
	site_init(&s, 1);
	/* db's jobs come first, and are not passive. */
	assert_int_equal(s.roster->job_count, 2 * ENDPOINTS);
	assert_int_equal(evidence_count(s.evidence), ENDPOINTS);
	assert_int_equal(evidence_job(s.evidence, 0), ENDPOINTS);
	assert_string_equal(s.roster->jobs[ENDPOINTS].key,
			    "web 192.0.2.1 80 users=www");
	play(&s, steps);
	/* A canary's endpoint is found by the policy's name of it. */
	assert_int_equal(evidence_word(s.evidence, 2).event,
			 BREAKER_USERS_FAIL);
	assert_int_equal(evidence_word(s.evidence, 2).users.weight, 5);
	assert_int_equal(evidence_word(s.evidence, 1).event,
			 BREAKER_USERS_PASS);
	site_fini(&s);
}

static void test_forgotten(void **state)
{
	static const struct step steps[STEPS] = {
		AT(1, "a", 1, X(0, 0)),
		AT(2, "a", 1, X(10, 10)),
		AT(3, "a", 1, X(17, 16)),
	};
	static const struct step more = AT(4, "a", 1, X(20, 19));
	struct evidence_word word;
	struct site s;

	(void)state;
	site_init(&s, 1);
	word = play(&s, steps);
	/* Too few for a judgement, and told. */
	assert_int_equal(word.users.requests, 7);
	assert_int_equal(word.users.errors, 6);
	evidence_forget(s.evidence, 0);
	evidence_take(s.evidence, document(&more), 4000);
	evidence_judge(s.evidence, 4000);
	word = evidence_word(s.evidence, 0);
	assert_int_equal(word.event, BREAKER_TICK);
	assert_int_equal(word.users.requests, 3);
	assert_true(word.users.watched);
	assert_int_equal(word.requests, 0);
	site_fini(&s);
}

/* A reload forgets judgements, and not how far an edge had counted. */
static void test_turned(void **state)
{
	static const struct step steps[STEPS] = {
		AT(1, "a", 1, X(1000, 1000)),
		AT(2, "a", 1, X(1010, 1010)),
	};
	static const struct step more = AT(3, "a", 1, X(1021, 1010));
	struct evidence_word word;
	struct site s;

	(void)state;
	site_init(&s, 1);
	play(&s, steps);
	assert_true(evidence_turn(s.evidence, s.roster));
	assert_int_equal(evidence_word(s.evidence, 0).event, BREAKER_TICK);
	evidence_take(s.evidence, document(&more), 3000);
	evidence_judge(s.evidence, 3000);
	word = evidence_word(s.evidence, 0);
	assert_int_equal(word.event, BREAKER_USERS_PASS);
	assert_int_equal(word.users.requests, 0);
	site_fini(&s);
}

static void test_crowd(void **state)
{
	struct evidence_edge edges[EVIDENCE_EDGES_MAX];
	struct step step = AT(1, NULL, 1, X(0, 0));
	char name[16];
	struct site s;

	(void)state;
	site_init(&s, 1);
	step.edge = name;
	for (int i = 0; i <= EVIDENCE_EDGES_MAX; i++) {
		snprintf(name, sizeof(name), "edge-%d", i);
		assert_int_equal(evidence_take(s.evidence, document(&step), 0),
				 i < EVIDENCE_EDGES_MAX ? EVIDENCE_TAKEN
							: EVIDENCE_CROWDED);
	}
	/* Those that are gone make room. */
	assert_int_equal(evidence_take(s.evidence, document(&step),
				       SERVED_TTL_MS),
			 EVIDENCE_CROWDED);
	assert_int_equal(evidence_take(s.evidence, document(&step),
				       SERVED_TTL_MS + 1),
			 EVIDENCE_TAKEN);
	assert_int_equal(evidence_edges(s.evidence, SERVED_TTL_MS + 1, edges),
			 EVIDENCE_EDGES_MAX);
	assert_string_equal(edges[0].name, name);
	assert_int_equal(edges[0].silence_ms, 0);
	/* One that set its clock back is heard when it was silent so long. */
	step.sequence = 1;
	assert_int_equal(evidence_take(s.evidence, document(&step),
				       SERVED_TTL_MS + 1),
			 EVIDENCE_OLD);
	assert_int_equal(evidence_take(s.evidence, document(&step),
				       3 * SERVED_TTL_MS),
			 EVIDENCE_TAKEN);
	site_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),      cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_forgotten), cmocka_unit_test(test_turned),
		cmocka_unit_test(test_crowd),
	};

	return cmocka_run_group_tests_name("evidence", tests, NULL, NULL);
}
