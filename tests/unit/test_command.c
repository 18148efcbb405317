/* SPDX-License-Identifier: Apache-2.0 */
/* command: what is refused and why; what a command does to an endpoint. */
#include "policy/bus/command.h"

#include "decide_world.h"

#include "policy/base/error.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define WALL_MS INT64_C(1770000000000)

/* clang-format off */
static const struct parse_row {
	const char *title, *json, *error; /* error NULL: it parses */
} parses[] = {
	{ "the least there is",
	  "{'id':'a','kind':'canary-abort','target':'v2','author':'ann','reason':'r','wall_made_ms':5}", NULL },
	{ "everything",
	  "{'id':'a','kind':'failover','target':'www','to':'us-east','weight':3,'author':'ann','reason':'r','wall_made_ms':5,'wall_expires_ms':6,'over_ms':7}", NULL },
	{ "a drill",
	  "{'id':'a','kind':'drain','target':'t','author':'a','reason':'r','wall_made_ms':5,'drill':true,'abort_errors_pct':0.5}", NULL },
	{ "a pin",
	  "{'id':'a','kind':'pin','target':'www','clients':'eea','to':'eu-west','author':'a','reason':'r','wall_made_ms':5}", NULL },
	{ "a pin of clients that are no text",
	  "{'id':'a','kind':'pin','target':'www','clients':['eea'],'to':'eu-west','author':'a','reason':'r','wall_made_ms':5}",
	  "command: clients must be text" },
	{ "a drill that is watched over",
	  "{'id':'a','kind':'drain','target':'t','author':'a','reason':'r','wall_made_ms':5,'drill':true,'drill_epoch':7}",
	  "command: member \"drill_epoch\" is not known" },
	{ "more errors than there are",
	  "{'id':'a','kind':'drain','target':'t','author':'a','reason':'r','wall_made_ms':5,'drill':true,'abort_errors_pct':101}",
	  "command: abort_errors_pct is 101, outside 0..100" },
	{ "no object", "[]", "command: must be a JSON object" },
	{ "no id",
	  "{'kind':'drain','target':'t','author':'a','reason':'r','wall_made_ms':5}", "command: id is missing" },
	{ "an unknown kind",
	  "{'id':'a','kind':'reboot','target':'t','author':'a','reason':'r','wall_made_ms':5}", "command: kind \"reboot\" is not known" },
	{ "the kind that is none",
	  "{'id':'a','kind':'none','target':'t','author':'a','reason':'r','wall_made_ms':5}", "command: kind \"none\" is not known" },
	{ "an unknown member",
	  "{'id':'a','kind':'drain','target':'t','author':'a','reason':'r','wall_made_ms':5,'silent':true}", "command: member \"silent\" is not known" },
	{ "text for a number",
	  "{'id':'a','kind':'drain','target':'t','author':'a','reason':'r','wall_made_ms':'5'}", "command: wall_made_ms must be a whole number" },
	{ "a number for text",
	  "{'id':7,'kind':'drain','target':'t','author':'a','reason':'r','wall_made_ms':5}", "command: id must be text" },
	{ "a fraction",
	  "{'id':'a','kind':'drain','target':'t','author':'a','reason':'r','wall_made_ms':5.5}", "command: wall_made_ms must be a whole number" },
	{ "a negative time",
	  "{'id':'a','kind':'drain','target':'t','author':'a','reason':'r','wall_made_ms':5,'over_ms':-1}", "command: over_ms is -1, outside 0..9007199254740991" },
	{ "a weight too great",
	  "{'id':'a','kind':'weight','target':'t','weight':1000001,'author':'a','reason':'r','wall_made_ms':5}", "command: weight is 1000001, outside 0..1000000" },
	{ "control octets",
	  "{'id':'a','kind':'drain','target':'t','author':'a','reason':'a\\nb','wall_made_ms':5}", "command: reason holds control characters" },
	{ "a name too long",
	  "{'id':'0123456789012345678901234567890123456789012345678901234567890123','kind':'drain','target':'t','author':'a','reason':'r','wall_made_ms':5}",
	  "command: id is longer than 63 octets" },
};
/* clang-format on */

/* Rows write ' for ", to be readable. */
static json_t *load(const char *text)
{
	char buf[1024];
	json_t *json;

	snprintf(buf, sizeof(buf), "%s", text);
	for (char *c = buf; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	json = json_loads(buf, 0, NULL);
	assert_non_null(json);
	return json;
}

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(parses) / sizeof(parses[0]); i++) {
		const struct parse_row *row = &parses[i];
		json_t *json = load(row->json), *back;
		struct command c = { .weight = 77 }, again;
		struct error err = { 0 };
		bool ok = command_parse(json, &c, &err);

		if (ok != (row->error == NULL) ||
		    (!ok && strcmp(err.text, row->error) != 0))
			fail_msg("%s: %s", row->title, err.text);
		if (!ok)
			assert_int_equal(c.weight, 77); /* untouched */
		json_decref(json);
		if (!ok)
			continue;
		back = command_write(&c);
		assert_true(command_parse(back, &again, &err));
		assert_memory_equal(&c, &again, sizeof(c));
		json_decref(back);
	}
}

static void test_kind_names_go_both_ways(void **state)
{
	(void)state;
	for (int kind = COMMAND_DRAIN; kind <= COMMAND_PIN; kind++)
		assert_int_equal(command_kind_of(command_kind_name(
					 (enum command_kind)kind)),
				 kind);
	assert_int_equal(command_kind_of("none"), COMMAND_NONE);
	assert_int_equal(command_kind_of(""), COMMAND_NONE);
}

/* clang-format off */
static const struct check_row {
	const char *title;
	struct command c; /* id, author, reason are filled in when "" */
	const char *error; /* a part of it; NULL: it is fine */
} checks[] = {
	{ "drain of a region", { .kind = COMMAND_DRAIN, .target = "eu-west", .wall_expires_ms = WALL_MS + 1 }, NULL },
	{ "drill of a region", { .kind = COMMAND_DRAIN, .target = "eu-west", .wall_expires_ms = WALL_MS + 1, .drill = true, .abort_errors_pct = 1 }, NULL },
	{ "drill of an endpoint", { .kind = COMMAND_DRAIN, .target = "www/eu-west", .wall_expires_ms = WALL_MS + 1, .drill = true }, "it is of a region, and at once" },
	{ "drill over time", { .kind = COMMAND_DRAIN, .target = "eu-west", .wall_expires_ms = WALL_MS + 1, .over_ms = 1, .drill = true }, "it is of a region, and at once" },
	{ "drill of a weight", { .kind = COMMAND_WEIGHT, .target = "www/eu-west", .wall_expires_ms = WALL_MS + 1, .drill = true }, "it is of a region, and at once" },
	{ "drain with errors", { .kind = COMMAND_DRAIN, .target = "eu-west", .wall_expires_ms = WALL_MS + 1, .abort_errors_pct = 1 }, "only a drill is aborted by errors" },
	{ "drain of an endpoint", { .kind = COMMAND_DRAIN, .target = "www/eu-west", .wall_expires_ms = WALL_MS + 3600000 }, NULL },
	{ "drain of a canary's endpoint", { .kind = COMMAND_DRAIN, .target = "www/v2.eu-west", .wall_expires_ms = WALL_MS + 1 }, NULL },
	{ "drain of nothing known", { .kind = COMMAND_DRAIN, .target = "mars", .wall_expires_ms = WALL_MS + 1 }, "\"mars\" is not a region" },
	{ "drain of an unknown endpoint", { .kind = COMMAND_DRAIN, .target = "www/mars", .wall_expires_ms = WALL_MS + 1 }, "no SERVICE/ENDPOINT" },
	{ "drain of an unknown service", { .kind = COMMAND_DRAIN, .target = "ftp/eu-west", .wall_expires_ms = WALL_MS + 1 }, "no SERVICE/ENDPOINT" },
	{ "drain without end", { .kind = COMMAND_DRAIN, .target = "eu-west" }, "an expiry is due" },
	{ "drain that has ended", { .kind = COMMAND_DRAIN, .target = "eu-west", .wall_expires_ms = WALL_MS }, "it has expired" },
	{ "drain as long as allowed", { .kind = COMMAND_DRAIN, .target = "eu-west", .wall_expires_ms = WALL_MS + 3660000 }, NULL },
	{ "drain longer than allowed", { .kind = COMMAND_DRAIN, .target = "eu-west", .wall_expires_ms = WALL_MS + 3660001 }, "longer than safety.max_override allows (1h)" },
	{ "drain spread over too long", { .kind = COMMAND_DRAIN, .target = "eu-west", .wall_expires_ms = WALL_MS + 1, .over_ms = 3600001 }, "spread over longer" },
	{ "made in the future", { .kind = COMMAND_UNDRAIN, .target = "eu-west", .wall_made_ms = WALL_MS + 60001 }, "in the future" },
	{ "undrain needs no end", { .kind = COMMAND_UNDRAIN, .target = "eu-west", .over_ms = 1000 }, NULL },
	{ "failover", { .kind = COMMAND_FAILOVER, .target = "www", .to = "us-east", .wall_expires_ms = WALL_MS + 1 }, NULL },
	{ "failover of no service", { .kind = COMMAND_FAILOVER, .target = "ftp", .to = "us-east", .wall_expires_ms = WALL_MS + 1 }, "not a service" },
	{ "failover to no region", { .kind = COMMAND_FAILOVER, .target = "www", .to = "mars", .wall_expires_ms = WALL_MS + 1 }, "\"mars\" is not a region" },
	{ "failover to where it is not", { .kind = COMMAND_FAILOVER, .target = "www", .to = "sa-east", .wall_expires_ms = WALL_MS + 1 }, "has no endpoint in sa-east" },
	{ "failover is at once", { .kind = COMMAND_FAILOVER, .target = "www", .to = "us-east", .wall_expires_ms = WALL_MS + 1, .over_ms = 5 }, "cannot be spread" },
	{ "drain of some clients", { .kind = COMMAND_DRAIN, .target = "eu-west", .clients = "eea", .wall_expires_ms = WALL_MS + 1 }, "drain: only a pin is for some clients" },
	{ "pin to a region", { .kind = COMMAND_PIN, .target = "www", .clients = "eea", .to = "eu-west", .wall_expires_ms = WALL_MS + 1 }, NULL },
	{ "pin to an endpoint", { .kind = COMMAND_PIN, .target = "www", .clients = "uk", .to = "spare", .wall_expires_ms = WALL_MS + 1 }, NULL },
	{ "pin for ever", { .kind = COMMAND_PIN, .target = "www", .clients = "eea", .to = "eu-west" }, "an expiry is due" },
	{ "pin is at once", { .kind = COMMAND_PIN, .target = "www", .clients = "eea", .to = "eu-west", .wall_expires_ms = WALL_MS + 1, .over_ms = 5 }, "cannot be spread" },
	{ "pin of no service", { .kind = COMMAND_PIN, .target = "ftp", .clients = "eea", .to = "eu-west", .wall_expires_ms = WALL_MS + 1 }, "pin: \"ftp\" is not a service" },
	{ "pin of an endpoint", { .kind = COMMAND_PIN, .target = "www/eu-west", .clients = "eea", .to = "eu-west", .wall_expires_ms = WALL_MS + 1 }, "is not a service" },
	{ "pin of nobody", { .kind = COMMAND_PIN, .target = "www", .to = "eu-west", .wall_expires_ms = WALL_MS + 1 }, "\"\" is not a client set" },
	{ "pin of no set", { .kind = COMMAND_PIN, .target = "www", .clients = "mars", .to = "eu-west", .wall_expires_ms = WALL_MS + 1 }, "pin: \"mars\" is not a client set" },
	{ "pin to nothing", { .kind = COMMAND_PIN, .target = "www", .clients = "eea", .wall_expires_ms = WALL_MS + 1 }, "has no endpoint \"\"" },
	{ "pin to a region where it is not", { .kind = COMMAND_PIN, .target = "www", .clients = "eea", .to = "sa-east", .wall_expires_ms = WALL_MS + 1 }, "service \"www\" has no endpoint \"sa-east\", nor one in a region" },
	{ "pin to a canary", { .kind = COMMAND_PIN, .target = "www", .clients = "eea", .to = "v2.eu-west", .wall_expires_ms = WALL_MS + 1 }, "is a canary's endpoint" },
	{ "weight", { .kind = COMMAND_WEIGHT, .target = "www/eu-west", .weight = 5, .wall_expires_ms = WALL_MS + 1 }, NULL },
	{ "weight of a region", { .kind = COMMAND_WEIGHT, .target = "eu-west", .wall_expires_ms = WALL_MS + 1 }, "no SERVICE/ENDPOINT" },
	{ "weight of a canary", { .kind = COMMAND_WEIGHT, .target = "www/v2.eu-west", .wall_expires_ms = WALL_MS + 1 }, "canary promote" },
	{ "weight too great", { .kind = COMMAND_WEIGHT, .target = "www/eu-west", .weight = 1000001, .wall_expires_ms = WALL_MS + 1 }, "is more than 1000000" },
	{ "cancel", { .kind = COMMAND_CANCEL, .target = "c-1" }, NULL },
	{ "cancel of what", { .kind = COMMAND_CANCEL }, "which command" },
	{ "rollback", { .kind = COMMAND_ROLLBACK, .target = "12/345" }, NULL },
	{ "rollback of the last", { .kind = COMMAND_ROLLBACK, .target = "previous" }, NULL },
	{ "rollback of half a name", { .kind = COMMAND_ROLLBACK, .target = "12/" }, "is no plan" },
	{ "rollback of no name", { .kind = COMMAND_ROLLBACK, .target = "12/3 " }, "is no plan" },
	{ "canary", { .kind = COMMAND_CANARY_START, .target = "v2" }, NULL },
	{ "no canary", { .kind = COMMAND_CANARY_PAUSE, .target = "v3" }, "not a canary" },
	{ "freeze of everything", { .kind = COMMAND_FREEZE, .target = "all", .wall_expires_ms = WALL_MS + 1 }, NULL },
	{ "freeze of a service", { .kind = COMMAND_FREEZE, .target = "www", .wall_expires_ms = WALL_MS + 1 }, NULL },
	{ "freeze of a canary", { .kind = COMMAND_FREEZE, .target = "www/v2", .wall_expires_ms = WALL_MS + 1 }, NULL },
	{ "freeze of another service's canary", { .kind = COMMAND_FREEZE, .target = "ftp/v2", .wall_expires_ms = WALL_MS + 1 }, "\"ftp/v2\" is not a service of the policy, nor SERVICE/CANARY" },
	{ "freeze of an endpoint", { .kind = COMMAND_FREEZE, .target = "www/eu-west", .wall_expires_ms = WALL_MS + 1 }, "nor SERVICE/CANARY" },
	{ "freeze for ever", { .kind = COMMAND_FREEZE, .target = "all" }, "an expiry is due" },
	{ "unfreeze", { .kind = COMMAND_UNFREEZE, .target = "all" }, NULL },
	{ "unfreeze of a region", { .kind = COMMAND_UNFREEZE, .target = "eu-west" }, "nor all" },
	{ "undo", { .kind = COMMAND_UNDO, .target = "last" }, NULL },
	{ "no kind", { .kind = COMMAND_NONE, .target = "v3" }, "no kind" },
	{ "an id with blanks", { .id = "a b", .kind = COMMAND_CANCEL, .target = "c" }, "the id is empty or has blanks" },
};
/* clang-format on */

/* services www without sa-east, with canary v2 in eu-west. */
static void make_world(struct world *w)
{
	world_init(w);
	w->service.endpoint_count = 5;
	w->endpoints[4].name = "spare";
	world_add_canary(w, 0x4);
	w->policy.safety.max_override_ms = 3600000;
}

static void test_check(void **state)
{
	struct world w;

	(void)state;
	make_world(&w);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		const struct check_row *row = &checks[i];
		struct command c = row->c;
		struct error err = { 0 };
		bool ok;

		if (c.id[0] == '\0')
			snprintf(c.id, sizeof(c.id), "c-%zu", i);
		snprintf(c.author, sizeof(c.author), "ann");
		snprintf(c.reason, sizeof(c.reason), "INC-412");
		ok = command_check(&c, &w.policy, WALL_MS, &err);
		if (ok != (row->error == NULL) ||
		    (!ok && strstr(err.text, row->error) == NULL))
			fail_msg("%s: %s", row->title, err.text);
		c.author[0] = '\0';
		assert_false(command_check(&c, &w.policy, WALL_MS, &err));
		snprintf(c.author, sizeof(c.author), "ann");
		c.reason[0] = '\0';
		assert_false(command_check(&c, &w.policy, WALL_MS, &err));
		c.id[0] = '\0';
		assert_false(command_check(&c, &w.policy, WALL_MS, &err));
	}
}

/* clang-format off */
static const struct effect_row {
	const char *title;
	struct command c;
	size_t endpoint;
	int64_t after_ms; /* since it was made */
	bool concerns;
	double share;
	uint32_t weight;
} effects[] = {
	{ "drain at once", { .kind = COMMAND_DRAIN, .target = "eu-west" }, 2, 0, true, 0, 4 },
	{ "drain elsewhere", { .kind = COMMAND_DRAIN, .target = "eu-west" }, 3, 0, false, 1, 4 },
	{ "drain of a region takes its canary", { .kind = COMMAND_DRAIN, .target = "eu-west" }, 5, 0, true, 0, 4 },
	{ "drain of one endpoint", { .kind = COMMAND_DRAIN, .target = "www/eu-west" }, 2, 0, true, 0, 4 },
	{ "and not of its canary", { .kind = COMMAND_DRAIN, .target = "www/eu-west" }, 5, 0, false, 1, 4 },
	{ "drain of another service", { .kind = COMMAND_DRAIN, .target = "ww/eu-west" }, 2, 0, false, 1, 4 },
	{ "drain begins", { .kind = COMMAND_DRAIN, .target = "eu-west", .over_ms = 1000 }, 2, 0, true, 1, 4 },
	{ "drain before its time", { .kind = COMMAND_DRAIN, .target = "eu-west", .over_ms = 1000 }, 2, -500, true, 1, 4 },
	{ "drain a quarter on", { .kind = COMMAND_DRAIN, .target = "eu-west", .over_ms = 1000 }, 2, 250, true, 0.75, 4 },
	{ "drain done", { .kind = COMMAND_DRAIN, .target = "eu-west", .over_ms = 1000 }, 2, 1000, true, 0, 4 },
	{ "weight", { .kind = COMMAND_WEIGHT, .target = "www/eu-west", .weight = 9 }, 2, 0, true, 1, 9 },
	{ "weight elsewhere", { .kind = COMMAND_WEIGHT, .target = "www/eu-west", .weight = 9 }, 1, 0, false, 1, 4 },
	{ "weight names no region", { .kind = COMMAND_WEIGHT, .target = "eu-west", .weight = 9 }, 2, 0, false, 1, 4 },
	{ "failover: who takes all", { .kind = COMMAND_FAILOVER, .target = "www", .to = "eu-west" }, 2, 0, true, 1, 4 },
	{ "failover: its canary too", { .kind = COMMAND_FAILOVER, .target = "www", .to = "eu-west" }, 5, 0, true, 1, 4 },
	{ "failover: the others", { .kind = COMMAND_FAILOVER, .target = "www", .to = "eu-west" }, 0, 0, true, 0, 4 },
	{ "failover: another service", { .kind = COMMAND_FAILOVER, .target = "ftp", .to = "eu-west" }, 0, 0, false, 1, 4 },
	{ "pin: it is in no share", { .kind = COMMAND_PIN, .target = "www", .clients = "eea", .to = "eu-west" }, 0, 0, false, 1, 4 },
	{ "undrain has no effect of its own", { .kind = COMMAND_UNDRAIN, .target = "eu-west" }, 2, 0, false, 1, 4 },
};
/* clang-format on */

static void test_effects(void **state)
{
	struct world w;

	(void)state;
	make_world(&w);
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++) {
		const struct effect_row *row = &effects[i];
		struct command c = row->c;
		struct command_effect e;

		c.wall_made_ms = WALL_MS;
		e = command_effect_on(&c, &w.policy, 0, row->endpoint,
				      WALL_MS + row->after_ms);
		if (!e.weighs)
			e.weight = 4;
		if (e.concerns != row->concerns ||
		    fabs(e.share - row->share) > 1e-9 ||
		    e.weight != row->weight)
			fail_msg("%s: concerns %d, share %f, weight %u",
				 row->title, e.concerns, e.share, e.weight);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_kind_names_go_both_ways),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_effects),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
