/* SPDX-License-Identifier: Apache-2.0 */
/*
 * responder: the whole of it, over the memory bus and loopback sockets:
 * reloads under load, plans, reports, break-glass commands, the way back from
 * disk.
 */
#include "dns/responder.h"
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/base/log.h"
#include "policy/base/thread.h"
#include "policy/bus/keep.h"
#include "policy/bus/sign.h"
#include "tests/unit/loopback.h"
#include "tests/unit/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOAD_CLIENTS = 3, RELOADS = 20 };

static bool acknowledges_one(struct site *s)
{
	return s->node.plan_epoch == s->epoch && s->node.plan_sequence == 1;
}

static void test_plan_is_applied_and_acknowledged(void **state)
{
	struct site *s = *state;

	assert_int_equal(site_ask(s), SITE_FIRST);
	assert_int_equal(s->node.plan_sequence, 0);
	site_publish(s, s->signer, 1, (double[]){ 0, 1 });
	site_turn_until(s, acknowledges_one);
	/* The acknowledgement follows the deed. */
	assert_int_equal(site_ask(s), SITE_OTHER);
	assert_string_equal(s->node.trouble, "");
	assert_true(s->node.wall_applied_ms > 0);
}

/* clang-format off */
static const struct refusal_row {
	const char *title;
	bool stranger;
	double shares[2];
	const char *says;
} refusals[] = {
	{ "nobody's key",         true,  { 0, 1 }, "key" },
	{ "leaves www empty",     false, { 0, 0 }, "www" },
};
/* clang-format on */

static bool says_trouble(struct site *s)
{
	return strstr(s->node.trouble, s->awaited) != NULL;
}

static bool is_well(struct site *s)
{
	return s->node.trouble[0] == '\0';
}

static void test_bad_plans_change_nothing(void **state)
{
	struct site *s = *state;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal_row *row = &refusals[i];

		print_message("# %s\n", row->title);
		site_publish(s, row->stranger ? s->stranger : s->signer, i + 1,
			     row->shares);
		s->awaited = row->says;
		site_turn_until(s, says_trouble);
		assert_int_equal(s->node.plan_sequence, 0);
		assert_int_equal(site_ask(s), SITE_FIRST);
	}
}

static void test_reports_take_an_endpoint_out_and_back(void **state)
{
	struct site *s = *state;

	site_report_first(s, REPORT_OPEN);
	site_turn_until(s, site_gives_other);
	site_report_first(s, REPORT_CLOSED);
	site_turn_until(s, site_gives_first);
	bus_put(s->ours, BUS_REPORTS, "v", "garbage", 7, 60000);
	bus_put(s->ours, BUS_REPORTS, "stranger", "{}", 2, 60000);
	site_turn_until(s, site_gives_first);
}

static bool is_kept(struct site *s)
{
	struct error err;
	size_t len;
	char *octets = file_read(s->keep, 1 << 20, &len, &err);
	bool kept = octets != NULL && strstr(octets, "report:v") != NULL &&
		    strstr(octets, "\nplan ") != NULL;

	free(octets);
	return kept;
}

/* Stopped and started with no bus at all: it goes on where it was. */
static void test_restart_without_a_bus_goes_on(void **state)
{
	struct site *s = *state;

	site_report_first(s, REPORT_OPEN);
	site_turn_until(s, site_gives_other);
	site_publish(s, s->signer, 1, (double[]){ 1, 0.5 });
	site_turn_until(s, acknowledges_one);
	site_turn_until(s, is_kept);
	responder_stop(s->responder);
	site_start_responder(s, false);
	assert_int_equal(site_ask(s), SITE_OTHER);
}

/* The keep as it is on disk. */
static bool keeps(struct site *s, const char *name, const char *text)
{
	struct error err;
	struct keep *keep = keep_load(s->keep, &err);
	size_t len;
	const char *octets = keep == NULL ? NULL : keep_get(keep, name, &len);
	bool found = octets != NULL && strstr(octets, text) != NULL;

	keep_free(keep);
	return found;
}

static bool keeps_a_verdict_without_reason(struct site *s)
{
	return keeps(s, "report:v", "unknown") &&
	       keeps(s, "verdicts", "\"a\":\"down\"");
}

/* No vantage says a word about it any more: only the verdict tells. */
static void test_a_held_verdict_outlives_a_restart(void **state)
{
	struct site *s = *state;

	site_report_first(s, REPORT_OPEN);
	site_turn_until(s, site_gives_other);
	site_report_first(s, REPORT_UNKNOWN);
	site_turn_until(s, keeps_a_verdict_without_reason);
	assert_int_equal(site_ask(s), SITE_OTHER);
	responder_stop(s->responder);
	site_start_responder(s, false);
	assert_int_equal(site_ask(s), SITE_OTHER);
}

static bool keeps_that_all_is_well(struct site *s)
{
	return keeps(s, "report:v", "closed") && keeps(s, "heard:v", "1") &&
	       keeps(s, "verdicts", "\"a\":\"up\"");
}

static void change_keep(struct site *s, const char *name, const char *text)
{
	struct error err;
	struct keep *keep = keep_load(s->keep, &err);

	assert_non_null(keep);
	assert_true(keep_set(keep, name, text, strlen(text)));
	assert_true(keep_save(keep, s->keep, &err));
	keep_free(keep);
}

/* What was said an hour before the restart is no word for today. */
static void test_a_kept_report_is_as_old_as_it_is(void **state)
{
	struct site *s = *state;

	site_report_first(s, REPORT_CLOSED);
	site_turn_until(s, keeps_that_all_is_well);
	responder_stop(s->responder);
	change_keep(s, "verdicts", "{\"www\":{\"a\":\"down\",\"x\":\"up\"}}");
	site_start_responder(s, false);
	/* It was heard just now, and says that a is up. */
	assert_int_equal(site_ask(s), SITE_FIRST);
	responder_stop(s->responder);
	change_keep(s, "verdicts", "{\"www\":{\"a\":\"down\",\"x\":\"up\"}}");
	change_keep(s, "heard:v", "1700000000000");
	site_start_responder(s, false);
	assert_int_equal(site_ask(s), SITE_OTHER);
	responder_stop(s->responder);
	change_keep(s, "verdicts", "{\"www\": [\"a\"]}");
	site_start_responder(s, false);
	assert_int_equal(site_ask(s), SITE_FIRST);
}

static bool keeps_a_plan(struct site *s)
{
	return keeps(s, "plan", "wr1 ");
}

/* Refused for want of a key, it stays where it is until the key is back. */
static void test_a_plan_waits_for_its_key(void **state)
{
	struct site *s = *state;
	struct verifier *trusted = s->trusted;

	site_publish(s, s->signer, 1, (double[]){ 0, 1 });
	site_turn_until(s, acknowledges_one);
	site_turn_until(s, keeps_a_plan);
	responder_stop(s->responder);
	s->trusted = verifier_new();
	site_start_responder(s, false);
	assert_int_equal(site_ask(s), SITE_FIRST);
	unlink(s->keep);
	site_turn_until(s, keeps_a_plan);
	responder_stop(s->responder);
	verifier_free(s->trusted);
	s->trusted = trusted;
	site_start_responder(s, false);
	assert_int_equal(site_ask(s), SITE_OTHER);
}

static bool is_set_aside(struct site *s)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s.damaged", s->keep);
	return stat(path, &st) == 0;
}

static void test_damaged_keep_is_set_aside(void **state)
{
	struct site *s = *state;
	struct error err;
	size_t len;
	char *octets;

	site_report_first(s, REPORT_OPEN);
	site_publish(s, s->signer, 1, (double[]){ 0, 1 });
	site_turn_until(s, acknowledges_one);
	site_turn_until(s, is_kept);
	responder_stop(s->responder);
	octets = file_read(s->keep, 1 << 20, &len, &err);
	octets[len / 2] ^= 1;
	assert_true(file_replace(s->keep, octets, len, &err));
	free(octets);
	site_start_responder(s, false);
	assert_true(is_set_aside(s));
	assert_int_equal(site_ask(s), SITE_FIRST);
}

struct load {
	uint16_t port;
	atomic_bool stop;
	atomic_uint asked;
	unsigned lost, wrong;
};

/* Asks, waits for the answer, asks again: a lost query shows. */
static void *ask_on_and_on(void *arg)
{
	struct load *load = arg;
	int fd = loopback_udp("127.0.0.1", load->port);

	while (!atomic_load(&load->stop)) {
		unsigned n = atomic_fetch_add(&load->asked, 1);
		unsigned last = site_ask_on(fd, (uint16_t)n);

		load->lost += last == 0;
		load->wrong += last > RELOADS + 1;
	}
	close(fd);
	return NULL;
}

static void test_reloads_lose_no_query(void **state)
{
	struct site *s = *state;
	struct load loads[LOAD_CLIENTS] = { 0 };
	pthread_t threads[LOAD_CLIENTS];
	struct error err;
	unsigned asked = 0;

	for (unsigned i = 0; i < LOAD_CLIENTS; i++) {
		loads[i].port = s->port;
		assert_true(thread_start(&threads[i], "load", ask_on_and_on,
					 &loads[i], &err));
	}
	for (s->expected = 2; s->expected <= RELOADS + 1; s->expected++) {
		site_write_policy(s, s->expected);
		responder_reload(s->responder);
		site_turn_until(s, site_gives_expected);
	}
	for (unsigned i = 0; i < LOAD_CLIENTS; i++) {
		atomic_store(&loads[i].stop, true);
		pthread_join(threads[i], NULL);
		assert_int_equal(loads[i].lost, 0);
		assert_int_equal(loads[i].wrong, 0);
		asked += atomic_load(&loads[i].asked);
	}
	print_message("# %u queries during %d reloads, all answered\n", asked,
		      RELOADS);
	assert_true(asked > RELOADS);
}

static void test_a_broken_policy_changes_nothing(void **state)
{
	struct site *s = *state;
	struct error err;

	assert_true(file_replace(s->policy, "zone: [", 7, &err));
	responder_reload(s->responder);
	s->awaited = "reload failed";
	site_turn_until(s, says_trouble);
	assert_int_equal(site_ask(s), SITE_FIRST);
	/* Repaired, it loads again and the trouble is over. */
	s->expected = 9;
	site_write_policy(s, s->expected);
	responder_reload(s->responder);
	site_turn_until(s, site_gives_expected);
	site_turn_until(s, is_well);
}

/* Over TCP to the real thing, too. */
static void test_tcp_gives_the_same(void **state)
{
	struct site *s = *state;
	uint8_t query[64], answer[512];
	size_t len = loopback_query(query, 5, "www.gslb.example.com", 1);
	int fd = loopback_tcp("127.0.0.1", s->port);
	size_t got;

	assert_true(loopback_write_message(fd, query, len));
	got = loopback_read_message(fd, answer, sizeof(answer));
	assert_true(got > len);
	assert_int_equal(answer[got - 1], SITE_FIRST);
	close(fd);
}

static void test_what_cannot_start_says_why(void **state)
{
	struct site *s = *state;
	const char *listen[] = { "127.0.0.1:0" };
	struct responder_config config = {
		.policy_path = s->policy,
		.transports = {
			.listen = listen,
			.listen_count = 1,
			.workers = 1,
		},
		.name = "ns2",
	};
	struct error err = { 0 };

	assert_null(responder_start(s->loop, &config, &err));
	assert_non_null(strstr(err.text, "127.0.0.1:0"));
	listen[0] = s->listen;
	assert_null(responder_start(s->loop, &config, &err));
	assert_non_null(strstr(err.text, "another program has this port"));
	responder_stop(s->responder);
	s->responder = NULL;
	config.control_path = "responder-no-such-directory/socket";
	assert_null(responder_start(s->loop, &config, &err));
	assert_non_null(strstr(err.text, "responder-no-such-directory"));
	config.control_path = NULL;
	config.user = "no-such-user-here";
	assert_null(responder_start(s->loop, &config, &err));
	assert_non_null(strstr(err.text, "no-such-user-here"));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, site_set_up, site_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plan_is_applied_and_acknowledged),
		TEST(test_bad_plans_change_nothing),
		TEST(test_reports_take_an_endpoint_out_and_back),
		TEST(test_restart_without_a_bus_goes_on),
		TEST(test_a_plan_waits_for_its_key),
		TEST(test_a_held_verdict_outlives_a_restart),
		TEST(test_a_kept_report_is_as_old_as_it_is),
		TEST(test_damaged_keep_is_set_aside),
		TEST(test_reloads_lose_no_query),
		TEST(test_a_broken_policy_changes_nothing),
		TEST(test_tcp_gives_the_same),
		TEST(test_what_cannot_start_says_why),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("responder", tests, NULL, NULL);
}
