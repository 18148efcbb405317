/* SPDX-License-Identifier: Apache-2.0 */
/* outcome: what counters, logs and rate limits learn of an answer. */
#include "dns/name.h"
#include "tests/unit/asked.h"
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct outcome_row {
	const char *title, *words;
	struct answer_outcome outcome;
} outcomes[] = {
	{ "a service, by peer", "www.gslb.example A",
	  { .rcode = 0, .truncated = false, .ecs = false, .zone = 0,
	    .service = WORLD_WWW, .endpoint = 0, .region = 0 } },
	{ "a service, by subnet", "www.gslb.example A ecs=10.2.200.0/24",
	  { .rcode = 0, .truncated = false, .ecs = true, .zone = 0,
	    .service = WORLD_WWW, .endpoint = 1, .region = 1, .home = 1 } },
	{ "a service without such addresses", "locked.gslb.example AAAA",
	  { .rcode = 0, .truncated = false, .ecs = false, .zone = 0,
	    .service = WORLD_LOCKED, .endpoint = -1, .region = -1 } },
	{ "a static name", "txt.gslb.example MX",
	  { .rcode = 0, .truncated = false, .ecs = false, .zone = 0,
	    .service = -1, .endpoint = -1, .region = -1 } },
	{ "another's name", "www.example.com A",
	  { .rcode = 5, .truncated = false, .ecs = false, .zone = -1,
	    .service = -1, .endpoint = -1, .region = -1 } },
	{ "NXDOMAIN", "nope.gslb.example MX",
	  { .rcode = 3, .truncated = false, .ecs = false, .zone = 0,
	    .service = -1, .endpoint = -1, .region = -1 } },
	{ "truncated", "huge.gslb.example TXT",
	  { .rcode = 0, .truncated = true, .ecs = false, .zone = 0,
	    .service = -1, .endpoint = -1, .region = -1 } },
	{ "an extended RCODE", "txt.gslb.example MX version=3",
	  { .rcode = 16, .truncated = false, .ecs = false, .zone = -1,
	    .service = -1, .endpoint = -1, .region = -1 } },
};
/* clang-format on */

static void test_outcomes(void **state)
{
	static struct asked a;
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		const struct answer_outcome *o = &outcomes[i].outcome;

		asked_put(w->table, &a, "-", outcomes[i].words);
		if (a.outcome.rcode != o->rcode ||
		    a.outcome.truncated != o->truncated ||
		    a.outcome.ecs != o->ecs || a.outcome.zone != o->zone ||
		    a.outcome.service != o->service ||
		    a.outcome.endpoint != o->endpoint ||
		    a.outcome.region != o->region || a.outcome.home != o->home)
			fail_msg("%s", outcomes[i].title);
	}
}

/* clang-format off */
static const struct account_row {
	const char *title, *from, *words;
	enum answer_kind kind;
	const char *account; /* NULL: none */
} accounts[] = {
	{ "a name", "-", "TXT.gslb.Example MX", ANSWER_DATA, "txt.gslb.example." },
	{ "a service", "-", "www.gslb.example A", ANSWER_DATA, "www.gslb.example." },
	{ "a wildcard of services", "10.2.1.1", "x.pool.gslb.example A", ANSWER_DATA, "*.pool.gslb.example." },
	{ "no such type below a wildcard", "-", "x.pool.gslb.example MX", ANSWER_NODATA, "*.pool.gslb.example." },
	{ "a CNAME at a wildcard", "-", "x.cwild.gslb.example A", ANSWER_DATA, "*.cwild.gslb.example." },
	{ "a CNAME, by its own name", "-", "tosvc.gslb.example A", ANSWER_DATA, "tosvc.gslb.example." },
	{ "NXDOMAIN, by the zone", "-", "a.b.nope.gslb.example A", ANSWER_NXDOMAIN, "gslb.example." },
	{ "NXDOMAIN below a name", "-", "nope.www.gslb.example A", ANSWER_NXDOMAIN, "gslb.example." },
	{ "NODATA", "-", "txt.gslb.example A", ANSWER_NODATA, "txt.gslb.example." },
	{ "a referral, by the cut", "-", "a.b.signed.gslb.example A", ANSWER_REFERRAL, "signed.gslb.example." },
	{ "REFUSED", "-", "www.example.net A", ANSWER_ERROR, NULL },
	{ "AXFR", "-", "gslb.example AXFR", ANSWER_ERROR, NULL },
	{ "FORMERR", "-", "gslb.example A cut=1", ANSWER_ERROR, NULL },
	{ "no question", "-/on", "- A empty opt=10:2464c4abcf10c957", ANSWER_ERROR, NULL },
	{ "BADCOOKIE", "-/required", "txt.gslb.example MX opt=10:2464c4abcf10c957", ANSWER_ERROR, NULL },
	{ "CHAOS", "-/on", "id.server TXT class=3", ANSWER_DATA, NULL },
	{ "TC", "-", "huge.gslb.example TXT", ANSWER_DATA, "huge.gslb.example." },
};
/* clang-format on */

/* What rate limits count under which name: random ones open no accounts. */
static void test_accounts(void **state)
{
	static struct asked a;
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
		const struct account_row *row = &accounts[i];
		const struct answer_outcome *o = &a.outcome;
		char text[NAME_TEXT_SIZE] = "";

		asked_put(w->table, &a, row->from, row->words);
		if (o->account != NULL)
			name_text(o->account, o->account_octets, text);
		if (o->kind != row->kind ||
		    strcmp(text, row->account == NULL ? "" : row->account) != 0)
			fail_msg("%s: %d \"%s\"", row->title, o->kind, text);
	}
}

/* And no choice of types does at an alias, or where there is no name. */
static void test_counted_types(void **state)
{
	static struct asked a;
	static const struct {
		const char *words;
		unsigned type;
	} rows[] = {
		{ "txt.gslb.example MX", 15 },
		{ "www.gslb.example A", 1 },
		{ "tosvc.gslb.example A", 5 },
		{ "tosvc.gslb.example TYPE999", 5 },
		{ "tosvc.gslb.example CNAME", 5 },
		{ "x.away.gslb.example TYPE998", 5 },
		{ "id.server TXT class=3", 0 },
		{ "txt.gslb.example AXFR", 0 },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		asked_put(w->table, &a, "-/on", rows[i].words);
		if (a.outcome.type != rows[i].type)
			fail_msg("%s: %u", rows[i].words, a.outcome.type);
	}
}

/* A client over its rate gets the way to prove itself, and nothing else. */
static void test_turned_away(void **state)
{
	static uint8_t query[ASK_OCTETS_MAX], out[1232];
	static char text[ASK_TEXT_SIZE];
	static const struct {
		const char *words, *answer;
	} rows[] = {
		{ "txt.gslb.example MX rd", "NOERROR tc rd | | | |" },
		{ "nope.gslb.example MX edns", "NOERROR tc | | | | opt 1232" },
		{ "txt.gslb.example MX opt=10:2464c4abcf10c957",
		  "BADCOOKIE | | | | opt 1232 cookie 2464c4abcf10c957" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer_input input = {
			.query = query,
			.len = ask_write(rows[i].words, query),
			.peer = net_from_v4(0x0a010101),
			.turned_away = true,
		};
		struct answer_outcome outcome;
		size_t len;

		asked_identity(&input, "on");
		len = answer_query(w->table, &input, out, sizeof(out),
				   &outcome);
		ask_read(out, len, text);
		if (strncmp(text, rows[i].answer, strlen(rows[i].answer)) != 0)
			fail_msg("%s: %s", rows[i].words, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_counted_types),
		cmocka_unit_test(test_turned_away),
	};

	return cmocka_run_group_tests_name("outcome", tests, world_set_up,
					   world_tear_down);
}
