/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rrl: hours of answers in virtual time, told as stories: who is answered, who
 * slips, who is dropped.
 */
#include "dns/rrl.h"
#include "policy/base/error.h"
#include "policy/base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rrl *limit(const char *text)
{
	struct rrl_config config;
	struct error err = { 0 };

	if (!rrl_config_parse(&text, 1, &config, &err))
		fail_msg("%s: %s", text, err.text);
	return rrl_new(&config, (struct siphash_key){ 1, 2 });
}

static const struct kind_word {
	const char *word;
	enum answer_kind kind;
} kinds[] = {
	{ "data", ANSWER_DATA },     { "referral", ANSWER_REFERRAL },
	{ "nodata", ANSWER_NODATA }, { "nxdomain", ANSWER_NXDOMAIN },
	{ "error", ANSWER_ERROR },
};

/* "KIND NAME [TYPE [proven]]" */
static struct answer_outcome outcome_of(const char *words, char name[64])
{
	struct answer_outcome o = { 0 };
	char kind[16] = "", proven[16] = "";
	unsigned qtype = 1;

	sscanf(words, "%15s %63s %u %15s", kind, name, &qtype, proven);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].word, kind) == 0)
			o.kind = kinds[i].kind;
	o.type = (uint16_t)qtype;
	o.account = (const uint8_t *)name;
	o.account_octets = (uint8_t)strlen(name);
	o.proven = proven[0] != '\0';
	return o;
}

/*
 * One after the other: at which second, from where, what, how often; and what
 * became of each, a letter each: Send, Drop, sLip, lEak ("S3D" is SSSD).
 */
struct step {
	uint32_t at_s;
	const char *client, *answer;
	unsigned count;
	const char *verdicts;
};

enum { STEPS_MAX = 6 };

/* clang-format off */
static const struct story {
	const char *title, *config;
	struct step steps[STEPS_MAX];
} stories[] = {
	{ "a rate is answered, then every second one slips",
	  "responses-per-second=3", {
		{ 10, "192.0.2.1", "data www", 8, "SSSLDLDL" },
	} },
	{ "slip=0 drops all", "responses-per-second=2,slip=0", {
		{ 10, "192.0.2.1", "data www", 5, "SSDDD" },
	} },
	{ "slip=1 drops none", "responses-per-second=2,slip=1", {
		{ 10, "192.0.2.1", "data www", 5, "SSLLL" },
	} },
	{ "slip=3", "responses-per-second=1,slip=3", {
		{ 10, "192.0.2.1", "data www", 8, "SLDDLDDL" },
	} },
	{ "a network is one client", "responses-per-second=1,slip=0", {
		{ 10, "192.0.2.1",   "data www", 1, "S" },
		{ 10, "192.0.2.255", "data www", 1, "D" },
		{ 10, "192.0.3.1",   "data www", 1, "S" },
		{ 10, "2001:db8:0:ff::1", "data www", 1, "S" },
		{ 10, "2001:db8:0:00::2", "data www", 1, "D" },
		{ 10, "2001:db8:0:100::", "data www", 1, "S" },
	} },
	{ "prefix lengths can be told",
	  "responses-per-second=1,slip=0,ipv4-prefix-length=32,ipv6-prefix-length=128", {
		{ 10, "192.0.2.1",   "data www", 2, "SD" },
		{ 10, "192.0.2.2",   "data www", 1, "S" },
		{ 10, "2001:db8::1", "data www", 2, "SD" },
		{ 10, "2001:db8::2", "data www", 1, "S" },
	} },
	{ "names and types have their own", "responses-per-second=1,slip=0", {
		{ 10, "192.0.2.1", "data www 1",  2, "SD" },
		{ 10, "192.0.2.1", "data www 28", 2, "SD" },
		{ 10, "192.0.2.1", "data ftp 1",  2, "SD" },
	} },
	{ "NODATA of a name: any type", "responses-per-second=1,slip=0", {
		{ 10, "192.0.2.1", "nodata www 1",  1, "S" },
		{ 10, "192.0.2.1", "nodata www 28", 1, "D" },
		{ 10, "192.0.2.1", "nodata ftp 28", 1, "S" },
		{ 10, "192.0.2.1", "data www 1",    1, "S" },
	} },
	{ "NXDOMAIN of a zone", "responses-per-second=1,slip=0", {
		{ 10, "192.0.2.1", "nxdomain zone 1",  1, "S" },
		{ 10, "192.0.2.1", "nxdomain zone 28", 1, "D" },
		{ 10, "192.0.2.1", "nxdomain other 1", 1, "S" },
	} },
	{ "errors are all alike, and leak", "errors-per-second=1", {
		{ 10, "192.0.2.1", "error a 1", 1, "S" },
		{ 10, "192.0.2.1", "error b 2", 4, "EDED" },
		{ 10, "192.0.2.1", "data www",  9, "SSSSSSSSS" },
	} },
	{ "kinds have their own rates",
	  "responses-per-second=1,nxdomains-per-second=2,referrals-per-second=0,slip=0", {
		{ 10, "192.0.2.1", "data www",      2, "SD" },
		{ 10, "192.0.2.1", "nxdomain zone", 3, "SSD" },
		{ 10, "192.0.2.1", "referral cut",  5, "SSSSS" },
		{ 10, "192.0.2.1", "nodata www",    2, "SD" },
	} },
	{ "a second pays in the rate, no more than that is kept",
	  "responses-per-second=2,slip=0", {
		{ 10, "192.0.2.1", "data www", 3, "SSD" },
		{ 11, "192.0.2.1", "data www", 2, "SD" },
		{ 12, "192.0.2.1", "data www", 2, "SD" },
		{ 14, "192.0.2.1", "data www", 3, "SSD" },
		{ 90, "192.0.2.1", "data www", 3, "SSD" },
	} },
	{ "a flood is owed for the window and no longer",
	  "responses-per-second=1,slip=0,window=5", {
		{ 10, "192.0.2.1", "data www", 20, "SDDDDDDDDDDDDDDDDDDD" },
		{ 14, "192.0.2.1", "data www", 1,  "D" },
		{ 15, "192.0.2.1", "data www", 1,  "D" },
		{ 17, "192.0.2.1", "data www", 2,  "DD" },
		{ 23, "192.0.2.1", "data www", 2,  "SD" },
	} },
	{ "after a pause the first over the rate slips again",
	  "responses-per-second=1", {
		{ 10, "192.0.2.1", "data www", 2, "SL" },
		{ 90, "192.0.2.1", "data www", 3, "SLD" },
	} },
	{ "a good cookie has no account", "responses-per-second=1,all-per-second=1", {
		{ 10, "192.0.2.1", "data www 1 proven", 9, "SSSSSSSSS" },
		{ 10, "192.0.2.1", "data www 1",        2, "SD" },
	} },
	{ "the exempt have none",
	  "responses-per-second=1,slip=0,exempt-clients=192.0.2.0/28,exempt-clients=2001:db8::/32", {
		{ 10, "192.0.2.15", "data www",  3, "SSS" },
		{ 10, "192.0.2.16", "data www",  3, "SDD" },
		{ 10, "2001:db8:9::", "data www", 3, "SSS" },
	} },
	{ "all of a client, whatever it is; never slips",
	  "all-per-second=4,slip=1", {
		{ 10, "192.0.2.1", "data a",     2, "SS" },
		{ 10, "192.0.2.1", "nxdomain z", 2, "SS" },
		{ 10, "192.0.2.1", "error",      2, "DD" },
		{ 10, "192.0.3.1", "data a",     1, "S" },
	} },
	{ "no rate, no limit", "window=1", {
		{ 10, "192.0.2.1", "data www", 9, "SSSSSSSSS" },
	} },
	{ "a thread that is a second behind takes nothing back",
	  "responses-per-second=2,slip=0", {
		{ 11, "192.0.2.1", "data www", 1, "S" },
		{ 10, "192.0.2.1", "data www", 2, "SD" },
		{ 11, "192.0.2.1", "data www", 1, "D" },
	} },
	{ "seconds may wrap", "responses-per-second=2,slip=0", {
		{ UINT32_MAX, "192.0.2.1", "data www", 3, "SSD" },
		{ 0,          "192.0.2.1", "data www", 2, "SD" },
		{ 1,          "192.0.2.1", "data www", 2, "SD" },
	} },
};
/* clang-format on */

static void tell(const struct story *story)
{
	struct rrl *rrl = limit(story->config);

	for (size_t i = 0; i < STEPS_MAX && story->steps[i].count > 0; i++) {
		const struct step *step = &story->steps[i];
		struct net_addr client;
		char name[64] = "", got[32] = "";
		struct answer_outcome o = outcome_of(step->answer, name);

		assert_true(net_addr_parse(step->client, &client));
		for (unsigned n = 0; n < step->count; n++)
			got[n] =
				"SDLE"[rrl_judge(rrl, &client, &o, step->at_s)];
		if (strcmp(got, step->verdicts) != 0)
			fail_msg("%s, step %zu: %s, not %s", story->title, i,
				 got, step->verdicts);
	}
	rrl_free(rrl);
}

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
		tell(&stories[i]);
}

/*
 * A flood from all of a /12 in a table of few places: memory stays what it
 * is, and the network that is limited all the while keeps its account.
 */
static void test_table_is_bounded(void **state)
{
	struct rrl *rrl = limit("responses-per-second=5,max-table-size=64,"
				"slip=0,window=60");
	struct net_addr victim = net_from_v4(0xc0000201);
	char name[64];
	struct answer_outcome o = outcome_of("data www", name);
	unsigned sent = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		struct net_addr other = net_from_v4(0x0a000000 + (i << 8));

		rrl_judge(rrl, &other, &o, i / 1000);
		if (i % 10 == 0)
			sent += rrl_judge(rrl, &victim, &o, i / 1000) ==
				RRL_SEND;
	}
	/* 10,000 in 100 seconds: the rate once, and then always in debt. */
	assert_int_equal(sent, 5);
	rrl_free(rrl);
}

enum { THREADS = 4, EACH = 20000 };

struct crowd {
	struct rrl *rrl;
	atomic_uint sent;
};

static void *ask_on(void *arg)
{
	struct crowd *crowd = arg;
	struct net_addr client = net_from_v4(0xc0000201);
	char name[64];
	struct answer_outcome o = outcome_of("data www", name);

	for (unsigned i = 0; i < EACH; i++)
		if (rrl_judge(crowd->rrl, &client, &o, 7) == RRL_SEND)
			atomic_fetch_add(&crowd->sent, 1);
	return NULL;
}

/* Threads together give what one would: the rate, not one answer more. */
static void test_threads_share(void **state)
{
	struct crowd crowd = { .rrl = limit("responses-per-second=100") };
	char name[64];
	struct answer_outcome o = outcome_of("data www", name);
	struct net_addr client = net_from_v4(0xc0000201);
	pthread_t threads[THREADS];
	struct error err;

	(void)state;
	rrl_judge(crowd.rrl, &client, &o, 7); /* so that it has its place */
	for (unsigned i = 0; i < THREADS; i++)
		assert_true(thread_start(&threads[i], "crowd", ask_on, &crowd,
					 &err));
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&crowd.sent), 99);
	rrl_free(crowd.rrl);
}

/* clang-format off */
static const struct wrong_row {
	const char *text, *error;
} wrongs[] = {
	{ "", "give KEY=VALUE" },
	{ "responses-per-second", "give KEY=VALUE" },
	{ "responses-per-second=5,", "give KEY=VALUE" },
	{ "responses=5", "there is no \"responses\"" },
	{ "responses-per-second=1001", "responses-per-second=1001: give a number from 0 to 1000" },
	{ "responses-per-second=-1", "give a number" },
	{ "responses-per-second=", "give a number" },
	{ "slip=11", "slip=11: give a number from 0 to 10" },
	{ "window=0", "window=0: give a number from 1 to 3600" },
	{ "ipv4-prefix-length=33", "from 1 to 32" },
	{ "ipv6-prefix-length=0", "from 1 to 128" },
	{ "max-table-size=99999999999999999999", "give a number" },
	{ "exempt-clients=192.0.2.1/24", "exempt-clients=192.0.2.1/24: give" },
	{ "log-only=1", "log-only=1: is yes or no" },
};
/* clang-format on */

static void test_wrong_configs(void **state)
{
	struct rrl_config config = { .slip = 77 };
	char longest[300];
	const char *text = longest;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		print_message("# \"%s\"\n", wrongs[i].text);
		assert_false(
			rrl_config_parse(&wrongs[i].text, 1, &config, &err));
		if (strstr(err.text, wrongs[i].error) == NULL)
			fail_msg("%s", err.text);
		assert_int_equal(config.slip, 77);
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_false(rrl_config_parse(&text, 1, &config, &err));
}

static void test_configs_add_up(void **state)
{
	static const char *const texts[] = {
		"responses-per-second=7,errors-per-second=2",
		"exempt-clients=192.0.2.1,log-only=yes",
		"exempt-clients=2001:db8::/32,slip=3",
	};
	struct rrl_config c;
	struct error err;

	(void)state;
	assert_true(rrl_config_parse(texts, 3, &c, &err));
	assert_int_equal(c.per_second[ANSWER_DATA], 7);
	assert_int_equal(c.per_second[ANSWER_REFERRAL], 7);
	assert_int_equal(c.per_second[ANSWER_ERROR], 2);
	assert_int_equal(c.per_second[RRL_ALL], 0);
	assert_int_equal(c.exempt_count, 2);
	assert_int_equal(c.slip, 3);
	assert_int_equal(c.window_s, 15);
	assert_true(c.only_counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stories),
		cmocka_unit_test(test_table_is_bounded),
		cmocka_unit_test(test_threads_share),
		cmocka_unit_test(test_wrong_configs),
		cmocka_unit_test(test_configs_add_up),
	};

	return cmocka_run_group_tests_name("rrl", tests, NULL, NULL);
}
