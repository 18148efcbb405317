/* SPDX-License-Identifier: Apache-2.0 */
/* sample: each class that has a network has one, and its clients are of it. */
#include "policy/base/error.h"
#include "policy/decide/geo.h"
#include "policy/decide/sample.h"
#include "policy/language/policy.h"
#include "tests/unit/small_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_client(const struct geo *geo, const struct sample *s,
			 uint64_t draw)
{
	struct net_prefix client = sample_client(s, draw);
	unsigned least = client.addr.family == NET_V4 ? 24 : 48;
	unsigned bits = s->within.bits > least ? s->within.bits : least;
	struct net_addr masked = net_mask(&client.addr, client.bits);

	assert_int_equal(client.bits, bits);
	assert_true(net_equal(&masked, &client.addr));
	assert_true(net_within(&s->within, &client.addr));
	assert_int_equal(geo_class_of(geo, &client.addr), s->class_id);
}

static const char text[] =
	"zone: {name: c.example.com, nameservers: ns.example.net}\n"
	"geo: {databases: [v4.mmdb, v6.mmdb]}\n"
	"clients:\n"
	"  some: [81.2.69.7, 203.0.113.0/30, \"2001:db8::/61\", US-CA]\n"
	"regions:\n"
	"  a: {location: [0, 0], jurisdictions: x}\n"
	"residency: {some: {clients: some, within: x}}\n"
	"services:\n"
	"  www: {steer: geo, endpoints: {a: {A: 192.0.2.1}}}\n";

static struct policy *load(const struct small_world *files)
{
	struct errors errs = { 0 };
	struct policy *policy;
	char path[WORLD_PATH_SIZE];

	small_world_write(files, "policy.yaml", text, strlen(text));
	small_world_database(files, "v4.mmdb", "--schema flat --v4", NULL);
	small_world_database(files, "v6.mmdb", "--schema flat --v6", NULL);
	policy = policy_load(small_world_path(files, "policy.yaml", path),
			     &errs);
	assert_non_null(policy);
	errors_fini(&errs);
	return policy;
}

/* Networks of clients, narrow ones too, and of databases. */
static void test_world(void **state)
{
	struct small_world files;
	struct policy *policy;
	struct errors errs = { 0 };
	struct geo *geo;
	struct samples samples;
	bool *seen = calloc(2 * LPM_CLASSES_MAX, sizeof(*seen));

	(void)state;
	small_world_init(&files);
	policy = load(&files);
	geo = geo_open(policy, &errs);
	assert_non_null(geo);
	assert_non_null(seen);
	assert_true(samples_find(geo, &samples));
	assert_true(geo_class_count(geo) > 100);
	for (size_t i = 0; i < samples.count; i++) {
		const struct sample *s = &samples.list[i];
		size_t place = s->class_id + (s->within.addr.family == NET_V6) *
						     (size_t)LPM_CLASSES_MAX;

		assert_false(seen[place]);
		seen[place] = true;
		for (uint64_t draw = 0; draw < 1000; draw++)
			check_client(geo, s, draw * UINT64_C(0x9e3779b97f4a7));
	}
	for (size_t c = 0; c < geo_class_count(geo); c++)
		assert_true(seen[c] || seen[LPM_CLASSES_MAX + c]);
	free(seen);
	samples_fini(&samples);
	geo_free(geo);
	policy_free(policy);
	errors_fini(&errs);
	small_world_fini(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
