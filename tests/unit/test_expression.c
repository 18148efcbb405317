/* SPDX-License-Identifier: Apache-2.0 */
/* expression: every case of three values, against Kleene's tables. */
#include "policy/language/expression.h"

#include "good_policy.h"
#include "policy/language/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Ordered, so that Kleene's "and" is the least and his "or" the greatest. */
enum truth { FALSE, UNKNOWN, TRUE };

static enum truth and (enum truth a, enum truth b) { return a < b ? a : b; }

static enum truth or (enum truth a, enum truth b) { return a > b ? a : b; }

static enum truth two_of(enum truth a, enum truth b, enum truth c)
{
	return or (and(a, b), or (and(a, c), and(b, c)));
}

/* By service of expressions.yaml; v by check, in the order written. */
static enum truth both(const enum truth *v)
{
	return and(v[0], v[1]);
}

static enum truth either(const enum truth *v)
{
	return or (v[0], v[1]);
}

static enum truth two(const enum truth *v)
{
	return two_of(v[0], v[1], or (v[2], v[3]));
}

static enum truth nested(const enum truth *v)
{
	return and(v[0], or (v[1], and(v[2], v[3])));
}

static enum truth shared(const enum truth *v)
{
	return or (and(v[0], v[1]), and(v[0], v[2]));
}

static enum truth first(const enum truth *v)
{
	return v[0];
}

static enum truth shadowed(const enum truth *v)
{
	return and(v[1], v[2]);
}

static enum truth always(const enum truth *v)
{
	(void)v;
	return TRUE;
}

static const struct row {
	const char *service;
	enum truth (*truth)(const enum truth *v);
	unsigned checks;
	uint64_t counted;
	const char *first; /* the check whose latency it is */
	const char *text;
} rows[] = {
	{ "both", both, 2, 3, "gateway", "all of gateway, app" },
	{ "either", either, 2, 3, "app", "any of app, gateway" },
	{ "two", two, 4, 15, "gateway",
	  "at least 2 of gateway, app, (any of api, db)" },
	{ "nested", nested, 4, 15, "gateway",
	  "all of gateway, (any of app, (all of api, db))" },
	{ "shared", shared, 3, 7, "gateway",
	  "any of (all of gateway, app), (all of gateway, api)" },
	{ "absorbed", first, 2, 3, "app", "all of app, (any of app, gateway)" },
	{ "alone", first, 1, 1, "gateway", "gateway" },
	{ "shadowed", shadowed, 4, 6, "app", "all of app, gateway" },
	{ "capped", first, 3, 1, "app", "app" },
	{ "capped-less", both, 4, 3, "app", "all of app, gateway" },
	{ "unseen", always, 2, 0, "cache", "" },
	{ "said-all", both, 2, 3, "app", "all of app, gateway" },
	{ "said-any", either, 2, 3, "app", "any of app, gateway" },
};

static const struct policy_service *find(const struct policy *p,
					 const char *name)
{
	int s = policy_find_service(p, name);

	assert_true(s >= 0);
	return &p->services[s];
}

/* As readers do: with what is not known down, and up. */
static enum truth value_of(const struct policy_expression *x,
			   const enum truth *v)
{
	uint64_t up = 0, down = 0;

	for (size_t i = 0; i < EXPRESSION_PARTS_MAX && i < x->check_count;
	     i++) {
		up |= (uint64_t)(v[i] == TRUE) << i;
		down |= (uint64_t)(v[i] == FALSE) << i;
	}
	return expression_holds(x, up)      ? TRUE
	       : expression_holds(x, ~down) ? UNKNOWN
					    : FALSE;
}

static void test_every_case(void **state)
{
	struct policy *p = good_policy("expressions.yaml");
	unsigned cases = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct policy_expression *x =
			find(p, rows[i].service)->expression;
		enum truth v[EXPRESSION_PARTS_MAX];
		unsigned all = 1;

		assert_int_equal(x->check_count, rows[i].checks);
		assert_int_equal(x->counted, rows[i].counted);
		for (size_t k = 0; k < x->check_count; k++)
			all *= 3;
		for (unsigned n = 0; n < all; n++, cases++) {
			unsigned rest = n;

			for (size_t k = 0; k < x->check_count; k++, rest /= 3)
				v[k] = (enum truth)(rest % 3);
			if (value_of(x, v) != rows[i].truth(v))
				fail_msg("%s, case %u", rows[i].service, n);
		}
	}
	assert_true(cases > 400);
	policy_free(p);
}

static void test_text_and_first(void **state)
{
	struct policy *p = good_policy("expressions.yaml");
	char text[EXPRESSION_TEXT_SIZE], cut[12];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct policy_service *s = find(p, rows[i].service);

		assert_string_equal(expression_text(p, s, text, sizeof(text)),
				    rows[i].text);
		assert_string_equal(p->checks[s->check].name, rows[i].first);
	}
	assert_string_equal(expression_text(p, find(p, "both"), cut,
					    sizeof(cut)),
			    "all of gate");
	assert_null(find(p, "plain")->expression);
	policy_free(p);
}

/* Which addresses a check probes is said, where it is not the first alone. */
static void test_text_of_addresses(void **state)
{
	static const char *const texts[][2] = {
		{ "plain", "" },
		{ "said", "" },
		{ "every", "every (every address)" },
		{ "some", "some (any address)" },
		{ "mixed", "all of one, (any of every (every address), "
			   "some (any address))" },
	};
	struct policy *p = good_policy("addresses.yaml");
	char text[EXPRESSION_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_string_equal(expression_text(p, find(p, texts[i][0]),
						    text, sizeof(text)),
				    texts[i][1]);
	policy_free(p);
}

/* What is voted by: the most of what counts. */
static void test_terms(void **state)
{
	struct policy *p = good_policy("expressions.yaml");
	struct policy_terms t = policy_terms(p, find(p, "plain"));

	(void)state;
	assert_int_equal(t.interval_ms, 2000);
	assert_int_equal(t.rest_ms, 300000);
	assert_int_equal(t.quorum, 2);
	assert_true(t.counted);
	t = policy_terms(p, find(p, "both"));
	assert_int_equal(t.interval_ms, 10000);
	assert_int_equal(t.rest_ms, 600000);
	assert_int_equal(t.quorum, 2);
	assert_int_equal(policy_terms(p, find(p, "two")).quorum, 3);
	/* What is in shadow has no say in that either. */
	assert_int_equal(policy_terms(p, find(p, "shadowed")).quorum, 2);
	t = policy_terms(p, find(p, "unseen"));
	assert_false(t.counted);
	assert_int_equal(t.interval_ms, 5000);
	assert_string_equal(policy_unmonitored(p, find(p, "unseen")),
			    "its checks in shadow");
	assert_null(policy_unmonitored(p, find(p, "shadowed")));
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_case),
		cmocka_unit_test(test_text_and_first),
		cmocka_unit_test(test_text_of_addresses),
		cmocka_unit_test(test_terms),
	};

	return cmocka_run_group_tests_name("expression", tests, NULL, NULL);
}
