/* SPDX-License-Identifier: Apache-2.0 */
/* probe_named: names resolved by a name server on loopback that says what the
 * row wants, then probed at an endpoint on loopback. */
#include "health/probe_named.h"
#include "health/probe_tcp.h"
#include "health/resolver.h"
#include "tests/unit/canned.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <event2/event.h>

enum { TIMEOUT_MS = 300, SILENT = -1 };

/* What the name server says, whatever the name. */
struct saying {
	int rcode; /* SILENT: nothing at all */
	const char *a, *aaaa;
};

struct world {
	struct event_base *loop;
	struct resolver resolver;
	struct evdns_server_port *server;
	int fd; /* the server's */
	struct canned *canned;
	struct policy_check check;
	struct probe_spec spec;
	struct saying saying;
	unsigned asked;
};

static void on_question(struct evdns_server_request *request, void *arg)
{
	struct world *w = arg;
	const struct saying *say = &w->saying;
	static const char soa[22]; /* two roots, five numbers */

	w->asked++;
	if (say->rcode == SILENT) {
		evdns_server_request_drop(request);
		return;
	}
	for (int i = 0; i < request->nquestions; i++) {
		const struct evdns_server_question *q = request->questions[i];
		bool v4 = q->type == EVDNS_TYPE_A;
		const char *text = v4 ? say->a : say->aaaa;
		struct net_addr addr;

		if (text == NULL || !net_addr_parse(text, &addr))
			evdns_server_request_add_reply(request,
						       EVDNS_AUTHORITY_SECTION,
						       q->name, EVDNS_TYPE_SOA,
						       EVDNS_CLASS_INET, 5,
						       sizeof(soa), 0, soa);
		else if (v4)
			evdns_server_request_add_a_reply(request, q->name, 1,
							 addr.octets, 5);
		else
			evdns_server_request_add_aaaa_reply(request, q->name, 1,
							    addr.octets, 5);
	}
	evdns_server_request_respond(request, say->rcode);
}

static struct probe *begin(const void *means, const struct probe_spec *spec,
			   probe_done *done, void *arg)
{
	const struct world *w = means;

	return probe_tcp_start(w->loop, spec, done, arg);
}

/* A name server on a port of its own, and a resolver that asks it alone. */
static void start_names(struct world *w)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	w->server =
		evdns_add_server_port_with_base(w->loop, fd, 0, on_question, w);
	w->fd = fd;
	assert_non_null(w->server);
	w->resolver.dns =
		evdns_base_new(w->loop, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	assert_non_null(w->resolver.dns);
	assert_int_equal(evdns_base_nameserver_sockaddr_add(
				 w->resolver.dns, (struct sockaddr *)&at, len,
				 0),
			 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->loop = event_base_new();
	w->canned = canned_start(w->loop, "127.0.0.1");
	w->check = (struct policy_check){
		.name = "tcp",
		.type = CHECK_TCP,
		.timeout_ms = TIMEOUT_MS,
	};
	w->spec = (struct probe_spec){
		.name = "host.example.test",
		.host = "",
		.port = canned_port(w->canned),
		.check = &w->check,
	};
	start_names(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	event_base_loop(w->loop, EVLOOP_NONBLOCK);
	evdns_base_free(w->resolver.dns, 1);
	evdns_close_server_port(w->server);
	close(w->fd);
	canned_stop(w->canned);
	event_base_free(w->loop);
	free(w);
	return 0;
}

struct ending {
	struct world *world;
	unsigned count;
	struct observation seen;
};

static void on_done(void *arg, const struct observation *seen)
{
	struct ending *e = arg;

	e->count++;
	e->seen = *seen;
	event_base_loopbreak(e->world->loop);
}

static struct probe *start(struct world *w, struct ending *e)
{
	const struct probe_named_means means = {
		.loop = w->loop,
		.resolver = &w->resolver,
		.begin = begin,
		.means = w,
	};
	struct probe *p;

	*e = (struct ending){ .world = w };
	p = probe_named_start(&means, &w->spec, on_done, e);
	assert_non_null(p);
	assert_int_equal(e->count, 0);
	return p;
}

/* Runs one probe to its end; the loop itself ends after ten seconds. */
static enum outcome run(struct world *w)
{
	const struct timeval deadline = { .tv_sec = 10 };
	struct ending e;

	start(w, &e);
	event_base_loopexit(w->loop, &deadline);
	event_base_dispatch(w->loop);
	assert_int_equal(e.count, 1);
	/* Told apart: how long the name took, and then the connection. */
	assert_true((e.seen.resolve_ms > 0) == (w->saying.rcode != SILENT));
	assert_true((e.seen.connect_ms > 0) == (e.seen.outcome == OUTCOME_OK));
	return e.seen.outcome;
}

/* clang-format off */
static const struct row {
	const char *title;
	struct saying saying;
	enum outcome outcome;
} rows[] = {
	{ "an IPv4 address", { 0, "127.0.0.1", NULL }, OUTCOME_OK },
	{ "both families: IPv4", { 0, "127.0.0.1", "::1" }, OUTCOME_OK },
	{ "IPv6 alone, where nobody listens", { 0, NULL, "::1" },
	  OUTCOME_REFUSED },
	{ "an address where nobody listens", { 0, "127.0.0.2", NULL },
	  OUTCOME_REFUSED },
	{ "no such name", { 3, NULL, NULL }, OUTCOME_NAME },
	{ "a name without addresses", { 0, NULL, NULL }, OUTCOME_NAME },
	{ "a resolver that fails", { 2, NULL, NULL }, OUTCOME_NAME },
	{ "a resolver that says nothing", { SILENT, NULL, NULL },
	  OUTCOME_LOCAL },
};
/* clang-format on */

static void test_outcomes(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w;
		enum outcome seen;

		assert_int_equal(setup((void **)&w), 0);
		w->saying = rows[i].saying;
		seen = run(w);
		if (seen != rows[i].outcome)
			fail_msg("%s: %d", rows[i].title, (int)seen);
		assert_true(w->asked > 0);
		teardown((void **)&w);
	}
	(void)state;
}

/* Nothing is kept: a name that was moved is probed where it now leads. */
static void test_resolved_each_time(void **state)
{
	struct world *w = *state;

	w->saying.a = "127.0.0.1";
	assert_int_equal(run(w), OUTCOME_OK);
	w->saying.a = "127.0.0.2";
	assert_int_equal(run(w), OUTCOME_REFUSED);
	w->saying.a = "127.0.0.1";
	assert_int_equal(run(w), OUTCOME_OK);
}

/* The resolver answers others, and not of this name: that is the name's. */
static void test_silence_of_one_name(void **state)
{
	static const enum outcome others[] = { OUTCOME_OK, OUTCOME_NAME };
	struct world *w = *state;
	struct policy_check check = w->check;
	struct ending e;

	check.timeout_ms = 3000;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		unsigned before = w->asked;

		w->saying = (struct saying){ .rcode = SILENT };
		w->spec.check = &check;
		start(w, &e);
		while (w->asked < before + 2)
			event_base_loop(w->loop, EVLOOP_ONCE);
		w->saying = (struct saying){ .a = i == 0 ? "127.0.0.1" : NULL };
		w->spec.check = &w->check;
		assert_int_equal(run(w), others[i]);
		while (e.count == 0)
			event_base_loop(w->loop, EVLOOP_ONCE);
		assert_int_equal(e.seen.outcome, OUTCOME_TIMEOUT);
	}
}

static void test_cancelled_say_nothing(void **state)
{
	struct world *w = *state;
	struct ending first, second;
	struct probe *p;

	w->saying.a = "127.0.0.1";
	probe_cancel(start(w, &first)); /* before the question is sent */
	p = start(w, &second);
	while (w->asked == 0)
		event_base_loop(w->loop, EVLOOP_ONCE);
	if (second.count == 0)
		probe_cancel(p); /* asked, perhaps answered */
	assert_int_equal(run(w), OUTCOME_OK);
	assert_int_equal(first.count, 0);
	assert_true(second.count <= 1);
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		WITH_WORLD(test_resolved_each_time),
		WITH_WORLD(test_silence_of_one_name),
		WITH_WORLD(test_cancelled_say_nothing),
	};

	return cmocka_run_group_tests_name("probe_named", tests, NULL, NULL);
}
