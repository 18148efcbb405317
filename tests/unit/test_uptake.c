/* SPDX-License-Identifier: Apache-2.0 */
/* uptake: a responder takes the policy that the plan wants it to serve, says
 * what it refused and what fell silent, and starts with what all serve. */
#include "dns/responder.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bundles.h"
#include "policy/bus/plan_release.h"
#include "tests/unit/bundle_text.h"
#include "tests/unit/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* With the endpoints of www, and what it does when they are down. */
static const char policy_format[] =
	"zone: {name: gslb.example.com, nameservers: ns.example.net}\n"
	"regions:\n"
	"  a: {location: [0, 0], jurisdictions: x}\n"
	"  b: {location: [9, 9], jurisdictions: x}\n"
	"vantages: {v: {location: [0, 0]}}\n"
	"checks: {up: {type: tcp, port: 80, interval: 1s, timeout: 500ms,\n"
	"              quorum: 1}}\n"
	"services:\n"
	"  www: {steer: failover, check: up, endpoints: {%s}, panic: %s}\n";

static void put_policy(struct site *s, unsigned last,
		       char digest[BUNDLE_DIGEST_SIZE])
{
	char text[900], endpoints[80];

	snprintf(endpoints, sizeof(endpoints),
		 "a: {A: 192.0.2.%u}, b: {A: 198.51.100.200}", last);
	snprintf(text, sizeof(text), policy_format, endpoints, "last-good");
	bundle_text_put(s->ours, text, digest);
}

/* The responder again, with a directory of bundles. */
static int set_up(void **state)
{
	struct site *s;
	struct error err;
	char path[96];

	if (site_set_up(state) != 0)
		return -1;
	s = *state;
	log_set_level(LOG_LEVEL_ERROR);
	snprintf(path, sizeof(path), "%s/bundles", s->dir);
	s->bundles = bundles_open(path, &err);
	assert_non_null(s->bundles);
	s->release = calloc(1, sizeof(*s->release));
	responder_stop(s->responder);
	site_start_responder(s, true);
	return 0;
}

static int tear_down(void **state)
{
	struct site *s = *state;
	char path[96], command[128];

	responder_stop(s->responder);
	s->responder = NULL;
	bundles_free(s->bundles);
	plan_release_fini(s->release);
	free(s->release);
	snprintf(path, sizeof(path), "%s/bundles", s->dir);
	snprintf(command, sizeof(command), "rm -r %s", path);
	assert_int_equal(system(command), 0);
	return site_tear_down(state);
}

/* A plan by which this node, or another, serves next and all others base. */
static void publish(struct site *s, uint64_t sequence, const char *base,
		    const char *next, const char *node)
{
	static const double all[2] = { 1, 1 };

	plan_release_fini(s->release);
	s->release->phase = RELEASE_WAVE;
	snprintf(s->release->base, RELEASE_DIGEST_SIZE, "%s", base);
	snprintf(s->release->next, RELEASE_DIGEST_SIZE, "%s", next);
	if (node != NULL) {
		s->release->nodes = calloc(1, sizeof(*s->release->nodes));
		snprintf(s->release->nodes[0], RELEASE_NAME_SIZE, "%s", node);
		s->release->node_count = 1;
	}
	site_publish(s, s->signer, sequence, all);
}

static bool serves_awaited(struct site *s)
{
	return strcmp(s->node.policy_digest, s->awaited) == 0;
}

static bool refused_awaited(struct site *s)
{
	return strcmp(s->node.refused_digest, s->awaited) == 0;
}

static bool is_mute(struct site *s)
{
	return s->node.mute_count > 0;
}

static bool is_not_mute(struct site *s)
{
	return s->node.mute_count == 0;
}

static bool refused_none(struct site *s)
{
	return s->node.refused_digest[0] == '\0';
}

static bool takes_policy(struct site *s)
{
	return s->node.takes_policy;
}

static void await_digest(struct site *s, const char *digest)
{
	s->awaited = digest;
	site_turn_until(s, serves_awaited);
}

static void test_takes_and_goes_back(void **state)
{
	struct site *s = *state;
	char next[BUNDLE_DIGEST_SIZE], own[BUNDLE_DIGEST_SIZE];

	site_turn_until(s, takes_policy);
	memcpy(own, s->node.policy_digest, sizeof(own));
	put_policy(s, 7, next);
	publish(s, 1, "", next, "ns1");
	await_digest(s, next);
	assert_int_equal(site_ask(s), 7);
	assert_string_equal(bundles_promoted(s->bundles), "");
	publish(s, 2, "", next, NULL);
	await_digest(s, own);
	assert_int_equal(site_ask(s), SITE_FIRST);
}

static bool has_promoted(struct site *s)
{
	return strcmp(bundles_promoted(s->bundles), s->awaited) == 0;
}

/* What is on trial is no more served after a restart; what all serve is. */
static void test_start_serves_what_all_serve(void **state)
{
	struct site *s = *state;
	char base[BUNDLE_DIGEST_SIZE], next[BUNDLE_DIGEST_SIZE];

	put_policy(s, 7, base);
	put_policy(s, 8, next);
	publish(s, 1, base, "", NULL);
	await_digest(s, base);
	site_turn_until(s, has_promoted);
	publish(s, 2, base, next, "ns1");
	await_digest(s, next);
	responder_stop(s->responder);
	site_start_responder(s, false);
	assert_string_equal(responder_digest(s->responder), base);
	assert_int_equal(site_ask(s), 7);
	responder_stop(s->responder);
	site_start_responder(s, true);
	await_digest(s, next);
}

/* A promoted policy whose files were damaged gives way to the node's own, and
 * is fetched again. */
static void test_damage_is_repaired(void **state)
{
	struct site *s = *state;
	char base[BUNDLE_DIGEST_SIZE], path[BUNDLES_PATH_SIZE + 16];
	char folder[BUNDLES_PATH_SIZE];
	FILE *file;

	put_policy(s, 7, base);
	publish(s, 1, base, "", NULL);
	await_digest(s, base);
	site_turn_until(s, has_promoted);
	responder_stop(s->responder);
	snprintf(path, sizeof(path), "%s/policy.yaml",
		 bundles_path(s->bundles, base, folder));
	file = fopen(path, "a");
	assert_non_null(file);
	fputs("# not signed for\n", file);
	fclose(file);
	log_set_level(LOG_LEVEL_ERROR + 1);
	site_start_responder(s, true);
	assert_string_not_equal(responder_digest(s->responder), base);
	log_set_level(LOG_LEVEL_ERROR);
	s->node.policy_digest[0] = '\0';
	await_digest(s, base);
	assert_int_equal(site_ask(s), 7);
}

static void test_another_node_takes_it(void **state)
{
	struct site *s = *state;
	char next[BUNDLE_DIGEST_SIZE], after[BUNDLE_DIGEST_SIZE];

	put_policy(s, 7, next);
	put_policy(s, 8, after);
	publish(s, 1, "", next, "ns2");
	publish(s, 2, "", after, "ns1");
	await_digest(s, after);
	assert_false(bundles_have(s->bundles, next));
}

/* It says so, keeps what it has, and forgets it when it is not wanted. */
static void test_refuses_what_does_not_load(void **state)
{
	struct site *s = *state;
	char next[BUNDLE_DIGEST_SIZE];

	bundle_text_put(s->ours, "zone: {name: 7}\n", next);
	log_set_level(LOG_LEVEL_ERROR + 1);
	publish(s, 1, "", next, "ns1");
	s->awaited = next;
	site_turn_until(s, refused_awaited);
	assert_true(s->node.refused_reason[0] != '\0');
	assert_int_equal(site_ask(s), SITE_FIRST);
	publish(s, 2, "", next, NULL);
	site_turn_until(s, refused_none);
	assert_string_equal(s->node.trouble, "");
}

/* Endpoint a is down, and this policy has no other: nobody asks, and it is
 * noticed; and it is over once the policy is taken back. */
static void test_says_what_fell_silent(void **state)
{
	struct site *s = *state;
	char text[900], next[BUNDLE_DIGEST_SIZE];

	log_set_level(LOG_LEVEL_ERROR + 1);
	site_report_first(s, REPORT_OPEN);
	site_turn_until(s, site_gives_other);
	snprintf(text, sizeof(text), policy_format, "a: {A: 192.0.2.7}",
		 "no-answer");
	bundle_text_put(s->ours, text, next);
	publish(s, 1, "", next, "ns1");
	await_digest(s, next);
	site_turn_until(s, is_mute);
	assert_int_equal(s->node.mute_count, 1);
	assert_non_null(strstr(s->node.mute, "www.gslb.example.com. answers"));
	publish(s, 2, "", next, NULL);
	site_turn_until(s, is_not_mute);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_takes_and_goes_back,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_start_serves_what_all_serve, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_damage_is_repaired, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_another_node_takes_it,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refuses_what_does_not_load,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_says_what_fell_silent,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
