/* SPDX-License-Identifier: Apache-2.0 */
/* roster and twin: what a policy asks to be probed, and what is the same. */
#include "health/roster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct status_range ranges[] = { { 200, 299 } };
static struct status_range other_range = { 200, 298 };
static struct policy_field fields[] = { { "A", "b" } };
static const char *words[] = { "-x" }, *other_words[] = { "-y" };
static struct policy_field other_fields[] = { { "A", "c" } };

static const struct policy_check usual = {
	.name = "web",
	.path = "/",
	.statuses = ranges,
	.status_count = 1,
	.headers = fields,
	.header_count = 1,
	.arguments = words,
	.argument_count = 1,
	.interval_ms = 5000,
	.timeout_ms = 1000,
	.confirm_ms = 1000,
	.breaker = { .window = 20, .consecutive = 3 },
};

/* Two services that share two of three addresses, and one without a check. */
struct sample {
	struct net_addr a[3], aaaa;
	struct policy_endpoint one[3], two[3];
	struct policy_service services[3];
	struct policy_check checks[2];
	struct policy policy;
};

static void fill_sample(struct sample *s)
{
	*s = (struct sample){ 0 };
	net_addr_parse("192.0.2.1", &s->a[0]);
	net_addr_parse("192.0.2.2", &s->a[1]);
	net_addr_parse("192.0.2.3", &s->a[2]);
	net_addr_parse("2001:db8::1", &s->aaaa);
	for (int i = 0; i < 3; i++) {
		s->one[i].name = s->two[i].name =
			(const char *[]){ "a", "b", "c" }[i];
		s->one[i].a = s->two[i].a = &s->a[i];
		s->one[i].a_count = s->two[i].a_count = 1;
	}
	s->one[2].aaaa = s->two[2].aaaa = &s->aaaa;
	s->one[2].aaaa_count = s->two[2].aaaa_count = 1;
	s->two[2].a_count = 0;
	s->two[1].port = 8443;
	s->checks[0] = usual;
	s->checks[0].port = 443;
	s->checks[1] = usual;
	s->checks[1].name = "db";
	s->checks[1].type = CHECK_TCP;
	s->checks[1].port = 5432;
	s->services[0] = (struct policy_service){ .name = "www",
						  .fqdn = "www.example.test.",
						  .endpoints = s->one,
						  .endpoint_count = 3 };
	s->services[1] = s->services[0];
	s->services[1].name = "also";
	s->services[1].endpoints = s->two;
	s->services[2] = s->services[0];
	s->services[2].check = POLICY_NONE;
	s->policy.checks = s->checks;
	s->policy.check_count = 2;
	s->policy.services = s->services;
	s->policy.service_count = 3;
}

static void test_equal_probes_run_once(void **state)
{
	struct sample s;
	struct roster *r;

	(void)state;
	fill_sample(&s);
	r = roster_new(&s.policy);
	assert_non_null(r);
	assert_int_equal(r->target_count, 6);
	/* www/a = also/a; b differs by port, c by address family. */
	assert_int_equal(r->job_count, 5);
	assert_int_equal(r->targets[0].job, r->targets[3].job);
	assert_int_not_equal(r->targets[1].job, r->targets[4].job);
	assert_string_equal(r->jobs[0].key,
			    "web 192.0.2.1 443 www.example.test");
	assert_string_equal(r->jobs[r->targets[4].job].key,
			    "web 192.0.2.2 8443 www.example.test");
	/* IPv4 first, IPv6 when that is all there is. */
	assert_string_equal(r->jobs[r->targets[2].job].key,
			    "web 192.0.2.3 443 www.example.test");
	assert_string_equal(r->jobs[r->targets[5].job].key,
			    "web 2001:db8::1 443 www.example.test");
	assert_int_equal(roster_find(r, &r->jobs[4]), 4);
	assert_int_equal(r->longest_ms, 6000);
	roster_free(r);
	roster_free(NULL);
}

static void test_host_of_check_and_tcp_without(void **state)
{
	struct sample s;
	struct roster *r;

	(void)state;
	fill_sample(&s);
	s.checks[0].host = "health.example.test.";
	s.services[1].fqdn = "also.example.test.";
	r = roster_new(&s.policy);
	/* Another service name, but the check's host: still one job. */
	assert_int_equal(r->job_count, 5);
	assert_string_equal(r->jobs[0].spec.host, "health.example.test");
	roster_free(r);
	s.services[0].check = s.services[1].check = 1;
	r = roster_new(&s.policy);
	assert_string_equal(r->jobs[0].key, "db 192.0.2.1 5432");
	assert_int_equal(r->job_count, 5);
	roster_free(r);
	s.services[0].check = s.services[1].check = POLICY_NONE;
	r = roster_new(&s.policy);
	assert_int_equal(r->target_count, 0);
	roster_free(r);
}

/* clang-format off */
#define CHANGE(what, statement)                          \
	static void change_##what(struct policy_check *c) \
	{                                                \
		statement;                               \
	}

CHANGE(nothing, (void)c)
CHANGE(name, c->name = "other")
CHANGE(quorum, c->quorum++)
CHANGE(type, c->type = CHECK_TCP)
CHANGE(path, c->path = "/other")
CHANGE(status, c->statuses = &other_range)
CHANGE(status_more, c->status_count = 0)
CHANGE(client_certificate, c->client_certificate = "us.pem")
CHANGE(client_key, c->client_key = "us.key")
CHANGE(http, c->http = HTTP_2)
CHANGE(connection, c->kept = true)
CHANGE(send, c->send = "x")
CHANGE(query_type, c->query_type++)
CHANGE(rcode, c->rcode++)
CHANGE(rdata, c->rdata = "x")
CHANGE(program, c->program = "x")
CHANGE(arguments, c->arguments = other_words)
CHANGE(arguments_more, c->argument_count = 0)
CHANGE(headers, c->headers = other_fields)
CHANGE(headers_more, c->header_count = 0)
CHANGE(user_agent, c->user_agent = "us")
CHANGE(identity, c->identity = "X-Us")
CHANGE(body, c->body = "ok")
CHANGE(verify, c->verify = !c->verify)
CHANGE(left, c->certificate_left_s++)
CHANGE(interval, c->interval_ms++)
CHANGE(timeout, c->timeout_ms++)
CHANGE(confirm, c->confirm_ms++)
CHANGE(breaker, c->breaker.consecutive++)

/* What a probe may differ in, and whether it is still the same probe. */
static const struct twin_row {
	const char *title;
	void (*change)(struct policy_check *c);
	bool twin;
} twin_rows[] = {
	{ "nothing", change_nothing, true },
	{ "name", change_name, true },
	{ "quorum", change_quorum, true },
	{ "type", change_type, false },
	{ "path", change_path, false },
	{ "status", change_status, false },
	{ "one status more", change_status_more, false },
	{ "client_certificate", change_client_certificate, false },
	{ "client_key", change_client_key, false },
	{ "http", change_http, false },
	{ "connection", change_connection, false },
	{ "send", change_send, false },
	{ "query.type", change_query_type, false },
	{ "rcode", change_rcode, false },
	{ "rdata", change_rdata, false },
	{ "program", change_program, false },
	{ "arguments", change_arguments, false },
	{ "one argument more", change_arguments_more, false },
	{ "headers", change_headers, false },
	{ "one header more", change_headers_more, false },
	{ "user_agent", change_user_agent, false },
	{ "identity", change_identity, false },
	{ "body", change_body, false },
	{ "verify", change_verify, false },
	{ "certificate_left", change_left, false },
	{ "interval", change_interval, false },
	{ "timeout", change_timeout, false },
	{ "confirm", change_confirm, false },
	{ "breaker", change_breaker, false },
};
/* clang-format on */

static void test_twins(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(twin_rows) / sizeof(twin_rows[0]); i++) {
		const struct twin_row *row = &twin_rows[i];
		struct sample s;
		struct roster *r;

		fill_sample(&s);
		s.checks[1] = s.checks[0];
		row->change(&s.checks[1]);
		s.services[1].check = 1;
		r = roster_new(&s.policy);
		if ((r->targets[0].job == r->targets[3].job) != row->twin)
			fail_msg("%s", row->title);
		roster_free(r);
	}
}

/* A new policy's jobs go on the old one's: by key, else by what is probed. */
static void test_jobs_go_on(void **state)
{
	struct sample s, t;
	struct roster *before, *after;

	(void)state;
	fill_sample(&s);
	before = roster_new(&s.policy);
	fill_sample(&t);
	t.checks[0].interval_ms++;
	after = roster_new(&t.policy);
	assert_int_equal(roster_find(before, &after->jobs[1]), 1);
	roster_free(after);
	t.checks[0] = s.checks[0];
	t.checks[0].name = "renamed";
	after = roster_new(&t.policy);
	assert_int_equal(roster_find(before, &after->jobs[1]), 1);
	roster_free(after);
	t.checks[0].path = "/another";
	after = roster_new(&t.policy);
	assert_true(roster_find(before, &after->jobs[1]) == SIZE_MAX);
	roster_free(after);
	roster_free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_probes_run_once),
		cmocka_unit_test(test_host_of_check_and_tcp_without),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_jobs_go_on),
	};

	return cmocka_run_group_tests_name("roster", tests, NULL, NULL);
}
