/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_scope -- any two clients inside a returned ECS scope get the same row,
 * for random networks of a geo database and several kinds of rows.
 *
 * WINDROSE_GEO_V4 and WINDROSE_GEO_V6 name real databases; without them it is
 * the small world.  The seed is printed; WINDROSE_SEED=N runs it again.
 */
#include "policy/base/error.h"
#include "policy/base/hash.h"
#include "policy/decide/geo.h"
#include "tests/unit/small_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { CLIENTS = 100000, NEIGHBOURS = 8, SKIPS_MAX = 60 };

static uint64_t draw(uint64_t *seed)
{
	return hash_mix(*seed += UINT64_C(0x9e3779b97f4a7c15));
}

static struct net_addr random_address(enum net_family family, uint64_t *seed)
{
	struct net_addr addr = { .family = family };

	for (unsigned i = 0; i < net_octets(family); i++)
		addr.octets[i] = (uint8_t)draw(seed);
	if (family == NET_V6)
		addr.octets[0] = (uint8_t)(0x20 | (addr.octets[0] & 0x1f));
	return addr;
}

/* The first address behind the network of bits around addr. */
static struct net_addr behind(const struct net_addr *addr, unsigned bits)
{
	struct net_addr next = net_mask(addr, bits);

	for (unsigned i = bits; i > 0; i--) {
		uint8_t bit = (uint8_t)(0x80 >> (i - 1) % 8);

		next.octets[(i - 1) / 8] ^= bit;
		if (next.octets[(i - 1) / 8] & bit)
			break;
	}
	return next;
}

/* addr with other bits behind its first bits. */
static struct net_addr inside(const struct net_addr *addr, unsigned bits,
			      uint64_t *seed)
{
	struct net_addr other = net_mask(addr, bits);
	unsigned kind = (unsigned)(draw(seed) % 4);

	for (unsigned i = bits; i < net_bits(addr->family); i++) {
		bool set = kind == 0 || (kind > 1 && draw(seed) % 2);

		if (set)
			other.octets[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	return other;
}

/* A random place, then some networks further: networks count alike, not the
 * addresses in them, so that small ones are met as often as large ones. */
static struct net_addr random_client(const struct geo *geo,
				     enum net_family family, uint64_t *seed)
{
	struct net_addr addr = random_address(family, seed);
	uint64_t skips = draw(seed) % SKIPS_MAX;

	for (uint64_t i = 0; i < skips; i++)
		addr = behind(&addr, geo_find(geo, &addr).bits);
	return inside(&addr, geo_find(geo, &addr).bits, seed);
}

/* clang-format off */
static const struct rows_kind {
	const char *title;
	unsigned columns; /* of longitude; 0: random by class */
	unsigned random_rows;
} kinds[] = {
	{ "one row for all", 1, 0 },
	{ "two regions", 2, 0 },
	{ "six regions", 6, 0 },
	{ "thirty regions", 30, 0 },
	{ "two rows at random", 0, 2 },
	{ "a row for each class", 0, UINT16_MAX },
};
/* clang-format on */

static uint16_t row_of(const struct client_class *class, size_t id,
		       const struct rows_kind *kind)
{
	if (kind->random_rows == UINT16_MAX)
		return (uint16_t)id;
	if (kind->columns == 0)
		return (uint16_t)(hash_mix(id) % kind->random_rows);
	if (kind->columns == 1)
		return 7;
	if (!class->located)
		return 0;
	return (uint16_t)(1 + (class->longitude + 180) / 360 * kind->columns);
}

static void check(const struct geo *geo, const struct net_addr *addr,
		  const struct lpm_row *rows, uint64_t *seed)
{
	uint16_t row = rows[geo_class_of(geo, addr)].row;
	unsigned scope = geo_scope(geo, addr, rows);
	unsigned bits = geo_find(geo, addr).bits;
	char text[NET_TEXT_SIZE];

	if (scope > bits)
		fail_msg("%s: scope %u, but /%u is one class",
			 net_addr_text(addr, text), scope, bits);
	for (unsigned i = 0; i < NEIGHBOURS; i++) {
		struct net_addr other = inside(addr, scope, seed);

		if (rows[geo_class_of(geo, &other)].row != row ||
		    geo_scope(geo, &other, rows) != scope)
			fail_msg("%s is in /%u and differs",
				 net_addr_text(&other, text), scope);
	}
}

static void check_family(const struct geo *geo, enum net_family family,
			 uint64_t seed)
{
	struct lpm_row *rows = calloc(geo_class_count(geo), sizeof(*rows));
	struct net_addr *clients = calloc(CLIENTS, sizeof(*clients));

	assert_non_null(rows);
	assert_non_null(clients);
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] = random_client(geo, family, &seed);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		uint64_t sum = 0;

		for (size_t i = 0; i < geo_class_count(geo); i++)
			rows[i].row = row_of(geo_class(geo, (uint16_t)i), i,
					     &kinds[k]);
		lpm_rows_span(rows, geo_class_count(geo));
		for (size_t i = 0; i < CLIENTS; i++) {
			check(geo, &clients[i], rows, &seed);
			sum += geo_scope(geo, &clients[i], rows);
		}
		printf("# IPv%d, %s: mean scope /%.1f\n", (int)family,
		       kinds[k].title, (double)sum / CLIENTS);
	}
	free(rows);
	free(clients);
}

static void test_scopes(void **state)
{
	const char *real[2] = { getenv("WINDROSE_GEO_V4"),
				getenv("WINDROSE_GEO_V6") };
	const char *given = getenv("WINDROSE_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10)
				      : (uint64_t)time(NULL);
	struct small_world files;
	char path[WORLD_PATH_SIZE];
	const char *databases[2];
	struct client_term term = { .kind = TERM_UNION, .text = "eea" };
	struct client_set set = { .name = "eea",
				  .terms = &term,
				  .term_count = 1 };
	struct policy_service service = { .name = "www",
					  .steer = STEER_LATENCY };
	struct policy policy = {
		.geo = { .databases = databases },
		.sets = &set,
		.set_count = 1,
		.services = &service,
		.service_count = 1,
		.region_count = 2,
	};
	struct errors errs = { 0 };
	struct geo *geo;

	(void)state;
	printf("# seed %ju\n", (uintmax_t)seed);
	small_world_init(&files);
	for (size_t i = 0; i < 2; i++)
		if (real[i] != NULL)
			databases[policy.geo.database_count++] = real[i];
	if (policy.geo.database_count == 0) {
		small_world_database(&files, "a.mmdb", "--both", NULL);
		databases[policy.geo.database_count++] =
			small_world_path(&files, "a.mmdb", path);
	}
	geo = geo_open(&policy, &errs);
	errors_print(&errs, stderr);
	assert_non_null(geo);
	check_family(geo, NET_V4, seed);
	check_family(geo, NET_V6, seed);
	geo_free(geo);
	errors_fini(&errs);
	small_world_fini(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scopes) };

	return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
