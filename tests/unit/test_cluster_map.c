/* SPDX-License-Identifier: Apache-2.0 */
/* cluster_map: CLUSTER NODES, and what is wrong with it for one slot. */
#include "steering/runbook/cluster_map.h"

#include "steering/runbook/diagnosis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccc"
#define LINE_A \
	A " 10.0.0.1:7000@17000,a.example myself,master - 0 0 1 connected"
#define LINE_B B " 10.0.0.2:7001@17001 master - 0 0 2 connected"
#define LINE_C C " 10.0.0.3:7002@17002,,shard-id=x slave " A " 0 0 1 connected"

enum { SLOT = 100 };

static const struct redis_place asked = { "asked.example", 6379 };

/* clang-format off */
static const struct map_row {
	const char *title, *text;
	const char *holder; /* its host; NULL: none */
	size_t nodes;
	const char *says[3]; /* each finding's words, NULL where there are no more */
} maps[] = {
	{ "two halves", LINE_A " 0-8191\n" LINE_B " 8192-16383\n" LINE_C "\n", "10.0.0.1", 3, { NULL } },
	{ "no line end", LINE_A " 0-8191\n" LINE_B " 8192-16383", "10.0.0.1", 2, { NULL } },
	{ "a slot by itself", LINE_A " 0-99 101-16383\n" LINE_B " 100\n", "10.0.0.2", 2, { NULL } },
	{ "a slot of nobody", LINE_A " 0-8191\n" LINE_B " 8193-16383\n", "10.0.0.1", 2, { "1 of 16384 slots are served by nobody, the first is 8192" } },
	{ "ours of nobody", LINE_A " 0-99 101-16383\n", NULL, 1, { "the first is 100", "slot 100, in which" } },
	{ "its node has failed", A " h:1@2 master,fail - 0 0 1 connected 0-200\n" LINE_B " 201-16383\n", NULL, 2, { "has failed", "201 of 16384", "slot 100" } },
	{ "suspected", A " h:1@2 master,fail? - 0 0 1 connected 0-200\n" LINE_B " 201-16383\n", "h", 2, { "may have failed" } },
	{ "no way there", A " h:1@2 master - 0 0 1 disconnected 0-16383\n", "h", 1, { "out of its reach" } },
	{ "moves away", LINE_A " 0-16383 [100->-" B "]\n", "10.0.0.1", 1, { "being moved" } },
	{ "comes here", LINE_A " 0-16383 [100-<-" B "]\n", "10.0.0.1", 1, { "being moved" } },
	{ "another moves", LINE_A " 0-16383 [101->-" B "]\n", "10.0.0.1", 1, { NULL } },
	{ "who is not known yet", LINE_A " 0-16383\n" B " :0@0 handshake - 0 0 0 disconnected\n", "10.0.0.1", 1, { NULL } },
	{ "no address of its own yet", A " :7000@17000 myself,master - 0 0 1 connected 0-16383\n", "asked.example", 1, { NULL } },
	{ "an IPv6 address", A " 2001:db8::1:7000@17000 master - 0 0 1 connected 0-16383\n", "2001:db8::1", 1, { NULL } },
	{ "slots beyond the last", LINE_A " 0-99999999999\n", "10.0.0.1", 1, { NULL } },
};
/* clang-format on */

static struct cluster_map *read(const char *text, bool by_name)
{
	struct cluster_map *map = malloc(sizeof(*map));
	const struct cluster_view view = { SLOT, &asked, by_name };

	if (!cluster_map_read(text, &view, map)) {
		free(map);
		return NULL;
	}
	return map;
}

static void test_maps(void **state)
{
	const struct cluster_view view = { SLOT, &asked, false };

	(void)state;
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		const struct map_row *row = &maps[i];
		struct cluster_map *map = read(row->text, false);
		const struct cluster_node *holder;
		struct diagnosis d = { 0 };
		size_t n = 0;

		if (map == NULL || map->count != row->nodes)
			fail_msg("%s: no %zu nodes", row->title, row->nodes);
		holder = cluster_map_holder(map);
		if ((holder == NULL) != (row->holder == NULL) ||
		    (holder != NULL &&
		     strcmp(holder->place.host, row->holder) != 0))
			fail_msg("%s: held by %s", row->title,
				 holder == NULL ? "nobody"
						: holder->place.host);
		cluster_map_judge(&d, map, &view);
		for (; n < 3 && row->says[n] != NULL; n++)
			if (n >= d.count ||
			    strstr(d.findings[n].text, row->says[n]) == NULL)
				fail_msg("%s: no \"%s\"", row->title,
					 row->says[n]);
		if (d.count != n)
			fail_msg("%s: \"%s\" too", row->title,
				 d.findings[n].text);
		free(map);
	}
}

static void test_names_where_the_cluster_prefers_them(void **state)
{
	struct cluster_map *map =
		read(LINE_A " 0-16383\n" LINE_B "\n" LINE_C "\n", true);

	(void)state;
	assert_string_equal(map->nodes[0].place.host, "a.example");
	assert_int_equal(map->nodes[0].place.port, 7000);
	assert_string_equal(map->nodes[1].place.host, "10.0.0.2");
	assert_string_equal(map->nodes[2].place.host, "10.0.0.3");
	assert_string_equal(map->nodes[2].master, A);
	free(map);
}

static void test_nodes_that_differ(void **state)
{
	struct cluster_map *one = read(LINE_A " 0-16383\n", false);
	struct cluster_map *other = read(LINE_B " 0-16383\n", false);
	struct diagnosis same = { 0 }, differ = { 0 };

	(void)state;
	cluster_map_compare(&same, one, one, SLOT);
	assert_int_equal(same.count, 0);
	cluster_map_compare(&differ, one, other, SLOT);
	assert_int_equal(differ.count, 1);
	assert_int_equal(differ.findings[0].ailment, AILMENT_DISAGREEMENT);
	free(one);
	free(other);
}

static void test_what_is_none(void **state)
{
	(void)state;
	assert_null(read("", false));
	assert_null(read("ERR\n", false));
	assert_null(read(A " 10.0.0.1:7000@17000 master - 0 0 1", false));
}

static void test_a_crowd_is_cut(void **state)
{
	char text[20000], *at = text;
	struct cluster_map *map;

	(void)state;
	for (int i = 0; i < 100; i++)
		at += sprintf(at, LINE_B "\n");
	map = read(text, false);
	assert_int_equal(map->count, CLUSTER_NODES_MAX);
	free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_names_where_the_cluster_prefers_them),
		cmocka_unit_test(test_nodes_that_differ),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_a_crowd_is_cut),
	};

	return cmocka_run_group_tests_name("cluster_map", tests, NULL, NULL);
}
