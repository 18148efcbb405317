/* SPDX-License-Identifier: Apache-2.0 */
/* promanswer: every way in which an answer is none, and what is one. */
#include "policy/bus/promanswer.h"

#include "steering/prombuckets.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ANSWER(type, result)                                                   \
	"{'status':'success','data':{'resultType':'" type "','result':" result \
	"}}"
#define SAMPLE(labels, value) \
	"{'metric':{" labels "},'value':[1764.5,'" value "']}"
#define LE(le, value) SAMPLE("'le':'" le "'", value)

/* ' stands for ". */
/* clang-format off */
static const struct count_row {
	const char *title;
	unsigned status;
	const char *text;
	enum measure_outcome outcome;
	uint64_t count;
	const char *detail;
} count_rows[] = {
	{ "one series", 200, ANSWER("vector", "[" SAMPLE("'arm':'canary'", "1234") "]"), MEASURE_OK, 1234, "" },
	{ "a scalar", 200, ANSWER("scalar", "[1764.5,'7']"), MEASURE_OK, 7, "" },
	{ "an exponent, rounded", 200, ANSWER("vector", "[" SAMPLE("", "1.2345678e+06") "]"), MEASURE_OK, 1234568, "" },
	{ "none", 200, ANSWER("vector", "[]"), MEASURE_EMPTY, 0, "" },
	{ "several", 200, ANSWER("vector", "[" SAMPLE("'a':'b'", "1") "," SAMPLE("'a':'c'", "2") "]"), MEASURE_SERIES, 0, "2 series, not one" },
	{ "a range", 200, ANSWER("matrix", "[]"), MEASURE_TYPE, 0, "matrix" },
	{ "a string", 200, ANSWER("string", "[1,'x']"), MEASURE_TYPE, 0, "string" },
	{ "NaN", 200, ANSWER("vector", "[" SAMPLE("", "NaN") "]"), MEASURE_NAN, 0, "" },
	{ "infinite", 200, ANSWER("vector", "[" SAMPLE("", "+Inf") "]"), MEASURE_RANGE, 0, "+Inf" },
	{ "negative", 200, ANSWER("vector", "[" SAMPLE("", "-1") "]"), MEASURE_RANGE, 0, "-1" },
	{ "beyond 2^53", 200, ANSWER("vector", "[" SAMPLE("", "1e17") "]"), MEASURE_RANGE, 0, "1e17" },
	{ "no number", 200, ANSWER("vector", "[" SAMPLE("", "12x") "]"), MEASURE_MALFORMED, 0, "no number" },
	{ "nothing for a number", 200, ANSWER("vector", "[" SAMPLE("", "") "]"), MEASURE_MALFORMED, 0, "no pair" },
	{ "a number that is no text", 200, ANSWER("scalar", "[1,7]"), MEASURE_MALFORMED, 0, "no pair" },
	{ "one half of a pair", 200, ANSWER("scalar", "['7']"), MEASURE_MALFORMED, 0, "no pair" },
	{ "no data", 200, "{'status':'success'}", MEASURE_MALFORMED, 0, "not an answer" },
	{ "no status", 200, "{'data':{'resultType':'vector','result':[]}}", MEASURE_MALFORMED, 0, "not an answer" },
	{ "a list", 200, "[]", MEASURE_MALFORMED, 0, "" },
	{ "no JSON", 200, "<html>", MEASURE_MALFORMED, 0, "" },
	{ "nothing", 200, "", MEASURE_MALFORMED, 0, "" },
	{ "a wrong query", 400, "{'status':'error','errorType':'bad_data','error':'parse error'}", MEASURE_REFUSED, 0, "parse error" },
	{ "one that cannot be carried out", 422, "{'status':'error','errorType':'execution','error':'many-to-many'}", MEASURE_REFUSED, 0, "many-to-many" },
	{ "one that took too long", 503, "{'status':'error','errorType':'timeout','error':'query timed out'}", MEASURE_TIMEOUT, 0, "timed out" },
	{ "an error with status 200", 200, "{'status':'error','errorType':'internal','error':'oh'}", MEASURE_REFUSED, 0, "oh" },
	{ "an error of a proxy", 503, "<html>", MEASURE_HTTP, 0, "" },
	{ "success with status 400", 400, ANSWER("vector", "[" SAMPLE("", "1") "]"), MEASURE_MALFORMED, 0, "not an answer" },
	{ "another status", 502, "<html>", MEASURE_HTTP, 0, "status 502" },
	{ "a redirection", 302, "", MEASURE_HTTP, 0, "status 302" },
	{ "what is said is cleaned", 400, "{'status':'error','error':'a\\nb\xc3\xa9'}", MEASURE_REFUSED, 0, "a?b??" },
};

static const struct bucket_row {
	const char *title;
	const char *text;
	enum measure_outcome outcome;
	uint64_t first, second, last; /* requests in them */
} bucket_rows[] = {
	{ "in any order", ANSWER("vector", "[" LE("+Inf", "9") "," LE("0.1", "5") "," LE("1", "8") "]"), MEASURE_OK, 5, 3, 1 },
	{ "none", ANSWER("vector", "[]"), MEASURE_EMPTY, 0, 0, 0 },
	{ "one bucket", ANSWER("vector", "[" LE("+Inf", "9") "]"), MEASURE_BUCKETS, 0, 0, 0 },
	{ "without le", ANSWER("vector", "[" LE("1", "9") "," SAMPLE("", "9") "]"), MEASURE_BUCKETS, 0, 0, 0 },
	{ "an le that is no number", ANSWER("vector", "[" LE("1", "9") "," LE("much", "9") "]"), MEASURE_BUCKETS, 0, 0, 0 },
	{ "counts that fall", ANSWER("vector", "[" LE("1", "9") "," LE("2", "8") "]"), MEASURE_BUCKETS, 0, 0, 0 },
	{ "an le twice", ANSWER("vector", "[" LE("1", "8") "," LE("1.0", "9") "]"), MEASURE_SERIES, 0, 0, 0 },
	{ "a range", ANSWER("matrix", "[]"), MEASURE_TYPE, 0, 0, 0 },
	{ "a scalar", ANSWER("scalar", "[1,'2']"), MEASURE_TYPE, 0, 0, 0 },
	{ "NaN among them", ANSWER("vector", "[" LE("1", "NaN") "," LE("2", "8") "]"), MEASURE_NAN, 0, 0, 0 },
};
/* clang-format on */

static struct promanswer answer_of(unsigned status, const char *text,
				   char buf[1000])
{
	snprintf(buf, 1000, "%s", text);
	for (char *c = buf; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	return (struct promanswer){ status, buf, strlen(buf) };
}

static void test_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(count_rows) / sizeof(count_rows[0]);
	     i++) {
		const struct count_row *row = &count_rows[i];
		char buf[1000], detail[MEASURE_DETAIL_SIZE];
		struct promanswer a = answer_of(row->status, row->text, buf);
		uint64_t count = 0;
		enum measure_outcome is = promanswer_count(&a, &count, detail);

		if (is != row->outcome || count != row->count ||
		    strstr(detail, row->detail) == NULL)
			fail_msg("%s: %s, %llu, %s", row->title,
				 measure_outcome_name(is),
				 (unsigned long long)count, detail);
	}
}

static void test_buckets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bucket_rows) / sizeof(bucket_rows[0]);
	     i++) {
		const struct bucket_row *row = &bucket_rows[i];
		char buf[1000], detail[MEASURE_DETAIL_SIZE];
		struct promanswer a = answer_of(200, row->text, buf);
		struct latencies l = { .count = 0 };
		enum measure_outcome is = prombuckets_read(&a, &l, detail);

		if (is != row->outcome || l.requests[0] != row->first ||
		    l.requests[1] != row->second || l.requests[2] != row->last)
			fail_msg("%s: %s: %s", row->title,
				 measure_outcome_name(is), detail);
		if (is == MEASURE_OK)
			assert_true(isinf(l.upto_s[l.count - 1]));
	}
}

static void test_too_many_buckets(void **state)
{
	char text[8192] = "", detail[MEASURE_DETAIL_SIZE];
	struct promanswer a = { 200, text, 0 };
	struct latencies l;
	size_t at;

	(void)state;
	at = (size_t)sprintf(text, "{\"status\":\"success\",\"data\":{"
				   "\"resultType\":\"vector\",\"result\":[");
	for (unsigned i = 0; i <= SLOWNESS_BUCKETS_MAX; i++)
		at += (size_t)sprintf(text + at,
				      "%s{\"metric\":{\"le\":\"%u\"},"
				      "\"value\":[1,\"1\"]}",
				      i == 0 ? "" : ",", i);
	a.len = at + (size_t)sprintf(text + at, "]}}");
	assert_int_equal(prombuckets_read(&a, &l, detail), MEASURE_BUCKETS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_too_many_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
