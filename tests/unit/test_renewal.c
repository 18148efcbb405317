/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renewal, in virtual time: when signatures are made again if that fails for
 * days, if the clock is set, if key files change while a build is under way.
 * Clocks, loader and feed are wrapped by the linker.
 */
#include "dns/feed.h"
#include "dns/loader.h"
#include "dns/model.h"
#include "dns/renewal.h"
#include "dns/sign/signers.h"
#include "policy/base/clock.h"
#include "policy/base/file.h"
#include "policy/language/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#define START_MS (INT64_C(1780300800) * 1000)
#define DAY_MS (INT64_C(86400) * 1000)

enum { PATH_SIZE = 100 };

static struct world {
	int64_t now_ms, ahead_ms;
	bool busy;      /* the loader */
	unsigned asked; /* renewals that it took */
	struct event_base *loop;
	struct event *timer;
	struct renewal *renewal;
	struct policy_zone zone;
	struct policy policy;
	struct model model;
	char keys[PATH_SIZE];
} world;

int64_t __wrap_clock_now_ms(void);
int64_t __wrap_clock_wall_ms(void);
int64_t __wrap_clock_ahead_ms(void);
bool __wrap_loader_renew(struct loader *loader, struct model *model);
struct model *__wrap_feed_model(const struct feed *feed);

int64_t __wrap_clock_now_ms(void)
{
	return world.now_ms;
}

int64_t __wrap_clock_wall_ms(void)
{
	return world.now_ms + world.ahead_ms;
}

int64_t __wrap_clock_ahead_ms(void)
{
	return world.ahead_ms;
}

bool __wrap_loader_renew(struct loader *loader, struct model *model)
{
	(void)loader;
	assert_ptr_equal(model, &world.model);
	world.asked += !world.busy;
	return !world.busy;
}

struct model *__wrap_feed_model(const struct feed *feed)
{
	(void)feed;
	return &world.model;
}

static int take_timer(const struct event_base *loop, const struct event *event,
		      void *arg)
{
	(void)loop, (void)arg;
	world.timer = (struct event *)(uintptr_t)event;
	return 0;
}

/* How many renewals the next tick, so much later, asks for. */
static unsigned tick(int64_t later_ms)
{
	unsigned before = world.asked;

	world.now_ms += later_ms;
	event_active(world.timer, EV_TIMEOUT, 1);
	event_base_loop(world.loop, EVLOOP_NONBLOCK);
	return world.asked - before;
}

static struct signed_zones *signed_until(int64_t until_ms)
{
	struct signed_zones *zones = calloc(1, sizeof(*zones));

	assert_non_null(zones);
	zones->list = calloc(1, sizeof(zones->list[0]));
	assert_non_null(zones->list);
	zones->list[0].span.until_s = until_ms / 1000;
	zones->count = 1;
	return zones;
}

static int64_t wall_ms(void)
{
	return world.now_ms + world.ahead_ms;
}

/* A build came to this; next_ms from now another one is due. */
static void follow(bool renewal, struct model *model, int64_t next_ms,
		   uint64_t key_stamp, int64_t ahead_ms)
{
	struct loaded loaded = {
		.renewal = renewal,
		.model = model,
		.renew_s = (wall_ms() + next_ms) / 1000,
		.key_stamp = key_stamp,
		.wall_ahead_ms = ahead_ms,
	};

	if (model != NULL)
		loaded.signing = signed_until(wall_ms() + 7 * DAY_MS);
	else
		errors_add(&loaded.errs, 0, (struct place){ 0 }, "no disk");
	renewal_follow(world.renewal, &loaded);
	errors_fini(&loaded.errs);
}

static void follow_load(void)
{
	follow(false, &world.model, DAY_MS, signers_stamp(&world.policy),
	       world.ahead_ms);
}

static void write_key(const char *text)
{
	char path[PATH_SIZE + 20];
	struct error err;

	snprintf(path, sizeof(path), "%s/Kx.+013+00001.key", world.keys);
	assert_true(file_replace(path, text, strlen(text), &err));
}

static int set_up(void **state)
{
	struct renewal_config config = { 0 };
	struct error err;

	(void)state;
	world = (struct world){ .now_ms = 1000, .ahead_ms = START_MS };
	strcpy(world.keys, "/tmp/windrose-renewal-XXXXXX");
	assert_non_null(mkdtemp(world.keys));
	world.zone.dnssec.keys = world.keys;
	world.policy.zones = &world.zone;
	world.policy.zone_count = 1;
	world.model.policy = &world.policy;
	world.loop = config.loop = event_base_new();
	world.renewal = renewal_start(&config, &err);
	assert_non_null(world.renewal);
	event_base_foreach_event(world.loop, take_timer, NULL);
	follow_load();
	return 0;
}

static int tear_down(void **state)
{
	char command[PATH_SIZE + 10];

	(void)state;
	renewal_stop(world.renewal);
	event_base_free(world.loop);
	snprintf(command, sizeof(command), "rm -r %s", world.keys);
	return system(command);
}

static void test_asks_when_it_is_due(void **state)
{
	(void)state;
	assert_int_equal(tick(DAY_MS - 1000), 0);
	assert_int_equal(tick(1000), 1);
	follow(true, &world.model, DAY_MS, 0, 0);
	assert_int_equal(tick(DAY_MS - 1000), 0);
	assert_int_equal(tick(1000), 1);
}

/* Nothing can be signed for six days and 23 hours of seven. */
static void test_fails_for_days(void **state)
{
	int64_t end_ms = wall_ms() + 7 * DAY_MS;
	int64_t rest_ms = 0, longest_ms = 0;
	unsigned tries = 0;

	(void)state;
	(void)tick(DAY_MS);
	while (wall_ms() < end_ms - 1000) {
		follow(true, NULL, 0, 0, 0);
		tries++;
		assert_int_equal(renewal_failures(world.renewal), tries);
		assert_non_null(strstr(renewal_trouble(world.renewal),
				       "signing fails; the signatures stay, "
				       "valid until 2026-06-08"));
		assert_non_null(
			strstr(renewal_trouble(world.renewal), "no disk"));
		/* A failed reload meanwhile is nothing to it. */
		follow(false, NULL, 0, 7, 7);
		for (rest_ms = 5000; tick(5000) == 0; rest_ms += 5000)
			assert_true(rest_ms <= RENEWAL_RETRY_MAX_MS);
		if (rest_ms > longest_ms)
			longest_ms = rest_ms;
	}
	assert_int_equal(longest_ms, RENEWAL_RETRY_MAX_MS);
	assert_int_equal(rest_ms, RENEWAL_RETRY_MS);
	assert_in_range(tries, 6 * 144, 7 * 144);
	follow(true, &world.model, DAY_MS, 0, 0);
	assert_string_equal(renewal_trouble(world.renewal), "");
	assert_int_equal(tick(DAY_MS - 1000), 0);
	assert_int_equal(tick(1000), 1);
}

static void test_clock_is_set(void **state)
{
	static const int64_t by_ms[] = { -3 * DAY_MS, 3 * DAY_MS, 30 * DAY_MS,
					 -30 * DAY_MS, -RENEWAL_CLOCK_MS };

	(void)state;
	for (size_t i = 0; i < sizeof(by_ms) / sizeof(by_ms[0]); i++) {
		world.ahead_ms += by_ms[i];
		assert_int_equal(tick(1000), 1);
		follow(true, &world.model, DAY_MS, 0, 0);
		assert_int_equal(tick(1000), 0);
	}
	world.ahead_ms += 9000;
	assert_int_equal(tick(1000), 0);
	/* Nine seconds and nine are eighteen. */
	world.ahead_ms += 9000;
	assert_int_equal(tick(1000), 1);
}

/* As at boot: the first load was made for the hour of another time zone. */
static void test_clock_is_set_while_loading(void **state)
{
	(void)state;
	follow(false, &world.model, DAY_MS, signers_stamp(&world.policy),
	       world.ahead_ms - 3600 * 1000);
	assert_int_equal(tick(1000), 1);
	follow(true, &world.model, DAY_MS, 0, 0);
	assert_int_equal(tick(1000), 0);
}

static void test_keys_change_while_a_build_is_under_way(void **state)
{
	uint64_t before = signers_stamp(&world.policy);

	(void)state;
	write_key("one");
	assert_int_equal(tick(1000), 1);
	write_key("two");
	world.busy = true;
	assert_int_equal(tick(1000), 0);
	assert_int_equal(tick(1000), 0);
	world.busy = false;
	follow(true, &world.model, DAY_MS, 0, 0);
	assert_int_equal(tick(1000), 1);
	follow(true, &world.model, DAY_MS, 0, 0);
	assert_int_equal(tick(1000), 0);
	/* A whole load that began before both. */
	follow(false, &world.model, DAY_MS, before, world.ahead_ms);
	assert_int_equal(tick(1000), 1);
}

/* What is repaired is tried at once, however long it would have rested. */
static void test_repair_is_tried_at_once(void **state)
{
	(void)state;
	assert_int_equal(tick(DAY_MS), 1);
	for (unsigned i = 0; i < 10; i++) {
		follow(true, NULL, 0, 0, 0);
		assert_int_equal(tick(RENEWAL_RETRY_MAX_MS), 1);
	}
	follow(true, NULL, 0, 0, 0);
	assert_int_equal(tick(1000), 0);
	write_key("repaired");
	assert_int_equal(tick(1000), 1);
	follow(true, NULL, 0, 0, 0);
	assert_int_equal(tick(1000), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_asks_when_it_is_due),
		TEST(test_fails_for_days),
		TEST(test_clock_is_set),
		TEST(test_clock_is_set_while_loading),
		TEST(test_keys_change_while_a_build_is_under_way),
		TEST(test_repair_is_tried_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
