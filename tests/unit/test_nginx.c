/* SPDX-License-Identifier: Apache-2.0 */
/* nginx and serving: from what an edge has and a plan to the file. */
#include "steering/edge/nginx.h"

#include "policy/base/error.h"
#include "policy/bus/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SHARES = 4 };

#define SHARE(name, part)                                          \
	{                                                          \
		.service = "www", .endpoint = name, .share = part, \
		.weight = -1                                       \
	}
#define CANARY(name, part)                                         \
	{                                                          \
		.service = "www", .endpoint = name, .share = part, \
		.weight = -1, .cause = PLAN_CANARY                 \
	}

/* clang-format off */
static const struct file_row {
	const char *title, *serving;
	struct plan_share shares[SHARES];
	const char *text;  /* between the head and the state; NULL: none, but */
	const char *error;
} files[] = {
	{ "one endpoint", "www=us", { SHARE("", 0) },
	  "split_clients \"${windrose_session}rank/www\" $windrosed_0 {\n"
	  "\t* us;\n}\n"
	  "map $windrosed_0 $windrose_www {\n\t\\\\us us;\n}\n", NULL },
	{ "two, by weight, of a service whose name is no variable", "@=us:1,new:2", { SHARE("", 0) },
	  "split_clients \"${windrose_session}rank/@\" $windrosed_0 {\n"
	  "\t33.33% us;\n\t* new;\n}\n"
	  "map $windrosed_0 $windrose__ {\n\t\\\\us us;\n\t\\\\new new;\n}\n", NULL },
	{ "who has no share has no line", "www=us,eu,ap", { SHARE("ap", 0), SHARE("us", 0.5) },
	  "split_clients \"${windrose_session}rank/www\" $windrosed_0 {\n"
	  "\t33.33% us;\n\t* eu;\n}\n"
	  "map $windrosed_0 $windrose_www {\n\t\\\\us us;\n\t\\\\eu eu;\n}\n", NULL },
	{ "the least is 0.01 %, for whoever there is", "www=us:1000000,eu:1,ap:1", { SHARE("", 0) },
	  "split_clients \"${windrose_session}rank/www\" $windrosed_0 {\n"
	  "\t99.98% us;\n\t0.01% eu;\n\t* ap;\n}\n"
	  "map $windrosed_0 $windrose_www {\n\t\\\\us us;\n\t\\\\eu eu;\n\t\\\\ap ap;\n}\n", NULL },
	{ "a canary takes of what it shadows", "www=us,eu,v2/us,v2/eu", { CANARY("v2/us", 0.015) },
	  "split_clients \"${windrose_session}rank/www\" $windrosed_0 {\n"
	  "\t50.00% us;\n\t* eu;\n}\n"
	  "split_clients \"${windrose_session}accept/www/canary:v2\" $windrosed_0_0 {\n"
	  "\t1.50% v2.us;\n\t* us;\n}\n"
	  "map $windrosed_0 $windrose_www {\n\t\\\\us $windrosed_0_0;\n\t\\\\eu eu;\n}\n", NULL },
	{ "the least of a canary is 0.01 %", "www=us,v2/us", { CANARY("v2/us", 0.00001) },
	  "split_clients \"${windrose_session}rank/www\" $windrosed_0 {\n\t* us;\n}\n"
	  "split_clients \"${windrose_session}accept/www/canary:v2\" $windrosed_0_0 {\n"
	  "\t0.01% v2.us;\n\t* us;\n}\n"
	  "map $windrosed_0 $windrose_www {\n\t\\\\us $windrosed_0_0;\n}\n", NULL },
	{ "through its last step it takes all", "www=us,v2/us", { CANARY("v2/us", 1) },
	  "split_clients \"${windrose_session}rank/www\" $windrosed_0 {\n\t* us;\n}\n"
	  "split_clients \"${windrose_session}accept/www/canary:v2\" $windrosed_0_0 {\n"
	  "\t* v2.us;\n}\n"
	  "map $windrosed_0 $windrose_www {\n\t\\\\us $windrosed_0_0;\n}\n", NULL },
	{ "a canary that is not here takes nobody here", "www=us", { CANARY("v2/us", 0.5) },
	  "split_clients \"${windrose_session}rank/www\" $windrosed_0 {\n\t* us;\n}\n"
	  "map $windrosed_0 $windrose_www {\n\t\\\\us us;\n}\n", NULL },
	{ "an endpoint that is not here", "www=us", { SHARE("eu", 0.5) },
	  NULL, "this edge has no endpoint eu of www; see --serve" },
	{ "never nobody", "www=us,eu", { SHARE("eu", 0), SHARE("us", 0) },
	  NULL, "the plan leaves www no endpoint here; what is served is kept" },
};

static const struct serving_row {
	const char *text, *error; /* NULL: it is taken */
} servings[] = {
	{ "www=us",                 NULL },
	{ "www=us:0,eu:1000000",    NULL },
	{ "api.v1=us,v2/us",        NULL },
	{ "www",                    "SERVICE=ENDPOINT" },
	{ "=us",                    "SERVICE=ENDPOINT" },
	{ "a/b=us",                 "SERVICE=ENDPOINT" },
	{ "w{w=us",                 "SERVICE=ENDPOINT" },
	{ "www=",                   "\"\" must be ENDPOINT" },
	{ "www=us,",                "\"\" must be ENDPOINT" },
	{ "www=us;eu",              "\"us;eu\" must be ENDPOINT" },
	{ "www=us:1000001",         "\"us:1000001\" must be" },
	{ "www=us:-1",              "\"us:-1\" must be" },
	{ "www=us:",                "\"us:\" must be" },
	{ "www=us,eu,us",           "us is there twice" },
	{ "www=v2/us,eu",           "v2/us needs us beside it" },
};

static const struct answer_row {
	const char *title, *text;
	int got;
} answers[] = {
	{ "whole",          "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 16\r\n\r\n0123456789abcdef", 1 },
	{ "with a line end","HTTP/1.1 200 OK\r\ncontent-length:17\r\n\r\n0123456789abcdef\n", 1 },
	{ "no head yet",    "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n", 0 },
	{ "no body yet",    "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n0123456789abcde", 0 },
	{ "not found",      "HTTP/1.1 404 Not Found\r\nContent-Length: 16\r\n\r\n0123456789abcdef", -1 },
	{ "no length",      "HTTP/1.1 200 OK\r\nX: y\r\n\r\n0123456789abcdef", -1 },
	{ "length of words","HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n0123456789abcdef", -1 },
	{ "another state",  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", -1 },
	{ "more than one",  "HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n0123456789abcdefff", -1 },
	{ "no HTTP",        "SSH-2.0-OpenSSH\r\n\r\n", -1 },
};
/* clang-format on */

static size_t share_count(const struct plan_share *shares)
{
	size_t count = 0;

	while (count < SHARES && shares[count].service[0] != '\0' &&
	       shares[count].endpoint[0] != '\0')
		count++;
	return count;
}

/* The text without its first line and the state, which names the rest. */
static void check_text(const struct file_row *row, char *text,
		       const char *state)
{
	char *body = strchr(text, '\n');
	char *end = strstr(text, "map \"\" $windrose_state {\n\tdefault ");

	assert_non_null(body);
	assert_non_null(end);
	assert_non_null(strstr(end, state));
	*end = '\0';
	if (strcmp(body + 1, row->text) != 0)
		fail_msg("%s: %s", row->title, body + 1);
}

static void play(const struct file_row *row)
{
	struct plan_share shares[SHARES];
	struct plan plan = { .shares = shares };
	const struct orders orders = { .plan = &plan };
	struct serving *s = malloc(sizeof(*s));
	char state[NGINX_STATE_SIZE];
	struct error err = { 0 };
	char *text;

	assert_non_null(s);
	memcpy(shares, row->shares, sizeof(shares));
	plan.share_count = share_count(shares);
	if (!serving_parse(row->serving, s, &err))
		fail_msg("%s: %s", row->title, err.text);
	if (serving_divide(s, &orders, &err) != (row->text != NULL))
		fail_msg("%s: %s", row->title, err.text);
	if (row->text == NULL) {
		assert_string_equal(err.text, row->error);
	} else {
		text = nginx_write(s, 1, "", state);
		assert_non_null(text);
		check_text(row, text, state);
		free(text);
	}
	free(s);
}

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		play(&files[i]);
}

static void test_servings(void **state)
{
	struct serving *s = malloc(sizeof(*s));

	(void)state;
	assert_non_null(s);
	for (size_t i = 0; i < sizeof(servings) / sizeof(servings[0]); i++) {
		const struct serving_row *row = &servings[i];
		struct error err = { 0 };

		if (serving_parse(row->text, s, &err) != (row->error == NULL))
			fail_msg("%s: %s", row->text, err.text);
		if (row->error != NULL && strstr(err.text, row->error) == NULL)
			fail_msg("%s: %s", row->text, err.text);
	}
	free(s);
}

/* Two services that are one variable would be one map twice. */
static void test_same_variable(void **state)
{
	struct serving *s = calloc(2, sizeof(*s));
	struct error err = { 0 };

	(void)state;
	assert_non_null(s);
	assert_true(serving_parse("a-b=us", &s[0], &err));
	assert_true(serving_parse("a.c=us", &s[1], &err));
	assert_true(nginx_check(s, 2, &err));
	assert_true(serving_parse("A.b=us", &s[1], &err));
	assert_false(nginx_check(s, 2, &err));
	assert_string_equal(err.text, "--serve: a-b and A.b are both "
				      "$windrose_a_b to nginx");
	free(s);
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer_row *row = &answers[i];
		char got[NGINX_STATE_SIZE] = "";

		if (nginx_answer_parse(row->text, strlen(row->text), got) !=
		    row->got)
			fail_msg("%s", row->title);
		assert_string_equal(got,
				    row->got == 1 ? "0123456789abcdef" : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_servings),
		cmocka_unit_test(test_same_variable),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests_name("nginx", tests, NULL, NULL);
}
