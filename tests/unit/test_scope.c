/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECS scopes are a partition: over geographies drawn from a seed, in both
 * families, for every kind of service.  A failure prints the seed.
 */
#include "dns/model.h"
#include "dns/table.h"
#include "tests/unit/partition.h"
#include "tests/unit/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { GEOGRAPHIES = 40, CLIENTS = 24, NEIGHBOURS = 4 };

/* Inside the /16 and the /32 that world_shuffle() cuts up. */
static struct net_addr client_of(struct partition *p)
{
	uint64_t draw = partition_draw(p);
	struct net_addr addr =
		net_from_v4(UINT32_C(0x0a090000) | (draw & 0xffff));

	if (draw >> 63 == 0)
		return addr;
	assert_true(net_addr_parse("2001:db8::", &addr));
	memcpy(addr.octets + 4, &draw, 4);
	return addr;
}

static void check_name(const struct world *w, const char *qname, uint64_t seed)
{
	struct partition p = {
		.table = w->table,
		.qname = qname,
		.draw = seed * 1000003,
	};

	for (unsigned i = 0; i < CLIENTS; i++) {
		struct net_addr client = client_of(&p);
		uint8_t widest = client.family == NET_V4 ? 16 : 32;
		uint8_t bits = (uint8_t)(widest + partition_draw(&p) % 17);

		if (!partition_holds(&p, &client, bits, NEIGHBOURS))
			fail_msg("%s in geography %lu", qname,
				 (unsigned long)seed);
	}
}

static void test_partition(void **state)
{
	static const char *const names[] = {
		"gslb.example.",        "www.gslb.example.",
		"app.gslb.example.",    "all.gslb.example.",
		"locked.gslb.example.", "x.pool.gslb.example.",
		"tosvc.gslb.example.",  "txt.gslb.example.",
		"nope.gslb.example.",   "away.gslb.example.",
		"toaway.gslb.example.", "x.away.gslb.example.",
		"round.gslb.example.",  "todaway.gslb.example.",
		"x.dweb.gslb.example.",
	};
	struct world w = world_new();

	(void)state;
	for (uint64_t seed = 1; seed <= GEOGRAPHIES; seed++) {
		world_shuffle(&w, seed);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			check_name(&w, names[i], seed);
	}
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_partition),
	};

	return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
