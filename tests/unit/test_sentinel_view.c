/* SPDX-License-Identifier: Apache-2.0 */
/* sentinel_view: what sentinels say of a master, and what is wrong then. */
#include "steering/runbook/sentinel_view.h"

#include "steering/runbook/diagnosis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <hiredis/hiredis.h>

#define NOTHING AILMENT_COUNT

/* Words apart by blanks, as a flat list. */
static redisReply *reply_of(const char *words)
{
	redisReader *reader = redisReaderCreate();
	char text[2000], *at = text, copy[1000], *word, *rest;
	size_t count = 0;
	void *reply = NULL;

	snprintf(copy, sizeof(copy), "%s", words);
	for (word = strtok_r(copy, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest), count++)
		at += sprintf(at, "$%zu\r\n%s\r\n", strlen(word), word);
	snprintf(copy, sizeof(copy), "*%zu\r\n", count);
	redisReaderFeed(reader, copy, strlen(copy));
	redisReaderFeed(reader, text, (size_t)(at - text));
	assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
	redisReaderFree(reader);
	return reply;
}

#define MASTER "name windrose ip 10.0.0.1 port 6379 quorum 2 "

/* clang-format off */
static const struct master_row {
	const char *title, *reply;
	bool known;
	enum ailment ailment; /* the only one */
} masters[] = {
	{ "well", MASTER "flags master num-other-sentinels 2", true, NOTHING },
	{ "one is down to itself", MASTER "flags s_down,master num-other-sentinels 2", true, AILMENT_UNREACHABLE },
	{ "down to all", MASTER "flags master,s_down,o_down num-other-sentinels 4", true, AILMENT_UNREACHABLE },
	{ "two sentinels", MASTER "flags master num-other-sentinels 1", true, AILMENT_QUORUM },
	{ "no address", "name windrose port 6379", false, NOTHING },
	{ "no port", "name windrose ip 10.0.0.1 port 0", false, NOTHING },
	{ "no such port", "name windrose ip 10.0.0.1 port 65536", false, NOTHING },
	{ "an odd word", "ip 10.0.0.1 port", false, NOTHING },
	{ "nothing", "", false, NOTHING },
};

static const struct company_row {
	const char *title;
	struct sentinel_view views[3];
	size_t count;
	enum ailment ailment;
	size_t best; /* index */
} companies[] = {
	{ "agreed", { { "a", { "m", 1 }, 2, 2, 0, false }, { "b", { "m", 1 }, 2, 2, 0, false } }, 2, NOTHING, 0 },
	{ "after a fail-over", { { "a", { "m", 1 }, 2, 2, 3, false }, { "b", { "n", 1 }, 2, 2, 4, false } }, 2, AILMENT_DISAGREEMENT, 1 },
	{ "another port", { { "a", { "m", 1 }, 2, 2, 3, false }, { "b", { "m", 2 }, 2, 2, 3, false } }, 2, AILMENT_DISAGREEMENT, 0 },
	{ "other votes", { { "a", { "m", 1 }, 2, 2, 0, false }, { "b", { "m", 1 }, 1, 2, 0, false } }, 2, AILMENT_QUORUM, 0 },
	{ "alone", { { "a", { "m", 1 }, 2, 2, 0, false } }, 1, NOTHING, 0 },
};
/* clang-format on */

static void must_find(const char *title, const struct diagnosis *d,
		      enum ailment ailment)
{
	if (d->count != (ailment == NOTHING ? 0 : 1))
		fail_msg("%s: %zu findings, first \"%s\"", title, d->count,
			 d->findings[0].text);
	if (d->count == 1 && d->findings[0].ailment != ailment)
		fail_msg("%s: %s", title, ailment_name(d->findings[0].ailment));
}

static void test_masters(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(masters) / sizeof(masters[0]); i++) {
		const struct master_row *row = &masters[i];
		redisReply *reply = reply_of(row->reply);
		struct sentinel_view view = { .name = "s" };
		struct diagnosis d = { 0 };

		if (sentinel_view_read(reply, &view) != row->known)
			fail_msg("%s: %d", row->title, !row->known);
		if (row->known) {
			sentinel_view_judge(&d, &view);
			assert_string_equal(view.master.host, "10.0.0.1");
			assert_int_equal(view.master.port, 6379);
			assert_int_equal(view.quorum, 2);
		}
		must_find(row->title, &d, row->ailment);
		freeReplyObject(reply);
	}
}

static void test_companies(void **state)
{
	struct diagnosis none = { 0 };

	(void)state;
	assert_null(sentinel_view_compare(&none, NULL, 0));
	for (size_t i = 0; i < sizeof(companies) / sizeof(companies[0]); i++) {
		const struct company_row *row = &companies[i];
		struct diagnosis d = { 0 };

		assert_ptr_equal(sentinel_view_compare(&d, row->views,
						       row->count),
				 &row->views[row->best]);
		must_find(row->title, &d, row->ailment);
	}
}

static void test_a_sentinel_that_knows_too_few(void **state)
{
	struct sentinel_view views[4];
	struct diagnosis d = { 0 };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		views[i] = (struct sentinel_view){ "s", { "m", 1 }, 2,
						   3,   0,          false };
	views[2].others = 2;
	sentinel_view_compare(&d, views, 4);
	must_find("three of four", &d, AILMENT_DISAGREEMENT);
}

/* A list of lists: one replica. */
static void test_replicas(void **state)
{
	redisReply *down = reply_of("name r:1 flags s_down,slave");
	redisReply *well = reply_of("name r:2 flags slave");
	redisReply *rows[] = { down, well };
	const redisReply list = { .type = REDIS_REPLY_ARRAY,
				  .elements = 2,
				  .element = rows };
	struct diagnosis d = { 0 };

	(void)state;
	sentinel_view_take_replicas(&d, &list);
	must_find("one of two", &d, AILMENT_REPLICATION);
	assert_non_null(strstr(d.findings[0].text, "r:1"));
	freeReplyObject(down);
	freeReplyObject(well);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masters),
		cmocka_unit_test(test_companies),
		cmocka_unit_test(test_a_sentinel_that_knows_too_few),
		cmocka_unit_test(test_replicas),
	};

	return cmocka_run_group_tests_name("sentinel_view", tests, NULL, NULL);
}
