/* SPDX-License-Identifier: Apache-2.0 */
/* diagnosis: what a server says of itself and holds, and what is wrong then;
 * rights: which commands a role needs. */
#include "steering/runbook/diagnosis.h"

#include "policy/base/error.h"
#include "policy/bus/sign.h"
#include "steering/runbook/content.h"
#include "steering/runbook/rights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOTHING AILMENT_COUNT
#define WELL "# Server\r\nredis_version:7.0.15\r\nrole:master\r\n"

/* clang-format off */
static const struct info_row {
	const char *title, *info;
	enum ailment ailment; /* the only one */
	const char *says;
} infos[] = {
	{ "well", WELL, NOTHING, "" },
	{ "nothing at all", "", NOTHING, "" },
	{ "no line end", "role:master", NOTHING, "" },
	{ "loading", WELL "loading:1\r\n", AILMENT_REFUSED, "loading" },
	{ "a replica", "role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:up\r\n", AILMENT_NOT_MASTER, "10.0.0.1:6379" },
	{ "a name that only begins so", WELL "role_of:slave\r\nxrole:slave\r\n", NOTHING, "" },
	{ "a replica in step", WELL "slave0:ip=10.0.0.2,port=6379,state=online,offset=5,lag=10\r\n", NOTHING, "" },
	{ "a replica behind", WELL "slave0:ip=10.0.0.2,port=6379,state=online,offset=5,lag=11\r\n", AILMENT_REPLICATION, "ip=10.0.0.2 is 11 s behind" },
	{ "the second one out", WELL "slave0:ip=a,port=1,state=online,offset=5,lag=0\r\nslave1:ip=b,port=2,state=wait_bgsave,offset=0,lag=0\r\n", AILMENT_REPLICATION, "ip=b is not in step" },
	{ "full, without a limit", WELL "used_memory:1000\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n", NOTHING, "" },
	{ "evicts", WELL "used_memory:1\r\nmaxmemory:1000\r\nmaxmemory_policy:volatile-ttl\r\n", AILMENT_EVICTION, "volatile-ttl" },
	{ "79 percent", WELL "used_memory:799\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction\r\n", NOTHING, "" },
	{ "80 percent", WELL "used_memory:800\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction\r\n", AILMENT_SIZE, "800 of 1000" },
	{ "the last save failed", WELL "rdb_last_bgsave_status:err\r\n", AILMENT_PERSISTENCE, "save" },
	{ "the append-only file fails", WELL "aof_enabled:1\r\naof_last_write_status:err\r\n", AILMENT_PERSISTENCE, "append-only" },
	{ "and where there is none", WELL "aof_enabled:0\r\naof_last_write_status:err\r\n", NOTHING, "" },
	{ "connections", WELL "connected_clients:8000\r\nmaxclients:10000\r\n", AILMENT_SIZE, "8000 of 10000" },
	{ "cut off", WELL "client_output_buffer_limit_disconnections:3\r\n", AILMENT_BUFFERS, "3 clients" },
};

static const struct info_row replicas[] = {
	{ "of its master", "role:slave\r\nmaster_host:m\r\nmaster_port:1\r\nmaster_link_status:up\r\n", NOTHING, "" },
	{ "of another", "role:slave\r\nmaster_host:n\r\nmaster_port:1\r\nmaster_link_status:up\r\n", AILMENT_REPLICATION, "of n:1, not of the master m:1" },
	{ "a master", "role:master\r\n", AILMENT_REPLICATION, "it is a master" },
	{ "without its master", "role:slave\r\nmaster_host:m\r\nmaster_port:1\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:9\r\n", AILMENT_REPLICATION, "9 s ago" },
	{ "on its way", "role:slave\r\nmaster_host:m\r\nmaster_port:1\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:-1\r\n", AILMENT_REPLICATION, "not reached" },
};

static const struct trouble_row {
	const char *words, *detail;
	enum ailment ailment;
	const char *text, *remedy; /* NULL: the ailment's own */
} troubles[] = {
	{ "cannot connect", "Connection refused", AILMENT_UNREACHABLE, "cannot connect (Connection refused)", NULL },
	{ "the server does not answer", "", AILMENT_UNREACHABLE, "the server does not answer", NULL },
	{ "the server's certificate has expired: renew it", "x", AILMENT_CERTIFICATE, "the server's certificate has expired (x)", "renew it" },
	{ "the server speaks no TLS here: write redis://", "", AILMENT_TLS, "the server speaks no TLS here", "write redis://" },
	{ "closed at once; if this is its TLS port, write rediss://", "", AILMENT_TLS, "closed at once", "if this is its TLS port, write rediss://" },
};

static const struct paper_row {
	int64_t left_s;
	const char *says; /* NULL: nothing */
} papers[] = {
	{ INT64_MAX, NULL }, { 14 * 86400, NULL }, { 14 * 86400 - 1, "in 13 days" }, { 0, "in 0 days" },
};

static const struct config_row {
	const char *title, *name, *value;
	enum ailment ailment;
} configs[] = {
	{ "saves", "save", "3600 1 300 100", NOTHING },
	{ "saves nothing", "save", "", AILMENT_PERSISTENCE },
	{ "as shipped", "client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60", NOTHING },
	{ "no limits", "client-output-buffer-limit", "normal 0 0 0 slave 0 0 0 pubsub 0 0 0", NOTHING },
	{ "notices, hard", "client-output-buffer-limit", "normal 0 0 0 slave 0 0 0 pubsub 1048575 0 0", AILMENT_BUFFERS },
	{ "notices, soft", "client-output-buffer-limit", "normal 0 0 0 slave 0 0 0 pubsub 33554432 1024 60", AILMENT_BUFFERS },
	{ "plans", "client-output-buffer-limit", "normal 1048576 0 0 slave 0 0 0 pubsub 0 0 0", AILMENT_BUFFERS },
	{ "replicas are no business of ours", "client-output-buffer-limit", "normal 0 0 0 slave 1 1 1 pubsub 0 0 0", NOTHING },
	{ "nonsense", "client-output-buffer-limit", "pubsub", NOTHING },
	{ "no replica is due", "min-replicas-to-write", "0", NOTHING },
	{ "another name", "maxclients", "", NOTHING },
};

static const struct clock_row {
	int64_t ahead_ms;
	const char *says; /* NULL: nothing */
} clocks[] = {
	{ 0, NULL }, { 2000, NULL }, { -2000, NULL },
	{ 2001, "2.0 s ahead of ours" }, { -3600000, "3600.0 s behind ours" },
};

static const struct value_row {
	const char *title, *name, *octets;
	enum ailment ailment;
} values[] = {
	{ "an epoch", "epoch", "1770000000", NOTHING },
	{ "no epoch", "epoch", "12a", AILMENT_UNREADABLE },
	{ "an empty one", "epoch", "", AILMENT_UNREADABLE },
	{ "too long a one", "epoch", "12345678901234567", AILMENT_UNREADABLE },
	{ "a head", "plan-head", "5 17", NOTHING },
	{ "a short head", "plan-head", "5", AILMENT_UNREADABLE },
	{ "a long head", "plan-head", "5 17 1", AILMENT_UNREADABLE },
	{ "a lease", "lease", "5 steer1:99:1:2", NOTHING },
	{ "a lease of nobody", "lease", "5", AILMENT_UNREADABLE },
	{ "a number of notices", "notices:plan", "17", NOTHING },
	{ "no number of notices", "notices:nodes", "x", AILMENT_UNREADABLE },
	{ "a report", "vantage:eu", "{\"vantage\":\"eu\",\"sequence\":1}", NOTHING },
	{ "another's report", "vantage:us", "{\"vantage\":\"eu\",\"sequence\":1}", AILMENT_UNREADABLE },
	{ "no report", "vantage:us", "[]", AILMENT_UNREADABLE },
	{ "what an edge saw", "served:e", "{\"node\":\"e\"}", NOTHING },
	{ "what another saw", "served:e", "{\"node\":\"f\"}", AILMENT_UNREADABLE },
	{ "nothing an edge saw", "served:e", "x", AILMENT_UNREADABLE },
	{ "another node", "node:a", "{\"name\":\"b\",\"role\":\"dns\"}", AILMENT_UNREADABLE },
	{ "no node", "node:a", "x", AILMENT_UNREADABLE },
	{ "no envelope", "plan", "{}", AILMENT_UNSIGNED },
	{ "a short envelope", "plan", "wr1 0123456789abcdef AAAA\n", AILMENT_UNSIGNED },
	{ "an envelope of nothing", "plan", "wr1 0123456789abcdef AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n", AILMENT_UNREADABLE },
	{ "a word like one", "plan", "wr1\n{}", AILMENT_UNSIGNED },
	{ "somebody else's key", "plans", "x", NOTHING },
	{ "a set", "nodes", "x", NOTHING },
};
/* clang-format on */

static void must_find(const char *title, const struct diagnosis *d,
		      enum ailment ailment, const char *says)
{
	size_t due = ailment == NOTHING ? 0 : 1;

	if (d->count != due)
		fail_msg("%s: %zu findings, first \"%s\"", title, d->count,
			 d->findings[0].text);
	if (due == 0)
		return;
	if (d->findings[0].ailment != ailment)
		fail_msg("%s: %s", title, ailment_name(d->findings[0].ailment));
	if (strstr(d->findings[0].text, says) == NULL)
		fail_msg("%s: \"%s\" has no \"%s\"", title, d->findings[0].text,
			 says);
}

static void test_info(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
		struct diagnosis d = { 0 };

		diagnosis_take_info(&d, infos[i].info);
		must_find(infos[i].title, &d, infos[i].ailment, infos[i].says);
	}
}

static void test_replicas_due(void **state)
{
	static const struct {
		const char *due, *info, *says;
	} rows[] = {
		{ "0", "", NULL },
		{ "1", "min_slaves_good_slaves:1\r\n", NULL },
		{ "2", "min_slaves_good_slaves:1\r\n", "is 2, and 1 replicas" },
		{ "1", "min_slaves_good_slaves:0\r\n", "refuses writes" },
		{ "x", "min_slaves_good_slaves:0\r\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct diagnosis d = { 0 };

		diagnosis_take_config(&d, "min-replicas-to-write", rows[i].due,
				      rows[i].info);
		must_find(rows[i].info, &d,
			  rows[i].says == NULL ? NOTHING : AILMENT_REPLICATION,
			  rows[i].says);
	}
}

static void test_replicas(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(replicas) / sizeof(replicas[0]); i++) {
		struct diagnosis d = { 0 };

		diagnosis_take_replica(&d, replicas[i].info, "m:1");
		must_find(replicas[i].title, &d, replicas[i].ailment,
			  replicas[i].says);
	}
}

static void test_troubles(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		const struct trouble_row *row = &troubles[i];
		struct diagnosis d = { .about = "h:1" };

		diagnosis_add_trouble(&d, row->words, row->detail);
		must_find(row->words, &d, row->ailment, row->text);
		assert_string_equal(d.findings[0].text, row->text);
		assert_string_equal(d.findings[0].about, "h:1");
		assert_string_equal(d.findings[0].remedy,
				    row->remedy == NULL
					    ? ailment_remedy(row->ailment)
					    : row->remedy);
	}
}

static void test_papers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(papers) / sizeof(papers[0]); i++) {
		struct diagnosis d = { 0 };

		diagnosis_take_paper(&d, "our", papers[i].left_s);
		must_find("paper", &d,
			  papers[i].says == NULL ? NOTHING
						 : AILMENT_CERTIFICATE,
			  papers[i].says == NULL ? "" : papers[i].says);
	}
}

static void test_replicas_that_a_master_names(void **state)
{
	static const char info[] =
		"slave0:ip=10.0.0.2,port=6379,state=online,offset=5,lag=0\r\n"
		"slave1:ip=2001:db8::1,port=7,state=online,offset=5,lag=0\r\n"
		"slave2:port=7,ip=a\r\nslave3:ip=a,state=online\r\n";
	char host[32], small[8];
	uint16_t port;

	(void)state;
	assert_true(diagnosis_info_replica(info, 0, host, 32, &port));
	assert_string_equal(host, "10.0.0.2");
	assert_int_equal(port, 6379);
	assert_true(diagnosis_info_replica(info, 1, host, 32, &port));
	assert_string_equal(host, "2001:db8::1");
	assert_false(diagnosis_info_replica(info, 0, small, 8, &port));
	for (unsigned n = 2; n < 5; n++)
		assert_false(diagnosis_info_replica(info, n, host, 32, &port));
}

/* A replica without its primary is wrong in two ways. */
static void test_a_lost_primary(void **state)
{
	struct diagnosis d = { 0 };

	(void)state;
	diagnosis_take_info(&d, "role:slave\r\nmaster_link_status:down\r\n"
				"master_link_down_since_seconds:7\r\n");
	assert_int_equal(d.count, 2);
	assert_int_equal(d.findings[0].ailment, AILMENT_NOT_MASTER);
	assert_int_equal(d.findings[1].ailment, AILMENT_REPLICATION);
	assert_non_null(strstr(d.findings[1].text, "7 s ago"));
}

static void test_config(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		struct diagnosis d = { 0 };

		diagnosis_take_config(&d, configs[i].name, configs[i].value,
				      "role:master\r\n");
		must_find(configs[i].title, &d, configs[i].ailment, "");
	}
}

static void test_clock(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		struct diagnosis d = { 0 };

		diagnosis_take_clock(&d, clocks[i].ahead_ms);
		must_find("clock", &d,
			  clocks[i].says == NULL ? NOTHING : AILMENT_CLOCK,
			  clocks[i].says == NULL ? "" : clocks[i].says);
	}
}

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct value_row *row = &values[i];
		struct diagnosis d = { 0 };

		content_take_value(&d, &(struct content_trust){ 0 },
				   &(struct content_key){
					   row->name, row->octets,
					   strlen(row->octets) });
		must_find(row->title, &d, row->ailment, row->name);
	}
}

/* An agent signs what is no plan: with its key it is one that cannot be read,
 * with another's it is not signed by any that counts. */
static void test_signatures(void **state)
{
	struct error err;
	struct sealer *ours = sealer_new(&err), *theirs = sealer_new(&err);
	struct verifier *trusted = verifier_new();
	struct content_key key = { .name = "plan" };
	struct diagnosis good = { 0 }, bad = { 0 };
	struct content_trust trust = { .plans = trusted };
	char *envelope;

	(void)state;
	assert_true(verifier_add_sealer(trusted, ours, &err));
	envelope = sign_wrap(ours, SIGN_PLAN, "{}", 2, &key.len, &err);
	key.octets = envelope;
	content_take_value(&good, &trust, &key);
	must_find("ours", &good, AILMENT_UNREADABLE, "plan");
	free(envelope);
	envelope = sign_wrap(theirs, SIGN_PLAN, "{}", 2, &key.len, &err);
	key.octets = envelope;
	content_take_value(&bad, &trust, &key);
	must_find("a stranger's", &bad, AILMENT_UNSIGNED, "key");
	free(envelope);
	sealer_free(ours);
	sealer_free(theirs);
	verifier_free(trusted);
}

/* Nobody has to sign reports, and who does is read. */
static void test_a_signed_report(void **state)
{
	static const char text[] = "{\"vantage\":\"eu\",\"sequence\":1}";
	struct content_trust nobody = { 0 };
	struct diagnosis good = { 0 }, bad = { 0 };
	struct error err;
	struct sealer *sealer = sealer_new(&err);
	struct content_key key = { .name = "vantage:eu" };
	char *envelope = sign_wrap(sealer, SIGN_REPORT, text, strlen(text),
				   &key.len, &err);

	(void)state;
	key.octets = envelope;
	content_take_value(&good, &nobody, &key);
	must_find("a signed report", &good, NOTHING, "");
	key.name = "vantage:us";
	content_take_value(&bad, &nobody, &key);
	must_find("another's", &bad, AILMENT_UNREADABLE, "another vantage");
	free(envelope);
	sealer_free(sealer);
}

static void test_sizes(void **state)
{
	struct diagnosis d = { 0 };
	size_t len = (16 << 20) / 100 * 80;
	char *much = calloc(1, len + 1);

	(void)state;
	content_take_set(&d, "nodes", 3199);
	assert_int_equal(d.count, 0);
	content_take_set(&d, "nodes", 4096);
	must_find("a crowd", &d, AILMENT_SIZE, "nodes has 4096");
	memset(much, 'x', len);
	content_take_value(&d, &(struct content_trust){ 0 },
			   &(struct content_key){ "plan", much, len });
	assert_int_equal(d.count, 3);
	assert_int_equal(d.findings[1].ailment, AILMENT_SIZE);
	free(much);
}

static void test_more_than_fit_are_counted(void **state)
{
	struct diagnosis d = { 0 };

	(void)state;
	for (int i = 0; i < DIAGNOSIS_MAX + 3; i++)
		diagnosis_add(&d, AILMENT_RIGHTS, "%d %0400d", i, 0);
	assert_int_equal(d.count, DIAGNOSIS_MAX);
	assert_int_equal(d.more, 3);
	assert_int_equal(strlen(d.findings[0].text), DIAGNOSIS_TEXT_SIZE - 1);
}

static void test_each_ailment_has_words(void **state)
{
	(void)state;
	for (int i = 0; i < AILMENT_COUNT; i++) {
		assert_true(strlen(ailment_name((enum ailment)i)) > 0);
		assert_true(strlen(ailment_remedy((enum ailment)i)) > 0);
	}
}

/* clang-format off */
static const struct type_row {
	const char *name, *type;
} types[] = {
	{ "plan", "string" }, { "plan-head", "string" }, { "node:a", "string" },
	{ "vantage:eu", "string" }, { "notices:plan", "string" }, { "nodes", "set" }, { "served:e", "string" }, { "edges", "set" }, { "audit", "stream" },
	{ "plan2", NULL }, { "nodes:x", NULL }, { "", NULL },
};

static const struct right_row {
	const char *user;
	bool any; /* some command */
	const char *argv[3]; /* one that is among them */
} rights[] = {
	{ "dns",       true,  { "SET", "windrose:{e}:node:dns", "x" } },
	{ "dns",       true,  { "PUBLISH", "windrose:{e}:notify:nodes", "x" } },
	{ "health-eu", true,  { "PUBLISH", "windrose:{e}:notify:reports", "x" } },
	{ "steer",     true,  { "PUBLISH", "windrose:{e}:notify:plan", "x" } },
	{ "dns-3",     true,  { "SET", "windrose:{e}:node:dns-3", "x" } },
	{ "health-eu", true,  { "SET", "windrose:{e}:vantage:eu", "x" } },
	{ "steer",     true,  { "SET", "windrose:{e}:plan", "x" } },
	{ "edge",      true,  { "GETRANGE", "windrose:{e}:plan", "0" } },
	{ "edge-1",    true,  { "SET", "windrose:{e}:served:edge-1", "x" } },
	{ "health-eu", true,  { "GETRANGE", "windrose:{e}:served:any", "0" } },
	{ "operator",  true,  { "PUBLISH", "windrose:{e}:request", "x" } },
	{ "default",   false, { NULL } },
	{ "dnsmasq",   false, { NULL } },
	{ "",          false, { NULL } },
};
/* clang-format on */

static void test_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const char *type = content_type_of(types[i].name);

		if (types[i].type == NULL)
			assert_null(type);
		else
			assert_string_equal(type, types[i].type);
	}
}

static void test_rights(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		const struct right_row *row = &rights[i];
		struct right right = { 0 };
		bool found = false;
		size_t n = 0;

		for (; right_of(row->user, "e", n, &right); n++)
			found |= row->any &&
				 strcmp(right.argv[0], row->argv[0]) == 0 &&
				 strcmp(right.argv[1], row->argv[1]) == 0 &&
				 strcmp(right.argv[2], row->argv[2]) == 0;
		assert_int_equal(n > 0, row->any);
		if (found != row->any)
			fail_msg("%s: no %s", row->user, row->argv[0]);
	}
}

/* A user's name may be as long as it likes. */
static void test_a_long_name_is_cut(void **state)
{
	char user[1000];
	struct right right;

	(void)state;
	memset(user, 'a', sizeof(user) - 1);
	memcpy(user, "health-", 7);
	user[sizeof(user) - 1] = '\0';
	for (size_t n = 0; right_of(user, "environment", n, &right); n++)
		for (int i = 0; i < right.argc; i++)
			assert_true(strlen(right.argv[i]) < RIGHT_ARG_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_replicas),
		cmocka_unit_test(test_replicas_due),
		cmocka_unit_test(test_troubles),
		cmocka_unit_test(test_papers),
		cmocka_unit_test(test_replicas_that_a_master_names),
		cmocka_unit_test(test_a_lost_primary),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_a_signed_report),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_more_than_fit_are_counted),
		cmocka_unit_test(test_each_ailment_has_words),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_a_long_name_is_cut),
	};

	return cmocka_run_group_tests_name("diagnosis", tests, NULL, NULL);
}
