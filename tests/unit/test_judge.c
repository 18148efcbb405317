/* SPDX-License-Identifier: Apache-2.0 */
/* judge: what it sets of keys that are not written, by others that are. */
#include "policy/language/judge.h"

#include "good_policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Of good/ramps.yaml, whose comments say what is judged of it. */
static const struct ramp_row {
	const char *service;
	int64_t ramp_ms;
} ramps[] = {
	{ "preset", 300000 }, { "long", 600000 }, { "fits", 50000 },
	{ "short", 149000 },  { "none", 0 },
};

static void test_ramps(void **state)
{
	struct policy *p = good_policy("ramps.yaml");

	(void)state;
	for (size_t i = 0; i < sizeof(ramps) / sizeof(ramps[0]); i++) {
		int s = policy_find_service(p, ramps[i].service);

		if (p->services[s].failback_ramp_ms != ramps[i].ramp_ms)
			fail_msg("%s: %lld", ramps[i].service,
				 (long long)p->services[s].failback_ramp_ms);
	}
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ramps),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
