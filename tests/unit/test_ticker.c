/* SPDX-License-Identifier: Apache-2.0 */
/* ticker: which lines two statuses make. */
#include "steering/runbook/ticker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define ENDPOINT(verdict, share, cause)                                \
	"{'services':[{'service':'www','endpoints':[{'endpoint':'eu'," \
	"'verdict':'" verdict "','share':" share ",'cause':'" cause "'}]}]}"
#define COMMAND                                                  \
	"'id':'c-1','kind':'failover','target':'www','to':'eu'," \
	"'author':'ann','reason':'r'"

/* clang-format off */
static const struct row {
	const char *title, *before, *after, *lines;
} rows[] = {
	{ "nothing", "{}", "{}", "" },
	{ "the same", ENDPOINT("up", "1.0", "full"), ENDPOINT("up", "1.0", "full"), "" },
	{ "health", ENDPOINT("up", "1.0", "full"), ENDPOINT("down", "1.0", "full"),
	  "health www/eu: up>down;" },
	{ "a hold", ENDPOINT("up", "1.0", "full"), ENDPOINT("up", "0.05", "hold"),
	  "share www/eu: 100 %>5 % hold;" },
	{ "a ramp is told by tens", ENDPOINT("up", "0.41", "ramp"), ENDPOINT("up", "0.48", "ramp"), "" },
	{ "and is", ENDPOINT("up", "0.48", "ramp"), ENDPOINT("up", "0.51", "ramp"),
	  "share www/eu: 40 % ramp>50 % ramp;" },
	{ "panic, a freeze", "{'services':[{'service':'www'}]}",
	  "{'services':[{'service':'www','panic':true,'frozen':'c-2'}]}",
	  "panic www: >on;freeze www: >c-2;" },
	{ "a command that ends", "{'plan':{'commands':[{" COMMAND "}]}}", "{}",
	  "command c-1: failover www to eu by ann: r>;" },
	{ "one that is held", "{}", "{'held':[{'command':{" COMMAND "}}],'held_back':[{'id':'m-1','service':'api'}]}",
	  "held c-1: >failover www to eu by ann: r;held m-1: >a move of api;" },
	{ "a canary", "{'canaries':[{'canary':'v2','state':'running','phase':'bake','percent':1,'stage':1}]}",
	  "{'canaries':[{'canary':'v2','state':'aborted','phase':'rollback','percent':0,'stage':1}]}",
	  "canary v2: running, bake, 1 % of stage 1>aborted, rollback, 0 % of stage 1;" },
	{ "another leader", "{'nodes':[{'name':'a','leads':true},{'name':'b'}]}",
	  "{'nodes':[{'name':'a'},{'name':'b','leads':true,'trouble':'t'}]}",
	  "leader: a>b;trouble b: >t;" },
};
/* clang-format on */

static void on_line(void *arg, const char *name, const char *before,
		    const char *after)
{
	char *lines = arg;
	size_t len = strlen(lines);

	snprintf(lines + len, 500 - len, "%s: %s>%s;", name, before, after);
}

static json_t *facts_of(const char *quoted)
{
	char text[600];
	json_t *status, *facts;

	snprintf(text, sizeof(text), "%s", quoted);
	for (char *c = text; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	status = json_loads(text, 0, NULL);
	assert_non_null(status);
	facts = ticker_facts(status);
	assert_non_null(facts);
	json_decref(status);
	return facts;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *before = facts_of(rows[i].before);
		json_t *after = facts_of(rows[i].after);
		char lines[500] = "";

		ticker_compare(before, after, on_line, lines);
		if (strcmp(lines, rows[i].lines) != 0)
			fail_msg("%s: %s", rows[i].title, lines);
		json_decref(before);
		json_decref(after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests_name("ticker", tests, NULL, NULL);
}
