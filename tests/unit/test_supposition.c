/* SPDX-License-Identifier: Apache-2.0 */
/* supposition: what is read is said again as it was written. */
#include "policy/language/supposition.h"

#include "policy/base/error.h"
#include "policy/review/scenario.h"

#include "good_policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct order_row {
	const char *text;
	bool ok;
	enum supposition_order order;
	const char *option;
} orders[] = {
	{ "drain:two",          true,  SUPPOSE_DRAIN_ALL,  " --order drain:two" },
	{ "drain:www/one-b",    true,  SUPPOSE_DRAIN,      " --order drain:www/one-b" },
	{ "failover:three",     true,  SUPPOSE_FAILOVER,   " --order failover:three" },
	{ "weightless:three",   true,  SUPPOSE_WEIGHTLESS, " --order weightless:three" },
	{ "hold:one",           true,  SUPPOSE_HOLD,       " --order hold:one" },
	{ "pin:office:two",   true,  SUPPOSE_PIN_ALL,    " --order pin:office:two" },
	{ "pin:office:one-b", true,  SUPPOSE_PIN,        " --order pin:office:one-b" },
	{ "pin:two",            false, SUPPOSE_NO_ORDER,   NULL },
	{ "pin:nobody:two",     false, SUPPOSE_NO_ORDER,   NULL },
	{ "pin:office:mars",  false, SUPPOSE_NO_ORDER,   NULL },
	{ "pin:office:",      false, SUPPOSE_NO_ORDER,   NULL },
	{ "drain:one-b",        false, SUPPOSE_NO_ORDER,   NULL },
	{ "drain:pair/two",     false, SUPPOSE_NO_ORDER,   NULL },
	{ "failover:www/two",   false, SUPPOSE_NO_ORDER,   NULL },
	{ "hold:",              false, SUPPOSE_NO_ORDER,   NULL },
	{ "drain",              false, SUPPOSE_NO_ORDER,   NULL },
	{ ":two",               false, SUPPOSE_NO_ORDER,   NULL },
	{ "",                   false, SUPPOSE_NO_ORDER,   NULL },
};
static const struct canary_row {
	const char *text;
	bool ok;
} canaries[] = {
	{ "next:1.1", true }, { "next:1.3", true }, { "next:2.2", true },
	{ "next:1.4", false }, { "next:3.1", false }, { "next:0.1", false },
	{ "next:1.0", false }, { "next:1", false }, { "next", false },
	{ "next:1.1x", false }, { "other:1.1", false }, { "", false },
	{ "next:99999999999999999999.1", false },
};
/* clang-format on */

static void check_options(const struct scenario *s, const struct policy *policy,
			  int service, const char *expected)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	scenario_print_options(s, policy, service, out);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void test_read(void **state)
{
	struct policy *policy = good_policy("walls.yaml");
	int www = policy_find_service(policy, "www");
	int pair = policy_find_service(policy, "pair");
	struct scenario_canaries at;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct supposition supposed = { .canary = NULL };
		struct scenario s = { .failed = 0 };

		err.text[0] = '\0';
		if (supposition_read_order(policy, www, orders[i].text,
					   &supposed, &err) != orders[i].ok)
			fail_msg("\"%s\": %s", orders[i].text, err.text);
		scenario_suppose(&s, policy, &supposed, &at);
		assert_int_equal(s.order, orders[i].order);
		if (orders[i].ok)
			check_options(&s, policy, www, orders[i].option);
	}
	for (size_t i = 0; i < sizeof(canaries) / sizeof(canaries[0]); i++) {
		struct supposition supposed = { .canary = NULL };
		struct scenario s = { .failed = 0 };
		char expected[64];

		if (supposition_read_canary(policy, pair, canaries[i].text,
					    &supposed, &err) != canaries[i].ok)
			fail_msg("\"%s\"", canaries[i].text);
		scenario_suppose(&s, policy, &supposed, &at);
		snprintf(expected, sizeof(expected), " --canary %s",
			 canaries[i].text);
		if (canaries[i].ok)
			check_options(&s, policy, pair, expected);
	}
	policy_free(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests_name("supposition", tests, NULL, NULL);
}
