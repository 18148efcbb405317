/* SPDX-License-Identifier: Apache-2.0 */
/* probing: what checks come to; what is wrong with them, test_corpus shows. */
#include "policy/language/policy.h"
#include "tests/unit/good_policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_check_values(void **state)
{
	struct policy *p = good_policy("checks.yaml");
	const struct policy_check *plain = &p->checks[0], *full = &p->checks[1];

	(void)state;
	assert_int_equal(plain->port, 80);
	assert_string_equal(plain->path, "/");
	assert_null(plain->host);
	assert_null(plain->body);
	assert_true(plain->verify);
	assert_int_equal(plain->status_count, 1);
	assert_int_equal(plain->statuses[0].first, 200);
	assert_int_equal(plain->statuses[0].last, 299);
	assert_int_equal(plain->http, HTTP_1_1);
	assert_false(plain->kept);
	assert_null(plain->user_agent);
	assert_int_equal(plain->header_count, 0);
	assert_int_equal(plain->interval_ms, 5000);
	assert_int_equal(plain->confirm_ms, 1000);
	assert_int_equal(plain->quorum, 2);
	assert_int_equal(plain->breaker.slow_ms, 0);
	assert_int_equal(full->type, CHECK_HTTPS);
	assert_int_equal(full->port, 8443);
	assert_string_equal(full->host, "www.example.com");
	assert_int_equal(full->status_count, 2);
	assert_int_equal(full->statuses[0].first, 200);
	assert_int_equal(full->statuses[0].last, 204);
	assert_int_equal(full->statuses[1].first, 304);
	assert_int_equal(full->statuses[1].last, 304);
	assert_string_equal(strrchr(full->client_certificate, '/'), "/us.pem");
	assert_string_equal(strrchr(full->client_key, '/'), "/us.key");
	assert_int_equal(full->http, HTTP_2);
	assert_true(full->kept);
	assert_int_equal(full->header_count, 2);
	assert_string_equal(full->headers[1].name, "Accept");
	assert_string_equal(full->headers[1].value, "text/plain");
	assert_string_equal(full->user_agent, "our probe (ops@example.com)");
	assert_string_equal(full->identity, "X-Vantage");
	assert_string_equal(full->body, "ok: true");
	assert_false(full->verify);
	assert_int_equal(plain->certificate_left_s, 0);
	assert_int_equal(full->certificate_left_s, 14 * 86400);
	assert_int_equal(full->confirm_ms, 500);
	assert_int_equal(full->breaker.window, 64);
	assert_int_equal(full->breaker.max_open_for_ms, 60000);
	assert_string_equal(p->checks[2].send, "PING\r\n");
	assert_string_equal(p->checks[2].body, "+PONG");
	assert_string_equal(p->checks[3].query_name, "example.com.");
	assert_int_equal(p->checks[3].query_type, 15);
	assert_int_equal(p->checks[3].rcode, 0);
	assert_int_equal(p->checks[3].port, 53);
	assert_string_equal(p->checks[3].rdata, "10 Mail.example.com.");
	assert_null(p->checks[4].query_name);
	assert_int_equal(p->checks[4].rcode, 3);
	assert_string_equal(p->checks[5].program, "check_mail");
	assert_int_equal(p->checks[5].port, 0);
	assert_int_equal(p->checks[5].argument_count, 3);
	assert_string_equal(p->checks[5].arguments[1], "{address}");
	assert_string_equal(p->checks[5].arguments[2], "");
	/* The default must not be longer than the interval. */
	assert_int_equal(p->checks[6].confirm_ms, 200);
	assert_int_equal(p->services[0].check, 1);
	assert_int_equal(p->services[0].endpoints[0].port, 9443);
	policy_free(p);
}

static void test_breaker_values(void **state)
{
	struct policy *p = good_policy("checks.yaml");
	const struct policy_check *plain = &p->checks[0], *full = &p->checks[1];
	const struct policy_counting *counted;

	(void)state;
	assert_int_equal(full->breaker.window_ms, 86400000);
	assert_int_equal(full->breaker.damp_openings, 2);
	assert_int_equal(full->passive.weight, 64);
	assert_int_equal(full->passive.min_requests, 1000000);
	assert_int_equal(full->passive.failure_rate_pct, 100);
	assert_int_equal(full->passive.edges, 64);
	/* Not stated it is off, stated it has its presets. */
	assert_int_equal(plain->passive.weight, 0);
	assert_int_equal(p->checks[7].passive.weight, 5);
	assert_int_equal(p->checks[7].passive.min_requests, 20);
	assert_int_equal(p->checks[7].passive.failure_rate_pct, 50);
	assert_int_equal(p->checks[7].passive.edges, 1);
	assert_null(p->checks[7].passive.prometheus.url);
	counted = &p->checks[8].passive.prometheus;
	assert_string_equal(counted->url,
			    "http://prometheus.example:9090/base");
	assert_string_equal(counted->requests,
			    "sum by (service, endpoint, instance) "
			    "(r{path=~\"/a$\"})");
	assert_string_equal(counted->errors,
			    "label_replace(e, \"endpoint\", \"$1\", \"zone\", "
			    "\"(.*)\")");
	assert_int_equal(counted->interval_ms, 4000);
	assert_int_equal(counted->timeout_ms, 4000);
	counted = &p->checks[9].passive.prometheus;
	assert_int_equal(counted->interval_ms, 2000);
	assert_int_equal(counted->timeout_ms, 1000);
	assert_int_equal(full->breaker.half_life_ms, 30000);
	/* The default must not be shorter than its outcomes take. */
	assert_int_equal(plain->breaker.window_ms, 105000);
	assert_int_equal(p->checks[6].breaker.window_ms, 60000);
	assert_int_equal(plain->breaker.damp_openings, 5);
	assert_int_equal(plain->breaker.half_life_ms, 600000);
	assert_false(plain->shadow);
	assert_true(full->shadow);
	assert_string_equal(policy_unmonitored(p, &p->services[0]),
			    "its check in shadow");
	policy_free(p);
}

static void test_anchors(void **state)
{
	struct policy *p = good_policy("checks.yaml");
	const struct policy_anchor *anchors = p->vantages[0].anchors;

	(void)state;
	assert_int_equal(p->vantages[0].anchor_count, 3);
	assert_int_equal(anchors[0].addr.family, NET_V4);
	assert_int_equal(anchors[0].port, 53);
	assert_int_equal(anchors[1].addr.family, NET_V6);
	assert_null(anchors[1].name);
	assert_int_equal(anchors[2].addr.family, NET_NONE);
	assert_string_equal(anchors[2].name, "ns.example.net");
	assert_int_equal(anchors[2].port, 65535);
	assert_int_equal(p->vantages[1].anchor_count, 0);
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_values),
		cmocka_unit_test(test_breaker_values),
		cmocka_unit_test(test_anchors),
	};

	return cmocka_run_group_tests_name("probing", tests, NULL, NULL);
}
