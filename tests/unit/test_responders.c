/* SPDX-License-Identifier: Apache-2.0 */
/* responders: addresses with and without a port, of both families. */
#include "good_policy.h"
#include "policy/language/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_verify(void **state)
{
	struct policy *p = good_policy("verify.yaml");
	const struct policy_responder *r = p->verify.responders;
	char text[NET_TEXT_SIZE];

	(void)state;
	assert_int_equal(p->verify.responder_count, 4);
	assert_int_equal(p->verify.rate, 10);
	assert_int_equal(p->verify.timeout_ms, 1000);
	assert_int_equal(p->verify.grace_ms, 20000);
	assert_int_equal(p->verify.stale_ms, 60000);
	assert_string_equal(r[0].name, "dns-a");
	assert_string_equal(net_addr_text(&r[0].addr, text), "192.0.2.53");
	assert_int_equal(r[0].port, 53);
	assert_int_equal(r[1].port, 5300);
	assert_string_equal(net_addr_text(&r[2].addr, text), "2001:db8::53");
	assert_int_equal(r[2].port, 53);
	assert_string_equal(net_addr_text(&r[3].addr, text), "2001:db8::54");
	assert_int_equal(r[3].port, 5301);
	policy_free(p);
}

static void test_rollout(void **state)
{
	struct policy *p = good_policy("rollout.yaml");
	const struct policy_rollout *r = &p->rollout;

	(void)state;
	assert_int_equal(r->soak_ms, 600000);
	assert_int_equal(r->patience_ms, 30000);
	assert_int_equal(r->max_failing_pct, 2);
	assert_int_equal(r->max_change_pct, 40);
	assert_int_equal(r->wave_count, 3);
	assert_int_equal(r->waves[0].node_count, 1);
	assert_string_equal(r->waves[0].nodes[0], "dns-1");
	assert_int_equal(r->waves[0].soak_ms, 0);
	assert_int_equal(r->waves[1].node_count, 2);
	assert_string_equal(r->waves[1].nodes[1], "dns-3");
	assert_int_equal(r->waves[1].soak_ms, 60000);
	assert_int_equal(r->waves[1].percent, 0);
	assert_int_equal(r->waves[2].percent, 50);
	policy_free(p);
	/* Without a word of it: one, then half. */
	p = good_policy("verify.yaml");
	assert_int_equal(p->rollout.soak_ms, 300000);
	assert_int_equal(p->rollout.wave_count, 2);
	assert_int_equal(p->rollout.waves[0].percent, 1);
	assert_int_equal(p->rollout.waves[1].percent, 50);
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_rollout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
