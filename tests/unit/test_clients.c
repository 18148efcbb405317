/* SPDX-License-Identifier: Apache-2.0 */
/* clients: counts, the idlest, and that thousands do not get in the way. */
#include "dns/clients.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* clang-format off */
static const struct same_row {
	const char *title, *one, *other;
	bool same;
} rows[] = {
	{ "one IPv4 address",         "192.0.2.1",   "192.0.2.1",    true },
	{ "two IPv4 addresses",       "192.0.2.1",   "192.0.2.2",    false },
	{ "one IPv6 /64",             "2001:db8::1", "2001:db8::ffff:0:0:9",
	  true },
	{ "two IPv6 /64",             "2001:db8::1", "2001:db8:0:1::1", false },
	{ "IPv4, and IPv6 with its octets", "32.1.13.184",
	  "2001:db8::", false },
};
/* clang-format on */

static struct clients *make(void)
{
	struct clients *clients = malloc(sizeof(*clients));

	assert_non_null(clients);
	clients_init(clients, 42);
	return clients;
}

static void test_who_is_one_client(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct clients *clients = make();
		struct client_link link = { .client = NULL };
		struct net_addr one, other;

		print_message("# %s\n", rows[i].title);
		assert_true(net_addr_parse(rows[i].one, &one));
		assert_true(net_addr_parse(rows[i].other, &other));
		assert_true(clients_join(clients, &link, &one));
		assert_ptr_equal(clients_over(clients, &other, 1),
				 rows[i].same ? &link : NULL);
		clients_leave(&link);
		assert_null(clients_over(clients, &one, 1));
		free(clients);
	}
}

static void test_the_idlest_is_found(void **state)
{
	struct clients *clients = make();
	struct client_link links[3] = { { .client = NULL } };
	struct net_addr peer = net_from_v4(0x7f000001);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_true(clients_join(clients, &links[i], &peer));
	assert_null(clients_over(clients, &peer, 4));
	assert_ptr_equal(clients_over(clients, &peer, 3), &links[0]);
	clients_touch(&links[0]);
	assert_ptr_equal(clients_over(clients, &peer, 3), &links[1]);
	clients_leave(&links[1]);
	assert_null(clients_over(clients, &peer, 3));
	assert_ptr_equal(clients_over(clients, &peer, 2), &links[2]);
	clients_leave(&links[1]); /* again: nothing happens */
	clients_touch(&links[1]);
	clients_leave(&links[0]);
	clients_leave(&links[2]);
	free(clients);
}

enum { MANY = 20000 };

static void test_many_clients(void **state)
{
	struct clients *clients = make();
	struct client_link *links = calloc(MANY, sizeof(*links));

	(void)state;
	assert_non_null(links);
	for (uint32_t i = 0; i < MANY; i++) {
		struct net_addr peer = net_from_v4(i);

		assert_true(clients_join(clients, &links[i], &peer));
	}
	for (uint32_t i = 0; i < MANY; i++) {
		struct net_addr peer = net_from_v4(i);

		assert_ptr_equal(clients_over(clients, &peer, 1), &links[i]);
		assert_null(clients_over(clients, &peer, 2));
	}
	for (uint32_t i = 0; i < MANY; i++)
		clients_leave(&links[i]);
	for (size_t i = 0; i < CLIENTS_BUCKETS; i++)
		assert_true(LIST_EMPTY(&clients->buckets[i]));
	free(links);
	free(clients);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_one_client),
		cmocka_unit_test(test_the_idlest_is_found),
		cmocka_unit_test(test_many_clients),
	};

	return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
