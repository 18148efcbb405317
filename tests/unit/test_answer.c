/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer: the cases of tests/data/dns/answer.cases, each over the whole path
 * from a query's octets to an answer's; then what cases cannot say.
 */
#include "dns/answer.h"
#include "dns/identity.h"
#include "dns/model.h"
#include "dns/name.h"
#include "dns/table.h"
#include "policy/base/error.h"
#include "policy/decide/view.h"
#include "tests/unit/ask.h"
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CASES_MIN = 180 }; /* fewer: the file was cut */

/* A query in words from an address, and what came back. */
struct asked {
	uint8_t query[ASK_OCTETS_MAX], answer[ASK_OCTETS_MAX];
	size_t len;
	struct answer_outcome outcome;
	char text[ASK_TEXT_SIZE];
};

/* As RFC 9018, A.2 has it: the second secret is the one before roll-over. */
static struct identity told(enum cookie_policy cookies)
{
	struct identity id = { .cookies = cookies };
	struct error err;

	assert_true(identity_text_set(&id.nsid, "ns1.test", IDENTITY_NSID_MAX));
	assert_true(identity_text_set(&id.name, "ams-1", IDENTITY_TEXT_MAX));
	assert_true(identity_text_set(&id.version, "W 1", IDENTITY_TEXT_MAX));
	assert_true(cookie_secrets_parse("e5e973e5a6b2a43f48e7dc849e37bfcf\n"
					 "dd3bdf9344b678b185a6f5cb60fca715\n",
					 "secrets", &id.secrets, &err));
	return id;
}

/* The word behind the slash: which identity the responder has. */
static void set_identity(struct answer_input *input, const char *word)
{
	static struct identity identity;

	if (word == NULL)
		return;
	identity = told(strcmp(word, "off") == 0        ? COOKIES_OFF
			: strcmp(word, "required") == 0 ? COOKIES_REQUIRED
							: COOKIES_ON);
	input->identity = &identity;
	input->now_s = 1559734385;
}

/* Who asks: "-", tcp, tls or an address; behind a slash, of whom. */
static void set_asker(struct answer_input *input, const char *from)
{
	char *copy = strdup(from), *word = strchr(copy, '/');

	if (word != NULL)
		*word++ = '\0';
	set_identity(input, word);
	input->encrypted = strcmp(copy, "tls") == 0;
	input->stream = input->encrypted || strcmp(copy, "tcp") == 0;
	if (!input->stream && strcmp(copy, "-") != 0)
		assert_true(net_addr_parse(copy, &input->peer));
	free(copy);
}

static const char *ask(const struct table *table, struct asked *a,
		       const char *from, const char *words)
{
	struct answer_input input = {
		.query = a->query,
		.len = ask_write(words, a->query),
		.peer = net_from_v4(UINT32_C(0x0a010101)),
		.keepalive_ms = 10000,
	};

	set_asker(&input, from);
	memset(a->answer, 0xa5, sizeof(a->answer));
	a->len = answer_query(table, &input, a->answer, sizeof(a->answer),
			      &a->outcome);
	return ask_read(a->answer, a->len, a->text);
}

/* The next line that is no comment, without its newline and blanks. */
static char *next_line(FILE *in, char *buf, size_t size)
{
	while (fgets(buf, (int)size, in) != NULL) {
		size_t len = strlen(buf);

		while (len > 0 && strchr(" \n", buf[len - 1]) != NULL)
			buf[--len] = '\0';
		if (len > 0 && buf[0] != '#')
			return buf + (buf[0] == '\t');
	}
	return NULL;
}

static void test_cases(void **state)
{
	static char title[256], from[4096], expected[ASK_TEXT_SIZE];
	static struct asked a;
	struct world *w = *state;
	unsigned cases = 0, wrong = 0;
	char path[1024], *query;
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/data/dns/answer.cases",
		 getenv("SRCDIR"));
	in = fopen(path, "r");
	assert_non_null(in);
	while (next_line(in, title, sizeof(title)) != NULL) {
		char *words, *wanted;

		query = next_line(in, from, sizeof(from));
		wanted = next_line(in, expected, sizeof(expected));
		assert_non_null(query);
		assert_non_null(wanted);
		words = strchr(query, ' ');
		*words++ = '\0';
		cases++;
		ask(w->table, &a, query, words);
		while (strlen(a.text) > 0 && a.text[strlen(a.text) - 1] == ' ')
			a.text[strlen(a.text) - 1] = '\0';
		if (strcmp(a.text, wanted) == 0)
			continue;
		/* print_error() would cut it. */
		fprintf(stderr, "%s\n  asked  %s\n  wanted %s\n  got    %s\n",
			title, words, wanted, a.text);
		wrong++;
	}
	fclose(in);
	assert_true(cases >= CASES_MIN);
	assert_int_equal(wrong, 0);
}

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
	    .service = WORLD_WWW, .endpoint = 1, .region = 1 } },
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

		ask(w->table, &a, "-", outcomes[i].words);
		if (a.outcome.rcode != o->rcode ||
		    a.outcome.truncated != o->truncated ||
		    a.outcome.ecs != o->ecs || a.outcome.zone != o->zone ||
		    a.outcome.service != o->service ||
		    a.outcome.endpoint != o->endpoint ||
		    a.outcome.region != o->region)
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

		ask(w->table, &a, row->from, row->words);
		if (o->account != NULL)
			name_text(o->account, o->account_octets, text);
		if (o->kind != row->kind ||
		    strcmp(text, row->account == NULL ? "" : row->account) != 0)
			fail_msg("%s: %d \"%s\"", row->title, o->kind, text);
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

		set_identity(&input, "on");
		len = answer_query(w->table, &input, out, sizeof(out),
				   &outcome);
		ask_read(out, len, text);
		if (strncmp(text, rows[i].answer, strlen(rows[i].answer)) != 0)
			fail_msg("%s: %s", rows[i].words, text);
	}
}

/* Every answer fits what the client takes, and the buffer it is given. */
static void test_sizes(void **state)
{
	static const char *const names[] = {
		"huge.gslb.example TXT",    "large.gslb.example TXT",
		"bulk.gslb.example A",      "tosub.gslb.example A",
		"c01.gslb.example TXT",     "nope.gslb.example A",
		"tolarge.gslb.example TXT",
	};
	static struct asked a;
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (unsigned size = 0; size < 3000; size += 7) {
			size_t limit = size < 512    ? 512
				       : size < 1232 ? size
						     : 1232;
			char words[128];

			snprintf(words, sizeof(words),
				 "%s edns=%u ecs=10.1.0.0/16", names[i], size);
			ask(w->table, &a, "-", words);
			assert_true(a.len > 0 && a.len <= limit);
			assert_int_equal(a.answer[a.len], 0xa5);
			if (strstr(a.text, "ecs 1 10.1.0.0/16/") == NULL)
				fail_msg("%s: %s", words, a.text);
		}
}

static void test_small_buffer(void **state)
{
	struct world *w = *state;
	static uint8_t query[ASK_OCTETS_MAX], out[600];
	struct answer_input input = {
		.query = query,
		.len = ask_write("huge.gslb.example TXT", query),
		.peer = net_from_v4(1),
		.stream = true,
	};
	struct answer_outcome outcome;
	size_t len;

	assert_int_equal(answer_query(w->table, &input, out, 511, &outcome), 0);
	len = answer_query(w->table, &input, out, 512, &outcome);
	assert_true(len > 0 && len <= 512 && outcome.truncated);
}

static uint32_t ttl_given(const struct table *table, uint64_t random)
{
	static uint8_t query[ASK_OCTETS_MAX], out[600];
	size_t question = ask_write("jit.gslb.example A", query);
	struct answer_input input = {
		.query = query,
		.len = question,
		.peer = net_from_v4(0x0a010101),
		.random = random,
	};
	struct answer_outcome outcome;
	size_t len = answer_query(table, &input, out, sizeof(out), &outcome);

	assert_true(len == question + 16);
	return (uint32_t)out[question + 8] << 8 | out[question + 9];
}

/* Steady TTL 100 with 10 %: every value from 90 to 100 and no other. */
static void test_jitter(void **state)
{
	struct world *w = *state;
	unsigned seen[101] = { 0 };

	for (uint64_t i = 0; i < 4096; i++) {
		uint32_t ttl_s = ttl_given(w->table, i << 20);

		assert_in_range(ttl_s, 90, 100);
		seen[ttl_s]++;
	}
	for (size_t i = 90; i <= 100; i++)
		assert_in_range(seen[i], 200, 600);
}

/* `sticky: none`: the same client, other random bits, either endpoint. */
static void test_fresh_draws(void **state)
{
	static uint8_t query[ASK_OCTETS_MAX], out[600];
	struct world *w = *state;
	struct answer_input input = {
		.query = query,
		.len = ask_write("rnd.gslb.example A", query),
		.peer = net_from_v4(0x0a010101),
	};
	unsigned count[2] = { 0 };

	for (uint64_t i = 0; i < 2000; i++) {
		struct answer_outcome outcome;

		input.random = i;
		answer_query(w->table, &input, out, sizeof(out), &outcome);
		count[outcome.endpoint]++;
	}
	assert_in_range(count[0], 800, 1200);
}

/* A state change reaches its service, shares the rest, and can be undone. */
static void test_tables(void **state)
{
	static struct asked a;
	struct world *w = *state;
	struct view_endpoint *e = w->view->services[WORLD_WWW].endpoints;
	struct table *down, *up;

	e[0].health.verdict = VERDICT_DOWN;
	w->view->services[WORLD_WWW].changing = true;
	down = table_build(w->model, w->view, w->table);
	assert_non_null(down);
	e[0].health.verdict = VERDICT_UNKNOWN;
	w->view->services[WORLD_WWW].changing = false;
	up = table_build(w->model, w->view, down);
	assert_non_null(up);
	assert_ptr_not_equal(table_decision(down, WORLD_WWW),
			     table_decision(w->table, WORLD_WWW));
	for (size_t i = 0; i < WORLD_SERVICES; i++)
		if (i != WORLD_WWW)
			assert_ptr_equal(table_decision(down, i),
					 table_decision(w->table, i));
	ask(down, &a, "-", "www.gslb.example A");
	assert_string_equal(a.text, "NOERROR aa | www.gslb.example. 10 IN A "
				    "192.0.2.12 | | |");
	table_free(down);
	ask(up, &a, "-", "www.gslb.example A");
	assert_string_equal(a.text, "NOERROR aa | www.gslb.example. 60 IN A "
				    "192.0.2.11 | | |");
	table_free(up);
	table_free(NULL);
}

/* All down where the rule says no-answer: NODATA, why, and not for long. */
static void test_withheld(void **state)
{
	static struct asked a;
	struct world *w = *state;
	struct view_endpoint *e = w->view->services[WORLD_LOCKED].endpoints;
	struct table *down;

	e[0].health.verdict = VERDICT_DOWN;
	down = table_build(w->model, w->view, w->table);
	assert_non_null(down);
	ask(down, &a, "10.3.1.1", "locked.gslb.example A ecs=10.3.0.0/16");
	assert_non_null(strstr(a.text, "NOERROR aa | | gslb.example. 10 IN"));
	assert_non_null(strstr(a.text, "ecs 1 10.3.0.0/16/16 ede 0"));
	ask(down, &a, "-", "locked.gslb.example A");
	assert_non_null(strstr(a.text, "IN A 192.0.2.51"));
	e[0].health.verdict = VERDICT_UNKNOWN;
	table_free(down);
}

/* Verdicts that are held since vantages fell silent: the answer says so. */
static void test_stale(void **state)
{
	static struct asked a;
	struct world *w = *state;
	struct view_endpoint *e = w->view->services[WORLD_WWW].endpoints;
	struct table *held;

	e[1].health.held = true;
	held = table_build(w->model, w->view, w->table);
	assert_non_null(held);
	e[1].health.held = false;
	ask(held, &a, "-", "www.gslb.example A edns");
	assert_string_equal(a.text, "NOERROR aa | www.gslb.example. 60 IN A "
				    "192.0.2.11 | | | opt 1232 ede 3");
	ask(held, &a, "-", "www.gslb.example A");
	assert_string_equal(a.text, "NOERROR aa | www.gslb.example. 60 IN A "
				    "192.0.2.11 | | |");
	/* Why there is no answer says more. */
	ask(held, &a, "10.4.1.1", "www.gslb.example A edns");
	assert_non_null(strstr(a.text, "opt 1232 ede 18"));
	ask(held, &a, "-", "app.gslb.example A edns");
	assert_null(strstr(a.text, "ede"));
	table_free(held);
}

static int set_up(void **state)
{
	static struct world w;

	w = world_new();
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	world_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_turned_away),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_small_buffer),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_fresh_draws),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_withheld),
		cmocka_unit_test(test_stale),
	};

	return cmocka_run_group_tests_name("answer", tests, set_up, tear_down);
}
