/* SPDX-License-Identifier: Apache-2.0 */
/* zone: where names are, what a zone may not hold, and that many fit. */
#include "dns/query.h"
#include "dns/zone.h"
#include "dns/zones.h"
#include "policy/base/arena.h"
#include "policy/base/error.h"
#include "policy/language/policy.h"
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct zone_signing unsigned_zone;

#define HEAD                                                            \
	"$ORIGIN x.example.\n$TTL 60\n@ SOA ns h 1 2 3 4 30\n@ NS ns\n" \
	"ns A 192.0.2.1\n"

/* A policy of a master file and, when it is not NULL, one service. */
static struct policy *policy_of(const char *text, const char *fqdn)
{
	struct arena *arena = arena_new();
	struct policy *p = arena_alloc(arena, 1, sizeof(*p));

	p->arena = arena;
	p->zones = arena_alloc(arena, 1, sizeof(*p->zones));
	p->zone_count = 1;
	p->zones[0].name = "x.example.";
	world_read_zone(p, text);
	if (fqdn == NULL)
		return p;
	p->services = arena_alloc(arena, 2, sizeof(*p->services));
	p->service_count = 1;
	p->services[0].name = "svc";
	p->services[0].fqdn = fqdn;
	return p;
}

/* clang-format off */
static const struct bad_row {
	const char *title, *text, *fqdn;
	const char *error; /* a part of it; NULL: it is fine */
} bad[] = {
	{ "fine", HEAD, "www.x.example.", NULL },
	{ "a service at the apex", HEAD, "x.example.", NULL },
	{ "a service with a TXT", HEAD "www TXT \"x\"\n", "www.x.example.",
	  NULL },
	{ "CNAME and data", HEAD "a CNAME b\na TXT \"x\"\n", NULL,
	  "a.x.example. has a CNAME record beside" },
	{ "two CNAMEs", HEAD "a CNAME b\na CNAME c\n", NULL,
	  "a.x.example. has a CNAME record beside" },
	{ "a CNAME at the apex", HEAD "@ CNAME b.example.\n", NULL,
	  "x.example. has a CNAME record beside" },
	{ "a CNAME at a service", HEAD "www CNAME b\n", "www.x.example.",
	  "www.x.example. has a CNAME record beside" },
	{ "an address at a service", HEAD "www AAAA ::1\n", "www.x.example.",
	  "www.x.example. is a service and has address" },
	{ "a service at a cut", HEAD "www NS ns.example.\n", "www.x.example.",
	  "www.x.example. is a service at or below a zone cut" },
	{ "a service below a cut", HEAD "sub NS ns.example.\n",
	  "www.sub.x.example.", "is a service at or below a zone cut" },
	{ "a delegated wildcard", HEAD "*.w NS ns.example.\n", NULL,
	  "*.w.x.example. delegates a wildcard" },
	{ "DNAME", HEAD "d DNAME e.example.\nd A 192.0.2.1\n", NULL, NULL },
	{ "DNAME at a service", HEAD "www DNAME e.example.\n", "www.x.example.",
	  NULL },
	{ "two DNAMEs", HEAD "d DNAME e.example.\nd DNAME f.example.\n", NULL,
	  "d.x.example. has a DNAME record and another" },
	{ "DNAME and NS", HEAD "d DNAME e.example.\nd NS ns\n", NULL,
	  "d.x.example. has a DNAME record and another" },
	{ "DNAME and CNAME", HEAD "d DNAME e.example.\nd CNAME ns\n", NULL,
	  "d.x.example. has a CNAME record beside" },
	{ "DNAME at a wildcard", HEAD "*.d DNAME e.example.\n", NULL,
	  "*.d.x.example. has a DNAME record and another" },
	{ "a name below a DNAME", HEAD "d DNAME e.example.\nb.d A 192.0.2.1\n",
	  NULL, "b.d.x.example. is below a DNAME" },
	{ "a service below a DNAME", HEAD "d DNAME e.example.\n",
	  "b.d.x.example.", "b.d.x.example. is below a DNAME" },
	{ "a record outside", HEAD "www.y.example. A 192.0.2.1\n", NULL,
	  "www.y.example. is not in the zone" },
	{ "a service outside", HEAD, "www.y.example.",
	  "www.y.example. is not a name in the zone" },
	{ "no SOA", "$ORIGIN x.example.\n$TTL 60\n@ NS ns\n", NULL,
	  "needs exactly one SOA" },
};
/* clang-format on */

static void test_what_a_zone_may_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct policy *p = policy_of(bad[i].text, bad[i].fqdn);
		struct errors errs = { 0 };
		struct zone *zone = zone_build(p, 0, &unsigned_zone, &errs);
		bool ok = bad[i].error == NULL;

		if ((zone != NULL) != ok || (errs.fatal == 0) != ok ||
		    (!ok &&
		     strstr(errs.list[0].error.text, bad[i].error) == NULL))
			fail_msg("%s: %s", bad[i].title,
				 errs.fatal == 0 ? "no error"
						 : errs.list[0].error.text);
		zone_free(zone);
		errors_fini(&errs);
		arena_free(p->arena);
	}
}

/* More name servers than a compression pointer reaches. */
static void test_cut_too_large(void **state)
{
	static char text[32768];
	size_t used = (size_t)sprintf(text, "%s", HEAD);
	struct errors errs = { 0 };
	struct policy *p;

	(void)state;
	for (int i = 0; i < 600; i++)
		used += (size_t)sprintf(text + used, "sub NS ns%d.sub\n", i);
	p = policy_of(text, NULL);
	assert_null(zone_build(p, 0, &unsigned_zone, &errs));
	assert_int_equal(errs.fatal, 1);
	assert_non_null(strstr(errs.list[0].error.text,
			       "more NS records than a referral"));
	errors_fini(&errs);
	arena_free(p->arena);
}

static const char many[] = HEAD "a CNAME b\na TXT \"x\"\n*.c NS e.example.\n"
				"www.y.example. A 192.0.2.1\n";

static void test_all_mistakes_are_told(void **state)
{
	struct policy *p = policy_of(many, NULL);
	struct errors errs = { 0 };

	(void)state;
	assert_null(zone_build(p, 0, &unsigned_zone, &errs));
	assert_int_equal(errs.fatal, 3);
	errors_fini(&errs);
	arena_free(p->arena);
}

/* clang-format off */
static const struct find_row {
	const char *name;
	enum zone_found found;
	const char *node; /* its name; NULL: none */
} finds[] = {
	{ "x.example",         ZONE_EXACT,    "x.example." },
	{ "NS.X.example",      ZONE_EXACT,    "ns.x.example." },
	{ "b.ent.x.example",   ZONE_EXACT,    "b.ent.x.example." },
	{ "ent.x.example",     ZONE_EXACT,    "ent.x.example." },
	{ "c.ent.x.example",   ZONE_MISSING,  "ent.x.example." },
	{ "c.x.example",       ZONE_MISSING,  "x.example." },
	{ "d.c.x.example",     ZONE_MISSING,  "x.example." },
	{ "c.w.x.example",     ZONE_WILDCARD, "*.w.x.example." },
	{ "d.c.w.x.example",   ZONE_WILDCARD, "*.w.x.example." },
	{ "*.w.x.example",     ZONE_EXACT,    "*.w.x.example." },
	{ "d.*.w.x.example",   ZONE_MISSING,  "*.w.x.example." },
	{ "e.w.x.example",     ZONE_EXACT,    "e.w.x.example." },
	{ "d.e.w.x.example",   ZONE_MISSING,  "e.w.x.example." },
	{ "example",           ZONE_OUTSIDE,  NULL },
	{ ".",                 ZONE_OUTSIDE,  NULL },
	{ "yx.example",        ZONE_OUTSIDE,  NULL },
	{ "x.example.com",     ZONE_OUTSIDE,  NULL },
	{ "1.2.3.4.5.6.7.8.9.10.11.12.x.example", ZONE_MISSING, "x.example." },
};
/* clang-format on */

static void test_where_names_are(void **state)
{
	struct policy *p = policy_of(HEAD "b.ent A 192.0.2.1\n"
					  "*.w TXT \"x\"\ne.w TXT \"x\"\n",
				     NULL);
	struct errors errs = { 0 };
	struct zone *zone = zone_build(p, 0, &unsigned_zone, &errs);

	(void)state;
	assert_non_null(zone);
	for (size_t i = 0; i < sizeof(finds) / sizeof(finds[0]); i++) {
		char text[NAME_TEXT_SIZE] = "";
		struct zone_match match;
		struct name name;

		assert_true(name_from_text(finds[i].name, &name));
		match = zone_find(zone, &name);
		if (match.node != NULL)
			name_text(match.node->octets, match.node->len, text);
		if (match.found != finds[i].found ||
		    strcmp(text, finds[i].node == NULL ? "" : finds[i].node) !=
			    0)
			fail_msg("%s: %d %s", finds[i].name, match.found, text);
	}
	zone_free(zone);
	arena_free(p->arena);
}

/* Enough names that the index grows often; each is found, others are not. */
static void test_many_names(void **state)
{
	enum { NAMES = 5000 };
	static char text[sizeof(HEAD) + NAMES * 32];
	size_t used = (size_t)sprintf(text, "%s", HEAD);
	struct errors errs = { 0 };
	struct policy *p;
	struct zone *zone;

	(void)state;
	for (int i = 0; i < NAMES; i++)
		used += (size_t)sprintf(text + used, "h%d A 192.0.2.%d\n", i,
					i % 256);
	p = policy_of(text, NULL);
	zone = zone_build(p, 0, &unsigned_zone, &errs);
	assert_non_null(zone);
	assert_int_equal(zone->index.count, NAMES + 2);
	for (int i = 0; i < 2 * NAMES; i++) {
		struct zone_match match;
		struct name name;

		sprintf(text, "H%d.x.example", i);
		assert_true(name_from_text(text, &name));
		match = zone_find(zone, &name);
		assert_int_equal(match.found,
				 i < NAMES ? ZONE_EXACT : ZONE_MISSING);
		if (i < NAMES)
			assert_int_equal(
				zone_rrset(match.node, TYPE_A)->wire[15],
				i % 256);
	}
	zone_free(zone);
	arena_free(p->arena);
}

/* A policy of zones that have these names and an SOA each. */
static struct policy *policy_of_zones(const char *const *names, size_t count)
{
	struct arena *arena = arena_new();
	struct policy *p = arena_alloc(arena, 1, sizeof(*p));
	struct policy_zone *zones = arena_alloc(arena, count, sizeof(*zones));

	p->arena = arena;
	for (size_t i = 0; i < count; i++) {
		/* The reader of text fills the first. */
		p->zones = &zones[i];
		zones[i].name = names[i];
		world_read_zone(p, "@ 60 SOA ns h 1 2 3 4 30\n@ 60 NS ns\n"
				   "cut 60 NS ns\n");
	}
	p->zones = zones;
	p->zone_count = count;
	return p;
}

/* clang-format off */
static const struct zone_row {
	const char *name;
	int zone; /* -1: none */
} nearest[] = {
	{ "example.",             0 }, { "a.example.",           0 },
	{ "cut.example.",         1 }, { "a.b.cut.example.",     1 },
	{ "xcut.example.",        0 }, { "in.cut.cut.example.",  2 },
	{ "cut.cut.example.",     1 }, { "a.in.cut.cut.example.", 2 },
	{ "org.",                 3 }, { "example.org.",         3 },
	{ ".",                   -1 }, { "com.",                -1 },
	{ "example.com.",        -1 },
};
/* clang-format on */

static void test_nearest_zone(void **state)
{
	static const char *const names[] = {
		"example.",
		"cut.example.",
		"in.cut.cut.example.",
		"org.",
	};
	struct policy *p = policy_of_zones(names, 4);
	struct errors errs = { 0 };
	struct zones *zones = zones_build(p, NULL, NULL, &errs);

	(void)state;
	assert_non_null(zones);
	for (size_t i = 0; i < sizeof(nearest) / sizeof(nearest[0]); i++) {
		const struct zone_row *row = &nearest[i];
		const struct zone *wanted =
			row->zone < 0 ? NULL
				      : zones_at(zones, (size_t)row->zone);
		struct name name;

		assert_true(name_from_text(row->name, &name));
		if (zones_find(zones, &name) != wanted)
			fail_msg("%s is not in zone %d", row->name, row->zone);
	}
	assert_null(zones_at(zones, 0)->parent);
	assert_ptr_equal(zones_at(zones, 1)->parent, zones_at(zones, 0));
	/* cut.cut.example, which nobody here serves, has its delegation. */
	assert_null(zones_at(zones, 2)->parent);
	assert_null(zones_at(zones, 3)->parent);
	zones_free(zones);
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_zone_may_hold),
		cmocka_unit_test(test_cut_too_large),
		cmocka_unit_test(test_all_mistakes_are_told),
		cmocka_unit_test(test_where_names_are),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_nearest_zone),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
