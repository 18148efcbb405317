/* SPDX-License-Identifier: Apache-2.0 */
/* roster and twin: what a policy asks to be probed, and what is the same. */
#include "health/roster.h"
#include "policy/language/expression.h"
#include "policy/language/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct status_range ranges[] = { { 200, 299 } };
static struct policy_field fields[] = { { "A", "b" } };
static const char *words[] = { "-x" };

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

/* What users of one service met says nothing of another at the same place. */
static void test_users_are_a_service_s(void **state)
{
	struct sample s;
	struct roster *r;

	(void)state;
	fill_sample(&s);
	s.checks[0].passive.weight = 5;
	r = roster_new(&s.policy);
	assert_int_equal(r->job_count, 6);
	assert_int_not_equal(r->targets[0].job, r->targets[3].job);
	assert_string_equal(r->jobs[r->targets[3].job].key,
			    "web 192.0.2.1 443 www.example.test users=also");
	roster_free(r);
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

/* A target of several checks is a job each, shared as any other. */
static void test_several_checks(void **state)
{
	int both[] = { 1, 0 };
	const struct policy_expression x = { .checks = both,
					     .check_count = 2,
					     .counted = 3 };
	struct sample s, other;
	struct roster *r, *later;
	size_t count, hint = 0;

	(void)state;
	fill_sample(&s);
	s.services[1].expression = &x;
	s.checks[1].interval_ms = 60000;
	r = roster_new(&s.policy);
	assert_int_equal(r->target_count, 6);
	assert_int_equal(r->job_count, 8);
	assert_int_equal(r->longest_ms, 61000);
	assert_null(r->targets[0].parts);
	assert_ptr_equal(roster_jobs(&r->targets[0], &count),
			 &r->targets[0].job);
	assert_int_equal(count, 1);
	assert_int_equal(roster_jobs(&r->targets[3], &count)[1],
			 r->targets[0].job);
	assert_int_equal(count, 2);
	assert_int_equal(r->targets[3].job, r->targets[0].job);
	assert_true(roster_share(&r->targets[0], &r->targets[3]));
	assert_false(roster_share(&r->targets[1], &r->targets[4]));
	fill_sample(&other);
	other.services[0].name = "gone";
	later = roster_new(&other.policy);
	assert_true(roster_find_target(r, &later->targets[0], &hint) ==
		    SIZE_MAX);
	assert_int_equal(roster_find_target(r, &later->targets[4], &hint), 4);
	assert_int_equal(hint, 5);
	assert_int_equal(roster_find_target(r, &later->targets[3], &hint), 3);
	roster_free(later);
	roster_free(r);
}

/* What a target's jobs are, each as "CHECK ADDRESS", where there are several
 * addresses. */
static void assert_parts(const struct roster *r, size_t target,
			 const char *const *wanted, size_t count)
{
	const struct roster_target *t = &r->targets[target];
	size_t found;
	const size_t *jobs = roster_jobs(t, &found);

	assert_int_equal(found, count);
	for (size_t i = 0; i < count; i++) {
		struct roster_part part = roster_part(t, i);
		char text[100], addr[NET_TEXT_SIZE] = "";

		if (part.addr != NULL) {
			net_addr_text(part.addr, addr);
			assert_true(net_equal(part.addr,
					      &r->jobs[jobs[i]].spec.addr));
		}
		snprintf(text, sizeof(text), "%zu %s", part.check, addr);
		assert_string_equal(text, wanted[i]);
	}
}

/* Each address that a check probes is a job, shared as any other. */
static void test_every_address(void **state)
{
	static const char *const dual[] = { "0 192.0.2.3", "0 2001:db8::1" };
	static const char *const mixed[] = { "0 192.0.2.3", "0 2001:db8::1",
					     "1 " };
	int both[] = { 0, 1 };
	const struct policy_expression x = { .checks = both,
					     .check_count = 2,
					     .counted = 3 };
	struct sample s;
	struct roster *r, *before;

	(void)state;
	fill_sample(&s);
	before = roster_new(&s.policy);
	s.checks[0].addresses = CHECK_ADDRESSES_ALL;
	r = roster_new(&s.policy);
	/* www/c has both; also/c the second of these alone. */
	assert_int_equal(r->job_count, 5);
	assert_null(r->targets[0].parts);
	assert_parts(r, 2, dual, 2);
	assert_int_equal(r->targets[2].job, r->targets[2].parts[0]);
	assert_int_equal(r->targets[2].parts[1], r->targets[5].job);
	assert_true(roster_share(&r->targets[2], &r->targets[5]));
	/* What was probed goes on, whichever of the two it was. */
	for (size_t i = 0; i < r->job_count; i++)
		assert_true(roster_find(before, &r->jobs[i]) != SIZE_MAX);
	roster_free(before);
	roster_free(r);
	s.services[0].expression = &x;
	s.services[0].check = 1;
	r = roster_new(&s.policy);
	assert_parts(r, 2, mixed, 3);
	assert_int_equal(r->targets[2].job, r->targets[2].parts[2]);
	roster_free(r);
	/* Users are heard of at the first. */
	s.services[0].expression = NULL;
	s.services[0].check = 0;
	s.checks[0].passive.weight = 5;
	r = roster_new(&s.policy);
	assert_string_equal(r->jobs[r->targets[2].parts[0]].spec.users, "www");
	assert_null(r->jobs[r->targets[2].parts[1]].spec.users);
	assert_string_equal(r->jobs[r->targets[5].job].spec.users, "also");
	roster_free(r);
	/* A name is one. */
	s.one[2].cname = "c.example.test.";
	s.one[2].a_count = s.one[2].aaaa_count = 0;
	r = roster_new(&s.policy);
	assert_null(r->targets[2].parts);
	assert_string_equal(r->jobs[r->targets[2].job].spec.name,
			    "c.example.test");
	roster_free(r);
}

/* Does the sample's second service, of a changed check, share its probes? */
static bool are_twins(void (*change)(struct policy_check *c, const void *how),
		      const void *how)
{
	struct sample s;
	struct roster *r;
	bool twins;

	fill_sample(&s);
	s.checks[1] = s.checks[0];
	change(&s.checks[1], how);
	s.services[1].check = 1;
	r = roster_new(&s.policy);
	assert_non_null(r);
	twins = r->targets[0].job == r->targets[3].job;
	roster_free(r);
	return twins;
}

/* Gives the member of a row another value. */
static void change_row(struct policy_check *c, const void *how)
{
	static const char *const other = "other";
	const struct schema_row *row = how;
	char *member = (char *)c + row->offset;
	size_t none = 0;

	switch ((int)row->kind) {
	case SCHEMA_TEXT:
	case SCHEMA_URL:
	case SCHEMA_VECTOR:
	case SCHEMA_PATH:
	case SCHEMA_FILE:
	case SCHEMA_HOST:
	case SCHEMA_LINE:
	case SCHEMA_PROGRAM:
	case SCHEMA_FIELD:
	case SCHEMA_DOMAIN:
		memcpy(member, &other, sizeof(other));
		break;
	case SCHEMA_STATUS:
	case SCHEMA_TEXTS:
	case SCHEMA_FIELDS:
		memcpy(member + sizeof(void *), &none, sizeof(none));
		break;
	default:
		*member ^= 1;
	}
}

/* Any key of a check makes another probe of it, but what only readers of
 * reports look at, and the name that is asked for by dns checks alone. */
static unsigned compare_rows(const struct schema *schema)
{
	unsigned count = 0;

	for (size_t i = 0; i < schema->count; i++) {
		const struct schema_row *row = &schema->rows[i];
		bool twins = strcmp(row->key, "quorum") == 0 ||
			     strcmp(row->key, "addresses") == 0 ||
			     (row->kind == SCHEMA_DOMAIN &&
			      strcmp(row->key, "name") == 0);

		if (row->kind == SCHEMA_MAP) {
			count += compare_rows(row->inner);
			continue;
		}
		count++;
		if (are_twins(change_row, row) != twins)
			fail_msg("%s: %stwins", row->key,
				 twins ? "not " : "still ");
	}
	return count;
}

static void change_name(struct policy_check *c, const void *how)
{
	c->name = how;
}

static void change_statuses(struct policy_check *c, const void *how)
{
	static struct status_range other[] = { { 200, 298 } };

	(void)how;
	c->statuses = other;
}

static void change_headers(struct policy_check *c, const void *how)
{
	static struct policy_field other[] = { { "A", "c" } };

	(void)how;
	c->headers = other;
}

static void change_arguments(struct policy_check *c, const void *how)
{
	static const char *other[] = { "-y" };

	(void)how;
	c->arguments = other;
}

static void test_twins(void **state)
{
	(void)state;
	assert_true(compare_rows(schema_top.rows[SECTION_CHECKS].inner) >= 33);
	assert_true(are_twins(change_name, "other"));
	assert_false(are_twins(change_statuses, NULL));
	assert_false(are_twins(change_headers, NULL));
	assert_false(are_twins(change_arguments, NULL));
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

/* Endpoints that are new are targets beside the others of their service; what
 * both have is judged as the first says, and probed as the next does, too. */
static void test_of_both(void **state)
{
	struct sample s, t;
	struct roster *r;
	struct policy_service more[4];

	(void)state;
	fill_sample(&s);
	fill_sample(&t);
	s.policy.service_count = 2;
	s.services[0].endpoint_count = 2;
	/* c is new, b has another address, "also" is gone, "new" is new. */
	t.one[1].a = &t.a[2];
	t.one[2].a = &t.a[1];
	memcpy(more, t.services, sizeof(t.services));
	more[1].name = "new";
	more[1].endpoint_count = 1;
	t.policy.services = more;
	t.policy.service_count = 2;
	r = roster_of_both(&s.policy, &t.policy);
	assert_non_null(r);
	assert_int_equal(r->target_count, 7);
	assert_string_equal(r->targets[2].endpoint->name, "c");
	assert_string_equal(r->targets[2].service->name, "www");
	assert_ptr_equal(r->targets[2].checks, t.checks);
	assert_string_equal(r->targets[3].service->name, "also");
	assert_ptr_equal(r->targets[3].checks, s.checks);
	assert_string_equal(r->targets[6].service->name, "new");
	/* b as it was, and a probe of where it will be, ahead. */
	assert_string_equal(r->jobs[r->targets[1].job].key,
			    "web 192.0.2.2 443 www.example.test");
	assert_false(r->jobs[r->targets[1].job].ahead);
	assert_int_equal(r->targets[2].job, r->targets[1].job);
	assert_string_equal(r->jobs[2].key,
			    "web 192.0.2.3 443 www.example.test");
	assert_true(r->jobs[2].ahead);
	/* Shared with the first policy: its own. */
	assert_int_equal(r->targets[6].job, r->targets[0].job);
	assert_false(r->jobs[r->targets[6].job].ahead);
	roster_free(r);
	/* Whoever asks first. */
	s.services[0].endpoints = s.two;
	s.services[1].endpoints = s.one;
	s.services[1].endpoint_count = 3;
	t.one[1].a = &t.a[1];
	t.one[2].a = &t.a[2];
	r = roster_of_both(&s.policy, &t.policy);
	for (size_t i = 0; i < r->job_count; i++)
		assert_false(r->jobs[i].ahead);
	roster_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_probes_run_once),
		cmocka_unit_test(test_users_are_a_service_s),
		cmocka_unit_test(test_host_of_check_and_tcp_without),
		cmocka_unit_test(test_several_checks),
		cmocka_unit_test(test_every_address),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_jobs_go_on),
		cmocka_unit_test(test_of_both),
	};

	return cmocka_run_group_tests_name("roster", tests, NULL, NULL);
}
