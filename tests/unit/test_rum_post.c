/* SPDX-License-Identifier: Apache-2.0 */
/* rum_post: what a browser or an edge may send, and what it may not. */
#include "steering/rum_post.h"

#include "policy/base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct post_row {
	const char *text;
	const char *error; /* NULL: it is taken */
	size_t count;
	const char *client; /* NULL: who sends */
} rows[] = {
	{ "{\"rtts\":[{\"region\":\"eu\",\"ms\":23.5}]}", NULL, 1, NULL },
	{ "{\"rtts\":[{\"region\":\"eu\",\"ms\":1},{\"region\":\"us\",\"ms\":10000}],\"more\":{}}", NULL, 2, NULL },
	{ "{\"client\":\"192.0.2.7\",\"rtts\":[{\"region\":\"eu\",\"ms\":1}]}", NULL, 1, "192.0.2.7" },
	{ "{\"client\":\"192.0.2.0/24\",\"rtts\":[{\"region\":\"eu\",\"ms\":1}]}", NULL, 1, "192.0.2.0" },
	{ "{\"client\":\"2001:db8::/56\",\"rtts\":[{\"region\":\"eu\",\"ms\":1}]}", NULL, 1, "2001:db8::" },
	{ "",                                              "rum: ", 0, NULL },
	{ "eu 23",                                         "not JSON", 0, NULL },
	{ "[]",                                            "must be a JSON object", 0, NULL },
	{ "{}",                                            "rtts is missing", 0, NULL },
	{ "{\"rtts\":[]}",                                 "rtts is empty", 0, NULL },
	{ "{\"rtts\":7}",                                  "rtts must be an array", 0, NULL },
	{ "{\"rtts\":[7]}",                                "rtt 1: must be an object", 0, NULL },
	{ "{\"rtts\":[{\"region\":\"eu\"}]}",              "ms is 0", 0, NULL },
	{ "{\"rtts\":[{\"region\":\"eu\",\"ms\":\"1\"}]}", "ms must be", 0, NULL },
	{ "{\"rtts\":[{\"region\":\"eu\",\"ms\":-1}]}",    "ms is -1", 0, NULL },
	{ "{\"rtts\":[{\"region\":\"eu\",\"ms\":10001}]}", "ms is 10001", 0, NULL },
	{ "{\"rtts\":[{\"ms\":1}]}",                       "region is missing", 0, NULL },
	{ "{\"rtts\":[{\"region\":\"eu\",\"ms\":1},{\"region\":\"eu\",\"ms\":2}]}", "eu is there twice", 0, NULL },
	{ "{\"client\":\"nobody\",\"rtts\":[{\"region\":\"eu\",\"ms\":1}]}", "no address", 0, NULL },
	{ "{\"client\":\"192.0.2.7/24\",\"rtts\":[{\"region\":\"eu\",\"ms\":1}]}", "no address", 0, NULL },
	{ "{\"client\":7,\"rtts\":[{\"region\":\"eu\",\"ms\":1}]}", "client must be text", 0, NULL },
};
/* clang-format on */

static void check_row(const struct post_row *row)
{
	struct rum_post post = { .count = 99 };
	struct error err = { .text = "" };
	bool taken = rum_post_parse(row->text, strlen(row->text), &post, &err);
	struct net_addr client = { 0 };

	if (taken != (row->error == NULL))
		fail_msg("%s: \"%s\"", row->text, err.text);
	if (!taken) {
		if (strstr(err.text, row->error) == NULL || post.count != 99)
			fail_msg("%s: \"%s\"", row->text, err.text);
		return;
	}
	if (row->client != NULL)
		assert_true(net_addr_parse(row->client, &client));
	if (post.count != row->count ||
	    memcmp(&client, &post.client, sizeof(client)) != 0)
		fail_msg("%s: %zu", row->text, post.count);
	assert_string_equal(post.rtts[0].region, "eu");
}

static void test_posts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

/* clang-format off */
static const struct forwarded_row {
	const char *field, *client; /* NULL: none */
} forwarded[] = {
	{ "192.0.2.7",                     "192.0.2.7" },
	{ "10.0.0.1, 192.0.2.7",           "192.0.2.7" },
	{ "192.0.2.7,10.0.0.1,2001:db8::1 ", "2001:db8::1" },
	{ "10.0.0.1,\t192.0.2.7",          "192.0.2.7" },
	{ "",                              NULL },
	{ "192.0.2.7,",                    NULL },
	{ "192.0.2.7 10.0.0.1",            NULL },
	{ "unknown",                       NULL },
	{ "192.0.2.7:80",                  NULL },
	{ "0000000000000000000000000000000000000000000000000000000000000000000", NULL },
};
/* clang-format on */

static void test_forwarded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++) {
		const struct forwarded_row *r = &forwarded[i];
		struct net_addr got = { 0 }, wanted = { 0 };

		if (r->client != NULL)
			assert_true(net_addr_parse(r->client, &wanted));
		if (rum_post_forwarded(r->field, &got) != (r->client != NULL) ||
		    memcmp(&got, &wanted, sizeof(got)) != 0)
			fail_msg("\"%s\"", r->field);
	}
}

static void test_size_is_bounded(void **state)
{
	static char text[RUM_POST_OCTETS_MAX + 1];
	struct rum_post post;
	struct error err;

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, rows[0].text, strlen(rows[0].text));
	assert_true(rum_post_parse(text, RUM_POST_OCTETS_MAX, &post, &err));
	assert_false(
		rum_post_parse(text, RUM_POST_OCTETS_MAX + 1, &post, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_posts),
		cmocka_unit_test(test_forwarded),
		cmocka_unit_test(test_size_is_bounded),
	};

	return cmocka_run_group_tests_name("rum_post", tests, NULL, NULL);
}
