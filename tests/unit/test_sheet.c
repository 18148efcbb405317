/* SPDX-License-Identifier: Apache-2.0 */
/* sheet and sheet_driver: the file, and the command that hears of it. */
#include "steering/edge/sheet_driver.h"

#include "policy/base/error.h"
#include "policy/bus/plan.h"
#include "steering/edge/orders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>
#include <jansson.h>

#include <cmocka.h>

struct scene {
	struct event_base *loop;
	struct sheet_config config;
	struct driver *driver;
	struct serving *serving;
	struct plan_share share;
	struct plan plan;
	struct orders orders;
	char path[64], script[64], line[160];
	unsigned told;
};

static void on_told(void *arg)
{
	struct scene *s = arg;

	s->told++;
	event_base_loopbreak(s->loop);
}

static void write_script(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0700), 0);
}

static void begin(struct scene *s, const char *script)
{
	struct error err;

	s->loop = event_base_new();
	snprintf(s->path, sizeof(s->path), "/tmp/sheet-%d.json", (int)getpid());
	snprintf(s->script, sizeof(s->script), "/tmp/sheet-%d.sh",
		 (int)getpid());
	snprintf(s->line, sizeof(s->line), "%s  %s ", s->script, s->path);
	write_script(s->script, script);
	unlink(s->path);
	s->serving = calloc(1, sizeof(*s->serving));
	assert_non_null(s->serving);
	assert_true(serving_parse("www=us,eu,v2/us,v2/eu", s->serving, &err));
	s->share = (struct plan_share){ .service = "www",
					.endpoint = "v2/us",
					.share = 0.5,
					.weight = -1 };
	s->plan = (struct plan){ .epoch = 7,
				 .sequence = 1,
				 .policy_digest = "d1",
				 .shares = &s->share,
				 .share_count = 1 };
	s->orders = (struct orders){ .plan = &s->plan };
	s->config = (struct sheet_config){ .path = s->path,
					   .servings = s->serving,
					   .serving_count = 1,
					   .timeout_ms = 10000 };
	assert_true(words_parse(s->line, "command", &s->config.command, &err));
	s->driver = sheet_driver_new(s->loop, &s->config, &err);
	assert_non_null(s->driver);
	s->driver->told = on_told;
	s->driver->arg = s;
}

static void apply(struct scene *s)
{
	unsigned before = s->told;

	s->orders.serial++;
	driver_apply(s->driver, &s->orders);
	if (s->told == before)
		event_base_dispatch(s->loop);
	assert_int_equal(s->told, before + 1);
}

static void end(struct scene *s)
{
	driver_free(s->driver);
	event_base_free(s->loop);
	free(s->serving);
	unlink(s->path);
	unlink(s->script);
}

/* What the command saw of the file's plan, which it appends to it. */
static void test_command_hears_of_changes(void **state)
{
	struct scene s = { 0 };
	struct json_t *json;

	(void)state;
	begin(&s, "test -s \"$1\" && echo ran");
	apply(&s);
	assert_true(driver_has(s.driver, &s.plan));
	assert_int_equal(s.driver->counters.changes, 1);
	json = json_load_file(s.path, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(json, "version")),
			 SHEET_VERSION);
	json_decref(json);
	/* Another plan that says the same is written, and not told. */
	s.plan.sequence = 2;
	apply(&s);
	assert_true(driver_has(s.driver, &s.plan));
	assert_int_equal(s.driver->counters.changes, 1);
	s.share.share = 0.25;
	s.plan.sequence = 3;
	apply(&s);
	assert_int_equal(s.driver->counters.changes, 2);
	end(&s);
}

static void test_failures(void **state)
{
	struct scene s = { 0 };

	(void)state;
	begin(&s, "echo warming up; echo fatal error: no disk >&2; exit 3");
	apply(&s);
	assert_false(driver_has(s.driver, &s.plan));
	assert_non_null(strstr(s.driver->trouble,
			       "command: exit 3: fatal error: no disk"));
	/* Not again at once, and the trouble stands. */
	driver_apply(s.driver, &s.orders);
	assert_int_equal(s.told, 1);
	assert_int_equal(s.driver->counters.changes, 1);
	assert_false(s.driver->busy);
	/* But for a change. */
	write_script(s.script, "exit 0");
	s.share.share = 0.75;
	apply(&s);
	assert_true(driver_has(s.driver, &s.plan));
	end(&s);
}

static void test_too_late(void **state)
{
	struct scene s = { 0 };

	(void)state;
	begin(&s, "trap '' TERM; while :; do sleep 60; done");
	s.config.timeout_ms = 50;
	apply(&s);
	assert_non_null(strstr(s.driver->trouble, "took too long"));
	end(&s);
}

static void test_file(void **state)
{
	struct scene s = { 0 };
	struct error err;
	char *services, *text;

	(void)state;
	begin(&s, "exit 0");
	assert_true(serving_divide(s.serving, &s.orders, &err));
	services = sheet_write_services(s.serving, 1);
	assert_non_null(services);
	text = sheet_write(&s.plan, services);
	assert_string_equal(
		text,
		"{\"version\":1,\"plan\":{\"epoch\":7,\"sequence\":1,"
		"\"policy_digest\":\"d1\"},\"services\":[{\"name\":\"www\","
		"\"endpoints\":["
		"{\"name\":\"us\",\"weight\":100,\"share\":1.0,"
		"\"fraction\":0.25},"
		"{\"name\":\"eu\",\"weight\":100,\"share\":1.0,"
		"\"fraction\":0.5},"
		"{\"name\":\"v2/us\",\"weight\":0,\"share\":0.5,"
		"\"fraction\":0.25},"
		"{\"name\":\"v2/eu\",\"weight\":0,\"share\":0.0,"
		"\"fraction\":0.0}],"
		"\"canaries\":[{\"name\":\"v2\",\"fraction\":0.25,"
		"\"threshold\":1073741824}]}]}\n");
	free(text);
	free(services);
	end(&s);
}

/* clang-format off */
static const struct words_row {
	const char *text;
	const char *words[4]; /* NULL at the end; none: refused */
} lines[] = {
	{ "/bin/true",               { "/bin/true" } },
	{ "/usr/sbin/nginx  -t -q ", { "/usr/sbin/nginx", "-t", "-q" } },
	{ "nginx -t",                { NULL } },
	{ "",                        { NULL } },
};
/* clang-format on */

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct words_row *row = &lines[i];
		struct words words;
		struct error err;
		size_t at = 0;

		assert_int_equal(words_parse(row->text, "x", &words, &err),
				 row->words[0] != NULL);
		for (; row->words[at] != NULL; at++)
			assert_string_equal(words.argv[at], row->words[at]);
		if (at > 0)
			assert_null(words.argv[at]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_command_hears_of_changes),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_too_late),
	};

	return cmocka_run_group_tests_name("sheet", tests, NULL, NULL);
}
