/* SPDX-License-Identifier: Apache-2.0 */
/* watch: a database that is replaced is seen, once; one that is gone not. */
#include "dns/watch.h"
#include "policy/base/error.h"
#include "policy/base/file.h"
#include "policy/base/log.h"
#include "policy/decide/geo.h"
#include "policy/language/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>
#include <unistd.h>

enum { LOOK_MS = 5, LOOKS = 20 };

/* busy: a load is under way. */
struct seen {
	unsigned changes;
	bool busy;
};

static bool on_change(void *arg)
{
	struct seen *seen = arg;

	seen->changes += !seen->busy;
	return !seen->busy;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	++*(unsigned *)arg;
}

/* As long as LOOKS looks take. */
static void look_on(struct event_base *loop)
{
	const struct timeval every = { .tv_usec = LOOK_MS * 1000 };
	unsigned ticks = 0;
	struct event *ticker = event_new(loop, -1, EV_PERSIST, on_tick, &ticks);

	event_add(ticker, &every);
	while (ticks < LOOKS)
		event_base_loop(loop, EVLOOP_ONCE);
	event_free(ticker);
}

static void test_changes_are_seen_once(void **state)
{
	char dir[] = "watch-XXXXXX", path[64];
	const char *databases[] = { path };
	struct policy policy = { .geo = { .databases = databases,
					  .database_count = 1 } };
	struct event_base *loop = event_base_new();
	struct seen seen = { 0 };
	struct error err;
	struct watch *watch =
		watch_start(loop, LOOK_MS, on_change, &seen, &err);
	char *stamp;

	(void)state;
	assert_non_null(watch);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/geo", dir);
	assert_true(file_replace(path, "one", 3, &err));
	stamp = geo_stamp(&policy);
	watch_follow(watch, &policy, stamp);
	look_on(loop);
	assert_int_equal(seen.changes, 0);
	assert_true(file_replace(path, "other", 5, &err));
	look_on(loop);
	assert_int_equal(seen.changes, 1);
	unlink(path);
	look_on(loop);
	assert_int_equal(seen.changes, 1);
	assert_true(file_replace(path, "third", 5, &err));
	look_on(loop);
	assert_int_equal(seen.changes, 2);
	/* What was loaded was already another: seen at the next look. */
	watch_follow(watch, &policy, stamp);
	look_on(loop);
	assert_int_equal(seen.changes, 3);
	/* What a load under way read is no change, what it missed is one. */
	seen.busy = true;
	assert_true(file_replace(path, "fourth", 6, &err));
	look_on(loop);
	free(stamp);
	stamp = geo_stamp(&policy);
	watch_follow(watch, &policy, stamp);
	seen.busy = false;
	look_on(loop);
	assert_int_equal(seen.changes, 3);
	seen.busy = true;
	assert_true(file_replace(path, "fifth", 5, &err));
	look_on(loop);
	assert_int_equal(seen.changes, 3);
	seen.busy = false;
	look_on(loop);
	assert_int_equal(seen.changes, 4);
	free(stamp);
	watch_stop(watch);
	event_base_free(loop);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes_are_seen_once),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
