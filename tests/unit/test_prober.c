/* SPDX-License-Identifier: Apache-2.0 */
/* prober: a whole vantage on a real policy file: reload, control socket, what
 * it refuses. */
#include "health/prober.h"
#include "policy/base/clock.h"
#include "policy/base/error.h"
#include "policy/base/log.h"
#include "policy/bus/bus.h"
#include "policy/bus/memory.h"
#include "policy/bus/node.h"
#include "policy/bus/report.h"
#include "tests/unit/canned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <jansson.h>

enum { DEADLINE_MS = 10000 };

struct world {
	struct event_base *loop;
	struct event *ticker;
	struct memory_hub *hub;
	struct bus *writer, *reader;
	struct canned *canned[2];
	struct prober *prober;
	char folder[64], policy[96], control[96];
	const char *programs; /* NULL: none */
	struct report *newest;
	struct node node;
	json_t *answer;
};

static void on_value(void *arg, enum bus_topic topic, const char *key,
		     const void *octets, size_t len)
{
	struct world *w = arg;
	struct error err;

	(void)key;
	if (topic == BUS_REPORTS) {
		report_free(w->newest);
		w->newest = report_parse(octets, len, &err);
		assert_non_null(w->newest);
	} else {
		assert_true(node_parse(octets, len, &w->node, &err));
	}
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

/* Both endpoints, or the first alone; extra is put after them. */
static void write_policy(const struct world *w, bool both, const char *extra)
{
	FILE *f = fopen(w->policy, "w");

	assert_non_null(f);
	fprintf(f,
		"zone: {name: gslb.example.com, nameservers: [ns.example.net]}\n"
		"regions:\n"
		"  east: {location: [38.95, -77.45]}\n"
		"  west: {location: [53.35, -6.26]}\n"
		"vantages:\n"
		"  iad: {location: [38.95, -77.45]}\n"
		"checks:\n"
		"  web:\n"
		"    {type: http, interval: 150ms, timeout: 100ms, confirm: 50ms,\n"
		"     breaker: {consecutive: 3, open_for: 60s}, quorum: 1}\n"
		"services:\n"
		"  www:\n"
		"    steer: geo\n"
		"    check: web\n"
		"    endpoints:\n"
		"      east: {A: 127.0.0.1, port: %u}\n",
		canned_port(w->canned[0]));
	if (both)
		fprintf(f, "      west: {A: 127.0.0.1, port: %u}\n",
			canned_port(w->canned[1]));
	fputs(extra, f);
	fclose(f);
}

static int setup(void **state)
{
	const struct timeval often = { .tv_usec = 20000 };
	const struct canned_say say = {
		.octets = "HTTP/1.1 204 Fine\r\n\r\n",
		.len = strlen("HTTP/1.1 204 Fine\r\n\r\n"),
	};
	struct world *w = calloc(1, sizeof(*w));
	const struct bus_follower follower = {
		.topics = BUS_REPORTS | BUS_NODES,
		.on_value = on_value,
		.arg = w,
	};

	*state = w;
	/* Refusals are logged as errors, which would clutter the results. */
	log_set_level((enum log_level)(LOG_LEVEL_ERROR + 1));
	strcpy(w->folder, "/tmp/windrose-prober-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->policy, sizeof(w->policy), "%s/p.yaml", w->folder);
	snprintf(w->control, sizeof(w->control), "%s/sock", w->folder);
	w->loop = event_base_new();
	w->ticker = event_new(w->loop, -1, EV_PERSIST, on_tick, NULL);
	event_add(w->ticker, &often);
	w->hub = memory_hub_new(w->loop);
	w->writer = memory_bus_new(w->hub);
	w->reader = memory_bus_new(w->hub);
	bus_follow(w->reader, &follower);
	for (size_t i = 0; i < 2; i++) {
		w->canned[i] = canned_start(w->loop, "127.0.0.1");
		canned_set(w->canned[i], &say);
	}
	write_policy(w, true, "");
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	prober_stop(w->prober);
	for (size_t i = 0; i < 2; i++)
		canned_stop(w->canned[i]);
	report_free(w->newest);
	json_decref(w->answer);
	bus_free(w->writer);
	bus_free(w->reader);
	memory_hub_free(w->hub);
	event_free(w->ticker);
	event_base_free(w->loop);
	unlink(w->policy);
	assert_int_equal(rmdir(w->folder), 0);
	free(w);
	return 0;
}

static bool start(struct world *w, const char *vantage, struct error *err)
{
	const struct prober_config config = {
		.policy_path = w->folder,
		.vantage = vantage,
		.name = "health-1",
		.control_path = w->control,
		.bus = w->writer,
		.programs = w->programs,
	};

	w->prober = prober_start(w->loop, &config, err);
	return w->prober != NULL;
}

static void must_start(struct world *w)
{
	struct error err = { .text = "" };

	if (!start(w, "iad", &err))
		fail_msg("%s", err.text);
}

static bool shows(const struct world *w, const char *endpoint,
		  enum report_state state)
{
	const struct report_entry *e =
		w->newest == NULL ? NULL
				  : report_find(w->newest, "www", endpoint);

	return e != NULL && e->state == state;
}

static void await(struct world *w, const char *endpoint,
		  enum report_state state)
{
	int64_t start_ms = clock_now_ms();

	while (!shows(w, endpoint, state) || w->newest->abstains) {
		if (clock_now_ms() - start_ms > DEADLINE_MS)
			fail_msg("%s never %s", endpoint,
				 report_state_name(state));
		event_base_loop(w->loop, EVLOOP_ONCE);
	}
}

static void await_trouble(struct world *w, bool trouble)
{
	int64_t start_ms = clock_now_ms();

	while ((w->node.trouble[0] != '\0') != trouble) {
		if (clock_now_ms() - start_ms > DEADLINE_MS)
			fail_msg("trouble stays \"%s\"", w->node.trouble);
		event_base_loop(w->loop, EVLOOP_ONCE);
	}
}

static void on_answer(struct bufferevent *stream, void *arg)
{
	struct world *w = arg;
	char *line = evbuffer_readln(bufferevent_get_input(stream), NULL,
				     EVBUFFER_EOL_LF);

	if (line == NULL)
		return;
	json_decref(w->answer);
	w->answer = json_loads(line, 0, NULL);
	free(line);
}

/* One request over the control socket; w->answer has the answer. */
static const json_t *ask(struct world *w, const char *line)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct bufferevent *stream =
		bufferevent_socket_new(w->loop, -1, BEV_OPT_CLOSE_ON_FREE);
	int64_t start_ms = clock_now_ms();

	json_decref(w->answer);
	w->answer = NULL;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", w->control);
	bufferevent_setcb(stream, on_answer, NULL, NULL, w);
	bufferevent_enable(stream, EV_READ | EV_WRITE);
	bufferevent_socket_connect(stream, (struct sockaddr *)&at, sizeof(at));
	bufferevent_write(stream, line, strlen(line));
	while (w->answer == NULL && clock_now_ms() - start_ms < DEADLINE_MS)
		event_base_loop(w->loop, EVLOOP_ONCE);
	bufferevent_free(stream);
	assert_non_null(w->answer);
	return w->answer;
}

static const char *text_of(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static void test_reload_keeps_what_stays(void **state)
{
	struct world *w = *state;
	char digest[65];

	must_start(w);
	await(w, "west", REPORT_CLOSED);
	canned_fall(w->canned[0]);
	await(w, "east", REPORT_OPEN);
	strcpy(digest, w->newest->policy_digest);
	write_policy(w, false, "");
	prober_reload(w->prober);
	while (strcmp(w->newest->policy_digest, digest) == 0)
		event_base_loop(w->loop, EVLOOP_ONCE);
	/* In the very first report after it. */
	assert_int_equal(w->newest->count, 1);
	assert_true(shows(w, "east", REPORT_OPEN));
	assert_false(w->newest->abstains);
}

static void test_what_does_not_load_changes_nothing(void **state)
{
	struct world *w = *state;
	const json_t *answer;

	must_start(w);
	await(w, "west", REPORT_CLOSED);
	write_policy(w, true, "    colour: blue\n");
	answer = ask(w, "{\"op\":\"reload\"}\n");
	assert_true(json_is_false(json_object_get(answer, "ok")));
	assert_non_null(strstr(text_of(answer, "error"), "p.yaml:18:5"));
	await_trouble(w, true);
	assert_non_null(strstr(w->node.trouble, "p.yaml:18:5"));
	assert_true(shows(w, "west", REPORT_CLOSED));
	canned_fall(w->canned[1]);
	await(w, "west", REPORT_OPEN);
	write_policy(w, true, "");
	answer = ask(w, "{\"op\":\"reload\"}\n");
	assert_true(json_is_true(json_object_get(answer, "ok")));
	await_trouble(w, false);
}

static void test_control_status(void **state)
{
	struct world *w = *state;
	const json_t *answer, *target;

	must_start(w);
	await(w, "east", REPORT_CLOSED);
	answer = ask(w, "{\"op\":\"status\"}\n");
	assert_true(json_is_true(json_object_get(answer, "ok")));
	assert_string_equal(text_of(answer, "name"), "health-1");
	target = json_array_get(json_object_get(answer, "targets"), 0);
	assert_string_equal(text_of(target, "service"), "www");
	assert_string_equal(text_of(target, "endpoint"), "east");
	assert_string_equal(text_of(target, "state"), "closed");
	answer = ask(w, "{\"op\":\"drain\"}\n");
	assert_true(json_is_false(json_object_get(answer, "ok")));
}

/* clang-format off */
static const struct force_row {
	const char *title, *request, *error; /* NULL: done */
} forces[] = {
	{ "nothing said", "{\"op\":\"force\"}\n", "service is missing" },
	{ "no reason",
	  "{\"op\":\"force\",\"service\":\"www\",\"endpoint\":\"east\","
	  "\"state\":\"open\",\"for_ms\":60000,\"author\":\"ann\"}\n",
	  "reason is missing" },
	{ "no end",
	  "{\"op\":\"force\",\"service\":\"www\",\"endpoint\":\"east\","
	  "\"state\":\"open\",\"author\":\"ann\",\"reason\":\"INC-1\"}\n",
	  "for_ms belongs to" },
	{ "no such state",
	  "{\"op\":\"force\",\"service\":\"www\",\"endpoint\":\"east\","
	  "\"state\":\"shut\",\"author\":\"ann\",\"reason\":\"INC-1\"}\n",
	  "state \"shut\" is not known" },
	{ "too long",
	  "{\"op\":\"force\",\"service\":\"www\",\"endpoint\":\"east\","
	  "\"state\":\"open\",\"for_ms\":86400001,\"author\":\"ann\","
	  "\"reason\":\"INC-1\"}\n",
	  "longer than the policy's max_override of 86400 s" },
	{ "no such endpoint",
	  "{\"op\":\"force\",\"service\":\"www\",\"endpoint\":\"moon\","
	  "\"state\":\"open\",\"for_ms\":60000,\"author\":\"ann\","
	  "\"reason\":\"INC-1\"}\n",
	  "www/moon is not probed" },
	{ "done",
	  "{\"op\":\"force\",\"service\":\"www\",\"endpoint\":\"east\","
	  "\"state\":\"open\",\"for_ms\":60000,\"author\":\"ann\","
	  "\"reason\":\"INC-1\"}\n",
	  NULL },
};
/* clang-format on */

static void test_force(void **state)
{
	struct world *w = *state;
	const json_t *answer;

	must_start(w);
	await(w, "east", REPORT_CLOSED);
	for (size_t i = 0; i < sizeof(forces) / sizeof(forces[0]); i++) {
		const char *error = forces[i].error;

		answer = ask(w, forces[i].request);
		if (json_is_true(json_object_get(answer, "ok")) !=
			    (error == NULL) ||
		    (error != NULL &&
		     strstr(text_of(answer, "error"), error) == NULL))
			fail_msg("%s: %s", forces[i].title,
				 text_of(answer, "error"));
	}
	await(w, "east", REPORT_OPEN);
	assert_true(report_find(w->newest, "www", "east")->forced);
	assert_false(report_find(w->newest, "www", "west")->forced);
	answer = ask(w, "{\"op\":\"force\",\"service\":\"www\",\"endpoint\":"
			"\"east\",\"state\":\"auto\",\"author\":\"ann\","
			"\"reason\":\"INC-1 is over\"}\n");
	assert_string_equal(json_string_value(json_array_get(
				    json_object_get(answer, "targets"), 0)),
			    "www/east");
	await(w, "east", REPORT_CLOSED);
}

static void test_refuses_to_start(void **state)
{
	struct world *w = *state;
	struct error err = { .text = "" };

	assert_false(start(w, "ida", &err));
	assert_non_null(strstr(err.text, "vantage \"ida\" is not defined; did "
					 "you mean \"iad\"?"));
	write_policy(w, true, "    colour: blue\n");
	assert_false(start(w, "iad", &err));
	assert_non_null(strstr(err.text, "p.yaml:18:5"));
	unlink(w->policy);
	assert_false(start(w, "iad", &err));
	write_policy(w, true, "");
	assert_true(start(w, "iad", &err));
}

/* A check with these keys, and whether the prober starts with it. */
static void check_start(struct world *w, const char *keys, const char *error)
{
	struct error err = { .text = "" };
	FILE *f = fopen(w->policy, "w");
	bool ok;

	assert_non_null(f);
	fprintf(f,
		"zone: {name: gslb.example.com, nameservers: [ns.example.net]}\n"
		"vantages: {iad: {location: [38.95, -77.45]}}\n"
		"checks: {web: {%s, quorum: 1}}\n",
		keys);
	fclose(f);
	ok = start(w, "iad", &err);
	prober_stop(w->prober);
	w->prober = NULL;
	if (ok != (error == NULL) || (!ok && strstr(err.text, error) == NULL))
		fail_msg("%s: %s", keys, err.text);
}

static void test_wants_what_checks_name(void **state)
{
	struct world *w = *state;

	check_start(w, "type: https, client_certificate: p.yaml", NULL);
	check_start(w, "type: https, client_certificate: none.pem",
		    "check \"web\": ");
	check_start(w, "type: https, client_certificate: none.pem",
		    "/none.pem cannot be read: No such file");
	check_start(w,
		    "type: https, client_certificate: p.yaml, "
		    "client_key: none.key",
		    "/none.key cannot be read");
	check_start(w, "type: external, program: sh",
		    "check \"web\" runs sh, and no programs are; start with "
		    "--programs DIR");
	w->programs = "/bin";
	check_start(w, "type: external, program: sh", NULL);
	check_start(w, "type: external, program: none-such",
		    "/none-such cannot be run: No such file");
	w->programs = "/none-such";
	check_start(w, "type: http", "programs in /none-such: No such file");
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_reload_keeps_what_stays),
		WITH_WORLD(test_what_does_not_load_changes_nothing),
		WITH_WORLD(test_control_status),
		WITH_WORLD(test_force),
		WITH_WORLD(test_refuses_to_start),
		WITH_WORLD(test_wants_what_checks_name),
	};

	return cmocka_run_group_tests_name("prober", tests, NULL, NULL);
}
