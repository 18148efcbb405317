/* SPDX-License-Identifier: Apache-2.0 */
/* counters: what is counted of the answers of a Prometheus, and what is not. */
#include "health/counters.h"

#include "health/evidence.h"
#include "health/roster.h"
#include "policy/bus/promanswer.h"
#include "policy/bus/served.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ENDPOINTS = 3, PAIRS = 5, WALL_MS = 1700000000 };

/* www asks one Prometheus, db another, api none. */
struct site {
	struct net_addr addresses[ENDPOINTS];
	struct policy_endpoint endpoints[ENDPOINTS];
	struct policy_service services[3];
	struct policy_check checks[3];
	struct policy policy;
	struct roster *roster;
	struct evidence *evidence;
	struct counters *counters;
};

static void site_init(struct site *s)
{
	static const char *const endpoints[] = { "x", "y", "v2/x" };
	static const char *const services[] = { "www", "db", "api" };

	*s = (struct site){ .policy = { .services = s->services,
					.service_count = 3,
					.checks = s->checks,
					.check_count = 3 } };
	for (int i = 0; i < ENDPOINTS; i++) {
		s->addresses[i].octets[0] = (uint8_t)(i + 1);
		s->endpoints[i] =
			(struct policy_endpoint){ .name = endpoints[i],
						  .a = &s->addresses[i],
						  .a_count = 1 };
		s->services[i] = (struct policy_service){
			.name = services[i],
			.check = i,
			.endpoints = s->endpoints,
			.endpoint_count = ENDPOINTS,
		};
		s->checks[i] = (struct policy_check){
			.name = services[i],
			.type = CHECK_TCP,
			.port = 80,
			.passive = { .weight = 5,
				     .prometheus = { "http://p", "r", "e", 2000,
						     1000 } },
		};
	}
	s->checks[1].passive.prometheus.errors = "f";
	s->checks[2].passive.prometheus = (struct policy_counting){ 0 };
	s->roster = roster_new(&s->policy);
	s->evidence = evidence_new();
	assert_non_null(s->roster);
	assert_true(evidence_turn(s->evidence, s->roster));
	s->counters = counters_new(&s->checks[0].passive.prometheus,
				   s->evidence, WALL_MS);
	assert_non_null(s->counters);
}

static void site_fini(struct site *s)
{
	counters_free(s->counters);
	evidence_free(s->evidence);
	roster_free(s->roster);
}

#define ANSWER(type, result)                                                   \
	"{'status':'success','data':{'resultType':'" type "','result':" result \
	"}}"
#define VECTOR(...) ANSWER("vector", "[" __VA_ARGS__ "]")
#define OF(service, endpoint, more, value)                                  \
	"{'metric':{'service':'" service "','endpoint':'" endpoint "'" more \
	"},'value':[1764.5,'" value "']}"
#define X(value) OF("www", "x", "", value)
#define A(value) OF("www", "x", ",'instance':'a'", value)
#define B(value) OF("www", "x", ",'instance':'b'", value)
#define NONE VECTOR("")

/* ' stands for ". */
/* clang-format off */
static const struct row {
	const char *title;
	struct pair {
		int at_s;
		const char *said[COUNTERS_QUERIES];
	} pairs[PAIRS]; /* at_s 0: no more */
	uint64_t requests, errors; /* of www/x then */
} rows[] = {
	{ "the first says how far it was", { { 2, { VECTOR(X("1000")), VECTOR(X("900")) } } }, 0, 0 },
	{ "what grows counts", { { 2, { VECTOR(X("1000")), VECTOR(X("900")) } }, { 4, { VECTOR(X("1010")), VECTOR(X("905")) } } }, 10, 5 },
	{ "and goes on", { { 2, { VECTOR(X("0")), VECTOR(X("0")) } }, { 4, { VECTOR(X("10")), VECTOR(X("5")) } }, { 6, { VECTOR(X("17")), VECTOR(X("6")) } } }, 17, 6 },
	{ "the same again is nothing new", { { 2, { VECTOR(X("10")), NONE } }, { 4, { VECTOR(X("20")), NONE } }, { 6, { VECTOR(X("20")), NONE } } }, 10, 0 },
	{ "no series of errors is no error", { { 2, { VECTOR(X("10")), NONE } }, { 4, { VECTOR(X("20")), NONE } } }, 10, 0 },
	{ "errors count from the second on", { { 2, { VECTOR(X("0")), NONE } }, { 4, { VECTOR(X("10")), VECTOR(X("7")) } }, { 6, { VECTOR(X("20")), VECTOR(X("15")) } } }, 20, 8 },
	{ "a counter that fell begins anew", { { 2, { VECTOR(X("1000")), VECTOR(X("500")) } }, { 4, { VECTOR(X("7")), VECTOR(X("7")) } }, { 6, { VECTOR(X("9")), VECTOR(X("8")) } } }, 2, 1 },
	{ "instances count together", { { 2, { VECTOR(A("10") "," B("500")), VECTOR(A("1") "," B("2")) } }, { 4, { VECTOR(B("503") "," A("14")), VECTOR(B("4") "," A("2")) } } }, 7, 3 },
	{ "labels in another order are the same", { { 2, { VECTOR("{'metric':{'service':'www','endpoint':'x'},'value':[1,'1']}"), NONE } }, { 4, { VECTOR("{'metric':{'endpoint':'x','service':'www'},'value':[1,'4']}"), NONE } } }, 3, 0 },
	{ "the same labels elsewhere are not", { { 2, { VECTOR(OF("www", "x", ",'p':'q'", "1")), NONE } }, { 4, { VECTOR(OF("www", "x", ",'q':'p'", "9")), NONE } } }, 0, 0 },
	{ "an instance that comes back brings no past", { { 2, { VECTOR(A("9") "," B("700")), VECTOR(A("0") "," B("600")) } }, { 4, { VECTOR(A("10")), VECTOR(A("0")) } }, { 6, { VECTOR(A("11") "," B("720")), VECTOR(A("0") "," B("620")) } } }, 2, 0 },
	{ "and counts again then", { { 2, { VECTOR(A("9") "," B("700")), NONE } }, { 4, { VECTOR(A("10")), NONE } }, { 6, { VECTOR(A("11") "," B("720")), NONE } }, { 8, { VECTOR(A("11") "," B("725")), NONE } } }, 7, 0 },
	{ "one that began anew does not hide the other", { { 2, { VECTOR(A("9") "," B("700")), NONE } }, { 4, { VECTOR(A("12") "," B("3")), NONE } } }, 3, 0 },
	{ "a long silence says nothing of now", { { 2, { VECTOR(X("0")), VECTOR(X("0")) } }, { 13, { VECTOR(X("50")), VECTOR(X("50")) } }, { 15, { VECTOR(X("53")), VECTOR(X("51")) } } }, 3, 1 },
	{ "a short one does", { { 2, { VECTOR(X("0")), VECTOR(X("0")) } }, { 12, { VECTOR(X("50")), VECTOR(X("50")) } } }, 50, 50 },
	{ "no more errors than requests", { { 2, { VECTOR(X("0")), VECTOR(X("0")) } }, { 4, { VECTOR(X("5")), VECTOR(X("9")) } } }, 5, 5 },
	{ "what is no number is not there", { { 2, { VECTOR(A("1") "," B("1")), NONE } }, { 4, { VECTOR(A("NaN") "," B("4")), NONE } }, { 6, { VECTOR(A("-1") "," B("6")), NONE } }, { 8, { VECTOR(A("1e30") "," B("7")), NONE } }, { 10, { VECTOR(A("+Inf") "," B("9")), NONE } } }, 8, 0 },
	{ "others are not ours", { { 2, { VECTOR(X("1") "," OF("db", "x", "", "1") "," OF("www", "z", "", "1")), NONE } }, { 4, { VECTOR(X("2") "," OF("db", "x", "", "9") "," OF("www", "z", "", "9") "," OF("www", "v2/x", "", "9")), NONE } } }, 1, 0 },
	{ "a canary's endpoint is another", { { 2, { VECTOR(X("1") "," OF("www", "v2/x", "", "5")), NONE } }, { 4, { VECTOR(X("2") "," OF("www", "v2/x", "", "9")), NONE } } }, 1, 0 },
	{ "more than there can be", { { 2, { VECTOR(A("0") "," B("0")), NONE } }, { 4, { VECTOR(A("9007199254740992") "," B("9007199254740992")), NONE } } }, 9007199254740991, 0 },
	{ "large ones", { { 2, { VECTOR(X("9007199254740000")), NONE } }, { 4, { VECTOR(X("9007199254740990")), NONE } } }, 990, 0 },
};

static const struct bad_row {
	const char *title;
	enum counters_query query;
	const char *said;
	enum measure_outcome outcome;
	const char *detail;
} bad_rows[] = {
	{ "no requests", COUNTERS_REQUESTS, NONE, MEASURE_EMPTY, "" },
	{ "no errors", COUNTERS_ERRORS, NONE, MEASURE_OK, "" },
	{ "requests of others", COUNTERS_REQUESTS, VECTOR(OF("db", "x", "", "1")), MEASURE_EMPTY, "service and endpoint" },
	{ "requests of nobody", COUNTERS_REQUESTS, VECTOR("{'metric':{},'value':[1,'1']}"), MEASURE_EMPTY, "service and endpoint" },
	{ "no labels", COUNTERS_REQUESTS, VECTOR("{'value':[1,'1']}"), MEASURE_EMPTY, "service and endpoint" },
	{ "labels that are none", COUNTERS_REQUESTS, VECTOR("{'metric':[1],'value':[1,'1']}"), MEASURE_EMPTY, "service and endpoint" },
	{ "a label that is no text", COUNTERS_REQUESTS, VECTOR("{'metric':{'service':'www','endpoint':7},'value':[1,'1']}"), MEASURE_EMPTY, "service and endpoint" },
	{ "only NaN", COUNTERS_REQUESTS, VECTOR(X("NaN")), MEASURE_EMPTY, "service and endpoint" },
	{ "errors of others", COUNTERS_ERRORS, VECTOR(OF("db", "x", "", "1")), MEASURE_OK, "" },
	{ "a number", COUNTERS_REQUESTS, ANSWER("scalar", "[1,'7']"), MEASURE_EMPTY, "service and endpoint" },
	{ "a range", COUNTERS_ERRORS, ANSWER("matrix", "[]"), MEASURE_TYPE, "matrix" },
	{ "a histogram", COUNTERS_ERRORS, VECTOR("{'metric':{},'histogram':[1,{}]}"), MEASURE_MALFORMED, "no pair" },
	{ "one malformed among many", COUNTERS_REQUESTS, VECTOR(X("1") "," OF("db", "q", "", "1x")), MEASURE_MALFORMED, "no number" },
	{ "a sample that is none", COUNTERS_REQUESTS, VECTOR("7"), MEASURE_MALFORMED, "no pair" },
	{ "no JSON", COUNTERS_ERRORS, "<html>", MEASURE_MALFORMED, "not JSON" },
	{ "half of it", COUNTERS_ERRORS, "{'status':'success','data':", MEASURE_MALFORMED, "not JSON" },
};
/* clang-format on */

static enum measure_outcome read_said(struct site *s, enum counters_query query,
				      const char *said, char *detail)
{
	char text[2000];
	struct promanswer answer = { 200, text, strlen(said) };

	assert_true(answer.len < sizeof(text));
	strcpy(text, said);
	for (char *c = text; *c != '\0'; c++)
		*c = *c == '\'' ? '"' : *c;
	return counters_read(s->counters, query, &answer, detail);
}

static struct served *tell(struct site *s, const struct pair *pair)
{
	char detail[MEASURE_DETAIL_SIZE];
	struct served *served;

	for (int q = 0; q < COUNTERS_QUERIES; q++) {
		assert_int_equal(read_said(s, (enum counters_query)q,
					   pair->said[q], detail),
				 MEASURE_OK);
		assert_string_equal(detail, "");
	}
	served = counters_add(s->counters, pair->at_s * 1000,
			      WALL_MS + pair->at_s * 1000);
	assert_non_null(served);
	return served;
}

static void test_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct served_row *row;
		struct served *served = NULL;
		struct site s;

		site_init(&s);
		for (int p = 0; p < PAIRS && rows[i].pairs[p].at_s > 0; p++) {
			served_free(served);
			served = tell(&s, &rows[i].pairs[p]);
		}
		row = served_find(served, "www", "x", "");
		if (row == NULL || row->count.requests != rows[i].requests ||
		    row->count.errors != rows[i].errors)
			fail_msg("%s: %d of %d", rows[i].title,
				 row == NULL ? -1 : (int)row->count.errors,
				 row == NULL ? -1 : (int)row->count.requests);
		assert_int_equal(served->wall_start_ms, WALL_MS);
		served_free(served);
		site_fini(&s);
	}
}

static void test_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
		const struct bad_row *row = &bad_rows[i];
		char detail[MEASURE_DETAIL_SIZE] = "?";
		enum measure_outcome outcome;
		struct site s;

		site_init(&s);
		outcome = read_said(&s, row->query, row->said, detail);
		if (outcome != row->outcome ||
		    strstr(detail, row->detail) == NULL ||
		    (outcome == MEASURE_OK && *detail != '\0'))
			fail_msg("%s: %s, %s", row->title,
				 measure_outcome_name(outcome), detail);
		site_fini(&s);
	}
}

/* What was never told of is not watched: no row says so. */
static void test_rows(void **state)
{
	const struct pair pair = {
		2, { VECTOR(X("1") "," OF("www", "v2/x", "", "5")), NONE }
	};
	struct served *served;
	struct site s;

	(void)state;
	site_init(&s);
	served = tell(&s, &pair);
	assert_int_equal(served->count, 2);
	assert_non_null(served_find(served, "www", "v2/x", ""));
	assert_null(served_find(served, "www", "y", ""));
	served_free(served);
	site_fini(&s);
}

/* Half a pair that failed counts for nothing, and the next covers its time. */
static void test_half(void **state)
{
	const struct pair before = { 2, { VECTOR(X("1")), VECTOR(X("1")) } },
			  after = { 6, { VECTOR(X("9")), VECTOR(X("5")) } };
	char detail[MEASURE_DETAIL_SIZE];
	struct served *served;
	struct site s;

	(void)state;
	site_init(&s);
	served_free(tell(&s, &before));
	assert_int_equal(read_said(&s, COUNTERS_REQUESTS, VECTOR(X("7")),
				   detail),
			 MEASURE_OK);
	assert_int_equal(read_said(&s, COUNTERS_ERRORS, "", detail),
			 MEASURE_MALFORMED);
	served = tell(&s, &after);
	assert_int_equal(served_find(served, "www", "x", "")->count.requests,
			 8);
	assert_int_equal(served_find(served, "www", "x", "")->count.errors, 4);
	served_free(served);
	site_fini(&s);
}

/* Evidence takes it for an edge that said so. */
static void test_witness(void **state)
{
	const struct pair pairs[] = {
		{ 2, { VECTOR(X("0") "," OF("www", "y", "", "0")), NONE } },
		{ 4,
		  { VECTOR(X("0") "," OF("www", "y", "", "20")),
		    VECTOR(X("0")) } },
		{ 6,
		  { VECTOR(X("40") "," OF("www", "y", "", "40")),
		    VECTOR(X("30")) } },
	};
	struct evidence_word word = { .event = BREAKER_TICK };
	struct site s;

	(void)state;
	site_init(&s);
	s.checks[0].passive.min_requests = 20;
	s.checks[0].passive.failure_rate_pct = 50;
	s.checks[0].passive.edges = 1;
	for (size_t i = 0; i < 3; i++) {
		struct served *served = tell(&s, &pairs[i]);

		strcpy(served->node, "prometheus");
		served->sequence = i + 1;
		assert_int_equal(evidence_take(s.evidence, served,
					       pairs[i].at_s * 1000),
				 EVIDENCE_TAKEN);
		evidence_judge(s.evidence, pairs[i].at_s * 1000);
	}
	for (size_t i = 0; i < evidence_count(s.evidence); i++) {
		word = evidence_word(s.evidence, i);
		if (evidence_job(s.evidence, i) == s.roster->targets[0].job)
			break;
	}
	assert_int_equal(word.event, BREAKER_USERS_FAIL);
	assert_int_equal(word.requests, 40);
	assert_int_equal(word.errors, 30);
	assert_string_equal(word.edges, "prometheus");
	site_fini(&s);
}

static void test_same(void **state)
{
	const struct policy_counting a = { "u", "r", "e", 2000, 1000 }, b[] = {
		{ "v", "r", "e", 2000, 1000 }, { "u", "s", "e", 2000, 1000 },
		{ "u", "r", "f", 2000, 1000 }, { "u", "r", "e", 2001, 1000 },
		{ "u", "r", "e", 2000, 1001 }, { 0 }
	};

	(void)state;
	assert_true(counters_same(&a, &a));
	assert_true(counters_same(&b[5], &b[5]));
	for (size_t i = 0; i < sizeof(b) / sizeof(b[0]); i++) {
		assert_false(counters_same(&a, &b[i]));
		assert_false(counters_same(&b[i], &a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),  cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_rows),    cmocka_unit_test(test_half),
		cmocka_unit_test(test_witness), cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
