/* SPDX-License-Identifier: Apache-2.0 */
/* policy: what the good corpus loads to, in memory and from disk. */
#include "policy/base/arena.h"
#include "policy/base/file.h"
#include "policy/language/entry.h"
#include "policy/language/load.h"
#include "policy/language/policy.h"
#include "policy/language/sources.h"
#include "tests/unit/good_policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* files are pairs of name and octets, the policy's own first. */
static struct policy *load_memory(const char *const (*files)[2], size_t count,
				  struct errors *errs)
{
	struct arena *arena = arena_new();
	struct sources s = { .arena = arena, .folder = "", .sealed = true };

	for (size_t i = 0; i < count; i++)
		assert_true(sources_add(&s, files[i][0], files[i][1],
					strlen(files[i][1])));
	return load_policy(&s, "memory", errs);
}

static void test_order_and_names(void **state)
{
	struct policy *p = good_policy("world");

	(void)state;
	/* Files in name order, keys in the order written. */
	assert_int_equal(policy_find_service(p, "api.v1"), 0);
	assert_int_equal(policy_find_service(p, "@"), 1);
	assert_int_equal(policy_find_service(p, "www"), 2);
	assert_int_equal(policy_find_service(p, "ww"), POLICY_NONE);
	assert_int_equal(policy_find_region(p, "us-east"), 0);
	assert_int_equal(policy_find_region(p, "ap-south"), 3);
	assert_int_equal(policy_find_vantage(p, "bom"), 2);
	assert_int_equal(policy_find_canary(p, "www-v2"), 0);
	assert_int_equal(policy_find_set(p, "office"), 1);
	assert_string_equal(p->services[0].fqdn, "api.v1.gslb.example.com.");
	assert_string_equal(p->services[1].fqdn, "gslb.example.com.");
	assert_string_equal(p->zones[0].name, "gslb.example.com.");
	assert_string_equal(p->zones[0].contact, "hostmaster.example.com.");
	assert_int_equal(p->zones[0].nameserver_count, 2);
	assert_string_equal(steer_name(p->services[2].steer), "latency");
	assert_int_equal(strlen(p->digest), 64);
	policy_free(p);
}

static void test_regions_and_residency(void **state)
{
	struct policy *p = good_policy("world");
	const struct policy_residency *r = &p->residency[0];

	(void)state;
	assert_int_equal(p->jurisdiction_count, 4);
	assert_string_equal(p->jurisdictions[2], "gdpr");
	assert_int_equal(p->regions[0].jurisdictions, 1);
	assert_int_equal(p->regions[1].jurisdictions, 2 | 4);
	assert_true(p->regions[0].longitude < -77.4);
	assert_true(p->regions[0].capacity > 11999);
	assert_int_equal(r->clients, policy_find_set(p, "eea-uk"));
	assert_int_equal(r->jurisdictions, 4);
	assert_int_equal(r->regions, 2 | 4);
	assert_false(r->unknown_included);
	assert_int_equal(p->safety.min_regions_in_service, 2);
	assert_int_equal(p->safety.max_capacity_removed_pct, 40);
	assert_int_equal(p->safety.max_capacity_opened_pct, 50);
	assert_int_equal(p->safety.max_capacity_at_once_pct, 34);
	assert_int_equal(p->safety.max_override_ms, 86400000);
	policy_free(p);
}

static void test_votes_and_budget(void **state)
{
	struct policy *p = good_policy("votes.yaml");

	(void)state;
	assert_int_equal(p->vantages[0].asn, 64500);
	assert_int_equal(p->vantages[0].vote, VANTAGE_VOTES);
	assert_int_equal(p->vantages[2].asn, 0);
	assert_int_equal(p->vantages[2].vote, VANTAGE_VETO);
	assert_int_equal(p->vantages[3].asn, 4294967295);
	assert_int_equal(p->vantages[3].vote, VANTAGE_MUTE);
	assert_int_equal(policy_vote_count(p), 2);
	policy_free(p);
	p = good_policy("mute-vantages.yaml");
	assert_int_equal(policy_vote_count(p), 0);
	policy_free(p);
	p = good_policy("budget.yaml");
	assert_int_equal(p->safety.max_capacity_at_once_pct, 30);
	policy_free(p);
}

static void test_canary_shadows(void **state)
{
	struct policy *p = good_policy("world");
	const struct policy_service *s = &p->services[2];
	const struct policy_canary *c = &p->canaries[0];

	(void)state;
	assert_int_equal(s->endpoint_count, 5);
	assert_string_equal(s->endpoints[3].name, "www-v2/us-east");
	assert_int_equal(policy_find_endpoint(s, "www-v2/eu-west"), 4);
	assert_int_equal(s->endpoints[3].region, 0);
	assert_int_equal(s->endpoints[3].shadows, 0);
	assert_int_equal(s->endpoints[3].canary, 0);
	assert_int_equal(s->endpoints[0].shadowed_by, 3);
	assert_int_equal(s->endpoints[1].shadowed_by, 4);
	assert_int_equal(s->endpoints[2].shadowed_by, POLICY_NONE);
	assert_int_equal(s->endpoints[2].canary, POLICY_NONE);
	assert_int_equal(s->endpoints[1].weight, 3);
	assert_int_equal(s->endpoints[2].a_count, 2);
	assert_int_equal(c->service, 2);
	assert_int_equal(c->stage_count, 2);
	assert_int_equal(c->stages[0].percent_count, 5);
	assert_int_equal(c->stages[0].percents[4], 100);
	assert_int_equal(c->stages[1].regions, 2);
	assert_int_equal(c->stages[1].bake_ms, 1800000);
	policy_free(p);
}

static void test_canary_metrics(void **state)
{
	struct policy *p = good_policy("canary.yaml");
	const struct policy_canary *v2 = &p->canaries[0];
	const struct policy_canary *w2 = &p->canaries[1];

	(void)state;
	assert_string_equal(v2->revision, "2.4.1 (build 7)");
	assert_int_equal(v2->stages[0].gate, GATE_MANUAL);
	assert_int_equal(v2->stages[1].gate, GATE_AUTO);
	assert_false(v2->metrics.edges);
	assert_string_equal(v2->metrics.prometheus,
			    "https://prom.example.com/prefix");
	assert_string_equal(v2->metrics.latency,
			    "sum by (le) (l{version=\"$arm\"})");
	assert_int_equal(v2->metrics.interval_ms, 15000);
	assert_int_equal(v2->metrics.timeout_ms, 2000);
	assert_true(v2->rollback.error_ratio >= 3);
	assert_true(v2->rollback.latency_ratio < 1.3);
	assert_int_equal(v2->rollback.min_requests, 1000);
	assert_int_equal(v2->rollback.no_data_ms, 120000);
	assert_true(policy_measures(v2));
	assert_null(w2->revision);
	assert_true(w2->metrics.edges);
	assert_int_equal(w2->metrics.interval_ms, 5000);
	assert_int_equal(w2->rollback.min_requests, 500);
	assert_int_equal(w2->rollback.no_data_ms, 300000);
	assert_true(policy_measures(w2));
	policy_free(p);
	p = good_policy("world");
	assert_false(policy_measures(&p->canaries[0]));
	policy_free(p);
}

static void test_tests(void **state)
{
	struct policy *p = good_policy("world");

	(void)state;
	assert_int_equal(p->test_count, 3);
	assert_int_equal(p->tests[0].client.family, NET_V4);
	assert_int_equal(p->tests[0].clients, POLICY_NONE);
	assert_int_equal(p->tests[0].expect, TEST_ANSWER);
	assert_int_equal(p->tests[0].endpoints, 2);
	assert_int_equal(p->tests[1].down, 2);
	assert_int_equal(p->tests[1].expect, TEST_NEVER);
	assert_int_equal(p->tests[1].endpoints, 1);
	assert_int_equal(p->tests[2].client.family, NET_NONE);
	assert_int_equal(p->tests[2].clients, 0);
	assert_int_equal(p->tests[2].expect, TEST_ALWAYS_WITHIN);
	assert_int_equal(p->tests[2].jurisdictions, 4);
	policy_free(p);
}

/* The words of the schema stand in the order of the enumerations. */
static void test_words(void **state)
{
	static const char *const steers[] = { "latency", "geo", "weighted",
					      "failover" };
	static const char *const types[] = { "http", "https", "tcp", "dns" };
	char text[512];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct errors errs = { 0 };
		const char *files[1][2] = { { "p.yaml", text } };
		struct policy *p;

		snprintf(text, sizeof(text),
			 "zone: {name: z.example, nameservers: a.example}\n"
			 "vantages: {v: {location: [0, 0]}}\n"
			 "checks: {c: {type: %s, port: 9%s}}\n"
			 "regions: {r: {location: [0, 0]}}\n"
			 "services: {www: {steer: %s, sticky: %s, failback: "
			 "{mode: %s}, endpoints: {r: {A: 192.0.2.1}}}}\n",
			 types[i], i == 3 ? ", query: {type: A}" : "",
			 steers[i], i % 2 ? "none" : "client",
			 i % 2 ? "manual" : "auto");
		p = load_memory(files, 1, &errs);
		assert_non_null(p);
		assert_int_equal(p->services[0].steer, i);
		assert_string_equal(steer_name((enum steer)i), steers[i]);
		assert_string_equal(check_type_name(p->checks[0].type),
				    types[i]);
		assert_int_equal(p->services[0].sticky,
				 i % 2 ? STICKY_NONE : STICKY_CLIENT);
		assert_int_equal(p->services[0].failback,
				 i % 2 ? FAILBACK_MANUAL : FAILBACK_AUTO);
		policy_free(p);
		errors_fini(&errs);
	}
}

static void test_panic(void **state)
{
	struct policy *p = good_policy("panic.yaml");
	const struct policy_service *s = p->services;

	(void)state;
	assert_float_equal(s[0].demand, 9000.5, 0);
	assert_int_equal(s[0].panic, PANIC_LAST_GOOD);
	assert_int_equal(s[1].panic, PANIC_FALLBACK);
	assert_int_equal(s[1].fallback, 2);
	assert_int_equal(s[2].panic, PANIC_ALL);
	assert_int_equal(s[3].panic, PANIC_NO_ANSWER);
	policy_free(p);
}

static void test_client_terms(void **state)
{
	struct policy *p = good_policy("clients.yaml");
	const struct client_set *sets = p->sets;

	(void)state;
	assert_int_equal(sets[0].terms[0].kind, TERM_COUNTRY);
	assert_string_equal(sets[0].terms[0].text, "NO");
	assert_int_equal(sets[1].terms[0].kind, TERM_COUNTRY);
	assert_int_equal(sets[2].terms[1].kind, TERM_ASN);
	assert_true(sets[2].terms[1].asn == 4200000000u);
	assert_int_equal(sets[3].terms[0].kind, TERM_SUBDIVISION);
	assert_int_equal(sets[4].term_count, 4);
	assert_int_equal(sets[4].terms[1].prefix.bits, 32);
	assert_int_equal(sets[5].terms[0].kind, TERM_CONTINENT);
	assert_int_equal(sets[6].terms[0].kind, TERM_UNION);
	assert_int_equal(sets[6].terms[3].kind, TERM_SET);
	assert_int_equal(sets[6].terms[3].set, 0);
	assert_int_equal(sets[7].terms[2].kind, TERM_ALL);
	/* A word of the language that a rule names is a set of its own. */
	assert_int_equal(p->set_count, 9);
	assert_string_equal(sets[8].name, "eu");
	assert_int_equal(p->residency[1].clients, 8);
	assert_int_equal(sets[8].terms[0].kind, TERM_UNION);
	assert_true(p->residency[0].unknown_included);
	assert_int_equal(p->residency[0].none_healthy, NONE_HEALTHY_NO_ANSWER);
	assert_int_equal(p->services[0].sticky_v4_bits, 20);
	assert_int_equal(p->services[0].sticky_v6_bits, 44);
	policy_free(p);
}

static const struct record *find_record(const struct policy *p,
					const char *owner, size_t owner_len,
					unsigned type)
{
	for (size_t i = 0; i < p->zones[0].record_count; i++) {
		const struct record *r = &p->zones[0].records[i];

		if (r->type == type && r->owner_len == owner_len &&
		    memcmp(r->owner, owner, owner_len) == 0)
			return r;
	}
	return NULL;
}

#define OWNER(text) text, sizeof(text)

static void test_records(void **state)
{
	struct policy *p = good_policy("world");
	const struct record *r;

	(void)state;
#define ZONE "\4gslb\7example\3com"
	r = find_record(p, OWNER("\3ns2" ZONE), 28);
	assert_non_null(r);
	assert_int_equal(r->rdata_len, 16);
	assert_int_equal(r->line, 4);
	assert_int_equal(r->ttl_s, 300);
	r = find_record(p, OWNER("\3odd" ZONE), 65280);
	assert_non_null(r);
	assert_memory_equal(r->rdata, "\xc0\0\2\1", 4);
	r = find_record(p, OWNER("\4_sip\4_tcp" ZONE), 33);
	assert_non_null(r);
	assert_int_equal(r->line, 8);
	assert_memory_equal(r->rdata, "\0\12\0\24\23\304\3sip", 10);
	assert_non_null(find_record(p, OWNER("\1*\6static" ZONE), 16));
	assert_non_null(find_record(p, OWNER("\1a\4deep" ZONE), 257));
	/* Generated: nobody wrote them. */
	r = find_record(p, OWNER(ZONE), 6);
	assert_non_null(r);
	assert_int_equal(r->line, 0);
	assert_int_equal(r->ttl_s, 30);
	assert_memory_equal(r->rdata, "\3ns1" ZONE, sizeof("\3ns1" ZONE));
	assert_int_equal(r->rdata[r->rdata_len - 17], 1);
	assert_int_equal(r->rdata[r->rdata_len - 1], 30);
	assert_non_null(find_record(p, OWNER(ZONE), 2));
	assert_int_equal(p->zones[0].serial, 1);
	policy_free(p);
}

static void test_apex_of_the_file(void **state)
{
	struct policy *p = good_policy("static");
	const struct record *soa =
		find_record(p, OWNER("\6static\7example\3com"), 6);
	const struct record *mx =
		find_record(p, OWNER("\4mail\6static\7example\3com"), 15);

	(void)state;
	assert_non_null(soa);
	assert_int_equal(soa->line, 2);
	assert_int_equal(p->zones[0].serial, 2026030101);
	assert_non_null(mx);
	assert_memory_equal(mx->rdata, "\0\12\2mx\4mail\6static", 17);
	assert_non_null(
		find_record(p, OWNER("\5after\6static\7example\3com"), 16));
	assert_int_equal(p->zones[0].record_count, 7);
	assert_int_equal(p->geo.database_count, 2);
	assert_string_equal(p->geo.databases[1],
			    "/var/lib/GeoIP/GeoLite2-ASN.mmdb");
	assert_non_null(strstr(p->geo.databases[0],
			       "good/static/../GeoLite2-City.mmdb"));
	assert_non_null(strstr(p->geo.networks, "good/static/overrides.csv"));
	assert_int_equal(p->geo.database_at[1].col, 38);
	policy_free(p);
}

#define ZONE_TEXT \
	"zone: {name: z.example, nameservers: ns.example.net, records: z}\n"

static void test_digest(void **state)
{
	static const char *const a[][2] = { { "p.yaml", ZONE_TEXT },
					    { "z", "a A 192.0.2.1\n" } };
	static const char *const same[][2] = { { "p.yaml", ZONE_TEXT },
					       { "z", "a A 192.0.2.1\n" } };
	static const char *const record[][2] = { { "p.yaml", ZONE_TEXT },
						 { "z", "a A 192.0.2.2\n" } };
	static const char *const name[][2] = { { "q.yaml", ZONE_TEXT },
					       { "z", "a A 192.0.2.1\n" } };
	static const char *const comment[][2] = { { "p.yaml",
						    ZONE_TEXT "# reviewed\n" },
						  { "z", "a A 192.0.2.1\n" } };
	struct errors errs = { 0 };
	struct policy *p[5];

	(void)state;
	p[0] = load_memory(a, 2, &errs);
	p[1] = load_memory(same, 2, &errs);
	p[2] = load_memory(record, 2, &errs);
	p[3] = load_memory(name, 2, &errs);
	p[4] = load_memory(comment, 2, &errs);
	errors_print(&errs, stderr);
	assert_int_equal(errs.count, 0);
	assert_string_equal(p[0]->digest, p[1]->digest);
	for (size_t i = 2; i < 5; i++)
		assert_string_not_equal(p[0]->digest, p[i]->digest);
	for (size_t i = 0; i < 5; i++)
		policy_free(p[i]);
}

/* A name of 65 regions: one error, and nothing that follows from it. */
static void test_too_many_regions(void **state)
{
	struct errors errs = { 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *files[1][2] = { { "p.yaml", NULL } };

	(void)state;
	fprintf(out, "zone: {name: z.example, nameservers: ns.example.net}\n");
	fprintf(out, "regions:\n");
	for (unsigned i = 0; i < POLICY_REGIONS_MAX + 1; i++)
		fprintf(out, "  r%u: {location: [0, 0]}\n", i);
	fprintf(out, "services:\n  www: {steer: geo, endpoints: {r64: {A: "
		     "192.0.2.1}}}\n");
	fclose(out);
	files[0][1] = text;
	assert_null(load_memory(files, 1, &errs));
	assert_int_equal(errs.count, 1);
	assert_string_equal(errs.list[0].error.text,
			    "regions has 65 names; at most 64 are allowed");
	assert_int_equal(errs.list[0].error.at.line, 67);
	errors_fini(&errs);
	free(text);
}

/* One mistake, one error, though the files could be read again and again. */
static void test_link_back(void **state)
{
	static const char zone[] =
		"zone: {name: gslb.example.com, nameservers: ns.example.net}\n";
	char folder[] = "policy-XXXXXX", path[64], link[64];
	struct errors errs = { .list = NULL };
	struct error err;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/zone.yaml", folder);
	snprintf(link, sizeof(link), "%s/again", folder);
	assert_true(file_replace(path, zone, strlen(zone), &err));
	assert_int_equal(symlink(".", link), 0);
	assert_null(policy_load(folder, &errs));
	assert_int_equal(errs.count, 1);
	assert_string_equal(errs.list[0].error.at.file, link);
	errors_fini(&errs);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* TYPE65280 with so many octets, 16 in a word; as one policy. */
static struct policy *load_generic(unsigned octets, struct errors *errs)
{
	const char *files[2][2] = { { "p.yaml", ZONE_TEXT }, { "z", NULL } };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct policy *policy;

	fprintf(out, "a TYPE65280 \\# %u ", octets);
	for (unsigned i = 0; i < octets; i++)
		fprintf(out, "00%s", i % 16 == 15 ? " " : "");
	fprintf(out, "\n");
	fclose(out);
	files[1][1] = text;
	policy = load_memory((const char *const(*)[2])files, 2, errs);
	free(text);
	return policy;
}

static void test_longest_generic_data(void **state)
{
	struct errors errs = { 0 };
	struct policy *p = load_generic(ENTRY_GENERIC_OCTETS_MAX, &errs);

	(void)state;
	errors_print(&errs, stderr);
	assert_non_null(p);
	assert_int_equal(p->zones[0].records[0].rdata_len,
			 ENTRY_GENERIC_OCTETS_MAX);
	policy_free(p);
	assert_null(load_generic(ENTRY_GENERIC_OCTETS_MAX + 1, &errs));
	assert_int_equal(errs.count, 1);
	assert_string_equal(errs.list[0].error.text,
			    "the data after \\# is longer than 31000 octets; "
			    "shorten it");
	errors_fini(&errs);
}

static void test_free_accepts_null(void **state)
{
	(void)state;
	policy_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_names),
		cmocka_unit_test(test_regions_and_residency),
		cmocka_unit_test(test_votes_and_budget),
		cmocka_unit_test(test_canary_shadows),
		cmocka_unit_test(test_canary_metrics),
		cmocka_unit_test(test_tests),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_panic),
		cmocka_unit_test(test_client_terms),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_apex_of_the_file),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_too_many_regions),
		cmocka_unit_test(test_link_back),
		cmocka_unit_test(test_longest_generic_data),
		cmocka_unit_test(test_free_accepts_null),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
