/* SPDX-License-Identifier: Apache-2.0 */
/* rationale: why a client gets what it gets, as TXT in class CHAOS. */
#include "dns/rationale.h"

#include "dns/identity.h"
#include "dns/model.h"
#include "dns/table.h"
#include "policy/base/error.h"
#include "policy/decide/view.h"
#include "tests/unit/asked.h"
#include "tests/unit/both_ways.h"
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Operators sit in 10.1.0.0/16; clients of other places ask as well. */
static struct identity identity_of(void)
{
	static const char *const networks[] = { "10.1.0.0/16",
						"2001:db8::/32" };
	const struct identity_words words = {
		.name = "ams-1",
		.explain_to = networks,
		.explain_to_count = 2,
	};
	struct identity identity;
	struct error err;

	assert_true(identity_read(&words, &identity, &err));
	identity.secrets.count = 1;
	return identity;
}

struct bench {
	struct world world;
	struct identity identity;
	struct asked asked;
	size_t cap; /* 0: what there is by this way */
};

static const char *ask(struct bench *b, const char *from, const char *words)
{
	const char *address = strchr(from, ' ');
	struct answer_input input = {
		.query = b->asked.query,
		.len = ask_write(words, b->asked.query),
		.identity = &b->identity,
		.view = b->world.view,
		.stream = strncmp(from, "tcp", 3) == 0,
	};
	size_t cap = input.stream ? ANSWER_TCP_MAX : ANSWER_UDP_MAX;

	if (b->cap > 0)
		cap = b->cap;
	assert_non_null(address);
	assert_true(net_addr_parse(address + 1, &input.peer));
	b->asked.len = both_ways(b->world.table, &input, b->asked.answer, cap,
				 &b->asked.outcome);
	return ask_read(b->asked.answer, b->asked.len, b->asked.text);
}

#define WWW "_explain.www.gslb.example"
#define REFUSED "REFUSED | | | |"

enum { LINES_MAX = 10 };

/* clang-format off */
static const struct ask_row {
	const char *title, *from, *words;
	const char *lines[LINES_MAX]; /* are there, in this order */
} asks[] = {
	{ "all of it", "tcp 10.1.1.1", WWW " TXT class=3",
	  { "NOERROR aa | _explain.www.gslb.example. 0 CH TXT \"answer 1: eu 192.0.2.11 2001:db8::11\"",
	    "\"answer A 1: eu\"", "\"answer AAAA 1: eu\"",
	    "\"eu (p.yaml:8) serves: tier 1: 8.4 ms expected (by distance), weight 1, share 100 %\"",
	    "\"us (p.yaml:9) serves: tier 2: 95.7 ms expected (by distance), weight 1, share 100 %\"",
	    "\"service: www (p.yaml:7), steer geo, unmonitored: it has no check\"",
	    "\"client: 10.1.1.1, 10.1.0.0/16 is all of client class 1, country not looked at\"",
	    "\"scope: /16\"", "\"ttl: 60 s (steady 60 s, changing 10 s)\"",
	    "\"policy: 5eed, plan 0/0\" | | |" } },
	{ "a client of another place", "tcp 10.1.1.1", WWW " TXT class=3 ecs=10.2.200.0/24",
	  { "\"answer 1: us 192.0.2.12\"", "\"answer A 1: us\"", "\"answer AAAA: none\"",
	    "\"eu (p.yaml:8) serves: tier 2:", "\"us (p.yaml:9) serves: tier 1:",
	    "\"client: 10.2.200.0, 10.2.128.0/17 is all of client class 2,",
	    "| opt 1232 ecs 1 10.2.200.0/24/17" } },
	{ "a wildcard, ANY, in capitals, from IPv6", "tcp 2001:db8::1", "_EXPLAIN.x.Pool.gslb.example ANY class=3",
	  { "NOERROR aa | _EXPLAIN.x.Pool.gslb.example. 0 CH TXT \"answer 1: us 192.0.2.32\"",
	    "\"service: *.pool (p.yaml:7)", "\"client: 2001:db8::1, 2001:db8::/48 is all of client class 0, country unknown\"",
	    "\"scope: /48 (a draw: others may get another endpoint)\"", "\"ttl: 40 s" } },
	{ "two answers", "tcp 10.1.1.1", "_explain.all.gslb.example TXT class=3",
	  { "\"answer 1: eu 192.0.2.21 192.0.2.25\"", "\"answer 2: us 192.0.2.22 192.0.2.25\"" } },
	{ "a name elsewhere", "tcp 10.1.1.1", "_explain.away.gslb.example TXT class=3",
	  { "\"answer 1: eu CNAME app.gslb.example.\"" } },
	{ "commanded", "tcp 10.1.1.1", "_explain.app.gslb.example TXT class=3",
	  { "\"answer 1: us 192.0.2.22 2001:db8::22\"", "\"eu (p.yaml:8) commanded: share 0 by command d-7\"",
	    "\"us (p.yaml:9) serves: tier 1: weight 1, share 100 %\"", "\"ttl: 10 s (steady" } },
	{ "frozen", "tcp 10.1.1.1", "_explain.app.gslb.example TXT class=3",
	  { "\"service: app (p.yaml:7)", "\"frozen: app by command f-1 of ann (INC-7) until 2026-02-02T02:41:00Z: nothing comes back,", "\"client: " } },
	{ "what capacity goes by", "tcp 10.1.1.1", "_explain.all.gslb.example TXT class=3",
	  { "\"service: all (p.yaml:7)", "\"demand: 41.5 as 2 edges counted, shared out by address space\"", "\"client: " } },
	{ "down", "tcp 10.1.1.1", "_explain.rnd.gslb.example TXT class=3",
	  { "\"answer 1: us 192.0.2.22\"", "\"eu (p.yaml:8) not healthy: down: 3 of 4 votes of vantages say down\"" } },
	{ "residency leaves nothing", "tcp 10.1.1.1", "_explain.www.gslb.example TXT class=3 ecs=10.4.1.0/24",
	  { "\"answer: none\"", "\"answer A: none\"", "\"answer AAAA: none\"",
	    "\"eu (p.yaml:8) not eligible: residency", "\"us (p.yaml:9) not eligible: residency", "\"note: " } },
	{ "the same for all", "tcp 10.1.1.1", "_explain.txt.gslb.example TXT class=3",
	  { "\"txt.gslb.example. is not steered: its records are the same for every client\" | | |" } },
	{ "an alias", "tcp 10.1.1.1", "_explain.tosvc.gslb.example TXT class=3", { "\"tosvc.gslb.example. is an alias" } },
	{ "below a cut", "tcp 10.1.1.1", "_explain.a.signed.gslb.example TXT class=3", { "is delegated to other servers\"" } },
	{ "no name", "tcp 10.1.1.1", "_explain.nope.gslb.example TXT class=3", { "\"nope.gslb.example. does not exist\"" } },
	{ "no zone", "tcp 10.1.1.1", "_explain.example.com TXT class=3", { "\"example.com. is in no zone that is served here\"" } },
	{ "the root", "tcp 10.1.1.1", "_explain TXT class=3", { REFUSED } },
	{ "another type", "tcp 10.1.1.1", WWW " A class=3", { REFUSED } },
	{ "another label", "tcp 10.1.1.1", "_explai.www.gslb.example TXT class=3", { REFUSED } },
	{ "a longer label", "tcp 10.1.1.1", "_explained.www.gslb.example TXT class=3", { REFUSED } },
	{ "of class IN it is a name like others", "tcp 10.1.1.1", WWW " TXT", { "NXDOMAIN aa |" } },
	{ "who it is", "tcp 10.1.1.1", "id.server TXT class=3", { "\"ams-1\"" } },
	{ "UDP", "udp 10.1.1.1", WWW " TXT class=3", { "NOERROR tc | | | |" } },
	{ "UDP, as much as it may be", "udp 10.1.1.1", WWW " TXT class=3 edns=4096 ecs=10.2.200.0/24",
	  { "NOERROR tc | | | | opt 1232 ecs 1 10.2.200.0/24/0" } },
	{ "it holds where the reasons do", "tcp 10.1.1.1", "_explain.locked.gslb.example TXT class=3 ecs=10.3.0.0/16",
	  { "\"answer 1: eu 192.0.2.51\"", "\"scope: /14\"", "| opt 1232 ecs 1 10.3.0.0/16/16" } },
	{ "no asker", "tcp 10.2.1.1", WWW " TXT class=3", { REFUSED } },
	{ "no asker, who says to be one", "tcp 10.2.1.1", WWW " TXT class=3 ecs=10.1.1.0/24", { REFUSED } },
	{ "no asker, by UDP", "udp 10.2.1.1", WWW " TXT class=3", { REFUSED } },
};
/* clang-format on */

static void test_asks(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		const struct ask_row *row = &asks[i];
		const char *answer = ask(b, row->from, row->words), *at;

		at = answer;
		for (size_t k = 0; k < LINES_MAX && row->lines[k] != NULL;
		     k++) {
			at = strstr(at, row->lines[k]);
			if (at == NULL)
				fail_msg("%s: no %s in %s", row->title,
					 row->lines[k], answer);
		}
		if (i == 0)
			assert_ptr_equal(strstr(answer, row->lines[0]), answer);
	}
}

/* Others cannot find out that anybody is told. */
static void test_no_sign(void **state)
{
	static uint8_t told[ANSWER_TCP_MAX];
	struct bench *b = *state;
	size_t len, rows = 0;

	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		const char *from = strncmp(asks[i].from, "tcp", 3) == 0
					   ? "tcp 10.2.1.1"
					   : "udp 10.2.1.1";

		ask(b, from, asks[i].words);
		len = b->asked.len;
		memcpy(told, b->asked.answer, len);
		b->identity.asker_count = 0;
		ask(b, from, asks[i].words);
		b->identity.asker_count = 2;
		assert_int_equal(len, b->asked.len);
		assert_memory_equal(told, b->asked.answer, len);
		rows++;
	}
	assert_true(rows > 0);
}

/* It is no query for the service, nor data of the zone. */
static void test_outcome(void **state)
{
	struct bench *b = *state;
	const struct answer_outcome *o = &b->asked.outcome;

	for (int stream = 0; stream < 2; stream++) {
		ask(b, stream ? "tcp 10.1.1.1" : "udp 10.1.1.1",
		    WWW " TXT class=3");
		assert_int_equal(o->zone, -1);
		assert_int_equal(o->service, -1);
		assert_int_equal(o->endpoint, -1);
		assert_int_equal(o->kind, ANSWER_DATA);
		assert_null(o->account);
		assert_int_equal(o->truncated, !stream);
	}
	assert_true(b->asked.len > DNS_PLAIN_MAX);
	ask(b, "udp 10.1.1.1", WWW " TXT class=3");
	assert_int_equal(b->asked.len,
			 ask_write(WWW " TXT class=3", b->asked.query));
}

/* What has no room says so: one long line, and lines beyond the message. */
static void test_cut(void **state)
{
	static char file[900];
	struct bench *b = *state;
	struct policy_service *www = &b->world.policy->services[WORLD_WWW];
	const char *answer;

	memset(file, 'f', sizeof(file) - 1);
	www->endpoints[0].at.file = file;
	answer = ask(b, "tcp 10.1.1.1", WWW " TXT class=3");
	assert_non_null(strstr(answer, "fff (cut)\""));
	assert_non_null(strstr(answer, "\"us (p.yaml:9) serves:"));
	b->cap = 900;
	answer = ask(b, "tcp 10.1.1.1", WWW " TXT class=3");
	assert_null(strstr(answer, "fff"));
	assert_null(strstr(answer, "\"us (p.yaml:9) serves:"));
	assert_non_null(strstr(answer, "\"cut: 7 more lines; ask by windrose "
				       "explain --node\" | | |"));
	b->cap = 0;
	www->endpoints[0].at.file = "p.yaml";
}

/* Between one policy and the next, table and view are of two. */
static void test_of_another_policy(void **state)
{
	struct world other = world_new();
	struct bench *b = *state;
	struct view *view = b->world.view;

	b->world.view = other.view;
	assert_non_null(strstr(ask(b, "tcp 10.1.1.1", WWW " TXT class=3"),
			       "\"another policy is just being taken over: "
			       "ask again\" | | |"));
	b->world.view = view;
	world_free(&other);
}

/* Tests compare places, which a world made by hand has not. */
static void place(struct policy *policy)
{
	for (size_t s = 0; s < policy->service_count; s++) {
		struct policy_service *service = &policy->services[s];

		service->at = (struct place){ .file = "p.yaml", .line = 7 };
		for (size_t i = 0; i < service->endpoint_count; i++)
			service->endpoints[i].at =
				(struct place){ .file = "p.yaml",
						.line = (unsigned)i + 8 };
	}
}

/* eu of app is drained, that of rnd is down; app is frozen. */
static void command(struct world *w)
{
	static const struct command freeze = {
		.id = "f-1",
		.kind = COMMAND_FREEZE,
		.target = "app",
		.author = "ann",
		.reason = "INC-7",
		.wall_expires_ms = INT64_C(1770000060000),
	};
	static const struct plan_demand demand = { .demand = 41.5, .edges = 2 };
	struct view_endpoint *app = w->view->services[WORLD_APP].endpoints;
	struct view_endpoint *rnd = w->view->services[WORLD_RND].endpoints;

	app[0].accept = ACCEPT_NONE;
	app[0].cause = SHARE_COMMAND;
	app[0].cause_ref = "d-7";
	w->view->services[WORLD_APP].changing = true;
	w->view->services[WORLD_ALL].demand = &demand;
	w->view->freezes = &freeze;
	w->view->freeze_count = 1;
	rnd[0].health.verdict = VERDICT_DOWN;
	rnd[0].health.up = 1;
	rnd[0].health.down = 3;
	table_free(w->table);
	w->table = table_build(w->model, w->view, NULL);
	assert_non_null(w->table);
}

static int set_up(void **state)
{
	static struct bench b;

	b.world = world_new();
	b.identity = identity_of();
	place(b.world.policy);
	strcpy(b.world.policy->digest, "5eed");
	command(&b.world);
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	world_free(&b->world);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asks),
		cmocka_unit_test(test_no_sign),
		cmocka_unit_test(test_outcome),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_of_another_policy),
	};

	return cmocka_run_group_tests_name("rationale", tests, set_up,
					   tear_down);
}
