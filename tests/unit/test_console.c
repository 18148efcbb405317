/* SPDX-License-Identifier: Apache-2.0 */
/* console: status, break-glass commands and reload over the control socket. */
#include "dns/responder.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/base/thread.h"
#include "policy/bus/control.h"
#include "tests/unit/loopback.h"
#include "tests/unit/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* control_ask() blocks, and the loop that answers it is this thread's. */
struct asking {
	const char *path;
	json_t *request, *answer;
	atomic_bool done;
	struct error err;
};

static void *ask_control(void *arg)
{
	struct asking *a = arg;

	a->answer =
		control_ask(a->path, a->request, LOOPBACK_PATIENCE_MS, &a->err);
	atomic_store(&a->done, true);
	return NULL;
}

static bool is_asked(struct site *s)
{
	return atomic_load(&s->asking->done);
}

/* Takes ownership of request; a new reference to the answer. */
static json_t *control(struct site *s, json_t *request)
{
	struct asking a = { .path = s->control, .request = request };
	pthread_t thread;
	struct error err;

	assert_non_null(request);
	s->asking = &a;
	assert_true(thread_start(&thread, "ask", ask_control, &a, &err));
	site_turn_until(s, is_asked);
	pthread_join(thread, NULL);
	json_decref(request);
	assert_non_null(a.answer);
	return a.answer;
}

static json_t *command_of(const char *kind, const char *target, int64_t for_ms)
{
	int64_t wall_ms = clock_wall_ms();

	return json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:s, s:I, s:I}}", "op",
			 "command", "command", "id", kind, "kind", kind,
			 "target", target, "author", "alice", "reason", "INC-1",
			 "wall_made_ms", (json_int_t)wall_ms, "wall_expires_ms",
			 (json_int_t)(for_ms == 0 ? 0 : wall_ms + for_ms));
}

static bool is_ok(json_t *answer)
{
	bool ok = json_is_true(json_object_get(answer, "ok"));

	json_decref(answer);
	return ok;
}

static bool shows_local(struct site *s)
{
	return s->node.local_count == 1;
}

static bool shows_no_local(struct site *s)
{
	return s->node.local_count == 0;
}

static void test_break_glass(void **state)
{
	struct site *s = *state;
	json_t *slow;

	assert_true(is_ok(control(s, command_of("drain", "a", 60000))));
	assert_int_equal(site_ask(s), SITE_OTHER);
	site_turn_until(s, shows_local);
	assert_non_null(strstr(s->node.local[0], "drain a by alice: INC-1"));
	/* One more would leave nobody: refused, and nothing has changed. */
	assert_false(is_ok(control(s, command_of("drain", "www/b", 60000))));
	assert_int_equal(site_ask(s), SITE_OTHER);
	/* Nor may it be left with nobody slowly. */
	slow = command_of("drain", "b", 60000);
	json_object_set_new(json_object_get(slow, "command"), "over_ms",
			    json_integer(30000));
	assert_false(is_ok(control(s, slow)));
	/* It outlives the process: a crash does not end a drain. */
	responder_stop(s->responder);
	site_start_responder(s, true);
	assert_int_equal(site_ask(s), SITE_OTHER);
	assert_true(is_ok(control(s, command_of("undrain", "a", 0))));
	assert_int_equal(site_ask(s), SITE_FIRST);
	site_turn_until(s, shows_no_local);
	assert_true(is_ok(control(s, command_of("drain", "a", 300))));
	assert_int_equal(site_ask(s), SITE_OTHER);
	site_turn_until(s, site_gives_first); /* expired */
}

static void test_status(void **state)
{
	struct site *s = *state;
	json_t *status, *service, *endpoint;

	site_report_first(s, REPORT_OPEN);
	site_turn_until(s, site_gives_other);
	status = control(s, json_pack("{s:s}", "op", "status"));
	assert_true(json_is_true(json_object_get(status, "ok")));
	service = json_array_get(json_object_get(status, "services"), 0);
	assert_string_equal(json_string_value(
				    json_object_get(service, "service")),
			    "www");
	assert_true(json_integer_value(json_object_get(service, "answers")) >
		    0);
	endpoint = json_array_get(json_object_get(service, "endpoints"), 0);
	assert_string_equal(json_string_value(
				    json_object_get(endpoint, "verdict")),
			    "down");
	assert_true(json_integer_value(
			    json_object_get(json_object_get(status, "stats"),
					    "udp")) > 0);
	assert_int_equal(strlen(json_string_value(json_object_get(
				 json_object_get(status, "model"), "digest"))),
			 64);
	json_decref(status);
	status = control(s, json_pack("{s:s, s:s}", "op", "standing", "service",
				      "www"));
	endpoint = json_array_get(json_object_get(status, "endpoints"), 0);
	assert_string_equal(json_string_value(
				    json_object_get(endpoint, "verdict")),
			    "down");
	assert_true(is_ok(status));
	assert_false(is_ok(control(s, json_pack("{s:s, s:s}", "op", "standing",
						"service", "wwww"))));
	assert_false(is_ok(control(s, json_pack("{s:s}", "op", "standing"))));
	assert_false(is_ok(control(s, json_pack("{s:s}", "op", "dance"))));
	assert_false(is_ok(control(s, json_pack("{s:s}", "op", "command"))));
}

static void test_reload_by_control(void **state)
{
	struct site *s = *state;

	s->expected = 9;
	site_write_policy(s, s->expected);
	assert_true(is_ok(control(s, json_pack("{s:s}", "op", "reload"))));
	site_turn_until(s, site_gives_expected);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, site_set_up, site_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_break_glass),
		TEST(test_status),
		TEST(test_reload_by_control),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
